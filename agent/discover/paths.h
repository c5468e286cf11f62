/* discover: a bounded set of paths. /usr/bin/x and /bin/x are one (package lists of a merged /usr
 * still say the latter). Not here: globs. */
#pragma once

#include "agent/base/buf.h"

#define RV_PATHS_MAX 65536

struct rv_paths {
	char **slots; /* open addressing; NULL is free */
	size_t size;  /* 0 or a power of two */
	size_t count;
};

/* Adds a copy; already there is fine. False when full or out of memory: callers who only ask for
 * more knowledge may go on. */
bool rv_paths_add(struct rv_paths *set, struct rv_str path);
/* The path as it was added, or NULL. */
const char *rv_paths_find(const struct rv_paths *set, struct rv_str path);
void rv_paths_done(struct rv_paths *set); /* empties it; may be used again */
