#!/usr/bin/env python3
"""Scores a report of findings against CredData's labels, line by line. See README.md beside it.

    score.py --meta DIR --data DIR --report FILE [--report FILE ..] [--split train|dev|all] [--worst N]

Reads JSON lines of {"path", "line", "rule"?, "end_line"?, "confidence"?} or gitleaks' JSON array.
Several reports are joined: what one of them finds is found. Only the standard library is used.
"""
import argparse
import collections
import csv
import glob
import hashlib
import json
import os
import sys

# What authenticates nobody by itself: an identifier, a name, or a number used once. A labelled row
# whose every category is one of these is not a secret; "Token:UUID" is one, "UUID" is not.
NOT_SECRET = {
    "UUID", "Nonce", "Salt", "AWS Client ID", "AWS S3 Bucket", "Tencent WeChat API App ID",
    "Firebase Domain", "Grafana Provisioned API Key ID", "Other", "Certificate", "IPv4", "IPv6",
}
# One row may stand for more than one thing of which only some are secret.
HALF_SECRET = {"AWS Multi", "Google Multi"}


def is_secret(category):
    return any(part not in NOT_SECRET for part in category.split(":"))


def split_of(repo):
    """Repositories fall into train or dev by a digest of their id, not by what is in them."""
    return "train" if hashlib.sha256(repo.encode()).digest()[0] % 2 == 0 else "dev"


def tail_of(path, root):
    """The path from the repository's id on, whatever stood before it."""
    path = os.path.normpath(path)
    root = os.path.normpath(root)
    for start in (root + "/", "data/", root.lstrip("/") + "/"):
        at = path.find(start)
        if at >= 0:
            return path[at + len(start):]
    return path


def read_labels(meta, split):
    """{path: [(first, last, label, category)]} and the set of repositories."""
    rows = collections.defaultdict(list)
    repos = set()
    for name in sorted(glob.glob(os.path.join(meta, "*.csv"))):
        repo = os.path.basename(name)[:-4]
        if split != "all" and split_of(repo) != split:
            continue
        repos.add(repo)
        with open(name, newline="", encoding="utf-8") as f:
            for row in csv.DictReader(f):
                rows[tail_of(row["FilePath"], "data")].append(
                    (int(row["LineStart"]), int(row["LineEnd"] or row["LineStart"]),
                     row["GroundTruth"], row["Category"]))
    return rows, repos


def read_report(name, root, repos):
    """{(path, line): (last line, rule, confidence)}"""
    with open(name, encoding="utf-8", errors="replace") as f:
        text = f.read()
    if text.lstrip().startswith("["):
        items = [{"path": i["File"], "line": i["StartLine"], "end_line": i["EndLine"],
                  "rule": i["RuleID"]} for i in json.loads(text)]
    else:
        items = [json.loads(line) for line in text.splitlines() if line.strip()]
    found = {}
    for item in items:
        path = tail_of(item["path"], root)
        if path.split("/", 1)[0] not in repos:
            continue
        where = (path, int(item["line"]))
        found.setdefault(where, (int(item.get("end_line") or item["line"]), item.get("rule", "?"),
                                 int(item.get("confidence", 100))))
    return found


def label_of(rows, first, last):
    """The strongest label of the lines: T, then X, then F; None where nothing is labelled."""
    best = None
    for start, end, truth, category in rows:
        if first > end or last < start:
            continue
        if truth == "T" and (best is None or best[0] != "T" or is_secret(category)):
            best = ("T", category)
        elif truth == "X" and (best is None or best[0] == "F"):
            best = ("X", category)
        elif best is None:
            best = (truth, category)
    return best


def ratio(part, whole):
    return part / whole if whole else 0.0


def tell(name, hit, missed, wrong):
    precision = ratio(hit[0], hit[0] + wrong)
    recall = ratio(hit[1], hit[1] + missed)
    f1 = ratio(2 * precision * recall, precision + recall)
    print(f"{name:12} T {hit[1] + missed:5}  found {hit[1]:5}  reported {hit[0] + wrong:5}  "
          f"precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}")
    return f1


class Score:
    def __init__(self, labels, found):
        self.labels, self.found = labels, found
        self.right, self.right_secret, self.wrong = 0, 0, []
        self.missed = []
        self.by_category = collections.defaultdict(lambda: [0, 0])
        self.judge_findings()
        self.judge_labels()

    def judge_findings(self):
        for (path, line), (last, rule, confidence) in sorted(self.found.items()):
            label = label_of(self.labels.get(path, ()), line, last)
            if label and label[0] == "T":
                self.right += 1
                self.right_secret += is_secret(label[1])
            elif not label or label[0] != "X":
                self.wrong.append((rule, path, line, label[1] if label else "not labelled", confidence))

    def judge_labels(self):
        by_path = collections.defaultdict(list)
        for (path, line), (last, _, _) in self.found.items():
            by_path[path].append((line, last))
        self.total, self.hit, self.total_secret, self.hit_secret = 0, 0, 0, 0
        for path, rows in self.labels.items():
            lines = {}
            for start, end, truth, category in rows:
                if truth == "T" and (start not in lines or is_secret(category)):
                    lines[start] = (end, category)
            for start, (end, category) in sorted(lines.items()):
                hit = any(first <= end and last >= start for first, last in by_path[path])
                self.total += 1
                self.hit += hit
                self.total_secret += is_secret(category)
                self.hit_secret += hit and is_secret(category)
                count = self.by_category[category]
                count[0] += hit
                count[1] += 1
                if not hit:
                    self.missed.append((category, path, start))


def show_lines(title, items, root, limit, with_text):
    print(f"\n{title}")
    for item in items[:limit]:
        rule, path, line = item[0], item[1], item[2]
        text = ""
        if with_text:
            with open(os.path.join(root, path), encoding="utf-8", errors="replace", newline="") as f:
                text = " | " + f.read().split("\n")[line - 1].strip()[:160]
        print(f"  {rule:34} {path}:{line} {' '.join(str(x) for x in item[3:])}{text}")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    args.add_argument("--meta", required=True)
    args.add_argument("--data", required=True)
    args.add_argument("--report", required=True, action="append")
    args.add_argument("--split", choices=("train", "dev", "all"), default="all")
    args.add_argument("--worst", type=int, default=0, metavar="N", help="show N false positives a rule")
    args.add_argument("--missed", type=int, default=0, metavar="N", help="show N misses a category")
    args.add_argument("--text", action="store_true", help="with the line itself (obfuscated data)")
    args.add_argument("--min", type=int, default=0, help="leave out findings of a lower confidence")
    a = args.parse_args()
    labels, repos = read_labels(a.meta, a.split)
    if not labels:
        sys.exit(f"score.py: no label file for split {a.split} in {a.meta}: give CredData's meta folder")
    found = {}
    for name in a.report:
        for where, what in read_report(name, a.data, repos).items():
            if what[2] >= a.min and os.path.exists(os.path.join(a.data, where[0])):
                found.setdefault(where, what)
    score = Score(labels, found)
    print(f"{len(repos)} repositories, {len(labels)} files, split {a.split}")
    tell("all T", (score.right, score.hit), score.total - score.hit, len(score.wrong))
    tell("secret-only", (score.right_secret, score.hit_secret),
         score.total_secret - score.hit_secret, len(score.wrong))
    print("\ncategory                                   found /   T")
    for category, (hit, total) in sorted(score.by_category.items(), key=lambda c: -c[1][1]):
        mark = "" if is_secret(category) else "  (not a secret)"
        print(f"  {category[:40]:40} {hit:5} /{total:5}{mark}")
    by_rule = collections.Counter(w[0] for w in score.wrong)
    print("\nfalse positives by rule: " + ", ".join(f"{r} {n}" for r, n in by_rule.most_common(20)))
    if a.worst:
        for rule, _ in by_rule.most_common(20):
            show_lines(f"false positives of {rule}", [w for w in score.wrong if w[0] == rule], a.data,
                       a.worst, a.text)
    if a.missed:
        for category in sorted({m[0] for m in score.missed}):
            show_lines(f"missed {category}", [m for m in score.missed if m[0] == category], a.data,
                       a.missed, a.text)


if __name__ == "__main__":
    main()
