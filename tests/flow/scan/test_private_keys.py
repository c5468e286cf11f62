"""Private keys whose value begins a line below what the rule matches: markers on each of their
lines, and gitleaks' ignores and reports, which count from BEGIN."""

import json
import os
import random
import unittest

import scanning
from scanning import BASE62

DASHES = "-" * 5
ALLOW = 'reeve:allow reason="a test"'


class Keys(scanning.Case):
    def body(self, lines=6):
        rows = ["MIIE" + "".join(random.choices(BASE62, k=60)) for _ in range(lines)]
        for row in rows:
            self.keep(row)
        return "\n".join(rows)

    def key(self, begin="", end="", above="", below=""):
        """Markers behind BEGIN and END, and lines around."""
        return (f"{above}{DASHES}BEGIN RSA PRIVATE KEY{DASHES}{begin}\n{self.body()}\n"
                f"{DASHES}END RSA PRIVATE KEY{DASHES}{end}\n{below}")

    def report(self, path, secret, start):
        """As gitleaks writes it."""
        return [{"RuleID": "private-key", "StartLine": start, "Secret": secret, "Match": secret,
                 "File": path, "Commit": "", "Fingerprint": f"{path}:private-key:{start}"}]


class Markers(Keys):
    def told(self, text):
        self.write("src/a.txt", text)
        result = self.scan("--json", "src")
        return [leak["rule"] for leak in result.leaks]

    def test_one_on_its_first_or_last_line_quiets_it(self):
        for marker in (ALLOW, "gitleaks:allow", "kingfisher:ignore"):
            self.assertEqual(self.told(self.key(begin=f" # {marker}")), [], marker)
            self.assertEqual(self.told(self.key(end=f" # {marker}")), [], marker)
        self.assertEqual(self.told(self.key(begin=" # pragma: allowlist secret")), [])

    def test_one_on_the_line_above_quiets_it_where_that_form_may_stand_there(self):
        for marker in (ALLOW, "kingfisher:ignore", "pragma: allowlist nextline secret"):
            self.assertEqual(self.told(self.key(above=f"x\n# {marker}\n")), [], marker)
        for marker in ("gitleaks:allow", "pragma: allowlist secret"):
            self.assertEqual(self.told(self.key(above=f"# {marker}\n")), ["private-key"], marker)

    def test_one_beside_it_or_of_another_key_does_not(self):
        self.assertEqual(self.told(self.key(below=f"# {ALLOW}\n")), ["private-key"])
        self.assertEqual(self.told(self.key(above=f"# {ALLOW}\n\n")), ["private-key"])
        self.assertEqual(self.told(self.key(begin=" # reeve:allow")), ["private-key"])
        self.assertEqual(self.told(self.key() + self.key(begin=f" # {ALLOW}")), ["private-key"])
        self.assertEqual(self.told(self.key(end=f" # {ALLOW}") + self.key()), ["private-key"])
        cut = self.key().split(f"{DASHES}END")[0]
        self.assertEqual(self.told(cut + self.key(begin=" # gitleaks:allow")), ["private-key"])


class Gitleaks(Keys):
    def test_an_ignore_names_the_line_of_begin(self):
        r = self.repo()
        commit = r.commit({"id_rsa": self.key(), "b/at3": "x\ny\n" + self.key()})
        for words in (("dir", "."), ("git", ".")):
            for name, lines in (("id_rsa", (1, 2)), ("b/at3", (3, 4))):
                for line in lines:
                    for lead in ("", commit + ":") if words[0] == "git" else ("",):
                        r.write(".gitleaksignore", f"{lead}{name}:private-key:{line}\n")
                        result = self.run_reeve(*words, "-f", "json", "-r", "-", cwd=r.path)
                        files = [row["File"] for row in json.loads(result.out)]
                        self.assertEqual(len(files), 1, (words, name, line, str(result)))
                        self.assertNotIn(name, files)
        r.write(".gitleaksignore", "id_rsa:private-key:3\nb/at3:private-key:2\n")
        result = self.run_reeve("dir", ".", "-f", "json", "-r", "-", cwd=r.path)
        self.assertEqual(len(json.loads(result.out)), 2)

    def test_its_report_knows_the_key_by_what_it_says_or_where(self):
        text = "x\n" + self.key()
        self.write("src/id_rsa", text)
        secret = text[2:].rstrip("\n")
        base = self.path("gl.json")
        for shown, start, count in ((secret, 2, 0), (secret, 40, 0), ("REDACTED", 2, 0),
                                    ("REDACTED", 3, 0), ("REDACTED", 1, 1), (secret[1:], 2, 1)):
            with open(base, "w", encoding="utf-8") as f:
                json.dump(self.report("id_rsa", shown, start), f)
            result = self.scan("--json", "-b", base, ".", cwd=os.path.join(self.dir, "src"))
            self.assertEqual(len(result.leaks), count, (start, count))


if __name__ == "__main__":
    scanning.main()
