/* discover: inside of the scanner, for scan.c alone: the databases and byte classes. */
#pragma once

#include "agent/discover/scan.h"

#include <hs/hs.h>

struct rv_byteset {
	uint64_t bits[4];
};

static inline bool rv_byteset_has(const struct rv_byteset *set, uint8_t byte)
{
	return set->bits[byte >> 6] >> (byte & 63) & 1;
}

/* "A-Za-z0-9_-": ranges; a leading '^' turns it round; '-' first or last is itself. */
void rv_byteset_of(const char *text, struct rv_byteset *out);

struct rv_scanner {
	hs_database_t *anchors; /* ids: rule numbers */
	hs_database_t *regexes; /* ids: rule numbers; with start of match */
	const struct rv_rule *rules;
	size_t rule_count;
	struct rv_byteset *values; /* per rule; empty when the rule has none */
	struct rv_byteset *extends;
};
