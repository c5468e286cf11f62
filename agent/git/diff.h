/* git: which paths differ between trees, and walking one tree whole. Not here: the index and the
 * work tree (changes.h), lines (lines.h). */
#pragma once

#include "agent/git/index.h"
#include "agent/git/tree.h"

#define RV_GIT_DEPTH_MAX   1024 /* folders in folders; deeper ones are told (LIMIT) and left out */
#define RV_GIT_PARENTS_MAX 16	/* trees compared with at once */

struct rv_git_change {
	struct rv_str path;	     /* borrowed until the call returns; no leading '/' */
	uint32_t old_mode, new_mode; /* 0: there is none on that side */
	struct rv_git_oid old_oid, new_oid;
	struct rv_str old_path; /* of a rename (changes.h); else empty */
};

typedef rv_status rv_git_change_fn(void *user, const struct rv_git_change *change);

struct rv_git_differ {
	struct rv_git_reader *reader;
	size_t oid_len;
	rv_git_trouble_fn *on_trouble; /* a tree that is missing or broken; it counts as empty */
	void *trouble_user;
	/* Asked before a folder of the new tree is read ("a/b/"): true leaves out all below it.
	 * NULL: never. With the user of the call. */
	bool (*is_known)(void *user, struct rv_str path, const struct rv_git_oid *tree);
};

/* Tells files, links and submodules of `new_tree` that are not the same in any of the old trees;
 * old_* is of the first. With exactly one old tree also what is gone (new_mode 0). No old tree:
 * all of new_tree. new_tree NULL: an empty one. In the order of the index. Subtrees with equal ids
 * are not read. Memory: one tree of each side a folder. */
RV_NODISCARD rv_status rv_git_tree_diff(const struct rv_git_differ *differ,
					const struct rv_git_oid *olds, size_t old_count,
					const struct rv_git_oid *new_tree, rv_git_change_fn *each,
					void *user);
