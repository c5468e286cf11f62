/* git: which lines of a new text are added against an old one. Not here: which texts (diff.h). */
#pragma once

#include "agent/base/buf.h"

#define RV_GIT_LINES_MAX ((size_t)4 << 20)   /* lines of one text; more: all of it is added */
#define RV_GIT_LINE_WORK ((uint64_t)1 << 26) /* steps; past it the rest counts as added */

struct rv_git_added {
	size_t at, len;	    /* bytes of the new text, whole lines */
	size_t line, count; /* the first line, from 1; how many */
};

struct rv_git_lines {
	struct rv_git_added *items; /* ascending, apart from each other by a line at least */
	size_t count, cap;
	bool is_rough; /* a limit was reached: lines that were there may count as added */
};

/* Never misses an added line: what is not told stands in the old text, in that order. Myers' diff
 * in linear space; a line ends after '\n'. Memory about 24 bytes a line. */
RV_NODISCARD rv_status rv_git_lines_added(struct rv_str old_text, struct rv_str new_text,
					  struct rv_git_lines *out);
void rv_git_lines_done(struct rv_git_lines *lines); /* accepts a zeroed one */
