"""`reeve baseline`: what is known stays quiet until it ends, through edits and moves; the file holds
no secret."""

import json
import os
import re
import shutil
import unittest

import scanning


class Baseline(scanning.BaselineCase):
    def entries(self, **more):
        return json.loads(self.run_baseline("list", "--json", **more).out)

    def test_what_is_wrong_is_said(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.refused(["baseline"], "create", "prune", "next:")
        self.refused(["baseline", "create"], "reason", "next:")
        self.refused(["baseline", "create", "--reason", "x", "--until", "soon"], "until")
        self.refused(["baseline", "create", "--reason", "x", "nowhere"], "nowhere")
        self.refused(["baseline", "create", "--reason", "x" * 5000], "text")
        self.refused(["baseline", "create", "--reason", "x", "-o", "no/such/dir/b.json"], "no/such")
        self.refused(["baseline", "list"], ".reeve-baseline.json", "next: reeve baseline create")
        self.refused(["baseline", "add", "rv1:" + "0" * 32, "--reason", "x"], "next:")
        self.assertFalse(os.path.exists(self.path(".reeve-baseline.json")))
        self.create()
        self.refused(["baseline", "add", "rv1:xyz", "--reason", "x"], "rv1:")
        self.refused(["baseline", "add", "--reason", "x"], "fingerprint")
        self.refused(["baseline", "expire", "rv1:" + "0" * 32], "no entry", "next:")
        self.refused(["baseline", "create", "--reson", "x"], "--reason")
        self.write(".reeve-baseline.json", "{}")
        for words in (["list"], ["prune"], ["create", "--reason", "x"]):
            self.refused(["baseline", *words], ".reeve-baseline.json")

    def test_what_is_in_it_is_quiet_and_what_is_new_is_told(self):
        self.write("a.env", f"TOKEN={self.token()}\nDB_PASSWORD=\"{self.password()}\"\n")
        self.found(code=1)
        self.create()
        result = self.found(code=0)
        self.assertEqual(result.document["summary"]["baseline"], 2)
        self.write("b.env", f"TOKEN={self.token()}\n")
        self.assert_places(self.found(), ("b.env", 1))
        states = [l["state"] for l in self.found("--all").leaks if l["path"][0] != "."]
        self.assertEqual(sorted(states), ["baseline", "baseline", "open"])

    def test_its_salt_is_no_finding_whatever_the_file_is_called(self):
        repo = self.repo()
        repo.commit({"a.txt": "a\n"})
        repo.write("a.env", f"TOKEN={self.token()}\nDB_PASSWORD=\"{self.password()}\"\n")
        at = {"cwd": repo.path}
        self.create("-o", "known.json", ".", **at)
        self.create(".", **at)  # another salt
        self.create("-o", "known.base", ".", **at)  # its name is no report's
        with open(os.path.join(repo.path, "known.json"), encoding="utf-8") as f:
            repo.write("deep/known.json", f.read())
        os.unlink(os.path.join(repo.path, "a.env"))
        self.no_more_than_allowed({"known.json", "known.base", "deep/known.json"})
        self.no_more_than_allowed({".reeve-baseline.json", "known.base"},
                                  "--baseline", "known.json")
        for words in (["--min-confidence", "90"], ["--min-confidence", "0"]):
            self.found(*words, code=0, **at)
        repo.git("add", "-A")
        self.no_more_than_allowed(None, "--staged")
        repo.git("commit", "-q", "-m", "known")
        self.no_more_than_allowed(None, "--git")
        self.no_more_than_allowed(None, "--diff", "HEAD~1")

    def no_more_than_allowed(self, paths, *words):
        """A salt in use is nothing; another is counted: any digits may stand there."""
        result = self.found("--all", *words, code=0, cwd=self.path("repo"))
        self.assertLessEqual({l["state"] for l in result.leaks}, {"allowed", "weak"}, str(result))
        if paths is not None:
            self.assertLessEqual({l["path"] for l in result.leaks}, paths, str(result))

    def test_what_stands_where_another_baseline_has_its_salt_is_counted(self):
        text = '{\n  "schema": "reeve-baseline/1",\n  "salt": "%s",\n  "entries": []\n}\n'
        key = self.keep("9b41f0d27c8e6a53" + os.urandom(24).hex())
        self.write("a.json", text % key)
        result = self.found("--all", "--min-confidence", "0", code=0)
        self.assertEqual([(l["line"], l["state"]) for l in result.leaks], [(3, "allowed")])
        self.assertEqual(result.document["summary"]["allowed"], 1)
        self.found("--all", "--baseline", "a.json", "--min-confidence", "0", code=0)

    def test_a_salt_hides_nothing_beside_it(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create("-o", "known.json", ".")
        with open(self.path("known.json"), encoding="utf-8") as f:
            text = f.read()
        os.unlink(self.path("a.env"))
        self.write("known.json", text.replace('"entries"', f'"note": "{self.token()}", "entries"'))
        self.assertIn(("known.json", 5), self.found(code=1).places)
        self.write("known.json", text.replace("reeve-baseline/1", "other/1"))
        # How strong, depends on the digits.
        rows = self.scan("--json", "--all", "--min-confidence", "0").places
        self.assertIn(("known.json", 3), rows)

    def test_edits_and_moves_do_not_wake_it(self):
        token, word = self.token(), self.password()
        self.write("a.env", f"TOKEN={token}\nDB_PASSWORD=\"{word}\"\n")
        self.create()
        os.unlink(self.path("a.env"))
        self.write("deep/er/b.env", f"#\n#\nDB_PASSWORD=\"{word}\"\n\nTOKEN={token}\n")
        self.found(code=0)

    def test_a_value_has_a_row_for_each_place_and_one_entry(self):
        token = self.token()
        repo = self.repo("r")
        repo.commit({"a.env": f"TOKEN={token}\nX=1\nOLD={token}\n", "b/c.env": f"T={token}\n"})
        rows = self.found(cwd=repo.path).leaks
        self.assertEqual([(l["path"], l["line"]) for l in rows],
                         [("a.env", 1), ("a.env", 3), ("b/c.env", 1)])
        self.assertEqual(len({l["fingerprint"] for l in rows}), 1)
        self.assertEqual(len(self.found("--git", cwd=repo.path).leaks), 1)
        self.create(cwd=repo.path)
        with open(repo.path + "/.reeve-baseline.json", "rb") as f:
            self.assertEqual(f.read().count(b"rv1:"), 1)
        self.found(code=0, cwd=repo.path)

    def test_no_secret_is_in_it_and_it_is_the_same_for_the_same(self):
        self.write("a.env", f"TOKEN={self.token()}\nDB_PASSWORD=\"{self.password()}\"\n")
        self.create()
        with open(self.path(".reeve-baseline.json"), "rb") as f:
            first = f.read()
        self.assert_no_secret(first, "the baseline")
        self.assertEqual(len(re.findall(rb"rv1:[0-9a-f]{32}", first)), 2)
        self.create()
        with open(self.path(".reeve-baseline.json"), "rb") as f:
            self.assertEqual(f.read(), first)

    def test_a_path_that_holds_a_secret_is_masked_in_it(self):
        self.write(f"nm/{self.token()}/x.env", f"TOKEN={self.token()}\n")
        self.write(f"nm/api-tokens/password/{'d' * 200}/y.env", f"TOKEN={self.token()}\n")
        self.create()
        with open(self.path(".reeve-baseline.json"), "rb") as f:
            self.assert_no_secret(f.read(), "the baseline")
        self.assertEqual(sorted(e["path"] for e in self.entries()),
                         ["nm/*****/x.env", f"nm/api-tokens/password/{'d' * 200}/y.env"])
        self.scan("-q", code=0)

    def test_create_adds_to_what_is_there(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create()
        old = self.entries()
        self.write("b.env", f"TOKEN={self.token()}\n")
        self.run_baseline("create", "--reason", "second", "--by", "mia", "--until", "2099-01-31")
        new = self.entries()
        self.assertEqual(len(new), 2)
        self.assertIn(old[0], new)
        added = [e for e in new if e["reason"] == "second"][0]
        self.assertEqual((added["by"], added["until"], added["path"], added["rule"]),
                         ("mia", "2099-01-31", "b.env", "github-token"))

    def test_another_file_on_request(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create("-o", self.path("known.json"))
        self.assertFalse(os.path.exists(self.path(".reeve-baseline.json")))
        self.found(code=1)
        self.found("-b", "known.json", code=0)
        listed = self.run_baseline("list", "-b", "known.json", "--json").out
        self.assertEqual(len(json.loads(listed)), 1)

    def test_what_has_ended_is_told_again(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create()
        prints = self.entries()[0]["fingerprint"]
        self.run_baseline("expire", prints, "--on", "2099-01-01")
        self.found(code=0)
        self.run_baseline("expire", prints)
        result = self.found(code=1)
        self.assertEqual(result.leaks[0]["fingerprint"], prints)
        self.assertTrue(self.entries()[0]["ended"])
        self.assertEqual(len(json.loads(self.run_baseline("list", "--ended", "--json").out)), 1)
        self.run_baseline("add", prints, "--reason", "revoked", "--rule", "github-token")
        self.found(code=0)

    def test_a_last_day_that_has_passed_is_refused(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        for words in (["create"], ["add", "rv1:" + "0" * 32]):
            self.refused(["baseline", *words, "--reason", "x", "--until", "2020-01-01"],
                         "--until 2020-01-01 has passed", "next: --until")
        self.assertFalse(os.path.exists(self.path(".reeve-baseline.json")))
        self.write("a.env", "nothing\n")
        self.refused(["baseline", "create", "--reason", "x", "--until", "2027-02-30"], "--until")

    def test_create_renews_nothing_that_has_ended(self):
        token = self.token()
        self.write("a.env", f"TOKEN={token}\n")
        self.run_baseline("create", "--reason", "x", "--until", "2099-01-01")
        prints = self.entries()[0]["fingerprint"]
        self.run_baseline("expire", prints)
        old = self.entries()
        self.write("b.env", f"TOKEN={self.token()}\nAGAIN={token}\n")
        result = self.create()
        self.assertIn(b"1 added, 2 in all", result.out)
        self.assertIn(b"entries have ended; next: reeve baseline list --ended", result.err)
        self.assertIn(old[0], self.entries())
        self.assert_places(self.found(code=1), ("a.env", 1), ("b.env", 2))
        self.run_baseline("add", prints, "--reason", "looked at")
        self.found(code=0)

    def test_one_finding_alone_is_added_by_its_fingerprint(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create()
        self.write("a.env", f"TOKEN={self.token()}\nTOKEN2={self.token()}\n")
        leaks = self.found(code=1).leaks
        self.run_baseline("add", leaks[0]["fingerprint"], "--reason", "one of them")
        self.assertEqual([l["fingerprint"] for l in self.found(code=1).leaks],
                         [leaks[1]["fingerprint"]])

    def test_prune_drops_what_is_gone(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.write("b.env", f"TOKEN={self.token()}\n")
        self.create()
        os.unlink(self.path("a.env"))
        result = self.run_baseline("prune")
        self.assertIn(b"1 dropped", result.out)
        self.assertEqual([e["path"] for e in self.entries()], ["b.env"])

    def test_prune_refuses_when_not_all_was_scanned(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create()
        os.mkdir(self.path("d"))
        self.write(".reeve.yaml", "scan:\n  max_file: 1K\n")
        self.write("big", "x" * 5000)
        os.unlink(self.path("a.env"))
        result = self.run_baseline("prune", code=3)
        self.assertIn(b"next:", result.err)
        self.assertEqual(len(self.entries()), 1)

    def test_history(self):
        if not shutil.which("git"):
            self.skipTest("git is not installed")
        repo = self.repo()
        repo.commit({"sub/a.env": f"TOKEN={self.token()}\n"})
        repo.commit({"sub/a.env": "x\n"})
        self.create("--git", cwd=repo.path + "/sub")
        self.assertTrue(os.path.exists(repo.path + "/.reeve-baseline.json"))
        self.found("--git", cwd=repo.path, code=0)
        repo.commit({"b.env": f"TOKEN={self.token()}\n"})
        self.assert_places(self.found("--git", cwd=repo.path), ("b.env", 1))
        self.run_baseline("prune", "--git", cwd=repo.path)
        self.assertEqual(len(self.entries(cwd=repo.path)), 1)
        self.run_baseline("prune", cwd=repo.path)
        self.assertEqual(len(self.entries(cwd=repo.path)), 0)

    def test_two_branches_that_add_merge(self):
        if not shutil.which("git"):
            self.skipTest("git is not installed")
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        self.create(cwd=repo.path)
        repo.commit({})
        repo.git("branch", "side")
        repo.commit({"b.env": f"TOKEN={self.token()}\n"})
        self.create(cwd=repo.path)
        repo.commit({})
        repo.git("checkout", "-q", "side")
        repo.commit({"c.env": f"TOKEN={self.token()}\n"})
        self.create(cwd=repo.path)
        repo.commit({})
        try:
            repo.git("merge", "-q", "-m", "both", "main")
        except RuntimeError as e:
            self.skipTest(f"these fingerprints were neighbours: {e}"[:60])
        self.found(cwd=repo.path, code=0)
        self.assertEqual(len(self.entries(cwd=repo.path)), 3)

    def branches(self, repo, first, second):
        """Two branches from here, each with files of its own and its baseline."""
        repo.git("branch", "side")
        for branch, files in (("main", first), ("side", second)):
            repo.git("checkout", "-q", branch)
            repo.commit(files)
            self.create(cwd=repo.path)
            repo.commit({})

    def keys(self, name, count):
        return {f"{name}.env": "".join(f"T{i}={self.token()}\n" for i in range(count))}

    def test_many_on_two_branches_merge_as_it_says(self):
        repo = self.repo()
        repo.commit(self.keys("a", 1))
        hint = self.create(cwd=repo.path).err.decode()
        self.assertIn("next: ", hint)
        self.assertIn(".gitattributes", hint)
        self.assertFalse(os.path.exists(repo.path + "/.gitattributes"))
        line = hint.splitlines()[-1]
        self.assertEqual(line, ".reeve-baseline.json merge=union")
        repo.commit({".gitattributes": line + "\n"})
        self.assertEqual(self.create(cwd=repo.path).err, b"")
        self.branches(repo, self.keys("b", 30), self.keys("c", 30))
        repo.git("merge", "-q", "-m", "both", "main")
        self.found(cwd=repo.path, code=0)
        self.assertEqual(len(self.entries(cwd=repo.path)), 61)

    def test_a_conflict_says_how_it_is_mended(self):
        repo = self.repo()
        repo.commit(self.keys("a", 1))
        self.create(cwd=repo.path)
        repo.commit({})
        self.branches(repo, self.keys("b", 60), self.keys("c", 60))
        with self.assertRaises(RuntimeError):
            repo.git("merge", "-q", "-m", "both", "main")
        name = repo.path + "/.reeve-baseline.json"
        for words in (["scan"], ["baseline", "list"]):
            said = self.refused(words, ".reeve-baseline.json:", "conflict marker", "both",
                                "next: delete only the lines", "merge=union", cwd=repo.path)
            self.assertNotIn(b"JSON", said.err)
        with open(name, encoding="utf-8") as f:
            lines = [l for l in f if not re.match("<<<<<<<|=======|>>>>>>>", l)]
        repo.write(".reeve-baseline.json", "".join(lines))
        self.found(cwd=repo.path, code=0)
        self.assertEqual(len(self.entries(cwd=repo.path)), 121)

    def test_two_first_baselines_say_that_their_salts_differ(self):
        repo = self.repo()
        repo.commit({"x": "x\n", ".gitattributes": "*.json merge=union\n"})
        self.branches(repo, self.keys("b", 3), self.keys("c", 3))
        repo.git("merge", "-q", "-m", "both", "main")
        with open(repo.path + "/.reeve-baseline.json", encoding="utf-8") as f:
            salts = [n for n, line in enumerate(f, 1) if '"salt"' in line]
        self.assertEqual(len(salts), 2)  # where the second comes to stand is up to the entries
        self.refused(["scan"], f".reeve-baseline.json:{salts[1]}: a second salt", "git checkout BRANCH",
                     "reeve baseline create", cwd=repo.path)
        repo.git("checkout", "main", "--", ".reeve-baseline.json")
        self.create(cwd=repo.path)
        self.found(cwd=repo.path, code=0)

    def test_the_line_for_attributes_is_told_only_where_it_is_missing(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.assertNotIn(b"next:", self.create().err)
        repo = self.repo()
        repo.commit({"sub/a.env": f"TOKEN={self.token()}\n"})
        sub = ["-o", repo.path + "/sub/known.json", repo.path]
        for text, is_told in (("", True), ("*.json merge=union\n", False),
                              ("*.json merge=union\nknown.json -merge\n", True),
                              ("/sub/known.json text merge=union", False),
                              ("sub/known.json merge=ours", True), ("# *.json merge=union", True)):
            repo.write(".gitattributes", text)
            self.assertEqual(b"\nsub/known.json merge=union" in self.create(*sub).err, is_told,
                             text)
        repo.write("sub/.gitattributes", "known.json merge=union\n")
        self.assertNotIn(b"merge=union", self.create(*sub).err)
        os.unlink(repo.path + "/sub/.gitattributes")
        repo.write(".git/info/attributes", "*.json merge=union\n")
        self.assertNotIn(b"merge=union", self.create(*sub).err)

    def test_a_report_of_gitleaks_is_one(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        report = self.run_reeve("dir", ".", "--report-format", "json").out
        self.write("old.json", report)
        self.found("-b", "old.json", code=0)
        os.rename(self.path("a.env"), self.path("b.env"))
        self.assert_places(self.found("-b", "old.json"), ("b.env", 1))  # as in gitleaks
        self.refused(["baseline", "create", "--reason", "x", "-b", "old.json"], "gitleaks")
        self.refused(["baseline", "add", "rv1:" + "0" * 32, "--reason", "x", "-b", "old.json"],
                     "gitleaks")


if __name__ == "__main__":
    scanning.main()
