/* sweep: settings of a tree that are symbolic links, or lie behind some: followed as far as they
 * stay in the tree, as a scan of its files has them. Not here: links of what is scanned (walk.h).
 */
#pragma once

#include "agent/sweep/named.h"

#define RV_LINKED_MAX	   4096 /* bytes of a path */
#define RV_LINKED_HOPS_MAX 16	/* links in one */

/* Where the tree is. */
struct rv_linked_place {
	struct rv_repo_view *view; /* NULL: a work tree */
	const struct rv_git_oid *tree;
	int work_tree; /* its directory */
};

/* The path with every link on the way followed, in out; whether anything lies there is not said.
 * When there was a link, each of them and where they lead to are added to `named` (NULL: nowhere).
 * Moves view->reader. CONFLICT: a link leads out of the tree, or there are too many. EXHAUSTED: no
 * memory. */
RV_NODISCARD rv_status rv_linked_follow(const struct rv_linked_place *place, const char *path,
					struct rv_named *named, char out[RV_LINKED_MAX]);
/* A file of it by such a path; copies. NOT_FOUND: none. CONFLICT: as above. */
RV_NODISCARD rv_status rv_linked_read(const struct rv_linked_place *place, const char *path,
				      struct rv_named *named, size_t max, struct rv_buf *out);
