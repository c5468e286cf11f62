"""reeve-report, confined, against a real server: enrolment by pin, renewal, posting, and what each
kind of bad network becomes."""
import json
import os
import socket
import ssl
import stat
import subprocess
import threading
import time
import unittest
import uuid

from role import Report
from server import Server, digest_of, item, make_key, run


class Listener:
    """A thread that accepts and does one thing with each connection."""

    def __init__(self, act, context=None):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.act, self.context = act, context
        self.seen = []
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            try:
                connection.settimeout(10)
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.act(self, connection)
            except (OSError, ssl.SSLError):
                pass
            finally:
                connection.close()

    def close(self):
        self.stopping = True
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.socket.close()


def what_was_said(seen):
    """Keeps the first bytes of each connection that says something other than a TLS greeting: an
    agent elsewhere on this machine may look at every listener it finds."""
    def act(_, connection):
        said = connection.recv(65536)
        if said and said[0] != 0x16:
            seen.append(said)
    return act


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    want = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            want = int(line.split(b":")[1])
    while len(body) < want:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


class WithRole(unittest.TestCase):
    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.close)
        self.role = Report()
        self.addCleanup(self.role.close)

    def token_line(self, *args):
        return run("token", "create", "--dir", self.server.dir, *args).stdout

    def enrolled(self):
        line = self.token_line()
        url, pin, _ = line.split()
        answer = self.role.enrol(url, pin, line)
        self.assertEqual(answer["outcome"], "ok", answer)
        self.host = answer["host_id"]
        self.seq = 0
        return answer

    def report(self, items=()):
        self.seq += 1
        return self.role.post("/v1/report", json.dumps({
            "v": 1, "host": self.host, "seq": self.seq, "batch_id": uuid.uuid4().hex,
            "kind": "full", "base": None, "digest": digest_of(items),
            "at": "2026-11-21T00:00:00Z", "items": list(items), "gone": []}))


class Enrolment(WithRole):
    def test_enrols_and_reports_behind_its_walls(self):
        answer = self.enrolled()
        self.assertGreater(answer["expires_at_us"], (time.time() + 29 * 86400) * 1e6)
        posted = self.report([item(1)])
        self.assertEqual((posted["outcome"], posted["http_status"]), ("ok", 200), posted)
        self.assertEqual(json.loads(posted["body"])["accepted"], 1)
        for bit in (2, 3, 4, 7):  # no_new_privs, landlock, seccomp, nodump
            self.assertTrue(self.role.walls & (1 << bit), bit)
        self.assertEqual(self.role.stop(), 0)

    def test_the_identity_is_private_and_the_token_is_nowhere(self):
        line = self.token_line()
        url, pin, secret = line.split()
        self.assertEqual(self.role.enrol(url, pin, line)["outcome"], "ok")
        names = os.listdir(self.role.identity)
        self.assertEqual(names, ["identity.pem"])
        path = os.path.join(self.role.identity, names[0])
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        if os.getuid() == 0:
            self.assertEqual(os.stat(path).st_uid, self.role.user)
        for root in (self.role.identity, self.server.dir):
            for name in os.listdir(root):
                with open(os.path.join(root, name), "rb") as f:
                    self.assertNotIn(secret.encode(), f.read(), name)
        self.assertNotIn(secret, self.role.log_text() + self.server.log_text())

    def test_a_bare_token_with_url_and_pin_given_works_too(self):
        url, pin, secret = self.token_line().split()
        self.assertEqual(self.role.enrol(url + "/", pin, secret + "\n")["outcome"], "ok")

    def test_a_wrong_pin_is_refused_and_the_token_never_sent(self):
        line = self.token_line()
        url, pin, secret = line.split()
        wrong = "sha256:" + "0" * 64
        answer = self.role.enrol(url, wrong, secret)
        self.assertEqual(answer["outcome"], "denied", answer)
        self.assertIn("not the pinned", answer["text"])
        self.assertEqual(self.role.enrol(url, pin, line)["outcome"], "ok")

    def test_a_token_file_for_another_server_is_refused(self):
        line = self.token_line()
        url, pin, _ = line.split()
        for other in (("https://localhost:1", pin), (url, "sha256:" + "1" * 64)):
            answer = self.role.enrol(*other, line)
            self.assertEqual(answer["outcome"], "denied", answer)

    def test_wrong_used_and_missing_tokens_say_so(self):
        url, pin, secret = self.token_line().split()
        for text, outcome, code in (("rvt1_" + "0" * 64, "denied", "token_unknown"),
                                    ("", "misconfigured", ""),
                                    ("a b", "misconfigured", ""),
                                    ("a b c d", "misconfigured", "")):
            answer = self.role.enrol(url, pin, text)
            self.assertEqual((answer["outcome"], answer["code"]), (outcome, code), answer)
        self.assertEqual(self.role.enrol(url, pin, secret)["outcome"], "ok")
        self.assertEqual(self.role.enrol(url, pin, secret)["code"], "token_used")
        # The identity of the first success is still in use.
        self.assertEqual(self.role.post("/v1/checkin", "{")["code"], "malformed")

    def test_a_lost_answer_is_asked_again_with_the_same_key(self):
        line = self.token_line()
        url, pin, _ = line.split()
        self.server.stop()
        self.server.start("--fault", "after-commit")
        # The port has changed with the restart: the file's address is taken from the new one.
        again = f"https://localhost:{self.server.ports['enrol']}"
        answer = self.role.enrol(again, pin, line.split()[2])
        self.assertEqual(answer["outcome"], "unsure", answer)
        self.server.process.wait(20)
        self.role.kill()
        self.role.start()
        self.server.start()
        again = f"https://localhost:{self.server.ports['enrol']}"
        answer = self.role.enrol(again, pin, line.split()[2])
        self.assertEqual(answer["outcome"], "ok", answer)
        hosts = run("host", "list", "--dir", self.server.dir).stdout.splitlines()
        self.assertEqual(len(hosts), 1)

    def test_forgetting_removes_the_identity(self):
        self.enrolled()
        self.assertEqual(self.role.call("unenrol")["outcome"], "ok")
        self.assertEqual(os.listdir(self.role.identity), [])
        self.assertEqual(self.role.post("/v1/checkin", "{}")["outcome"], "misconfigured")

    def test_a_restarted_role_goes_on_with_its_identity(self):
        self.enrolled()
        self.role.kill()
        self.role.start()
        self.assertEqual(self.report([item(1)])["outcome"], "ok")


class Trouble(WithRole):
    def test_an_unreachable_server_is_a_retry(self):
        self.enrolled()
        self.server.stop()
        answer = self.report([item(1)])
        self.assertEqual((answer["outcome"], answer["http_status"]), ("retry", 0), answer)

    def test_denied_and_unknown_hosts_keep_their_key(self):
        self.enrolled()
        run("host", "deny", "--dir", self.server.dir, self.host)
        answer = self.report()
        self.assertEqual((answer["outcome"], answer["code"]), ("denied", "host_denied"))
        self.server.stop()
        import sqlite3
        with sqlite3.connect(os.path.join(self.server.dir, "inventory.db")) as db:
            db.execute("DELETE FROM host_key")
        self.restart_same_ports()
        answer = self.report()
        self.assertEqual((answer["outcome"], answer["code"]), ("not_found", "unknown_host"))
        self.assertEqual(os.listdir(self.role.identity), ["identity.pem"])

    def restart_same_ports(self):
        port = self.server.ports["agents"]
        self.server.start("--agents", f"127.0.0.1:{port}")

    def edit_identity(self, edit):
        """The identity is text: a test may age it or move it."""
        path = os.path.join(self.role.identity, "identity.pem")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(edit(text))
        self.role.kill()
        self.role.start()

    def move_to(self, port):
        old = f"https://localhost:{self.server.ports['agents']}"
        self.edit_identity(lambda text: text.replace(old, f"https://localhost:{port}"))

    def server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.server.dir, "server.pem"),
                                os.path.join(self.server.dir, "server.key"))
        return context

    def faulty(self, act, context=True):
        listener = Listener(act, self.server_context() if context else None)
        self.addCleanup(listener.close)
        self.enrolled()
        self.move_to(listener.port)
        return listener

    def answering(self, raw):
        def act(listener, connection):
            request = read_request(connection)
            if request:
                listener.seen.append(request)
            connection.sendall(raw)
        return self.faulty(act)

    def test_gone_after_the_request_is_unsure(self):
        listener = self.answering(b"")
        self.assertEqual(self.report([item(1)])["outcome"], "unsure")
        self.assertEqual(len(listener.seen), 1)

    def test_half_an_answer_is_unsure(self):
        self.answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        self.assertEqual(self.report()["outcome"], "unsure")

    def test_a_redirect_is_refused(self):
        seen = []
        target = Listener(what_was_said(seen), self.server_context())
        self.addCleanup(target.close)
        self.answering(b"HTTP/1.1 307 T\r\nLocation: https://localhost:%d/\r\n"
                       b"Content-Length: 0\r\n\r\n" % target.port)
        self.assertEqual(self.report()["outcome"], "misconfigured")
        self.assertEqual(seen, [])

    def test_an_endless_answer_is_cut(self):
        def act(_, connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)
        self.faulty(act)
        self.assertEqual(self.report()["outcome"], "malformed")

    def test_an_answer_that_is_no_http_is_not_believed(self):
        self.answering(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.assertIn(self.report()["outcome"], ("unsure", "malformed"))

    def test_retry_after_is_passed_on(self):
        body = b'{"code":"busy","status":503,"title":"t"}'
        self.answering(b"HTTP/1.1 503 B\r\nRetry-After: 77\r\nContent-Type: "
                       b"application/problem+json\r\nContent-Length: %d\r\n\r\n%s"
                       % (len(body), body))
        answer = self.report()
        self.assertEqual((answer["outcome"], answer["code"], answer["retry_after_s"]),
                         ("retry", "busy", 77))

    def test_a_proxys_error_page_is_no_order_of_the_inventory(self):
        self.answering(b'HTTP/1.1 403 F\r\nContent-Type: text/html\r\nContent-Length: 23\r\n\r\n'
                       b'{"code":"unknown_host"}')
        self.assertEqual(self.report()["outcome"], "misconfigured")

    def test_another_authority_is_denied(self):
        other = Server()
        self.addCleanup(other.close)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(other.dir, "server.pem"),
                                os.path.join(other.dir, "server.key"))
        seen = []
        listener = Listener(what_was_said(seen), context)
        self.addCleanup(listener.close)
        self.enrolled()
        self.move_to(listener.port)
        answer = self.report()
        self.assertEqual(answer["outcome"], "denied", answer)
        self.assertEqual(seen, [])

    def test_proxy_variables_are_ignored(self):
        seen = []
        proxy = Listener(what_was_said(seen))
        self.addCleanup(proxy.close)
        self.role.close()
        self.role = Report({name: f"http://127.0.0.1:{proxy.port}" for name in
                            ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")})
        self.addCleanup(self.role.close)
        self.enrolled()
        self.assertEqual(self.report()["outcome"], "ok")
        self.assertEqual(seen, [])

    def test_half_way_through_its_life_the_certificate_is_renewed_with_a_new_key(self):
        self.enrolled()
        path = os.path.join(self.role.identity, "identity.pem")
        with open(path) as f:
            before = f.read()
        self.edit_identity(lambda text: "\n".join(
            "issued: 1" if line.startswith("issued: ") else line for line in text.split("\n")))
        self.assertEqual(self.report([item(1)])["outcome"], "ok")
        with open(path) as f:
            after = f.read()
        key = lambda text: text.split("-----BEGIN PRIVATE KEY-----")[1].split("-----END")[0]
        self.assertNotEqual(key(before), key(after))
        self.assertIn(f"host: {self.host}", after)
        self.assertEqual(os.listdir(self.role.identity), ["identity.pem"])
        self.assertEqual(self.report([item(1)])["outcome"], "ok")

    def test_a_wrong_clock_is_said_and_the_key_is_kept(self):
        self.enrolled()
        self.edit_identity(lambda text: "\n".join(
            f"offset: {-40 * 365 * 86400 * 1000000}" if line.startswith("offset: ") else line
            for line in text.split("\n")))
        answer = self.report()
        self.assertEqual((answer["outcome"], answer["code"]), ("retry", "clock_skew"), answer)
        self.assertEqual(os.listdir(self.role.identity), ["identity.pem"])

    def test_a_large_body_comes_by_memfd(self):
        self.enrolled()
        items = [item(n, name="x" * 400) for n in range(300)]
        self.seq += 1
        body = json.dumps({"v": 1, "host": self.host, "seq": self.seq,
                           "batch_id": uuid.uuid4().hex, "kind": "full", "base": None,
                           "digest": digest_of(items), "at": "2026-11-21T00:00:00Z",
                           "items": items, "gone": []}).encode()
        fd = os.memfd_create("body")
        os.write(fd, body)
        os.lseek(fd, 0, os.SEEK_SET)
        answer = self.role.call("post", [fd], path="/v1/report")
        os.close(fd)
        self.assertEqual(answer["outcome"], "ok", answer)
        self.assertEqual(json.loads(answer["body"])["accepted"], 300)


if __name__ == "__main__":
    unittest.main(verbosity=2)
