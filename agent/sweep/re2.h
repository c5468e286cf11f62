/* sweep: regexes as Go writes them (RE2 syntax; gitleaks' files) into PCRE2 on bytes. What Go would
 * refuse is refused, so that nothing works here that breaks there: lookaround, backreferences, \C,
 * possessive repeats, repeats over 1000. Flags, \z, \Q..\E, names, classes come out with the same
 * meaning. Outside of ASCII things differ: a character is its bytes, so that a repeat of a class or
 * '.' counts bytes; a class with such characters becomes an alternation, a range of them takes
 * every character of that length; (?i) folds ASCII alone; \p takes only L, Lu, Ll, N, Nd. Compared
 * with Go over the regexes of gitleaks and betterleaks: no other difference in matches or groups.
 * Not here: matching (pattern.h). */
#pragma once

#include "agent/base/buf.h"

#define RV_RE2_TEXT_MAX	   8192 /* bytes of a regex, before and after */
#define RV_RE2_DEPTH_MAX   100	/* groups in groups */
#define RV_RE2_REPEAT_MAX  1000
#define RV_RE2_LITERAL_MAX 32

struct rv_re2_facts {
	uint32_t groups; /* that capture */
	/* A text that every match holds, lower case, compared without case; "" when none of 3 bytes
	 * or more is sure. */
	char literal[RV_RE2_LITERAL_MAX + 1];
};

/* Appends to out. MALFORMED: what, and at which byte. */
RV_NODISCARD rv_status rv_re2_translate(struct rv_str regex, struct rv_buf *out,
					struct rv_re2_facts *out_facts, struct rv_diag *diag);
