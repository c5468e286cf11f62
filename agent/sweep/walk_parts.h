/* sweep: inside of the walk: a directory in hand, and the reader of one thread. */
#pragma once

#include "agent/base/fd.h"
#include "agent/sweep/walk.h"

#include <sys/types.h>

#define RV_WALK_DEPTH_MAX 512 /* directories in directories */

/* Shared by threads. Its descriptor is there while it is in use: a job of it runs, or it is being
 * listed. Between jobs it may be closed. */
struct rv_walk_dir {
	_Atomic unsigned refs;
	int fd;			  /* -1: closed. Changed under the crew's lock */
	unsigned waiting, in_use; /* jobs of it; under that lock */
	unsigned depth;
	bool is_kernels; /* of /proc and the like: files come in pieces, of no stated size */
	dev_t dev;
	ino_t ino;
	struct rv_walk_dir *parent; /* NULL: as given */
	size_t root_len;	    /* struct rv_walk_file */
	size_t path_len, name_at;   /* of its own name in path */
	char path[];		    /* NUL-ended */
};
/* *gives* it, in use and with one reference. NULL with errno: it is none, or cannot be opened; no
 * memory is ENOMEM. `parent` is in use; `path` ends with `name`. */
struct rv_walk_dir *rv_walk_dir_open(struct rv_walk_dir *parent, const char *name,
				     struct rv_str path);
void rv_walk_dir_unref(struct rv_walk_dir *dir); /* accepts NULL */
/* Under the crew's lock, so that no directory above it is closed meanwhile: opens it again. False
 * with errno; ESTALE: another is there now. */
bool rv_walk_dir_reopen(struct rv_walk_dir *dir);

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
