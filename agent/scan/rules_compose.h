/* scan: the one regex of a keyword rule, and the lint of any regex. The composition is described in
 * policies/detectors/README.md and made nowhere else. Inside of rules_load.c; also used for rules
 * translated from other tools' files. Not here: matching (scan.h). */
#pragma once

#include "agent/base/buf.h"

/* Appends: any of `keywords` (NULL-ended, literal, folded), RV_RULES_KEYWORD_LEAD name bytes,
 * closing quotes, an assignment sign, opening quotes, (?<secret>format). */
RV_NODISCARD rv_status rv_rules_compose(const char *const *keywords, const char *format,
					struct rv_buf *out);
/* Compiles as the engine does (bytes, no \C) and forgets the result. MALFORMED with PCRE2's own
 * sentence and the offset in bytes. */
RV_NODISCARD rv_status rv_rules_regex_lint(const char *regex, struct rv_diag *diag);
/* Does the regex have a group of this name, and can it match nothing at all? False: no compile. */
RV_NODISCARD bool rv_rules_regex_facts(const char *regex, bool *out_has_secret,
				       bool *out_matches_empty, uint32_t *out_groups);
