/* sweep: what of a changed document the change made a finding: what stands on lines that it adds,
 * and what was there before and was none. Not here: which documents changed (changes.c), which
 * values a change touches (doc_added.c). */
#pragma once

#include "agent/git/lines.h"
#include "agent/sweep/run.h"

/* All is borrowed. */
struct rv_added_ask {
	struct rv_str path, text;
	struct rv_str old_path; /* where it was before; empty: at path */
	struct rv_str old_text;
	const struct rv_git_lines *lines; /* that the change adds; NULL: all of them */
	uint8_t reach;			  /* enum rv_reach of what is found */
};

/* Told is a value on an added line; and one that is not, when the change touches what the rule
 * matched (rv_doc_is_told) and the old text at its old path has no open finding of that value. The
 * old text is scanned for this only when such a value is there; gaps of that are not told.
 * Uses w->choice. Failures: no memory. */
RV_NODISCARD rv_status rv_added_scan(struct rv_run *run, struct rv_sweeper *w,
				     const struct rv_added_ask *ask);
