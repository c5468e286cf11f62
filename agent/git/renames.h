/* git: files that were renamed and edited in one change: what is gone is paired with what is new by
 * what they have in common. Not here: renames without an edit (rv_git_changes_settle). */
#pragma once

#include "agent/git/changes.h"

#define RV_GIT_RENAME_PERCENT	50 /* of the larger file, in common: as git's -M50% */
#define RV_GIT_RENAME_PAIRS_MAX ((uint64_t)1000 * 1000) /* gone times new; more: none is paired */
#define RV_GIT_RENAME_FILE_MAX	((size_t)4 << 20)	/* a larger file is not paired */
#define RV_GIT_RENAME_BYTES_MAX ((size_t)64 << 20)	/* read; what comes then is not paired */
#define RV_GIT_RENAME_WORK	((uint64_t)1 << 28)	/* steps; past it no more is compared */

/* The bytes of one side of a change; borrowed until the next call. Not RV_OK: they cannot be had,
 * and the file is not paired; it is not told here. */
typedef rv_status rv_git_rename_read(void *user, const struct rv_git_change *change, bool is_old,
				     struct rv_str *out);

/* Of a settled list: pairs regular files that are gone with new ones that they are similar to, the
 * most similar first: old_path, old_oid and old_mode are set, and the deletion leaves the list.
 * Past a limit a file stays new: each of its lines is then. A guess about the past, so nothing may
 * rest on it but what is said of the old file anyway. Memory about a quarter of what is read.
 * EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_git_renames_find(struct rv_git_changes *changes, rv_git_rename_read *read,
					   void *user);
