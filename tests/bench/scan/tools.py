"""The scanners: how each is called at its fairest fast setting, and how its report is read."""
import json
import os
import re

# A finding's place is (path below what was scanned, line); in a history the commit is left out.


def _load(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return json.load(f)


def _lines(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            if line.startswith("{"):
                try:
                    yield json.loads(line)
                except ValueError:
                    continue


def read_gitleaks(path):
    return [(r["File"], r["StartLine"]) for r in _load(path)]


def read_betterleaks(path):
    places = []
    data = _load(path)
    if data["scan"]["state"] != "complete":
        raise ValueError("it says that its scan is %s" % data["scan"]["state"])
    for r in data["findings"]:
        at = r.get("location") or {}
        places.append((at.get("path", "?"), at.get("start_line", 0)))
    return places


def read_trufflehog(path):
    places = []
    for r in _lines(path):
        data = (r.get("SourceMetadata") or {}).get("Data")
        if data:
            at = next(iter(data.values()))
            places.append((at.get("file", "?"), at.get("line", 0)))
    return places


def read_kingfisher(path):
    places = []
    for r in _load(path)["findings"]:
        f = r["finding"]
        git = f.get("git_metadata") or {}
        name = (git.get("file") or {}).get("path") or f.get("path", "?")
        places.append((name, f.get("line", 0)))
    return places


def read_detect_secrets(path):
    return [(name, r["line_number"]) for name, found in _load(path)["results"].items() for r in found]


def read_reeve(path):
    """Schema reeve.scan/1; what fails a build counts, as with the others."""
    return [(r["path"], r.get("line", 0)) for r in _load(path)["leaks"] if r["state"] in ("open", "new-rule")]


class Tool:
    """binary, report reader, and the command lines; {out} is the report, {j} the threads."""

    def __init__(self, name, reader, version, directory, history=None, staged=None, stdout=False, inside=False,
                 good=(0, 1), bare=()):
        self.name, self.reader, self.version = name, reader, version
        self.directory, self.history, self.staged = directory, history, staged
        self.stdout = stdout  # the report comes on standard output
        self.inside = inside  # runs in the directory that it scans
        self.good = good  # exit codes: scanned, with or without findings
        self.bare = list(bare)  # more words for a repository without a work tree

    def command(self, kind, binary, path, out, threads):
        words = getattr(self, kind)
        if words is None:
            return None
        if kind == "history" and not os.path.exists(os.path.join(path, ".git")):
            words = words[:1] + self.bare + words[1:]
        fill = {"path": path, "out": out, "j": str(threads)}
        return [binary] + [w.format(**fill) for w in words]

    def places(self, report, base):
        base = base.rstrip("/") + "/"
        found = []
        for name, line in self.reader(report):
            name = name[len(base):] if name.startswith(base) else re.sub(r"^\./", "", name)
            found.append("%s:%s" % (name, line))
        return found


_GITLEAKS = ["--no-banner", "-l", "error", "--redact", "-f", "json", "-r", "{out}"]
_BETTERLEAKS = ["--silent", "--redact=100", "-o", "{out}"]
_TRUFFLEHOG = ["--no-verification", "--no-update", "--json", "--concurrency={j}", "--log-level=-1"]
_KINGFISHER = ["--no-validate", "--no-update-check", "--jobs", "{j}", "--redact", "-f", "json", "-o", "{out}"]

REEVE = Tool("reeve", read_reeve, ["--version"],
             ["scan", "--json", "-o", "{out}", "-j", "{j}", "{path}"],
             ["scan", "--git", "--json", "-o", "{out}", "-j", "{j}", "{path}"],
             ["scan", "--staged"], good=(0, 1, 3))
# The second of two such scans finds every file unchanged in the ledger of what was scanned.
REEVE_REPEAT = ["scan", "--json", "-o", "{out}", "-j", "{j}", "--ledger", "{ledger}", "{path}"]
PEERS = [
    Tool("gitleaks", read_gitleaks, ["version"],
         ["dir"] + _GITLEAKS + ["{path}"],
         ["git"] + _GITLEAKS + ["{path}"],
         ["git", "--staged", "--no-banner", "-l", "error", "--redact", "."]),
    Tool("betterleaks", read_betterleaks, ["--version"],
         ["filesystem"] + _BETTERLEAKS + ["{path}"],
         ["git"] + _BETTERLEAKS + ["{path}"],
         ["git", "--staged", "--silent", "."]),
    Tool("kingfisher", read_kingfisher, ["--version"],
         ["scan"] + _KINGFISHER + ["{path}"],
         ["scan"] + _KINGFISHER + ["{path}"],
         ["scan", "--staged", "--no-validate", "--no-update-check", "--quiet", "."], good=(0, 200, 205)),
    Tool("trufflehog", read_trufflehog, ["--version"],
         ["filesystem"] + _TRUFFLEHOG + ["{path}"],
         ["git"] + _TRUFFLEHOG + ["file://{path}"],
         ["git", "--no-verification", "--no-update", "--since-commit=HEAD", "--log-level=-1", "file://."],
         stdout=True, good=(0, 183), bare=["--bare"]),
]
# Too slow for whole trees (0.1 MB a CPU-second); measured on the small directory only.
SMALL_ONLY = [
    Tool("detect-secrets", read_detect_secrets, ["--version"], ["scan", "--all-files", "."],
         stdout=True, inside=True, good=(0,)),
]


def find(peers_dir, name):
    """The peer's program as an absolute path, or None."""
    for folder in (os.path.join(peers_dir, "bin"), peers_dir):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    return None


def pinned(peers_dir, name):
    """What `peers` wrote of where it had the peer from; some do not know their own version."""
    try:
        with open(os.path.join(peers_dir, "peers.txt"), encoding="utf-8") as f:
            return next((line.split(" ", 1)[1].strip() for line in f if line.startswith(name + " ")), "")
    except OSError:
        return ""
