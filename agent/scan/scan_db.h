/* scan: inside of the engine: databases and compiled regexes. For scan.c, scan_db.c, confirm.c. */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8

#include "agent/scan/check.h"
#include "agent/scan/scan.h"

#include <hs/hs.h>
#include <pcre2.h>
#include <stdatomic.h>

#define RV_SCAN_STEPS_MAX 100000 /* of one regex at one place */

/* One distinct literal and the rules that wait for it. */
struct rv_anchor {
	const char *text;
	uint32_t first; /* in rv_scanner.waiting */
	uint16_t count;
	uint8_t len;
	bool folds;
};

struct rv_armed {
	const struct rv_rule *rule;
	const struct rv_check_row *check; /* or NULL */
	_Atomic(pcre2_code *) code;	  /* NULL until first needed */
	_Atomic(uint32_t) group;	  /* of the value, once code is there */
	int32_t near[RV_RULE_NEAR_MAX];	  /* rows, ended by -1 when fewer */
};

struct rv_scanner {
	hs_database_t *anchors_db; /* NULL when no rule has an anchor */
	struct rv_anchor *anchors;
	size_t anchor_count;
	uint32_t *waiting; /* row numbers, by anchor */
	struct rv_armed *rows;
	size_t count;
	pcre2_match_context *limits;
	bool has_jit;
	bool has_free_whole; /* some WHOLE rule has no anchor */
};

/* The code of a row, compiled now if need be; NULL: no memory or a regex that does not compile
 * (loaded rules are compiled once when loaded, so that is memory). */
const pcre2_code *rv_armed_code(struct rv_scanner *scanner, struct rv_armed *row);

/* rv_scanner_new for another processor; NULL: this one. */
RV_NODISCARD rv_status rv_scanner_new_for(const struct rv_ruleset *set,
					  const hs_platform_info_t *platform,
					  struct rv_scanner **out, struct rv_diag *diag);
