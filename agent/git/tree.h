/* git: the entries of a tree object. Not here: comparing trees (diff.h). */
#pragma once

#include "agent/git/oid.h"

#define RV_GIT_MODE_TYPE   0170000u
#define RV_GIT_MODE_DIR	   0040000u
#define RV_GIT_MODE_FILE   0100000u
#define RV_GIT_MODE_LINK   0120000u /* its blob is the link's target */
#define RV_GIT_MODE_COMMIT 0160000u /* a submodule: the id is another repository's */

struct rv_git_tree {
	const uint8_t *at, *end;
	size_t oid_len;
};

struct rv_git_tree_entry {
	uint32_t mode;
	struct rv_str name; /* borrowed; never empty, no '/' */
	const uint8_t *oid; /* oid_len bytes, borrowed */
};

static inline struct rv_git_tree rv_git_tree_begin(struct rv_str bytes, size_t oid_len)
{
	return (struct rv_git_tree){bytes.data, bytes.data + bytes.len, oid_len};
}

enum rv_git_tree_step { RV_GIT_TREE_END, RV_GIT_TREE_ENTRY, RV_GIT_TREE_BROKEN };

/* The next entry into *out. BROKEN: what follows does not parse; it stays so. */
enum rv_git_tree_step rv_git_tree_next(struct rv_git_tree *tree, struct rv_git_tree_entry *out);
static inline bool rv_git_mode_is(uint32_t mode, uint32_t type)
{
	return (mode & RV_GIT_MODE_TYPE) == type;
}
/* Does the id of such an entry name a blob of this repository? */
static inline bool rv_git_mode_is_blob(uint32_t mode)
{
	return rv_git_mode_is(mode, RV_GIT_MODE_FILE) || rv_git_mode_is(mode, RV_GIT_MODE_LINK);
}
/* The order of names in a tree: a directory as if it ended in '/'. */
int rv_git_tree_compare(struct rv_str a, bool a_is_dir, struct rv_str b, bool b_is_dir);
