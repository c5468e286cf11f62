"""What a report shows beside a value: no other value that the scan found, in any format, wherever
it stands, and the same bytes at any number of threads."""

import html
import io
import os
import shutil
import subprocess
import urllib.parse
import zipfile

import scanning


class Masking(scanning.Case):
    def every_format(self, *words, code=1, **more):
        """run_reeve asserts for each that nothing kept came out."""
        for form in scanning.FORMATS:
            self.scan("--format", form, *words, code=code, **more)


class CutLines(Masking):
    def test_reports_are_the_same_at_any_number_of_threads(self):
        long = self.password() + self.password()
        self.write("t/zz.env", f'DB_PASSWORD="{long}"\n')
        for i in range(120):
            self.write(f"t/d{i % 20}/f{i:03}.env",
                       f"API_TOKEN={self.token()} #{' x' * (20 + i % 40)} old {long} and then a "
                       f"tail that goes on {'z' * (i % 50)} {'w' * 80}\n" + "q\n" * 400)
        first = None
        for threads in ("1", "2", "4", "8", "4", "8"):
            out = scanning.without_times(self.found("-j", threads, "t").out)
            first = first or out
            self.assertEqual(out, first, threads)

    def test_no_piece_of_a_value_of_another_file_is_shown_where_a_line_is_cut(self):
        long = self.password() + self.password()
        for pad in range(40, 200, 3):
            self.write(f"t/{pad:03}.env", f"API_TOKEN={self.token()} #{' x' * (pad // 2)} {long}\n")
            self.write(f"t/{pad:03}.txt", f"{long} {'y' * (pad // 2)} API_TOKEN={self.token()}\n")
        self.write("t/zz.env", f'DB_PASSWORD="{long}"\n')
        self.every_format("-j", "1", "t")

    def test_no_piece_of_a_value_is_shown_where_a_message_is_cut(self):
        repo = self.repo()
        long = self.password() + self.password()
        for pad in range(130, 210, 4):
            repo.commit({f"{pad}.env": f"API_TOKEN={self.token()}\n"}, "y" * pad + " " + long)
        repo.commit({"zz.env": f'DB_PASSWORD="{long}"\n'})
        self.every_format("--git", cwd=repo.path)

    def test_a_value_that_is_shown_otherwise_than_it_is_stays_hidden(self):
        odd = self.password().encode() + b"\xfc\xdf" + self.password().encode()
        self.secrets.append(odd)
        self.write("t/a.env", b"API_TOKEN=" + self.token().encode() + b" # old " + odd + b"\n")
        self.write("t/b.env", b'DB_PASSWORD="' + odd + b'"\n')
        self.every_format("t")


class Names(Masking):
    def setUp(self):
        super().setUp()
        self.value = self.password()
        self.write("t/db.env", f'DB_PASSWORD="{self.value}"\n')

    def zip_of(self, name):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr(name, f"API_TOKEN={self.token()}\n")
        return data.getvalue()

    def test_no_value_is_shown_in_a_path(self):
        self.write(f"t/{self.value}/x.env", f"API_TOKEN={self.token()}\n")
        self.every_format("t")

    def test_no_value_is_shown_in_a_members_name(self):
        self.write("t/a.zip", self.zip_of(f"{self.value}/x.env"))
        self.every_format("t")
        insides = [leak.get("inside") for leak in self.found("t").leaks]
        self.assertIn("*****/x.env", insides)

    def test_no_value_is_shown_in_a_gap(self):
        self.write(f"t/{self.value}.zip", b"PK\x03\x04" + b"junk" * 20)
        self.write("t/b.zip", self.zip_of(f"{self.value}.zip/x")[:-30])
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr(f"{self.value}.zip", b"PK\x03\x04" + b"junk" * 20)
        self.write("t/c.zip", outer.getvalue())
        self.every_format("t")
        self.assertGreaterEqual(len(self.found("t").gaps), 2)

    def test_no_value_is_shown_of_a_missing_object(self):
        repo = self.repo()
        repo.commit({"db.env": f'DB_PASSWORD="{self.value}"\n',
                     f"{self.value}.txt": f"API_TOKEN={self.token()}\n"})
        oid = repo.git("rev-parse", f"HEAD:{self.value}.txt")
        os.remove(os.path.join(repo.path, ".git/objects", oid[:2], oid[2:]))
        self.every_format("--git", cwd=repo.path)

    def test_no_value_goes_into_a_baseline(self):
        self.write(f"t/{self.value}/x.env", f"API_TOKEN={self.token()}\n")
        self.run_reeve("baseline", "create", "--reason", "known", "t")
        with open(self.path("t/.reeve-baseline.json"), "rb") as f:
            data = f.read()
        self.assertIn(b"*****/x.env", data)
        self.assert_no_secret(data, "the baseline")
        self.found("t", code=0)


class WeakValues(Masking):
    def test_weak_values_are_masked_where_they_were_found_and_nowhere_else(self):
        self.write("t/a.yml", 'db_password: "example"\ntoken: "token1"\nadmin_password: admin1\n')
        self.write("t/b.env", f"API_TOKEN={self.token()} # of the example admin1, not token1\n")
        self.write("t/c.txt", 'conn = "postgres://hunter:postgres@db.example.org/hunter"\n')
        rows = self.found("--all", "t").leaks
        shown = {row["path"]: row["context"] for row in rows if row["path"] != "t/a.yml"}
        self.assertEqual(shown["t/b.env"], "API_TOKEN=***** # of the example admin1, not token1")
        self.assertEqual(shown["t/c.txt"],
                         'conn = "postgres://hunter:*****@db.example.org/hunter"')
        for row in rows:
            if row["path"] == "t/a.yml":
                self.assertIn("*****", row["context"])


class Configurations(Masking):
    def test_notes_show_no_value(self):
        value, token = self.password(), self.token()
        self.write("t/db.env", f'DB_PASSWORD="{value}"\n')
        self.write("t/.gitleaks.toml", "[extend]\nuseDefault = true\n"
                   f'disabledRules = ["{token}", "{value}"]\n')
        self.every_format("t")
        result = self.found("t")
        self.assertEqual(sum("*****" in note for note in result.document["notes"]), 2, str(result))
        self.assertIn(b"reeve scan: note: ", result.err)

    def test_failures_show_no_token(self):
        token = self.token()
        self.write("t/.reeve.yaml", f"scan:\n  baseline: {token}.json\n")
        self.refused(("scan", "t"), "there is no baseline *****")
        self.write("t/.reeve.yaml", f"scan:\n  rules: [{token}.yaml]\n")
        self.refused(("scan", "t"), "there is no file *****")
        self.write("t/.reeve.yaml", f"scan:\n  {token}: 1\n")
        self.refused(("scan", "t"), "unknown key *****")
        self.refused(("scan", token), "cannot scan *****")
        self.write("base.json", f'{{"schema": "{token}"}}')
        os.remove(self.path("t/.reeve.yaml"))
        self.refused(("scan", "-b", "base.json", "t"), "schema is")


class Escapes(Masking):
    def setUp(self):
        super().setUp()
        core = self.password() + self.password()
        self.secrets.pop()  # it stands in parts
        self.value = core[:10] + "&" + core[10:20] + "/" + core[20:]
        self.write("t/a.env", f"DB_PASSWORD='{self.value}'\n")

    def forms(self):
        quoted = urllib.parse.quote(self.value, safe="")
        yield self.value.replace("/", "\\/")
        yield self.value.replace("&", "\\u0026")
        yield self.value.replace("&", "\\\\u0026")
        yield self.value.replace("&", "\\&")
        yield html.escape(self.value)
        yield self.value.replace("&", "&#38;").replace("/", "&#x2F;")
        yield quoted
        yield urllib.parse.quote(quoted, safe="")
        yield urllib.parse.quote(html.escape(self.value), safe="")
        yield "".join(f"%{c:02X}" for c in self.value.encode())

    def keep_pieces(self):
        """Of an escaped form what is between the escapes would be seen."""
        for piece in self.value.replace("/", "&").split("&"):
            self.secrets.append(piece)

    def test_an_escaped_value_is_masked(self):
        self.keep_pieces()
        for i, form in enumerate(self.forms()):
            self.write(f"t/{i}.env", f"API_TOKEN={self.token()} # q={form}&x=1\n")
        self.every_format("t")
        shown = [row["context"] for row in self.found("t").leaks if row["path"] != "t/a.env"]
        for context in shown:
            self.assertIn(context, ("API_TOKEN=***** # q=*****&x=1", "API_TOKEN=***** # *****"))

    def test_no_piece_of_an_escaped_value_is_shown_where_a_line_is_cut(self):
        for i, form in enumerate(self.forms()):
            for pad in range(150, 190, 2):
                self.write(f"t/{i}-{pad}.env", f"K={self.token()} #{' ' * pad} {form}\n")
                self.write(f"t/{i}-{pad}.txt", f"{form} {' ' * (pad - 140)} K={self.token()}\n")
        for row in self.found("t").leaks:
            for piece in self.value.replace("/", "&").split("&"):
                for at in range(len(piece) - 5):
                    self.assertNotIn(piece[at:at + 6], row["context"], row)

    def test_a_value_that_was_found_escaped_is_masked_where_it_is_not(self):
        value = self.password() + "/" + self.password()
        self.write("u/a.json", '{"db_password": "' + value.replace("/", "\\/") + '"}\n')
        self.write("u/b.env", f"API_TOKEN={self.token()} # {value}\n")
        self.every_format("u")

    def test_no_line_of_a_key_is_shown(self):
        openssl = shutil.which("openssl")
        if not openssl:
            self.skipTest("openssl is not installed")
        key = subprocess.run([openssl, "genrsa", "2048"], capture_output=True, check=True,
                             text=True).stdout
        line = key.splitlines()[3]
        self.write("k/k.pem", key)
        self.write("k/a.env", f"API_TOKEN={self.token()} # {line}\n")
        self.write("k/b.env", f"API_TOKEN={self.token()} # old: {key.splitlines()[8]}, gone\n")
        for text in key.splitlines()[1:-1]:
            self.keep(text)
        self.every_format("k")


if __name__ == "__main__":
    scanning.main()
