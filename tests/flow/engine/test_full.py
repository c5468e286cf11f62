"""A full and a read-only state directory: nothing that was said is lost, the message says what to do,
and with space again the agent goes on."""

import os
import subprocess
import unittest

import estate
from reeve_agent import Agent, Ended


MANY = 500  # findings that outgrow the space the log already has


class Full(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("a file system of one's own needs root")
        self.agent = Agent(os.environ["RV_BUILD"])
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs",
                                  self.agent.state], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.agent.__exit__()
            self.skipTest("no tmpfs here: " + mounted.stderr.strip())
        estate.plant_host(self.agent)
        self.agent.plant("opt/lone/cert.pem", estate.certificate("/CN=lone.example.org")[0])

    def tearDown(self):
        self.agent.stop()
        subprocess.run(["umount", self.agent.state], check=False)
        self.agent.__exit__()

    def fill(self, leave):
        """Takes all space but `leave` bytes."""
        path = os.path.join(self.agent.state, "filler")
        with open(path, "wb") as out:
            space = os.statvfs(self.agent.state)
            out.write(b"\0" * max(0, space.f_bavail * space.f_frsize - leave))
        return path

    def test_a_full_disk_at_many_points(self):
        self.agent.start()
        self.agent.passed()
        path = "/opt/lone/cert.pem"
        self.assertIsNotNone(self.agent.call("owner", do="set", id=path, owner="team:start").data)
        refused = 0
        for round_, leave in enumerate((0, 8192, 65536, 400000)):
            before = estate.the(self.agent.call("list").data["items"], path)["owner"]
            filler = self.fill(leave)
            owner = f"team:round-{round_}"
            reply = self.agent.call("owner", do="set", id=path, owner=owner)
            now = estate.the(self.agent.call("list").data["items"], path)["owner"]
            if reply.error:
                refused += 1
                self.assertEqual(reply.error["class"], "exhausted", reply)
                self.assertEqual(reply.exit_code, 3)
                self.assertIn("space", reply.error["next"])
                self.assertEqual(now, before)  # all or nothing
            else:
                self.assertEqual(now, owner)
            for n in range(MANY):
                key_id, secret = estate.cloud_key()
                self.agent.plant(f"srv/round{round_}/{n}.env", f"AWS_ACCESS_KEY_ID={key_id}\n"
                                                               f"AWS_SECRET_ACCESS_KEY={secret}\n")
            passed = self.agent.call("discover")
            if passed.error:
                refused += 1
                self.assertEqual(passed.error["class"], "exhausted", passed)
                self.assertIn("space", passed.error["next"])
            os.unlink(filler)
            again = self.agent.call("owner", do="set", id=path, owner=owner)
            self.assertEqual(again.data["credential"]["owner"], owner)
            whole = self.agent.call("discover")
            self.assertIsNotNone(whole.data, (round_, whole, os.statvfs(self.agent.state)))
            found = {w for i in self.agent.call("list", kind="api_key").data["items"] for w in i["where"]}
            self.assertLessEqual({f"/srv/round{round_}/{n}.env" for n in range(MANY)}, found)
        self.assertGreater(refused, 0)
        checks = {c["name"]: c["ok"] for c in self.agent.call("doctor").data["checks"]}
        self.assertTrue(checks["database"] and checks["audit chain"], checks)

    def test_a_read_only_state_is_refused_with_a_sentence_and_mended_by_a_start(self):
        self.agent.start()
        self.agent.passed()
        self.agent.call("owner", do="set", id="/opt/lone/cert.pem", owner="team:web")
        self.agent.stop()
        subprocess.run(["mount", "-o", "remount,ro", self.agent.state], check=True)
        with self.assertRaises(Ended):
            self.agent.start()
        self.agent.stop()
        self.assertIn("ead-only", self.agent.log())
        subprocess.run(["mount", "-o", "remount,rw", self.agent.state], check=True)
        self.agent.start()
        one = estate.the(self.agent.call("list").data["items"], "/opt/lone/cert.pem")
        self.assertEqual(one["owner"], "team:web")


if __name__ == "__main__":
    unittest.main(verbosity=2)
