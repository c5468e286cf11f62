"""Wrong input to each verb: refused with a class, a sentence and, where there is one, a way out; and
the agent goes on."""

import json
import os
import socket
import struct
import time
import unittest

import estate
from reeve_agent import CTL_REQUEST, HEADER, Agent, Control, field


class Input(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(os.environ["RV_BUILD"])
        estate.plant_host(cls.agent)
        cls.agent.plant("opt/lone/cert.pem", estate.certificate("/CN=lone.example.org")[0])
        cls.agent.start()
        cls.agent.passed()

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()

    def refused(self, class_name, exit_code, verb, **args):
        reply = self.agent.call(verb, **args)
        self.assertIsNotNone(reply.error, f"{verb} {args}: {reply}")
        self.assertEqual(reply.error["class"], class_name, f"{verb} {args}: {reply}")
        self.assertEqual(reply.exit_code, exit_code)
        self.assertTrue(reply.error["text"])
        return reply.error

    def test_wrong_arguments(self):
        self.refused("malformed", 2, "no-such-verb")
        self.refused("malformed", 2, "list", kind="cheese")
        self.refused("malformed", 2, "list", due="soon")
        self.refused("malformed", 2, "discover", roots="etc")
        self.refused("malformed", 2, "discover", roots=["relative"])
        self.refused("malformed", 2, "discover", roots=["/etc/../root"])
        self.refused("malformed", 2, "discover", roots=[7])
        self.refused("malformed", 2, "discover", excludes=["[open"])
        self.refused("malformed", 2, "discover", roots=["/x"] * 1000)
        self.refused("malformed", 2, "pause", **{"for": "0s"})
        self.refused("malformed", 2, "pause", **{"for": "1y"})
        self.refused("malformed", 2, "pause", reason="x" * 5000)
        self.refused("malformed", 2, "owner", do="steal", id="/opt/lone/cert.pem")
        self.refused("malformed", 2, "owner", do="set", id="/opt/lone/cert.pem", owner="web")
        self.refused("malformed", 2, "owner", do="set", id="/opt/lone/cert.pem")
        for verb in ("show", "why", "history"):
            self.refused("malformed", 2, verb)
            self.refused("malformed", 2, verb, id="")
            self.refused("malformed", 2, verb, id=5)
            error = self.refused("not_found", 2, verb, id="/no/such/path")
            self.assertEqual(error["next"], "reeve list")
            self.refused("not_found", 2, verb, id="c" + "0" * 24)
            self.refused("not_found", 2, verb, id="/" + "x" * 9000)

    def test_an_ambiguous_prefix_names_the_candidates(self):
        ids = [i["id"] for i in self.agent.call("list").data["items"]]
        for length in range(4, 24):
            prefixes = [one[1 : 1 + length] for one in ids]
            twice = [p for p in prefixes if prefixes.count(p) > 1]
            if twice:
                self.refused("conflict", 4, "show", id=twice[0])
        one = ids[0]
        self.assertEqual(self.agent.call("show", id=one).data["credential"]["id"], one)
        self.assertEqual(self.agent.call("show", id=one[:16]).data["credential"]["id"], one)

    def test_documents_that_are_none(self):
        for text in (b"", b"{", b"[]", b"null", b'{"v":2,"verb":"list"}', b'{"verb":"list"}',
                     b'{"v":1}', b'{"v":1,"verb":7}', b'{"v":1,"verb":"list","args":[]}',
                     b'{"v":1,"verb":"list","verb":"list"}', b"\xff\xfe", b'{"v":1,"verb":"list"}x',
                     b'{"v":1,"verb":"list","args":' + b"[" * 2000 + b"]" * 2000 + b"}"):
            with self.agent.connect() as control:
                control.send(text)
                reply = control.receive()
                self.assertEqual(reply.error["class"], "malformed", (text[:60], reply))

    def test_frames_that_break_the_protocol_end_only_their_own_connection(self):
        body = field(1, b'{"v":1,"verb":"list"}')
        frames = [b"", b"x", HEADER.pack(CTL_REQUEST, 0, 9, 1, 0, 0) + b"short",
                  HEADER.pack(9999, 0, len(body), 1, 0, 0) + body,
                  HEADER.pack(10, 0, len(body), 1, 0, 0) + body,  # a message of the engine's own
                  HEADER.pack(CTL_REQUEST, 77, len(body), 1, 0, 0) + body,
                  HEADER.pack(CTL_REQUEST, 0, len(body) + 4, 1, 0, 0) + body + b"tail"]
        for frame in frames:
            with self.agent.connect(timeout=10) as control:
                try:
                    control.sock.send(frame)
                    answer = control.sock.recv(65536)
                except (ConnectionError, OSError):
                    answer = b""
                if answer:  # a frame that decodes but holds no request is answered
                    self.assertEqual(HEADER.unpack_from(answer)[0], 132)
            self.assertTrue(self.agent.call("status").data)

    def test_descriptors_nobody_asked_for_do_not_pile_up(self):
        def open_files():
            return len(os.listdir(f"/proc/{self.agent.pid_of('engine')}/fd"))

        if os.geteuid() != 0:
            self.skipTest("reading the engine's descriptors needs root")
        before = open_files()
        for _ in range(40):
            with open("/dev/null", "rb") as null:
                self.agent.call("list", fd=null.fileno())
        self.assertLessEqual(open_files(), before + 2)

    def test_many_at_once_and_callers_who_hang_up(self):
        crowd = [self.agent.connect() for _ in range(30)]
        for one in crowd:
            one.send({"v": 1, "verb": "list", "args": {}})
        for one in crowd[::2]:
            one.close()
        for one in crowd[1::2]:
            self.assertIsNotNone(one.receive().data)
            one.close()

    def test_a_caller_who_never_reads_does_not_hold_up_the_others(self):
        with self.agent.connect(timeout=5) as deaf:
            try:
                for _ in range(400):
                    deaf.send({"v": 1, "verb": "list", "args": {}})
            except (OSError, ConnectionError):
                pass  # cut off: so it should be
            started = time.monotonic()
            self.assertTrue(self.agent.call("status", timeout=10).data)
            self.assertLess(time.monotonic() - started, 5)

    def test_reading_goes_on_while_a_pass_runs_and_changes_wait(self):
        with self.agent.connect() as passing, self.agent.connect() as changing:
            passing.send({"v": 1, "verb": "discover", "args": {}})
            changing.send({"v": 1, "verb": "owner", "args": {"do": "set", "id": "/opt/lone/cert.pem",
                                                            "owner": "team:web"}})
            self.assertTrue(self.agent.call("status").data)
            self.assertTrue(passing.receive().data["complete"])
            self.assertEqual(changing.receive().data["credential"]["owner"], "team:web")

    def test_a_stranger_is_turned_away(self):
        if os.geteuid() != 0:
            self.skipTest("being another user needs root")
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            verdict = b"let in"
            try:
                os.setgroups([])
                os.setgid(65533)
                os.setuid(65533)
                with Control(self.agent.socket_path, 5) as control:
                    control.call("status")
            except (ConnectionError, OSError):
                verdict = b"turned away"
            os.write(write, verdict)
            os._exit(0)
        os.close(write)
        os.waitpid(pid, 0)
        self.assertEqual(os.read(read, 64), b"turned away")
        os.close(read)


if __name__ == "__main__":
    unittest.main(verbosity=2)
