"""`reeve rules`: what is built in, tried on its samples; rules of one's own; what rules cost."""

import json
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


if __name__ == "__main__":
    scanning.main()
