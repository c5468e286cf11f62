/* unpack: one walk and its levels; shared by unpack.c and member.c. Include unpack.h instead. */
#pragma once

#include "agent/unpack/reader.h"

struct rv_walk {
	const struct rv_unpack_limits *limits;
	const struct rv_unpack_events *events;
	struct rv_buf path;
	struct rv_buf members_at[RV_UNPACK_DEPTH_MAX]; /* each level its own, used again */
	uint64_t total;
	uint64_t members;
	uint64_t source_len;	      /* 0: a stream */
	const struct rv_flow *stream; /* the source, when its length is not known */
	unsigned depth;
	bool is_stopped;
	rv_status status;
};

/* An open container. */
struct rv_level {
	struct rv_walk *walk;
	struct archive *reader; /* NULL: SQLite, or `flow` is the member */
	struct rv_flow *flow;	/* what the reader reads, or the member itself */
	struct rv_str pending;	/* of the member, read but not yet looked at */
	struct rv_buf *member;	/* the bytes of the member at hand; of the walk */
	uint64_t packed;	/* length of the container, 0: not known */
	uint64_t expanded;	/* bytes that came out of it */
	uint64_t offset;	/* in the member, of member.data */
	uint64_t stream_end;	/* where the next block of the member is expected */
	uint64_t used; /* of its flow, by the container as far as it was read whole, or .. */
	int64_t mtime_s;
	size_t path_len; /* of the container's path */
	uint8_t kind;	 /* enum rv_unpack_kind */
	bool is_left;	 /* a limit of this container was hit, or it is damaged */
	bool is_stretch; /* of a zip, and ends without a directory */
	bool is_told;	 /* dense, by what its end says */
};

#define RV_LEVEL_UNKNOWN UINT64_MAX

/* Tells a trouble at the walk's path; the second once, from what failed. */
void rv_walk_trouble(struct rv_walk *walk, enum rv_unpack_reason reason, const char *detail);
void rv_level_failed(struct rv_level *level);
/* Counts one more member; false: a limit was hit and told. */
bool rv_walk_count(struct rv_walk *walk);
/* Counts bytes that came out; false: a limit was hit and told. */
bool rv_level_spend(struct rv_level *level, uint64_t bytes);
/* A member of this name begins: counted, and put at the path's end. False: a limit. */
bool rv_level_begin(struct rv_level *level, struct rv_str name);
void rv_level_end(struct rv_level *level);
/* Hands what is in level->member over. */
void rv_level_tell(struct rv_level *level, enum rv_unpack_kind kind, bool is_last);
/* Enters what is in level->member, told before, if its kind is one that is entered. */
void rv_level_descend(struct rv_level *level, enum rv_unpack_kind kind);
/* Walks a container at the walk's path; `packed` is its length or 0. */
void rv_walk_enter(struct rv_walk *walk, enum rv_unpack_kind kind, struct rv_flow *flow,
		   uint64_t packed);
/* Reads and hands over the member at hand, of which level->member may hold the beginning; `size` is
 * what the archive claims, or -1. */
void rv_member_read(struct rv_level *level, int64_t size);
/* A stream that was unpacked, as level->flow: entered when it is a tar or cpio, else one member of
 * this name. */
void rv_stream_read(struct rv_level *level, struct rv_str name);
/* Reads the container in `flow`, which is what the walk's path names, on the level's depth, and
 * those that follow it. */
void rv_level_enter(struct rv_level *level, struct rv_flow *flow);
/* Appends to the member at hand; a full window is handed over. False: the walk is to stop. */
bool rv_member_put(struct rv_level *level, struct rv_str bytes);
/* The tables of a database: in a flow that has places; a log in memory. */
void rv_sqlite_walk(struct rv_level *level, const struct rv_flow *flow);
