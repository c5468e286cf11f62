"""A whole agent and a whole server: what the agent finds shows up in the inventory, an outage loses
and doubles nothing, and no secret is in any byte that either wrote or sent."""
import glob
import json
import os
import subprocess
import sys
import unittest
import zlib

from server import Server, make_key, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from reeve_agent import Agent  # noqa: E402

BUILD = os.path.dirname(os.environ["RV_BIN"])
PASSWD = "root:x:0:0:root:/root:/bin/bash\nbackup-bot:x:1500:1500::/home/bot:/bin/bash\n"


def github_token(body):
    """A token with the provider's check digits, which opens nothing."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    n, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        n, rest = divmod(n, 62)
        check = digits[rest] + check
    return "ghp" + "_" + body + check


def make_certificate(agent, path, subject, days=20):
    key = os.path.join(agent.box, "k.pem")
    make_key(key)
    pem = subprocess.run(["openssl", "req", "-x509", "-new", "-key", key, "-subj", subject, "-days",
                          str(days), "-addext", "basicConstraints=critical,CA:FALSE"], check=True,
                         capture_output=True).stdout
    agent.plant(path, pem)
    return pem


class WithBoth(unittest.TestCase):
    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.close)
        self.agent = Agent(BUILD)
        self.addCleanup(self.agent.__exit__)
        self.agent.plant("etc/passwd", PASSWD)
        self.reader = self.server.token("--role", "reader")

    def enrol(self):
        line = run("token", "create", "--dir", self.server.dir).stdout
        url, pin, _ = line.split()
        path = os.path.join(self.server.home, "token")
        with open(path, "w") as f:
            f.write(line)
        with open(path) as f:
            reply = self.agent.call("enroll", fd=f.fileno(), url=url, ca_pin=pin)
        self.assertEqual(reply.exit_code, 0, (reply, self.agent.log()))
        return reply.data

    def api(self, path):
        answer = self.server.call("people", "GET", "/api/v1/" + path, headers={
            "Authorization": f"Bearer {self.reader}"})
        self.assertEqual(answer.status, 200, answer)
        return answer.doc["items"]

    def in_inventory(self):
        return {item["id"]: item for item in self.api("credentials?limit=1000")}

    def on_host(self):
        return {c["id"]: c for c in self.agent.call("list").data["items"]}

    def settled(self):
        """The inventory has what the agent has."""
        self.agent.until(lambda: self.on_host().keys() == self.in_inventory().keys() != set(), 30,
                         "the inventory agrees")


class Flow(WithBoth):
    def test_what_the_agent_finds_shows_up_with_owner_and_place(self):
        make_certificate(self.agent, "etc/web/site.pem", "/CN=site.example")
        self.agent.start()
        self.agent.passed()
        data = self.enrol()
        self.settled()
        items = self.in_inventory()
        self.assertTrue([i for i in items.values() if i["kind"] == "certificate"
                         and i["sightings"][0]["where"].endswith("/etc/web/site.pem")], items)
        hosts = self.api("hosts")
        self.assertEqual([(h["id"], h["state"]) for h in hosts], [(data["host_id"], "reporting")])
        self.assertEqual(hosts[0]["credentials"], len(items))
        status = self.agent.call("status").data["inventory"]
        self.assertEqual((status["outbox"], status["error"]), (0, None))
        for one in self.on_host().values():
            self.assertEqual(items[one["id"]]["ownership"], one["ownership"])

    def test_an_outage_keeps_the_outbox_and_then_delivers_once(self):
        make_certificate(self.agent, "etc/web/a.pem", "/CN=a.example")
        self.agent.start()
        self.agent.passed()
        self.enrol()
        self.settled()
        reports = self.count_reports()
        ports = dict(self.server.ports)
        self.server.stop()
        for name in ("b", "c", "d"):
            make_certificate(self.agent, f"etc/web/{name}.pem", f"/CN={name}.example")
            self.assertEqual(self.agent.call("discover").exit_code in (0, 1, 3), True)
        os.unlink(os.path.join(self.agent.root, "etc/web/a.pem"))
        self.agent.call("discover")
        told = self.agent.call("report")
        self.assertEqual(told.exit_code, 3, told)
        self.assertGreater(told.data["outbox"], 0)
        self.assertIn("not reached", told.data["error"])
        self.agent.stop()
        self.agent.start()
        self.assertGreater(self.agent.call("status").data["inventory"]["outbox"], 0)
        self.server.start("--agents", f"127.0.0.1:{ports['agents']}")
        told = self.agent.call("report")
        self.assertEqual((told.exit_code, told.data["outbox"]), (0, 0), told)
        self.settled()
        self.assertLessEqual(self.count_reports() - reports, 2)
        again = self.count_reports()
        self.assertEqual(self.agent.call("report").exit_code, 0)
        self.assertEqual(self.count_reports(), again)  # nothing new: a check-in, no report
        self.assertIn("counters: agree", run("doctor", "--dir", self.server.dir).stdout)

    def count_reports(self):
        import sqlite3
        with sqlite3.connect(os.path.join(self.server.dir, "inventory.db"), timeout=10) as db:
            return db.execute("SELECT value FROM counter WHERE name='reports'").fetchone()[0]

    def test_a_killed_server_between_commit_and_answer_gets_the_same_batch_again(self):
        self.agent.start()
        self.agent.passed()
        self.enrol()
        self.settled()
        ports = dict(self.server.ports)
        self.server.stop()
        self.server.start("--agents", f"127.0.0.1:{ports['agents']}", "--fault", "after-commit")
        make_certificate(self.agent, "etc/web/late.pem", "/CN=late.example")
        self.agent.call("discover")
        self.agent.call("report")
        self.server.process.wait(20)
        before = self.count_reports()
        self.server.start("--agents", f"127.0.0.1:{ports['agents']}")
        self.assertEqual(self.agent.call("report").exit_code, 0)
        self.settled()
        self.assertEqual(self.count_reports(), before)  # it was taken once

    def test_a_server_that_lost_its_state_gets_a_full_report(self):
        self.agent.start()
        self.agent.passed()
        self.enrol()
        self.settled()
        saved = self.server.path("early.db")
        run("backup", "--dir", self.server.dir, saved)
        make_certificate(self.agent, "etc/web/x.pem", "/CN=x.example")
        self.agent.call("discover")
        self.settled()
        ports = dict(self.server.ports)
        self.server.stop()
        run("restore", "--dir", self.server.dir, saved)
        self.server.start("--agents", f"127.0.0.1:{ports['agents']}")
        self.agent.call("report")
        self.agent.call("report")
        self.settled()

    def test_a_denied_host_says_so_and_keeps_its_outbox(self):
        self.agent.start()
        self.agent.passed()
        host = self.enrol()["host_id"]
        self.settled()
        run("host", "deny", "--dir", self.server.dir, host)
        make_certificate(self.agent, "etc/web/y.pem", "/CN=y.example")
        self.agent.call("discover")
        told = self.agent.call("report")
        self.assertIn("host_denied", told.data["error"])
        self.assertGreater(told.data["outbox"], 0)
        run("host", "allow", "--dir", self.server.dir, host)
        self.assertEqual(self.agent.call("report").exit_code, 0)
        self.settled()

    def test_unenrolling_forgets_the_identity_and_the_host_may_enrol_again(self):
        self.agent.start()
        self.agent.passed()
        first = self.enrol()["host_id"]
        self.settled()
        self.assertEqual(self.agent.call("unenroll").data, {"was_enrolled": True})
        self.assertIsNone(self.agent.call("status").data["inventory"])
        self.assertEqual(glob.glob(os.path.join(self.agent.state, "report", "*")), [])
        second = self.enrol()["host_id"]
        self.assertNotEqual(first, second)
        self.agent.until(lambda: len(self.api("hosts")) == 2, 20, "a second host")


class Leak(WithBoth):
    """Secrets planted where scanners trip over them. Made from parts, so that none is in the tree."""

    def plant_all(self):
        aws = "AKIA" + "Q3EGTZ5VWJ7RDKXN"
        aws_secret = "wJalrXUtnFEMI" + "K7MDENGbPxRfiCY" + "zQ8vLmN2pRt4"
        slack = "xoxb" + "-123456789012-123456789012-" + "AbCdEfGhIjKlMnOpQrStUvWx"
        github = github_token("x7Kq2Lm9Nv4Rt6Wz8Yb1Cd3Ef5Gh0J")
        password = "correct-horse-" + "9f3b2c7d1e"
        agent = self.agent
        agent.plant("etc/app/.env", f"AWS_ACCESS_KEY_ID={aws}\nAWS_SECRET_ACCESS_KEY={aws_secret}\n"
                                    f"SLACK_TOKEN={slack}\nDB_PASSWORD={password}\n", mode=0o600)
        agent.plant(f"srv/drop/{github}.txt", "named after its content\n")
        agent.plant(f"srv/{slack}/.env", f"TOKEN={github}\n")
        agent.plant("etc/app/config.ini",
                    f"url = https://deploy:{password}@git.example/x.git?token={github}\n")
        agent.plant("etc/systemd/system/job.service",
                    f"[Service]\nUser=backup-bot\nEnvironment=API_KEY={slack}\n"
                    f"ExecStart=/usr/bin/job --token {github}\n")
        make_certificate(agent, "etc/app/tls.pem", f"/CN={github}/O={slack}")
        make_certificate(agent, f"etc/app/{github}.pem", f"/CN=plain.example/OU={github}")
        agent.plant("etc/shadow", f"backup-bot:$6$salt${'h' * 20}{'Q' * 66}:19000:0:99999:7:::\n",
                    mode=0o600)
        agent.plant("etc/app/key.pem", open(os.path.join(agent.box, "k.pem"), "rb").read(),
                    mode=0o600)
        with open(os.path.join(agent.box, "k.pem")) as f:
            private = "".join(line.strip() for line in f if "-----" not in line)
        os.unlink(os.path.join(agent.box, "k.pem"))
        return {"aws secret": aws_secret, "slack": slack, "github": github, "password": password,
                "private key": private[20:60], "shadow": "h" * 20 + "Q" * 66}

    def written(self):
        """Every file that agent or server wrote, root and token files aside (those are the input)."""
        for top in (self.agent.state, self.agent.run, self.agent.config, self.agent.share,
                    self.agent.log_path, self.server.dir, self.server.path("log")):
            if os.path.isfile(top):
                yield top
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path) and not os.path.islink(path):
                        yield path

    def bodies(self):
        """What the report role is handed to send: the outbox, and the batch under way."""
        import sqlite3
        out = []
        with sqlite3.connect(f"file:{self.agent.database}?mode=ro", uri=True) as db:
            out += [row[0] for row in db.execute("SELECT flight_body FROM outbox_state") if row[0]]
            for row in db.execute("SELECT doc, acked, sent FROM outbox"):
                out += [text for text in row if text]
        return out

    @staticmethod
    def in_outbox(bodies):
        docs = [json.loads(b) for b in bodies]
        return [d for d in docs if "kind" in d and "batch_id" not in d]

    def look(self, secrets, text, where):
        for name, secret in secrets.items():
            self.assertNotIn(secret.encode(), text, f"{name} in {where}")

    def test_no_secret_is_in_anything_that_was_written_or_sent(self):
        secrets = self.plant_all()
        self.agent.start()
        self.agent.passed()
        self.agent.call("discover")
        data = self.enrol()
        self.settled()
        self.assertGreaterEqual(len(self.in_inventory()), 4)
        # With the server away the batch under way stays in the outbox, byte for byte as sent.
        ports = dict(self.server.ports)
        self.server.stop()
        self.agent.plant("etc/app/more.env", "K=" + secrets["slack"] + "\n")
        self.agent.call("discover")
        self.agent.call("report")
        bodies = self.bodies()
        self.assertTrue([b for b in bodies if '"batch_id"' in b], "the batch under way")
        # The planted values were seen, and said by fingerprint alone.
        kinds = {item["kind"] for item in self.in_outbox(bodies)}
        self.assertTrue({"token", "api_key", "password"} & kinds, kinds)
        self.assertTrue([b for b in bodies if "hk1:" in b])
        for body in bodies:
            self.look(secrets, body.encode(), "a body on the wire")
        self.server.start("--agents", f"127.0.0.1:{ports['agents']}")
        self.agent.call("report")
        self.settled()
        for reply in (self.agent.call("list"), self.agent.call("status"), self.agent.call("doctor")):
            self.look(secrets, json.dumps(reply.document).encode(), "the control socket")
        for path in ("credentials?limit=1000", "orphans", "expiring", "hosts"):
            self.look(secrets, json.dumps(self.api(path)).encode(), path)
        cookie = self.server.call("people", "POST", "/login", f"token={self.reader}".encode())
        for path in ("/", "/credentials", "/orphans", f"/hosts/{data['host_id']}"):
            page = self.server.call("people", "GET", path, headers={
                "Cookie": cookie.headers["Set-Cookie"].split(";")[0]})
            self.look(secrets, page.text.encode(), path)
        files = list(self.written())
        self.assertGreater(len(files), 8)
        for path in files:
            with open(path, "rb") as f:
                self.look(secrets, f.read(), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
