/* discover (open side): symbolic links inside a root, by hand: the role's filter has no openat2. */
#pragma once

#include "agent/discover/mounts.h"

/* The clean absolute path (inside root_fd) that `path` leads to. NOT_FOUND: something on the way is
 * not there; CONFLICT: a loop, or more than 40 links; DENIED; EXHAUSTED: longer than 4095 bytes;
 * RETRY and UNSURE: it leads onto a network or FUSE file system, which is not entered. */
RV_NODISCARD rv_status rv_link_resolve(int root_fd, const struct rv_mounts *mounts,
				       struct rv_str path, struct rv_buf *out);
/* Opens a clean path below root_fd one component after the other, none of them a link. `flags` for
 * the last one; O_CLOEXEC and O_NOFOLLOW are added. -1 and errno. */
int rv_link_open(int root_fd, struct rv_str path, int flags);
