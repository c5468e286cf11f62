"""Private keys whose value begins a line below what the rule matches: markers on each of their
lines, and gitleaks' ignores and reports, which count from BEGIN."""

import base64
import json
import os
import random
import shutil
import subprocess

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


class Xml(scanning.Case):
    def test_the_private_half_of_an_rsa_key_is_found(self):
        def number(size):
            return base64.b64encode(os.urandom(size)).decode()
        for size, gap in ((128, ""), (256, "\n  "), (512, "")):
            key = (f"<RSAKeyValue>{gap}<Modulus>{number(size)}</Modulus>{gap}"
                   f"<Exponent>AQAB</Exponent>{gap}")
            self.write("src/public.xml", key + "</RSAKeyValue>")
            for name in ("P", "Q", "DP", "DQ", "InverseQ"):
                key += f"<{name}>{number(size // 2)}</{name}>{gap}"
            secret = self.keep(number(size))
            self.write("src/key.xml", f"<a>\n{key}<D>{secret}</D></RSAKeyValue></a>\n")
            result = self.scan("--json", "src")
            self.assertEqual([(leak["rule"], leak["path"]) for leak in result.leaks],
                             [("private-key-xml", "src/key.xml")], str(result))


class Der(scanning.Case):
    FORMS = (("RSA", "-pkeyopt", "rsa_keygen_bits:2048"), ("EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
             ("ED25519",))

    def openssl(self, *words, stdin=None):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        done = subprocess.run(["openssl", *words], input=stdin, capture_output=True,
                              timeout=scanning.DEADLINE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def key(self, form):
        return self.openssl("genpkey", "-algorithm", form[0], *form[1:])

    def told(self, text, *words):
        self.write("src/a.bin", text)
        result = self.scan("--json", *words, "src")
        return [(leak["rule"], leak["line"], leak.get("facts")) for leak in result.leaks]

    def facts(self, pem):
        told = self.told(pem)
        self.assertEqual(len(told), 1, told)
        return told[0][2]

    def test_each_form_is_told_as_its_pem_is(self):
        for form in self.FORMS:
            pem = self.key(form)
            der = self.openssl("pkey", "-outform", "DER", stdin=pem)
            self.keep(der)
            want = [("private-key", 1, self.facts(pem))]
            self.assertIn(form[0].lower(), str(want).lower())
            self.assertEqual(self.told(der), want)
            self.assertEqual(self.told(base64.b64encode(der) + b"\n"), want)
            self.assertEqual(self.told(base64.encodebytes(der)), want)
            self.assertEqual(self.told(der.hex().encode()), want)
            self.assertEqual(self.told(b"PK = " + base64.b64encode(der) + b"\n"), want)

    def test_traditional_forms(self):
        for form in self.FORMS[:2]:
            pem = self.key(form)
            der = self.openssl("pkey", "-traditional", "-outform", "DER", stdin=pem)
            self.assertEqual(self.told(der), [("private-key", 1, self.facts(pem))])

    def test_one_with_a_passphrase(self):
        pem = self.key(self.FORMS[0])
        der = self.openssl("pkcs8", "-topk8", "-outform", "DER", "-passout", "pass:ab", stdin=pem)
        told = self.told(der)
        self.assertEqual(len(told), 1, told)
        self.assertIn("passphrase", told[0][2])

    def test_what_is_no_private_key(self):
        pem = self.key(self.FORMS[0])
        der = self.openssl("pkey", "-outform", "DER", stdin=pem)
        public = self.openssl("pkey", "-pubout", "-outform", "DER", stdin=pem)
        for text in (public, der[:-1], der + b"\0", b"\x30\x03\x02\x01\x00",
                     b"\x30\x0b\x02\x01\x01\x04\x06public", b"\x30" * 40):
            self.assertEqual(self.told(text), [], text[:20])

    def test_a_history(self):
        r = self.repo()
        pem = self.key(self.FORMS[0])
        r.commit({"a.key": self.openssl("pkey", "-outform", "DER", stdin=pem)})
        r.commit({"a.key": b"", "b.pem": pem})
        result = self.scan("--json", "--git", "repo")
        self.assertEqual(sorted(leak["path"] for leak in result.leaks), ["a.key", "b.pem"])


if __name__ == "__main__":
    scanning.main()
