"""`reeve scan` of values that touch other bytes, or that something put in between hides: colours,
escaped slashes, formats without signs between texts, bytes listed as numbers, too many encodings."""

import base64
import importlib._bootstrap_external as bootstrap
import json
import random
import sqlite3

import scanning

ESC = "\x1b["


def alnum(count):
    return "".join(random.choice(scanning.BASE62) for _ in range(count))


class Glued(scanning.Case):
    def only(self, name, text, rule, value):
        """One finding, `value` of `rule`, and no gap."""
        path = self.write(name, text)
        result = self.found(path)
        self.assertEqual([leak["rule"] for leak in result.leaks], [rule], str(result))
        self.assertEqual(result.gaps, [], str(result))
        raw = text if isinstance(text, bytes) else text.encode()
        at = result.leaks[0]["offset"]
        self.assertEqual(raw[at:at + len(value)], value.encode(), str(result))
        return result.leaks[0]

    def slack(self):
        secret = self.keep(alnum(24))
        return "https://hooks.slack.com/services/T%s/B%s/%s" % (
            alnum(9).upper(), alnum(10).upper(), secret), secret

    # -- slashes

    def test_addresses_whose_slashes_are_escaped_are_read(self):
        for n, slash in enumerate(("\\/", "\\\\/", "\\u002f", "\\x2F", "&#x2F;", "&#47;")):
            url, secret = self.slack()
            self.only(f"hook{n}.json", json.dumps({"u": "U"}).replace("U", url.replace("/", slash)),
                      "slack-webhook", secret)
            for scheme, rule in (("postgres", "postgres-url-password"), ("https", "url-password"),
                                 ("redis", "redis-url-password"), ("amqp", "amqp-url-password")):
                word = self.password()
                url = f"{scheme}://app:{word}@db.example.org/x".replace("/", slash)
                self.only(f"{scheme}{n}.json", '{"u": "%s"}\n' % url, rule, word)

    def test_a_line_with_an_escaped_address_shows_nothing_of_it(self):
        word, other, token = self.password(), self.password(), self.token()
        self.write("a.json", '{"u":"https:\\/\\/app:%s@h.example.org\\/x","password":"%s","t":"%s"}\n'
                   % (word, other, token))
        result = self.found(self.path("a.json"))
        self.assertEqual(len(result.leaks), 3, str(result))

    # -- colours

    def test_a_token_in_colours_is_found_once(self):
        for n, (before, behind) in enumerate((
                (ESC + "31m", ESC + "0m"), ("TOKEN=" + ESC + "36;1m", ESC + "0m"),
                (ESC + "01;31m" + ESC + "K", ESC + "m" + ESC + "K"),
                ('"\\u001b[31m', '\\u001b[0m"'), ("'\\033[1m", "\\033[0m'"))):
            token = self.token()
            self.only(f"{n}.log", "first\n" + before + token + behind + "\nlast\n", "github-token",
                      token)
            pat = self.keep("github_pat_" + alnum(22) + "_" + alnum(59))
            self.only(f"{n}.bin", b"\0\1\2" + (before + pat + behind).encode(),
                      "github-fine-grained", pat)

    def test_assignments_in_colours_are_read(self):
        for n, form in enumerate((
                ESC + "36mpassword" + ESC + '0m: "%s"', "db_password = " + ESC + '32m"%s"' + ESC + "0m",
                "password=" + ESC + "32m%s" + ESC + "0m next", 'password="' + ESC + "1m%s" + ESC + '0m"')):
            word = self.password()
            self.only(f"{n}.log", "a line\n" + form % word + "\n", "generic-assignment", word)
        secret = self.keep("".join(random.choice(scanning.BASE62 + "+/") for _ in range(40)))
        self.only("aws.log", "AWS_SECRET_ACCESS_KEY=" + ESC + "36;1m" + secret + ESC + "0m\n",
                  "aws-secret-access-key", secret)

    def test_a_long_log_in_colours_has_no_gap(self):
        token = self.token()
        line = ESC + "32mok" + ESC + "0m the job goes on\n"
        self.only("ci.log", line * 60000 + ESC + "31m" + token + ESC + "0m\n" + line * 60000,
                  "github-token", token)

    # -- texts side by side

    def test_a_constant_of_compiled_python_is_found(self):
        for n, value in enumerate((self.token(), self.keep("github_pat_" + alnum(22) + "_" + alnum(59)),
                                   self.keep("sk_live_" + alnum(24)))):
            code = compile(f'TOKEN = "{value}"\n', "f", "exec")
            leak = self.only(f"{n}.pyc", bytes(bootstrap._code_to_timestamp_pyc(code)),
                             ("github-token", "github-fine-grained", "stripe-live-key")[n], value)
            self.assertEqual(leak["end_column"] - leak["column"], len(value))

    def test_a_proven_value_needs_nothing_beside_it(self):
        token = self.token()
        self.only("go", b"\x7fELF\2\1\1\0\0\0078125" + token.encode() + b"template", "github-token",
                  token)
        token = self.token()
        self.only("a.py", f'x = "MYTOKEN{token}END"\n', "github-token", token)

    def test_columns_of_a_table_without_rows_numbers_are_told_apart(self):
        token, path = self.token(), self.path("a.db")
        db = sqlite3.connect(path)
        db.execute("create table x(a primary key, b, c) without rowid")
        db.execute("insert into x values ('user', ?, 'end')", (token,))
        db.commit()
        db.close()
        result = self.found(path)
        self.assertEqual([leak["rule"] for leak in result.leaks], ["github-token"], str(result))

    def test_a_length_before_a_value_bounds_it(self):
        pat = self.keep("github_pat_" + alnum(22) + "_" + alnum(59))
        for n, (before, behind) in enumerate((
                (b"\xac\xed\0\5t\0\x5d", b"t\0\3bob"), (b"\xa1\x65token\x78\x5d", b"duser\0"),
                (b"\0\x0a\x5d", b"B\3bob"), (b"\x80\3X\x5d\0\0\0", b"q\1."))):
            self.only(f"{n}.bin", before + pat.encode() + behind, "github-fine-grained", pat)
        # Without one nothing tells where the value ends.
        self.write("x.bin", b"\0\0user" + pat.encode() + b"\0")
        self.assertEqual(self.found(self.path("x.bin"), code=0).leaks, [])

    # -- numbers

    def test_bytes_listed_as_numbers_are_read(self):
        token = self.token()
        pairs = ["%02x" % c for c in token.encode()]
        for name, text in (
                ("a.c", "char k[] = {" + ", ".join("0x" + p for p in pairs) + "};\n"),
                ("b.js", "k = [" + ",".join("0x" + p for p in pairs) + "]\n"),
                ("c.sql", "insert into x values ('\\x" + "".join(pairs) + "');\n"),
                ("d.reg", '"k"=hex:' + ",".join(pairs[:20]) + ",\\\n  " + ",".join(pairs[20:]) + "\n")):
            result = self.found(self.write(name, text))
            self.assertEqual([leak["rule"] for leak in result.leaks], ["github-token"], str(result))

    def test_an_encoding_in_too_many_others_is_a_gap(self):
        text = ("token: " + self.token() + "\n").encode()
        for depth in range(1, 6):
            text = base64.b64encode(text)
            result = self.found(self.write(f"{depth}.txt", text), code=1 if depth < 4 else 0)
            self.assertEqual([gap["reason"] for gap in result.gaps],
                             [] if depth < 4 else ["too-large"], str(result))
        # Who asks for less knows it, but for nothing at all.
        self.assertEqual(self.found("--decode-depth", "0", self.path("4.txt"), code=0).gaps, [])
        self.assertEqual(len(self.found("--decode-depth", "1", self.path("2.txt"), code=0).gaps), 1)


if __name__ == "__main__":
    scanning.main()
