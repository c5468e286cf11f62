"""Under --diff the change that is judged cannot excuse itself: markers, ignore files, configuration
and baseline count as they are in the base."""

import json
import os
import random
import shutil
import unittest

import scanning

MARKED = "TOKEN={} # reeve:allow reason=\"surely only a test\"\n"


class GateCase(scanning.Case):
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

    def listed(self, *words):
        done = self.found("--diff", "base", *words, code=0, cwd=self.r.path)
        return sorted((s["path"], s["line"]) for s in done.document["suppressions"])

    RULES = ("version: 2\nrules:\n  - id: our-key\n    name: Our key\n    provider: ours\n"
             "    kind: api_key\n    anchors: ['{0}']\n    regex: '{0}[0-9a-f]{{20}}'\n"
             "    ahead: 64\n    fingerprint: fleet\n    confidence: 90\n    since: 2026-11-27\n")
    ENTRY = ('    {{"fingerprint": "rv1:{}", "rule": "github-token", "path": "a.env",'
             ' "reason": "x", "added": "2026-11-27"}},\n')

    def baseline(self, *entries):
        head = '{\n  "schema": "reeve-baseline/1",\n  "salt": "' + "0" * 64 + '",\n  "entries": [\n'
        return head + "".join(entries) + '    {"bucket": "end"}\n  ]\n}\n'


class Gate(GateCase):
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

    def test_files_that_the_configuration_of_the_base_names_are_listed(self):
        self.into_base({".reeve.yaml": "scan:\n  rules: [ci/r.yaml]\n  baseline: ci/b.json\n",
                        "ci/r.yaml": self.RULES.format("ours_"), "ci/b.json": self.baseline()})
        self.r.commit({"ci/r.yaml": self.RULES.format("gone_"),
                       "ci/b.json": self.baseline(self.ENTRY.format("1" * 32),
                                                  self.ENTRY.format("2" * 32)),
                       "ci/other.yaml": "a: b\n"})
        want = [("ci/b.json", 5), ("ci/b.json", 6), ("ci/r.yaml", 7)]
        self.assertEqual(self.listed(), want)
        self.assertEqual(self.listed("--worktree"), want)

    def test_they_are_listed_though_the_settings_exclude_them(self):
        self.into_base({".reeve.yaml": "scan:\n  rules: [ci/r.yaml]\n  exclude: [ci/]\n",
                        "ci/r.yaml": self.RULES.format("ours_")})
        self.r.commit({"ci/r.yaml": self.RULES.format("gone_"), "ci/x": "a\n"})
        self.assertEqual(self.listed(), [("ci/r.yaml", 7)])

    def test_one_that_the_change_takes_away_is_listed(self):
        self.into_base({".reeve.yaml": "scan:\n  rules: [ci/r.yaml]\n",
                        "ci/r.yaml": self.RULES.format("ours_")})
        self.r.git("rm", "-q", "ci/r.yaml")
        self.r.commit({})
        self.assertEqual(self.listed(), [("ci/r.yaml", 1)])

    def test_of_many_all_are_counted_and_none_is_lost(self):
        self.r.commit({".reeveignore": "".join(f"file-{n}.env\n" for n in range(21500))})
        result = self.judge(code=0)
        self.assertEqual(result.document["summary"]["suppressions"], 21500)
        self.assertEqual(len(result.document["suppressions"]), 20000)
        text = self.scan("--diff", "base", cwd=self.r.path, code=0).out.decode()
        self.assertIn("This change adds 21500 suppressions; here they have no effect:", text)
        self.assertIn("    and 21450 more: --format json lists most\n", text)

    def test_a_rename_from_or_to_settings_is_listed(self):
        self.into_base({".reeve.yaml": "scan:\n  rules: [ci/r.yaml]\n",
                        "ci/r.yaml": self.RULES.format("ours_"), "words": "a.env\nb/\n"})
        self.r.git("mv", "words", ".reeveignore")
        self.r.git("mv", "ci/r.yaml", "old.yaml")
        self.r.commit({})
        want = [(".reeveignore", 1), (".reeveignore", 2), ("ci/r.yaml", 1)]
        self.assertEqual(self.listed(), want)
        self.assertEqual(self.listed("--worktree"), want)

    def test_a_comment_in_place_of_rules_does_not_hide_that_they_are_gone(self):
        two = self.RULES.format("ours_") + self.RULES.format("more_").split("rules:\n", 1)[1]
        two = two.replace("id: our-key", "id: another", 1)
        self.into_base({".reeve.yaml": "scan:\n  rules: [ci/r.yaml]\n", "ci/r.yaml": two})
        self.r.commit({"ci/r.yaml": self.RULES.format("ours_").replace("our-key", "another")
                       + "# more to come\n"})
        self.assertEqual(self.listed(), [("ci/r.yaml", 1)])
        self.into_base({"ci/r.yaml": two})
        self.r.commit({"ci/r.yaml": two + "# more to come\n"})
        self.assertEqual(self.listed(), [])

    def test_files_that_the_configuration_of_the_change_names_are_listed(self):
        self.r.commit({".reeve.yaml": "scan:\n  baseline: ./ci/b.json\n",
                       "ci/b.json": self.baseline(self.ENTRY.format("1" * 32)),
                       ".gitleaks.toml": "[extend]\npath = 'ci/more.toml'\n",
                       "ci/more.toml": "[allowlist]\npaths = ['''a''']\n"})
        self.assertEqual(self.listed(), [(".gitleaks.toml", 2), (".reeve.yaml", 2),
                                         ("ci/b.json", 5), ("ci/more.toml", 2)])

    def test_each_added_entry_of_a_configuration_is_listed(self):
        self.into_base({".reeve.yaml": "scan:\n  disable:\n    - slack-bot-token\n",
                        ".gitleaks.toml": "title = \"x\"\n"})
        self.r.commit({".reeve.yaml": "# ours\nscan:\n  disable:\n    - slack-bot-token\n"
                                      "    - github-token\n    - npm-token\n  allow:\n"
                                      "    - paths: ['*.env']\n      reason: mine\n"
                                      "  min_confidence: 100\n",
                       ".gitleaks.toml": "title = \"x\"\n[extend]\nuseDefault = true\n"
                                         "disabledRules = ['github-pat']\n[allowlist]\n"
                                         "paths = [\n  '''a''',\n  '''b''',\n]\n"})
        self.assertEqual(self.listed(), [(".gitleaks.toml", n) for n in (4, 6, 7, 8)] +
                         [(".reeve.yaml", n) for n in (5, 6, 8, 10)])

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


class Given(GateCase):
    """Files that the command line names: of those in the repository the base's count."""

    DISABLES = "scan:\n  exclude: [a.env]\n"

    def change_everything(self):
        """The base has four files that let nothing pass; the change makes each let all pass."""
        self.into_base({"ci/c.yaml": "scan:\n  strict: true\n", "ci/b.json": self.baseline(),
                        "ci/ign": "# none\n", "ci/r.yaml": self.RULES.format("ours_")})
        ours = self.keep("ours_" + random.randbytes(10).hex())
        self.r.commit({"a.env": f"TOKEN={self.token()}\nOURS={ours}\n"})
        self.r.commit({"ci/c.yaml": self.DISABLES, "ci/ign": "a.env:github-token:1\n",
                       "ci/b.json": self.baseline(self.ENTRY.format("1" * 32)),
                       "ci/r.yaml": self.RULES.format("gone_")})

    GIVEN = ("--config", "ci/c.yaml", "--baseline", "ci/b.json", "--gitleaks-ignore-path",
             "ci/ign", "--rules", "ci/r.yaml")

    def test_count_as_the_base_has_them_and_are_listed(self):
        self.change_everything()
        for more in ((), ("--worktree",)):
            result = self.judge(*self.GIVEN, *more)
            self.assertEqual([(l["line"], l["rule"]) for l in result.leaks],
                             [(1, "github-token"), (2, "our-key")], str(result))
            listed = sorted((s["path"], s["line"]) for s in result.document["suppressions"])
            self.assertEqual(listed, [("ci/b.json", 5), ("ci/c.yaml", 2), ("ci/ign", 1),
                                      ("ci/r.yaml", 7)])
        self.assertEqual(len(self.found(*self.GIVEN, ".", cwd=self.r.path, code=0).leaks), 0)

    def test_by_other_ways_to_write_them(self):
        self.change_everything()
        os.symlink(self.r.path, self.path("link"))
        os.mkdir(self.r.path + "/deep")
        for way, cwd in (("./ci/../ci/c.yaml", self.r.path), ("../ci/c.yaml", self.r.path + "/deep"),
                         (self.r.path + "/ci/c.yaml", self.r.path),
                         (self.path("link/ci/c.yaml"), self.r.path)):
            result = self.found("--diff", "base", "--config", way, cwd=cwd)
            self.assertIn(("a.env", 1), result.places)
            self.assertIn("ci/c.yaml", [s["path"] for s in result.document["suppressions"]])

    def test_a_link_that_the_change_puts_in_their_way(self):
        self.into_base({"ci/c.yaml": "scan:\n  strict: true\n"})
        self.r.git("rm", "-rq", "ci")
        self.r.write("evil/c.yaml", self.DISABLES)
        os.symlink("evil", self.r.path + "/ci")
        self.r.commit({"a.env": f"TOKEN={self.token()}\n"})
        self.assert_places(self.judge("--config", "ci/c.yaml"), ("a.env", 1))

    def test_one_that_the_change_brings_does_not_count_and_it_is_said(self):
        self.r.commit({"a.env": f"TOKEN={self.token()}\n", "ci/c.yaml": self.DISABLES,
                       "ci/b.json": self.baseline(), "ci/ign": "a.env:github-token:1\n",
                       "ci/r.yaml": self.RULES.format("ours_")})
        result = self.judge(*self.GIVEN)
        self.assert_places(result, ("a.env", 1))
        for name in ("ci/c.yaml", "ci/b.json", "ci/ign", "ci/r.yaml"):
            self.assertIn(f"{name} is not in base: it does not count before it is",
                          result.err.decode(), str(result))
            self.assertIn(name, [s["path"] for s in result.document["suppressions"]])

    def test_what_is_in_no_commit_or_elsewhere_is_the_callers_own(self):
        self.r.commit({"a.env": f"TOKEN={self.token()}\n"})
        self.r.write("mine.yaml", self.DISABLES)
        self.write("other.yaml", self.DISABLES)
        self.judge("--config", "mine.yaml", code=0)
        self.judge("--config", self.path("other.yaml"), code=0)
        self.r.git("add", "mine.yaml")
        self.judge("--config", "mine.yaml", "--worktree")

    def test_the_same_under_a_policy_ref(self):
        self.change_everything()
        result = self.found("--policy-ref", "base", *self.GIVEN, ".", cwd=self.r.path)
        self.assertEqual([(l["line"], l["rule"]) for l in result.leaks if l["path"] == "a.env"],
                         [(1, "github-token"), (2, "our-key")], str(result))


if __name__ == "__main__":
    if not shutil.which("git"):
        print("SKIPPED: git is not installed")
        raise SystemExit(77)
    scanning.main()
