"""Containers that the world makes and few think of: what is in them is found, or told as a gap."""

import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import unittest
import zipfile

import scanning


def newc(name, content):
    """A cpio archive of one file, as a kernel takes it."""
    out = b""
    for mode, path, data in ((0o100644, name, content), (0, "TRAILER!!!", b"")):
        fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % n for n in fields) + path.encode() + b"\0"
        out += head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
    return out


def tar(name, content, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tool(name):
    if not shutil.which(name):
        raise unittest.SkipTest(f"{name} is not installed")
    return name


class Archives(scanning.Case):
    def run_tool(self, *words, stdin=None, cwd=None):
        tool(words[0])
        done = subprocess.run(words, input=stdin, cwd=cwd or self.dir, capture_output=True,
                              timeout=scanning.DEADLINE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def assert_found(self, name, count, **more):
        """Every secret of the file is told, each once, and there is no gap."""
        result = self.found(name, **more)
        self.assertEqual(len(result.leaks), count, str(result))
        self.assertEqual(result.gaps, [], str(result))
        return result


class Compressed(Archives):
    def test_an_rpm_with_an_lzma_payload(self):
        tool("rpmbuild")
        self.write("spec", "Name: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: MIT\n"
                   "BuildArch: noarch\n%description\na\n%install\nmkdir -p %{buildroot}/etc\n"
                   f"echo 'TOKEN={self.token()}' > %{{buildroot}}/etc/a.env\n%files\n/etc/a.env\n")
        self.run_tool("rpmbuild", "--quiet", "-bb", "-D", f"_topdir {self.dir}/top",
                      "-D", "_binary_payload w9.lzdio", "spec")
        made = os.path.join(self.dir, "top", "RPMS", "noarch", "a-1-1.noarch.rpm")
        os.rename(made, self.path("a.rpm"))
        self.assert_found("a.rpm", 1)

    def test_lzma_alone(self):
        text = f"TOKEN={self.token()}\n".encode()
        self.write("a.env.lzma", self.run_tool("xz", "--format=lzma", "-c", stdin=text))
        self.assertIn("a.env", str(self.assert_found("a.env.lzma", 1).leaks))


class Behind(Archives):
    def line(self):
        return f"TOKEN={self.token()}\n".encode()

    def test_an_initramfs_of_several_archives(self):
        for pack in (gzip.compress, lzma.compress, bytes):
            image = newc("kernel/microcode", bytes(300)) + bytes(1024)
            image += pack(newc("etc/a.env", self.line())) + bytes(512)
            image += gzip.compress(newc("etc/b.env", self.line()))
            self.write("initrd.img", image)
            self.assert_found("initrd.img", 2)
            self.write("outer.tar.gz", tar("boot/initrd.img", image, "w:gz"))
            self.assert_found("outer.tar.gz", 2)
            self.assert_found("--stdin", 2, stdin=image)

    def test_an_archive_behind_another(self):
        parts = (lambda: zipped(a=self.line()), lambda: tar("a", self.line(), "w:gz"),
                 lambda: tar("a", self.line()), lambda: tar("a", self.line(), "w:xz"))
        for first in parts:
            for second in parts:
                self.write("both", first() + second())
                self.assert_found("both", 2)

    def test_an_archive_behind_empty_ones(self):
        for empty in (zipped(), tar("a", b""), gzip.compress(b""), lzma.compress(b"")):
            for behind in (zipped(a=self.line()), tar("a", self.line(), "w:gz")):
                self.write("both", empty * 3 + behind)
                self.assert_found("both", 1)

    def test_text_behind_an_archive_in_an_archive(self):
        self.write("outer.tgz", tar("in.zip", zipped(a=b"nothing") + self.line(), "w:gz"))
        self.assert_found("outer.tgz", 1)


    def test_an_archive_behind_a_script(self):
        for mode in ("w:gz", "w:xz", "w:bz2"):
            script = b"#!/bin/sh\nexit 0\n" + self.line() + tar("a", self.line(), mode)
            self.write("install.run", script)
            self.assert_found("install.run", 2)
            self.write("outer.tgz", tar("install.run", script, "w:gz"))
            self.assert_found("outer.tgz", 2)
            large = b"#!/bin/sh\nexit 0\n" + tar("b", os.urandom(2 << 20), mode)
            self.write("large.run", large + tar("a", self.line(), mode))
            self.assert_found("large.run", 1)

    def test_an_archive_behind_a_program(self):
        with open(os.path.realpath("/bin/sh"), "rb") as f:
            program = f.read()
        self.write("b.sfx", program + bytes(3) + tar("a", self.line(), "w:xz"))
        self.assert_found("b.sfx", 1)
        self.write("c.zip", zipped(a=program + bytes(3) + tar("a", self.line(), "w:xz")))
        self.assert_found("c.zip", 1)


class Zips(Archives):
    def hide(self, names, hidden, large=0):
        """A zip of these members, of which the directory names all but one."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                line = f"TOKEN={self.token()}\n".encode()
                archive.writestr(name, line + os.urandom(large))
            archive.filelist = [info for info in archive.filelist if info.filename != hidden]
        return out.getvalue()

    def test_a_member_that_the_directory_does_not_name(self):
        for hidden in "abc":
            for large in (0, 1 << 20):
                self.write("x.zip", self.hide("abc", hidden, large))
                self.assert_found("x.zip", 3)
        self.write("y.tar", tar("y.zip", self.hide("abc", "b")))
        self.assert_found("y.tar", 3)

    def test_one_behind_a_program_and_in_another_order(self):
        out = io.BytesIO(b"#!/bin/sh\nexit\n")
        out.seek(0, io.SEEK_END)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            for name in "abcd":
                archive.writestr(name, f"TOKEN={self.token()}\n")
            archive.filelist = [archive.filelist[i] for i in (3, 0, 2)]
        self.write("x.zip", out.getvalue())
        self.assert_found("x.zip", 4)


class Bundles(Archives):
    def test_a_git_bundle_is_a_gap(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("bundle", "create", "-q", self.path("a.bundle"), "--all")
        with open(self.path("a.bundle"), "rb") as f:
            bundle = f.read()
        self.write("b.tar", tar("in/a.bundle", bundle))
        for name in ("a.bundle", "b.tar"):
            result = self.found(name, code=0)
            self.assertEqual([gap["reason"] for gap in result.gaps], ["unsupported"], str(result))
            self.assertIn("reeve scan --git", result.gaps[0]["detail"])
        self.scan("--strict", "a.bundle", code=3)


if __name__ == "__main__":
    scanning.main()
