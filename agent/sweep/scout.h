/* sweep: counts ahead of the walk what it will read, so that somebody who watches knows how much is
 * left: names and sizes alone, nothing but directories is opened. A thread of its own, only when
 * progress is shown. Not here: reading (walk.h). */
#pragma once

#include "agent/sweep/sweep.h"

/* Directories that wait to be listed; with more it gives up, and no total is known. */
#define RV_SCOUT_DIRS_MAX  (1U << 20)
#define RV_SCOUT_BYTES_MAX ((size_t)32 << 20) /* of their paths */

/* Zeroed: empty. */
struct rv_scout_dirs {
	char **items; /* owned */
	size_t count, room, bytes;
};
/* A copy goes last. False: no memory, or a limit above. */
bool rv_scout_dirs_put(struct rv_scout_dirs *dirs, const char *path);
/* The last; NULL: none. *gives*. */
char *rv_scout_dirs_take(struct rv_scout_dirs *dirs);
void rv_scout_dirs_done(struct rv_scout_dirs *dirs);

struct rv_scout;
/* Borrows the options. NULL: there is none, and nothing is known. */
struct rv_scout *rv_scout_start(const struct rv_sweep_options *options);
/* What was seen so far. *out_is_done: this is all there is. Any thread. */
void rv_scout_ask(const struct rv_scout *scout, uint64_t *out_files, uint64_t *out_bytes,
		  bool *out_is_done);
/* Ends it where it is; accepts NULL. */
void rv_scout_stop(struct rv_scout *scout);
