/* sweep: the inside of a baseline: ours (baseline.c) and gitleaks' report (baseline_foreign.c). */
#pragma once

#include "agent/base/arena.h"
#include "agent/base/digest.h"
#include "agent/base/json.h"
#include "agent/sweep/baseline.h"

#define RV_BASELINE_SCHEMA "reeve-baseline/1"

/* One finding of a gitleaks report. */
struct rv_baseline_foreign {
	const char *rule;
	const char *path;
	const char *commit; /* "" none */
	uint32_t line;
	bool is_redacted; /* then line and commit must agree */
	/* Redacted by ourselves, of a history: a row there stands for a value wherever it lies. The
	 * first that is known by it gives it its value. */
	bool is_ours;
	uint8_t learnt;		/* of ours: enum learnt (baseline_foreign.c); atomically */
	struct rv_digest value; /* under the run's key; redacted: once it is learnt */
};

struct rv_baseline_slot {
	struct rv_baseline_entry entry;
	int64_t end_utc_us; /* INT64_MAX: no end */
	size_t added_at;    /* its number among those added; 0: it was read */
	size_t read_at;	    /* its number in the file */
	bool is_found;
};

struct rv_baseline {
	struct rv_arena arena;
	int64_t now_utc_us;
	uint32_t rules_day;
	bool is_foreign;
	bool had_two_days;
	uint8_t salt[RV_IDENTITY_SALT]; /* foreign: the run's key */
	struct rv_baseline_slot *slots; /* sorted by fingerprint when settled */
	size_t added;			/* how many were, ever */
	bool is_unsettled;		/* some stand at the end, maybe twice */
	struct rv_baseline_entry *view; /* what rv_baseline_entries gives */
	size_t count;
	size_t room;
	struct rv_baseline_foreign *foreign;
	size_t foreign_count;
};

/* Fills a new baseline from the report's array; its secrets are wiped in the tree. */
RV_NODISCARD rv_status rv_baseline_read_foreign(struct rv_baseline *baseline, const char *name,
						json_t *list, struct rv_diag *diag);
/* Any thread. */
bool rv_baseline_foreign_has(struct rv_baseline *baseline,
			     const struct rv_baseline_question *question);

/* Of text that is no JSON: did a merge leave it so? Then line and mending are in diag. */
bool rv_baseline_is_half_merged(struct rv_str text, const char *name, struct rv_diag *diag);
/* Parses. Where a union merge left the rules_day of both branches the later one is read, as if it
 * stood alone: by the earlier, rules that one branch knows already would only warn. */
RV_NODISCARD rv_status rv_baseline_parse_merged(struct rv_str text, json_t **out,
						bool *out_had_two_days, struct rv_diag *diag);
