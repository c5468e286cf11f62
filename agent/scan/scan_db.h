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
	int8_t assign; /* its number in rv_assign_anchors, or -1 */
	/* Bytes before and from its first byte that its rules may look at; RV_REACH_ALL: any.
	 * Assignments may look farther (assign.h). */
	uint16_t behind, ahead;
};

struct rv_armed {
	const struct rv_rule *rule;
	const struct rv_check_row *check; /* or NULL */
	_Atomic(pcre2_code *) code;	  /* NULL until first needed */
	_Atomic(uint32_t) group;	  /* of the value, once code is there */
	_Atomic(uint32_t) back;		  /* bytes that it may look at before where it begins */
	int32_t near[RV_RULE_NEAR_MAX];	  /* rows, ended by -1 when fewer */
};

/* Literals that are searched together. */
struct rv_anchors {
	hs_database_t *db; /* NULL when there are none */
	struct rv_anchor *items;
	size_t count;
	uint32_t *waiting; /* row numbers, by anchor; RV_ROW_QUOTED and its like */
};
#define RV_REACH_ALL UINT16_MAX
/* No rows: from RV_ROW_FIRST on the anchor is a mark of an encoding. */
#define RV_ROW_QUOTED UINT32_MAX       /* the text speaks of quoted-printable */
#define RV_ROW_SLASH  (UINT32_MAX - 1) /* an address whose slashes are escaped */
#define RV_ROW_COLOUR (UINT32_MAX - 2) /* a command to a terminal may begin */
#define RV_ROW_LIST   (UINT32_MAX - 3) /* bytes are listed by their numbers */
#define RV_ROW_FIRST  RV_ROW_LIST

struct rv_scanner {
	struct rv_anchors all;	 /* over every byte */
	struct rv_anchors words; /* before long words only (RV_RULE_WORD) */
	struct rv_armed *rows;
	size_t count;
	pcre2_match_context *limits;
	bool has_jit;
	bool has_free_whole; /* some WHOLE rule has no anchor */
};

/* The code of a row, compiled now if need be; NULL: no memory or a regex that does not compile
 * (loaded rules are compiled once when loaded, so that is memory). */
const pcre2_code *rv_armed_code(struct rv_scanner *scanner, struct rv_armed *row);
/* The group of the value in a match, its offsets and their number of pairs; 0: all of it. */
uint32_t rv_armed_group(struct rv_armed *row, const PCRE2_SIZE *at, int pairs);

/* rv_scanner_new for another processor; NULL: this one. */
RV_NODISCARD rv_status rv_scanner_new_for(const struct rv_ruleset *set,
					  const hs_platform_info_t *platform,
					  struct rv_scanner **out, struct rv_diag *diag);
/* rv_scanner_new for this processor, from the store when it has the anchors. */
RV_NODISCARD rv_status rv_scanner_new_stored(const struct rv_ruleset *set,
					     const struct rv_anchor_store *store,
					     struct rv_scanner **out, struct rv_diag *diag);
