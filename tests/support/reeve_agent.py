"""A real agent in a folder of its own, and a client of its control socket, for flow tests.

    with Agent(build_dir) as agent:                  # starts reeved, waits for the control socket
        agent.plant("etc/app/.env", b"..", uid=0)    # below agent.root
        reply = agent.call("discover")               # Reply(exit_code, data, error, fd)
        agent.stop(); agent.start()

State, config and run folders outlive stop(), so that a restart can be tested. Every wait is bounded.
Runs as root (roles get uids of their own) and unprivileged (one uid; own files only).
"""

import array
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

HEADER = struct.Struct("<HHIQQI")
CTL_REQUEST, CTL_PROGRESS, CTL_REPLY = 130, 131, 132
UIDS = 64000


class Ended(AssertionError):
    """reeved is gone."""


class Reply:
    def __init__(self, exit_code, document, fd):
        self.exit_code = exit_code
        self.document = document
        self.data = document.get("data")
        self.error = document.get("error")
        self.fd = fd  # of a bundle, or None

    def __repr__(self):
        return f"Reply({self.exit_code}, {json.dumps(self.document)[:400]})"


def fields(body):
    """The fields of a record: {tag: bytes}."""
    out, at = {}, 0
    while at < len(body):
        tag, _zero, length = struct.unpack_from("<HHI", body, at)
        out[tag] = body[at + 8 : at + 8 + length]
        at += 8 + length
    return out


def field(tag, data):
    return struct.pack("<HHI", tag, 0, len(data)) + data


class Control:
    """One connection to the control socket."""

    def __init__(self, path, timeout=10.0, sock=None):
        self.sock = sock or socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(timeout)
        if not sock:
            try:
                self.sock.connect(path)
            except OSError:
                self.sock.close()
                raise
        self.req = 0
        self.progress = []

    def send(self, document, fd=None):
        self.req += 1
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        body = field(1, text)
        frame = HEADER.pack(CTL_REQUEST, 0, len(body), self.req, 0, 0) + body
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.sock.sendmsg([frame], rights)
        return self.req

    def receive(self):
        while True:
            frame, ancillary, _flags, _from = self.sock.recvmsg(1 << 17, socket.CMSG_SPACE(64))
            if not frame:
                raise ConnectionError("the agent went away")
            kind, _f, _length, _req, _job, _deadline = HEADER.unpack_from(frame)
            body = fields(frame[HEADER.size :])
            if kind == CTL_PROGRESS:
                self.progress.append(json.loads(body[1]))
                continue
            fd = None
            for level, what, data in ancillary:
                if level == socket.SOL_SOCKET and what == socket.SCM_RIGHTS:
                    fd = array.array("i", data[:4])[0]
            text = body[2]
            if fd is not None and not text:
                with os.fdopen(fd, "rb") as large:
                    large.seek(0)
                    text = large.read()
                fd = None
            return Reply(struct.unpack("<Q", body[1])[0], json.loads(text), fd)

    def call(self, verb, fd=None, **args):
        self.send({"v": 1, "verb": verb, "args": args}, fd)
        return self.receive()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Agent:
    def __init__(self, build, root=None, plugins=("probe",), options=(), grants=""):
        self.build = os.path.abspath(build)
        self.bin = os.path.join(self.build, "bin")
        self.plugins = os.path.join(self.build, "plugins")
        self.box = tempfile.mkdtemp(prefix="reeve-flow-")
        os.chmod(self.box, 0o755)
        self.config = self.folder("etc-reeve")
        self.state = self.folder("state", 0o700)
        self.run = self.folder("run")
        self.share = self.folder("share")
        self.root = root or self.folder("root")
        self.options = list(options)
        self.log_path = os.path.join(self.box, "log")
        self.process = None
        self.write_grants("".join(self.plugin_grant(name) for name in plugins) + grants)

    def folder(self, name, mode=0o755):
        path = os.path.join(self.box, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        return path

    def plugin_grant(self, name, profile="loopback"):
        with open(os.path.join(self.plugins, name + ".so"), "rb") as so:
            return f"plugin {name} {profile} {hashlib.sha256(so.read()).hexdigest()}\n"

    def write_grants(self, text):
        self.write_config("grants", text)

    def write_config(self, name, text):
        path = os.path.join(self.config, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, 0o644)

    def plant(self, path, content, uid=None, mode=0o644):
        """A file below the root the agent sees; bytes or text."""
        whole = os.path.join(self.root.encode(), path.lstrip("/").encode("utf-8", "surrogateescape"))
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(whole, mode)
        if uid is not None and os.geteuid() == 0:
            os.chown(whole, uid, uid)
        return whole

    @property
    def socket_path(self):
        return os.path.join(self.run, "control.sock")

    @property
    def database(self):
        found = glob.glob(os.path.join(self.state, "**", "*.db"), recursive=True)
        return found[0] if found else None

    def start(self, *more, wait=True):
        command = [os.path.join(self.bin, "reeved"), "--foreground", "--config", self.config,
                   "--state", self.state, "--run", self.run, "--share", self.share,
                   "--root", self.root, "--libexec", self.bin, "--plugins", self.plugins]
        if os.geteuid() == 0:
            command += ["--uids", str(UIDS)]
        command += self.options + list(more)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env={}, start_new_session=True)
        if wait:
            self.wait_up()
        return self

    def wait_up(self, seconds=20):
        self.until(lambda: self.call("status"), seconds, "the control socket answers")

    def until(self, what, seconds, text):
        """Polls `what` until it gives something true; a failing call counts as not yet."""
        deadline = time.monotonic() + seconds
        last = None
        while time.monotonic() < deadline:
            try:
                got = what()
                if got:
                    return got
            except (OSError, ConnectionError, socket.timeout) as error:
                last = error
            if self.process and self.process.poll() is not None:
                raise Ended(f"reeved ended with {self.process.returncode}\n{self.log()}")
            time.sleep(0.02)
        raise AssertionError(f"not in {seconds} s: {text} ({last})\n{self.log()}")

    def passed(self, seconds=60):
        """Waits for the first discovery pass."""
        return self.until(lambda: self.call("status").data["last_pass"], seconds, "a pass is done")

    def connect(self, timeout=60.0):
        return Control(self.socket_path, timeout)

    def call(self, verb, fd=None, timeout=60.0, **args):
        with self.connect(timeout) as control:
            return control.call(verb, fd, **args)

    def pid_of(self, role):
        """The pid of a running role, from status; None when it does not run."""
        for one in self.call("status").data["roles"]:
            if one["role"] == role:
                return one["pid"]
        return None

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as text:
                return text.read()[-8000:]
        except OSError:
            return ""

    def stop(self, sig=signal.SIGTERM):
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        code, self.process = self.process.returncode, None
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.box, ignore_errors=True)
