#!/usr/bin/env python3
"""Makes trigrams.inc and words.inc from code and text on this machine.

    policies/rarity/make.py DIR.. [--out policies/rarity]

What it counts are names and words of public code: identifiers and the words they are made of. Tables
in the tree were made from Debian 12's /usr/include, /usr/lib/python3, /usr/share/perl5 and
/usr/share/doc, and the Go standard library's source. Only the standard library is used.

trigrams.inc: cost of a character after two others, in quarters of a bit, 6 bits an entry, 32 x 32 x 32
entries; classes as in agent/scan/rarity.c. words.inc: the words seen in most files, by length.
"""
import argparse
import collections
import math
import os
import re

CLASSES = 32
DIGIT, SEPARATOR, SYMBOL, FOREIGN = 27, 28, 29, 30
ALPHABET = "".join(chr(c) for c in range(35, 127) if chr(c) not in '\\?"')[:64]
SUFFIXES = {".h", ".c", ".cc", ".cpp", ".py", ".go", ".pm", ".pl", ".txt", ".md", ".rst", ".html", ".js",
            ".java", ".rb", ".sh", ".json", ".xml", ".yml", ".yaml", ".conf", ""}
FILE_MAX = 400_000
WORDS_KEPT = {3: 500, 4: 900, 5: 900, 6: 900, 7: 900, 8: 800, 9: 600, 10: 500, 11: 350, 12: 250}

TOKEN = re.compile(rb"[A-Za-z0-9_.\-]{3,40}")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def class_of(c):
    if "a" <= c <= "z":
        return ord(c) - ord("a") + 1
    if "0" <= c <= "9":
        return DIGIT
    return SEPARATOR if c in "_-. /:@+ " else SYMBOL


def is_name(token):
    """Not a digest or a number: those must stay rare."""
    digits = sum(c.isdigit() for c in token)
    turns = sum(a.isdigit() != b.isdigit() for a, b in zip(token, token[1:]))
    return digits * 4 <= len(token) and turns <= 3


def files_of(dirs):
    for top in dirs:
        for root, _, names in os.walk(top):
            for name in names:
                path = os.path.join(root, name)
                if os.path.splitext(name)[1].lower() in SUFFIXES and not os.path.islink(path):
                    yield path


def count(dirs):
    tokens, words = collections.Counter(), collections.Counter()
    for path in files_of(dirs):
        try:
            with open(path, "rb") as f:
                text = f.read(FILE_MAX)
        except OSError:
            continue
        if b"\0" in text:
            continue
        here = {t.decode() for t in TOKEN.findall(text)}
        tokens.update(t for t in here if is_name(t))
        words.update({w.lower() for t in here for w in WORD.findall(t) if 3 <= len(w) <= 12})
    return tokens, words


def trigram_costs(tokens):
    tri = collections.Counter()
    for token, files in tokens.items():
        weight = 1 + math.log2(files)
        text = [0, 0] + [class_of(c) for c in token.lower()]
        for at in range(2, len(text)):
            tri[tuple(text[at - 2:at + 1])] += weight
    after_two, bi, after_one, uni = (collections.Counter() for _ in range(4))
    for (a, b, c), n in tri.items():
        after_two[a, b] += n
        bi[b, c] += n
        after_one[b] += n
        uni[c] += n
    total = sum(uni.values())
    costs = []
    for a in range(CLASSES):
        for b in range(CLASSES):
            for c in range(CLASSES):
                p1 = (uni[c] + 1) / (total + CLASSES)
                p2 = (bi[b, c] + 20 * p1) / (after_one[b] + 20)
                p3 = (tri[a, b, c] + 20 * p2) / (after_two[a, b] + 20)
                costs.append(min(63, round(-math.log2(p3) * 4)))
    return costs


def write_trigrams(path, costs):
    with open(path, "w", encoding="ascii") as f:
        f.write("/* Made by policies/rarity/make.py. */\n/* clang-format off */\n")
        for a in range(CLASSES):
            row = costs[a * CLASSES * CLASSES:(a + 1) * CLASSES * CLASSES]
            f.write("{\n")
            for at in range(0, len(row), 64):
                f.write('"' + "".join(ALPHABET[v] for v in row[at:at + 64]) + '",\n')
            f.write("},\n")
        f.write("/* clang-format on */\n")


def write_words(path, words):
    with open(path, "w", encoding="ascii") as f:
        f.write("/* Made by policies/rarity/make.py. */\n/* clang-format off */\n")
        for length, kept in WORDS_KEPT.items():
            best = sorted((w for w in words if len(w) == length), key=lambda w: (-words[w], w))[:kept]
            # Three letters in many files are often no word but an abbreviation: they are words here.
            f.write(f"static const char words_{length}[][{length}] = {{\n")
            line = ""
            for word in sorted(best):
                line += f'"{word}",'
                if len(line) > 90:
                    f.write(line + "\n")
                    line = ""
            f.write(line + "\n};\n" if line else "};\n")
        f.write("/* clang-format on */\n")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    args.add_argument("dirs", nargs="+", metavar="DIR")
    args.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    a = args.parse_args()
    tokens, words = count(a.dirs)
    write_trigrams(os.path.join(a.out, "trigrams.inc"), trigram_costs(tokens))
    write_words(os.path.join(a.out, "words.inc"), words)
    print(f"{len(tokens)} names, {len(words)} words")


if __name__ == "__main__":
    main()
