"""What the four packers share: the built scanner, looked at before it is packed, and files written
so that the same build gives the same bytes. Only the standard library, and readelf and dpkg.

    tarball|wheel|npm|oci BUILD OUT     BUILD: of the preset `pack`; OUT: a folder, made if missing

Each prints the path of what it wrote. SOURCE_DATE_EPOCH is the time of every file in it; without it,
that of the last commit. docs/packages.md tells what is in them and what they need.
"""
import gzip
import io
import os
import re
import subprocess
import sys
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
# Two more would take twice as long for 0.3 % less.
LEVEL = 7
SUMMARY = "Secret scanner: keys, tokens and passwords in files, archives and git history"
# All else is linked in. The loader is named by programs that ask it about themselves.
NEEDED = re.compile(r"libc\.so\.6|libm\.so\.6|ld-linux-[-a-z0-9_]+\.so\.[12]")
MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "aarch64"}


def stop(text):
    sys.exit(f"{os.path.basename(sys.argv[0])}: {text}")


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    if done.returncode != 0:
        stop(f"{words[0]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Build:
    """A build directory, and the facts that the packages state about its `reeve`."""

    def __init__(self, folder):
        self.folder = folder
        self.binary = os.path.join(folder, "bin", "reeve")
        if not os.path.exists(self.binary):
            stop(f"there is no {self.binary}\nnext: cmake --preset pack && cmake --build --preset pack")
        cache = read(os.path.join(folder, "CMakeCache.txt")).decode()
        self.version = re.search(r"^CMAKE_PROJECT_VERSION:\w+=(.+)$", cache, re.M).group(1)
        self.inspect()
        self.epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or self.last_commit())

    def inspect(self):
        text = run("readelf", "-hldW", self.binary)
        self.machine = MACHINES.get(re.search(r"Machine:\s+(.+)", text).group(1))
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", text)
        strange = [name for name in needed if not NEEDED.fullmatch(name)]
        wants = {
            "it needs " + " ".join(strange): not strange,
            "it is for a processor that no package names": self.machine,
            "it is not position independent": re.search(r"Type:\s+DYN", text),
            "it has no RELRO": "GNU_RELRO" in text,
            "it is not bound at start": "BIND_NOW" in text,
            "its stack is executable": not re.search(r"GNU_STACK.*RWE", text),
            "it is not stripped": ".symtab" not in run("readelf", "-SW", self.binary),
        }
        for wrong, is_right in wants.items():
            if not is_right:
                stop(f"{self.binary}: {wrong}\nnext: build it by the preset `pack`")
        versions = re.findall(r"Name: GLIBC_2\.(\d+)", run("readelf", "-VW", self.binary))
        self.glibc = max(int(minor) for minor in versions)  # 2.x

    def last_commit(self):
        done = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        return done.stdout.strip() or "315532800"

    def notices(self):
        """The licences of what is linked in, as this system's packages state them."""
        archives = sorted(set(read(os.path.join(self.folder, "static-libs.txt")).decode().split()))
        owners = {}
        for line in run("dpkg", "-S", *archives).splitlines():
            package, _, path = line.rpartition(": ")
            owners.setdefault(package.split(":")[0], []).append(os.path.basename(path))
        text = ["The program reeve has these libraries linked in. Each keeps its own licence, below.\n"
                "Reeve's source and its preset `pack` are what relinks it with changed ones.\n"]
        for package, names in sorted(owners.items()):
            version = run("dpkg-query", "-W", "-f", "${Version}", package)
            text.append(f"\n==== {package} {version}: {' '.join(sorted(names))}\n\n")
            text.append(read(f"/usr/share/doc/{package}/copyright").decode("utf-8", "replace"))
        return "".join(text).encode()

    def documents(self):
        """(name, bytes) of what goes beside the program."""
        return [("LICENSE", read(os.path.join(ROOT, "LICENSE"))), ("THIRD-PARTY.txt", self.notices())]

    def ci(self):
        """(path below share/reeve/ci, bytes, mode): the integrations (docs/ci.md)."""
        top = os.path.join(ROOT, "policies", "ci")
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                mode = 0o755 if os.access(path, os.X_OK) else 0o644
                yield os.path.relpath(path, top), read(path), mode


class Tar:
    """A tar.gz of sorted files of nobody in particular, all of one time."""

    def __init__(self, epoch):
        self.epoch = epoch
        self.entries = {}

    def add(self, path, data, mode=0o644):
        self.entries[path] = (data, mode)

    def folder(self, path, mode=0o755):
        self.entries[path] = (None, mode)

    def tar(self):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as out:
            for path, (data, mode) in sorted(self.entries.items()):
                info = tarfile.TarInfo(path)
                info.mtime, info.mode = self.epoch, mode
                if data is None:
                    info.type = tarfile.DIRTYPE
                    out.addfile(info)
                else:
                    info.size = len(data)
                    out.addfile(info, io.BytesIO(data))
        return raw.getvalue()

    def gzip(self):
        return gzip.compress(self.tar(), LEVEL, mtime=0)


def arguments():
    if len(sys.argv) != 3:
        stop("usage: BUILD OUT (docs/packages.md)")
    os.makedirs(sys.argv[2], exist_ok=True)
    return Build(sys.argv[1]), sys.argv[2]


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.rename(path + ".new", path)
    print(path)
