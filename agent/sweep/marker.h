/* sweep: comments in the source that allow a finding beside them: ours and other tools', each as
 * that tool reads it. Pure functions over lines. Not here: ignore files (config.h).
 *
 * - reeve:allow reason=".." [rule=ID] [until=DATE]: on the value's lines, or alone on the line
 *   above; without a reason, or ended, it allows nothing
 * - gitleaks:allow, betterleaks:allow: anywhere on the value's lines
 * - trufflehog:ignore: behind the value, to the end of that line
 * - kingfisher:ignore, kingfisher:allow: on the value's lines or the one above; any case
 * - pragma: allowlist secret: in a comment at the end of the line
 * - pragma: allowlist nextline secret: in a comment that is the line above
 *
 * The last two are detect-secrets'; its comments are # // ' -- and closed ones of C and XML. */
#pragma once

#include "agent/scan/rule.h"

/* What stands around an encoded run that holds the value: its first line up to it and its last from
 * its end on, joined. */
struct rv_marker_spot {
	struct rv_str lines;
	size_t value_end;     /* in lines: where the run was */
	struct rv_str before; /* the line above; empty: none */
};

struct rv_marker_place {
	const struct rv_rule *rule;
	struct rv_str lines;  /* from the value's first line's start to its last line's end */
	size_t value_end;     /* in lines: just past the value */
	struct rv_str before; /* the line above; empty: none */
	int64_t now_utc_us;
};

struct rv_marker {
	const char *name;     /* "reeve:allow", "gitleaks:allow", ..; NULL: none allows it */
	struct rv_str reason; /* borrows from the lines; empty for other tools' */
	char problem[160];    /* a reeve:allow, or what was meant as one, that allows nothing,
			       * and why; "" */
};
void rv_marker_find(const struct rv_marker_place *place, struct rv_marker *out);
/* The first marker of any sort in a line, well formed or not, or NULL: what a change adds. The line
 * is as it lies in the file, UTF-16 too. */
const char *rv_marker_in_line(struct rv_str line);
/* Of such a line: may a marker in it hold for the next one? */
bool rv_marker_reaches_below(struct rv_str line);
