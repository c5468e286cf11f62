"""`reeve baseline`: what a change of one takes and what it refuses."""

import json
import os
import re
import unittest

import scanning

FILE = ".reeve-baseline.json"


class Change(scanning.BaselineCase):
    def entries(self, *words, **more):
        return json.loads(self.run_baseline("list", "--json", *words, **more).out)

    def one(self):
        """A baseline of one entry; gives its fingerprint."""
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create()
        return self.entries()[0]["fingerprint"]


class Create(Change):
    def test_of_a_file_it_lies_beside_the_file(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.write("b.env", f"TOKEN={self.token()}\n")
        self.write("deep/c.env", f"TOKEN={self.token()}\n")
        self.create("a.env")
        self.create("deep/c.env")
        self.assertEqual([e["path"] for e in self.entries()], ["a.env"])
        self.assertEqual([e["path"] for e in self.entries(cwd=self.path("deep"))], ["deep/c.env"])
        self.assert_places(self.found("."), ("b.env", 1), ("deep/c.env", 1))
        self.found("a.env", code=0)

    def two_days(self, repo, first, second, **entries):
        """Two branches that know rules up to these days, merged by union."""
        repo.git("branch", "side")
        for branch, day in (("main", first), ("side", second)):
            repo.git("checkout", "-q", branch)
            with open(os.path.join(repo.path, FILE), encoding="utf-8") as f:
                text = re.sub(r'"rules_day": ".*?"', f'"rules_day": "{day}"', f.read())
            line = '{"bucket": "00"},\n'
            repo.commit({FILE: text.replace(line, line + entries.get(branch, ""))})
        repo.git("merge", "-q", "-m", "both", "main")

    def test_of_two_rules_days_that_a_merge_left_the_later_holds(self):
        entry = '    {{"fingerprint": "rv1:00{}", "rule": "other", "added": "2026-11-27"}},\n'
        for name, first, second, more in (("one", "2026-02-01", "2026-03-01", {}),
                                          ("two", "2026-03-01", "2026-02-01", {}),
                                          ("near", "2026-02-01", "2026-03-01",
                                           {"main": entry.format("a" * 30),
                                            "side": entry.format("b" * 30)})):
            repo = self.repo(name)
            repo.commit({"a.env": f"TOKEN={self.token()}\n", ".gitattributes": "* merge=union\n"})
            self.create(cwd=repo.path)
            repo.commit({})
            self.two_days(repo, first, second, **more)
            with open(os.path.join(repo.path, FILE), encoding="utf-8") as f:
                self.assertEqual(f.read().count("rules_day"), 2)
            result = self.found(code=0, cwd=repo.path)
            self.assertIn("two rules_day", result.err.decode())
            self.assertIn("the later, 2026-03-01, holds", result.err.decode())
            self.assertEqual(len(self.entries(cwd=repo.path)), 1 + len(more))
            self.create(cwd=repo.path)
            with open(os.path.join(repo.path, FILE), encoding="utf-8") as f:
                self.assertEqual(f.read().count("rules_day"), 1)
            self.assertNotIn(b"rules_day", self.found(code=0, cwd=repo.path).err)


class Expire(Change):
    def test_a_day_that_is_none_is_said_of_its_option(self):
        prints = self.one()
        for day in ("zork", "", "2027-02-30"):
            self.refused(["baseline", "expire", prints, "--on", day], "--on is a day", "next: --on")
        self.found(code=0)

    def test_ends_an_entry_and_never_renews_one(self):
        prints = self.one()

        def until():
            return self.entries()[0].get("until")

        result = self.run_baseline("expire", prints, "--on", "2099-03-01")
        self.assertIn(b"1 ending, 1 in all", result.out)
        self.run_baseline("expire", prints, "--on", "2099-03-01")  # as it is
        self.run_baseline("expire", prints, "--on", "2099-02-01")
        self.refused(["baseline", "expire", prints, "--on", "2099-02-02"],
                     "--on 2099-02-02 is after its last day, 2099-02-01",
                     f"next: reeve baseline add {prints} --reason", "--until 2099-02-02")
        self.assertEqual(until(), "2099-02-01")
        self.found(code=0)
        result = self.run_baseline("expire", prints, "--on", "2020-01-31", "--json")
        self.assertEqual(json.loads(result.out)["ended"], 1)
        self.found(code=1)
        for day in ("2099-01-01", "2020-02-01"):
            self.refused(["baseline", "expire", prints, "--on", day], "only add", "next:")
        self.run_baseline("expire", prints)  # yesterday would be later
        self.assertEqual(until(), "2020-01-31")
        self.found(code=1)


class Add(Change):
    def test_to_renew_an_entry_keeps_its_rule_and_path(self):
        prints = self.one()
        self.run_baseline("expire", prints)
        self.run_baseline("add", prints, "--reason", "revoked", "--by", "mia")
        renewed = self.entries()[0]
        self.assertEqual([renewed[k] for k in ("rule", "path", "reason", "by", "until", "ended")],
                         ["github-token", "a.env", "revoked", "mia", "", False])
        self.run_baseline("add", prints, "--reason", "x", "--rule", "other", "--path", "b.env")
        self.assertEqual([self.entries()[0][k] for k in ("rule", "path")], ["other", "b.env"])
        self.run_baseline("add", "rv1:" + "0" * 32, "--reason", "y")
        self.assertEqual([e["rule"] for e in self.entries() if e["reason"] == "y"], ["unknown"])

    def test_what_holds_a_secret_is_refused_and_not_shown(self):
        prints = self.one()
        token = self.token()
        with open(self.path(FILE), "rb") as f:
            before = f.read()
        more = ("is a file to commit", "next: say it without")
        for words in (["add", prints], ["create"]):
            words = ["baseline", *words]
            self.refused([*words, "--reason", f"this is {token}, revoked"], "--reason", *more)
            self.refused([*words, "--reason", f"key={token}"], "--reason", *more)
            self.refused([*words, "--reason", "x", "--by", token], "--by", *more)
        for option in ("--path", "--rule"):
            self.refused(["baseline", "add", prints, "--reason", "x", option, token], option, *more)
        with open(self.path(FILE), "rb") as f:
            self.assertEqual(f.read(), before)
        for reason in ("the password of the test database, see #12", f"as {prints}, revoked",
                       "in 3f786850e387550fdab836ed7e6dc881de23001b; mail mia@example.org",
                       "password=changeme only here"):
            self.run_baseline("add", prints, "--reason", reason)


class Prune(Change):
    def test_what_looks_at_less_is_refused(self):
        self.write("a.env", f"TOKEN={self.token()}\nDB_PASSWORD=\"{self.password()}\"\n")
        self.create()
        for option, value in (("exclude", "*"), ("enable-rule", "npm-token"), ("max-file", "1"),
                              ("decode-depth", "0"), ("archive-depth", "0"), ("range", "a..b"),
                              ("since", "2026-01-01")):
            self.refused(["baseline", "prune", "--" + option, value], "--" + option, "dropped",
                         "next: prune without it")
        self.refused(["baseline", "prune", "--min-confidence", "99"], "--min-confidence 99",
                     "next: prune with at most --min-confidence 50")
        self.write(".reeve.yaml", "scan:\n  min_confidence: 80\n")
        self.refused(["baseline", "prune", "--min-confidence", "81"], "at most --min-confidence 80")
        os.unlink(self.path(".reeve.yaml"))
        self.assertEqual(len(self.entries()), 2)
        for words in ([], ["--min-confidence", "20"], ["--min-confidence", "50"]):
            self.assertIn(b"0 dropped, 2 in all", self.run_baseline("prune", *words).out)
        self.assertNotIn(b"exclude", self.run_baseline("prune", "--help").out)

    def tree(self, *words):
        """Four places with a token each, known to FILE or what words name; then none has it."""
        names = ["src/a.env", "src/deep/b.env", "lib/c.env", "d.env"]
        for name in names:
            self.write("w/" + name, f"TOKEN={self.token()}\n")
        self.create(*words, cwd=self.path("w"))
        return names

    def forget(self, *names):
        for name in names:
            self.write("w/" + name, "nothing\n")

    def paths(self, *words):
        return sorted(e["path"] for e in self.entries(*words, cwd=self.path("w")))

    def test_of_a_part_of_what_it_is_about_is_refused(self):
        names = self.tree()
        self.forget("src/a.env")
        for words, folder in (([FILE, "src"], "w"), ([FILE, "src", "d.env"], "w"),
                              ([FILE, "./src/"], "w"), ([FILE, self.path("w/src")], "w"),
                              (["../" + FILE], "w/src"), (["../" + FILE, "."], "w/src")):
            self.refused(["baseline", "prune", "-b", *words], "outside of what was scanned",
                         "next: reeve baseline prune --baseline", cwd=self.path(folder))
        self.refused(["baseline", "prune", "d.env"], "outside", "next:", cwd=self.path("w"))
        self.assertEqual(self.paths(), sorted(names))
        self.run_baseline("prune", "-b", "../" + FILE, "..", cwd=self.path("w/src"))
        self.assertEqual(self.paths(), ["d.env", "lib/c.env", "src/deep/b.env"])
        self.forget("src/deep/b.env", "d.env")
        self.run_baseline("prune", self.path("w"))
        self.assertEqual(self.paths(), ["lib/c.env"])
        self.forget("lib/c.env")
        self.run_baseline("prune", "w")
        self.assertEqual(self.paths(), [])

    def test_as_it_was_made_it_drops_wherever_the_file_lies(self):
        os.mkdir(self.path("kept"))
        for number, file in enumerate(("known.json", "../kept/known.json")):
            self.tree("-o", file, "src")
            self.forget("src/a.env")
            result = self.run_baseline("prune", "-b", file, "src", cwd=self.path("w"))
            self.assertIn(b"1 dropped, 1 in all", result.out)
            self.assertNotIn(b"left", result.err)
            self.assertEqual(self.paths("-b", file), ["src/deep/b.env"], str(number))

    def test_what_lies_elsewhere_stays_and_is_counted(self):
        self.tree("-o", "../kept.json", ".")
        os.mkdir(self.path("kept"))
        os.rename(self.path("kept.json"), self.path("kept/known.json"))
        self.forget("src/a.env", "lib/c.env", "d.env")
        at = ["-b", "../kept/known.json"]
        result = self.run_baseline("prune", *at, "src", cwd=self.path("w"))
        self.assertIn(b"1 dropped, 3 in all", result.out)
        self.assertIn(b"2 not found and left: their paths lie outside", result.err)
        self.assertEqual(self.paths(*at), ["d.env", "lib/c.env", "src/deep/b.env"])
        result = self.run_baseline("prune", *at, ".", cwd=self.path("w"))
        self.assertEqual(self.paths(*at), ["src/deep/b.env"])
        self.assertNotIn(b"left", result.err)

    def test_what_is_of_a_rule_that_is_not_known_here_stays(self):
        self.write("own.yaml", """version: 2
rules:
  - id: own-key
    name: Own key
    provider: own
    kind: api_key
    anchors: ["ownkey_"]
    regex: 'ownkey_[0-9a-z]{24}'
    confidence: 95
    fingerprint: fleet
    since: 2026-11-27
    samples:
      positive: ["ownkey_{hex:24}"]
      negative: ["ownkey_{hex:12}"]
""")
        self.write("a.env", "K=" + self.keep("ownkey_" + os.urandom(12).hex()) + "\n")
        self.create("--rules", "own.yaml")
        self.run_baseline("add", "rv1:" + "0" * 32, "--reason", "of no rule")
        result = self.run_baseline("prune")
        self.assertIn(b"1 dropped, 1 in all", result.out)
        self.assertIn(b"1 not found and left: their rules are not known here", result.err)
        self.write("a.env", "K=\n")
        result = self.run_baseline("prune", "--rules", "own.yaml")
        self.assertIn(b"1 dropped, 0 in all", result.out)

    def test_of_a_baseline_that_is_not_there_is_refused(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        for words in ([], ["-b", "knwon.json"]):
            self.refused(["baseline", "prune", *words], "there is no baseline", "next:")


if __name__ == "__main__":
    scanning.main()
