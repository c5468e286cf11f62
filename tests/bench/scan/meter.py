"""Runs commands through the small meter program, several at a time of one kind, in alternating order."""
import os
import statistics
import subprocess

EXIT_MISSING = 127


class Run:
    def __init__(self, line):
        code, wall, user, system, rss, anon = line.split()
        self.code, self.wall, self.cpu = int(code), float(wall), float(user) + float(system)
        self.rss_kib, self.anon_kib = int(rss), int(anon)

    def as_dict(self):
        return {"code": self.code, "wall_s": round(self.wall, 6), "cpu_s": round(self.cpu, 6),
                "rss_kib": self.rss_kib, "anon_kib": self.anon_kib}


class Result:
    """All runs of one tool on one input."""

    def __init__(self, tool, runs, findings=None, places=None, reused="", why=""):
        self.tool, self.runs, self.findings, self.places = tool, runs, findings, places
        self.reused, self.why = reused, why  # why: it has no numbers

    def of(self, key):
        return [r[key] for r in self.runs]

    def median(self, key):
        return statistics.median(self.of(key)) if self.runs else None

    def spread(self, key):
        """Half the range in percent of the median."""
        middle = self.median(key)
        return 50.0 * (max(self.of(key)) - min(self.of(key))) / middle if middle else 0.0

    def peak(self, key):
        return max(self.of(key)) if self.runs else None

    def as_dict(self):
        return {"tool": self.tool, "runs": self.runs, "findings": self.findings, "places": self.places,
                "reused": self.reused, "why": self.why}


class Meter:
    def __init__(self, program, home, timeout_s):
        self.program, self.timeout_s = program, timeout_s
        # A home of its own: nobody's settings count, and caches of compiled rules live through the run.
        self.env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": home, "LC_ALL": "C.UTF-8",
                    "TMPDIR": os.environ.get("TMPDIR", "/tmp"), "GIT_CONFIG_NOSYSTEM": "1"}

    def once(self, command, output=None, folder=None, sample=False):
        words = [self.program, "-t", str(self.timeout_s)]
        words += ["-a"] if sample else []
        words += ["-o", output] if output else []
        words += ["-d", folder] if folder else []
        said = subprocess.run(words + command, env=self.env, capture_output=True, text=True, check=True)
        return Run(said.stdout)


def alternate(items, rounds_of, act):
    """Calls act(item) for each item rounds_of(item) times; every second round runs backwards."""
    for turn in range(max([rounds_of(i) for i in items], default=0)):
        for item in items if turn % 2 == 0 else items[::-1]:
            if turn < rounds_of(item):
                act(item)
