"""Markers in a source that let a value pass whose text is encoded."""

import base64

import scanning


class MarkersBesideEncodedText(scanning.Case):
    REASON = "# reeve:allow reason=\"only a test\""

    def encoded(self):
        plain = f"TOKEN={self.token()} # of the test"
        once = base64.b64encode(plain.encode()).decode()
        return {
            "base64": once,
            "hex": plain.encode().hex(),
            "percent": "".join(f"%{b:02X}" for b in plain.encode()),
            "twice": base64.b64encode(f"data: {once} and more text".encode()).decode(),
            "long": base64.b64encode((plain + "\n" + "some more words " * 600).encode()).decode(),
            "utf16": base64.b64encode(plain.encode("utf-16-le")).decode(),
        }

    def states(self):
        return {l["path"]: l["state"] for l in self.found("--all", code=None).leaks
                if l["rule"] == "github-token"}

    def write_each(self, shape):
        values = self.encoded()
        for name, text in values.items():
            self.write(name + ".yaml", shape.format(text))
        return sorted(name + ".yaml" for name in values)

    def assert_all(self, names, state):
        self.assertEqual(self.states(), {name: state for name in names})

    def test_on_its_line(self):
        for mark in (self.REASON, "# gitleaks:allow", "# betterleaks:allow", "# trufflehog:ignore",
                     "# kingfisher:ignore", "# pragma: allowlist secret"):
            self.assert_all(self.write_each("first: 1\n  data: {} " + mark + "\n"), "allowed")

    def test_on_the_line_above(self):
        for shape in ("a: 1\n{0}\n  data: {{}}\nb: 2\n", "{0}\n{{}}\n", "{0}\n  {{}}\nb: 2\n"):
            self.assert_all(self.write_each(shape.format(self.REASON)), "allowed")

    def test_above_or_behind_wrapped_lines(self):
        text = f"some words before it\nTOKEN={self.token()}\n" + "and some more words " * 5
        lines = base64.b64encode(text.encode()).decode()
        wrapped = "\n".join(lines[at:at + 76] for at in range(0, len(lines), 76))
        self.write("above.txt", f"{self.REASON}\n{wrapped}\n")
        self.write("behind.txt", f"k: {wrapped} {self.REASON}\n")
        self.write("none.txt", f"{wrapped}\n")
        self.assertEqual(self.states(), {"above.txt": "allowed", "behind.txt": "allowed",
                                         "none.txt": "open"})

    def test_is_counted_and_says_why(self):
        self.write("a.yaml", f"data: {self.encoded()['base64']} {self.REASON}\n")
        self.assertEqual(self.found(code=0).document["summary"]["allowed"], 1)
        leak = self.found("--all", code=0).leaks[0]
        self.assertEqual((leak["note"], leak["layers"]), ("reeve:allow: only a test", "base64"))

    def test_elsewhere_or_without_a_reason_does_not(self):
        for shape in ("data: {}\nother: 1 " + self.REASON + "\n", "data: {} # reeve:allow\n",
                      "other: 1 " + self.REASON + "\ndata: {}\n",
                      "# trufflehog:ignore\ndata: {}\n"):
            self.assert_all(self.write_each(shape), "open")

    def test_not_under_a_gate(self):
        repo = self.repo()
        repo.commit({"README": "x\n"})
        repo.commit({"a.yaml": f"data: {self.encoded()['base64']} {self.REASON}\n"})
        result = self.found("--diff", "HEAD~1", cwd=repo.path)
        self.assert_places(result, ("a.yaml", 1))
        self.assertEqual(len(result.document["suppressions"]), 1)

    def test_in_a_history(self):
        repo = self.repo()
        repo.commit({"a.yaml": f"data: {self.encoded()['base64']} {self.REASON}\n"})
        self.found("--git", code=0, cwd=repo.path)


if __name__ == "__main__":
    scanning.main()
