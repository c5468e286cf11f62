/* decide: what the files of the verdict share. Nobody else includes this. */
#pragma once

#include "agent/decide/verdict.h"

/* The matching policies, ordered by name. */
struct rv_matches {
	const struct rv_policy *items[RV_POLICIES_MAX];
	size_t count;
};

void rv_matches_find(const struct rv_policy_set *set, const struct rv_facts *facts,
		     struct rv_matches *out);
/* Fills due_us and because[]. */
void rv_due_find(const struct rv_matches *m, const struct rv_facts *facts, struct rv_verdict *out);
/* Bytes for people: control and non-ASCII bytes become '?', cut to fit with "..". */
void rv_text_cut(struct rv_str text, char *out, size_t size);

/* to - from, and at - span, without overflow; both clamp. */
static inline int64_t rv_span(int64_t from_us, int64_t to_us)
{
	int64_t out = 0;
	if (__builtin_sub_overflow(to_us, from_us, &out))
		return to_us > from_us ? INT64_MAX : INT64_MIN;
	return out;
}

static inline int64_t rv_time_minus(int64_t at_us, int64_t span_us)
{
	int64_t out = 0;
	return __builtin_sub_overflow(at_us, span_us, &out) || out == RV_AT_UNKNOWN
		       ? RV_AT_UNKNOWN + 1
		       : out;
}

static inline int64_t rv_time_plus(int64_t at_us, int64_t span_us)
{
	int64_t out = 0;
	return __builtin_add_overflow(at_us, span_us, &out) ? RV_AT_NEVER : out;
}
