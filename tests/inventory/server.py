"""A reeve-inventory under test, and clients that speak to it as hosts and people do."""
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import uuid

BIN = os.environ["RV_BIN"]
PROGRAM = os.path.join(BIN, "reeve-inventory")
DEADLINE_S = 20


def run(*args, check=True):
    done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=DEADLINE_S)
    if check and done.returncode != 0:
        raise AssertionError(f"{args}: exit {done.returncode}: {done.stderr}")
    return done


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(items):
    whole = "[" + ",".join(canonical(i) for i in sorted(items, key=lambda i: i["id"])) + "]"
    return hashlib.sha256(whole.encode()).hexdigest()


def item(n, **over):
    base = {"id": f"cert:{n:04d}", "kind": "certificate", "name": f"web {n}",
            "fingerprint": None, "spki": None, "serial": f"{n:x}", "issuer": "Example CA",
            "owner": "web", "owner_confidence": 90, "ownership": "owned", "orphan_reason": None,
            "life": "active", "hold": "none", "not_after": "2031-01-02T03:04:05Z", "policy": "tls",
            "compliant": True, "rev": 1,
            "sightings": [{"where": f"/etc/web/{n}.pem", "uid": 0, "mode": "0644", "unit": None,
                           "package": None}]}
    base.update(over)
    return base


class Server:
    def __init__(self, **settings):
        self.home = tempfile.mkdtemp(prefix="rv-inventory-")
        self.dir = os.path.join(self.home, "d")
        self.process = None
        self.settings = settings
        run("init", "--dir", self.dir, "--name", "localhost,127.0.0.1")

    def start(self, *extra):
        ports = os.path.join(self.dir, "ports.json")
        if os.path.exists(ports):
            os.unlink(ports)
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--dir", self.dir, "--agents", "127.0.0.1:0", "--enrol",
                 "127.0.0.1:0", "--people", "127.0.0.1:0", *extra], stderr=log)
        end = time.monotonic() + DEADLINE_S
        while not os.path.exists(ports):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError("the server did not come up: " + self.log_text())
            time.sleep(0.01)
        with open(ports) as f:
            self.ports = json.load(f)
        return self

    def log_text(self):
        with open(os.path.join(self.home, "log"), errors="replace") as f:
            return f.read()

    def stop(self, sig=signal.SIGTERM):
        if self.process:
            self.process.send_signal(sig)
            code = self.process.wait(DEADLINE_S)
            self.process = None
            return code
        return None

    def close(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)

    def token(self, *args):
        line = run("token", "create", "--dir", self.dir, *args).stdout.strip()
        return line.split(" ")[-1]

    def ca(self):
        return os.path.join(self.dir, "ca.pem")

    def path(self, name):
        return os.path.join(self.home, name)

    def context(self, cert=None, key=None):
        context = ssl.create_default_context(cafile=self.ca())
        if cert:
            context.load_cert_chain(cert, key)
        return context

    def call(self, door, method, path, body=None, cert=None, key=None, headers=None):
        connection = http.client.HTTPSConnection("localhost", self.ports[door], timeout=DEADLINE_S,
                                                 context=self.context(cert, key))
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        kind = answer.headers.get("Content-Type", "")
        parsed = json.loads(text) if "json" in kind and text else None
        return Answer(answer.status, parsed, text.decode(errors="replace"), answer.headers)


class Answer:
    def __init__(self, status, doc, text, headers):
        self.status, self.doc, self.text, self.headers = status, doc, text, headers

    @property
    def code(self):
        return self.doc.get("code") if isinstance(self.doc, dict) else None

    def __repr__(self):
        return f"{self.status} {self.text[:300]}"


def make_key(path):
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path],
                   check=True, capture_output=True)


def make_csr(key, subject="/CN=ignored"):
    return subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", subject], check=True,
                          capture_output=True, text=True).stdout


class Host:
    """One enrolled host and its state."""

    def __init__(self, server, name="host-a", token=None):
        self.server = server
        self.key = server.path(f"{uuid.uuid4().hex}.key")
        make_key(self.key)
        self.csr = make_csr(self.key)
        self.name = name
        self.seq = 0
        self.base = None
        self.answer = self.enrol(token or server.token())
        if self.answer.status == 200:
            self.take(self.answer)

    def take(self, answer):
        self.id = answer.doc["host_id"]
        self.cert = self.key[:-4] + ".pem"
        with open(self.cert, "w") as f:
            f.write(answer.doc["cert_pem"])

    def enrol(self, token, machine=""):
        return self.server.call("enrol", "POST", "/v1/enroll", {
            "token": token, "csr_pem": self.csr,
            "facts": {"hostname": self.name, "machine_id_digest": machine, "agent": "test"}})

    def post(self, path, body, headers=None):
        return self.server.call("agents", "POST", path, body, self.cert, self.key, headers)

    def report_body(self, items, kind="full", gone=(), digest=None, **over):
        self.seq += 1
        body = {"v": 1, "host": self.id, "seq": self.seq, "batch_id": uuid.uuid4().hex,
                "kind": kind, "base": self.base if kind == "delta" else None,
                "digest": digest or digest_of(items), "at": "2026-11-21T00:00:00Z",
                "items": list(items), "gone": list(gone), "counts": {"not_looked": 2}}
        body.update(over)
        return body

    def report(self, items, **over):
        body = self.report_body(items, **over)
        answer = self.post("/v1/report", body)
        if answer.status == 200:
            self.base = body["digest"]
        return answer

    def checkin(self, digest=None):
        return self.post("/v1/checkin", {"v": 1, "host": self.id, "seq": self.seq,
                                         "digest": digest or self.base or "0" * 64})
