"""Private keys whose value begins a line below what the rule matches: markers on each of their
lines."""

import random

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


if __name__ == "__main__":
    scanning.main()
