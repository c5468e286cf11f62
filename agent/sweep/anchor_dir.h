/* sweep: the directory of the cache and its files, or why they are not to be trusted
 * (anchor_cache.h). Not here: what is in the files. */
#pragma once

#include "agent/base/fd.h"

/* named NULL: the user's own, made when it is not there, and none that lies in one of the trees
 * (NULL-ended) or in a work tree. *gives* the descriptor. */
RV_NODISCARD rv_status rv_anchor_dir_open(const char *named, const char *const *trees, int *out_fd,
					  struct rv_diag *diag);
/* Opened for reading and writing, made when it is not there; -1: not to be used. *gives*. */
int rv_anchor_dir_file(int dir, const char *name);
