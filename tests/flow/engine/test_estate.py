"""A pass over a planted estate: what is found, joined, bound, and how the reading verbs tell it."""

import os
import socket
import ssl
import threading
import tempfile
import unittest

import estate
from reeve_agent import Agent


class Estate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = agent = Agent(os.environ["RV_BUILD"])
        estate.plant_host(agent)
        cls.site = estate.certificate("/CN=report.example.org", ["report.example.org"])
        agent.plant("srv/report/tls.pem", cls.site[0])
        agent.plant("srv/report/tls.key", cls.site[1], mode=0o600)
        agent.plant("srv/copy/tls.pem", cls.site[0])
        key_id, secret = estate.cloud_key()
        cls.cloud_id = key_id
        agent.plant("srv/report/.env", f"AWS_ACCESS_KEY_ID={key_id}\nAWS_SECRET_ACCESS_KEY={secret}\n",
                    mode=0o600)
        lone = estate.certificate("/CN=lone.example.org")
        agent.plant("opt/lone/cert.pem", lone[0])
        cls.root_ca = estate.authority()
        agent.plant("etc/ssl/certs/estate-root.pem", cls.root_ca[0])
        held = estate.authority("/CN=Held Authority")
        agent.plant("opt/ca/ca.pem", held[0])
        agent.plant("opt/ca/ca.key", held[1], mode=0o600)
        agent.plant("home/alice/cert.pem", estate.certificate("/CN=alice.example.org")[0], uid=41000)
        password = estate.random_text(20)
        for name in ("one", "two"):
            agent.plant(f"srv/{name}/app.conf", f"url = postgres://app:{password}@db.example.org/app\n")
        os.mkfifo(os.path.join(agent.root, "srv", "pipe.pem"))
        cls.serve()
        agent.start()
        agent.passed()
        cls.items = agent.call("list").data["items"]

    @classmethod
    def serve(cls):
        """A TLS listener with the report's certificate: what is served must be seen."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(cls.site[0] + cls.site[1])
            pem.flush()
            context.load_cert_chain(pem.name)
        cls.listener = socket.create_server(("127.0.0.1", 0))
        cls.port = cls.listener.getsockname()[1]

        def loop():
            while True:
                try:
                    client, _ = cls.listener.accept()
                except OSError:
                    return
                try:
                    client.settimeout(5)
                    with context.wrap_socket(client, server_side=True) as tls:
                        tls.recv(1)
                except OSError:
                    pass

        threading.Thread(target=loop, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.listener.close()
        cls.agent.__exit__()

    def test_a_certificate_its_key_and_its_copy_are_one_credential(self):
        one = estate.the(self.items, "/srv/report/tls.pem")
        self.assertEqual(one["kind"], "certificate")
        self.assertEqual(one["name"], "report.example.org")
        self.assertEqual(estate.the(self.items, "/srv/report/tls.key")["id"], one["id"])
        self.assertEqual(estate.the(self.items, "/srv/copy/tls.pem")["id"], one["id"])

    def test_what_a_listener_serves_is_a_sighting_of_it(self):
        one = estate.the(self.items, "/srv/report/tls.pem")
        self.assertIn(f"tls://127.0.0.1:{self.port}", one["where"])
        shown = self.agent.call("show", id=one["id"]).data
        served = [s for s in shown["sightings"] if s["holds"] == "served"]
        self.assertEqual([s["stale"] for s in served], [False])
        self.assertTrue(any(c["evidence"] == "listens" for c in shown["consumers"]), shown["consumers"])
        self.assertEqual(len(shown["versions"]), 1)

    def cloud(self):
        found = [i for i in estate.find(self.items, "/srv/report/.env") if self.cloud_id in i["name"]]
        self.assertEqual(len(found), 1, estate.find(self.items, "/srv/report/.env"))
        return found[0]

    def test_the_unit_that_names_the_file_owns_it_and_the_receipt_says_so(self):
        why = self.agent.call("why", id=self.cloud()["id"]).data
        self.assertEqual(why["owner"]["name"], "service:report.service")
        self.assertEqual(why["owner"]["source"], "inferred")
        self.assertGreaterEqual(why["owner"]["confidence"], 80)
        self.assertTrue(any("report.service names /srv/report/.env" in line["text"]
                            for line in why["owner"]["receipt"]), why["owner"]["receipt"])

    def test_a_cloud_key_in_an_env_file_is_found_without_its_value(self):
        one = self.cloud()
        self.assertEqual(one["owner"], "service:report.service")
        self.assertTrue(one["fingerprint"].startswith("hk1:"))
        beside = estate.the(self.items, "/srv/report/tls.pem")  # in the unit's working directory
        self.assertEqual(beside["owner"], "service:report.service")

    def test_nobody_for_a_lone_certificate_is_an_orphan_with_the_reason(self):
        one = estate.the(self.items, "/opt/lone/cert.pem")
        self.assertEqual(one["ownership"], "orphaned")
        self.assertIn("names it" if os.geteuid() == 0 else "has no account", one["orphan_reason"])
        orphans = self.agent.call("list", orphans=True).data["items"]
        self.assertIn(one["id"], [o["id"] for o in orphans])
        self.assertTrue(all(o["ownership"] == "orphaned" for o in orphans))

    def test_a_trust_anchor_is_no_credential_but_an_authority_with_its_key_is(self):
        self.assertEqual(estate.find(self.items, "/etc/ssl/certs/estate-root.pem"), [])
        held = estate.the(self.items, "/opt/ca/ca.pem")
        self.assertEqual(estate.the(self.items, "/opt/ca/ca.key")["id"], held["id"])

    def test_a_persons_file_is_the_persons(self):
        if os.geteuid() != 0:
            self.skipTest("files of other accounts need root")
        self.assertEqual(estate.the(self.items, "/home/alice/cert.pem")["owner"], "person:alice")

    def test_accounts_are_those_of_services(self):
        accounts = {i["name"]: i for i in self.items if i["kind"] == "account"}
        self.assertNotIn("alice", accounts)
        self.assertEqual(accounts["root"]["owner"], "host")
        self.assertEqual(accounts["daemon"]["owner"], "package:base-passwd")
        self.assertEqual(accounts["svc-report"]["owner"], "service:report.service")
        self.assertEqual(accounts["svc-left"]["ownership"], "orphaned")

    def test_what_was_not_looked_at_is_listed_with_the_reason(self):
        reply = self.agent.call("discover")
        reasons = {n["path"]: n["reason"] for n in reply.data["not_looked"]}
        self.assertEqual(reasons.get("/srv/pipe.pem"), "fifo")
        self.assertTrue(reply.data["complete"])

    def test_two_equal_passwords_are_two_credentials_with_an_edge(self):
        one = estate.the(self.items, "/srv/one/app.conf")
        two = estate.the(self.items, "/srv/two/app.conf")
        self.assertNotEqual(one["id"], two["id"])
        self.assertEqual(one["fingerprint"], two["fingerprint"])
        self.assertEqual(self.agent.call("show", id=one["id"]).data["same_value"], [two["id"]])

    def test_filters(self):
        kinds = self.agent.call("list", kind="certificate").data["items"]
        self.assertTrue(kinds and all(i["kind"] == "certificate" for i in kinds))
        due = self.agent.call("list", due="60d").data["items"]
        self.assertIn("/srv/report/tls.pem", [w for i in due for w in i["where"]])
        owned = self.agent.call("list", owner="service:report.service").data["items"]
        self.assertTrue(all(i["owner"] == "service:report.service" for i in owned) and owned)

    def test_history_tells_how_it_came(self):
        events = self.agent.call("history", id="/srv/report/tls.pem").data["events"]
        self.assertEqual(events[0]["type"], "credential_seen")
        self.assertIn("life_active", [e["type"] for e in events])

    def test_status_and_doctor(self):
        status = self.agent.call("status").data
        self.assertEqual({r["role"] for r in status["roles"]} >= {"reeved", "engine"}, True)
        self.assertGreater(status["counts"]["credentials"], 5)
        engine = [r for r in status["roles"] if r["role"] == "engine"][0]
        self.assertTrue({"landlock", "seccomp", "no_new_privs"} <= set(engine["walls"]))
        checks = {c["name"]: c for c in self.agent.call("doctor").data["checks"]}
        self.assertTrue(checks["database"]["ok"] and checks["walls"]["ok"], checks)


class Renewed(unittest.TestCase):
    """The lineage is stable: a renewed certificate at the same place is a version, not another."""

    def test_a_new_key_for_the_same_names_is_a_version_and_another_name_is_not(self):
        with Agent(os.environ["RV_BUILD"]) as agent:
            first = estate.certificate("/CN=a.example.org", ["a.example.org"])
            agent.plant("srv/a.pem", first[0])
            agent.call("discover")
            before = estate.the(agent.call("list").data["items"], "/srv/a.pem")
            agent.plant("srv/a.pem", estate.certificate("/CN=a.example.org", ["a.example.org"], 60)[0])
            agent.call("discover")
            after = estate.the(agent.call("list").data["items"], "/srv/a.pem")
            self.assertEqual(after["id"], before["id"])
            self.assertEqual(after["version"], 2)
            self.assertNotEqual(after["spki"], before["spki"])
            agent.plant("srv/a.pem", first[0])  # put back: the current version is the old one again
            agent.call("discover")
            back = estate.the(agent.call("list").data["items"], "/srv/a.pem")
            self.assertEqual((back["id"], back["spki"]), (before["id"], before["spki"]))
            agent.plant("srv/a.pem", estate.certificate("/CN=b.example.org", ["b.example.org"])[0])
            agent.call("discover")
            other = estate.the(agent.call("list").data["items"], "/srv/a.pem")
            self.assertNotEqual(other["id"], before["id"])
            gone = agent.call("history", id=before["id"]).data["events"]
            self.assertEqual(gone[-1]["type"], "life_gone")

    def test_gone_after_a_complete_pass_only_and_back_again(self):
        with Agent(os.environ["RV_BUILD"]) as agent:
            path = agent.plant("srv/a.pem", estate.certificate("/CN=a.example.org")[0])
            agent.plant("opt/b.pem", estate.certificate("/CN=b.example.org")[0])
            agent.call("discover")
            one = estate.the(agent.call("list").data["items"], "/srv/a.pem")
            with open(path, "rb") as before:
                content = before.read()
            os.unlink(path)
            part = agent.call("discover", roots=["/opt"])
            self.assertFalse(part.data["complete"])
            self.assertTrue(estate.find(agent.call("list").data["items"], "/srv/a.pem"))
            agent.call("discover")
            self.assertFalse([i for i in agent.call("list").data["items"] if i["id"] == one["id"]])
            agent.plant("srv/a.pem", content)
            agent.call("discover")
            self.assertEqual(estate.the(agent.call("list").data["items"], "/srv/a.pem")["id"], one["id"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
