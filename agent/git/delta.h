/* git: one delta as a list of segments, and the object it makes. Not here: packs, inflating. */
#pragma once

#include "agent/base/buf.h"

#define RV_GIT_INSERTED UINT32_MAX

/* A run of the new object: bytes [at, at + len) stand at base_at in the base, or are new there
 * (base_at is RV_GIT_INSERTED). Neighbours that continue each other are one segment. */
struct rv_git_segment {
	uint32_t at;
	uint32_t len;
	uint32_t base_at;
};

/* Reused from delta to delta; `items` covers the whole result, in order, without a gap. */
struct rv_git_segments {
	struct rv_git_segment *items;
	size_t count;
	size_t cap;
};

void rv_git_segments_done(struct rv_git_segments *segments); /* accepts a zeroed one */

/* The sizes a delta states. MALFORMED when it does not; *out_at is where the instructions begin. */
RV_NODISCARD rv_status rv_git_delta_sizes(struct rv_str delta, uint64_t *out_base,
					  uint64_t *out_result, size_t *out_at);
/* Rebuilds: `out` has room for exactly result_len bytes (what the delta states, below 4 GiB), and
 * base is as long as it states. segments may be NULL. MALFORMED: any instruction that leaves base,
 * result or delta, or does not fill the result; `out` then holds rubbish. Format:
 * gitformat-pack(5), "Deltified representation". */
RV_NODISCARD rv_status rv_git_delta_apply(struct rv_str base, struct rv_str delta, uint8_t *out,
					  size_t result_len, struct rv_git_segments *segments);
