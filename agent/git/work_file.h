/* git: one file of the work tree against its index entry. Inside of this room. */
#pragma once

#include "agent/git/index.h"

/* *out_mode 0: it is not there. MALFORMED: the path leaves the work tree. EXHAUSTED with errno 0:
 * too large. Outputs are set only on RV_OK. */
RV_NODISCARD rv_status rv_git_work_file(int dir_fd, const struct rv_git *git,
					const struct rv_git_index *index,
					const struct rv_git_index_entry *entry, uint32_t *out_mode,
					struct rv_git_oid *out_oid);
