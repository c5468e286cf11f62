/* tests: asks for the facts of a value. */
#pragma once

#include "agent/sweep/facts.h"
#include "tests/support/unit.h"

#define NOW_US INT64_C(1795824000000000) /* 2026-11-28 */

/* The facts of what stands at [start, start+len), in a block of exactly its size. */
static inline struct rv_fact look(const struct rv_rule *rule, const char *text, size_t match_start,
				  size_t start, size_t len, const char *public_id)
{
	size_t size = strlen(text);
	uint8_t *copy = malloc(size ? size : 1);
	struct rv_fact fact;

	assert_non_null(copy);
	memcpy(copy, text, size);
	assert_true(match_start <= start && start + len <= size);
	struct rv_fact_about about = {.rule = rule,
				      .bytes = {copy, size},
				      .start = start,
				      .len = len,
				      .match_start = match_start,
				      .match_len = start + len - match_start,
				      .public_id = public_id,
				      .now_utc_us = NOW_US};
	assert_ok(rv_fact_of(&about, &fact));
	free(copy);
	return fact;
}
