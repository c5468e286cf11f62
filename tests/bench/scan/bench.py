"""reeve scan beside its peers: measures, prints the table and the ratios, keeps the numbers."""
import argparse
import glob
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import report
import tools
from meter import EXIT_MISSING, Meter, Result, alternate

HERE = os.path.dirname(os.path.abspath(__file__))
SECTIONS = ("directory", "history", "small", "staged", "repeat", "clean")
SMALL_FILES, SMALL_FILE_MAX = 200, 64 << 10
STAGED_PEER_RUNS = 11


def arguments():
    p = argparse.ArgumentParser(prog="tests/bench/scan/run", description=__doc__, epilog="""
It measures and fails on no number. Exit code 0: measured; 2: reeve or a path is missing, or wrong usage.
See README.md beside it for what is measured, how to read it, and what is unfair.""")
    p.add_argument("--trees", default="build/scan/trees", metavar="DIR",
                   help="source trees (default: %(default)s)")
    p.add_argument("--clean", metavar="DIR",
                   help="trees without secrets, for noise (default: clean beside --trees, if there)")
    p.add_argument("--history", action="append", default=[], metavar="REPO",
                   help="a git repository; may be repeated")
    p.add_argument("--reeve", metavar="BIN", help="the reeve program (default: build/release, then build/dev)")
    p.add_argument("--no-reeve", action="store_true", help="the peers and the floors alone")
    p.add_argument("--peers", default="build/peers", metavar="DIR",
                   help="where the peers are (default: %(default)s)")
    p.add_argument("--git-bench", metavar="BIN",
                   help="rv_git_bench, the floor of a history (default: looked for in build)")
    p.add_argument("--runs", type=int, default=5, metavar="N",
                   help="runs of reeve and the floors (default: %(default)s)")
    p.add_argument("--peer-runs", type=int, default=1, metavar="N",
                   help="runs of each peer (default: %(default)s)")
    p.add_argument("--staged-runs", type=int, default=50, metavar="N",
                   help="runs over one staged file (default: %(default)s)")
    p.add_argument("-j", "--threads", type=int, default=os.cpu_count(), metavar="N",
                   help="threads (default: all cores)")
    p.add_argument("--timeout", type=int, default=3600, metavar="S",
                   help="a run is stopped after that (default: %(default)s s)")
    p.add_argument("--only", metavar="LIST", help="sections, by comma, of: %s" % ", ".join(SECTIONS))
    p.add_argument("--tools", metavar="LIST", help="peers, by comma (default: all that are there)")
    p.add_argument("--reuse", metavar="FILE",
                   help="take the peers' numbers from an earlier -o FILE of this machine")
    p.add_argument("-o", "--output", metavar="FILE", help="write all numbers there, as JSON")
    p.add_argument("--meter", required=True, help=argparse.SUPPRESS)
    p.add_argument("--floor", required=True, help=argparse.SUPPRESS)
    return p.parse_args()


def die(message, hint):
    print("bench: %s\nnext: %s" % (message, hint), file=sys.stderr)
    sys.exit(2)


def first_line(command):
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        lines = (said.stdout + said.stderr).strip().splitlines()
        return lines[0] if lines else "?"
    except (OSError, subprocess.TimeoutExpired):
        return "?"


def machine():
    model = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))}


def all_files(root):
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path, os.path.getsize(path)


def tree_input(path):
    sizes = [size for _, size in all_files(path)]
    return {"name": os.path.basename(os.path.abspath(path)), "path": os.path.abspath(path),
            "files": len(sizes), "bytes": sum(sizes)}


def git_dir(path):
    for folder in (os.path.join(path, ".git"), path):
        if os.path.isdir(os.path.join(folder, "objects")):
            return folder
    die("%s is no git repository" % path, "give the path of one, bare or with its .git directory")


def history_input(path):
    path = os.path.abspath(path)
    store = os.path.join(git_dir(path), "objects")
    kinds = subprocess.run(["git", "-c", "safe.directory=*", "-C", path, "cat-file", "--batch-all-objects",
                            "--unordered", "--batch-check=%(objecttype) %(objectsize)"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    missing = subprocess.run(["git", "-c", "safe.directory=*", "-C", path, "rev-list", "--objects", "--all",
                              "--missing=print"], capture_output=True, text=True, check=True).stdout.splitlines()
    missing = sum(line.startswith("?") for line in missing)
    if missing:
        print("\nnote: %d objects are missing from %s: scanners that run git stop at the first;"
              " do not compare with them" % (missing, path))
    blobs = [int(k.split()[1]) for k in kinds if k.startswith("blob")]
    packs = sum(os.path.getsize(f) for f in glob.glob(os.path.join(glob.escape(store), "pack", "*")))
    name = os.path.basename(path)
    if name in ("repo", ".git"):
        name = os.path.basename(os.path.dirname(path)).split("+")[-1]
    return {"name": name, "path": path, "blobs": len(blobs), "bytes": sum(blobs), "pack_bytes": packs,
            "missing": missing,
            "commits": sum(k.startswith("commit") for k in kinds)}


def identity(where):
    """What makes an input the same in another run: its sizes, not its path."""
    return {k: v for k, v in where.items() if k not in ("path", "missing")}


class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.meter = Meter(args.meter, work, args.timeout)
        self.machine = machine()
        self.sections = []  # (section, input, {tool: Result}, loads)
        self.versions = {}
        self.warmed = set()
        self.old = self.load_old()
        wanted = args.tools.split(",") if args.tools else None
        self.peers = {}
        for tool in tools.PEERS + tools.SMALL_ONLY:
            program = tools.find(args.peers, tool.name)
            if wanted is not None and tool.name not in wanted:
                continue
            if program:
                self.versions[tool.name] = "; ".join(
                    filter(None, (first_line([program] + tool.version), tools.pinned(args.peers, tool.name))))
            self.peers[tool.name] = (tool, program)
        if args.reeve:
            self.versions["reeve"] = first_line([args.reeve] + tools.REEVE.version)

    def load_old(self):
        if not self.args.reuse:
            return None
        try:
            with open(self.args.reuse, encoding="utf-8") as f:
                old = json.load(f)
        except (OSError, ValueError) as e:
            die("cannot reuse %s: %s" % (self.args.reuse, e), "give the -o FILE of an earlier run")
        if (old["machine"]["cpu"], old["machine"]["cores"]) != (self.machine["cpu"], self.machine["cores"]):
            print("not reused: %s is of another machine (%s)" % (self.args.reuse, old["machine"]["cpu"]))
            return None
        return old

    def earlier(self, section, where, name):
        if not self.old or self.old["versions"].get(name) != self.versions.get(name):
            return None
        for s in self.old["sections"]:
            if s["section"] == section and identity(s["input"]) == identity(where):
                for r in s["results"]:
                    if r["tool"] == name and r["runs"]:
                        date = r["reused"] or "%s, load %.1f" % (self.old["date"], max(s["loads"]))
                        return Result(name, r["runs"], r["findings"], r["places"], reused=date)
        return None

    # --- one section -------------------------------------------------------------------------------

    def warm(self, tool, program):
        """Once, not measured: what a tool keeps between runs, as compiled rules, is there when it counts."""
        if tool.name not in self.warmed:
            self.warmed.add(tool.name)
            small = self.small_tree()
            out = os.path.join(self.work, "out-warm.json")
            command = tool.command("directory", program, small, out, self.args.threads)
            self.meter.once(command, folder=small)

    def run_tool(self, tool, command, result):
        """One run of a scanner: its numbers into `result`, its report read and removed."""
        out = os.path.join(self.work, "out-" + tool.name)
        for old in glob.glob(out + "*"):
            os.remove(old)
        self.warm(tool, command[0])
        run = self.meter.once(command, output=out if tool.stdout else None,
                              folder=result.base if tool.inside else None, sample=True)
        if run.code == EXIT_MISSING or run.code < 0:
            result.why = "stopped after %d s" % self.args.timeout if run.code < 0 else "cannot be started"
            return
        if run.code not in tool.good:
            result.why = "exit code %d" % run.code
            return
        path = out if tool.stdout else out + ".json"
        try:
            places = tool.places(path, result.base)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
            result.why = "exit code %d, no usable report: %s: %s" % (run.code, type(e).__name__, e)
            return
        result.runs.append(run.as_dict())
        result.findings, result.places = len(places), sorted(set(places))

    def entry(self, section, where, kind, tool, program, runs):
        """(result, how to run it once, how often), or a result that needs no run."""
        earlier = self.earlier(section, where, tool.name) if tool is not tools.REEVE else None
        result = earlier or Result(tool.name, [])
        result.base = where["path"]
        if earlier:
            return result, None, 0
        if not program:
            result.why = "not there"
            return result, None, 0
        out = os.path.join(self.work, "out-" + tool.name + ".json")
        command = tool.command(kind, program, where["path"], out, self.args.threads)
        if command is None:
            return None
        print("  %s" % shlex.join(command), flush=True)
        return result, lambda: self.run_tool(tool, command, result), runs

    def floor_entry(self, name, command, runs):
        result = Result(name, [])

        def act():
            run = self.meter.once(command)
            if run.code != 0:
                result.why = "exit code %d" % run.code
            else:
                result.runs.append(run.as_dict())
        return result, act, runs

    def history_floors(self, where):
        """As the others are: a process from its start to its end. All objects, and blobs alone."""
        command = [self.args.git_bench, git_dir(where["path"]), str(self.args.threads)]
        return [self.floor_entry("floor", command, self.args.runs),
                self.floor_entry("floor-blobs", command + ["blobs"], self.args.runs)]

    def measure(self, section, where, entries):
        entries = [e for e in entries if e]
        before = os.getloadavg()

        def act(entry):
            if entry[1] and not entry[0].why:
                entry[1]()
                print("  %-15s %s" % (entry[0].tool, entry[0].why or "%(wall_s).3f s wall %(cpu_s).3f s CPU" %
                                      entry[0].runs[-1]), flush=True)
        alternate(entries, lambda e: e[2], act)
        loads = [round(before[0], 2), round(os.getloadavg()[0], 2)]
        results = {e[0].tool: e[0] for e in entries}
        self.sections.append((section, where, results, loads))
        report.section(section, where, results, loads)
        self.save()

    def scanners(self, section, where, kind, peer_runs, small=False):
        entries = []
        if self.args.reeve:
            entries.append(self.entry(section, where, kind, tools.REEVE, self.args.reeve, self.args.runs))
        for tool, program in self.peers.values():
            if small or tool not in tools.SMALL_ONLY:
                entries.append(self.entry(section, where, kind, tool, program, peer_runs))
        return entries

    # --- the sections ------------------------------------------------------------------------------

    def directory(self, section="directory", path=None):
        where = tree_input(path or self.args.trees)
        print("\n%s: %s" % (section, where["path"]), flush=True)
        floor = [self.args.floor, str(self.args.threads), where["path"]]
        self.meter.once(floor)  # warms
        entries = self.scanners(section, where, "directory", self.args.peer_runs, small=section == "small")
        floors = [self.floor_entry("floor", floor, self.args.runs),
                  self.floor_entry("floor-paged", floor + ["paged"], self.args.runs)]
        self.measure(section, where, floors + entries)

    def clean(self):
        if self.args.clean:
            self.directory("clean", self.args.clean)

    def history(self):
        for path in self.args.history:
            where = history_input(path)
            print("\nhistory: %s" % where["path"], flush=True)
            for pack in glob.glob(os.path.join(glob.escape(where["path"]), "**", "pack", "*.pack"), recursive=True):
                with open(pack, "rb") as f:  # warms
                    while f.read(1 << 20):
                        pass
            entries = self.scanners("history", where, "history", self.args.peer_runs)
            if self.args.git_bench:
                entries[:0] = self.history_floors(where)
            self.measure("history", where, entries)

    def small_tree(self):
        """Every so-manieth file of the trees, the same in each run."""
        into = os.path.join(self.work, "small")
        if os.path.isdir(into):
            return into
        files = [p for p, size in all_files(self.args.trees) if size <= SMALL_FILE_MAX]
        step = max(1, len(files) // SMALL_FILES)
        for path in files[::step][:SMALL_FILES]:
            to = os.path.join(into, os.path.relpath(path, self.args.trees))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copyfile(path, to)
        return into

    def small(self):
        self.directory("small", self.small_tree())

    def staged(self):
        repo = self.small_tree()
        git = ["git", "-C", repo, "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        changed = max(all_files(repo), key=lambda f: f[1] if f[1] < 16 << 10 else 0)[0]
        for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "all"]):
            subprocess.run(git + words, env=self.meter.env, check=True, stdout=subprocess.DEVNULL)
        with open(changed, "a", encoding="utf-8") as f:
            f.write("\n/* one more line */\n")
        subprocess.run(git + ["add", "-A", "-f"], env=self.meter.env, check=True)
        where = {"name": "one staged file", "path": repo, "bytes": os.path.getsize(changed), "files": SMALL_FILES}
        print("\nstaged: %s, %d bytes" % (os.path.relpath(changed, repo), where["bytes"]), flush=True)
        entries = [self.staged_entry(where, "git diff", ["git", "diff", "--cached", "-U0"], self.args.staged_runs)]
        if self.args.reeve:
            command = [self.args.reeve] + tools.REEVE.staged
            entries.append(self.staged_entry(where, "reeve", command, self.args.staged_runs, tools.REEVE.good))
        for tool, program in self.peers.values():
            if tool.staged and program:
                command = [program] + tool.staged
                entries.append(self.staged_entry(where, tool.name, command, STAGED_PEER_RUNS, tool.good))
        self.measure("staged", where, entries)

    def staged_entry(self, where, name, command, runs, good=(0,)):
        earlier = self.earlier("staged", where, name) if name not in ("reeve", "git diff") else None
        if earlier:
            return earlier, None, 0
        result = Result(name, [])

        def act():
            self.meter.once(command, folder=where["path"])  # warms
            for _ in range(runs):
                run = self.meter.once(command, folder=where["path"])
                if run.code not in good:
                    result.why, result.runs = "exit code %d" % run.code, []
                    return
                result.runs.append(run.as_dict())
        return result, act, 1

    def repeat(self):
        if not self.args.reeve:
            return
        where = tree_input(self.args.trees)
        print("\nrepeat: %s" % where["path"], flush=True)
        ledger = os.path.join(self.work, "ledger")
        out = os.path.join(self.work, "out-repeat.json")
        command = [self.args.reeve] + [w.format(path=where["path"], out=out, j=self.args.threads, ledger=ledger)
                                       for w in tools.REEVE_REPEAT]
        print("  %s" % shlex.join(command), flush=True)
        first, second = Result("reeve, first", []), Result("reeve, again", [])

        def act(result, is_first):
            if is_first and os.path.isdir(ledger):
                shutil.rmtree(ledger)
            elif is_first and os.path.exists(ledger):
                os.remove(ledger)
            run = self.meter.once(command)
            if run.code not in (0, 1, 3):
                result.why = "exit code %d" % run.code
            else:
                result.runs.append(run.as_dict())
        both = []
        for _ in range(self.args.runs):
            both += [(first, lambda: act(first, True), 1), (second, lambda: act(second, False), 1)]
        for entry in both:
            if not entry[0].why:
                entry[1]()
        self.measure("repeat", where, [(first, None, 0), (second, None, 0)])

    def save(self):
        if not self.args.output:
            return
        data = {"date": time.strftime("%Y-%m-%d %H:%M"), "machine": self.machine, "versions": self.versions,
                "threads": self.args.threads, "sections": [
                    {"section": s, "input": w, "loads": loads, "results": [r.as_dict() for r in results.values()]}
                    for s, w, results, loads in self.sections]}
        new = self.args.output + ".new"
        with open(new, "w", encoding="utf-8") as f:
            json.dump(data, f, indent=1)
        os.replace(new, self.args.output)


def check(args):
    if not args.reeve and not args.no_reeve:
        usual = ("build/release/bin/reeve", "build/dev/bin/reeve")
        args.reeve = next((p for p in usual if os.access(p, os.X_OK)), None)
    if args.no_reeve:
        args.reeve = None
    elif not args.reeve or not os.access(args.reeve, os.X_OK) or os.path.isdir(args.reeve):
        die("reeve is missing: %s" % (args.reeve or "build/release/bin/reeve"), "build it, or give --reeve BIN")
    else:
        args.reeve = os.path.abspath(args.reeve)
    if not os.path.isdir(args.trees):
        die("no trees at %s" % args.trees, "tests/bench/scan/trees gets them")
    for path in args.history + ([args.clean] if args.clean else []):
        if not os.path.isdir(path):
            die("no directory at %s" % path, "give the path of one")
    beside = os.path.join(os.path.dirname(os.path.abspath(args.trees)), "clean")
    args.clean = args.clean or (beside if os.path.isdir(beside) else None)
    args.only = args.only.split(",") if args.only else list(SECTIONS)
    if set(args.only) - set(SECTIONS):
        die("no such section: %s" % ", ".join(sorted(set(args.only) - set(SECTIONS))), "see --help")
    found = sorted(glob.glob("build/*/**/rv_git_bench", recursive=True), key=lambda p: "release" not in p)
    args.git_bench = os.path.abspath(args.git_bench or found[0]) if args.git_bench or found else None
    if args.git_bench and not os.access(args.git_bench, os.X_OK):
        die("cannot run %s" % args.git_bench, "build rv_git_bench")
    args.runs, args.peer_runs = max(1, args.runs), max(1, args.peer_runs)


def main():
    args = arguments()
    check(args)
    with tempfile.TemporaryDirectory(prefix="reeve-bench-") as work:
        with open(os.path.join(work, ".gitconfig"), "w", encoding="utf-8") as f:
            f.write("[safe]\n\tdirectory = *\n")
        bench = Bench(args, work)
        report.head(bench.machine, bench.versions, args, os.getloadavg())
        for name in SECTIONS:
            if name in args.only:
                getattr(bench, name)()
        report.ratios(bench.sections)
    return 0


if __name__ == "__main__":
    sys.exit(main())
