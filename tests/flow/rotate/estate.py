"""A small estate for flow and crash tests: a real nginx with its own configuration, prefix and pid on
a free loopback port, and the real agent (reeved and its roles) beside it. Nothing outside one
temporary directory is touched; servers are ended by pid."""
import ctypes
import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time

NGINX = os.environ.get("NGINX", "/usr/sbin/nginx")
SKIP = 77


def skip(reason):
    print("SKIPPED: " + reason)
    sys.exit(SKIP)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def eventually(is_so, seconds, what):
    """Polls until is_so() or the deadline; an assertion names what did not come."""
    end = time.monotonic() + seconds
    while True:
        got = is_so()
        if got:
            return got
        assert time.monotonic() < end, "not within %s s: %s" % (seconds, what)
        time.sleep(0.01)


def die_with_parent():
    """In a child before exec: SIGTERM when the parent ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)


def openssl(*args, **more):
    return subprocess.run(["openssl", *args], check=True, capture_output=True, **more).stdout


def served(port, timeout=2.0):
    """SHA-256 of the leaf that a fresh, full handshake shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()


class Estate:
    """layout: combined (one PEM), pair (two files in one directory), apart (two directories)."""

    def __init__(self, bin_dir, plugins, layout="pair", base=None, grace="0s"):
        self.bin, self.plugins, self.layout, self.grace = bin_dir, plugins, layout, grace
        if not os.access(NGINX, os.X_OK):
            skip("no nginx")
        self.dir = tempfile.mkdtemp(prefix="reeve-flow-", dir=base)
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.agent = self.server = None
        self.log = os.path.join(self.dir, "agent.log")
        # The agent sees host/ as its file system: a pass takes no time and finds nothing else.
        self.root = os.path.join(self.dir, "host")
        for name in ("etc/policies.d", "etc/plugins.d", "run", "host/tls", "host/private"):
            os.makedirs(os.path.join(self.dir, name), mode=0o755)
        os.mkdir(self.path("state"), 0o700)
        self.conf, self.pidfile = self.path("nginx.conf"), self.path("nginx.pid")
        self.crt = self.path("host/tls/site.pem" if layout == "combined" else "host/tls/site.crt")
        self.key = {"combined": self.crt, "pair": self.path("host/tls/site.key"),
                    "apart": self.path("host/private/site.key")}[layout]
        self.test = "nginx -t -c %s" % self.conf
        self.unit = "nginx.service"

    def path(self, name):
        return os.path.join(self.dir, name)

    def seen(self, path):
        """A path as the agent names it."""
        return "/" + os.path.relpath(path, self.root)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    # --- what there is -----------------------------------------------------------------------
    def make(self):
        self.make_certificate()
        self.write_nginx()
        self.write_config()

    def make_certificate(self):
        key, crt = self.path("first.key"), self.path("first.crt")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "20", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", key, "-out", crt)
        with open(key) as k, open(crt) as c:
            key_text, crt_text = k.read(), c.read()
        if self.layout == "combined":
            self.write_abs(self.crt, crt_text + key_text, 0o600)
        else:
            self.write_abs(self.crt, crt_text, 0o644)
            self.write_abs(self.key, key_text, 0o600)
        os.unlink(key)
        os.unlink(crt)

    def write_abs(self, path, text, mode):
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)

    def write_nginx(self, extra=""):
        self.write("nginx.conf", """
worker_processes 2;
pid %(pid)s;
error_log %(dir)s/nginx.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path %(dir)s/tmp_b; proxy_temp_path %(dir)s/tmp_p;
  fastcgi_temp_path %(dir)s/tmp_f; uwsgi_temp_path %(dir)s/tmp_u; scgi_temp_path %(dir)s/tmp_s;
  server {
    listen 127.0.0.1:%(port)d ssl;
    server_name localhost;
    ssl_certificate %(crt)s;
    ssl_certificate_key %(key)s;
    location / { return 200 "hello\\n"; }
  }
  %(extra)s
}
""" % {"pid": self.pidfile, "dir": self.dir, "port": self.port, "crt": self.nginx_crt(),
       "key": self.nginx_key(), "extra": extra})

    def nginx_crt(self):
        return self.crt

    def nginx_key(self):
        return self.key

    def write_config(self):
        digest = lambda p: hashlib.sha256(open(p, "rb").read()).hexdigest()
        dirs = sorted({os.path.dirname(self.crt), os.path.dirname(self.key)})
        lines = ["write %s" % self.seen(d) for d in dirs + self.more_dirs()]
        lines += [
            "hook %d %s -t -c %s" % (os.getuid(), NGINX, self.conf),
            "reload %s signal HUP pidfile %s exe %s" % (self.unit, self.pidfile,
                                                       os.path.realpath(NGINX)),
            "plugin localca none " + digest(os.path.join(self.plugins, "localca.so")),
            "plugin probe loopback " + digest(os.path.join(self.plugins, "probe.so")),
        ]
        self.write("etc/grants", "\n".join(lines) + "\n")
        self.write("etc/plugins.d/web-ca.yaml",
                   "version: 1\ninstance: web-ca\nplugin: localca\nsettings: {}\n")
        self.write("etc/policies.d/web.yaml", """version: 1
policies:
  - name: web
    why: a certificate for the tests
    match: {kind: certificate, path: "/**"}
    owner: {team: web-platform}
    rotate: {with: web-ca}
    deploy: {test: "%s", reload: [%s], prove: ["tls://localhost:%d"]}
    grace: %s
    mode: enforce
""" % (self.test, self.unit, self.port, self.grace))

    def more_dirs(self):
        return []

    # --- nginx -----------------------------------------------------------------------------------
    def start_nginx(self):
        # In the foreground, and gone with this process however that ends.
        self.server = subprocess.Popen([NGINX, "-p", self.dir, "-c", self.conf, "-g", "daemon off;"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, close_fds=True, preexec_fn=die_with_parent)
        eventually(lambda: self.try_served(), 10, "nginx serves")

    def try_served(self):
        try:
            return served(self.port)
        except (OSError, ssl.SSLError):
            return None

    def nginx_pid(self):
        try:
            with open(self.pidfile) as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def stop_nginx(self):
        if self.server is None:
            return
        self.server.terminate()
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.server = None

    # --- the agent ---------------------------------------------------------------------------------
    def start_agent(self, fault=None, wait=True):
        argv = [os.path.join(self.bin, "reeved"), "--foreground", "--config", self.path("etc"),
                "--state", self.path("state"), "--run", self.path("run"), "--libexec", self.bin,
                "--plugins", self.plugins, "--root", self.root]
        if os.getuid() == 0:
            argv += ["--uids", "61840"]
        if fault:
            argv += ["--fault", fault]
        self.agent = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=open(self.log, "ab"), env={}, close_fds=True)
        if wait:
            self.wait_agent()

    def wait_agent(self):
        def is_up():
            assert self.agent.poll() is None, "reeved ended:\n" + self.log_tail()
            return self.reeve("status", check=False)[0] == 0
        eventually(is_up, 20, "the agent answers")

    def stop_agent(self):
        if self.agent is None:
            return
        if self.agent.poll() is None:
            self.agent.terminate()
        try:
            self.agent.wait(15)
        except subprocess.TimeoutExpired:
            self.agent.kill()
            self.agent.wait()
        self.agent = None

    def log_tail(self):
        with open(self.log) as f:
            return "".join(f.readlines()[-25:])

    def reeve(self, *args, check=True, timeout=60):
        """(exit code, the reply's data or error, stderr)."""
        done = subprocess.run([os.path.join(self.bin, "reeve"), "--json", "--socket",
                               self.path("run/control.sock"), *args], capture_output=True,
                              text=True, timeout=timeout, env={})
        try:
            doc = json.loads(done.stdout) if done.stdout.strip() else {}
        except ValueError:
            doc = {"text": done.stdout}
        if check and done.returncode != 0:
            raise AssertionError("reeve %s: exit %d\n%s%s\n%s" % (
                " ".join(args), done.returncode, done.stdout, done.stderr, self.log_tail()))
        return done.returncode, doc.get("data", doc), done.stderr

    def prepare(self):
        """Root made, files known."""
        self.reeve("plugin", "init", "web-ca")
        self.reeve("discover", "--root", "/tls", "--root", "/private")

    def rotate(self, *more, check=True, path=None):
        """(exit code, the run or the error)."""
        code, data, _ = self.reeve("rotate", self.seen(path or self.crt), *more, check=check)
        return code, data.get("run", data)

    def running(self):
        code, data, _ = self.reeve("status", check=False)
        return data.get("running", []) if code == 0 else None

    # --- what is so ----------------------------------------------------------------------------------
    def on_disk(self):
        """(SHA-256 of the certificate on disk, whether the key on disk belongs to it)."""
        pem = open(self.crt).read()
        der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT"):
                                           pem.index("-----END CERTIFICATE-----") + 25])
        of_cert = openssl("x509", "-in", self.crt, "-noout", "-pubkey")
        of_key = openssl("pkey", "-in", self.key, "-pubout")
        return hashlib.sha256(der).hexdigest(), of_cert == of_key

    def leftovers(self):
        found = []
        for d in {os.path.dirname(self.crt), os.path.dirname(self.key)}:
            found += [os.path.join(d, n) for n in os.listdir(d) if n.startswith(".reeve-")]
        return found

    def window(self):
        return [p for p in self.leftovers() if "/.reeve-window-" in p]

    def db(self, sql, *args):
        with sqlite3.connect(self.path("state/engine/reeve.db"), timeout=10) as db:
            return db.execute(sql, args).fetchall()

    def recover(self):
        return subprocess.run([os.path.join(self.bin, "reeve-recover"), "--grants",
                               self.path("etc/grants"), "--root", self.root], capture_output=True, text=True)

    def close(self):
        self.stop_agent()
        self.stop_nginx()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
