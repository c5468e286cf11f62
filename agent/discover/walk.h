/* discover (open side): walks directories and hands the files over by descriptor. Reads no content,
 * follows no symbolic link below a root, never blocks. Not here: /proc and sockets (listeners.h).
 */
#pragma once

#include "agent/discover/feed.h"
#include "agent/discover/mounts.h"
#include "agent/discover/seen.h"

#define RV_WALK_DEPTH 48 /* directories open at once; below it: TOO_DEEP */

struct rv_walk {
	int root_fd; /* of the file system seen; all paths are inside it */
	struct rv_mounts mounts;
	struct rv_seen seen;
	struct rv_feed *feed;	/* borrowed */
	struct rv_str excludes; /* LIST of text_item, borrowed; besides the default ones */
	uint64_t max_file_bytes;
	bool is_default; /* a root that is not there is nothing to speak of */
};

/* root "" or "/" is the real one. Reads /proc/self/mountinfo. */
RV_NODISCARD rv_status rv_walk_init(struct rv_walk *walk, const char *root, struct rv_feed *feed,
				    struct rv_diag *diag);
void rv_walk_done(struct rv_walk *walk);
/* Walks one directory or hands over one file; `path` is absolute, and its own symbolic links are
 * followed inside the root. Everything not handed over is told to the feed with its reason. Fails
 * only when the feed does. */
RV_NODISCARD rv_status rv_walk_root(struct rv_walk *walk, struct rv_str path);
/* Which files of a folder are a source of their own (units, package lists). */
struct rv_walk_want {
	bool (*is_wanted)(struct rv_str path);
	unsigned depth;	 /* levels below the folder: 1 its own files */
	unsigned source; /* enum rv_source */
};
/* Hands over what is wanted below `path`, or `path` itself when it is a file; says nothing of the
 * rest. Files handed over here are passed over by rv_walk_root() later. */
RV_NODISCARD rv_status rv_walk_source(struct rv_walk *walk, const char *path,
				      const struct rv_walk_want *want);
