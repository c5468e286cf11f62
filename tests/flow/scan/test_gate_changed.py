"""Under --diff: what a change makes a finding of what was there before, and what it makes pass
without a word of its own."""

import os
import shutil
import subprocess
import unittest
import zipfile

import scanning
from test_gate import GateCase

FILLER = "".join(f"line {n}\n" for n in range(40))


class Moved(GateCase):
    """A file has another path, at which other settings hold."""

    def move(self, old, new, text=None):
        os.makedirs(os.path.dirname(os.path.join(self.r.path, new)), exist_ok=True)
        self.r.git("mv", old, new)
        self.r.commit({new: text} if text else {})

    def test_out_of_an_excluded_path_it_is_added_whole(self):
        secret = f"TOKEN={self.token()}\n"
        self.into_base({".reeveignore": "vendor/\n", "vendor/x.env": FILLER + secret,
                        "vendor/y.env": FILLER + secret})
        self.move("vendor/x.env", "src/x.env")
        self.assert_places(self.judge(), ("src/x.env", 41))
        self.move("vendor/y.env", "src/y.env", "first\n" + FILLER + secret)
        for more in ((), ("--worktree",)):
            self.assert_places(self.judge(*more), ("src/x.env", 41), ("src/y.env", 42))

    def test_also_when_it_is_staged_only(self):
        self.into_base({".reeveignore": "vendor/\n",
                        "vendor/x.env": f"{FILLER}TOKEN={self.token()}\n"})
        os.mkdir(self.r.path + "/src")
        self.r.git("mv", "vendor/x.env", "src/x.env")
        self.assert_places(self.found("--staged", cwd=self.r.path), ("src/x.env", 41))

    def test_its_markers_are_listed(self):
        self.into_base({".reeveignore": "vendor/\n", "vendor/x.env":
                        f"{FILLER}# reeve:allow reason=\"x\"\nTOKEN={self.token()}\n"})
        self.move("vendor/x.env", "src/x.env")
        listed = self.judge().document["suppressions"]
        self.assertEqual([(s["path"], s["line"]) for s in listed], [("src/x.env", 41)])

    def test_into_an_excluded_path_or_between_two_that_are_looked_at_nothing_is_told(self):
        secret = f"TOKEN={self.token()}\n"
        self.into_base({".reeveignore": "vendor/\n", "x.env": FILLER + secret,
                        "y.env": "y\n" + FILLER + secret})
        self.move("x.env", "vendor/x.env")
        self.move("y.env", "z.env")
        self.judge(code=0)

    def test_to_a_path_at_which_more_is_a_finding_it_is_told(self):
        ours = self.keep("ours_" + os.urandom(10).hex())
        rule = ("[[rules]]\nid = 'ours'\nregex = '''ours_[0-9a-f]{20}'''\n"
                "path = '''\\.conf$'''\n")
        self.into_base({".gitleaks.toml": "[extend]\nuseDefault = true\n" + rule,
                        ".reeve.yaml": "scan:\n  allow:\n    - paths: ['old/']\n"
                                       "      reason: samples\n",
                        "x.txt": f"{FILLER}key {ours}\n",
                        "old/y": f"{FILLER}TOKEN={self.token()}\n"})
        self.move("x.txt", "x.conf")
        self.assert_places(self.judge(), ("x.conf", 41))
        self.move("old/y", "y", f"{FILLER}TOKEN={self.secrets[-1]}\nlast\n")
        self.assert_places(self.judge(), ("x.conf", 41), ("y", 41))

    def test_the_file_itself_is_told_when_only_the_new_path_is_a_finding(self):
        self.into_base({".gitleaks.toml": "[[rules]]\nid = 'ours'\npath = '''\\.conf$'''\n",
                        "x.txt": FILLER, "y.conf": "y\n" + FILLER})
        self.move("x.txt", "x.conf")
        self.move("y.conf", "z.conf")
        result = self.judge()
        self.assertEqual([l["path"] for l in result.leaks], ["x.conf"], str(result))


class Touched(GateCase):
    """Values that the change does not add, beside what it does."""

    def key(self):
        try:
            text = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as err:
            raise unittest.SkipTest("openssl makes no key") from err
        lines = text.stdout.decode().splitlines(keepends=True)
        self.secrets.extend(line.strip() for line in lines[1:-1])
        return lines

    def change(self, old, new, name="a.txt"):
        self.into_base({name: old})
        self.r.commit({name: new})

    def test_a_key_whose_begin_line_is_mended_is_told(self):
        key = "".join(self.key())
        self.change(key[1:], key)
        for more in ((), ("--worktree",)):
            self.assertEqual(len(self.judge(*more).leaks), 1)

    def test_a_key_out_of_which_a_line_is_taken_is_told(self):
        begin, *body = self.key()
        self.change("".join([begin, "-----END THIS-----\n", *body]), "".join([begin, *body]))
        self.judge()

    def test_a_value_whose_name_on_another_line_becomes_one_of_a_secret_is_told(self):
        text = f'colour =\n  "{self.password()}"\n'
        self.change(text, text.replace("colour", "db_password"), "a.py")
        self.assert_places(self.judge(), ("a.py", 2))

    def test_what_was_a_finding_before_is_not_told_again(self):
        begin, *body = self.key()
        old = f'db_password =\n  "{self.password()}"\n' + "".join([begin, *body])
        self.into_base({"a.py": old})
        for new in (old.replace("db_password", "api_password"), "first\n" + old,
                    old.replace(begin, "x: 1\n" + begin), old + "last: 1\n",
                    old.replace("db_password", "# why\ndb_password"),
                    old.replace(begin, begin.rstrip() + " \n")):
            self.r.commit({"a.py": new})
            self.judge(code=0)

    def test_nor_what_the_change_does_not_touch(self):
        old = f"TOKEN={self.token()}\nA=1\nB=2\n"
        self.into_base({"a.env": old})
        for new in (old.replace("A=1\n", ""), old.replace("A=1", "A=2"), "B=3\n" + old):
            self.r.commit({"a.env": new})
            self.judge(code=0)


class Listed(GateCase):
    """What the change itself lets pass is listed, also where it adds no word."""

    def test_a_marker_that_goes_is_told_where_markers_count(self):
        mark, value = "# reeve:allow reason=\"x\"\n", f"y = \"{self.token()}\"\n"
        self.into_base({"a.py": FILLER + mark + value, "b.py": FILLER + mark + value + "z = 1\n"})
        for lost, line in ((value, 41), ("# a comment\n" + value, 42), (mark + "\n" + value, 43)):
            self.r.write("a.py", FILLER + lost)
            self.r.git("add", "a.py")
            self.assert_places(self.found("--staged", cwd=self.r.path), ("a.py", line))
        self.r.git("reset", "-q", "--hard")
        self.r.write("b.py", "first\n" + FILLER + mark + value + "z = 2\n")
        self.r.git("add", "b.py")
        self.found("--staged", code=0, cwd=self.r.path)

    def test_of_an_archive_what_its_base_held_is_not_told_again(self):
        def archive(**members):
            with zipfile.ZipFile(os.path.join(self.r.path, "a.zip"), "w", zipfile.ZIP_DEFLATED) as z:
                for name, text in members.items():
                    z.writestr(name, text)

        old = f"TOKEN={self.token()}\n"
        archive(a=old)
        self.into_base({"x": "x\n"})
        archive(a=old, b="nothing\n")
        self.r.commit({"x": "y\n"})
        self.assertEqual(self.judge(code=0).leaks, [])
        archive(a=old, b=f"TOKEN={self.token()}\n")
        self.r.commit({"x": "z\n"})
        self.assertEqual([leak["inside"] for leak in self.judge().leaks], ["b"])

    def test_a_lost_exception_of_an_ignore_file(self):
        self.into_base({".reeveignore": "cfg/*\n!cfg/prod.env\n# !no\n", "cfg/prod.env": "A=1\n"})
        self.r.commit({".reeveignore": "cfg/*\n# !no\n"})
        self.assertEqual(self.listed(), [(".reeveignore", 1)])
        self.r.commit({".reeveignore": "# first\nother/\ncfg/*\n# !no\n"})
        self.assertEqual(self.listed(), [(".reeveignore", 1), (".reeveignore", 2)])

    def test_a_whole_ignore_file_that_is_gone(self):
        self.into_base({".reeveignore": "!cfg/prod.env\n"})
        self.r.git("rm", "-q", ".reeveignore")
        self.r.commit({})
        self.assertEqual(self.listed(), [(".reeveignore", 1)])

    def test_not_a_line_that_let_something_pass(self):
        self.into_base({".reeveignore": "cfg/*\nx/\n",
                        ".reeve-baseline.json": self.baseline(self.ENTRY.format("1" * 32))})
        self.r.commit({".reeveignore": "cfg/*\n", ".reeve-baseline.json": self.baseline()})
        self.assertEqual(self.listed(), [])

    def test_the_lost_end_of_a_baseline_entry(self):
        entry = ('    {{"fingerprint": "rv1:{}",\n     "rule": "github-token",\n     "path": "a.env",\n'
                 '     "reason": "x",\n{}     "added": "2026-11-27"}},\n')
        old, new = (entry.format("1" * 32, end) for end in ('     "until": "2030-01-01",\n', ""))
        self.into_base({".reeve-baseline.json": self.baseline(old)})
        self.r.commit({".reeve-baseline.json": self.baseline(new)})
        self.assertEqual(self.listed(), [(".reeve-baseline.json", 1)])
        self.r.commit({".reeve-baseline.json": self.baseline(self.ENTRY.format("2" * 32), new)})
        self.assertEqual(self.listed(), [(".reeve-baseline.json", 1), (".reeve-baseline.json", 5)])

    def test_a_marker_in_utf_16(self):
        token = self.token()
        for encoding in ("utf-16", "utf-16-be", "utf-16-le"):
            self.into_base({"a.txt": f"x=1\r\nT={token}\r\n".encode(encoding)})
            mark = '# reeve:allow reason="x"'
            self.r.commit({"a.txt": f"x=1\r\n{mark}\r\nT={token}\r\n".encode(encoding)})
            self.assertEqual(self.listed(), [("a.txt", 2)], encoding)
            self.r.git("reset", "-q", "--hard", "base")

    def test_a_marker_that_comes_to_stand_at_a_value_as_lines_between_go(self):
        token = self.token()
        for mark in ('# reeve:allow reason="t"', "# kingfisher:ignore",
                     "# pragma: allowlist nextline secret"):
            old = f"A=1\nB=1\n{mark}\n{{}}T={token}\nC=1\n{mark}\nD=1\n"
            self.into_base({"a.env": old.format("X=1\nY=1\n")})
            self.r.commit({"a.env": old.format("")})
            self.assertEqual(self.listed(), [("a.env", 3)], mark)
            self.r.commit({"a.env": old.format("").replace("B=1\n", "")})
            self.assertEqual(self.listed(), [("a.env", 2)], mark)
            self.r.commit({"a.env": old.format("X=1\nY=1\n").replace("B=1\n", "")})
            self.assertEqual(self.listed(), [], mark)
            self.r.git("reset", "-q", "--hard", "base")

    def test_settings_in_any_folder(self):
        self.into_base({"old/.reeve-baseline.json": self.baseline(),
                        "sub/deep/.reeveignore": "a\n"})
        self.r.git("rm", "-q", "old/.reeve-baseline.json")
        self.r.commit({"s/.reeveignore": "**\n", "sub/deep/.reeveignore": "a\nb\n",
                       "t/.reeve.yaml": "scan:\n  exclude: ['**']\n", "u/.gitleaks.toml": "# no\n",
                       "v/.gitleaksignore": "", "w/x.reeveignore": "**\n", "w/.reeveignore/x": "a\n"})
        want = [("old/.reeve-baseline.json", 1), ("s/.reeveignore", 1),
                ("sub/deep/.reeveignore", 2), ("t/.reeve.yaml", 2), ("u/.gitleaks.toml", 1),
                ("v/.gitleaksignore", 1)]
        self.assertEqual(self.listed(), want)
        self.assertEqual(self.listed("--worktree"), want)


class Linked(GateCase):
    """Settings that are symbolic links, as a scan of the files reads them."""

    def link(self, name, target):
        path = os.path.join(self.r.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)

    def into_base_with(self, links, files):
        self.r.git("checkout", "-q", "base")
        for name, target in links.items():
            self.link(name, target)
        self.r.commit(files)
        self.r.git("checkout", "-q", "main")
        self.r.git("merge", "-q", "base")

    def test_count_under_a_diff(self):
        self.into_base_with({".reeveignore": "ci/ign", "ci/ign": "more/../deep/ign",
                             ".reeve.yaml": "./conf/../deep/c.yaml", "conf": "ci/deep"},
                            {"ci/more/x": "", "ci/deep/ign": "q.env\n",
                             "ci/deep/c.yaml": "scan:\n  exclude: [r.env]\n"})
        self.r.commit({name: f"T={self.token()}\n" for name in ("q.env", "r.env", "s.env")})
        for more in ((), ("--worktree",)):
            result = self.judge(*more)
            self.assert_places(result, ("s.env", 1))
            self.assertEqual(result.err, b"", str(result))

    def test_what_they_lead_to_is_listed(self):
        self.into_base_with({".reeveignore": "ci/ign", ".reeve.yaml": "conf/c.yaml",
                             "conf": "ci/deep", ".reeve-baseline.json": "ci/b.json"},
                            {"ci/ign": "zz\n", "ci/deep/c.yaml": "scan:\n  rules: [conf/r.yaml]\n",
                             "ci/deep/r.yaml": self.RULES.format("ours_"),
                             "ci/b.json": self.baseline()})
        self.r.commit({"ci/ign": "zz\n**\n", "ci/b.json": self.baseline(self.ENTRY.format("1" * 32)),
                       "ci/deep/c.yaml": "scan:\n  rules: [conf/r.yaml]\n  strict: true\n",
                       "ci/deep/r.yaml": self.RULES.format("gone_")})
        want = [("ci/b.json", 5), ("ci/deep/c.yaml", 3), ("ci/deep/r.yaml", 7), ("ci/ign", 2)]
        self.assertEqual(self.listed(), want)
        self.assertEqual(self.listed("--worktree"), want)
        self.r.git("reset", "-q", "--hard", "base")
        os.remove(self.r.path + "/conf")
        self.link("conf", "evil")
        self.r.commit({"evil/c.yaml": "scan:\n  exclude: ['**']\n"})
        self.assertEqual(self.listed(), [("conf", 1), ("evil/c.yaml", 1)])

    def test_one_that_the_change_makes_counts_for_the_listing(self):
        self.r.git("checkout", "-q", "base")
        self.r.commit({"docs/list": "a\n"})
        self.r.git("checkout", "-q", "-B", "main")
        self.link(".gitleaksignore", "docs/list")
        self.r.commit({"docs/list": "a\nb\n"})
        self.assertEqual(self.listed(), [(".gitleaksignore", 1), ("docs/list", 2)])

    def test_one_that_leads_out_has_no_effect_and_it_is_said(self):
        self.write("outside", "a.env\n")
        self.into_base_with({".reeveignore": "../outside", ".gitleaksignore": self.path("outside"),
                             ".betterleaksignore": ".betterleaksignore"}, {})
        self.r.commit({"a.env": f"T={self.token()}\n"})
        result = self.judge()
        self.assert_places(result, ("a.env", 1))
        for name in (".reeveignore", ".gitleaksignore", ".betterleaksignore"):
            self.assertIn(f"{name} is a link that leads out of the repository",
                          result.err.decode(), str(result))

    def test_a_file_that_the_caller_names_behind_one_is_the_bases(self):
        self.into_base_with({"conf": "ci"}, {"ci/c.yaml": "scan:\n  strict: true\n"})
        self.r.commit({"ci/c.yaml": "scan:\n  exclude: [a.env]\n", "a.env": f"T={self.token()}\n"})
        result = self.judge("--config", "conf/c.yaml")
        self.assert_places(result, ("a.env", 1))
        self.assertEqual([s["path"] for s in result.document["suppressions"]], ["ci/c.yaml"])


class Merged(GateCase):
    """Two branches made a first baseline each, and a union merge left both heads in one file."""

    def head(self, salt):
        return f'  "salt": "{salt}",\n  "rules_day": "2026-11-27",\n'

    def test_the_salts_of_both_are_no_secrets_and_the_change_is_told_that_it_is_broken(self):
        salts = [os.urandom(32).hex() for _ in range(2)]
        own = self.baseline().replace('  "salt": "' + "0" * 64 + '",\n', self.head(salts[0]))
        self.into_base({".reeve-baseline.json": own})
        both = own.replace(self.head(salts[0]), self.head(salts[0]) + self.head(salts[1]))
        marked = own.replace(self.head(salts[0]), "<<<<<<< x\n" + self.head(salts[0]) +
                             "=======\n" + self.head(salts[1]) + ">>>>>>> y\n")
        for text, line in ((both, 5), (marked, 7)):
            self.r.commit({".reeve-baseline.json": text})
            for more in ((), ("--worktree",)):
                result = self.judge(*more, code=0)
                self.assertIn("with this change the baseline cannot be read", result.err.decode())
                self.assertIn(f".reeve-baseline.json:{line}: a second salt", result.err.decode())

    def test_nothing_is_said_of_one_that_can_be_read(self):
        self.into_base({".reeve-baseline.json": self.baseline()})
        self.r.commit({".reeve-baseline.json": self.baseline(self.ENTRY.format("1" * 32))})
        self.assertEqual(self.judge(code=0).err, b"")


if __name__ == "__main__":
    if not shutil.which("git"):
        print("SKIPPED: git is not installed")
        raise SystemExit(77)
    scanning.main()
