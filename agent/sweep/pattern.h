/* sweep: regexes of allowlists and path filters: "does any of these match somewhere". Not here: the
 * rules' own regexes (scan/), Go's syntax (re2.h). */
#pragma once

#include "agent/base/buf.h"

#define RV_PATTERN_MAX	     4096    /* regexes of one pattern */
#define RV_PATTERN_STEPS_MAX 1000000 /* of PCRE2 in one match; past it there is no match */

/* Any of several PCRE2 regexes. Immutable once built; may be shared by threads. */
struct rv_pattern;
RV_NODISCARD rv_status rv_pattern_new(struct rv_pattern **out);
void rv_pattern_free(struct rv_pattern *pattern);
void rv_pattern_freep(struct rv_pattern **pattern);
/* One regex more; compiled to machine code where the process may still do so. */
RV_NODISCARD rv_status rv_pattern_add(struct rv_pattern *pattern, const char *regex,
				      struct rv_diag *diag);
size_t rv_pattern_count(const struct rv_pattern *pattern); /* 0 for NULL */
/* False for NULL, for no memory and past the steps: what is not sure is not allowed. */
bool rv_pattern_matches(const struct rv_pattern *pattern, struct rv_str text);
