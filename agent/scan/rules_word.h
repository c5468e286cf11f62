/* scan: does every match of a regex hold one long run of letters, digits and "-_+/" that can be
 * told from a name? Then its anchors need to be looked for only where such a run is (RV_RULE_WORD).
 * Reads the syntax that rules use; whatever it does not know makes it say no. Pure. Not here:
 * matching. */
#pragma once

#include "agent/base/buf.h"

/* True: each match, from where it begins, has RV_RULE_WORD_MIN such bytes in a row, and they begin
 * no later than RV_RULE_WORD_BACK bytes after it; none of them of a class of letters in one case
 * alone ([a-z]): rv_reads_like_name would pass over those. */
bool rv_rules_has_word(const char *regex);
