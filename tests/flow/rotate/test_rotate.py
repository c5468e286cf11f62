"""Rotations against a real nginx: test_rotate.py BIN PLUGINS CASE (see CASES at the end)."""
import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

from estate import Estate, eventually, openssl, served, skip


def started(layout="pair", grace="0s", change=None):
    estate = Estate(BIN, PLUGINS, layout, grace=grace)
    try:
        estate.make()
        if change:
            change(estate)
        estate.start_nginx()
        estate.start_agent()
        estate.prepare()
    except BaseException:
        print(estate.log_tail() if os.path.exists(estate.log) else "")
        estate.close()
        raise
    return estate


class Load(threading.Thread):
    """Requests, each over a fresh TLS connection; counts what failed and which leaf was shown. At
    least `count`, and on until enough is set: the rotation must end under load, however slow."""

    def __init__(self, port, count, enough):
        super().__init__(daemon=True)
        self.enough = enough
        self.port, self.count, self.failed, self.shown = port, count, [], {}

    def run(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        done = 0
        while done < self.count or not self.enough.is_set():
            done += 1
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as raw:
                    with context.wrap_socket(raw, server_hostname="localhost") as tls:
                        leaf = hashlib.sha256(tls.getpeercert(True)).hexdigest()
                        tls.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
                        answer = b""
                        while True:
                            part = tls.recv(4096)
                            if not part:
                                break
                            answer += part
                assert answer.endswith(b"hello\n"), answer
                self.shown[leaf] = self.shown.get(leaf, 0) + 1
            except (OSError, AssertionError) as error:
                self.failed.append(repr(error))


def is_settled(estate, shown):
    on_disk, is_pair = estate.on_disk()
    assert is_pair, "the key on disk does not belong to the certificate"
    assert on_disk == shown, "on disk is not what is served"
    assert estate.leftovers() == [], estate.leftovers()
    runs = estate.db("SELECT count(*) FROM sealed WHERE run <> ''")
    assert runs == [(0,)], "sealed copies were left"


def under_load(layout):
    with started(layout) as e:
        first = served(e.port)
        stat = os.stat(e.key)
        code, run = e.rotate()
        assert code == 0 and run["state"] == "done", run
        assert run["grade"] == "unserved", run["grade"]  # the first was nobody's to revoke
        second = served(e.port)
        enough = threading.Event()
        loads = [Load(e.port, 250, enough) for _ in range(4)]
        for load in loads:
            load.start()
        try:
            code, run = e.rotate()
            served(e.port)
        finally:
            enough.set()
        for load in loads:
            load.join()
        failed = sum((load.failed for load in loads), [])
        assert not failed, "%d requests failed: %s" % (len(failed), failed[:3])
        shown = set().union(*[load.shown for load in loads])
        third = served(e.port)
        assert code == 0 and run["state"] == "done", run
        assert len({first, second, third}) == 3
        assert shown <= {second, third} and third in shown, shown
        assert run["grade"] == "revoked", run["grade"]
        is_settled(e, third)
        after = os.stat(e.key)
        assert (after.st_mode, after.st_uid, after.st_gid) == (stat.st_mode, stat.st_uid,
                                                              stat.st_gid)
        kept = e.db("SELECT count(*) FROM reprobe")
        assert kept == [(6,)], kept  # 1 h, 24 h, 5 d for each run
        print("1000 requests during the swap, 0 failed")


def is_back(e, code, run, old, reason):
    """Went back: the old pair, served; the new one revoked; held as stuck, with the reason."""
    assert code == 1 and run["state"] == "stuck", (code, run)
    assert reason in run["text"], run["text"]
    assert run["new_revoked"], run
    assert served(e.port) == old
    is_settled(e, old)
    _, shown, _ = e.reeve("show", e.seen(e.crt))
    assert shown["credential"]["hold"] == "stuck", shown
    issued = e.db("SELECT count(*) FROM ledger")
    assert issued == [(2,)], issued  # issued, and revoked


def failed_hook():
    with started() as e:
        old = served(e.port)
        with open(e.conf, "a") as f:
            f.write("\nnot a directive;\n")
        code, run = e.rotate(check=False)
        is_back(e, code, run, old, "ended with 1")
        e.reeve("pause", "--reason", "a freeze")
        code, error = e.rotate(check=False)
        assert code == 4 and "paused" in error["error"]["text"], (code, error)
        _, shown, _ = e.reeve("show", e.seen(e.crt))
        assert shown["credential"]["hold"] == "stuck", "a refusal cleared it"
        e.reeve("resume")
        e.write_nginx()  # mended: by hand it is taken up again
        code, run = e.rotate()
        assert code == 0 and run["state"] == "done", run
        is_settled(e, served(e.port))


def garbled_hook():
    """What a hook prints is bytes, not text: it is no reason to stay between old and new."""
    with started() as e:
        old = served(e.port)
        with open(e.conf, "ab") as f:
            f.write(b"\n\xff\xfe\xe2\x82 \x1b[31m;\n")
        code, run = e.rotate(check=False)
        is_back(e, code, run, old, "ended with 1")


def failed_reload():
    with started() as e:
        old, pid = served(e.port), e.nginx_pid()
        e.write("nginx.pid", "%d\n" % os.getpid())  # another program than nginx
        code, run = e.rotate(check=False)
        e.write("nginx.pid", "%d\n" % pid)
        is_back(e, code, run, old, "reload")


def reload_without_effect():
    def copies(e):
        for path in (e.crt, e.key):
            e.write_abs(path + ".used", open(path).read(), 0o600)
        os.makedirs(e.path("used"))
        os.rename(e.crt + ".used", e.path("used/site.crt"))
        os.rename(e.key + ".used", e.path("used/site.key"))
        e.nginx_crt = lambda: e.path("used/site.crt")
        e.nginx_key = lambda: e.path("used/site.key")
        e.write_nginx()

    with started(change=copies) as e:
        old = served(e.port)
        code, run = e.rotate(check=False)
        is_back(e, code, run, old, "not shown in use")


def dead_server():
    with started() as e:
        before = e.on_disk()
        e.stop_nginx()
        code, error = e.rotate(check=False)
        assert code == 4, (code, error)
        assert e.on_disk() == before and e.leftovers() == []
        assert e.db("SELECT count(*) FROM ledger") == [(0,)], "nothing may be issued"


def symlinked():
    def link(e):
        os.symlink("site.crt", os.path.join(os.path.dirname(e.crt), "live.crt"))
        e.nginx_crt = lambda: os.path.join(os.path.dirname(e.crt), "live.crt")
        e.write_nginx()

    with started(change=link) as e:
        old = served(e.port)
        name = e.nginx_crt()
        code, run = e.rotate(path=name)
        assert code == 0 and run["state"] == "done", run
        assert os.readlink(name) == "site.crt"
        assert served(e.port) != old
        is_settled(e, served(e.port))


def is_refused(e, code, error, word):
    assert code == 4, (code, error)
    text = error["error"]["text"]
    assert word in text, text
    assert error["error"].get("next"), "every refusal says what to do next"
    assert e.leftovers() == []
    assert e.db("SELECT count(*) FROM ledger") == [(0,)], "nothing may be issued"


def with_own_mounts():
    """Goes on in a mount namespace of its own: nothing mounted here is seen outside."""
    if os.getuid() != 0:
        skip("mounting needs root")
    if os.environ.get("REEVE_OWN_MOUNTS") != "1":
        os.environ["REEVE_OWN_MOUNTS"] = "1"
        done = subprocess.run(["unshare", "--mount", sys.executable, *sys.argv])
        sys.exit(done.returncode)


def bind_mounted():
    with_own_mounts()

    def bind(e):
        other = e.path("other.crt")
        e.write_abs(other, open(e.crt).read(), 0o644)
        if subprocess.run(["mount", "--bind", other, e.crt]).returncode:
            skip("this root may not mount")

    with started(change=bind) as e:
        try:
            code, error = e.rotate(check=False)
            is_refused(e, code, error, "mount")
        finally:
            subprocess.run(["umount", e.crt])


def hard_linked():
    def link(e):
        os.link(e.key, e.key + ".second")

    with started(change=link) as e:
        code, error = e.rotate(check=False)
        is_refused(e, code, error, "hard link")


def certbot():
    def lay_out(e):
        archive, live = (os.path.join(e.root, "letsencrypt", d, "site")
                         for d in ("archive", "live"))
        os.makedirs(archive)
        os.makedirs(live)
        for name, path in (("cert", e.crt), ("privkey", e.key)):
            os.rename(path, os.path.join(archive, name + "1.pem"))
            os.symlink("../../archive/site/%s1.pem" % name, os.path.join(live, name + ".pem"))
        e.crt, e.key = (os.path.join(archive, n + "1.pem") for n in ("cert", "privkey"))
        e.nginx_crt = lambda: os.path.join(live, "cert.pem")
        e.nginx_key = lambda: os.path.join(live, "privkey.pem")
        e.write_nginx()
        e.write_config()
        e.prepare = lambda: (e.reeve("plugin", "init", "web-ca"),
                             e.reeve("discover", "--root", "/letsencrypt"))

    with started(change=lay_out) as e:
        code, error = e.rotate(check=False)
        is_refused(e, code, error, "certbot")


def make_plan(e, path):
    _, data, _ = e.reeve("plan", e.seen(e.crt))
    with open(path, "w") as f:
        json.dump(data["plan"], f)


def stale_plan():
    with started() as e:
        plan = e.path("plan.json")
        make_plan(e, plan)
        with open(e.key) as f:
            text = f.read()
        e.write_abs(e.key + ".new", text, 0o600)
        os.rename(e.key + ".new", e.key)  # the same bytes, another file
        code, error, _ = e.reeve("apply", plan, check=False)
        assert code == 4, (code, error)
        assert "ino" in error["error"]["text"], error
        assert e.db("SELECT count(*) FROM run") == [(0,)]
        make_plan(e, plan)
        code, data, _ = e.reeve("apply", plan)
        assert data["runs"][0]["state"] == "done", data
        is_settled(e, served(e.port))


def apply_half():
    """The second of two is refused: what became of the first is said with the refusal."""
    def another(e):
        crt, key = e.path("second.crt"), e.path("second.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "20", "-subj", "/CN=second", "-keyout", key, "-out", crt)
        os.rename(crt, os.path.join(os.path.dirname(e.crt), "second.crt"))
        os.rename(key, os.path.join(os.path.dirname(e.key), "second.key"))

    with started(change=another) as e:
        old, path = served(e.port), e.path("plan.json")
        second = e.seen(os.path.join(os.path.dirname(e.crt), "second.crt"))
        _, data, _ = e.reeve("plan", e.seen(e.crt), second)
        with open(path, "w") as f:
            json.dump(data["plan"], f)
        code, error, _ = e.reeve("apply", path, check=False)
        assert code == 4 and "not what is served" in error["error"]["text"], (code, error)
        assert [r["state"] for r in error["error"]["runs"]] == ["done"], error
        assert served(e.port) != old


def dry_run_and_pause():
    with started() as e:
        old = e.on_disk()
        code, data = e.rotate("--dry-run")
        assert data["plan"]["steps"], data
        e.reeve("pause", "--for", "1h", "--reason", "a freeze")
        code, error = e.rotate(check=False)
        assert code == 4, (code, error)
        e.reeve("resume")
        assert e.on_disk() == old and e.db("SELECT count(*) FROM run") == [(0,)]


def undone():
    with started(grace="1h") as e:
        old = served(e.port)
        code, run = e.rotate()
        assert code == 0 and run["step"] == "grace" and run["state"] == "running", run
        new = served(e.port)
        assert new != old and e.leftovers() == []
        code, data, _ = e.reeve("undo", run["run"])
        undo = data["run"]
        assert undo["state"] == "done", undo
        assert served(e.port) == old
        is_settled(e, old)
        assert undo["grade"] == "revoked", undo["grade"]  # the one that was taken back
        code, error, _ = e.reeve("undo", run["run"], check=False)
        assert code == 4 and error["error"].get("next"), (code, error)


def undo_refused():
    """The rotation is no less in its grace for it: it can be undone later, or ends by itself."""
    with started(grace="1h") as e:
        old = served(e.port)
        _, run = e.rotate()
        new = served(e.port)
        os.link(e.crt, e.crt + ".second")  # hard-linked: refused at preflight
        code, error, _ = e.reeve("undo", run["run"], check=False)
        assert code == 4 and "hard link" in error["error"]["text"], (code, error)
        assert served(e.port) == new
        where = e.db("SELECT state, step FROM run WHERE id = '%s'" % run["run"])
        assert where == [("running", "grace")], where
        _, shown, _ = e.reeve("show", e.seen(e.crt))
        assert shown["credential"]["life"] == "grace", shown["credential"]
        os.unlink(e.crt + ".second")
        _, data, _ = e.reeve("undo", run["run"])
        assert data["run"]["state"] == "done", data["run"]
        is_settled(e, old)


def too_late_to_undo():
    with started() as e:
        _, run = e.rotate()
        code, error, _ = e.reeve("undo", run["run"], check=False)
        assert code == 4, (code, error)
        assert "erased" in error["error"]["text"] and error["error"]["next"], error


def revoked():
    with started() as e:
        e.rotate()
        code, data, _ = e.reeve("revoke", e.seen(e.crt))
        run = data["run"]
        assert run["state"] == "done" and run["grade"] == "revoked", run
        _, shown, _ = e.reeve("show", e.seen(e.crt))
        assert shown["credential"]["life"] == "revoked", shown["credential"]


def full_state():
    """No room for the journal at any commit: nothing is done that was not written down before."""
    with_own_mounts()

    def mount(e):
        e.state_size = 6 << 20
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d,mode=0700" % e.state_size, "none",
                           e.path("state")]).returncode:
            skip("this root may not mount")

    with started(change=mount) as e:
        try:
            e.rotate()
            filler = e.path("state/filler")
            for room in (0, 64, 128, 192, 256, 384):  # KiB left for journal and log
                old = served(e.port)
                free = os.statvfs(e.path("state"))
                with open(filler, "wb") as f:
                    f.write(b"\0" * max(0, free.f_bavail * free.f_frsize - room * 1024))
                e.reeve("rotate", e.seen(e.crt), check=False)
                _, is_pair = e.on_disk()
                assert is_pair or e.window(), "a mismatch outside of a window"
                os.unlink(filler)
                e.stop_agent()
                assert e.recover().returncode == 0
                e.start_agent()
                eventually(lambda: e.running() == [], 30, "the run ends")
                assert e.db("SELECT count(*) FROM run WHERE state = 'stuck'") == [(0,)]
                is_settled(e, served(e.port))
                print("%d KiB: %s" % (room, "old" if served(e.port) == old else "new"))
        finally:
            e.close()
            subprocess.run(["umount", "-l", e.path("state")])


def foreign_hand():
    """The set dies between two exchanges, and someone replaces a file before we are back."""
    from test_crash import Crash
    e = Crash(BIN, PLUGINS, "pair")
    try:
        e.arrange()
        names, instance = [], 0
        while "place.exchange" not in names:
            instance += 1
            names = e.trace("place", instance)
        second = [i for i, n in enumerate(names, 1) if n == "place.exchange"][1]
        e.put_back()
        e.start_agent("place:%d:%d:all" % (instance, second))
        e.reeve("rotate", e.seen(e.crt), check=False)
        eventually(lambda: e.agent.poll() is not None, 10, "the set dies")
        assert e.window() and not e.on_disk()[1], "half swapped, in a window"
        e.write_abs(e.key, "someone else's\n", 0o600)
        left = e.recover()
        assert left.returncode == 4, (left.returncode, left.stderr)
        crt = open(e.crt, "rb").read()
        e.start_agent()
        eventually(lambda: e.running() == [], 30, "the run ends")
        state, = e.db("SELECT state FROM run ORDER BY started_us DESC LIMIT 1")[0]
        assert state == "stuck", state
        assert open(e.key).read() == "someone else's\n", "a foreign file was overwritten"
        assert open(e.crt, "rb").read() == crt, "a file of a foreign set was touched"
        assert served(e.port) == e.old
        assert e.db("SELECT count(*) FROM sealed WHERE run <> ''") != [(0,)], "the last copy is kept"
    finally:
        e.close()


def aged(e):
    """A certificate that has lived 19 of its 20 days."""
    def day(offset):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + offset * 86400))
    cnf = e.write("ca.cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\n"
                  "default_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n"
                  % (e.write("ca.index", ""), e.write("ca.serial", "0A\n"), e.dir))
    openssl("req", "-new", "-key", e.key, "-subj", "/CN=localhost", "-out", e.path("old.csr"),
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    openssl("ca", "-batch", "-selfsign", "-notext", "-config", cnf, "-keyfile", e.key,
            "-in", e.path("old.csr"), "-out", e.crt, "-startdate", day(-19), "-enddate", day(1))


def becomes_due(e, mode="enforce"):
    """The policy asks for renewal at 30 d left."""
    e.write_config()
    path = e.path("etc/policies.d/web.yaml")
    with open(path) as f:
        text = f.read()
    text = text.replace("    grace:", "    renew: {when_left: 30d}\n    grace:")
    with open(path, "w") as f:
        f.write(text.replace("mode: enforce", "mode: " + mode))
    e.reeve("policy", "reload")


def audit(e, kind):
    return e.db("SELECT count(*) FROM audit WHERE type = ?", kind)[0][0]


def due_by_policy():
    """Under `enforce` what is due is rotated by itself, and then is not due any more."""
    with started(change=aged) as e:
        first = served(e.port)
        becomes_due(e)
        e.reeve("discover", "--root", "/tls", "--root", "/private")
        eventually(lambda: e.try_served() not in (None, first), 20, "the due one is rotated")
        eventually(lambda: e.running() == [], 20, "the run ends")
        _, shown, _ = e.reeve("show", e.seen(e.crt))
        assert shown["credential"]["life"] == "active", shown["credential"]
        is_settled(e, served(e.port))
        second = served(e.port)
        e.reeve("discover", "--root", "/tls", "--root", "/private")
        assert served(e.port) == second, "rotated twice"


def due_but_observed_or_paused():
    """`observe` and a pause start nothing, however due."""
    with started(change=aged) as e:
        first = served(e.port)
        becomes_due(e, "observe")
        e.reeve("discover", "--root", "/tls", "--root", "/private")
        e.reeve("pause", "--reason", "freeze")
        becomes_due(e, "enforce")
        e.reeve("discover", "--root", "/tls", "--root", "/private")
        _, shown, _ = e.reeve("show", e.seen(e.crt))
        assert shown["credential"]["life"] == "due", shown["credential"]
        assert served(e.port) == first
        assert e.db("SELECT count(*) FROM ledger") == [(0,)]


def due_but_refused():
    """A refusal is in the record once, and is not tried again at the next look."""
    with started(change=aged) as e:
        first = served(e.port)
        becomes_due(e)
        os.link(e.crt, e.crt + ".second")  # hard-linked: refused at preflight
        e.reeve("discover", "--root", "/tls", "--root", "/private")
        eventually(lambda: audit(e, "due_refused") == 1, 20, "the refusal is in the record")
        e.reeve("discover", "--root", "/tls", "--root", "/private")
        assert audit(e, "due_refused") == 1, "tried again at once"
        assert served(e.port) == first


CASES = {
    "load_pair": lambda: under_load("pair"),
    "load_combined": lambda: under_load("combined"),
    "load_apart": lambda: under_load("apart"),
    "failed_hook": failed_hook,
    "garbled_hook": garbled_hook,
    "failed_reload": failed_reload,
    "reload_without_effect": reload_without_effect,
    "dead_server": dead_server,
    "symlinked": symlinked,
    "bind_mounted": bind_mounted,
    "hard_linked": hard_linked,
    "certbot": certbot,
    "stale_plan": stale_plan,
    "apply_half": apply_half,
    "dry_run_and_pause": dry_run_and_pause,
    "undone": undone,
    "undo_refused": undo_refused,
    "too_late_to_undo": too_late_to_undo,
    "revoked": revoked,
    "full_state": full_state,
    "foreign_hand": foreign_hand,
    "due_by_policy": due_by_policy,
    "due_but_observed_or_paused": due_but_observed_or_paused,
    "due_but_refused": due_but_refused,
}

if __name__ == "__main__":
    BIN, PLUGINS, case = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
    CASES[case]()
    print("ok: " + case)
