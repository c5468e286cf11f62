/* sweep: inside of the walk: a directory in hand, and the reader of one thread. */
#pragma once

#include "agent/base/fd.h"
#include "agent/sweep/walk.h"

/* Open while names of it wait. Shared by threads. */
struct rv_walk_dir {
	_Atomic unsigned refs;
	int fd;
	unsigned depth;
	bool is_kernels; /* of /proc and the like: files come in pieces, of no stated size */
	struct rv_walk_dir *parent;
	size_t path_len;
	char path[];
};
void rv_walk_dir_unref(struct rv_walk_dir *dir); /* accepts NULL */

struct rv_walk_reader {
	const struct rv_walk_options *options;
	const struct rv_walk_look *look;
	void *user;
	uint8_t *buffer; /* RV_WALK_BUFFER */
	uint8_t *window; /* RV_WALK_WINDOW, when first needed */
	struct rv_buf path;
};

RV_NODISCARD rv_status rv_walk_reader_init(struct rv_walk_reader *r,
					   const struct rv_walk_options *options,
					   const struct rv_walk_look *look, void *user);
void rv_walk_reader_done(struct rv_walk_reader *r);
/* The path of a name in a directory (NULL: the name is the path), until the next call. "" for the
 * directory itself. */
struct rv_str rv_walk_path(struct rv_walk_reader *r, const struct rv_walk_dir *dir,
			   const char *name);
/* Opens, reads and hands on one file; what cannot be read is a gap, not a failure. */
RV_NODISCARD rv_status rv_walk_read(struct rv_walk_reader *r, const struct rv_walk_dir *dir,
				    const char *name);
