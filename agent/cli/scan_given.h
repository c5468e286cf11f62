/* cli: files that the caller names and that lie in the repository whose change is judged: the
 * change could edit them, so a gate takes them from its ref (scan_policy.h). Not here: reading
 * them. */
#pragma once

#include "agent/sweep/repo_view.h"

#define RV_SCAN_GIVEN_MAX 4096 /* bytes of a path */

enum rv_scan_given {
	RV_SCAN_GIVEN_OWN,    /* outside, or in no commit: the caller's own */
	RV_SCAN_GIVEN_IN_REF, /* the ref has it */
	RV_SCAN_GIVEN_NEW,    /* only the change has it */
};

/* Cuts a directory to the work tree that holds it, in place; without one it stays. */
void rv_scan_given_go_up(char *dir);
/* May it lie in the repository that `repo` is in? Asks for names alone, reads nothing. */
bool rv_scan_given_may(const char *repo, const char *path);
/* What it is, and its path within the work tree. As it is written, or else as its directory really
 * is: a change may have put a link in its way. Moves view->reader. */
RV_NODISCARD rv_status rv_scan_given_find(struct rv_repo_view *view,
					  const struct rv_git_oid *ref_tree, const char *path,
					  char inside[RV_SCAN_GIVEN_MAX], enum rv_scan_given *out,
					  struct rv_diag *diag);
/* Appends each part of path to out, an absolute directory ("": the root); ".." takes one away.
 * False: too long. */
bool rv_scan_given_append(char out[RV_SCAN_GIVEN_MAX], const char *path);
/* The path as an absolute one, links as they are; *gives*. NULL: too long, or no memory. */
char *rv_scan_given_absolute(const char *path);
