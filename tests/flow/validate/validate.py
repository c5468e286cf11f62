"""`reeve scan --validate` through the real programs. The provider is a TLS server on 127.0.0.1 whose
authority is made here; a rule file of the command line names it, so nothing leaves this machine.
Every value that looks like a secret is made at run time."""

import base64
import glob
import json
import os
import random
import shutil
import socket
import ssl
import string
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

BIN = os.path.join(os.environ.get("RV_BUILD", ""), "bin")
REEVE = os.path.join(BIN, "reeve")
DEADLINE_S = 120
ALNUM = string.ascii_letters + string.digits
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase

RULES = """version: 2
rules:
  - id: acme-key
    name: Acme key
    provider: acme
    kind: api_key
    anchors: ["acme_"]
    regex: 'acme_[A-Za-z0-9]{30}'
    fingerprint: fleet
    confidence: 95
    validate:
      request: {method: GET, url: "https://localhost:%(port)d/v1/me?a={secret}", headers: {X-Key: "{secret}"}}
      valid: [200, 403]
      invalid: [401]
  - id: pair-id
    provider: acme
    kind: api_key
    companion: true
    anchors: ["PA"]
    anchors: ["PAIRID"]
    regex: 'PAIRID[0-9]{8}'
  - id: pair-key
    name: Pair key
    provider: acme
    kind: password
    anchors: ["pair="]
    regex: 'pair=(?<secret>[^\\n]{20,60})\\n'
    boundary: none
    fingerprint: fleet
    near: [pair-id]
    within: 512
    confidence: 95
    validate:
      request: {method: POST, url: "https://localhost:%(port)d/pair/{id}", user: "{id}:{secret}", body: '{"k": "{secret}"}'}
      valid: [204]
      invalid: [401]
""".replace('    anchors: ["PA"]\n', "")


def openssl(*words, cwd):
    done = subprocess.run(["openssl", *words], cwd=cwd, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=DEADLINE_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words}: {done.stderr.decode()}")


def make_authority(where, name):
    """NAME.ca.pem, and NAME.pem with NAME.key for localhost."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            f"{name}.ca.key", "-out", f"{name}.ca.pem", "-days", "2", "-subj", f"/CN={name}",
            "-addext", "basicConstraints=critical,CA:TRUE", cwd=where)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=localhost", cwd=where)
    with open(os.path.join(where, "ext"), "w", encoding="ascii") as f:
        f.write("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}.ca.pem", "-CAkey", f"{name}.ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", f"{name}.pem", cwd=where)


class Provider:
    """Keeps the head and body of each request; answers with what `reply(head)` gives: bytes, or None
    for never."""

    def __init__(self, cert, key, reply):
        self.reply, self.requests, self.times, self.connections = reply, [], [], 0
        self.on_request = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.is_over = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def serve(self, raw):
        try:
            with self.context.wrap_socket(raw, server_side=True) as tls:
                data = b""
                while b"\r\n\r\n" not in data:
                    more = tls.recv(65536)
                    if not more:
                        return
                    data += more
                head, _, body = data.partition(b"\r\n\r\n")
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        while len(body) < int(line.split(b":")[1]):
                            body += tls.recv(65536)
                self.times.append(time.monotonic())
                self.requests.append((head.decode("latin-1"), body.decode("latin-1")))
                if self.on_request:
                    self.on_request()
                answer = self.reply(head.decode("latin-1"))
                if answer is None:
                    self.is_over.wait(DEADLINE_S)
                    return
                tls.sendall(answer)
        except OSError:
            pass

    def close(self):
        self.is_over.set()
        self.socket.close()


def status(code, more="", body=b"{}"):
    head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body


class Validate(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="rv-validate-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.src = os.path.join(self.dir, "src")
        os.mkdir(self.src)
        self.secrets = []
        make_authority(self.dir, "acme")
        self.provider = self.start("acme", lambda head: status(200))
        self.rules = self.write_rules("rules.yaml", self.provider.port)

    # -- material

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def start(self, name, reply):
        provider = Provider(self.path(f"{name}.pem"), self.path(f"{name}.key"), reply)
        self.addCleanup(provider.close)
        return provider

    def write_rules(self, name, port):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as f:
            f.write(RULES % {"port": port})
        return path

    def put(self, name, text):
        path = os.path.join(self.src, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def key(self):
        value = "acme_" + "".join(random.choice(ALNUM) for _ in range(30))
        self.secrets.append(value)
        return value

    def github_token(self):
        body = "".join(random.choice(BASE62) for _ in range(30))
        crc, digits = zlib.crc32(body.encode()), ""
        for _ in range(6):
            crc, digit = divmod(crc, 62)
            digits = BASE62[digit] + digits
        self.secrets.append("gh" + "p_" + body + digits)
        return self.secrets[-1]

    # -- runs

    def argv(self, *more, consent=("acme-key",), rules=True):
        words = [REEVE, "scan", "--validate", "--json", "--validate-ca", self.path("acme.ca.pem")]
        if rules:
            words += ["--rules", self.rules]
        for rule in consent:
            words += ["--allow-validate", rule]
        return words + list(more) + [self.src]

    def run_argv(self, argv, code=1, env=None):
        done = subprocess.run(argv, cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=DEADLINE_S, check=False, env=env)
        told = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
        for secret in self.secrets:
            for at in range(len(secret) - 9):
                self.assertNotIn(secret[at:at + 10], told)
        self.assertEqual(done.returncode, code, told[-4000:])
        self.err = done.stderr.decode()
        return json.loads(done.stdout) if code in (0, 1) else None

    def scan(self, *more, code=1, env=None, **how):
        return self.run_argv(self.argv(*more, **how), code, env)

    def validity(self, document, rule="acme-key"):
        return [leak.get("validity") for leak in document["leaks"] if leak["rule"] == rule]

    def one(self, *more, **how):
        self.put("a.txt", f"k = {self.key()}\n")
        return self.validity(self.scan(*more, **how))

    # -- answers

    def test_lives(self):
        self.assertEqual(self.one(), ["valid"])
        head, body = self.provider.requests[0]
        value = self.secrets[0]
        self.assertEqual(head.split("\r\n"), [
            f"GET /v1/me?a={value} HTTP/1.1", f"Host: localhost:{self.provider.port}",
            f"X-Key: {value}", "Accept: */*", head.split("\r\n")[-1]])
        self.assertRegex(head.split("\r\n")[-1], r"^User-Agent: reeve/[0-9.]+$")
        self.assertEqual(body, "")
        self.assertIn("1 asked: 1 live, 0 refused", self.err)
        self.provider.reply = lambda head: status(403)
        self.assertEqual(self.validity(self.scan()), ["valid"], "403 is in the rule's list")

    def test_refused(self):
        self.provider.reply = lambda head: status(401)
        self.assertEqual(self.one(), ["refused"])

    def test_trouble(self):
        for code in (500, 503, 429, 404, 204):
            self.provider.reply = lambda head, code=code: status(code)
            self.assertEqual(self.one(), ["unknown"], code)

    def test_redirect(self):
        """A provider that sends elsewhere gets no second request, and nobody else gets one."""
        other = self.start("acme", lambda head: status(200))
        for to in (f"https://localhost:{other.port}/x", f"https://localhost:{self.provider.port}/x"):
            before = len(self.provider.requests)
            self.provider.reply = lambda head, to=to: status(302, f"Location: {to}\r\n")
            self.assertEqual(self.one(), ["unknown"])
            self.assertEqual(len(self.provider.requests), before + 1)
        self.assertEqual(other.connections, 0)

    def test_slow(self):
        self.provider.reply = lambda head: None
        started = time.monotonic()
        self.assertEqual(self.one(), ["unknown"])
        self.assertGreater(time.monotonic() - started, 9)
        self.assertLess(time.monotonic() - started, 60)
        self.assertIn("did not answer in time", self.err)

    def test_wrong_certificate(self):
        make_authority(self.dir, "evil")
        evil = self.start("evil", lambda head: status(200))
        self.rules = self.write_rules("rules.yaml", evil.port)
        self.assertEqual(self.one(), ["unknown"])
        self.assertEqual(evil.requests, [])
        self.assertGreater(evil.connections, 0)
        self.assertIn("certificate is not believed", self.err)
        # The right authority and another name.
        with open(self.rules, encoding="ascii") as f:
            text = f.read().replace(f"localhost:{evil.port}", f"127.0.0.1:{self.provider.port}")
        with open(self.rules, "w", encoding="ascii") as f:
            f.write(text)
        self.assertEqual(self.validity(self.scan()), ["unknown"])
        self.assertEqual(self.provider.requests, [])
        # The system's authorities do not know ours.
        self.rules = self.write_rules("rules.yaml", self.provider.port)
        argv = self.argv()
        del argv[argv.index("--validate-ca"):argv.index("--validate-ca") + 2]
        self.assertEqual(self.validity(self.run_argv(argv)), ["unknown"])
        self.assertEqual(self.provider.requests, [])

    def test_huge(self):
        self.provider.reply = lambda head: status(200, body=b"x" * (1 << 20))
        self.assertEqual(self.one(), ["unknown"])
        self.assertIn("too large", self.err)

    def test_no_http(self):
        self.provider.reply = lambda head: b"SSH-2.0-x\r\n" + b"y" * 100
        self.assertEqual(self.one(), ["unknown"])

    # -- what goes out

    def test_injection(self):
        """Values that would begin a header of their own, or another path, are not sent; those that
        only look odd arrive as what they are."""
        hostile = ["aaaaaaaaaaaaaaaaaaaaaaaa\rX-Evil: 1", "aaaaaaaaaaaaaaaaaaaaaaaa\tb",
                   "aaaaaaaaaaaaaaaaaaaaaaaa\x00b", "aaaaaaaaaaaaaaaaaaaaaaaa\u00e9",
                   "aaaaaaaaaaaaaaaaaaaaaaaa\x7f", "aaaaaaaaaaaaaaaaaaaaaaaaaa "]
        for i, value in enumerate(hostile):
            self.put(f"h{i}.txt", f"PAIRID12345678\npair={value}\n")
        document = self.scan(consent=("pair-key",))
        self.assertEqual(self.provider.connections, 0, self.provider.requests)
        self.assertGreater(len(self.validity(document, "pair-key")), 2)
        self.assertEqual(set(self.validity(document, "pair-key")), {None})
        for name in os.listdir(self.src):
            os.unlink(os.path.join(self.src, name))
        odd = 'x"}, \\ {id} {secret} %0d%0a &?#/../ zQ9'
        self.put("odd.txt", f"PAIRID12345678\npair={odd}\n")
        self.provider.reply = lambda head: status(204, body=b"")
        document = self.scan("--min-confidence", "0", consent=("pair-key",))
        self.assertEqual(self.validity(document, "pair-key"), ["valid"])
        head, body = self.provider.requests[0]
        lines = head.split("\r\n")
        self.assertEqual(lines[0], "POST /pair/PAIRID12345678 HTTP/1.1")
        pair = [line for line in lines if line.startswith("Authorization: Basic ")]
        self.assertEqual(base64.b64decode(pair[0][21:]).decode(), f"PAIRID12345678:{odd}")
        self.assertEqual(json.loads(body), {"k": odd})
        self.assertIn("Content-Type: application/json", lines)
        # Without its public id there is nothing to ask with.
        self.put("odd.txt", f"pair={odd}\n")
        self.scan("--min-confidence", "0", consent=("pair-key",))
        self.assertEqual(len(self.provider.requests), 1)
        self.assertIn("cannot stand in a request", self.err)

    def test_no_consent(self):
        self.put("b.txt", f"PAIRID12345678\npair={'b1' * 12}\n")
        self.put("a.txt", f"k = {self.key()}\nt = '{self.github_token()}'\n")
        document = self.scan(consent=("pair-key",))
        self.assertEqual(self.validity(document), ["not-asked"])
        self.assertEqual(self.validity(document, "github-token"), ["not-asked"])
        self.assertEqual([h.split()[1] for h, _ in self.provider.requests], ["/pair/PAIRID12345678"])
        self.assertEqual(self.validity(self.scan(consent=())), ["not-asked"])
        self.scan(consent=("all",), code=2)
        self.assertIn("no --allow-validate for all", self.err)
        self.scan(consent=("acme-kez",), code=2)
        self.assertIn("acme-kez", self.err)
        self.scan(consent=("generic-assignment",), code=2)
        self.assertIn("no request", self.err)
        argv = self.argv()
        argv.remove("--validate")
        self.run_argv(argv, code=2)
        self.assertIn("goes with --validate", self.err)
        self.assertEqual(self.provider.connections, 1)
        with open(self.path("text.out"), "w", encoding="utf-8") as out:
            argv = [word for word in self.argv(consent=()) if word != "--json"]
            subprocess.run(argv, stdout=out, stderr=subprocess.DEVNULL, timeout=DEADLINE_S, check=False)
        with open(self.path("text.out"), encoding="utf-8") as f:
            self.assertIn("not asked: no --allow-validate for its rule", f.read())

    def test_dry_run(self):
        """Shows what would go out, byte for byte but for the secret; starts nothing, sends nothing."""
        self.put("b.txt", f"PAIRID12345678\npair={'b1' * 12}\n")
        key = self.key()
        self.put("a.txt", f"k = {key}\n")
        trace = self.path("trace")
        argv = self.argv("--dry-run", consent=("acme-key", "pair-key"))
        if shutil.which("strace"):
            argv = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=execve,socketpair,connect", *argv]
        document = self.run_argv(argv)
        if os.path.exists(trace):
            with open(trace, encoding="utf-8") as f:
                calls = f.read()
            self.assertEqual(calls.count("execve("), 1, calls)
            self.assertNotIn("socketpair(", calls)
            self.assertNotIn("connect(", calls)
        self.assertEqual(self.provider.connections, 0)
        self.assertEqual(self.validity(document), [None])
        shown = self.err.split("--- ")[1:]
        self.assertEqual(len(shown), 2)
        masked = [leak["masked"] for leak in document["leaks"] if leak["rule"] == "acme-key"][0]
        self.provider.reply = lambda head: status(204, body=b"")
        self.scan(consent=("acme-key", "pair-key"))
        for (head, body), text in zip(self.provider.requests, shown):
            lines = text.split("\n", 1)[1].split("validate:")[0].rstrip("\n")
            sent = head.replace("\r\n", "\n").replace(key, masked)
            sent += "\n\n" + body if body else ""
            if body:  # basic authentication and the masked body are told in words
                sent = [line for line in sent.split("\n") if "b1b1" not in line and
                        not line.startswith("Authorization:")]
                lines = [line for line in lines.split("\n") if "Authorization:" not in line and
                         '{"k"' not in line]
                self.assertIn("Authorization: Basic <base64 of PAIRID12345678:", text)
            self.assertEqual(sent, lines)

    # -- who says where

    def test_repository_rules(self):
        """What is scanned brings a rule of its own, and consents to it: nothing is sent."""
        self.write_rules("src/evil.yaml", self.provider.port)
        self.put("a.txt", f"k = {self.key()}\n")
        for consent in ("[acme-key]", "[acme-key, github-token]"):
            self.put(".reeve.yaml", f"scan:\n  rules: [evil.yaml]\n  allow_validate: {consent}\n")
            document = self.scan(consent=(), rules=False)
            self.assertEqual(self.validity(document), ["not-asked"])
        # The command line cannot mean it either: it knows no such rule.
        self.scan(consent=("acme-key",), rules=False, code=2)
        self.assertIn("acme-key", self.err)
        # It takes a built-in rule's id.
        with open(os.path.join(self.src, "evil.yaml"), encoding="ascii") as f:
            text = f.read().replace("acme-key", "github-token")
        self.put("evil.yaml", text)
        self.put(".reeve.yaml", "scan:\n  rules: [evil.yaml]\n  allow_validate: [github-token]\n")
        for consent in ((), ("github-token",)):
            document = self.scan(consent=consent, rules=False)
            self.assertEqual(self.validity(document, "github-token"), ["not-asked"])
        # It takes the id of a rule that the command line brought and consented to.
        self.put("evil.yaml", text.replace("github-token", "acme-key"))
        self.put(".reeve.yaml", "scan:\n  rules: [evil.yaml]\n")
        other = self.start("acme", lambda head: status(200))
        self.rules = self.write_rules("mine.yaml", other.port)
        self.scan(consent=("acme-key",), code=2)
        self.assertIn("acme-key is taken", self.err)
        self.put(".reeve.yaml", "")
        self.put(".gitleaks.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = 'acme-key'\n"
                 "regex = '''[a-z]{3}'''\n")
        self.assertEqual(set(self.validity(self.scan())), {"valid"})
        self.assertEqual([h.split("\r\n")[2] for h, _ in other.requests],
                         [f"X-Key: {self.secrets[0]}"])
        self.assertEqual(self.provider.connections, 0)

    def test_repository_names_only_built_in(self):
        """Its consent counts for built-in rules, whose host is fixed, and only without options."""
        self.put("a.txt", f"k = {self.key()}\nt = '{self.github_token()}'\n")
        self.put(".reeve.yaml", "scan:\n  allow_validate: [acme-key, github-pat]\n")
        document = self.scan("--dry-run", consent=())
        self.assertEqual(self.validity(document), ["not-asked"])
        self.assertEqual(self.validity(document, "github-token"), [None])
        self.assertIn("Host: api.github.com", self.err)
        self.assertNotIn("localhost", self.err)
        document = self.scan("--dry-run")
        self.assertEqual(self.validity(document, "github-token"), ["not-asked"])
        self.assertNotIn("api.github.com", self.err)
        self.put(".reeve.yaml", "scan:\n  allow_validate: [all]\n")
        self.scan(consent=(), code=2)
        self.assertIn("no consent for all", self.err)
        self.assertEqual(self.provider.connections, 0)

    def test_rules_inside(self):
        """A file of the command line that lies in what is scanned may find, and not say where."""
        self.put("a.txt", f"k = {self.key()}\n")
        self.rules = self.write_rules("src/ci/rules.yaml", self.provider.port)
        self.scan(code=2)
        self.assertIn("lies in what is scanned", self.err)
        os.symlink(self.rules, self.path("link.yaml"))
        self.rules = self.path("link.yaml")
        self.scan(code=2)
        self.assertEqual(self.validity(self.scan(consent=())), ["not-asked"])
        # In the same work tree, beside what is scanned.
        os.makedirs(self.path(".git"))
        self.rules = self.write_rules("ci/rules.yaml", self.provider.port)
        self.scan(code=2)
        self.assertEqual(self.provider.connections, 0)

    def test_never_ask(self):
        self.put("a.txt", f"k = {self.key()}\n")
        self.put("b.txt", f"PAIRID12345678\npair={'b1' * 12}\n")
        document = self.scan("--dry-run")
        prints = [leak["fingerprint"] for leak in document["leaks"] if leak["rule"] == "acme-key"]
        self.put(".reeve.yaml", f"scan:\n  never_ask: ['{prints[0]}', PAIRID12345678]\n")
        document = self.scan(consent=("acme-key", "pair-key"))
        self.assertEqual(self.validity(document) + self.validity(document, "pair-key"), [None, None])
        self.assertEqual(self.provider.connections, 0)

    # -- how often

    def test_rate_limit(self):
        for i in range(5):
            self.put(f"a{i}.txt", f"k = {self.key()}\n")
        self.assertEqual(self.validity(self.scan()), ["valid"] * 5)
        times = self.provider.times
        self.assertEqual(len(times), 5)
        self.assertGreater(times[4] - times[0], 1.9, "two a second")
        for i in range(3):
            self.assertGreater(times[i + 2] - times[i], 0.9)

    def test_maximum(self):
        for i in range(4):
            self.put(f"a{i}.txt", f"k = {self.key()}\n")
        self.assertEqual(self.validity(self.scan("--validate-max", "2")),
                         ["valid", "valid", None, None])
        self.assertEqual(len(self.provider.requests), 2)
        self.assertIn("used up", self.err)
        self.scan("--validate-max", "10001", code=2)
        self.scan("--dry-run", "--validate-max", "1")
        self.assertEqual(self.err.count("would be sent to"), 1)
        self.assertIn("1 requests shown, 3 left out", self.err)
        self.scan("--dry-run", "--validate-max", "4")
        self.assertEqual(self.err.count("would be sent to"), 4)
        self.assertNotIn("left out", self.err)

    def test_once_for_two_places(self):
        key = self.key()
        for name in ("a.txt", "b/c.txt", "d.env"):
            self.put(name, f"k = {key}\n")
        self.assertEqual(self.validity(self.scan()), ["valid"] * 3)
        self.assertEqual(len(self.provider.requests), 1)

    def test_history(self):
        if not shutil.which("git"):
            self.skipTest("no git")
        env = {"PATH": os.environ["PATH"], "HOME": self.dir, "GIT_CONFIG_NOSYSTEM": "1",
               "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
               "GIT_COMMITTER_EMAIL": "a@example.org"}

        def git(*words):
            subprocess.run(["git", "-C", self.src, *words], env=env, check=True, timeout=DEADLINE_S,
                           capture_output=True)
        git("init", "-q")
        self.put("a.txt", f"k = {self.key()}\n")
        git("add", "-A")
        git("commit", "-qm", "a")
        self.put("a.txt", "gone\n")
        git("commit", "-qam", "b")
        self.assertEqual(self.validity(self.scan("--git")), ["valid"])
        self.assertEqual(len(self.provider.requests), 1)

    def test_left_alone(self):
        """After a 429 the host is not asked again; after three silent failures neither."""
        for i in range(3):
            self.put(f"a{i}.txt", f"k = {self.key()}\n")
        self.provider.reply = lambda head: status(429)
        self.assertEqual(self.validity(self.scan()), ["unknown", None, None])
        self.assertEqual(len(self.provider.requests), 1)
        closed = socket.create_server(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        closed.close()
        self.rules = self.write_rules("rules.yaml", port)
        for i in range(3, 5):
            self.put(f"a{i}.txt", f"k = {self.key()}\n")
        self.assertEqual(self.validity(self.scan()), ["unknown"] * 3 + [None] * 2)

    # -- walls

    def test_nothing_leaks(self):
        """While a question is open: the secret is in no argument, environment or file of reeve-ask,
        which has a socket and standard error, and takes no setting from our environment."""
        seen = []

        def is_ours(pid):
            """Other tests ask beside us, and one of theirs may just begin."""
            for _ in range(8):
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                    pid = int(f.read().rsplit(")", 1)[1].split()[1])
                if pid == os.getpid():
                    return True
            return False

        def look():
            for status_file in glob.glob("/proc/[0-9]*/comm"):
                pid = status_file.split("/")[2]
                try:
                    with open(status_file, encoding="utf-8") as f:
                        if f.read().strip() != "reeve-ask" or not is_ours(pid):
                            continue
                    facts = {}
                    for name in ("cmdline", "environ", "status"):
                        with open(f"/proc/{pid}/{name}", "rb") as f:
                            facts[name] = f.read()
                    facts["fds"] = {fd: os.readlink(f"/proc/{pid}/fd/{fd}")
                                    for fd in os.listdir(f"/proc/{pid}/fd")}
                    seen.append(facts)
                except OSError as e:
                    seen.append({"error": e})

        self.provider.on_request = look
        env = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
               "SSLKEYLOGFILE": self.path("keys.log"), "CURL_CA_BUNDLE": "/nonexistent",
               "SSL_CERT_FILE": "/nonexistent"}
        self.put("a.txt", f"k = {self.key()}\n")
        self.assertEqual(self.validity(self.scan(env=env)), ["valid"])
        self.assertFalse(os.path.exists(self.path("keys.log")))
        seen = [facts for facts in seen if "error" not in facts]
        if not seen:
            self.skipTest("not allowed to look into reeve-ask: run as root")
        for facts in seen:
            self.assertEqual(facts["cmdline"], b"reeve-ask\0")
            self.assertEqual(facts["environ"], b"")
            self.assertIn(b"NoNewPrivs:\t1", facts["status"])
            self.assertIn(b"Seccomp:\t2", facts["status"])
            self.assertIn(b"CapEff:\t0000000000000000", facts["status"])
            files = [to for to in facts["fds"].values() if not to.startswith(
                ("socket:", "pipe:", "anon_inode:", "/dev/null"))]
            self.assertEqual(files, [])

    def test_no_inet_socket(self):
        """Of all processes only reeve-ask makes a socket that reaches out, and it opens no file of
        what is scanned."""
        if not shutil.which("strace"):
            self.skipTest("no strace")
        self.put("a.txt", f"k = {self.key()}\n")
        trace = self.path("trace")
        document = self.run_argv(["strace", "-f", "-ff", "-qq", "-o", trace, "-e",
                                  "trace=%network,execve,open,openat", *self.argv()])
        self.assertEqual(self.validity(document), ["valid"])
        askers = scanners = 0
        main = None
        texts = {}
        for name in glob.glob(trace + ".*"):
            with open(name, encoding="utf-8", errors="replace") as f:
                texts[name] = f.read()
        for name, text in texts.items():
            if "reeve-ask\", [" in text or "-ask\", [\"reeve-ask\"]" in text:
                main = name
        self.assertIsNotNone(main)
        after = texts[main][texts[main].index("execve("):]
        self.assertIn("AF_INET", after)
        self.assertNotIn(self.src, after)
        for name, text in texts.items():
            is_scan = self.src in text and name != main
            scanners += is_scan
            askers += "AF_INET" in text
            if is_scan:
                self.assertNotIn("AF_INET", text)
        self.assertGreater(scanners, 0)
        self.assertGreater(askers, 0)

    def test_no_program(self):
        """Without reeve-ask nothing is scanned half: it says so."""
        self.put("a.txt", f"k = {self.key()}\n")
        argv = self.argv()
        self.run_argv([argv[0], "--libexec", self.src, *argv[1:]], code=2)
        self.assertIn("reeve-ask cannot be started", self.err)
        self.assertEqual(self.provider.connections, 0)


if __name__ == "__main__":
    for tool in ("openssl",):
        if not shutil.which(tool):
            print(f"SKIPPED: no {tool}")
            sys.exit(77)
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    if result.wasSuccessful() and result.skipped and len(result.skipped) == result.testsRun:
        print("SKIPPED:", result.skipped[0][1])
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() else 1)
