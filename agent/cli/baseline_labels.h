/* cli: what a new entry of a baseline says to people, and what is said of a change. Not here: the
 * verbs (baseline_verb.h), the file (sweep/baseline.h). */
#pragma once

#include "agent/cli/args.h"
#include "agent/sweep/baseline.h"

#define RV_BASELINE_FILE    ".reeve-baseline.json"
#define RV_BASELINE_NO_RULE "unknown" /* of an entry that was added without --rule */

/* Borrows from args and the environment. */
struct rv_baseline_labels {
	const char *reason, *by, *until;
	char added[16];
};

struct rv_baseline_labels rv_baseline_labels_of(const struct rv_verb_args *args);
/* MISCONFIGURED: no reason, a last day that has passed; MALFORMED: one that is none. */
RV_NODISCARD rv_status rv_baseline_labels_check(const struct rv_baseline_labels *labels,
						struct rv_diag *diag);
/* The file is to be committed, and `list` prints it: MISCONFIGURED when a built-in rule is as good
 * as sure of a secret in what an option says; it is named, its text never shown. */
RV_NODISCARD rv_status rv_baseline_labels_look(const struct rv_baseline_labels *labels,
					       const struct rv_verb_args *args,
					       struct rv_diag *diag);
/* "2026-11-27", so many days from now. */
void rv_baseline_day(int64_t now_utc_us, int days, char out[16]);
size_t rv_baseline_count(struct rv_baseline *baseline);
/* One sentence, or one object with the same numbers. */
void rv_baseline_tell(struct rv_out *out, const char *file, const char *verb, size_t changed,
		      size_t all);
