"""reeve-inventory over real HTTP and TLS, as hosts use it: enrolment, identity, reports, refusals."""
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import unittest

from server import Host, Server, digest_of, item, make_csr, make_key, run


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")


class Enrolment(WithServer):
    def test_a_token_enrols_one_host_with_a_short_client_certificate(self):
        host = Host(self.server)
        self.assertEqual(host.answer.status, 200, host.answer)
        text = subprocess.run(["openssl", "x509", "-in", host.cert, "-noout", "-text"],
                              check=True, capture_output=True, text=True).stdout
        self.assertIn("TLS Web Client Authentication", text)
        self.assertIn(f"CN = {host.id}", text)
        self.assertNotIn("ignored", text)
        good = subprocess.run(["openssl", "x509", "-in", host.cert, "-noout", "-checkend",
                               str(29 * 86400)], capture_output=True)
        late = subprocess.run(["openssl", "x509", "-in", host.cert, "-noout", "-checkend",
                               str(31 * 86400)], capture_output=True)
        self.assertEqual((good.returncode, late.returncode), (0, 1))

    def test_an_unknown_token_is_refused(self):
        self.refused(Host(self.server, token="rvt1_" + "0" * 64).answer, 403, "token_unknown")

    def test_a_used_token_is_refused_for_another_key(self):
        token = self.server.token()
        self.assertEqual(Host(self.server, token=token).answer.status, 200)
        self.refused(Host(self.server, token=token).answer, 403, "token_used")

    def test_a_repeated_request_gets_the_same_host(self):
        token = self.server.token()
        host = Host(self.server, token=token)
        again = host.enrol(token)
        self.assertEqual((again.status, again.doc["host_id"]), (200, host.id))

    def test_an_expired_token_is_refused(self):
        token = self.server.token("--ttl", "1s")
        end = time.monotonic() + 10
        while True:
            answer = Host(self.server, token="rvt1_" + "1" * 64).answer  # spends time, not the token
            listed = run("token", "list", "--dir", self.server.dir).stdout
            if "expired" in listed:
                break
            self.assertLess(time.monotonic(), end)
        self.refused(Host(self.server, token=token).answer, 403, "token_expired")
        self.assertEqual(answer.code, "token_unknown")

    def test_a_revoked_token_is_refused(self):
        token = self.server.token("--note", "revoked-one")
        row = [line for line in run("token", "list", "--dir", self.server.dir).stdout.splitlines()
               if "revoked-one" in line][0]
        run("token", "revoke", "--dir", self.server.dir, row.split()[0])
        self.refused(Host(self.server, token=token).answer, 403, "token_unknown")

    def test_a_reader_token_does_not_enrol(self):
        self.refused(Host(self.server, token=self.server.token("--role", "reader")).answer, 403,
                     "token_unknown")

    def test_a_request_that_is_not_signed_by_its_key_is_refused(self):
        host = Host(self.server)
        lines = host.csr.splitlines()
        middle = len(lines) // 2
        lines[middle] = lines[middle][::-1]
        host.csr = "\n".join(lines)
        self.refused(host.enrol(self.server.token()), 422, "malformed")

    def test_the_pin_printed_is_that_of_the_ca_served(self):
        line = run("token", "create", "--dir", self.server.dir).stdout.split(" ")
        served = self.server.call("enrol", "GET", "/v1/ca").doc["ca_pem"]
        pem = self.server.path("served.pem")
        with open(pem, "w") as f:
            f.write(served)
        public = subprocess.run(["openssl", "x509", "-in", pem, "-noout", "-pubkey"], check=True,
                                capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public,
                             check=True, capture_output=True).stdout
        import hashlib
        self.assertEqual(line[1], "sha256:" + hashlib.sha256(der).hexdigest())

    def test_a_cloned_machine_gets_a_host_of_its_own(self):
        first, second = Host(self.server), Host(self.server)
        a = first.enrol(self.server.token(), machine="m" * 32)
        b = second.enrol(self.server.token(), machine="m" * 32)
        self.assertNotEqual(a.doc["host_id"], b.doc["host_id"])


class Identity(WithServer):
    def test_no_certificate_is_refused_before_routing(self):
        for path in ("/v1/report", "/v1/checkin", "/v1/renew", "/", "/nonsense"):
            self.refused(self.server.call("agents", "POST", path, {}), 401, "cert_required")

    def foreign(self, issuer_key=None, issuer_cert=None, ext="extendedKeyUsage=clientAuth"):
        key, cert = self.server.path("foreign.key"), self.server.path("foreign.pem")
        make_key(key)
        subprocess.run(["openssl", "req", "-x509", "-new", "-key", key, "-subj",
                        "/CN=Reeve inventory CA", "-days", "2", "-addext", ext, "-out", cert],
                       check=True, capture_output=True)
        return key, cert

    def test_a_foreign_certificate_of_the_same_name_is_refused(self):
        key, cert = self.foreign()
        self.refused(self.server.call("agents", "POST", "/v1/checkin", {}, cert, key), 403,
                     "cert_foreign")

    def test_the_servers_own_certificate_is_no_client(self):
        self.refused(self.server.call("agents", "POST", "/v1/checkin", {},
                                      os.path.join(self.server.dir, "server.pem"),
                                      os.path.join(self.server.dir, "server.key")),
                     403, "cert_foreign")

    def signed(self, subject, *dates):
        """A certificate that our own authority signed, outside the server."""
        key, csr = self.server.path("s.key"), self.server.path("s.csr")
        cert, ext = self.server.path("s.pem"), self.server.path("s.ext")
        make_key(key)
        with open(csr, "w") as f:
            f.write(make_csr(key, subject))
        with open(ext, "w") as f:
            f.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                    "extendedKeyUsage=clientAuth\n")
        work = self.server.path("ca-work")
        os.makedirs(work, exist_ok=True)
        for name, text in (("index", ""), ("serial", "1000\n")):
            with open(os.path.join(work, name), "w") as f:
                f.write(text)
        conf = os.path.join(work, "conf")
        with open(conf, "w") as f:
            f.write(f"[ca]\ndefault_ca=a\n[a]\ndatabase={work}/index\nserial={work}/serial\n"
                    f"new_certs_dir={work}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
        subprocess.run(["openssl", "ca", "-batch", "-config", conf, "-in", csr, "-out", cert,
                        "-notext", "-extfile", ext, "-cert", self.server.ca(), "-keyfile",
                        os.path.join(self.server.dir, "ca.key"), *dates], check=True,
                       capture_output=True)
        return key, cert

    def test_our_signature_on_a_key_that_is_not_enrolled_is_an_unknown_host(self):
        key, cert = self.signed("/CN=nobody", "-days", "2")
        self.refused(self.server.call("agents", "POST", "/v1/checkin", {}, cert, key), 403,
                     "unknown_host")

    def enrolled_with_dates(self, *dates):
        host = Host(self.server)
        key, cert = self.signed(f"/CN={host.id}", *dates)
        # The host's own key, certified with other dates: renew to that key first.
        with open(self.server.path("s.csr")) as f:
            answer = host.post("/v1/renew", {"csr_pem": f.read()})
        self.assertEqual(answer.status, 200, answer)
        return host, key, cert

    def test_an_expired_certificate_may_only_renew(self):
        host, key, cert = self.enrolled_with_dates("-startdate", "20200101000000Z", "-enddate",
                                                   time.strftime("%Y%m%d%H%M%SZ", time.gmtime(
                                                       time.time() - 86400)))
        self.refused(self.server.call("agents", "POST", "/v1/checkin", {}, cert, key), 403,
                     "cert_expired")
        with open(self.server.path("s.csr")) as f:
            renewed = self.server.call("agents", "POST", "/v1/renew", {"csr_pem": f.read()}, cert,
                                       key)
        self.assertEqual((renewed.status, renewed.doc["host_id"]), (200, host.id))

    def test_a_long_expired_certificate_may_not_even_renew(self):
        host, key, cert = self.enrolled_with_dates("-startdate", "20200101000000Z", "-enddate",
                                                   "20200201000000Z")
        self.refused(self.server.call("agents", "POST", "/v1/renew", {"csr_pem": host.csr}, cert,
                                      key), 403, "cert_expired")

    def test_a_certificate_of_tomorrow_is_a_clock_not_an_enemy(self):
        host, key, cert = self.enrolled_with_dates("-startdate", "20400101000000Z", "-enddate",
                                                   "20410101000000Z")
        self.refused(self.server.call("agents", "POST", "/v1/checkin", {}, cert, key), 403,
                     "clock_skew")

    def test_a_denied_host_is_refused_on_an_open_connection(self):
        host = Host(self.server)
        self.assertEqual(host.report([item(1)]).status, 200)
        connection = http.client.HTTPSConnection(
            "localhost", self.server.ports["agents"], timeout=20,
            context=self.server.context(host.cert, host.key))
        body = json.dumps({"v": 1, "host": host.id, "seq": 1, "digest": host.base})
        connection.request("POST", "/v1/checkin", body)
        first = connection.getresponse()
        first.read()
        self.assertEqual(first.status, 204)
        run("host", "deny", "--dir", self.server.dir, "--why", "stolen", host.id)
        connection.request("POST", "/v1/checkin", body)
        second = connection.getresponse()
        self.assertEqual((second.status, json.loads(second.read())["code"]), (403, "host_denied"))
        connection.close()
        run("host", "allow", "--dir", self.server.dir, host.id)
        self.assertEqual(host.checkin().status, 204)

    def test_a_denied_host_does_not_enrol_again_with_its_key(self):
        host = Host(self.server)
        run("host", "deny", "--dir", self.server.dir, host.id)
        self.refused(host.enrol(self.server.token()), 403, "host_denied")

    def test_renewal_moves_to_a_new_key_and_the_old_answers_until_the_next(self):
        host = Host(self.server)
        old_cert, old_key = host.cert, host.key
        fresh = self.server.path("fresh.key")
        make_key(fresh)
        answer = host.post("/v1/renew", {"csr_pem": make_csr(fresh)})
        self.assertEqual((answer.status, answer.doc["host_id"]), (200, host.id))
        host.key = fresh
        host.take(answer)
        self.assertEqual(host.checkin().status, 409)
        self.assertEqual(self.server.call("agents", "POST", "/v1/checkin", {
            "v": 1, "host": host.id, "seq": 0, "digest": "0" * 64}, old_cert, old_key).status, 409)
        newest = self.server.path("newest.key")
        make_key(newest)
        self.assertEqual(host.post("/v1/renew", {"csr_pem": make_csr(newest)}).status, 200)
        self.refused(self.server.call("agents", "POST", "/v1/checkin", {}, old_cert, old_key), 403,
                     "unknown_host")

    def test_a_host_may_not_speak_for_another(self):
        one, two = Host(self.server), Host(self.server)
        one.id, one_id = two.id, one.id
        self.refused(one.report([item(1)]), 422, "malformed")
        self.refused(one.checkin(), 422, "malformed")
        one.id = one_id
        self.assertEqual(one.report([item(1)]).status, 200)


class Reports(WithServer):
    def setUp(self):
        self.host = Host(self.server)

    def items(self):
        reader = self.server.token("--role", "reader")
        return self.server.call("people", "GET", f"/api/v1/credentials?host={self.host.id}&limit=1000",
                                headers={"Authorization": f"Bearer {reader}"}).doc["items"]

    def test_full_then_equal_checkin_then_delta(self):
        one, two, three = item(1), item(2), item(3)
        answer = self.host.report([two, one])
        self.assertEqual((answer.status, answer.doc["accepted"], answer.doc["quarantined"]),
                         (200, 2, []))
        checkin = self.host.checkin()
        self.assertEqual((checkin.status, checkin.text), (204, ""))
        self.assertEqual(checkin.headers["Reeve-Next-Checkin"], "900")
        changed = item(2, name="renamed", rev=2)
        answer = self.host.report([changed, three], kind="delta", gone=["cert:0001"],
                                  digest=digest_of([changed, three]))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual([i["name"] for i in self.items()], ["renamed", "web 3"])
        self.assertEqual(self.host.checkin().status, 204)

    def test_a_full_report_removes_what_it_does_not_name(self):
        self.host.report([item(n) for n in range(5)])
        self.host.report([item(3)])
        self.assertEqual([i["id"] for i in self.items()], ["cert:0003"])

    def test_a_delta_on_an_unknown_base_asks_for_a_full_report(self):
        self.host.report([item(1)])
        self.host.base = "f" * 64
        answer = self.host.report([item(2)], kind="delta", digest=digest_of([item(1), item(2)]))
        self.refused(answer, 409, "need_full")
        self.assertEqual(answer.doc["seq"], 1)
        self.assertEqual(len(self.items()), 1)

    def test_a_delta_whose_digest_does_not_hold_changes_nothing(self):
        self.host.report([item(1)])
        self.refused(self.host.report([item(2)], kind="delta", digest="a" * 64), 409, "need_full")
        self.assertEqual([i["id"] for i in self.items()], ["cert:0001"])
        self.assertEqual(self.host.checkin().status, 204)

    def test_an_unknown_digest_at_checkin_asks_for_a_full_report(self):
        self.refused(self.host.checkin("b" * 64), 409, "need_full")

    def test_a_replayed_batch_is_harmless(self):
        body = self.host.report_body([item(1)])
        first = self.host.post("/v1/report", body)
        second = self.host.post("/v1/report", body)
        self.assertEqual((first.status, first.text), (second.status, second.text))
        reader = self.server.token("--role", "reader")
        hosts = self.server.call("people", "GET", "/api/v1/hosts?limit=1000",
                                 headers={"Authorization": f"Bearer {reader}"}).doc["items"]
        self.assertEqual([h["credentials"] for h in hosts if h["id"] == self.host.id], [1])

    def test_an_old_report_arriving_late_does_not_overwrite(self):
        late = self.host.report_body([item(1, name="old")])
        self.assertEqual(self.host.report([item(1, name="new")]).status, 200)
        self.refused(self.host.post("/v1/report", late), 409, "need_full")
        self.assertEqual([i["name"] for i in self.items()], ["new"])

    def test_one_bad_item_is_set_aside_and_the_rest_is_taken(self):
        bad = dict(item(2), value="x")
        ugly = item(3, kind="spaceship")
        nameless = {"nothing": 1}
        answer = self.host.report([item(1), bad, ugly, nameless], digest="c" * 64)
        self.assertEqual((answer.status, answer.doc["accepted"]), (200, 1), answer)
        self.assertEqual(sorted(q["id"] for q in answer.doc["quarantined"]),
                         ["#3", "cert:0002", "cert:0003"])
        self.assertEqual(self.host.checkin("c" * 64).status, 204)
        self.host.base = "c" * 64
        good = self.host.report([item(2), item(3)], kind="delta", gone=["#3".replace("#", "x")],
                                digest=digest_of([item(1), item(2), item(3)]))
        self.assertEqual(good.status, 200, good)
        self.assertEqual(len(self.items()), 3)

    def test_control_characters_and_long_texts_are_set_aside(self):
        answer = self.host.report([item(1, name="a\nb"), item(2, name="n" * 600),
                                   item(3, not_after="yesterday"), item(4, owner_confidence=101)],
                                  digest="d" * 64)
        self.assertEqual((answer.doc["accepted"], len(answer.doc["quarantined"])), (0, 4))

    def test_wrong_documents_are_refused_by_type(self):
        body = self.host.report_body([item(1)])
        for over, status, code in (
                ({"v": 2}, 422, "version_too_old"), ({"kind": "half"}, 422, "malformed"),
                ({"extra": 1}, 422, "malformed"), ({"digest": "short"}, 422, "malformed"),
                ({"batch_id": "short"}, 422, "malformed"), ({"seq": -1}, 422, "malformed"),
                ({"at": "noon"}, 422, "malformed"), ({"gone": [1]}, 422, "malformed"),
                ({"counts": {"odd": 1}}, 422, "malformed"), ({"items": {}}, 422, "malformed"),
                ({"items": [item(1), item(1)]}, 422, "malformed"),
                ({"digest": "e" * 64}, 422, "malformed")):
            self.refused(self.host.post("/v1/report", dict(body, **over)), status, code)
        for raw in (b"", b"{", b"[]x", b'{"v":1,"v":1}', b"\xff\xfe", b"null", b'"a"'):
            answer = self.host.post("/v1/report", raw)
            self.assertIn(answer.status, (400, 422), answer)
            self.assertEqual(answer.code, "malformed")
        self.assertEqual(self.items(), [])

    def test_deep_nesting_is_refused_before_a_tree_is_built(self):
        self.refused(self.host.post("/v1/report", b"[" * 1000000), 400, "malformed")
        self.refused(self.host.post("/v1/checkin", b'{"a":' * 500), 400, "malformed")

    def test_counters_agree_after_all_of_it(self):
        self.host.report([item(1, ownership="orphaned", orphan_reason="no live owner"), item(2)])
        self.host.report([item(1), item(2, life="revoked")])
        done = run("doctor", "--dir", self.server.dir)
        self.assertIn("counters: agree", done.stdout)


class Bounds(WithServer):
    def raw(self, host, text, read=True):
        context = self.server.context(host.cert, host.key)
        with socket.create_connection(("localhost", self.server.ports["agents"]), 20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as s:
                s.settimeout(20)
                s.sendall(text)
                got = b""
                try:
                    while read and b"\r\n" not in got:
                        piece = s.recv(4096)
                        if not piece:
                            break
                        got += piece
                except (ConnectionError, ssl.SSLError):
                    pass
                return got.split(b"\r\n")[0]

    def head(self, *lines, path="/v1/report"):
        return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()

    def test_an_announced_oversize_is_refused_before_the_body(self):
        host = Host(self.server)
        self.assertIn(b"413", self.raw(host, self.head("Content-Length: 99999999")))
        self.assertIn(b"413", self.raw(host, self.head("Content-Length: 5000",
                                                       "Expect: 100-continue",
                                                       path="/v1/checkin")))

    def test_an_oversize_body_that_is_sent_anyway_still_gets_its_answer(self):
        host = Host(self.server)
        self.refused(host.post("/v1/report", b"x" * (9 * 1024 * 1024)), 413, "too_large")
        self.refused(host.post("/v1/checkin", b"x" * (1024 * 1024)), 413, "too_large")
        self.refused(self.server.call("agents", "POST", "/v1/report", b"x" * 3000000), 401,
                     "cert_required")

    def test_two_ways_to_say_the_length_are_refused(self):
        host = Host(self.server)
        for lines in (("Content-Length: 2", "Content-Length: 3"),
                      ("Content-Length: 2", "Transfer-Encoding: chunked"),
                      ("Transfer-Encoding: chunked",), ("Content-Length: -1",),
                      ("Content-Length: 0x2",), ("Content-Length: 99999999999999999999",)):
            self.assertRegex(self.raw(host, self.head(*lines)), b" 4(00|13) ", lines)

    def test_a_head_without_end_is_refused(self):
        host = Host(self.server)
        answer = self.raw(host, self.head("X: " + "y" * 40000))
        self.assertNotIn(b" 200 ", answer)
        many = self.head(*[f"X{n}: 1" for n in range(100)], "Content-Length: 0")
        self.assertRegex(self.raw(host, many), b" 4(00|31) ")

    def test_a_client_that_goes_away_mid_body_is_forgotten(self):
        host = Host(self.server)
        for _ in range(20):
            self.raw(host, self.head("Content-Length: 1000") + b"{", read=False)
        self.assertEqual(host.report([item(1)]).status, 200)

    def test_unknown_pages_and_methods_say_so(self):
        host = Host(self.server)
        self.refused(host.post("/v1/nothing", {}), 404, "not_found")
        self.refused(self.server.call("agents", "GET", "/v1/report", None, host.cert, host.key),
                     405, "method")
        self.refused(self.server.call("enrol", "POST", "/v1/report", {}), 404, "not_found")

    def test_plain_http_and_old_tls_get_nothing(self):
        with socket.create_connection(("localhost", self.server.ports["agents"]), 20) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            s.settimeout(20)
            try:
                self.assertNotIn(b"HTTP/1.1 2", s.recv(4096))
            except ConnectionError:
                pass
        old = subprocess.run(["openssl", "s_client", "-connect",
                              f"localhost:{self.server.ports['people']}", "-tls1_1", "-cipher",
                              "ALL:@SECLEVEL=0"], input=b"", capture_output=True, timeout=20)
        self.assertNotEqual(old.returncode, 0)


class Crash(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def killed_at(self, point):
        self.server.start()
        host = Host(self.server)
        self.assertEqual(host.report([item(1)]).status, 200)
        self.server.stop()
        self.server.start("--fault", point)
        body = host.report_body([item(1), item(2)])
        with self.assertRaises((ConnectionError, http.client.HTTPException, ssl.SSLError)):
            host.post("/v1/report", body)
        self.assertEqual(self.server.process.wait(20), -signal.SIGKILL)
        self.server.start()
        return host, body

    def test_killed_between_commit_and_answer_the_replay_is_harmless(self):
        host, body = self.killed_at("after-commit")
        self.assertEqual(host.checkin(body["digest"]).status, 204)
        answer = host.post("/v1/report", body)
        self.assertEqual((answer.status, answer.doc["accepted"]), (200, 2))
        self.assertIn("counters: agree", run("doctor", "--dir", self.server.dir).stdout)

    def test_killed_before_commit_nothing_was_taken_and_the_replay_is(self):
        host, body = self.killed_at("before-commit")
        self.assertEqual(host.checkin(body["digest"]).code, "need_full")
        self.assertEqual(host.post("/v1/report", body).status, 200)
        self.assertEqual(host.checkin(body["digest"]).status, 204)

    def test_killed_while_enrolling_the_same_request_succeeds_once(self):
        self.server.start()
        token = self.server.token()
        self.server.stop()
        self.server.start("--fault", "after-commit")
        host = Host.__new__(Host)
        host.server, host.name, host.seq, host.base = self.server, "h", 0, None
        host.key = self.server.path("h.key")
        make_key(host.key)
        host.csr = make_csr(host.key)
        with self.assertRaises((ConnectionError, http.client.HTTPException, ssl.SSLError)):
            host.enrol(token)
        self.server.process.wait(20)
        self.server.start()
        answer = host.enrol(token)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(len(run("host", "list", "--dir", self.server.dir).stdout.splitlines()), 1)


class Upkeep(unittest.TestCase):
    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.close)

    def test_backup_while_serving_and_restore_ask_for_full_reports(self):
        host = Host(self.server)
        host.report([item(1)])
        saved = self.server.path("saved.db")
        run("backup", "--dir", self.server.dir, saved)
        self.assertEqual(os.stat(saved).st_mode & 0o777, 0o600)
        host.report([item(1), item(2)])
        busy = run("restore", "--dir", self.server.dir, saved, check=False)
        self.assertNotEqual(busy.returncode, 0)
        self.assertIn("stop the server", busy.stderr)
        self.assertEqual(self.server.stop(), 0)
        run("restore", "--dir", self.server.dir, saved)
        self.server.start()
        self.assertEqual(host.checkin().code, "need_full")
        self.assertEqual(host.report([item(1), item(2)]).status, 200)
        self.assertEqual(run("doctor", "--dir", self.server.dir).returncode, 0)

    def test_init_does_not_overwrite(self):
        again = run("init", "--dir", self.server.dir, "--name", "x", check=False)
        self.assertNotEqual(again.returncode, 0)

    def test_a_wrong_database_is_not_restored(self):
        junk = self.server.path("junk.db")
        with open(junk, "wb") as f:
            f.write(b"not a database" * 100)
        self.server.stop()
        self.assertNotEqual(run("restore", "--dir", self.server.dir, junk, check=False).returncode,
                            0)
        self.server.start()

    def test_usage_errors_exit_2(self):
        for args in ((), ("nonsense",), ("serve",), ("init", "--dir", self.server.path("n")),
                     ("token", "create", "--dir", self.server.dir, "--uses", "0"),
                     ("token", "create", "--dir", self.server.dir, "--ttl", "soon"),
                     ("doctor", "--dir", self.server.dir, "extra"),
                     ("host", "deny", "--dir", self.server.dir)):
            self.assertEqual(run(*args, check=False).returncode, 2, args)

    def test_a_newer_database_is_refused(self):
        self.server.stop()
        import sqlite3
        with sqlite3.connect(os.path.join(self.server.dir, "inventory.db")) as db:
            db.execute("PRAGMA user_version=99")
        done = run("token", "list", "--dir", self.server.dir, check=False)
        backup = run("backup", "--dir", self.server.dir, self.server.path("b"), check=False)
        self.assertIn("newer", backup.stderr)
        self.assertEqual(backup.returncode, 2, done)


if __name__ == "__main__":
    unittest.main(verbosity=2)
