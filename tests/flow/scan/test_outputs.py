"""What `reeve scan` says: every format well formed and without a byte of a secret, exit codes,
the same bytes at any number of threads."""

import base64
import csv
import html.parser
import io
import json
import os
import pty
import subprocess
import unittest
import xml.etree.ElementTree as ET

import scanning

GITLEAKS_FIELDS = {"RuleID", "Description", "StartLine", "EndLine", "StartColumn", "EndColumn",
                   "Match", "Secret", "File", "SymlinkFile", "Commit", "Entropy", "Author", "Email",
                   "Date", "Message", "Tags", "Fingerprint"}


class Parser(html.parser.HTMLParser):
    VOID = {"meta", "link", "br", "hr", "img", "input", "col"}

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, _ in attrs:
            assert not name.startswith("on"), name

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def check(form, data):
    """Parses a report as its reader would; gives how many findings it tells, or None."""
    text = data.decode("utf-8")
    if form == "json":
        return len(json.loads(text)["leaks"])
    if form == "jsonl":
        lines = [json.loads(line) for line in text.splitlines()]
        assert "summary" in lines[-1], lines[-1]
        return sum("leak" in line for line in lines)
    if form == "sarif":
        document = json.loads(text)
        assert document["version"] == "2.1.0"
        results = document["runs"][0]["results"]
        for result in results:
            assert result["ruleId"] and result["partialFingerprints"]
        return len(results)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        assert len({len(row) for row in rows}) == 1, rows
        assert rows[0][0] == "RuleID"
        return len(rows) - 1
    if form == "junit":
        return len(ET.fromstring(text).findall(".//failure"))
    if form == "html":
        parser = Parser()
        parser.feed(text)
        assert not parser.open, parser.open
        assert not parser.seen & {"script", "iframe", "object"}, parser.seen
        assert "http-equiv=\"Content-Security-Policy\"" in text
        return None
    if form == "gitleaks":
        rows = json.loads(text)
        for row in rows:
            assert set(row) == GITLEAKS_FIELDS, set(row) ^ GITLEAKS_FIELDS
        return len(rows)
    if form == "gitlab":
        return len(json.loads(text)["vulnerabilities"])
    if form == "github":
        return sum(line.startswith("::error ") for line in text.splitlines())
    return None


class Formats(scanning.Case):
    def setUp(self):
        super().setUp()
        self.write("a/one.env", f"GITHUB={self.token()}\nDB_PASSWORD=\"{self.password()}\"\n")
        self.write("a/two.yaml", f"password: {self.password()}\ntoken: {self.token()}\n")
        self.write("a/url.txt", f"postgres://app:{self.password()}@db.internal/app\n")
        self.write("a/markup.txt", f"<b>&\"'\u2028{self.token()}]]>--><script>\n")
        self.write("a/utf16.txt", f"TOKEN={self.token()}\n".encode("utf-16"))
        self.write("a/two_in_a_line.txt", f"{self.token()} and {self.token()}\n")

    def test_every_format_is_well_formed_and_counts_the_same(self):
        count = len(self.found("a").leaks)
        self.assertGreaterEqual(count, 8)
        for form in scanning.FORMATS:
            told = check(form, self.scan("--format", form, "a", code=1).out)
            self.assertIn(told, (None, count), form)

    def test_rows_without_a_fingerprint_have_no_member(self):
        self.write("b/a.env", f"TOKEN={self.token()}\n"
                   f"TOKEN={self.token()} # reeve:allow reason=\"why\"\n"
                   f"postgres://app:{self.password()}@db.internal/app\n")
        words = ("--all", "--min-confidence", "99", "b")
        rows = self.found(*words).leaks
        states = {row["state"]: row.get("fingerprint") for row in rows}
        self.assertEqual(set(states), {"open", "allowed", "weak"})
        self.assertRegex(states["open"], "^rv1:[0-9a-f]{32}$")
        self.assertEqual((states["allowed"], states["weak"]), (None, None))
        sarif = json.loads(self.scan("--format", "sarif", *words, code=1).out)
        prints = [row["partialFingerprints"] for row in sarif["runs"][0]["results"]]
        self.assertEqual([p.get("reeve/v1") for p in prints].count(None), 2)
        self.assertIn(states["open"], [p.get("reeve/v1") for p in prints])
        self.assertEqual(len({p["reevePlace/v1"] for p in prints}), 3)

    def test_a_value_that_can_be_guessed_has_a_fingerprint_only_with_a_baseline(self):
        self.write("g/a.env", f"DB_PASSWORD=Winter-{self.password()[:6]}!\n")

        def place():
            document = json.loads(self.scan("-f", "sarif", "g", code=None).out)
            return document["runs"][0]["results"][0]["partialFingerprints"]

        self.assertNotIn("fingerprint", self.found("g").leaks[0])
        self.assertIn(b"no fingerprint: it could be guessed", self.scan("-v", "g", code=1).out)
        self.assertEqual(set(place()), {"reevePlace/v1"})
        first = place()
        self.write("g/a.env", "\n\n" + open(self.path("g/a.env"), encoding="utf-8").read())
        self.assertEqual(place(), first)  # moved with its line
        self.run_reeve("baseline", "create", "--reason", "old", "g")
        known = self.found("--all", "g", code=0).leaks[0]
        self.assertRegex(known["fingerprint"], "^rv1:")

    def test_every_format_with_nothing_to_tell(self):
        os.mkdir(self.path("none"))
        for form in scanning.FORMATS:
            told = check(form, self.scan("--format", form, "none", code=0).out)
            self.assertIn(told, (None, 0), form)

    def test_a_file_gets_what_standard_output_would(self):
        for form in ("json", "sarif", "csv"):
            path = self.path("report." + form)
            result = self.scan("-o", path, "a", code=1)
            self.assertEqual(result.out, b"", str(result))
            with open(path, "rb") as f:
                data = f.read()
            self.assert_no_secret(data, path)
            self.assertGreaterEqual(check(form, data), 8)
        self.scan("-o", self.path("report.html"), "a", code=1)
        with open(self.path("report.html"), "rb") as f:
            check("html", f.read())

    def again(self, *words, code=1, **more):
        """The command that the report names, as words of a shell; it finds the same."""
        verb, *words = words
        result = self.run_reeve(verb, "--format", "text", "-j", "2", *words, **more)
        self.assertEqual(result.code, code, str(result))
        lines = [l for l in result.out.decode().splitlines() if l.startswith("The same check")]
        command = lines[0].partition(": ")[2]
        told = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True,
                              check=True, cwd=self.dir).stdout.split(b"\0")[:-1]
        self.assertEqual(told[:2], [b"reeve", b"scan"])
        rerun = self.run_reeve(*told[1:], **more)
        counts = [[l for l in r.out.splitlines() if b" Scanned " in l][0].partition(b". ")[0]
                  for r in (result, rerun)]
        self.assertEqual(counts[0], counts[1], command)
        return command

    def test_the_same_check_is_the_same(self):
        repo = self.repo("a")
        repo.commit({"README": "x\n"})
        repo.commit({"sub/x.env": f"TOKEN={self.token()}\n", "more.env": f"T={self.token()}\n"})
        at = {"cwd": repo.path}
        self.assertEqual(self.again("scan", "--diff", "HEAD~1", **at), "reeve scan --diff HEAD~1")
        self.assertEqual(self.again("scan", "--git", "--range", "HEAD~1..HEAD", **at),
                         "reeve scan --git --range HEAD~1..HEAD .")
        self.assertEqual(self.again("git", "--log-opts=-n 1 -- sub", **at),
                         "reeve scan --git --log-opts='-n 1 -- sub' .")
        self.assertEqual(self.again("detect", "--source", "a", "--log-opts", "--all"),
                         "reeve scan --git --log-opts=--all a")
        self.assertEqual(self.again("scan", "a/sub", "a/one.env", "--min-confidence", "70",
                                    "--exclude", "*.md", "--exclude", "it's"),
                         "reeve scan --exclude '*.md' --exclude 'it'\\''s' --min-confidence 70 "
                         "a/sub a/one.env")
        self.assertEqual(self.again("dir", "a", "--max-decode-depth", "5", "--exit-code", "1"),
                         "reeve scan --max-decode-depth 5 a")
        with open(os.path.join(repo.path, "more.env"), "rb") as f:
            self.assertEqual(self.again("scan", "--strict", "--stdin", stdin=f.read()),
                             "reeve scan --stdin --strict")
        repo.write("new.env", f"TOKEN={self.token()}\n")
        repo.git("add", "-A")
        self.assertEqual(self.again("protect", **at), "reeve scan --staged")

    def test_the_same_check_over_odd_names(self):
        names = ("-x", "a b", "it's", "$(id)", "tab\tline\n'q'\\", "\u00e9", b"\xff;x", "~", "")
        for name in names:
            raw = os.path.join(os.fsencode(self.dir), b"odd", os.fsencode(name or "plain"))
            os.makedirs(os.path.dirname(raw), exist_ok=True)
            with open(raw, "wb") as f:
                f.write(f"TOKEN={self.token()}\n".encode())
        names = [os.fsencode(name or "plain") for name in names]
        at = {"cwd": self.path("odd")}
        self.again("scan", "./-x", *names[1:], **at)
        self.again("scan", *names[1:], "--", "-x", **at)
        many = self.scan("--format", "text", *["plain"] * 40, code=1, **at).out
        self.assertEqual(many.count(b" plain plain"), 16)
        self.assertIn(b" plain ...\n", many)

    def test_an_ending_that_is_no_format_is_refused(self):
        for name in ("report.foo", "report", "report.json.bak", "json"):
            self.refused(["scan", "-o", name, "a"], name, ".sarif", "--format")
            self.assertFalse(os.path.exists(self.path(name)))
            self.scan("-o", name, "--format", "csv", "a", code=1)
            with open(self.path(name), "rb") as f:
                self.assertGreaterEqual(check("csv", f.read()), 8)
        for name, form in (("R.JSON", "json"), ("R.Sarif", "sarif"), ("r.CSV", "csv")):
            self.scan("-o", name, "a", code=1)
            with open(self.path(name), "rb") as f:
                self.assertGreaterEqual(check(form, f.read()), 8)

    def test_history_in_every_format(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"}, "it's <b>\"new\"</b> & \u00e9")
        repo.commit({"a.env": "x\n"})
        for form in scanning.FORMATS:
            told = check(form, self.scan("--git", "repo", "--format", form, code=1).out)
            self.assertIn(told, (None, 1), form)

    def test_values_in_what_a_commit_says_in_every_format(self):
        repo = self.repo()
        repo.env.update(GIT_AUTHOR_NAME=f"A {self.token()}",
                        GIT_AUTHOR_EMAIL=f"{self.token()}@example.org")
        # The second lies where a subject is cut.
        long = "x " * 90 + self.token()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"}, f"use {self.token()} as the new token")
        repo.commit({"b.env": f"TOKEN={self.token()}\n"}, long)
        for form in scanning.FORMATS:
            told = check(form, self.scan("--git", "repo", "--format", form, code=1).out)
            self.assertIn(told, (None, 2), form)
        said = {l["path"]: l["history"]["first"] for l in self.found("--git", "repo").leaks}
        self.assertEqual(said["a.env"]["message"], "use ***** as the new token")
        self.assertEqual(said["a.env"]["author"], "A *****")

    def test_a_value_that_stands_twice_in_every_format(self):
        one, two, three, four = (self.password() for _ in range(4))
        self.write("twice/a.yml", f"password: {one}  # was {one}, and {four} before\n")
        self.write("twice/b.env", f"URL=postgres://u:{two}@db.example.org/x?p={two}\n")
        self.write("twice/c.json", json.dumps({"db_password": three, "note": f"x{three}x {one}"}))
        self.write("twice/d.yml", f"db_password: {four}  # reeve:allow it was {four} {two}\n")
        self.write("twice/e.ini", f"aws_secret_access_key={self.keep('/'.join((one, two)))[:40]}"
                                  f" # {one}/{two}\n")
        for form in scanning.FORMATS:
            for more in ([], ["--all"], ["--validate", "--dry-run"]):
                told = check(form, self.scan("-f", form, "twice", *more, code=1).out)
                self.assertTrue(told is None or told >= 3, form)
        said = {l["path"]: l["context"] for l in self.found("twice").leaks}
        self.assertEqual(said["twice/a.yml"], "password: *****  # was *****, and ***** before")

    def test_a_value_that_a_commit_says_again_in_every_format(self):
        repo = self.repo()
        one, two = self.password(), self.password()
        repo.env.update(GIT_AUTHOR_NAME=f"A {two}")
        repo.commit({"a.yml": f"password: {one}\n", "b.yml": f"password: {two}\n"},
                    f"replaced {one} by {two}")
        repo.commit({"b.yml": f"password: {two}\nport: 1\n"}, f"no more {one}")
        for form in scanning.FORMATS:
            for words in (["--git"], ["--diff", "HEAD~1", "--worktree"], ["--git", "--all"]):
                code = 0 if "--diff" in words else 1
                self.scan("-f", form, *words, code=code, cwd=repo.path)
        for leak in self.found("--git", cwd=repo.path).leaks:
            self.assertEqual(leak["history"]["first"]["message"], "replaced ***** by *****")
            self.assertEqual(leak["history"]["first"]["author"], "A *****")

    def test_a_value_that_is_encoded_beside_another_in_every_format(self):
        run = base64.b64encode(f"token={self.token()}".encode()).decode()
        self.keep(run)
        self.write("runs/a.json", json.dumps({"data": {"one": self.token(), "other": run}}))
        for form in scanning.FORMATS:
            told = check(form, self.scan("--format", form, "runs", code=1).out)
            self.assertIn(told, (None, 2), form)

    def test_names_of_any_bytes_in_every_format(self):
        odd = [b"new\nline.env", b"\xff\xfe.env", b"tab\t\"quote'<&>.env", b"\x1b[31mred.env",
               b"%0A::error ::x.env", "caf\u00e9.env".encode(), b"a b.env", b"=cmd.env"]
        os.mkdir(self.path("odd"))
        for name in odd:
            with open(os.path.join(os.fsencode(self.path("odd")), name), "wb") as f:
                f.write(f"TOKEN={self.token()}\n".encode())
        for form in scanning.FORMATS:
            result = self.scan("--format", form, "odd", code=1)
            self.assertIn(check(form, result.out), (None, len(odd)), str(result))
            if form != "html":
                self.assertNotIn(b"\x1b", result.out, form)
        for path in [os.path.join(os.fsencode(self.path("odd")), name) for name in odd]:
            self.assertEqual(self.run_reeve("scan", path).code, 1)

    def test_values_in_a_path_in_every_format(self):
        repo = self.repo("in-" + self.token())
        name = self.token() + ".env"
        repo.commit({name: f"T={self.token()}\n", "d/" + self.token() + "/b.env": self.token()})
        repo.git("clone", "-q", "--bare", ".", self.path("all/" + self.token() + ".git"))
        self.write("all/" + self.token(), self.token())
        repo.write("s-" + name, f"T={self.token()}\n")
        repo.git("add", "-A")
        for form in scanning.FORMATS:
            with self.subTest(format=form):  # that none comes out is looked at in each run
                self.assertIn(b"*****", self.scan("-f", form, repo.path, "all", code=1).out)
                for words in (["--git"], ["--staged"], [name]):
                    self.scan("-f", form, *words, code=1, cwd=repo.path)
        text = self.scan(name, cwd=repo.path, code=1).out.decode()
        self.assertIn("\nThe same check on your machine: reeve scan *****.env\n", text)
        self.assertEqual(self.found(name, cwd=repo.path).document["scan"]["target"], "*****.env")
        self.assertEqual(self.found(name, cwd=repo.path).leaks[0]["path"], "*****.env")
        self.assertIn("all/*****.git", [g["path"] for g in self.found("all").gaps])

    def test_unknown_formats_are_refused(self):
        self.refused(["scan", "--format", "yaml", "a"], "yaml", "sarif", "next:")
        self.refused(["scan", "--format", "", "a"], "sarif")

    def test_a_report_that_cannot_be_written_is_said(self):
        self.refused(["scan", "-o", self.path("no/such/report.json"), "a"], "no/such/report.json")
        self.refused(["scan", "-o", "/dev/full", "-f", "json", "a"], "report", "space")

    def test_names_of_standard_output_and_error_are_those(self):
        """Also where they are files, which could not be opened again."""
        self.write("a.env", f"TOKEN={self.token()}\n")
        for name, is_err in (("/dev/stdout", False), ("/dev/fd/1", False), ("/dev/stderr", True),
                             ("/proc/self/fd/2", True)):
            for option in ("-o", "-r"):
                told = self.path("told")
                with open(told, "wb") as f:
                    f.write(b"before\n")
                    f.flush()
                    streams = (subprocess.PIPE, f) if is_err else (f, subprocess.PIPE)
                    done = subprocess.run([scanning.BIN, "scan", "-q", "-f", "jsonl", option, name,
                                           "a.env"], cwd=self.dir, stdin=subprocess.DEVNULL,
                                          stdout=streams[0], stderr=streams[1],
                                          timeout=scanning.DEADLINE_S, check=False)
                self.assertEqual(done.returncode, 1, (name, done))
                with open(told, "rb") as f:
                    data = f.read()
                os.unlink(told)
                self.assert_no_secret(data, name)
                self.assertTrue(data.startswith(b"before\n{"), (name, data))
                self.assertIn(b"github", data)
                self.assertFalse(done.stdout if is_err else done.stderr, done)

    def test_quiet_says_the_summary_alone(self):
        result = self.scan("-q", "a", code=1)
        self.assertEqual(result.err, b"")
        self.assertEqual(len(result.out.splitlines()), 1, str(result))
        self.assertEqual(self.scan("-q", "--format", "json", "a", code=1).err, b"")

    def test_masks_show_little(self):
        self.write("short.env", f"DB_PASSWORD={self.keep(scanning.password()[:7])}\n")
        for leak in self.found("a", "short.env").leaks:
            limit = 0 if leak["path"] == "short.env" else 6
            self.assertLessEqual(len(leak["masked"].replace("*", "")), limit, leak)


class ExitCodes(scanning.Case):
    def test_each(self):
        self.write("clean/a.txt", "x\n")
        self.write("dirty/a.env", f"TOKEN={self.token()}\n")
        self.scan("clean", code=0)
        self.scan("dirty", code=1)
        self.scan("dirty", "--exit-code", "7", code=7)
        self.scan("dirty", "--exit-code", "0", code=0)
        self.scan("clean", "--exit-code", "7", code=0)
        self.scan("nowhere", code=2)

    def test_incomplete_is_three_only_when_strict_and_nothing_was_found(self):
        self.write("big/a.txt", "x" * 5000)
        self.write("both/a.txt", "x" * 5000)
        self.write("both/b.env", f"TOKEN={self.token()}\n")
        self.scan("big", "--max-file", "1k", code=0)
        result = self.found("big", "--max-file", "1k", "--strict", code=3)
        self.assertEqual([(g["path"], g["reason"]) for g in result.gaps], [("big/a.txt", "too-large")])
        self.assertEqual(result.document["summary"]["result"], "incomplete")
        self.scan("both", "--max-file", "1k", "--strict", code=1)
        text = self.scan("big", "--max-file", "1k", code=0)
        self.assertIn(b"not", text.out + text.err)

    def test_incomplete_is_said_beside_a_report_that_goes_elsewhere(self):
        self.write("big/a.txt", "x" * 5000)
        self.write("big/b.txt", "x" * 5000)
        small = ("--max-file", "1k", "big")
        told = [("scan", "-o", self.path("x.csv")), ("scan", "-q", "-o", self.path("x.txt"))]
        told += [("scan", "-f", form) for form in scanning.FORMATS if form != "text"]
        told += [("dir", "-r", self.path("x.json")), ("dir", "-f", "csv", "-r", self.path("y"))]
        for verb, *words in told:
            result = self.run_reeve(verb, *words, *small)
            lines = result.err.decode().splitlines()
            self.assertEqual(result.code, 0, str(result))
            told_result = lines[:-1]  # of a report in a file (below)
            self.assertIn(len(told_result), (0, 2), str(result))
            self.assertIn("INCOMPLETE: 2 not scanned whole; next: ", lines[-1])
        here = self.scan(*small, code=0)
        self.assertEqual(here.err, b"")
        self.assertEqual(here.out.count(b"INCOMPLETE"), 1)

    def test_what_came_out_is_said_beside_a_report_in_a_file(self):
        self.write("d/a.env", f"TOKEN={self.token()}\n")
        for form in scanning.FORMATS:
            result = self.scan("-f", form, "-o", self.path("report"), "d", code=1)
            lines = result.err.decode().splitlines()
            self.assertEqual(result.out, b"")
            self.assertEqual(len(lines), 2, str(result))
            self.assertTrue(lines[0].startswith("1 secret in 1 file. Scanned 1 file, "), lines[0])
            self.assertEqual(lines[1], f"The report: {self.path('report')}")
            quiet = self.scan("-q", "-f", form, "-o", self.path("report"), "d", code=1)
            self.assertEqual(quiet.err, b"", str(quiet))

    def test_fingerprints_are_shown_to_who_asks(self):
        self.write("d/a.env", f"TOKEN={self.token()}\n")
        mark = self.found("d").leaks[0]["fingerprint"]
        self.assertNotIn(mark.encode(), self.scan("d", code=1).out)
        self.assertIn(f"    fingerprint {mark}\n".encode(), self.scan("-v", "d", code=1).out)
        self.write("d/.reeveignore", f'fingerprint {mark} reason="a made one"\n')
        self.scan("d", code=0)
        self.write("d/.reeveignore", f'# no word before it\n{mark} reason="a made one"\n')
        self.refused(["scan", "d"], ".reeveignore:2:1: ", "the word fingerprint")

    def test_weak_findings_fail_nothing(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.scan("--min-confidence", "100", code=0)
        result = self.found("--min-confidence", "100", "--all", code=0)
        self.assertEqual([l["state"] for l in result.leaks], ["weak"])

    def test_allowed_findings_fail_nothing_and_show_with_all(self):
        self.write("a.env", f"TOKEN={self.token()} # reeve:allow reason=\"for a test\"\n")
        self.found(code=0)
        result = self.found("--all", code=0)
        self.assertEqual([l["state"] for l in result.leaks], ["allowed"])
        self.assertIn("for a test", result.leaks[0]["note"])


class Progress(scanning.Case):
    """A moving line, on a terminal alone; it goes before the report comes."""

    def watch(self, *words, until, stdin=None):
        """What a terminal gets on standard error, and its end once `until` was seen there."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([scanning.BIN, *words], cwd=self.dir, stderr=theirs,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env={"PATH": os.environ["PATH"], "HOME": self.dir})
        os.close(theirs)
        if stdin:
            process.stdin.write(stdin)
            process.stdin.flush()
        seen = b""
        while until not in seen and (more := self.more(ours)):
            seen += more
        process.stdin.close()
        while more := self.more(ours):
            seen += more
        out = process.stdout.read()
        process.stdout.close()
        os.close(ours)
        self.assertEqual(process.wait(), 0, seen)
        return seen, out

    def more(self, fd):
        try:
            return os.read(fd, 65536)
        except OSError:  # a terminal that nobody holds any more
            return b""

    def test_share_and_rate_are_shown_and_taken_away(self):
        for i in range(64):
            self.write(f"d/{i}.txt", "hello\n")
        seen, out = self.watch("scan", "--max-cpu", "1", "d", until=b"of 64 files")
        self.assertRegex(seen, rb"\[#*\.+\] +\d+ %  \d+ of 64 files  \d+ MB/s")
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen)
        self.assertNotIn(b"\x1b", out)

    def test_of_what_has_no_known_end_only_what_was_read(self):
        seen, _ = self.watch("scan", "--stdin", until=b"MB/s", stdin=b"hello\n")
        self.assertIn(b"0 files  0 MB/s", seen)
        self.assertNotIn(b"%", seen)

    def test_nobody_asked(self):
        self.write("d/a.txt", "hello\n")
        seen, _ = self.watch("scan", "-q", "d", until=b"nothing")
        self.assertEqual(seen, b"")
        for words in ([], ["--json"]):
            self.assertEqual(self.scan(*words, "d", code=0).err, b"")

    def test_beside_a_report_that_goes_elsewhere(self):
        for i in range(64):
            self.write(f"d/{i}.txt", "hello\n")
        for words in (["--json"], ["--jsonl"]):
            seen, out = self.watch("scan", "--max-cpu", "1", *words, "d", until=b"of 64 files")
            self.assertIn(b"of 64 files", seen, words)
            self.assertTrue(seen.endswith(b"\r\x1b[K"), seen)
            self.assertNotIn(b"\x1b", out)
            self.assertTrue(json.loads(out.splitlines()[0] if words == ["--jsonl"] else out))


class Determinism(scanning.Case):
    def test_files_at_one_and_eight_threads(self):
        for i in range(300):
            text = f"line\nTOKEN={self.token()}\n" if i % 3 == 0 else f"nothing {i}\n" * 50
            self.write(f"tree/{i % 7}/{i % 5}/{i}.env", text)
        for form in ("json", "sarif", "csv"):
            outs = {self.stable(form, self.scan("-f", form, "-j", j, "tree", code=1).out)
                    for j in ("1", "8", "3", "8")}
            self.assertEqual(len(outs), 1, form)

    def test_history_at_one_and_eight_threads(self):
        repo = self.repo()
        tokens = [self.token() for _ in range(12)]
        text = "".join(f"line {i}\n" for i in range(500))
        for i in range(25):
            repo.commit({f"f{i % 4}.txt": text + f"x {i}\nTOKEN={tokens[i % 12]}\n",
                         f"dir{i % 3}/g.txt": f"T={tokens[(i * 5) % 12]}\n"})
        for step in ("loose", "packed"):
            outs = {self.stable("json", self.scan("-f", "json", "--git", "repo", "-j", j,
                                                  code=1).out) for j in "181838"}
            self.assertEqual(len(outs), 1, step)
            repo.git("gc", "-q", "--aggressive")

    def stable(self, form, out):
        if form == "json":
            return scanning.without_times(out)
        if form == "sarif":
            document = json.loads(out)
            for run in document["runs"]:
                for key in ("invocations",):
                    for item in run.get(key, []):
                        for name in list(item):
                            if "Time" in name:
                                del item[name]
                        item.pop("properties", None)
                run.pop("properties", None)
            return json.dumps(document)
        return out.decode()


if __name__ == "__main__":
    scanning.main()
