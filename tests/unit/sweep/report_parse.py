"""The golden reports, read by other people's parsers: nothing left its place.

report_parse.py GOLDEN-FOLDER SAMPLE-PROGRAM
"""

import csv
import html.parser
import io
import json
import pathlib
import subprocess
import sys
import unittest
import urllib.parse
import xml.etree.ElementTree as xml

GOLDEN = pathlib.Path(sys.argv[1])
PROGRAM = sys.argv[2]
SAMPLES = ["clean", "partial", "all", "hostile"]
# Rows each sample tells, and what it says was not scanned.
ROWS = {"clean": 0, "partial": 0, "all": 7, "hostile": 4}
GAPS = {"clean": 0, "partial": 3, "all": 3, "hostile": 1}
THEIR_COLUMNS = ("RuleID Commit File SymlinkFile Secret Match StartLine EndLine StartColumn EndColumn "
                 "Author Message Date Email Fingerprint Tags").split()
# Key and type, in their order.
THEIR_KEYS = [("RuleID", str), ("Description", str), ("StartLine", int), ("EndLine", int),
              ("StartColumn", int), ("EndColumn", int), ("Match", str), ("Secret", str), ("File", str),
              ("SymlinkFile", str), ("Commit", str), ("Entropy", (int, float)), ("Author", str),
              ("Email", str), ("Date", str), ("Message", str), ("Tags", list), ("Fingerprint", str)]
EVIL_PATH = b"a\n::error::b\"'<img src=x>&\x1b[31m\xff\xc0\xaf]]>,:%0A\xe2\x80\xae\xe2\x80\xac\xc2\x9b\\x/\xc3\xa9 \xe4\xb8\xad\xef\xbf\xbe"


def golden(sample, form):
    return (GOLDEN / f"{sample}.{form}").read_bytes()


def strict(data):
    """JSON without duplicate keys, NaN or bytes that are not UTF-8."""
    def pairs(items):
        keys = [key for key, _ in items]
        assert len(keys) == len(set(keys)), f"duplicate key in {keys}"
        return dict(items)

    def refuse(word):
        raise ValueError(word)

    return json.loads(data.decode("utf-8", "strict"), object_pairs_hook=pairs, parse_constant=refuse)


class Page(html.parser.HTMLParser):
    """Counts elements and refuses what the page may not have."""

    VOID = {"meta", "br", "hr", "link", "img", "input"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.count, self.ids, self.links, self.labels = [], {}, set(), [], []
        self.problems, self.attrs_seen, self.lang = [], set(), None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.count[tag] = self.count.get(tag, 0) + 1
        self.attrs_seen |= set(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "html":
            self.lang = attrs.get("lang")
        if tag == "th" and "scope" not in attrs:
            self.problems.append("th without scope")
        if "id" in attrs:
            if attrs["id"] in self.ids:
                self.problems.append("id twice: " + attrs["id"])
            self.ids.add(attrs["id"])
        if tag == "a":
            self.links.append(attrs.get("href", ""))
        if "aria-labelledby" in attrs:
            self.labels.append(attrs["aria-labelledby"])

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append("unbalanced: " + tag)


class Formats(unittest.TestCase):
    def test_json_and_lines_hold_the_same_rows(self):
        for sample in SAMPLES:
            document = strict(golden(sample, "json"))
            lines = [strict(line) for line in golden(sample, "jsonl").splitlines()]
            self.assertEqual(len(document["leaks"]), ROWS[sample])
            self.assertEqual(len(document["gaps"]), GAPS[sample])
            self.assertEqual(document["leaks"], [l["leak"] for l in lines if "leak" in l])
            self.assertEqual(document["gaps"], [l["gap"] for l in lines if "gap" in l])
            self.assertEqual(document["suppressions"],
                             [l["suppression"] for l in lines if "suppression" in l])
            self.assertEqual(document["summary"], lines[-1]["summary"])
            self.assertEqual({"schema", "tool", "scan"}, set(lines[0]))
            self.assertEqual(document["summary"]["told"], ROWS[sample])

    def test_sarif_finds_the_file_again(self):
        for sample in SAMPLES:
            run, = strict(golden(sample, "sarif"))["runs"]
            rules = run["tool"]["driver"]["rules"]
            self.assertEqual(len(run["results"]), ROWS[sample])
            for result in run["results"]:
                self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            notes = run["invocations"][0]["toolExecutionNotifications"]
            self.assertEqual(len(notes), GAPS[sample])
        result = strict(golden("hostile", "sarif"))["runs"][0]["results"][1]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        self.assertRegex(uri, r"^[A-Za-z0-9%._~/-]+$")
        self.assertEqual(urllib.parse.unquote_to_bytes(uri), EVIL_PATH)

    def test_sarif_says_state_and_history(self):
        results = strict(golden("all", "sarif"))["runs"][0]["results"]
        self.assertEqual([r["level"] for r in results],
                         ["error", "warning", "warning", "error", "note", "note", "note"])
        self.assertEqual(results[4]["baselineState"], "unchanged")
        self.assertEqual(results[4]["suppressions"][0]["kind"], "external")
        self.assertEqual(results[5]["suppressions"][0]["kind"], "inSource")
        self.assertIn("justification", results[5]["suppressions"][0])
        steps = results[0]["codeFlows"][0]["threadFlows"][0]["locations"]
        self.assertEqual(len(steps), 2)
        # Lines of an archive's member are no lines of the archive.
        self.assertNotIn("region", results[3]["locations"][0]["physicalLocation"])

    def test_gitleaks_keys_types_and_order(self):
        for sample in SAMPLES:
            rows = strict(golden(sample, "gitleaks"))
            self.assertEqual(len(rows), ROWS[sample])
            for row in rows:
                self.assertEqual(list(row), [key for key, _ in THEIR_KEYS])
                for key, kind in THEIR_KEYS:
                    self.assertIsInstance(row[key], kind, key)
                self.assertEqual(row["Match"], row["Secret"])
        row = strict(golden("all", "gitleaks"))[0]
        self.assertEqual(row["Fingerprint"],
                         f'{row["Commit"]}:{row["File"]}:{row["RuleID"]}:{row["StartLine"]}')

    def test_csv_has_their_columns_first_and_no_formula(self):
        for sample in SAMPLES:
            text = golden(sample, "csv").decode()
            self.assertNotIn("\n", text.replace("\r\n", ""))
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            self.assertEqual(rows[0][:16], THEIR_COLUMNS)
            self.assertEqual(len(rows) - 1, ROWS[sample])
            for row in rows:
                self.assertEqual(len(row), len(rows[0]))
                for cell in row:
                    self.assertFalse(cell[:1] and cell[0] in "=+-@\t\r\n", cell)

    def test_junit_counts_what_it_holds(self):
        for sample in SAMPLES:
            root = xml.fromstring(golden(sample, "junit"))
            suite, = root
            cases = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            self.assertGreater(len(cases), 0)
            for kind, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                self.assertEqual(int(suite.get(kind)), len(suite.findall(f"testcase/{name}")), kind)
        # --strict: what was not scanned is an error.
        self.assertEqual(xml.fromstring(golden("partial", "junit"))[0].get("errors"), "1")

    def test_html_is_whole_and_alone(self):
        for sample in SAMPLES:
            page = Page()
            page.feed(golden(sample, "html").decode())
            page.close()
            self.assertEqual(page.open, [])
            self.assertEqual(page.problems, [])
            self.assertEqual(page.lang, "en")
            self.assertEqual((page.count.get("h1"), page.count.get("main")), (1, 1))
            for tag in ("script", "img", "link", "iframe", "object", "form", "b"):
                self.assertNotIn(tag, page.count)
            self.assertFalse({a for a in page.attrs_seen if a.startswith("on")} | page.attrs_seen & {"src"})
            for link in page.links:
                self.assertTrue(link.startswith("https://") or link[1:] in page.ids, link)
            self.assertTrue(set(page.labels) <= page.ids)
            self.assertNotIn(b"url(", golden(sample, "html"))
            self.assertNotIn(b"@import", golden(sample, "html"))

    def test_gitlab_ids_are_unique(self):
        for sample in SAMPLES:
            rows = strict(golden(sample, "gitlab"))["vulnerabilities"]
            self.assertEqual(len({row["id"] for row in rows}), ROWS[sample])

    def test_no_report_has_a_control_character(self):
        for path in GOLDEN.iterdir():
            text = path.read_bytes().decode("utf-8", "strict")
            if path.name == "all-color.text":
                text = text.replace("\033", "")
            bad = {c for c in text if (ord(c) < 32 and c not in "\t\r\n") or 0x7f <= ord(c) < 0xa0
                   or 0x2028 <= ord(c) <= 0x202e}
            self.assertFalse(bad, path.name)

    def test_ten_thousand_findings_are_parsed(self):
        for form, parse in (("json", strict), ("sarif", strict), ("junit", xml.fromstring)):
            out = subprocess.run([PROGRAM, form, "10000"], check=True, stdout=subprocess.PIPE).stdout
            parse(out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
