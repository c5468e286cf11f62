"""Where the settings of a scan lie: beside what is scanned, or at the top of the work tree."""

import os
import shutil
import unittest

import scanning

NOTE = "the top of the work tree"


class Below(scanning.Case):
    def setUp(self):
        super().setUp()
        self.r = self.repo("r[1]")
        for name in ("src/a.env", "src/gen/b.env", "lib/c.env"):
            self.r.write(name, f"DB_PASSWORD={self.password()}\n")
        self.r.write(".reeveignore", "src/gen/\n")

    def places(self, *words, folder="", code=1):
        result = self.found(*words, code=code, cwd=os.path.join(self.r.path, folder))
        self.notes = result.err.decode()
        return [path for path, _ in result.places]

    def test_settings_of_the_top_hold_in_a_folder_and_are_noted(self):
        self.assertEqual(self.places("."), ["lib/c.env", "src/a.env"])
        self.assertNotIn(NOTE, self.notes)
        self.assertEqual(self.places("src"), ["src/a.env"])
        self.assertIn(NOTE, self.notes)
        self.assertEqual(self.places(".", folder="src"), ["a.env"])
        self.assertEqual(self.places("../src/", folder="lib"), ["../src/a.env"])
        self.assertEqual(self.places(os.path.join(self.r.path, "src")),
                         [os.path.join(self.r.path, "src/a.env")])
        self.assertEqual(self.places("gen", folder="src", code=0), [])
        self.assertEqual(self.places("src", "lib"), ["lib/c.env", "src/a.env"])

    def test_a_pattern_of_the_top_counts_from_there(self):
        self.r.write(".reeveignore", "/gen/\n")
        self.assertEqual(self.places(".", folder="src"), ["a.env", "gen/b.env"])
        self.r.write(".reeveignore", "/src/a.env\n")
        self.assertEqual(self.places("src/a.env", "src/gen/b.env"),
                         ["src/a.env", "src/gen/b.env"])  # named: read whatever they say

    def test_an_exclusion_given_with_the_command_counts_from_what_is_scanned(self):
        self.assertEqual(self.places(".", "--exclude", "/a.env", folder="src", code=0), [])
        self.assertEqual(self.places(".", "--exclude", "src/a.env", folder="src"), ["a.env"])
        self.assertEqual(self.places(".", "--exclude", "*.env", folder="src", code=0), [])

    def test_settings_of_the_folder_go_before_those_of_the_top(self):
        self.r.write("src/.gitleaksignore", "")
        self.assertEqual(self.places(".", folder="src"), ["a.env", "gen/b.env"])
        self.assertNotIn(NOTE, self.notes)

    def test_allowances_rules_and_baseline_of_the_top_hold_in_a_folder(self):
        self.r.write(".reeve.yaml", "scan:\n  allow:\n    - paths: [\"src/a.env\"]\n"
                                    "      reason: \"made up\"\n")
        self.assertEqual(self.places(".", folder="src", code=0), [])
        os.unlink(os.path.join(self.r.path, ".reeve.yaml"))
        self.run_reeve("baseline", "create", "--reason", "old", cwd=self.r.path)
        self.assertEqual(self.places(".", folder="src", code=0), [])

    def test_a_top_of_somebody_else_does_not_count(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give a folder away")
        os.chown(os.path.join(self.r.path, ".git"), 12345, 12345)
        self.assertEqual(self.places(".", folder="src"), ["a.env", "gen/b.env"])
        os.chown(os.path.join(self.r.path, "src"), 12345, 12345)
        self.assertEqual(self.places(".", folder="src"), ["a.env"])

    def test_without_a_work_tree_nothing_above_counts(self):
        shutil.rmtree(os.path.join(self.r.path, ".git"))
        self.assertEqual(self.places(".", folder="src"), ["a.env", "gen/b.env"])

    def test_a_baseline_made_in_a_folder_says_what_it_changes(self):
        src = os.path.join(self.r.path, "src")
        made = self.run_reeve("baseline", "create", "--reason", "old", cwd=src)
        self.assertEqual(made.code, 0, str(made))
        self.assertIn("hold here from now on", made.err.decode())
        self.assertEqual(self.places(".", folder="src", code=0), [])

    def test_a_baseline_is_made_and_pruned_by_what_lies_beside_it_alone(self):
        for path in ("src", "src/a.env"):
            made = self.run_reeve("baseline", "create", "--reason", "old", path, cwd=self.r.path)
            self.assertNotIn(NOTE, made.err.decode())
            pruned = self.run_reeve("baseline", "prune", "src", cwd=self.r.path)
            self.assertEqual((made.code, pruned.code), (0, 0), str(pruned))
            self.assertNotIn(NOTE, pruned.err.decode())
            self.assertFalse(os.path.exists(os.path.join(self.r.path, ".reeve-baseline.json")))
        listed = self.run_reeve("baseline", "list", cwd=os.path.join(self.r.path, "src")).out
        self.assertIn(b"src/gen/b.env", listed)  # the top's .reeveignore does not hold

    def test_a_baseline_that_lies_at_the_top_is_pointed_at(self):
        self.run_reeve("baseline", "create", "--reason", "old", cwd=self.r.path)
        result = self.run_reeve("baseline", "list", cwd=os.path.join(self.r.path, "src"))
        self.assertNotEqual(result.code, 0)
        self.assertIn(f"--baseline {self.r.path}/.reeve-baseline.json", result.err.decode())


if __name__ == "__main__":
    scanning.main()
