"""kill -9 in the middle of a pass, restarts, and what people said before them."""

import os
import signal
import sqlite3
import unittest

import estate
from reeve_agent import Agent, Ended


class Restart(unittest.TestCase):
    def setUp(self):
        self.agent = Agent(os.environ["RV_BUILD"])
        estate.plant_host(self.agent)
        self.agent.plant("opt/lone/cert.pem", estate.certificate("/CN=lone.example.org")[0])

    def tearDown(self):
        self.agent.__exit__()

    def lone(self):
        return estate.the(self.agent.call("list").data["items"], "/opt/lone/cert.pem")

    def test_an_owner_claim_survives_a_restart_and_later_passes(self):
        self.agent.start()
        self.agent.passed()
        self.assertEqual(self.lone()["ownership"], "orphaned")
        claimed = self.agent.call("owner", do="claim", id="/opt/lone/cert.pem")
        self.assertEqual(claimed.data["credential"]["ownership"], "owned", claimed)
        owner = claimed.data["credential"]["owner"]
        self.assertEqual(self.agent.stop(), 0)
        self.agent.start()
        self.agent.call("discover")
        one = self.lone()
        self.assertEqual((one["owner"], one["ownership"]), (owner, "owned"))
        self.assertEqual(one["owner_source"], "registry")

    def test_set_confirm_and_dispute(self):
        self.agent.start()
        self.agent.passed()
        path = "/opt/lone/cert.pem"
        disputed = self.agent.call("owner", do="dispute", id=path)
        self.assertEqual(disputed.error["class"], "conflict")  # nobody's: nothing to dispute
        self.assertEqual(disputed.exit_code, 4)
        done = self.agent.call("owner", do="set", id=path, owner="team:web")
        self.assertEqual(done.data["credential"]["owner"], "team:web")
        done = self.agent.call("owner", do="dispute", id=path)
        self.assertEqual(done.data["credential"]["ownership"], "disputed")
        done = self.agent.call("owner", do="confirm", id=path)
        self.assertEqual(done.data["credential"]["ownership"], "owned")
        types = [e["type"] for e in self.agent.call("history", id=path).data["events"]]
        for expected in ("owner_missing", "owner_said", "owner_found", "owner_disputed", "owner_confirmed"):
            self.assertIn(expected, types)

    def test_the_registry_names_owners_and_a_broken_file_keeps_the_last_good_set(self):
        self.agent.write_config("owners.yaml", """version: 1
owners:
  - team: web
  - person: carol
    left: 2020-01-01
assign:
  - match: {path: "/opt/lone/**"}
    owner: {team: web}
  - match: {path: "/opt/carol/**"}
    owner: {person: carol}
""")
        self.agent.plant("opt/carol/cert.pem", estate.certificate("/CN=carol.example.org")[0])
        self.agent.start()
        self.agent.passed()
        self.assertEqual(self.lone()["owner"], "team:web")
        why = self.agent.call("why", id="/opt/carol/cert.pem").data["owner"]
        self.assertEqual(why["ownership"], "orphaned")
        self.assertIn("carol left on 2020-01-01", why["reason"])
        self.agent.write_config("owners.yaml", "version: 1\nowner:\n  - team: web\n")
        self.agent.call("discover")
        self.assertEqual(self.lone()["owner"], "team:web")
        reply = self.agent.call("doctor")
        check = {c["name"]: c for c in reply.data["checks"]}["owners"]
        self.assertFalse(check["ok"])
        self.assertIn("owners.yaml:2:1: ", check["text"])
        self.assertIn("owners", check["text"])  # did you mean
        self.assertEqual(reply.exit_code, 1)

    def test_pause_and_resume_are_kept_and_recorded(self):
        self.agent.start()
        self.agent.passed()
        paused = self.agent.call("pause", reason="freeze", **{"for": "4h"}).data["paused"]
        self.assertEqual(paused["reason"], "freeze")
        self.agent.stop()
        self.agent.start()
        self.assertEqual(self.agent.call("status").data["paused"]["reason"], "freeze")
        self.assertIsNone(self.agent.call("resume").data["paused"])
        self.assertIsNone(self.agent.call("status").data["paused"])

    def engine_in_a_pass(self, control):
        """Asks for a pass and gives the engine's pid while discover runs; None when that was missed."""
        control.send({"v": 1, "verb": "discover", "args": {}})
        for _ in range(20):
            roles = {r["role"]: r["pid"] for r in self.agent.call("status").data["roles"]}
            if "discover" in roles:
                return roles["engine"]
        return None

    def test_kill_9_of_the_engine_in_a_pass_loses_nothing_that_was_said(self):
        for n in range(120):
            self.agent.plant(f"srv/many/{n}.txt", "x" * 100000)
        self.agent.start()
        self.agent.passed()
        self.agent.call("owner", do="set", id="/opt/lone/cert.pem", owner="team:web")
        before = {i["id"]: i["owner"] for i in estate.at_rest(self.agent.call("list").data["items"])}
        for _ in range(3):
            with self.agent.connect() as control:
                # A pass may be over before it is seen: then another is asked for.
                engine = self.agent.until(lambda: self.engine_in_a_pass(control), 20, "a pass runs")
                os.kill(engine, signal.SIGKILL)
            self.agent.until(lambda: self.agent.pid_of("engine") not in (None, engine), 30,
                             "another engine is up")
        self.agent.until(lambda: self.agent.call("discover").data, 60, "a pass goes through")
        after = {i["id"]: i["owner"] for i in estate.at_rest(self.agent.call("list").data["items"])}
        self.assertEqual(before, after)
        checks = {c["name"]: c["ok"] for c in self.agent.call("doctor").data["checks"]}
        self.assertTrue(checks["database"] and checks["audit chain"], checks)


class EveryCommit(unittest.TestCase):
    """The engine dies at its n-th event, for a spread of n, and the next one goes on."""

    def test_a_death_at_any_event_of_the_first_pass_is_survived(self):
        for event in list(range(1, 30, 3)) + list(range(30, 90, 10)):
            agent = Agent(os.environ["RV_BUILD"])
            try:
                estate.plant_host(agent)
                agent.plant("opt/lone/cert.pem", estate.certificate("/CN=lone.example.org")[0])
                agent.start("--fault", f"engine:1:{event}", wait=False)
                # A death before the engine is up ends the set; its service manager starts it again.
                try:
                    agent.passed(90)
                except Ended:
                    agent.stop()
                    agent.start()
                    agent.passed(90)
                # The event may come this late, so each question is asked until it is answered.
                items = agent.until(lambda: agent.call("list").data["items"], 30, "list")
                self.assertTrue(estate.find(items, "/opt/lone/cert.pem"), event)
                said = agent.until(lambda: agent.call("doctor").data["checks"], 30, "doctor")
                checks = {c["name"]: c["ok"] for c in said}
                self.assertTrue(checks["database"] and checks["audit chain"], event)
                agent.stop()
                database = sqlite3.connect(agent.database)
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
                database.close()
            finally:
                agent.__exit__()


if __name__ == "__main__":
    unittest.main(verbosity=2)
