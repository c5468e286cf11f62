"""Files, members and streams larger than what is held at once: an encoding that goes on from one window
to the next is read on where it was. Not here: values in plain text (test_inputs.py)."""

import base64
import binascii
import gzip
import io
import random
import tarfile

import scanning

MB = 1 << 20
WINDOW = 8 * MB


def words(count):
    text = "".join(random.choice("abcdefgh ") for _ in range(1 << 16))
    return (text * (count // len(text) + 1))[:count]


def tar_gz(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    return out.getvalue()


class Runs(scanning.Case):
    def plain(self, before, behind=0):
        return (words(before) + f"\nt={self.token()}\n" + words(behind)).encode()

    def assert_all(self, names, layers, *more):
        result = self.found(*more)
        self.assertEqual([leak["path"] for leak in result.leaks], sorted(names), str(result))
        self.assertEqual({leak["layers"] for leak in result.leaks}, {layers}, str(result))
        self.assertEqual(result.gaps, [])

    def test_base64_that_goes_on_is_read_wherever_it_begins(self):
        names = [f"{at}.json" for at in range(4)]
        for at, name in enumerate(names):
            text = base64.b64encode(self.plain(9 * MB))
            self.write(name, b"{" + b" " * at + b'"a":"' + text + b'"}')
        self.assert_all(names, "base64")

    def test_base64_in_lines_and_hex_go_on_as_well(self):
        for at in range(2):
            self.write(f"lines{at}", b"h" * at + b"\n" + base64.encodebytes(self.plain(9 * MB)))
        self.assert_all(["lines0", "lines1"], "base64", "lines0", "lines1")
        for at in range(2):
            self.write(f"hex{at}", b" " * at + binascii.hexlify(self.plain(5 * MB)))
        self.assert_all(["hex0", "hex1"], "hex", "hex0", "hex1")

    def test_a_run_that_begins_before_an_edge_goes_on(self):
        for at in range(3):
            text = base64.b64encode(self.plain(120_000, 60_000))
            self.write(f"{at}.txt", b"#\n" * ((WINDOW - 100_000) // 2) + b" " * at + text)
        self.assert_all(["0.txt", "1.txt", "2.txt"], "base64")

    def test_so_it_is_in_a_member_and_on_standard_input(self):
        text = b" " + base64.b64encode(self.plain(9 * MB))
        self.write("a.tar.gz", tar_gz({"a": text}))
        self.assert_all(["a.tar.gz"], "base64")
        result = self.found("--stdin", stdin=text)
        self.assertEqual([leak["layers"] for leak in result.leaks], ["base64"], str(result))

    def test_a_text_in_wide_characters_goes_on(self):
        for form, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"),
                           ("utf-32-le", b"\xff\xfe\0\0"), ("utf-32-be", b"\0\0\xfe\xff")):
            text = "\u4f60\u597d\u4e16" * (3 * MB // (2 if "16" in form else 4))
            text += f"\nt={self.token()}\n" + "\u4e16" * 100
            self.write(form, mark + text.encode(form))
            self.assert_all([form], form[:-3] + form[-2:], form)
        self.write("in.tar.gz", tar_gz({"a": mark + text.encode(form)}))
        self.assert_all(["in.tar.gz"], "utf-32be", "in.tar.gz")

    def test_so_it_does_behind_a_hole(self):
        text = f"\nt={self.token()}\n".encode("utf-16-le")
        with open(self.path("hole"), "wb") as f:
            f.write(b"\xff\xfe" + "\u4f60".encode("utf-16-le") * (9 * MB // 2))
            f.seek(40 * MB)
            f.write("\u4f60".encode("utf-16-le") * 5000 + text + b"\x60\x4f" * 5000)
        self.assert_all(["hole"], "utf-16le")

    def test_an_archive_on_an_edge_is_no_damaged_one(self):
        for before in (100, 300, 20_000, 40_000):
            text = base64.b64encode(gzip.compress(self.plain(200) + bytes(30_000)))
            lines = b"#\n" * ((WINDOW - before) // 2)
            self.write("edge", lines + text + b"\n" + b"#\n" * 500)
            result = self.found("--strict", "edge")
            self.assertEqual([leak["inside"] for leak in result.leaks], ["data"], str(result))
            self.assertEqual(result.gaps, [])


class Columns(scanning.Case):
    def test_a_column_behind_four_gib_is_told_in_every_report(self):
        token = self.token()
        with open(self.path("sparse"), "wb") as f:
            f.seek(10 << 30)
            f.write(b" t=" + token.encode() + b"\n")
        column = (10 << 30) + 4
        leak = self.found("sparse").leaks[0]
        self.assertEqual((leak["line"], leak["column"], leak["offset"]), (1, column, column - 1))
        self.assertEqual((leak["end_line"], leak["end_column"]), (1, column + len(token)))
        place = {"text": f"sparse:1:{column}", "html": f"column {column}",
                 "sarif": f'"startColumn":{column}', "csv": f",{column},",
                 "github": f"col={column},", "gitleaks": f'"StartColumn": {column}',
                 "jsonl": f'"column":{column}', "junit": f"sparse:1:{column}"}
        for form, text in place.items():
            shown = self.scan("sparse", "-f", form, code=1).out.decode().replace(": ", ":")
            self.assertIn(text.replace(": ", ":"), shown, form)


if __name__ == "__main__":
    scanning.main()
