/* cli: does the path of a baseline's entry lie in what was scanned? The path is a hint for people:
 * it was written from the directory that somebody scanned in, which the file does not say. So it is
 * looked for from here and from where the baseline lies, and in doubt it does not lie in. Names are
 * asked for, nothing is read. Not here: what becomes of the entry (baseline_verb.c). */
#pragma once

#include "agent/cli/scan_ask.h"

struct rv_baseline_within;
/* Of paths or a repository's history; `file` is the baseline. Borrows nothing. MISCONFIGURED: a
 * path too long, or one that is not there any more. */
RV_NODISCARD rv_status rv_baseline_within_new(const struct rv_scan_ask *ask, const char *file,
					      struct rv_baseline_within **out,
					      struct rv_diag *diag);
void rv_baseline_within_free(struct rv_baseline_within *within);
void rv_baseline_within_freep(struct rv_baseline_within **within);

/* Is what was scanned only a part of the directory that the baseline lies in? */
bool rv_baseline_within_is_part(const struct rv_baseline_within *within);
/* Where the baseline lies. */
const char *rv_baseline_within_dir(const struct rv_baseline_within *within);
/* An entry's path, as it stands there. "": not known, then where the baseline lies is asked. */
bool rv_baseline_within_has(const struct rv_baseline_within *within, const char *path);
