/* sweep: what is said beside an allowance: reason="..", rule=ID, until=2027-01-01. In markers and
 * .reeveignore. Not here: where they stand (marker.h, config.h). */
#pragma once

#include "agent/scan/rule.h"

#define RV_FIELDS_REASON_MAX 200 /* bytes of a reason; longer ones are refused */

struct rv_fields {
	struct rv_str reason; /* borrows; empty: none */
	struct rv_str rule;   /* borrows; empty: none */
	int64_t until_utc_us; /* first moment it no longer holds; INT64_MAX: no end */
};

/* Reads fields up to the first word that is none (a comment's end). What is wrong is a sentence in
 * MALFORMED: unknown field, open quote, a day that is none, a field twice. */
RV_NODISCARD rv_status rv_fields_parse(struct rv_str text, struct rv_fields *out,
				       struct rv_diag *diag);
/* Is it one of the rule's names: its id or an alias? */
bool rv_fields_is_rule(const struct rv_rule *rule, struct rv_str name);
/* A day, inclusive: the moment after its last. False: "2027-01-01" is wanted. */
bool rv_fields_day_end(struct rv_str day, int64_t *out_utc_us);
/* 20270101 of "2027-01-01"; 0: no day. */
uint32_t rv_fields_day_number(struct rv_str day);
