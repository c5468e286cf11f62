"""Under --diff the change that is judged cannot excuse itself: markers, ignore files, configuration
and baseline count as they are in the base."""

import json
import os
import shutil
import unittest

import scanning

MARKED = "TOKEN={} # reeve:allow reason=\"surely only a test\"\n"


class Gate(scanning.Case):
    def setUp(self):
        super().setUp()
        self.r = self.repo()
        self.r.commit({"README": "x\n"})
        self.r.git("branch", "base")

    def judge(self, *words, code=1):
        return self.found("--diff", "base", *words, code=code, cwd=self.r.path)

    def into_base(self, files):
        self.r.git("checkout", "-q", "base")
        self.r.commit(files)
        self.r.git("checkout", "-q", "main")
        self.r.git("merge", "-q", "base")

    def test_an_added_marker_does_not_silence_what_it_stands_at(self):
        for mark in ("reeve:allow reason=\"a test\"", "gitleaks:allow", "betterleaks:allow",
                     "trufflehog:ignore", "pragma: allowlist secret"):
            self.r.commit({"a.env": f"TOKEN={self.token()} # {mark}\n"})
            result = self.judge()
            self.assertEqual([(l["path"], l["state"]) for l in result.leaks], [("a.env", "open")],
                             f"{mark}: {result}")

    def test_an_added_marker_is_listed(self):
        self.r.commit({"a.env": MARKED.format(self.token())})
        listed = self.judge().document["suppressions"]
        self.assertEqual([(s["path"], s["line"]) for s in listed], [("a.env", 1)])

    def test_a_marker_on_the_line_before_does_not_either(self):
        self.r.commit({"a.env": f"# reeve:allow reason=\"next line\"\nTOKEN={self.token()}\n"})
        self.assert_places(self.judge(), ("a.env", 2))

    def test_an_added_ignore_line_does_not(self):
        self.r.commit({"a.env": f"TOKEN={self.token()}\n"})
        prints = self.judge().leaks[0]["fingerprint"]
        for name, text in ((".reeveignore", "a.env\n"), (".reeveignore", f"{prints}\n"),
                           (".gitleaksignore", "a.env:github-token:1\n"),
                           (".betterleaksignore", "a.env:github-token:1\n")):
            self.r.commit({name: text})
            self.assert_places(self.judge(), ("a.env", 1))
            self.r.git("rm", "-q", "-f", name)
            self.r.commit({})

    def test_added_configuration_does_not(self):
        self.r.commit({"a.env": f"TOKEN={self.token()}\n"})
        for name, text in ((".reeve.yaml", "scan:\n  disable: [github-token]\n"),
                           (".reeve.yaml", "scan:\n  exclude: ['a.env']\n"),
                           (".reeve.yaml", "scan:\n  min_confidence: 100\n"),
                           (".gitleaks.toml", "[allowlist]\npaths = ['''.*''']\n"),
                           (".gitleaks.toml", "[extend]\nuseDefault = true\n"
                                              "disabledRules = ['github-pat']\n"),
                           (".reeve.yaml", "this: is: no yaml\n")):
            self.r.commit({name: text})
            self.assert_places(self.judge(), ("a.env", 1))
            self.r.git("rm", "-q", "-f", name)
            self.r.commit({})

    def test_an_added_baseline_does_not(self):
        self.r.commit({"a.env": f"TOKEN={self.token()}\n"})
        done = self.run_reeve("baseline", "create", ".", "--reason", "mine", cwd=self.r.path)
        self.assertEqual(done.code, 0, str(done))
        self.r.commit({})
        self.assertTrue(os.path.exists(self.r.path + "/.reeve-baseline.json"))
        self.found(cwd=self.r.path, code=0)
        self.assert_places(self.judge(), ("a.env", 1))

    def test_nor_do_those_that_only_lie_in_the_work_tree(self):
        self.r.commit({"a.env": f"TOKEN={self.token()}\n"})
        self.r.write(".reeveignore", "a.env\n")
        self.assert_places(self.judge(), ("a.env", 1))
        self.assertEqual(len(self.judge("--worktree").leaks), 1)

    def test_what_the_base_says_holds(self):
        self.into_base({".reeveignore": "fixtures/\n", ".reeve.yaml": "scan:\n  exclude: [doc/]\n"})
        self.r.commit({"fixtures/a.env": f"TOKEN={self.token()}\n",
                       "doc/b.env": f"TOKEN={self.token()}\n", "c.env": f"TOKEN={self.token()}\n"})
        self.assert_places(self.judge(), ("c.env", 1))

    def test_what_the_change_removes_still_holds(self):
        self.into_base({".reeveignore": "fixtures/\n"})
        self.r.git("rm", "-q", ".reeveignore")
        self.r.commit({"fixtures/a.env": f"TOKEN={self.token()}\n"})
        self.judge(code=0)

    def test_policy_ref_says_it_for_any_scan(self):
        self.into_base({".reeveignore": "fixtures/\n"})
        self.r.commit({"fixtures/a.env": f"TOKEN={self.token()}\n", ".reeveignore": "b.env\n",
                       "b.env": f"TOKEN={self.token()}\n"})
        result = self.found("--policy-ref", "base", ".", cwd=self.r.path)
        self.assert_places(result, ("b.env", 1))
        self.refused(["scan", "--policy-ref", "nowhere", "."], "nowhere", cwd=self.r.path)

    def test_a_marker_that_the_base_has_holds(self):
        token = self.token()
        self.into_base({"a.env": MARKED.format(token)})
        self.r.commit({"a.env": "first\n" + MARKED.format(token)})
        self.judge(code=0)

    def test_a_new_value_under_an_old_marker_is_told(self):
        self.into_base({"a.env": MARKED.format(self.token())})
        self.r.commit({"a.env": MARKED.format(self.token())})
        self.assert_places(self.judge(), ("a.env", 1))


if __name__ == "__main__":
    if not shutil.which("git"):
        print("SKIPPED: git is not installed")
        raise SystemExit(77)
    scanning.main()
