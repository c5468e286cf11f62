"""reeve-report started as reeved starts it, spoken to as the engine speaks: frames over a socket pair
(docs/protocol.md section 1). Numbers and fields are read from agent/ipc/messages.def."""
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from server import BIN, DEADLINE_S

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "..", "..", "agent", "ipc", "messages.def")
CLASSES = ["ok", "retry", "denied", "misconfigured", "not_found", "conflict", "malformed",
           "exhausted", "unsure", "bug"]


def _table():
    with open(TABLE) as f:
        text = f.read().replace("\\\n", " ")
    numbers = {m[0]: int(m[1]) for m in re.findall(r"^RV_MSG\((\w+), (\d+),", text, re.M)}
    fields = {m[0]: re.findall(r"F\((\w+), (\d+), (\w+),", m[1])
              for m in re.findall(r"^#define RV_REC_(\w+)\(F\)(.*)$", text, re.M)}
    return numbers, fields


NUMBERS, FIELDS = _table()
NAMES = {n: name for name, n in NUMBERS.items()}


def encode(name, **values):
    out = b""
    for kind, tag, field in FIELDS[name]:
        value = values.get(field, 0 if kind in ("U64", "I64") else b"")
        if kind in ("U64", "I64"):
            data = struct.pack("<Q" if kind == "U64" else "<q", value)
        else:
            data = value.encode() if isinstance(value, str) else value
        out += struct.pack("<HHI", int(tag), 0, len(data)) + data
    return out


def decode(name, body):
    out, at = {}, 0
    for kind, tag, field in FIELDS[name]:
        got, zero, length = struct.unpack_from("<HHI", body, at)
        assert (got, zero) == (int(tag), 0), (name, field)
        data = body[at + 8:at + 8 + length]
        at += 8 + length
        if kind in ("U64", "I64"):
            out[field] = struct.unpack("<Q" if kind == "U64" else "<q", data)[0]
        else:
            out[field] = data.decode(errors="replace")
    assert at == len(body), name
    return out


class Report:
    """The role, with an identity directory of its own. As root it drops to an unprivileged user."""

    def __init__(self, environment=None):
        self.home = tempfile.mkdtemp(prefix="rv-report-")
        os.chmod(self.home, 0o711)
        self.identity = os.path.join(self.home, "identity")
        os.mkdir(self.identity, 0o700)
        self.user = 65534 if os.getuid() == 0 else None
        if self.user:
            os.chown(self.identity, self.user, self.user)
        self.environment = environment or {}
        self.request = 0
        self.start()

    def start(self):
        self.sup, sup = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.engine, engine = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        argv = [os.path.join(BIN, "reeve-report"), "--sup", str(sup.fileno()), "--engine",
                str(engine.fileno()), "--set", "identity=" + self.identity]
        if self.user:
            argv += ["--uid", str(self.user), "--gid", str(self.user)]
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.process = subprocess.Popen(argv, env=self.environment, stderr=log,
                                            pass_fds=[sup.fileno(), engine.fileno()])
        sup.close()
        engine.close()
        name, body = self.receive(self.sup)
        assert name == "hello", name
        self.walls = body["walls"]

    def log_text(self):
        with open(os.path.join(self.home, "log"), errors="replace") as f:
            return f.read()

    def receive(self, channel, timeout=60):
        ready, _, _ = select.select([channel], [], [], timeout)
        if not ready:
            raise AssertionError("no frame in time")
        frame = channel.recv(65536)
        if not frame:
            raise AssertionError(f"the role ended: {self.process.wait(DEADLINE_S)}: "
                                 + self.log_text())
        number, _, length, req, _, _ = struct.unpack_from("<HHIQQI", frame)
        assert length == len(frame) - 28
        name = NAMES[number]
        return name, decode(name, frame[28:])

    def call(self, name, fds=(), **values):
        self.request += 1
        body = encode(name, **values)
        head = struct.pack("<HHIQQI", NUMBERS[name], 0, len(body), self.request, 0, 0)
        socket.send_fds(self.engine, [head + body], list(fds))
        answer, fields = self.receive(self.engine)
        if "outcome" in fields:
            fields["outcome"] = CLASSES[fields["outcome"]]
        return fields

    def enrol(self, url, pin, token_text, hostname="host-r"):
        path = os.path.join(self.home, "token")
        with open(path, "w") as f:
            f.write(token_text)
        os.chmod(path, 0o600)
        with open(path) as f:
            return self.call("enrol", [f.fileno()], url=url, ca_pin=pin,
                             facts='{"agent":"test","hostname":"%s"}' % hostname)

    def post(self, path, body):
        return self.call("post", path=path, body=body)

    def stop(self):
        self.engine.close()
        self.sup.close()
        return self.process.wait(DEADLINE_S)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)
        self.engine.close()
        self.sup.close()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
