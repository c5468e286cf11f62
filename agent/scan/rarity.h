/* scan: how unlike the names and words of public code a value is, by the cost of its character
 * triples. Takes the place of entropy: "passwordfield" has as much of that as a key, and is no key.
 * Tables: policies/rarity/make.py. Not here: what the value stands for (value.h). */
#pragma once

#include "agent/base/buf.h"

/* Mean cost of a character in sixteenths of a bit: words 35..55, random letters 100..130. Letters
 * are folded, all digits are one class; bytes past RV_RARITY_MAX are not looked at. Empty: 0. */
#define RV_RARITY_MAX 64
unsigned rv_rarity(struct rv_str value);

/* Part of the value's letters that known words of three letters and more cover, in percent, when it
 * is cut at every change of case and every sign: "getUserName" 100, "kQzWxJbp" 0. Runs without a
 * change are cut into words by their length, longest first. No letters: 0. */
unsigned rv_words_cover(struct rv_str value);
