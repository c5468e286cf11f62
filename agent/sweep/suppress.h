/* sweep: what a judged change (--diff) itself adds to be let pass: markers, lines of ignore files,
 * configuration, baseline. It is listed and has no effect. Not here: what has (filter.h). */
#pragma once

#include "agent/git/lines.h"
#include "agent/sweep/leaks.h"

/* Of one changed file: its new text and the lines added to it; lines NULL: all are. Only the sort
 * of what was added is kept, never a byte of it. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_suppress_look(struct rv_leaks *leaks, struct rv_str path,
					struct rv_str text, const struct rv_git_lines *lines);
