"""Kills every role at every event of a rotation, one event at a time, and the whole set at every
journal commit and every act on files: test_crash.py BIN PLUGINS LAYOUT WORKERS.

After each: nginx serves a valid pair at all times; certificate and key on disk differ only inside a
declared window, which reeve-recover closes; the agent, restarted where it died, finishes or unwinds;
the provider issued at most one certificate for the intent; nothing of ours is left lying about."""
import multiprocessing
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time

from estate import Estate, eventually, served

TRACE = 1000000000
EVERY = int(os.environ.get("REEVE_CRASH_EVERY", "1"))  # while developing; the suite tries all
ROLES = ("engine", "broker", "place", "plughost", "open", "discover", "report", "reeved")


class Watch(threading.Thread):
    """Shakes hands with nginx until told to stop; every leaf that was shown, every failure."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.shown, self.failed, self.is_over = port, set(), [], threading.Event()
        self.start()

    def run(self):
        while not self.is_over.is_set():
            try:
                self.shown.add(served(self.port, timeout=5))
            except (OSError, ssl.SSLError) as error:
                self.failed.append(repr(error))
            self.is_over.wait(0.02)

    def stop(self):
        self.is_over.set()
        self.join()


class Crash(Estate):
    """An estate that can be put back to the moment before a rotation."""

    def arrange(self):
        self.make()
        self.start_nginx()
        self.start_agent()
        self.prepare()
        self.rotate()  # from now on the old one is the provider's own, to be revoked
        self.stop_agent()
        shutil.copytree(self.path("state"), self.path("snapshot"), symlinks=True)
        self.copy_owners("state", "snapshot")
        self.files = {p: open(p, "rb").read() for p in {self.crt, self.key}}
        self.old = served(self.port)
        self.before = self.counts()

    def copy_owners(self, source, target):
        for folder, dirs, files in os.walk(self.path(source)):
            other = self.path(target) + folder[len(self.path(source)):]
            for name in [""] + dirs + files:
                stat = os.lstat(os.path.join(folder, name))
                os.chown(os.path.join(other, name), stat.st_uid, stat.st_gid)
                os.chmod(os.path.join(other, name), stat.st_mode & 0o7777)

    def counts(self):
        """(issued, revoked) by the provider's ledger."""
        kinds = [r[0][4] for r in self.db("SELECT record FROM ledger WHERE instance = 'web-ca'")]
        return kinds.count(1), kinds.count(2)

    def put_back(self):
        shutil.rmtree(self.path("state"))
        shutil.copytree(self.path("snapshot"), self.path("state"), symlinks=True)
        self.copy_owners("snapshot", "state")
        for d in {os.path.dirname(p) for p in self.files}:
            for name in os.listdir(d):
                if name.startswith(".reeve-"):
                    os.unlink(os.path.join(d, name))
        for path, content in self.files.items():
            with open(path, "wb") as f:
                f.write(content)
        if self.try_served() != self.old:
            # A worker from before may accept a little longer: only when it has gone is this over.
            before = self.workers()
            os.kill(self.nginx_pid(), signal.SIGHUP)
            eventually(lambda: not self.workers() & before, 20, "the workers from before end")
            eventually(lambda: [served(self.port) for _ in range(20)] == [self.old] * 20, 10,
                       "nginx serves the old pair again")
        open(self.log, "w").close()

    def workers(self):
        """nginx's workers, by pid."""
        pid = self.nginx_pid()
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return set(f.read().split())

    # --- the points --------------------------------------------------------------------------------
    def trace(self, role, instance):
        self.put_back()
        self.start_agent("%s:%d:%d" % (role, instance, TRACE))
        self.rotate()
        self.stop_agent()
        with open(self.log) as f:
            return [m[1] for m in re.findall(r"^fault-point (\d+) (\S+)$", f.read(), re.M)]

    def points(self):
        """All of them for a pair. The other layouts differ only in what place does with the files:
        there its acts, and the engine's commits between them."""
        found = []
        for role in ROLES if self.layout == "pair" else ("engine", "place"):
            for instance in range(1, 20):
                names = self.trace(role, instance)
                if not names:
                    break
                for event, name in enumerate(names, 1):
                    is_commit = role == "engine" and name.startswith("commit")
                    if self.layout != "pair" and role == "engine" and not is_commit:
                        continue
                    found.append((role, instance, event, name, False))
                    is_file = role == "place" and len(names) > 10
                    if is_commit or is_file:
                        found.append((role, instance, event, name, True))
                if role == "reeved":
                    break
        return found

    # --- one point ---------------------------------------------------------------------------------
    def has_fired(self):
        """reeved says so, or is dead itself. Runs differ by a few events: the last may not come."""
        def is_said():
            if self.agent.poll() is not None:
                return True
            with open(self.log) as f:
                return "fault fired" in f.read()
        try:
            return eventually(is_said, 0.5, "the fault")
        except AssertionError:
            return False

    def static_check(self):
        """The whole set is down: what lies there?"""
        _, is_pair = self.on_disk()
        assert is_pair or self.window(), "a mismatch outside of a declared window"
        healed = self.recover()
        assert healed.returncode == 0, healed.stderr
        _, is_pair = self.on_disk()
        assert is_pair, "reeve-recover left a mismatch"
        assert not self.window(), "reeve-recover left a window"

    def crash(self, role, instance, event, takes_all):
        fault = "%s:%d:%d" % (role, instance, event) + (":all" if takes_all else "")
        self.put_back()
        watch = Watch(self.port)
        try:
            self.start_agent(fault, wait=False)
            # An agent that dies while starting answers nobody; then there is nothing to order.
            def is_up():
                return self.agent.poll() is not None or \
                    self.reeve("status", check=False)[0] == 0
            eventually(is_up, 20, "the agent answers or dies")
            if self.agent.poll() is None:
                self.reeve("rotate", self.seen(self.crt), check=False)
            if self.agent.poll() is None and takes_all:
                eventually(lambda: self.agent.poll() is not None, 10, "the set dies")
            fired = self.has_fired()
            if self.agent.poll() is not None:
                self.static_check()
                self.start_agent()
            eventually(lambda: self.running() == [], 40, "the run ends")
        finally:
            watch.stop()
        self.settled(watch)
        self.stop_agent()
        return fired

    def settled(self, watch):
        assert not watch.failed, "nginx did not serve: %s" % watch.failed[:2]
        on_disk, is_pair = self.on_disk()
        assert is_pair, "key and certificate on disk differ"
        assert self.leftovers() == [], self.leftovers()
        now = [served(self.port) for _ in range(3)]
        assert now == [on_disk] * 3, "served is not what is on disk"
        states = self.db("SELECT state, step FROM run ORDER BY started_us")[1:]
        assert len(states) <= 1, states
        issued, revoked = (a - b for a, b in zip(self.counts(), self.before))
        assert issued <= 1, "issued twice for one intent"
        assert watch.shown <= {self.old, on_disk}, "a third certificate was served"
        assert self.db("SELECT count(*) FROM sealed WHERE run <> ''") == [(0,)], "sealed left"
        if not states:
            assert (on_disk, issued, revoked) == (self.old, 0, 0), "something without a run"
        elif states[0][0] == "done":
            assert on_disk != self.old and (issued, revoked) == (1, 1), (states, issued, revoked)
        elif states[0][0] == "refused":
            assert (on_disk, issued) == (self.old, 0), (states, issued)
        else:
            raise AssertionError("the run ended as %s" % states[0][0])
        return states[0][0] if states else "nothing"


def work(args, number, workers, results):
    estate = Crash(*args, base="/dev/shm" if os.path.isdir("/dev/shm") else None)
    failed, tried, missed = [], 0, 0
    try:
        estate.arrange()
        points = estate.points()[::EVERY]
        for i, (role, instance, event, name, takes_all) in enumerate(points):
            if i % workers != number:
                continue
            where = "%s %d, event %d (%s)%s" % (role, instance, event, name,
                                               ", whole set" if takes_all else "")
            try:
                missed += not estate.crash(role, instance, event, takes_all)
            except (AssertionError, subprocess.SubprocessError, OSError) as error:
                failed.append("%s: %s" % (where, error))
                print("FAILED at " + failed[-1] + "\n" + estate.log_tail(), flush=True)
                estate.stop_agent()
                if len(failed) > 5:
                    break
            tried += 1
    except BaseException as error:
        failed.append("cannot go on: %r" % error)
    finally:
        estate.close()
    if missed * 50 > tried:
        failed.append("%d of %d points were not reached" % (missed, tried))
    results.put((tried - missed, failed, missed))


def main():
    bin_dir, plugins, layout, workers = (os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]),
                                         sys.argv[3], int(sys.argv[4]))
    started = time.monotonic()
    results = multiprocessing.Queue()
    running = [multiprocessing.Process(target=work, args=((bin_dir, plugins, layout), n, workers,
                                                          results)) for n in range(workers)]
    for process in running:
        process.start()
    done = [results.get() for _ in running]
    for process in running:
        process.join()
    failed = sum((d[1] for d in done), [])
    print("%s: %d crash points tried in %d s, %d not reached, %d failed" % (
        layout, sum(d[0] for d in done), time.monotonic() - started, sum(d[2] for d in done),
        len(failed)))
    for line in failed:
        print("  " + line)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
