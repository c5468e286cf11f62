#!/usr/bin/env python3
"""Fits the weights of agent/scan/assign_features.def on labelled findings. See README.md beside it.

    assign_probe --min 0 --reasons - <files >found.jsonl
    fit.py --meta DIR --data DIR --report found.jsonl [--clean FILE ..] [--split train] [--write]

Logistic regression with a pull towards nought; a repository counts by the square root of what it
holds, so that no single one decides. --clean: findings in trees without secrets, all of them wrong.
Only the standard library is used.
"""
import argparse
import collections
import json
import math
import os
import random
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import score  # noqa: E402

DEF = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../agent/scan/assign_features.def")
LINE = re.compile(r"RV_FEATURE\((\w+), (-?\d+), ")


def load(report, labels, root, repos):
    """[(features, truth, group, path)]"""
    out = []
    with open(report, encoding="utf-8", errors="replace") as f:
        for line in f:
            item = json.loads(line)
            path = score.tail_of(item["path"], root)
            repo = path.split("/", 1)[0]
            if repos is not None and repo not in repos:
                continue
            label = score.label_of(labels.get(path, ()), item["line"], item["line"]) if labels else None
            if label and (label[0] == "X" or (label[0] == "T" and not score.is_secret(label[1]))):
                continue
            if "reasons" in item:
                out.append((item["reasons"], 1.0 if label and label[0] == "T" else 0.0, repo, path))
    return out


def load_made(report, labels):
    """The same for files of made.py, whose labels hold whole paths."""
    with open(labels, encoding="utf-8") as f:
        true = {(i["path"], i["line"]) for i in map(json.loads, f)}
    with open(report, encoding="utf-8") as f:
        items = [i for i in map(json.loads, f) if "reasons" in i]
    return [(i["reasons"], 1.0 if (i["path"], i["line"]) in true else 0.0, "made:" + i["path"][-4:], None)
            for i in items]


def fit(samples, names, penalty, rounds):
    at = {name: i for i, name in enumerate(names)}
    rows = [([at[n] for n in reasons], truth, weight) for reasons, truth, weight in samples]
    weights, bias = [0.0] * len(names), -1.0
    speed = [1e-8] * (len(names) + 1)
    random.seed(7)
    for _ in range(rounds):
        random.shuffle(rows)
        for start in range(0, len(rows), 256):
            part = rows[start:start + 256]
            slope, slope_bias, total = [0.0] * len(names), 0.0, 0.0
            for feats, truth, weight in part:
                z = bias + sum(weights[i] for i in feats)
                err = (1 / (1 + math.exp(-max(-30, min(30, z)))) - truth) * weight
                total += weight
                slope_bias += err
                for i in feats:
                    slope[i] += err
            for i in range(len(names)):
                g = slope[i] / total + penalty * weights[i]
                speed[i] += g * g
                weights[i] -= 0.12 * g / math.sqrt(speed[i])
            g = slope_bias / total
            speed[-1] += g * g
            bias -= 0.12 * g / math.sqrt(speed[-1])
    return weights, bias


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    args.add_argument("--meta", required=True)
    args.add_argument("--data", required=True)
    args.add_argument("--report", required=True)
    args.add_argument("--clean", action="append", default=[])
    args.add_argument("--clean-weight", type=float, default=1.0)
    args.add_argument("--made", action="append", nargs=2, default=[], metavar=("REPORT", "LABELS"))
    args.add_argument("--split", choices=("train", "dev", "all"), default="train")
    args.add_argument("--penalty", type=float, default=0.002)
    args.add_argument("--rounds", type=int, default=60)
    args.add_argument("--test-prior", type=float, default=80,
                      help="hundredths of a logit taken off in tests and examples, beyond the labels")
    args.add_argument("--write", action="store_true")
    a = args.parse_args()
    with open(DEF, encoding="utf-8") as f:
        text = f.read()
    names = [m[0] for m in LINE.findall(text)]
    labels, repos = score.read_labels(a.meta, a.split)
    samples = load(a.report, labels, a.data, repos)
    for name in a.clean:
        samples += [(r, t, "clean:" + g, p) for r, t, g, p in load(name, None, "/", None)]
    for report, marks in a.made:
        samples += load_made(report, marks)
    size = collections.Counter((g.split(":")[0] == "clean", g) for _, _, g, _ in samples)
    # One file that says the same a hundred times does not count a hundredfold.
    alike = collections.Counter((p, tuple(r)) for r, _, _, p in samples if p)
    weighted = [(r, t, 10 / math.sqrt(size[g.startswith("clean:"), g]) / math.sqrt(alike[p, tuple(r)] or 1) *
                 (a.clean_weight if g.startswith("clean:") else 1.0)) for r, t, g, p in samples]
    weights, bias = fit(weighted, names, a.penalty, a.rounds)
    used = collections.Counter(n for r, _, _, _ in samples for n in r)
    true = collections.Counter(n for r, t, _, _ in samples for n in r if t)
    for name, weight in zip(names, weights):
        print(f"{name:18} {weight * 100:7.0f}   in {used[name]:6}, true {true[name]:5}")
    print(f"bias {bias * 100:.0f}; {len(samples)} samples, {sum(t for _, t, _, _ in samples):.0f} true")
    if a.write:
        weights[names.index("FILE_TEST")] -= a.test_prior / 100
        value = dict(zip(names, weights))
        text = LINE.sub(lambda m: f"RV_FEATURE({m[1]}, {round(value[m[1]] * 100)}, ", text)
        text = re.sub(r"#define RV_FEATURE_BIAS -?\d+", f"#define RV_FEATURE_BIAS {round(bias * 100)}", text)
        with open(DEF, "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    main()
