/* cli: reading a file of settings that lies in what is scanned, which may be a stranger's. Not
 * here: which files those are (scan_policy.h), files that the caller named. */
#pragma once

#include "agent/base/buf.h"

/* `name` of the directory, as far as it leads to a regular file of its tree: the git work tree
 * around it (of our own or of its owner), else the directory. DENIED when symbolic links lead out
 * of it: what lies there is not to be read for a stranger, whose settings would be quoted or take
 * effect. MISCONFIGURED when it is no regular file, EXHAUSTED above `max` bytes. */
RV_NODISCARD rv_status rv_policy_file_read(const char *dir, const char *name, size_t max,
					   struct rv_buf *out, struct rv_diag *diag);
