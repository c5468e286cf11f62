"""`reeve login|logout|fleet ..` against a real server: by pin, token by file, typed exit codes."""
import json
import os
import stat
import subprocess
import tempfile
import unittest

from server import BIN, Host, Server, item, run


class Fleet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.host = Host(cls.server, name="web-01")
        cls.host.report([item(1, ownership="orphaned", orphan_reason="no live owner", owner=None),
                         item(2, not_after="2026-12-01T00:00:00Z"), item(3, not_after=None)])
        cls.pin = run("token", "create", "--dir", cls.server.dir).stdout.split()[1]
        cls.url = f"https://localhost:{cls.server.ports['people']}"

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.token = os.path.join(self.home.name, "token")
        with open(self.token, "w") as f:
            f.write(self.server.token("--role", "reader") + "\n")
        os.chmod(self.token, 0o600)

    def reeve(self, *args, **environment):
        return subprocess.run([os.path.join(BIN, "reeve"), *args], text=True, timeout=60,
                              capture_output=True, stdin=subprocess.DEVNULL,
                              env={"HOME": self.home.name, "PATH": "/usr/bin:/bin", **environment})

    def login(self, url=None, pin=None, token=None):
        return self.reeve("login", url or self.url, "--token-file", token or self.token, "--ca-pin",
                          pin or self.pin)

    def items(self, *args):
        done = self.reeve("fleet", *args, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        doc = json.loads(done.stdout)
        return doc.get("data", doc)["items"]

    def test_login_then_every_list(self):
        done = self.login()
        self.assertEqual(done.returncode, 0, done.stderr)
        kept = os.path.join(self.home.name, ".config", "reeve", "fleet")
        self.assertEqual(stat.S_IMODE(os.stat(kept).st_mode), 0o600)
        self.assertEqual([h["hostname"] for h in self.items("hosts")], ["web-01"])
        self.assertEqual(len(self.items("list")), 3)
        self.assertEqual([i["orphan_reason"] for i in self.items("orphans")], ["no live owner"])
        self.assertEqual(self.items("expiring")[0]["id"], "cert:0002")
        shown = self.reeve("fleet", "orphans")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("no live owner", shown.stdout)

    def test_logout_forgets(self):
        self.login()
        self.assertEqual(self.reeve("logout").returncode, 0)
        done = self.reeve("fleet", "hosts")
        self.assertEqual(done.returncode, 2)
        self.assertIn("next:", done.stderr)
        self.assertEqual(os.listdir(os.path.join(self.home.name, ".config", "reeve")), [])

    def test_a_wrong_pin_keeps_nothing(self):
        done = self.login(pin="sha256:" + "0" * 64)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("not the pinned", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.home.name, ".config", "reeve", "fleet")))

    def test_a_token_that_does_not_read_is_refused(self):
        with open(self.token, "w") as f:
            f.write(self.server.token())
        done = self.login()
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertNotIn("rvt1_", done.stderr + done.stdout)

    def test_an_unreachable_inventory_is_exit_5(self):
        self.login()
        self.assertEqual(self.login(url="https://127.0.0.1:1").returncode, 5)
        self.assertEqual(self.reeve("fleet", "hosts").returncode, 0)  # the old login is intact

    def test_a_proxy_in_the_environment_is_not_asked(self):
        self.login()
        done = self.reeve("fleet", "hosts", https_proxy="http://127.0.0.1:1",
                          ALL_PROXY="http://127.0.0.1:1")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
