"""Material for `reeve scan` and runs of it. Every value that looks like a secret is made here, at
run time; that none of its bytes comes out again is checked at every run."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib

BIN = os.path.join(os.environ.get("RV_BUILD", ""), "bin", "reeve")
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORMATS = ("text", "json", "jsonl", "sarif", "csv", "junit", "html", "github", "gitlab", "gitleaks")
DEADLINE_S = 600  # of one program, also beside others: it ends a hang, it measures nothing
SHOWN_MAX = 9  # bytes of a value in a row that may be seen: fewer than this + 1


def github_token(kind="gh" + "p_"):
    """One with the right check digits, so that it is proven by itself."""
    body = "".join(random.choice(BASE62) for _ in range(30))
    crc, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        digits = BASE62[digit] + digits
    return kind + body + digits


def password():
    """Letters and digits as people are told to make them."""
    lower, digits = "abcdefghjkmnpqrstuvwxyz", "23456789"
    return "".join(
        random.choice(lower.upper()) + random.choice(digits) + random.choice(lower)
        + random.choice(digits) for _ in range(4))


def without_times(report):
    """What may differ between two runs over the same: times, and fingerprints of values that can
    be guessed, which are told under a salt of the run where there is no baseline."""
    def walk(node):
        if isinstance(node, dict):
            return {k: walk(v) for k, v in node.items() if k not in ("started", "took_us")}
        return [walk(v) for v in node] if isinstance(node, list) else node
    return json.dumps(walk(json.loads(report)))


class Result:
    def __init__(self, argv, process, out, err):
        self.argv, self.code, self.out, self.err = argv, process.returncode, out, err

    @property
    def document(self):
        return json.loads(self.out)

    @property
    def leaks(self):
        return self.document["leaks"]

    @property
    def places(self):
        return sorted((leak["path"], leak["line"]) for leak in self.leaks)

    @property
    def gaps(self):
        return self.document["gaps"]

    def __str__(self):
        return f"{self.argv} gave {self.code}\n{self.out[-4000:]!r}\n{self.err[-2000:]!r}"


class Repository:
    """git with nothing of this machine's settings."""

    def __init__(self, path, *init, **more):
        self.path = path
        self.env = {
            "PATH": os.environ["PATH"], "HOME": path, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "A U Thor",
            "GIT_AUTHOR_EMAIL": "author@example.org", "GIT_COMMITTER_NAME": "C O Mitter",
            "GIT_COMMITTER_EMAIL": "committer@example.org", "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
        }
        self.env.update(more)
        os.makedirs(path, exist_ok=True)
        self.git("init", "-q", "-b", "main", *init)

    def git(self, *words, **env):
        done = subprocess.run(["git", *words], cwd=self.path, env={**self.env, **env},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f"git {words}: {done.stderr!r}")
        return done.stdout.decode().strip()

    def write(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def commit(self, files, message="more", date=None):
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "-A", "-f")
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
        self.git("commit", "-q", "--allow-empty", "-m", message, **dates)
        return self.git("rev-parse", "HEAD")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.secrets = []
        self.dir = tempfile.mkdtemp(prefix="rv-scan-")
        self.addCleanup(self.sweep_up)

    def sweep_up(self):
        subprocess.run(["chmod", "-R", "u+rwX", self.dir], check=False)
        shutil.rmtree(self.dir)

    # -- material

    def keep(self, value):
        self.secrets.append(value)
        return value

    def token(self):
        return self.keep(github_token())

    def password(self):
        return self.keep(password())

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def repo(self, name="repo", *init, **more):
        return Repository(self.path(name), *init, **more)

    # -- runs

    def run_reeve(self, *words, cwd=None, stdin=b"", env=None, before=None):
        """Runs it; asserts that it did not die and that nothing secret came out. `before` gets
        the process just started."""
        argv = [BIN, *words]
        clean = {"PATH": os.environ["PATH"], "HOME": self.dir, "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                clean[name] = os.environ[name]
        clean.update(env or {})

        # No preexec_fn: Python between fork and exec is not safe beside threads, which tests have.
        process = subprocess.Popen(argv, cwd=cwd or self.dir, env=clean, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if before:
            before(process)
        try:
            out, err = process.communicate(stdin, timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail(f"{argv} did not end in {DEADLINE_S} s")
        result = Result(argv, process, out, err)
        self.assertGreaterEqual(result.code, 0, f"died: {result}")
        self.assertNotIn(b"Sanitizer", err)
        self.assert_no_secret(out, f"standard output of {argv}")
        self.assert_no_secret(err, f"standard error of {argv}")
        return result

    def scan(self, *words, code=None, **more):
        result = self.run_reeve("scan", *words, **more)
        if code is not None:
            self.assertEqual(result.code, code, str(result))
        return result

    def found(self, *words, code=1, **more):
        """Runs with --json; gives the result, which must have ended with `code`."""
        return self.scan("--json", *words, code=code, **more)

    def refused(self, words, *parts, **more):
        """Exit 2, nothing on standard output, and a message that has these parts."""
        result = self.run_reeve(*words, **more)
        self.assertEqual(result.code, 2, str(result))
        self.assertEqual(result.out, b"", str(result))
        for part in parts:
            self.assertIn(part, result.err.decode("utf-8", "replace"), str(result))
        self.assertLess(len(result.err.splitlines()), 8, str(result))
        return result

    def assert_no_secret(self, data, where):
        """No window of a value longer than what a mask shows."""
        for value in self.secrets:
            raw = value.encode() if isinstance(value, str) else value
            for at in range(0, len(raw) - SHOWN_MAX):
                if raw[at:at + SHOWN_MAX + 1] in data:
                    self.fail(f"bytes {at}.. of a secret came out: {where}")

    def assert_places(self, result, *places):
        self.assertEqual(result.places, sorted(places), str(result))


class BaselineCase(Case):
    def run_baseline(self, *words, code=0, **more):
        result = self.run_reeve("baseline", *words, **more)
        self.assertEqual(result.code, code, str(result))
        return result

    def create(self, *words, **more):
        return self.run_baseline("create", "--reason", "before we scanned", *words, **more)


def strace():
    """How to trace, or a skip with its reason."""
    program = shutil.which("strace")
    if not program:
        raise unittest.SkipTest("strace is not installed")
    tried = subprocess.run([program, "-o", "/dev/null", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        raise unittest.SkipTest("strace may not trace here")
    return program


def main():
    """As unittest.main; a skip is told with its name, and exit 77 when nothing but skips came."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    for test, why in result.skipped:
        print(f"SKIPPED: {test.id()}: {why}", file=sys.stderr)
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
