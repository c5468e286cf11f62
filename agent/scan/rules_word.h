/* scan: does every match of a regex hold one long run of letters, digits and "-_+/"? Then its
 * anchors need to be looked for only where such a run is (RV_RULE_WORD). Reads the syntax that
 * rules use; whatever it does not know makes it say no. Pure. Not here: matching. */
#pragma once

#include "agent/base/buf.h"

/* True: each match, from where it begins, has RV_RULE_WORD_MIN such bytes in a row, and they begin
 * no later than RV_RULE_WORD_BACK bytes after it. */
bool rv_rules_has_word(const char *regex);
