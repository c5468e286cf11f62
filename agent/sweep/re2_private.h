/* sweep: the parts of the translator. re2.c walks the regex, re2_class.c reads [..] and escapes. */
#pragma once

#include "agent/sweep/re2.h"

struct rv_re2 {
	const uint8_t *start;
	const uint8_t *at;
	const uint8_t *end;
	struct rv_buf *out;
	struct rv_diag *diag;
};

static inline int rv_re2_peek(const struct rv_re2 *p, size_t ahead)
{
	return (size_t)(p->end - p->at) > ahead ? p->at[ahead] : -1;
}

rv_status rv_re2_fail(const struct rv_re2 *p, const char *what);
/* One character, plain or escaped (\n, \x41, \x{e9}, \101, \.), as a code point. */
RV_NODISCARD rv_status rv_re2_read_point(struct rv_re2 *p, uint32_t *out_point);
/* Appends a code point so that PCRE2 takes it literally: one byte, or (?:..) around several. */
RV_NODISCARD rv_status rv_re2_put_point(struct rv_re2 *p, uint32_t point);
/* From '[' to its ']'. */
RV_NODISCARD rv_status rv_re2_read_class(struct rv_re2 *p);
/* After \p or \P: the ASCII members of the class, without brackets. */
RV_NODISCARD rv_status rv_re2_read_property(struct rv_re2 *p, const char **out_members);
