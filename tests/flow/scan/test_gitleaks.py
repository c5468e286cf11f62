"""Those who come from gitleaks: its verbs, flags and short forms, its reports, and ten of its
set-ups unchanged (setups/README.md)."""

import base64
import csv
import io
import json
import os
import random
import re
import shutil
import string
import unittest
import xml.etree.ElementTree as ET
import zipfile

import scanning
from test_outputs import GITLEAKS_FIELDS

SETUPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "setups")
CLASSES = {"alnum": string.ascii_letters + string.digits, "hex": "0123456789abcdef",
           "lower": string.ascii_lowercase, "upper": string.ascii_uppercase,
           "digit": string.digits}


class Flags(scanning.Case):
    def setUp(self):
        super().setUp()
        self.r = self.repo()
        self.r.commit({"old.env": f"TOKEN={self.token()}\n"})
        self.r.commit({"old.env": "x\n", "a.env": f"TOKEN={self.token()}\n"})

    def leaks(self, *words, code=1, **more):
        """Through a report file, as CI jobs do it."""
        path = self.path("report.json")
        if os.path.exists(path):
            os.unlink(path)
        result = self.run_reeve(*words, "-r", path, **{"cwd": self.r.path, **more})
        self.assertEqual(result.code, code, str(result))
        with open(path, "rb") as f:
            data = f.read()
        self.assert_no_secret(data, path)
        rows = json.loads(data)
        for row in rows:
            self.assertEqual(set(row), GITLEAKS_FIELDS)
        return rows

    def files(self, *words, **more):
        return sorted(row["File"] for row in self.leaks(*words, **more))

    def test_each_verb_looks_where_gitleaks_does(self):
        self.assertEqual(self.files("git"), ["a.env", "old.env"])
        self.assertEqual(self.files("git", "."), ["a.env", "old.env"])
        self.assertEqual(self.files("detect"), ["a.env", "old.env"])
        self.assertEqual(self.files("detect", "-s", self.r.path, cwd=self.dir), ["a.env", "old.env"])
        self.assertEqual(self.files("detect", "--source=" + self.r.path, cwd=self.dir),
                         ["a.env", "old.env"])
        self.assertEqual(self.files("dir", "."), ["a.env"])
        self.assertEqual(self.files("detect", "--no-git"), ["a.env"])
        self.assertEqual(self.files("protect", code=0), [])
        self.r.write("s.env", f"TOKEN={self.token()}\n")
        self.r.git("add", "s.env")
        self.assertEqual(self.files("protect", "--staged"), ["s.env"])
        self.assertEqual(self.files("git", "--pre-commit", "--staged"), ["s.env"])
        self.assertEqual(self.files("git", "--staged"), ["s.env"])
        piped = self.leaks("stdin", stdin=f"TOKEN={self.token()}\n".encode())
        self.assertEqual(len(piped), 1)
        self.assertEqual(len(self.leaks("detect", "--pipe", stdin=self.token().encode())), 1)

    def test_history_has_its_commits(self):
        rows = {row["File"]: row for row in self.leaks("git")}
        first = self.r.git("rev-parse", "HEAD~1")
        row = rows["old.env"]
        self.assertEqual((row["Commit"], row["Author"], row["Email"], row["Message"]),
                         (first, "A U Thor", "author@example.org", "more"))
        self.assertTrue(row["Fingerprint"].startswith(f"{first}:old.env:"), row)
        self.assertTrue(row["Fingerprint"].endswith(":1"), row)
        self.assertTrue(row["Date"].startswith("2026-01-02T"), row)

    def test_short_forms_and_quiet_ones(self):
        self.write("config.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['old']\n")
        words = ["git", "-v", "-l", "warn", "--no-banner", "--no-color", "-c",
                 self.path("config.toml"), "-f", "json", "--redact", "--exit-code", "9"]
        self.assertEqual(self.files(*words, code=9), ["a.env"])
        for redact in ("--redact=0", "--redact=20", "--redact=100", "--redact"):
            self.assertEqual(len(self.leaks("git", redact)), 2)
        for level in ("trace", "debug", "info", "warn", "error", "fatal"):
            self.leaks("dir", "--log-level", level)
        self.assertEqual(self.files("git", "--log-opts=HEAD~1..HEAD"), ["a.env"])
        self.assertEqual(self.files("git", "--log-opts", "--all HEAD"), ["a.env", "old.env"])
        self.leaks("git", "--platform", "github", "--timeout", "60", "--max-decode-depth", "2",
                   "--max-archive-depth", "2", "--max-target-megabytes", "50")
        self.leaks("dir", "--enable-rule", "github-pat")
        self.assertEqual(self.files("dir", "--enable-rule", "aws-access-token", code=0), [])
        for rules in (["aws-access-token,github-pat"], ["github-pat,jwt", "--enable-rule=npm-token"]):
            self.assertEqual(self.files("dir", "--enable-rule", *rules), ["a.env"])
        for rules in ("github-pat,no-such-rule", "github-pat,", ""):
            self.refused(["dir", "--enable-rule", rules, "."], "no", cwd=self.r.path)
        self.leaks("git", "--diagnostics", "cpu,mem", "--diagnostics-dir=" + self.dir)

    def test_options_may_stand_before_the_verb(self):
        self.assertEqual(self.files("--no-banner", "dir", "."), ["a.env"])
        self.assertEqual(self.files("-v", "--redact", "git"), ["a.env", "old.env"])
        self.write("c.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['a.env']\n")
        for words in (("-c", self.path("c.toml")), ("-vc", self.path("c.toml")),
                      ("--config=" + self.path("c.toml"),), ("-c" + self.path("c.toml"), "-v")):
            self.assertEqual(self.files(*words, "git", "."), ["old.env"])
        self.refused(["--no-such", "dir", "."], "no such verb")
        self.refused(["-v", "status"], "no such verb")
        self.refused(["-v"], "no such verb")
        self.refused(["-c"], "no such verb")

    def test_json_is_its_array_on_standard_output_too(self):
        for words in (["git"], ["dir"], ["detect"], ["file", "a.env"], ["directory", "."],
                      ["stdin"]):
            for form in (["-f", "json"], ["--report-format=json"], ["-f", "json", "-r", "-"]):
                result = self.run_reeve(*words, *form, cwd=self.r.path,
                                        stdin=f"TOKEN={self.token()}\n".encode())
                self.assertEqual(result.code, 1, str(result))
                for row in json.loads(result.out):
                    self.assertEqual(set(row), GITLEAKS_FIELDS)
        result = self.run_reeve("protect", "-f", "json", cwd=self.r.path)
        self.assertEqual((result.code, json.loads(result.out)), (0, []))

    def test_its_version_verb(self):
        result = self.run_reeve("version")
        self.assertEqual((result.code, result.out), (0, self.run_reeve("--version").out))

    def test_a_configuration_in_the_environment_itself(self):
        text = "[extend]\nuseDefault = true\n[allowlist]\npaths = ['%s']\n"
        env = {"GITLEAKS_CONFIG_TOML": text % "old"}
        self.assertEqual(self.files("git", env=env), ["a.env"])
        # What names a file goes before it, and it goes before what is scanned.
        env["GITLEAKS_CONFIG"] = self.write("config.toml", text % "a.env")
        self.assertEqual(self.files("git", env=env), ["old.env"])
        self.r.write(".gitleaks.toml", text % "a.env")
        self.assertEqual(self.files("git", env={"GITLEAKS_CONFIG_TOML": text % "old"}), ["a.env"])
        self.refused(["git"], "GITLEAKS_CONFIG_TOML:1:", cwd=self.r.path,
                     env={"GITLEAKS_CONFIG_TOML": "x = ["})

    def test_a_configuration_from_the_environment(self):
        self.write("config.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['old']\n")
        env = {"GITLEAKS_CONFIG": self.path("config.toml")}
        self.assertEqual(self.files("git", env=env), ["a.env"])

    def test_its_ignores_and_markers(self):
        rows = self.leaks("git")
        self.r.write(".gitleaksignore", rows[0]["Fingerprint"] + "\n")
        self.assertEqual(len(self.leaks("git")), 1)
        os.unlink(self.r.path + "/.gitleaksignore")
        ignore = self.write("elsewhere/.gitleaksignore", rows[1]["Fingerprint"] + "\n")
        self.assertEqual(len(self.leaks("git", "-i", os.path.dirname(ignore))), 1)
        self.assertEqual(len(self.leaks("git", "--gitleaks-ignore-path", ignore)), 1)
        self.r.write("m.env", f"TOKEN={self.token()} # gitleaks:allow\n")
        self.assertEqual(self.files("dir"), ["a.env"])
        self.assertEqual(self.files("dir", "--ignore-gitleaks-allow"), ["a.env", "m.env"])

    def test_a_match_that_begins_with_a_line_s_end_is_on_the_next_line(self):
        self.r.write("d/a.txt", "one\nzork-123456\ntwo\nx zork-222222\n")
        config = self.write("c.toml", "[[rules]]\nid = 'zork'\nregex = '[^a-z](zork-[0-9]{6})'\n")
        self.assertEqual(len(self.leaks("dir", "d", "-c", config)), 2)
        self.r.write("d/.gitleaksignore", "d/a.txt:zork:2\nd/a.txt:zork:4\n")
        self.leaks("dir", "d", "-c", config, code=0)

    def test_a_directory_below_goes_by_the_names_it_is_shown_with(self):
        for name in ("d/a.py", "d/b.py"):
            self.r.write(name, f"x = '{self.token()}'\n")
        rows = self.leaks("dir", "d")
        self.assertEqual([row["File"] for row in rows], ["d/a.py", "d/b.py"])
        os.rename(self.path("report.json"), self.path("base.json"))
        self.leaks("dir", "d", "-b", self.path("base.json"), code=0)
        with zipfile.ZipFile(self.r.path + "/d/z.zip", "w") as z:
            z.writestr("m.env", f"TOKEN={self.token()}\n")
        self.assertEqual(self.files("dir", "d", "-b", self.path("base.json")), ["d/z.zip!m.env"])
        os.rename(self.path("report.json"), self.path("member.json"))
        self.assertEqual(self.files("dir", "d", "-b", self.path("member.json")),
                         ["d/a.py", "d/b.py"])
        os.unlink(self.r.path + "/d/z.zip")
        config = self.write("c.toml", "[extend]\nuseDefault = true\n"
                                      "[[allowlists]]\npaths = ['^d/a']\n"
                                      "[[allowlists]]\npaths = ['^b[.]py']\nregexTarget = 'line'\n"
                                      "condition = 'AND'\nregexes = ['^x = ']\n")
        self.leaks("dir", "d", "-c", config, code=0)
        self.leaks("dir", self.r.path + "/d", "-c", config)
        # Ours goes by what lies below alone: no name above may pass over all of it.
        self.assertEqual(len(self.found("d", "-c", config, cwd=self.r.path).leaks), 1)
        # The one where it is called is read, of the directory that is scanned as well.
        self.r.write("d/.gitleaksignore", "b.py:github-pat:1\n")
        self.assertEqual(self.files("dir", "d"), ["d/a.py"])
        self.r.write(".gitleaksignore", "d/a.py:github-pat:1\n")
        self.leaks("dir", "d", code=0)
        self.leaks("dir", "d", "-i", ".gitleaksignore", code=0)
        self.assertEqual(self.files("dir", "d", "-i", "d"), ["d/a.py"])
        self.found("d", cwd=self.r.path)  # ours reads what lies beside what is scanned
        self.r.write(".reeveignore", "/a.py\n")
        self.r.write("d/.reeveignore", "/d/a.py\n")
        self.assertEqual(self.files("dir", "d", "-i", "d"), ["d/a.py"])

    def test_a_rule_of_a_name_alone_brings_the_secret_with_it(self):
        key_id = "AK" + "IA" + "".join(random.choices(string.ascii_uppercase, k=16))
        secret = self.keep("".join(random.choices(string.ascii_letters + string.digits, k=40)))
        self.write("src/aws.env", f"AWS_ACCESS_KEY_ID={key_id}\nAWS_SECRET_ACCESS_KEY={secret}\n"
                                  f"TOKEN={self.token()}\n")
        for rule in ("aws-access-token", "aws-access-key-id"):
            result = self.found("src", "--enable-rule", rule)
            self.assertEqual([leak["rule"] for leak in result.leaks], ["aws-secret-access-key"])
            self.assertIn(f"--enable-rule {rule}: it only names a secret", str(result))
        result = self.found("src", "--enable-rule", "aws-secret-access-key")
        self.assertNotIn("it only names", str(result))
        for rule in ("google-service-account-key-id", "posthog-project-api-key",
                     "coinbase-cdp-key-name"):
            result = self.found("src", "--enable-rule", rule, code=0)
            self.assertIn(f"--enable-rule {rule}: it only names a secret", str(result))
            self.assertIn("no rule needs it", str(result))
            self.assertNotIn("are enabled too", str(result))

    def test_its_report_is_a_baseline(self):
        self.leaks("git")
        os.rename(self.path("report.json"), self.path("base.json"))
        for option in ("-b", "--baseline-path"):
            self.assertEqual(self.leaks("git", option, self.path("base.json"), code=0), [])
        self.r.commit({"new.env": f"TOKEN={self.token()}\n"})
        self.assertEqual(self.files("git", "-b", self.path("base.json")), ["new.env"])

    def test_every_report_format(self):
        for form in ("json", "csv", "junit", "sarif"):
            path = self.path("out." + form)
            result = self.run_reeve("git", "--report-format", form, "--report-path", path,
                                    cwd=self.r.path)
            self.assertEqual(result.code, 1, str(result))
            with open(path, encoding="utf-8") as f:
                text = f.read()
            self.assert_no_secret(text.encode(), form)
            if form == "csv":
                self.assertEqual(len(list(csv.DictReader(io.StringIO(text)))), 2)
            elif form == "junit":
                self.assertEqual(len(ET.fromstring(text).findall(".//failure")), 2)
            elif form == "sarif":
                self.assertEqual(len(json.loads(text)["runs"][0]["results"]), 2)
        out = self.run_reeve("git", "-f", "json", "-r", "-", cwd=self.r.path)
        self.assertEqual(len(json.loads(out.out)), 2, str(out))

    def test_links(self):
        target = self.write("outside.env", f"TOKEN={self.token()}\n")
        os.symlink(target, self.r.path + "/link.env")
        self.assertEqual(self.files("dir"), ["a.env"])
        self.assertEqual(self.files("dir", "--follow-symlinks"), ["a.env", "link.env"])

    def test_what_cannot_be_had_is_said(self):
        self.refused(["git", "--report-template", "x.tmpl"], "report-template", cwd=self.r.path)
        self.refused(["git", "-c", "gone.toml"], "gone.toml", cwd=self.r.path)
        self.refused(["git", "--no-such-flag"], "--no-such-flag", cwd=self.r.path)
        self.refused(["git", self.dir], "epositor")


class Paths(scanning.Case):
    """`path` of a rule: with a regex it says where that is looked for, alone it names files."""

    CONFIG = """
[[rules]]
id = "in-text"
path = '''\\.txt$'''
regex = '''zq_[0-9a-f]{24}'''
[[rules]]
id = "anywhere"
path = '''(^|/)(b\\.md|n\\.py)$'''
regex = '''zq_[0-9a-f]{20}'''
[[rules]]
id = "key-file"
path = '''(^|/)ota\\.key$'''
[[rules.allowlists]]
paths = ['^made/']
[[rules.allowlists]]
regexes = ['ota']
"""

    def value(self):
        return self.keep("zq_" + "".join(random.choice("0123456789abcdef") for _ in range(24)))

    def tree(self):
        r = self.repo("r")
        r.write(".gitleaks.toml", self.CONFIG)
        self.kept = self.value()
        for name in ("a.py", "a.txt", "sub/b.md"):
            r.write(name, f"x = {self.kept}\n")
        for name in ("sub/ota.key", "made/ota.key", "not-ota.key"):
            r.write(name, "k\n")
        r.write("ota.key", "")
        return r

    def told(self, *words, cwd, **more):
        rows = json.loads(self.run_reeve(*words, "-f", "json", "-r", "-", cwd=cwd, **more).out)
        return sorted((row["File"], row["RuleID"], row["StartLine"]) for row in rows)

    WANTED = [("a.txt", "in-text", 1), ("sub/b.md", "anywhere", 1), ("sub/ota.key", "key-file", 0)]

    def test_in_directories(self):
        r = self.tree()
        self.assertEqual(self.told("dir", ".", cwd=r.path), self.WANTED)
        row = [leak for leak in self.found(".", cwd=r.path).leaks if leak["rule"] == "key-file"][0]
        self.assertEqual(row["masked"], "the file itself")
        self.assertNotIn("line", row)
        self.assertNotIn("fingerprint", row)  # without a salt: a name can be guessed
        r.write(".gitleaksignore", "sub/ota.key:key-file:0\n")
        self.assertEqual(self.told("dir", ".", cwd=r.path), self.WANTED[:2])

    def test_a_baseline_knows_a_file_by_its_path(self):
        r = self.tree()
        self.assertEqual(self.run_reeve("baseline", "create", "--reason", "old", cwd=r.path).code, 0)
        self.assertEqual(self.told("dir", ".", cwd=r.path), [])
        r.write("other/ota.key", "k\n")
        self.assertEqual(self.told("dir", ".", cwd=r.path), [("other/ota.key", "key-file", 0)])

    def test_in_what_is_staged_and_in_a_change(self):
        r = self.tree()
        r.git("add", "-A")
        self.assertEqual(self.told("protect", "--staged", cwd=r.path), self.WANTED)
        r.commit({})
        r.commit({"z/ota.key": "k\n", "z/c.txt": f"x = {self.value()}\n", "z/c.py": self.value()})
        result = self.found("--diff", "HEAD~1", cwd=r.path)
        self.assertEqual(sorted(leak["path"] for leak in result.leaks), ["z/c.txt", "z/ota.key"])

    def test_in_a_history(self):
        r = self.tree()
        first = r.commit({"n.py": f"x = {self.value()}\n"})
        # Where a value is told its rule holds: it may hold at another of its places alone.
        r.git("mv", "sub/ota.key", "sub/now.bin")
        moved = self.value()
        r.commit({"m.py": f"y = {moved}\n"})
        last = r.commit({"late/ota.key": "other\n", "late/m.txt": f"y = {moved}\n"})
        wanted = sorted(self.WANTED + [("n.py", "anywhere", 1), ("late/m.txt", "in-text", 1),
                                       ("late/ota.key", "key-file", 0)])
        self.assertEqual(self.told("git", cwd=r.path), wanted)
        rows = {leak["path"]: leak for leak in self.found("--git", cwd=r.path).leaks}
        gone = rows["sub/ota.key"]["history"]
        self.assertEqual(gone["first"]["id"], first)
        self.assertEqual(rows["late/ota.key"]["history"]["first"]["id"], last)
        self.assertEqual(self.told("git", "--log-opts=HEAD~1..HEAD", cwd=r.path),
                         [("late/m.txt", "in-text", 1), ("late/ota.key", "key-file", 0)])

    def test_on_standard_input_there_is_no_path(self):
        r = self.tree()
        piped = f"x = {self.value()}\n".encode()
        self.assertEqual(self.told("stdin", cwd=r.path, stdin=piped), [])
        r.write(".gitleaks.toml", "[[rules]]\nid='a'\npath='^$'\nregex='zq_[0-9a-f]{24}'\n")
        self.assertEqual(self.told("stdin", cwd=r.path, stdin=piped), [("stdin", "a", 1)])

    def test_in_archives_a_members_own(self):
        r = self.tree()
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as z:
            for name in ("in/a.txt", "in/a.py"):
                z.writestr(name, f"x = {self.value()}\n")
            z.writestr("in/ota.key", "k\n")
        r.write("q/z.zip", made.getvalue())
        inside = [("q/z.zip!in/a.txt", "in-text", 1), ("q/z.zip!in/ota.key", "key-file", 0)]
        self.assertEqual(self.told("dir", "q", "-c", r.path + "/.gitleaks.toml", cwd=r.path),
                         inside)
        piped = self.told("stdin", cwd=r.path, stdin=made.getvalue())
        self.assertEqual([row[1] for row in piped], ["in-text", "key-file"])

    def test_keywords_gate_a_file_as_well(self):
        r = self.repo("r")
        r.write(".gitleaks.toml",
                "[[rules]]\nid='a'\npath='[.]cfg$'\nkeywords=['SHARED']\n")
        r.write("a.cfg", "x shared y\n")
        r.write("b.cfg", "x\n")
        self.assertEqual(self.told("dir", ".", cwd=r.path), [("a.cfg", "a", 0)])
        r.commit({})
        self.assertEqual(self.told("git", cwd=r.path), [("a.cfg", "a", 0)])


class Rules(scanning.Case):
    """What the other keys of a rule say, as gitleaks takes them."""

    def lines(self, config, text):
        self.write("c.toml", config)
        self.write("d/a.cfg", text)
        rows = json.loads(self.run_reeve("dir", "d", "-c", self.path("c.toml"), "-f", "json",
                                         "-r", "-").out)
        return [(row["StartLine"], row["StartColumn"]) for row in rows]

    def test_without_a_group_the_first_that_holds_something_is_the_value(self):
        config = "[[rules]]\nid='a'\nregex='(?:one=(\\w{20})|two=(\\w{20})|(x*)z=\\w{20})'\n"
        word = "".join(random.choice(CLASSES["alnum"]) for _ in range(20))
        self.assertEqual(self.lines(config, f"one={word}\ntwo={word}\nz={word}\n"),
                         [(1, 5), (2, 5), (3, 1)])

    def test_entropy_must_be_more_than_it_says(self):
        config = "[[rules]]\nid='a'\nregex='v=(\\w{16})'\nentropy=%s\n"
        text = "v=hg3kd9wqhg3kd9wq\nv=hg3kd9wqhg3kd9wx\n"  # 3.0, and a bit more
        self.assertEqual(self.lines(config % "3", text), [(2, 3)])
        self.assertEqual(self.lines(config % "2.99", text), [(1, 3), (2, 3)])
        self.assertEqual(self.lines(config % "3.05", text), [(2, 3)])
        self.assertEqual(self.lines(config % "3.2", text), [])

    def test_an_allowed_commit_says_nothing_of_another_that_brought_the_value_in(self):
        r = self.repo()
        text, other = f"x = {self.token()}\n", f"x = {self.token()}\n"
        first = r.commit({"a.env": text})
        r.git("rm", "-q", "a.env")
        r.commit({"b.env": other}, "gone")
        second = r.commit({"a.env": text, "b.env": "y" + other})  # the same file, another one
        config = "[extend]\nuseDefault=true\n[allowlist]\ncommits=['%s']\n"
        brought = {}
        for commits in (first, second, first + "','" + second):
            self.write("c.toml", config % commits)
            out = self.run_reeve("git", "-c", self.path("c.toml"), "-f", "json", cwd=r.path).out
            brought[commits] = {row["File"]: row["Commit"] for row in json.loads(out)}
        middle = r.git("rev-parse", "HEAD~1")
        self.assertEqual(list(brought.values()),
                         [{"a.env": second, "b.env": middle}, {"a.env": first, "b.env": middle},
                          {"b.env": middle}])

    def test_entropy_of_a_rule_of_the_default(self):
        config = "[extend]\nuseDefault=true\n[[rules]]\nid='generic-api-key'\nentropy=%s\n"
        value = self.keep("".join(random.sample(CLASSES["alnum"], 32)))  # 5.0
        text = f"api_secret = \"{value}\"\n"
        self.assertEqual(self.lines(config % "4.9", text), [(1, 15)])
        self.assertEqual(self.lines(config % "5", text), [])


def web_token():
    """One that decodes: ours is told only then."""
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    key = "".join(random.choice(CLASSES["alnum"]) for _ in range(43))
    return ".".join((part({"alg": "HS256", "typ": "JWT"}),
                     part({"sub": str(random.random()), "iat": 1700000000}), key))


def render(template):
    template = template.replace("eyJ{alnum:20}.eyJ{alnum:40}.{alnum:43}", web_token())
    return re.sub(r"\{(\w+):(\d+)\}",
                  lambda m: "".join(random.choice(CLASSES[m[1]]) for _ in range(int(m[2]))),
                  template)


class SetUps(scanning.Case):
    def build(self, name):
        """A repository with what `expect` names; gives what must and must not be told."""
        repo = self.repo(name)
        shutil.copytree(os.path.join(SETUPS, name), repo.path, dirs_exist_ok=True)
        os.unlink(repo.path + "/expect")
        files, told, quiet, unread = {}, set(), set(), set()
        with open(os.path.join(SETUPS, name, "expect"), encoding="utf-8") as f:
            expect = f.read().splitlines()
        for line in expect:
            state, path, number, _rule, text = (line.split(" ", 4) + [""] * 4)[:5]
            if state == "note":
                continue
            if state == "skipped":
                unread.add(path)
                files[path] = {1: f"TOKEN={self.token()}"}
                continue
            text = render(text)
            self.keep(re.search("<<(.*)>>", text)[1])
            files.setdefault(path, {})[int(number)] = text.replace("<<", "").replace(">>", "")
            # Sums beside a file's name are no secrets to us, whatever gitleaks says.
            if state == "told" and "{hex:64}" in line:
                continue
            (told if state == "told" else quiet).add((path, int(number)))
        for path, lines in files.items():
            repo.write(path, "\n".join(lines.get(i, "") for i in range(1, max(lines) + 1)) + "\n")
        return repo, told, quiet, unread

    def check(self, name, rows, told, quiet, unread):
        rows = [r for r in rows if not r["File"].startswith(".gitleaks")]
        places = {(r["File"], r["StartLine"]) for r in rows}
        self.assertEqual(told - places, set(), f"{name}: not told")
        self.assertEqual(quiet & places, set(), f"{name}: told: {rows}")
        self.assertEqual({r["File"] for r in rows} & unread, set(), f"{name}: read")

    def test_each_runs_unchanged(self):
        names = sorted(n for n in os.listdir(SETUPS) if n[0].isdigit())
        self.assertGreaterEqual(len(names), 10)
        for name in names:
            self.secrets = []
            repo, told, quiet, unread = self.build(name)
            for words in (["dir", "."], ["detect", "--no-git"]):
                with self.subTest(setup=name, words=words):
                    out = self.run_reeve(*words, "-f", "json", "-r", "-", cwd=repo.path)
                    self.assertEqual(out.code, 1 if told else 0, str(out))
                    self.check(name, json.loads(out.out), told, quiet, unread)
            repo.git("add", "-A", "-f")
            for words in (["protect", "--staged"], ["git", "--staged"]):
                with self.subTest(setup=name, words=words):
                    out = self.run_reeve(*words, "-f", "json", "-r", "-", cwd=repo.path)
                    self.check(name, json.loads(out.out), told, quiet, unread)
            repo.commit({})
            for words in (["git"], ["detect", "-v", "--redact"]):
                with self.subTest(setup=name, words=words):
                    out = self.run_reeve(*words, "-f", "json", "-r", "-", cwd=repo.path)
                    self.check(name, json.loads(out.out), told, quiet, unread)


if __name__ == "__main__":
    if not shutil.which("git"):
        print("SKIPPED: git is not installed")
        raise SystemExit(77)
    scanning.main()
