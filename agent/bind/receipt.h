/* bind: evidence about an owner, collected and weighed. Pure. */
#pragma once

#include "agent/store/evidence.h"

#define RV_RECEIPT_MAX 24

struct rv_receipt_line {
	const char *source; /* literal */
	char owner[160];
	unsigned weight;
	char text[512];
};

struct rv_receipt {
	struct rv_receipt_line lines[RV_RECEIPT_MAX];
	size_t count;
};

/* Adds a line; the same source, owner and text is kept once; past the maximum the line is left out
 * (the strongest come first by the order of the callers). */
void rv_receipt_add(struct rv_receipt *r, const char *source, const char *owner, unsigned weight,
		    const char *fmt, ...) RV_PRINTF(5, 6);
/* Independent lines for the same owner strengthen each other: 1 - product(1 - weight). The winner's
 * key (borrowed) or "" when no line names an owner; its confidence in percent, at most 99. */
const char *rv_receipt_winner(const struct rv_receipt *r, unsigned *out_percent);
