/* sweep: what a judged change (--diff) itself adds to be let pass: markers, lines of ignore files,
 * entries of configuration and baseline. It is listed and has no effect. Not here: what has
 * (filter.h), which other files a configuration names (named.h). */
#pragma once

#include "agent/git/lines.h"
#include "agent/sweep/leaks.h"

/* A file that changed. */
struct rv_suppress_file {
	struct rv_str path;
	bool is_named; /* by the configuration of either side */
};

/* Is it configuration, a baseline, or rules, in any folder? Such a file is listed though the
 * settings exclude it.
 */
bool rv_suppress_is_settings(const struct rv_suppress_file *file);
/* Its old and new text and the lines added to it; lines NULL: all are. A line of it is listed once;
 * of lines that are no entry by themselves the first of a piece. As line 1 what lets something pass
 * by being gone: a "!" line of an ignore file, the "until" of a baseline's entry, and of
 * configuration and rules any line, when nothing else of them is listed. A new file of a folder is
 * listed whatever it says: the top's settings hold no longer there. Only the sort of it is kept,
 * never a byte. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_suppress_look(struct rv_leaks *leaks, const struct rv_suppress_file *file,
					struct rv_str old_text, struct rv_str text,
					const struct rv_git_lines *lines);
/* It is gone: rules of one's own may have been in it, or exceptions, and in a folder those of the
 * top may hold now. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_suppress_removed(struct rv_leaks *leaks,
					   const struct rv_suppress_file *file);
