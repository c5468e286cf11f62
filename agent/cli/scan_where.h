/* cli: where the settings of a scan lie. Names are asked for, nothing is read. Not here: reading
 * them (policy_source.h), those of a commit. */
#pragma once

#include "agent/cli/scan_ask.h"

#define RV_SCAN_WHERE_MAX 4096 /* bytes of a path */

struct rv_scan_where {
	char dir[RV_SCAN_WHERE_MAX]; /* the directory whose files count */
	/* What is scanned, as it lies below dir, with '/' at its end: it is dir's patterns that
	 * count, and they count from there. Empty: it is dir. */
	char below[RV_SCAN_WHERE_MAX];
};

/* What is scanned or where it lies (standard input: where we are), if any settings lie there; else
 * the top of the git work tree around it, if any lie there and its owner is ours or that of what is
 * scanned: anyone may make a /tmp/.git. With ask->makes_baseline never the top. Not for a
 * repository's history, which knows its top itself. MISCONFIGURED: a path too long. */
RV_NODISCARD rv_status rv_scan_where_find(const struct rv_scan_ask *ask, struct rv_scan_where *out,
					  struct rv_diag *diag);
/* The directory of one path: itself, or where it lies. */
RV_NODISCARD rv_status rv_scan_where_of(const char *path, char dir[RV_SCAN_WHERE_MAX],
					struct rv_diag *diag);
bool rv_scan_where_has(const char *dir, const char *name);
/* The first file of settings in dir, or NULL. */
const char *rv_scan_where_settings(const char *dir);
/* The top of the work tree around dir, when settings would be read from it. False: none. */
bool rv_scan_where_top(const char *dir, struct rv_scan_where *out);
/* Where files of dir's tree may lie: the top of the work tree around it, trusted as above, else dir
 * itself; without symbolic links. False: it is not there, or too long. */
bool rv_scan_where_tree(const char *dir, char out[RV_SCAN_WHERE_MAX]);
