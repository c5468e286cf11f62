"""Containers that the world makes and few think of: what is in them is found, or told as a gap."""

import os
import shutil
import subprocess
import unittest

import scanning


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


if __name__ == "__main__":
    scanning.main()
