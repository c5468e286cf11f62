/* git: a split index and the shared one that it changes. Inside of this room: it is joined by
 * index.h's rv_git_index_join, here. */
#pragma once

#include "agent/git/index.h"

/* From an index that is split and the shared one, both as parsed, what the two say together:
 * `*out_entries` is *given*, its paths borrow from both. gitformat-index(5), "Split index".
 * MALFORMED: they do not fit each other. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_git_index_merge(const struct rv_git_index *split,
					  const struct rv_git_index *shared, size_t oid_len,
					  struct rv_git_index_entry **out_entries,
					  uint32_t *out_count);
