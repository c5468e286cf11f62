/* git: the trees that an index remembers for its folders. Inside of this room. */
#pragma once

#include "agent/git/index.h"

struct rv_git_index_tree {
	struct rv_str path; /* "a/b/"; into rv_git_index_trees.paths */
	struct rv_git_oid oid;
};

/* The folders whose entries are exactly those of a tree; git forgets one when it changes an entry
 * in it. By path. */
struct rv_git_index_trees {
	struct rv_git_index_tree *items;
	size_t count, cap;
	struct rv_buf paths; /* at most RV_GIT_INDEX_PATHS_MAX */
};

/* Parses the extension TREE of an index (gitformat-index(5), "Cache tree"). MALFORMED: then nothing
 * is remembered, and nothing is lost. */
RV_NODISCARD rv_status rv_git_index_trees_parse(struct rv_str bytes, size_t oid_len,
						struct rv_git_index_trees *out);
void rv_git_index_trees_done(struct rv_git_index_trees *trees); /* accepts a zeroed one */
/* Is the folder `path` ("a/b/") remembered as that tree? */
bool rv_git_index_trees_has(const struct rv_git_index_trees *trees, struct rv_str path,
			    const struct rv_git_oid *oid);
