"""The printed tables and the ratios against what must be reached."""

MIB = 1 << 20
# What must and what should be reached: (label, must, aim); `at least` for gains, `at most` for costs.
DIRECTORY_GAIN, DIRECTORY_COST = (60, 120), (2.0, 1.4)
HISTORY_GAIN, HISTORY_COST = (30, 60), (3.0, 2.0)
ACTIVE_GAIN = (3, 10)  # per CPU-second, against the peers that are still developed
STAGED_MS = (15, 6)
DIRECTORY_PEAK_MIB, HISTORY_PEAK_MIB = 64, 256
REPEAT_SHARE, NOISE_SHARE = 0.02, 0.25


def head(machine, versions, args, load):
    print("reeve scan beside its peers")
    print("machine: %(cpu)s, %(cores)d cores, %(memory_gib)d GiB, Linux %(kernel)s" % machine)
    print("load: %.2f %.2f %.2f; threads: %d; runs: %d, peers %d" %
          (load + (args.threads, args.runs, args.peer_runs)))
    if load[0] > 0.5:
        print("note: other work runs on this machine; trust the CPU seconds more than the wall time")
    for name, version in versions.items():
        print("%-15s %s" % (name, version))


def _input(where):
    if "blobs" in where:
        return "%d blobs (%.0f MB), %d commits, %.0f MB of packs" % (
            where["blobs"], where["bytes"] / 1e6, where["commits"], where["pack_bytes"] / 1e6)
    return "%d files, %.1f MB" % (where["files"], where["bytes"] / 1e6)


def _shared(results, result, section):
    """How many of this tool's places reeve reports too; in a history files are compared, not lines."""
    mine = results.get("reeve")
    if not mine or mine is result or mine.places is None or not result.places:
        return ""
    if section == "history":
        theirs, ours = ({p.rpartition(":")[0] for p in r.places} for r in (result, mine))
        return "%d of %d files" % (len(theirs & ours), len(theirs))
    theirs, ours = set(result.places), set(mine.places)
    return "%d of %d" % (len(theirs & ours), len(theirs))


def section(name, where, results, loads):
    print("\n%s: %s: %s; load %.2f to %.2f" % (name, where["name"], _input(where), loads[0], loads[1]))
    print("  %-15s %4s %11s %5s %11s %5s %9s %9s %9s %9s %8s %s" % (
        "", "runs", "wall s", "+-%", "CPU s", "+-%", "MB/CPU-s", "peak MiB", "anon MiB", "findings", "places",
        "also by reeve"))
    for r in results.values():
        if not r.runs:
            print("  %-15s not measured: %s" % (r.tool, r.why or "no run"))
            continue
        cpu = r.median("cpu_s")
        print("  %-15s %4d %11.4f %5.0f %11.4f %5.0f %9s %9.1f %9.1f %9s %8s %s%s" % (
            r.tool, len(r.runs), r.median("wall_s"), r.spread("wall_s"), cpu, r.spread("cpu_s"),
            "%.1f" % (where["bytes"] / 1e6 / cpu) if cpu and name != "staged" else "",
            r.peak("rss_kib") / 1024, r.peak("anon_kib") / 1024,
            "" if r.findings is None else r.findings, "" if r.places is None else len(r.places),
            _shared(results, r, name), " (of %s)" % r.reused if r.reused else ""))


def _verdict(value, must, aim, at_least):
    if value is None:
        return "not measured"

    def good(limit):
        return value >= limit if at_least else value <= limit
    if aim is not None and good(aim):
        return "reached, and the aim"
    return "reached" if good(must) else "NOT REACHED"


def _row(label, value, unit, must, aim, at_least=False, unsure=""):
    sign = ">=" if at_least else "<="
    shown = "-" if value is None else "%.3g%s" % (value, unit) if value < 100 else "%.0f%s" % (value, unit)
    print("  %-52s %10s  %s %-8s %-10s %s" % (
        label, shown, sign, "%g%s" % (must, unit), "" if aim is None else "%s %g%s" % (sign, aim, unit),
        unsure if unsure and value is not None else _verdict(value, must, aim, at_least)))


def _quotient(results, over, under, key):
    a, b = results.get(over), results.get(under)
    if not a or not b or not a.runs or not b.runs:
        return None
    return a.median(key) / b.median(key) if b.median(key) else None


def _other_hour(result):
    """Wall times of different hours do not compare: what else ran then is in them."""
    return "not judged: gitleaks' wall time is of %s" % result.reused if result and result.reused else ""


def _speed(label, results, gain, cost):
    for key, name in (("wall_s", "wall"), ("cpu_s", "CPU")):
        _row("%s: gitleaks / reeve, %s" % (label, name), _quotient(results, "gitleaks", "reeve", key), "x", *gain,
             at_least=True, unsure=_other_hour(results.get("gitleaks")) if key == "wall_s" else "")
    for key, name in (("wall_s", "wall"), ("cpu_s", "CPU")):
        _row("%s: reeve / floor, %s" % (label, name), _quotient(results, "reeve", "floor", key), "x", *cost)
        for other in ("floor-paged", "floor-blobs"):
            if other in results:
                _row("%s: reeve / %s, %s" % (label, other, name), _quotient(results, "reeve", other, key), "x", *cost)
    for peer in ("betterleaks", "kingfisher", "trufflehog"):
        if peer in results:
            _row("%s: %s / reeve, CPU" % (label, peer), _quotient(results, peer, "reeve", "cpu_s"), "x", *ACTIVE_GAIN,
                 at_least=True)


def _peak(result, packs=None):
    """MiB; of a history what is beyond the mapped packs, but never less than what is anonymous."""
    if not result or not result.runs:
        return None
    rss, anon = result.peak("rss_kib") / 1024, result.peak("anon_kib") / 1024
    return rss if packs is None else max(anon, rss - packs / MIB)


def ratios(sections):
    print("\nratios of medians                                              value     must        aim")
    for name, where, results, _ in sections:
        label = "%s %s" % (name, where["name"])
        reeve = results.get("reeve")
        if name == "directory":
            _speed(label, results, DIRECTORY_GAIN, DIRECTORY_COST)
            _row("%s: peak memory" % label, _peak(reeve), " MiB", DIRECTORY_PEAK_MIB, None)
        if name == "history":
            _speed(label, results, HISTORY_GAIN, HISTORY_COST)
            _row("%s: peak beyond packs" % label, _peak(reeve, where["pack_bytes"]), " MiB", HISTORY_PEAK_MIB, None)
        if name == "staged":
            milliseconds = reeve.median("wall_s") * 1e3 if reeve and reeve.runs else None
            _row("%s: start to exit" % label, milliseconds, " ms", *STAGED_MS)
            least = min(reeve.of("wall_s")) * 1e3 if reeve and reeve.runs else None
            _row("%s: the quickest of them" % label, least, " ms", *STAGED_MS)
        if name == "repeat":
            _row("%s: second / first, CPU" % label, _quotient(results, "reeve, again", "reeve, first", "cpu_s"), "",
                 REPEAT_SHARE, None)
        if name == "clean":
            other = results.get("gitleaks")
            share = reeve.findings / other.findings if (
                reeve and other and reeve.findings is not None and other.findings) else None
            _row("%s: findings reeve / gitleaks" % label, share, "", NOISE_SHARE, None)
    print("\nA ratio says nothing where the findings differ: see the columns findings and also by reeve.")
