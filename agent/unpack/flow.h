/* unpack: where packed bytes come from, one piece after the other: memory, a file, another flow
 * through gzip, xz or LZMA. Not here: what libarchive unpacks (reader.h), members as a flow
 * (member.c).
 */
#pragma once

#include "agent/unpack/unpack.h"

#include <lzma.h>
#include <sys/types.h>
#include <zlib.h>

#define RV_FLOW_PIECE ((size_t)64 << 10)
/* So much may be read for one header: a name in a cpio, or the table of names of an ar, may claim
 * gigabytes, and libarchive holds what it has read of it. */
#define RV_FLOW_AHEAD_MAX ((uint64_t)32 << 20)

struct rv_flow {
	/* The next piece, borrowed until the next call: its length, 0 at the end, -1 on failure
	 * with `reason` and `detail` set. */
	ssize_t (*pull)(struct rv_flow *flow, const void **out);
	void (*close)(struct rv_flow *flow); /* or NULL */
	enum rv_unpack_reason reason;
	const char *detail; /* NULL: no failure */
	bool is_told;	    /* the failure has been told as a trouble */
	bool is_memory;	    /* `bytes` is all of it */
	bool has_begun;	    /* they were given */
	bool is_source;	    /* or a part of it: its bytes are looked at whatever is in them */
	bool is_forward;    /* it is not to be read from its end, though it could be */
	uint64_t given;	    /* of a source's stream: how many bytes came */
	struct rv_str last; /* what rv_flow_pull() gave last .. */
	uint64_t pulled;    /* .. and how much it gave in all */
	uint64_t ahead;	    /* of those that libarchive asked for: since it last gave something */
	uint64_t ahead_max; /* past it the archive fails as a limit; 0: none */
	struct rv_str bytes;
	int fd;
	uint64_t from, until, at; /* of the fd: where the flow begins and ends, and is */
	uint8_t *piece;
	void *user;
	/* What unpacks another flow. */
	struct rv_flow *inner;
	struct rv_str packed; /* of inner, not yet used */
	uint64_t used;	      /* bytes of inner */
	bool has_ended;	      /* inner */
	bool is_alone;	      /* no other stream follows */
	bool is_done;
	union {
		lzma_stream lzma;
		z_stream zlib;
	};
};

void rv_flow_memory(struct rv_flow *flow, struct rv_str bytes);
/* *borrows* a source that has a stream. */
void rv_flow_stream(struct rv_flow *flow, const struct rv_unpack_source *source);
/* *borrows* the fd of a regular file, whose own offset stays. */
RV_NODISCARD rv_status rv_flow_fd(struct rv_flow *flow, int fd, struct rv_diag *diag);
/* May any place of it be read: memory or a file? */
static inline bool rv_flow_has_places(const struct rv_flow *flow)
{
	return flow->is_memory || flow->fd >= 0;
}
/* Of a flow that has places. */
uint64_t rv_flow_len(const struct rv_flow *flow);
/* Copies up to `len` bytes from a place; gives how many, 0 also where they cannot be read. */
size_t rv_flow_peek(const struct rv_flow *flow, uint64_t at, void *out, size_t len);
/* A part of a flow that has places, unread; it *borrows* what that one does. */
struct rv_flow rv_flow_part(const struct rv_flow *flow, uint64_t from, uint64_t until);
/* flow->pull() and a note of what came. */
ssize_t rv_flow_pull(struct rv_flow *flow, const void **out);
/* All *borrow* the inner flow. Gzip members and xz streams may follow one another, these behind
 * NUL bytes; at other bytes it ends, as LZMA alone does at its end: `used` says where. xz
 * and LZMA that need more than RV_UNPACK_XZ_MEMORY fail as a limit. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_flow_gzip(struct rv_flow *flow, struct rv_flow *inner);
RV_NODISCARD rv_status rv_flow_xz(struct rv_flow *flow, struct rv_flow *inner);
RV_NODISCARD rv_status rv_flow_lzma(struct rv_flow *flow, struct rv_flow *inner);
void rv_flow_done(struct rv_flow *flow);
