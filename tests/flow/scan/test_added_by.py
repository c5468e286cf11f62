"""Under --diff a finding names who added it: the commit of the change, or that there is none yet;
and a block message fits ten lines whatever is scanned."""

import io
import shutil
import unittest
import zipfile

import scanning

KIM, LEE = "Kim", "Lee"


def text(count=20):
    return "".join(f"line {n} says this\n" for n in range(count))


class AddedBy(scanning.Case):
    def setUp(self):
        super().setUp()
        self.r = self.repo()
        self.r.commit({"a.env": text()})
        self.r.git("branch", "base")

    def commit_as(self, name, files=None):
        for path, data in (files or {}).items():
            self.r.write(path, data)
        self.r.git("add", "-A", "-f")
        self.r.git("commit", "-q", "--allow-empty", "-m", f"by {name}", GIT_AUTHOR_NAME=name,
                   GIT_AUTHOR_EMAIL=f"{name.lower()}@example.org")
        return self.r.git("rev-parse", "HEAD")

    def added(self, *words):
        """(path, line): commit and author of each finding, or its reach."""
        leaks = self.found("--diff", "base", *words, cwd=self.r.path).leaks
        result = {}
        for leak in leaks:
            first = leak["history"].get("first")
            result[leak["path"], leak["line"]] = (
                (first["id"], first["author"]) if first else leak["history"]["reach"])
        return result

    def test_each_line_by_its_own_commit(self):
        one, two = self.token(), self.token()
        a = self.commit_as(KIM, {"a.env": f"ONE={one}\n{text()}"})
        b = self.commit_as(LEE, {"a.env": f"ONE={one}\n{text()}TWO={two}\n"})
        self.commit_as(KIM, {"a.env": f"zero\nONE={one}\n{text()}TWO={two}\nlast\n", "b": "b\n"})
        self.assertEqual(self.added(), {("a.env", 2): (a, KIM), ("a.env", 23): (b, LEE)})

    def test_of_two_equal_lines_each(self):
        one = self.token()
        a = self.commit_as(KIM, {"a.env": f"ONE={one}\n{text()}"})
        b = self.commit_as(LEE, {"a.env": f"ONE={one}\n{text()}ONE={one}\n"})
        self.assertEqual(self.added(), {("a.env", 1): (a, KIM), ("a.env", 22): (b, LEE)})

    def test_over_a_rename_with_an_edit(self):
        one = self.token()
        a = self.commit_as(KIM, {"dir/n.env": f"ONE={one}\n{text()}"})
        self.r.git("mv", "dir/n.env", "m.env")
        self.commit_as(LEE, {"m.env": f"more\nONE={one}\n{text()}"})
        self.assertEqual(self.added(), {("m.env", 2): (a, KIM)})

    def test_over_a_merge(self):
        one = self.token()
        self.r.git("checkout", "-q", "-b", "side")
        a = self.commit_as(KIM, {"a.env": f"{text()}ONE={one}\n"})
        self.r.git("checkout", "-q", "main")
        self.commit_as(LEE, {"a.env": f"first\n{text()}"})
        self.r.git("merge", "-q", "--no-edit", "side")
        self.assertEqual(self.added(), {("a.env", 22): (a, KIM)})

    def test_a_value_that_was_changed(self):
        self.commit_as(KIM, {"a.env": f"ONE={self.token()}\n{text()}"})
        b = self.commit_as(LEE, {"a.env": f"ONE={self.token()}\n{text()}"})
        self.assertEqual(self.added(), {("a.env", 1): (b, LEE)})

    def test_a_line_that_was_moved(self):
        one = self.token()
        self.r.git("checkout", "-q", "base")
        self.r.commit({"k.env": f"ONE={one}\n{text()}"})
        self.r.git("checkout", "-q", "main")
        self.r.git("merge", "-q", "base")
        self.commit_as(LEE, {"x": "x\n"})
        a = self.commit_as(KIM, {"k.env": f"{text()}ONE={one}\n"})
        self.commit_as(LEE, {"x": "y\n"})
        self.assertEqual(self.added(), {("k.env", 21): (a, KIM)})

    def test_in_an_archive_who_put_it_there(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as z:
            z.writestr("in.env", f"TOKEN={self.token()}\n")
        a = self.commit_as(KIM, {"a.zip": archive.getvalue()})
        self.commit_as(LEE, {"x": "x\n"})
        self.assertEqual(self.added(), {("a.zip", 1): (a, KIM)})

    def test_what_is_not_committed_is_told_as_that(self):
        one = self.token()
        a = self.commit_as(KIM, {"a.env": f"ONE={one}\n{text()}"})
        self.r.write("a.env", f"ONE={one}\n{text()}TWO={self.token()}\n")
        self.assertEqual(self.added("--worktree"),
                         {("a.env", 1): (a, KIM), ("a.env", 22): "work-tree"})
        shown = self.scan("--diff", "base", "--worktree", code=1, cwd=self.r.path).out.decode()
        self.assertIn("    not committed yet; ", shown)
        self.assertIn("    added by Kim <kim@example.org> in " + a[:12], shown)

    def test_of_many_values_in_a_large_file_only_some_are_asked_for(self):
        """Each reads versions of the file; past 4 GiB of them in a run nobody is named."""
        filler = "lorem ipsum dolor\n" * 440000
        self.commit_as(LEE, {"large.env": filler})
        self.commit_as(KIM, {"large.env": filler + "".join(f"T{n}={self.token()}\n"
                                                           for n in range(400))})
        named = [by for by in self.added().values() if by != "head"]
        self.assertEqual({who for _, who in named}, {KIM})
        self.assertTrue(200 < len(named) < 350, len(named))

    def test_nothing_of_a_value_in_a_message(self):
        one = self.token()
        self.r.write("a.env", f"ONE={one}\n{text()}")
        self.r.git("commit", "-qam", f"use {one}")
        self.assertEqual(len(self.added()), 1)  # and found() looks at all that came out

    def test_a_block_message_fits_ten_lines(self):
        one = self.token()
        self.r.write("a.env", f"ONE={one}\n{text()}")
        self.r.git("add", "-A")
        ways = [("--staged",), ("--diff", "base", "--worktree"), (".",)]
        shown = [self.scan(*way, code=1, cwd=self.r.path) for way in ways]
        self.commit_as(KIM)
        ways = [("--diff", "base"), ("--git",), ("--git", "--range", "base..HEAD")]
        shown += [self.scan(*way, code=1, cwd=self.r.path) for way in ways]
        for result in shown:
            lines = result.out.decode().splitlines()
            self.assertLessEqual(len(lines), 10, str(result))
            self.assertTrue(lines[0].startswith("a.env:1:5  github-token  "), str(result))
            for part in ("99%", "roll the key first", "https://github.com/settings/tokens",
                         "Only a test value?", "reeve scan "):
                self.assertIn(part, result.out.decode(), str(result))
        for result in shown[3:]:
            self.assertIn("added by Kim <kim@example.org> in ", result.out.decode(), str(result))


if __name__ == "__main__":
    if not shutil.which("git"):
        print("SKIPPED: git is not installed")
        raise SystemExit(77)
    scanning.main()
