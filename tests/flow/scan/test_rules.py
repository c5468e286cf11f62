"""`reeve rules`: what is built in, tried on its samples; rules of one's own; what rules cost."""

import json
import os
import shutil
import unittest

import scanning

RULE = """version: 2
rules:
  - id: acme-key
    name: Acme key
    provider: acme
    kind: api_key
    anchors: ["acmek_"]
    regex: 'acmek_[0-9A-Za-z]{30}'
    confidence: 95
    since: 2026-11-27
    docs: "https://example.com/keys"
    samples:
      positive: [%s]
      negative: [%s]
"""


class Rules(scanning.Case):
    def rules(self, *words, code=0):
        result = self.run_reeve("rules", *words)
        self.assertEqual(result.code, code, str(result))
        return result

    def test_what_is_wrong_is_said(self):
        self.refused(["rules"], "list", "show", "test", "cost")
        self.refused(["rules", "show"], "rule")
        self.refused(["rules", "show", "githb-token"], "github-token", "next: reeve rules list")
        self.refused(["rules", "test", "gone.yaml"], "gone.yaml")
        self.refused(["rules", "cost", "gone"], "gone")
        self.refused(["rules", "list", "--provder", "x"], "--provider")

    def test_the_list_is_the_rules_in_force(self):
        rules = json.loads(self.rules("list", "--json").out)
        self.assertGreaterEqual(len(rules), 250)
        self.assertEqual(len({r["id"] for r in rules}), len(rules))
        scanned = self.found("--stdin", code=0).document["tool"]["rules"]
        self.assertEqual(len(rules), scanned)
        rows = self.rules("list", "--provider", "github").out.decode().splitlines()
        self.assertTrue(rows and all(row.split("\t")[1] == "github" for row in rows), rows)
        self.assertEqual(self.rules("list", "--provider", "nobody").out, b"")

    def test_the_readme_counts_them_right(self):
        told = self.found("--stdin", code=0).document["tool"]["rules"]
        with open(os.path.join(os.environ["RV_SOURCE"], "README.md"), encoding="utf-8") as f:
            self.assertIn(f", {told} rules in ", f.read())

    def test_one_is_shown_whole_also_by_another_tools_name(self):
        for name in ("github-token", "github-pat"):
            text = self.rules("show", name).out.decode()
            for part in ("github-token", "ghp_", "crc32-base62", "99%", "https://github.com"):
                self.assertIn(part, text)
            shown = json.loads(self.rules("show", name, "--json").out)
            self.assertEqual(shown["check"], "crc32-base62")

    def test_every_built_in_rule_passes_its_samples(self):
        result = self.rules("test")
        self.assertIn(b" 0 failed", result.out)
        counts = json.loads(self.rules("test", "--json").out)
        self.assertEqual(counts["failures"], 0)
        self.assertGreaterEqual(counts["rules"], 250)

    def test_rules_of_ones_own(self):
        path = self.write("good.yaml", RULE % ('"k=acmek_{alnum:30}"', '"acmek_{alnum:12}"'))
        self.assertIn(b"1 rules, 2 samples", self.rules("test", path).out)
        self.write("bad.yaml", RULE % ('"k=acmek_{alnum:29}"', '"x acmek_{alnum:30}"'))
        result = self.rules("test", "bad.yaml", code=1)
        self.assertIn(b"bad.yaml:3: acme-key does not find", result.out)
        self.assertIn(b"bad.yaml:3: acme-key must not find", result.out)
        self.assertIn(b"2 failed", result.out)

    def test_a_file_that_is_none_is_refused_with_its_place(self):
        self.write("odd.yaml", (RULE % ('"a"', '"b"')).replace("confidence", "confidense"))
        self.refused(["rules", "test", "odd.yaml"], "odd.yaml:", "confidense")
        self.write("odd.yaml", (RULE % ('"a"', '"b"')).replace("{30}'", "{30'"))
        self.assertIn(self.run_reeve("rules", "test", "odd.yaml").code, (1, 2))

    def test_own_rules_find_in_a_scan(self):
        self.write("good.yaml", RULE % ('"k=acmek_{alnum:30}"', '"acmek_{alnum:12}"'))
        value = self.keep("acmek" + "_" + "".join(scanning.random.choice(scanning.BASE62)
                                                  for _ in range(30)))
        self.write("d/a.txt", f"x {value}\n")
        self.found("d", code=0)
        leak = self.found("--rules", "good.yaml", "d").leaks[0]
        self.assertEqual(leak["rule"], "acme-key")

    def test_costs_are_told(self):
        self.write("d/a.env", f"TOKEN={self.token()}\nDB_PASSWORD=\"{self.password()}\"\n" * 50)
        rows = self.rules("cost", "d").out.decode().splitlines()
        self.assertTrue(0 < len(rows) <= 10, rows)
        costs = json.loads(self.rules("cost", "d", "--json").out)
        by_rule = {c["rule"]: c for c in costs}
        self.assertGreaterEqual(by_rule["github-token"]["matches"], 50)
        self.assertEqual([c["ns"] for c in costs], sorted((c["ns"] for c in costs), reverse=True))


class Cache(scanning.Case):
    """Anchors of rules of one's own are compiled once."""

    def setUp(self):
        super().setUp()
        self.write("my.yaml", RULE % ('"acmek_{alnum:30}"', '"acmek_{alnum:12}"'))
        os.mkdir(self.path("d"))
        os.mkdir(self.path("home"), 0o700)

    def told(self, *words, where=None, **env):
        env = {"HOME": self.path("home"), **env}
        result = self.scan("-v", "--rules", "my.yaml", *words, where or "d", code=0, env=env)
        return result.err.decode()

    def test_the_second_run_compiles_nothing(self):
        self.assertIn("anchors: compiled and kept", self.told())
        self.assertIn("anchors: from the cache", self.told())
        self.assertNotIn("from the cache", self.told("--no-cache"))
        self.assertIn("compiled and kept", self.told("--cache", "kept"))
        self.assertIn("from the cache", self.told("--cache", "kept"))
        self.assertIn("compiled and kept", self.told(XDG_CACHE_HOME=self.path("home")))

    def test_what_was_kept_finds_the_same(self):
        self.write("d/a.env", "x = " + self.keep("acmek_" + "aB3" * 10) + "\n")
        for _ in range(2):
            result = self.found("--rules", "my.yaml", "d", env={"HOME": self.path("home")})
            self.assert_places(result, ("d/a.env", 1))

    def test_a_rule_that_changed_has_another_file(self):
        self.told()
        self.write("my.yaml", (RULE % ('"acmep_{alnum:30}"', '"x"')).replace("acmek_", "acmep_"))
        self.assertIn("compiled and kept", self.told())
        self.assertIn("from the cache", self.told())

    def test_a_cache_that_cannot_be_used_is_no_error(self):
        kept = self.path("home/.cache/reeve")
        self.told()
        for name in os.listdir(kept):
            with open(f"{kept}/{name}", "r+b") as f:
                f.seek(-1, os.SEEK_END) if os.path.getsize(f.name) else f.write(b"x")
                f.write(b"!")
        self.assertIn("what was kept was damaged", self.told())
        self.assertIn("from the cache", self.told())
        os.chmod(kept, 0o755)
        self.assertIn("no cache: ", self.told())
        shutil.rmtree(kept)
        with open(kept, "wb"):
            pass
        self.assertIn("no cache: ", self.told())
        self.assertIn("no cache: ", self.told("--cache", "/dev/null"))
        self.assertIn("anchors: compiled", self.told(HOME=""))

    def test_where_others_have_a_say_in_the_rules_nothing_is_kept(self):
        """A flaw in what reads them could else write what the next run believes."""
        never = lambda *words, **more: [self.told(*words, **more) for _ in range(2)]
        other = (RULE % ('"acmep_{alnum:30}"', '"x"')).replace("acmek", "acmep").replace("acme-key", "acme-pass")
        self.write("d/other.yaml", other)
        own = self.write("own.yaml", "scan:\n  strict: false\n")
        theirs = self.write("theirs.yaml", "scan:\n  rules: [other.yaml]\n")
        for words in (["--rules", "d/other.yaml"], ["--config", theirs]):
            for told in never(*words):
                self.assertIn("what is scanned has a say in the rules", told)
        self.write("d/.reeve.yaml", "scan:\n  strict: true\n")
        for told in never():
            self.assertNotIn("kept", told)
            self.assertNotIn("from the cache", told)
        first, second = never("--config", own)  # then the tree's counts no more
        self.assertIn("compiled and kept", first)
        self.assertIn("from the cache", second)

    def test_a_repository_has_no_say_where_a_configuration_is_named(self):
        repo = self.repo()
        repo.commit({"a.txt": "x\n", "in.yaml": "scan:\n  strict: true\n"})
        own = self.write("own.yaml", "scan:\n  strict: true\n")
        told = lambda *words: self.told("--git", *words, where="repo")
        for words in ([], ["--policy-ref", "HEAD"], ["--config", repo.path + "/in.yaml"]):
            for _ in range(2):
                self.assertNotIn("kept\n", told(*words))
                self.assertNotIn("from the cache", told(*words))
        self.assertIn("compiled and kept", told("--config", own))
        self.assertIn("from the cache", told("--config", own, "--policy-ref", "HEAD"))

    def test_nothing_is_left_in_what_is_scanned_or_where_no_rules_are(self):
        self.assertIn("lies in what is scanned", self.told(where=self.path("home")))
        self.scan("d", code=0, env={"HOME": self.path("home")})
        self.assertEqual(os.listdir(self.path("home")), [])
        repo = self.repo()
        self.assertIn("lies in a work tree", self.told(HOME=repo.path))
        self.assertEqual(os.listdir(repo.path), [".git"])


if __name__ == "__main__":
    scanning.main()
