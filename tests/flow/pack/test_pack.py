"""Builds the scanner by the preset `pack`, packs it, installs each artefact as its users do, without a
network, and finds a planted secret with it. Times are printed, not judged.
Usage: test_pack.py SOURCE PACKED CASE; PACKED/build and PACKED/out are kept from case to case."""
import base64
import contextlib
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
from planted import RULE, Repo, environment, skip, token  # noqa: E402

# Packages whose .a files the product itself does not need.
ARCHIVES = {"liblz4.a": "liblz4-dev", "libzstd.a": "libzstd-dev", "libxml2.a": "libxml2-dev",
            "libnettle.a": "nettle-dev", "libbz2.a": "libbz2-dev", "libarchive.a": "libarchive-dev"}


def run(*words, wants=0, cwd=None, **env):
    done = subprocess.run(words, cwd=cwd, env=environment(**env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=1800, check=False)
    assert wants is None or done.returncode == wants, f"{words}: exit {done.returncode}\n{done.stdout[-3000:]}"
    return done.stdout


class Stage:
    def __init__(self, source, packed, folder):
        self.source, self.packed, self.folder = source, packed, folder
        self.build, self.out = os.path.join(packed, "build"), os.path.join(packed, "out")
        self.began = time.monotonic()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def artefact(self, pattern):
        found = glob.glob(os.path.join(self.out, pattern))
        assert len(found) == 1, (pattern, found)
        return found[0]

    def repo(self):
        """One file with a secret, one without; (folder, secret)."""
        secret = token()
        repo = Repo(self.path("repo"))
        repo.commit("readme.txt", "nothing here\n")
        repo.commit("app.conf", f'token = "{secret}"\n')
        return repo.folder, secret

    @contextlib.contextmanager
    def timed(self, what, artefact):
        size = os.path.getsize(artefact) / 1e6
        began = time.monotonic()
        yield
        print(f"{what}: {size:.1f} MB, {time.monotonic() - began:.2f} s from artefact to first result")


def finds(secret, *words, cwd=None):
    """`words` start the scanner; it finds the secret and does not show it."""
    for where in ([], ["--git"]):
        told = run(*words, "scan", "--json", *where, wants=1, cwd=cwd)
        assert secret not in told, told
        leaks = json.loads(told)["leaks"]
        assert [(leak["rule"], leak["path"].lstrip("./")) for leak in leaks] == [(RULE, "app.conf")], told


def build(stage):
    for tool in ("cmake", "ninja", "gcc", "dpkg", "readelf"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    for archive, package in ARCHIVES.items():
        found = run("gcc", "-print-file-name=" + archive).strip()
        if not os.path.exists(found):
            skip(f"there is no {archive}: {package} is not installed")
    run("cmake", "--preset", "pack", "-B", stage.build, cwd=stage.source)
    run("cmake", "--build", stage.build, "--target", "reeve", "-j2", cwd=stage.source)
    shutil.rmtree(stage.out, ignore_errors=True)
    for kind in ("tarball", "wheel", "npm", "oci"):
        run(os.path.join(stage.source, "agent/cli/pack", kind), stage.build, stage.out)
    print(f"reeve alone: {os.path.getsize(os.path.join(stage.build, 'bin/reeve')) / 1e6:.1f} MB, "
          f"built and packed in {time.monotonic() - stage.began:.0f} s")


def digests(folder):
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found


def same_bytes(stage):
    """Packed twice, at another time and in another place: the same."""
    for kind in ("tarball", "wheel", "npm", "oci"):
        run(os.path.join(stage.source, "agent/cli/pack", kind), stage.build, stage.path("again"), TZ="Asia/Tokyo")
    assert digests(stage.out) == digests(stage.path("again"))
    run(os.path.join(stage.source, "agent/cli/pack/tarball"), stage.build, stage.path("dated"),
        SOURCE_DATE_EPOCH="1600000000")
    with tarfile.open(glob.glob(stage.path("dated", "*.tar.gz"))[0]) as tar:
        infos = tar.getmembers()
    assert {info.mtime for info in infos} == {1600000000}
    assert {(info.uid, info.gid, info.uname, info.gname) for info in infos} == {(0, 0, "", "")}
    assert [info.name for info in infos] == sorted(info.name for info in infos)
    # What is not the preset's is refused.
    os.makedirs(stage.path("other", "bin"))
    shutil.copy("/bin/ls", stage.path("other", "bin", "reeve"))
    shutil.copy(os.path.join(stage.build, "CMakeCache.txt"), stage.path("other"))
    told = run(os.path.join(stage.source, "agent/cli/pack/tarball"), stage.path("other"), stage.path("no"), wants=1)
    assert "preset `pack`" in told, told
    assert stage.source.encode() not in open(os.path.join(stage.build, "bin/reeve"), "rb").read()


def hardened(stage):
    binary = os.path.join(stage.build, "bin/reeve")
    text = run("readelf", "-hldW", binary)
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", text))
    assert {name for name in needed if not name.startswith("ld-linux")} == {"libc.so.6", "libm.so.6"}, needed
    assert "RUNPATH" not in text and "RPATH" not in text
    for word in (r"Type:\s+DYN", "GNU_RELRO", "BIND_NOW", r"GNU_STACK.*RW "):
        assert re.search(word, text), word
    loaded = {line.split()[0] for line in run("ldd", binary).splitlines()}
    assert len(loaded) == 4, loaded  # and the kernel's own


def tarball(stage):
    repo, secret = stage.repo()
    path = stage.artefact("*.tar.gz")
    with stage.timed("tarball", path):
        run("tar", "-xzf", path, "-C", stage.folder)
        finds(secret, glob.glob(stage.path("reeve-*", "bin", "reeve"))[0], cwd=repo)
    top = glob.glob(stage.path("reeve-*"))[0]
    assert os.access(os.path.join(top, "share/reeve/ci/git/pre-receive"), os.X_OK)
    with open(os.path.join(top, "share/doc/reeve/THIRD-PARTY.txt"), encoding="utf-8") as file:
        notices = file.read()
    for package in ("libssl-dev", "libvectorscan-dev", "libpcre2-dev", "libarchive-dev", "libseccomp-dev"):
        assert f"\n==== {package} " in notices, package


def own_libcrypto(stage):
    """The host's OpenSSL configuration is for the host's OpenSSL, not for the one linked in."""
    repo, secret = stage.repo()
    config = stage.path("openssl.cnf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("openssl_conf = x\n[x]\nalg_section = a\n[a]\ndefault_properties = fips=yes\n")
    os.environ["OPENSSL_CONF"] = config
    finds(secret, os.path.join(stage.build, "bin/reeve"), cwd=repo)


def check_record(path):
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        record, = [name for name in names if name.endswith(".dist-info/RECORD")]
        rows = [row.split(",") for row in wheel.read(record).decode().splitlines()]
        assert [row[0] for row in rows] == names and rows[-1] == [record, "", ""]
        for name, digest, size in rows[:-1]:
            data = wheel.read(name)
            want = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert digest == "sha256=" + want and int(size) == len(data), name


def wheel(stage):
    path = stage.artefact("*.whl")
    check_record(path)
    if run(sys.executable, "-m", "venv", stage.path("venv"), wants=None) and not os.path.exists(
            stage.path("venv/bin/pip")):
        skip("this python3 makes no virtual environment (python3-venv)")
    repo, secret = stage.repo()
    pip = [stage.path("venv/bin/pip"), "--isolated", "--disable-pip-version-check", "install", "-q", "--no-index"]
    with stage.timed("wheel", path):
        run(*pip, path, PIP_CONFIG_FILE="/dev/null")
        finds(secret, stage.path("venv/bin/reeve"), cwd=repo)
    finds(secret, stage.path("venv/bin/python"), "-m", "reeve_scan", cwd=repo)
    run(stage.path("venv/bin/pip"), "--isolated", "check")
    shown = run(stage.path("venv/bin/pip"), "--isolated", "show", "-f", "reeve-scan")
    assert "../../../bin/reeve" in shown, shown
    run(stage.path("venv/bin/pip"), "--isolated", "uninstall", "-y", "-q", "reeve-scan")
    assert not os.path.exists(stage.path("venv/bin/reeve"))


def npm(stage):
    if not shutil.which("npm") or not shutil.which("node"):
        skip("npm is not installed")
    path = stage.artefact("*.tgz")
    repo, secret = stage.repo()
    with open(stage.path("package.json"), "w", encoding="utf-8") as file:
        file.write('{"private": true}\n')
    own = {"npm_config_cache": stage.path("cache"), "npm_config_update_notifier": "false", "HOME": stage.folder}
    with stage.timed("npm", path):
        run("npm", "install", "--offline", "--no-audit", "--no-fund", path, cwd=stage.folder, **own)
        finds(secret, stage.path("node_modules/.bin/reeve"), cwd=repo)
    told = run("npx", "--offline", "reeve", "scan", "--format", "json", repo, wants=1, cwd=stage.folder, **own)
    assert RULE in told and secret not in told
    run("npm", "install", "--offline", "-g", "--prefix", stage.path("prefix"), path, cwd=stage.folder, **own)
    finds(secret, stage.path("prefix/bin/reeve"), cwd=repo)
    with open(stage.path("node_modules/reeve-scan/package.json"), encoding="utf-8") as file:
        package = json.load(file)
    assert "scripts" not in package and "dependencies" not in package, package


class Layout:
    """An OCI layout, every digest and size checked while it is read."""

    def __init__(self, folder):
        self.folder = folder
        self.seen = set()

    def document(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return json.load(file)

    def blob(self, descriptor):
        kind, _, digest = descriptor["digest"].partition(":")
        assert kind == "sha256"
        with open(os.path.join(self.folder, "blobs", kind, digest), "rb") as file:
            data = file.read()
        assert hashlib.sha256(data).hexdigest() == digest and len(data) == descriptor["size"]
        self.seen.add(digest)
        return data


def oci(stage):
    folder = stage.artefact("*-oci")
    layout = Layout(folder)
    assert layout.document("oci-layout") == {"imageLayoutVersion": "1.0.0"}
    index = layout.document("index.json")
    assert index["schemaVersion"] == 2 and index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    entry, = index["manifests"]
    manifest = json.loads(layout.blob(entry))
    assert manifest["mediaType"] == entry["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    config = json.loads(layout.blob(manifest["config"]))
    layer, = manifest["layers"]
    path = stage.path("layer.tar.gz")
    with open(path, "wb") as file:
        file.write(layout.blob(layer))
    assert layout.seen == set(os.listdir(os.path.join(folder, "blobs/sha256"))), "blobs that nothing names"
    raw = subprocess.run(["gzip", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(raw).hexdigest()]
    assert config["config"]["Entrypoint"] == ["/usr/bin/reeve"]
    if os.geteuid() != 0:
        print("SKIPPED: only root can run the image's files by chroot")
        return
    repo, secret = stage.repo()
    root = stage.path("root")
    os.mkdir(root)
    with stage.timed("oci, unpacked and in a chroot", path):
        run("tar", "-xpzf", path, "-C", root)
        shutil.copytree(repo, os.path.join(root, "src"), dirs_exist_ok=True)
        script = 'cd "$0/src" && exec chroot "$0" /usr/bin/reeve scan --json /src'
        told = run("sh", "-c", script, root, wants=1)
    assert RULE in told and secret not in told, told
    told = run("chroot", root, "/usr/bin/reeve", "scan", "--git", "/src", wants=1)
    assert RULE in told and secret not in told, told
    run("chroot", "--userspec=65534:65534", root, "/usr/bin/reeve", "scan", "/src", wants=1)


def precommit(stage):
    """pre-commit itself, from its registry, installs the wheel for a local hook; and runs the script hook."""
    run(sys.executable, "-m", "venv", stage.path("venv"), wants=None)
    pip = stage.path("venv/bin/pip")
    told = run(pip, "install", "-q", "pre-commit", wants=None) if os.path.exists(pip) else "no venv"
    program = stage.path("venv/bin/pre-commit")
    if not os.path.exists(program):
        skip("pre-commit cannot be had: " + (told.strip().splitlines() or ["no word"])[-1])
    run("tar", "-xzf", stage.artefact("*.tar.gz"), "-C", stage.folder)
    installed = os.path.dirname(glob.glob(stage.path("reeve-*", "bin", "reeve"))[0])
    # A repository for `repo:`, as ours is.
    ours = Repo(stage.path("ours"))
    shutil.copy(os.path.join(stage.source, ".pre-commit-hooks.yaml"), ours.folder)
    os.makedirs(os.path.join(ours.folder, "policies/ci/git"))
    shutil.copy(os.path.join(stage.source, "policies/ci/git/pre-commit"),
                os.path.join(ours.folder, "policies/ci/git"))
    ours.git("add", ".")
    ours.git("commit", "-q", "-m", "hooks")
    rev = ours.git("rev-parse", "HEAD")
    version = re.search(r"reeve_scan-(.+?)-py3", stage.artefact("*.whl")).group(1)
    configurations = {
        "script": f"repos:\n- repo: {ours.folder}\n  rev: {rev}\n  hooks:\n  - id: reeve-scan\n",
        "python": "repos:\n- repo: local\n  hooks:\n  - id: reeve-scan\n    name: reeve scan\n"
                  "    entry: reeve scan --staged\n    language: python\n    pass_filenames: false\n"
                  f"    additional_dependencies: [\"reeve-scan=={version}\"]\n"}
    for name, text in configurations.items():
        env = {"PRE_COMMIT_HOME": stage.path("cache"), "PIP_FIND_LINKS": stage.out, "HOME": stage.folder,
               "GIT_ALLOW_PROTOCOL": "file"}
        repo = Repo(stage.path(name), installed if name == "script" else "/nonexistent")
        repo.commit(".pre-commit-config.yaml", text)
        done = subprocess.run([program, "install"], cwd=repo.folder, env={**repo.env, **env}, check=False)
        assert done.returncode == 0
        secret = token()
        repo.write("app.conf", f'token = "{secret}"\n')
        repo.git("add", "app.conf")
        done = repo.try_git("commit", "-m", "x", **env)
        told = done.stdout + done.stderr
        if name == "python" and "No matching distribution found for setuptools" in told:
            print("SKIPPED: pre-commit's own needs (setuptools) cannot be had")
            continue
        assert done.returncode != 0 and RULE in told and secret not in told, told
        repo.write("app.conf", "timeout = 1\n")
        repo.git("add", "app.conf")
        repo.git("commit", "-q", "-m", "clean", **env)
        if name == "script":
            repo.write("app.conf", f'token = "{secret}"\n')
            done = repo.try_git("commit", "-a", "-m", "x", **env)
            assert done.returncode != 0 and RULE in done.stdout + done.stderr, done


def in_root(stage, suite, url, keys):
    """In a Debian or Ubuntu as debootstrap leaves it: nothing of ours but the tarball."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        skip("debootstrap needs root and to be installed")
    cache = os.environ.get("RV_TEST_CACHE") or os.path.expanduser("~/.cache/reeve-tests")
    os.makedirs(cache, mode=0o700, exist_ok=True)
    kept = os.path.join(cache, f"minimal-{suite}.tar")
    if not os.path.exists(kept):
        if not url:
            skip(f"apt here has no source for {suite}, and RV_UBUNTU_MIRROR names none")
        # Some suites' scripts mount /proc: in a namespace that ends with them.
        words = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--keyring={keys}"]
        if not os.path.exists(keys):
            if not os.environ.get("RV_UNSIGNED_ROOT"):
                skip(f"there is no {keys} to check {suite} with, and RV_UNSIGNED_ROOT is not set")
            words[-1] = "--no-check-gpg"
        told = run(*words, suite, stage.path("made"), url, wants=None)
        if not os.path.exists(stage.path("made/bin/sh")) or "E: " in told:
            skip(f"debootstrap of {suite} failed: {told.strip().splitlines()[-1]}")
        run("tar", "-C", stage.path("made"), "--one-file-system", "--exclude=./var/cache/apt", "-cf", kept + ".new", ".")
        os.rename(kept + ".new", kept)
    root = stage.path("root")
    os.mkdir(root)
    run("tar", "-C", root, "-xpf", kept)
    repo, secret = stage.repo()
    shutil.copytree(repo, os.path.join(root, "repo"))
    path = stage.artefact("*.tar.gz")
    shutil.copy(path, os.path.join(root, "reeve.tar.gz"))
    with stage.timed(f"tarball in a minimal {suite}", path):
        script = "tar -xzf /reeve.tar.gz -C /opt && cd /repo && /opt/reeve-*/bin/reeve scan --json"
        told = run("chroot", root, "sh", "-c", script, wants=1, PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    assert RULE in told and secret not in told, told
    run("chroot", "--userspec=65534:65534", root, "sh", "-c", "/opt/reeve-*/bin/reeve scan --git /repo", wants=1,
        PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    print(run("chroot", root, "sh", "-c", "ldd --version | head -n 1", PATH="/usr/sbin:/usr/bin:/sbin:/bin").strip())


def mirror(suite):
    told = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages", wants=None)
    for line in told.splitlines():
        url, _, name = line.partition(" ")
        if name == suite:
            return url
    return None


def debian(stage):
    in_root(stage, "bookworm", mirror("bookworm"), "/usr/share/keyrings/debian-archive-keyring.gpg")


def ubuntu(stage):
    """The oldest that has the C library we need."""
    url = os.environ.get("RV_UBUNTU_MIRROR") or mirror("jammy")
    in_root(stage, "jammy", url, "/usr/share/keyrings/ubuntu-archive-keyring.gpg")


CASES = [build, same_bytes, hardened, own_libcrypto, tarball, wheel, npm, oci, precommit, debian, ubuntu]


def main():
    source, packed, name = sys.argv[1:]
    case = {c.__name__: c for c in CASES}[name]
    with tempfile.TemporaryDirectory() as folder:
        case(Stage(os.path.abspath(source), os.path.abspath(packed), folder))


if __name__ == "__main__":
    main()
