/* unpack: what follows the end of a container: padding, another container (an initramfs is several
 * cpio archives, packed and not, one behind the other), or other bytes. Not here: what stands
 * before one (program.h), and between the members of a zip (zip.h). */
#pragma once

#include "agent/unpack/walk.h"

struct rv_behind {
	struct rv_flow flow; /* the container that was found, when it is not the first */
	uint8_t kind;	     /* enum rv_unpack_kind, of it */
	/* What comes before the source goes on; the next to be given first. */
	struct rv_str parts[3];
	struct rv_flow *source; /* a flow without places */
	uint64_t passed;
	bool is_over;
	uint8_t head[RV_UNPACK_HEAD];
	size_t head_len;
};

/* `flow`: the container that the level has read, &behind->flow or the first one; level->used: how
 * much of it. NUL bytes are padding. True: the next container is behind->flow, unread, and counted
 * as a member. False: there is none. Other bytes are handed over as the member "(behind)" where
 * nobody else looks at them; where they cannot be had it is told. */
bool rv_behind_next(struct rv_behind *behind, struct rv_level *level, struct rv_flow *flow);
