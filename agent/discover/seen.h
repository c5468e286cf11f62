/* discover (open side): which inodes were met already: hard links, bind mounts, roots inside roots.
 */
#pragma once

#include "agent/base/status.h"

#include <sys/types.h>

#define RV_SEEN_MAX (1U << 20)

struct rv_seen {
	struct rv_seen_inode {
		dev_t dev;
		ino_t ino; /* 0 is free */
	} * slots;
	size_t size;
	size_t count;
};

/* True the first time. When full or out of memory always true: twice looked at is no harm. */
bool rv_seen_first(struct rv_seen *seen, dev_t dev, ino_t ino);
bool rv_seen_has(const struct rv_seen *seen, dev_t dev, ino_t ino);
void rv_seen_done(struct rv_seen *seen);
