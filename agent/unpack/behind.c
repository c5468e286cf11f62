/* unpack: see behind.h. A flow without places is read on from the piece in which the container
 * ended; it is one flow however many containers follow, so that none is read through another. */
#include "agent/unpack/behind.h"

#include <unistd.h>

#define LEAST	    16 /* no container is shorter */
#define SECRET_MIN  8  /* nothing in fewer bytes is looked for */
#define ZIP_ENTRY   46
#define ZIP_ENTRY_N 28 /* lengths of name, extra field, comment */
#define ZIP_END	    22
#define ZIP_END_N   20 /* length of the comment */
#define ZIP_END64   12
#define ZIP_AT64    20
#define ZIP_SUM	    24 /* a data descriptor at most, with its mark */

static void part_taken(struct rv_behind *b)
{
	b->parts[0] = b->parts[1];
	b->parts[1] = b->parts[2];
	b->parts[2] = RV_STR_NONE;
}

/* The bytes at hand; empty: there are no more. */
static struct rv_str look(struct rv_behind *b)
{
	const void *bytes;

	for (unsigned i = 0; i < RV_LEN(b->parts) && !b->parts[0].len; i++)
		part_taken(b);
	while (!b->parts[0].len && !b->is_over) {
		ssize_t len = rv_flow_pull(b->source, &bytes);

		b->is_over = len <= 0;
		b->parts[0] = (struct rv_str){bytes, len > 0 ? (size_t)len : 0};
	}
	return b->parts[0];
}

static void take(struct rv_behind *b, size_t len)
{
	b->parts[0].data += len;
	b->parts[0].len -= len;
	b->passed += len;
}

static ssize_t pull_behind(struct rv_flow *flow, const void **out)
{
	struct rv_behind *b = flow->user;
	struct rv_str bytes = {b->head, b->head_len};

	b->head_len = 0;
	if (!bytes.len) {
		bytes = look(b);
		part_taken(b);
	}
	*out = bytes.data;
	if (bytes.len || !b->source->detail)
		return (ssize_t)bytes.len;
	flow->reason = b->source->reason;
	flow->detail = b->source->detail;
	flow->is_told = b->source->is_told;
	return -1;
}

/* As many bytes as there are, up to len, into the head; they stay to be read. */
static struct rv_str fill_head(struct rv_behind *b, size_t len)
{
	while (b->head_len < len && look(b).len) {
		size_t room = len - b->head_len;
		size_t n = b->parts[0].len < room ? b->parts[0].len : room;

		/* What is at hand may be the end of what the head was before. */
		memmove(b->head + b->head_len, b->parts[0].data, n);
		b->head_len += n;
		take(b, n);
	}
	return (struct rv_str){b->head, b->head_len};
}

static void drop_head(struct rv_behind *b, size_t len)
{
	memmove(b->head, b->head + len, b->head_len - len);
	b->head_len -= len;
}

/* False: there was less. */
static bool pass(struct rv_behind *b, uint64_t len)
{
	size_t n = len < b->head_len ? (size_t)len : b->head_len;

	drop_head(b, n);
	len -= n;
	while (len && look(b).len) {
		n = b->parts[0].len < len ? b->parts[0].len : (size_t)len;
		take(b, n);
		len -= n;
	}
	return !len;
}

static bool begins(struct rv_str bytes, const char *magic)
{
	return bytes.len >= 4 && memcmp(bytes.data, magic, 4) == 0;
}

/* The directory of a zip that was read without it (.ZIP File Format Specification 4.3). */
static void pass_zip_directory(struct rv_behind *b)
{
	struct rv_str at;
	size_t sum = 0;

	/* What tells of the last member may not have been read. */
	while (sum++ < ZIP_SUM && (at = fill_head(b, 4)).len == 4 && !begins(at, "PK\1\2") &&
	       !begins(at, "PK\5\6") && !begins(at, "PK\6\6"))
		drop_head(b, 1);
	while ((at = fill_head(b, ZIP_ENTRY)).len >= ZIP_END) {
		const uint8_t *n = at.data + ZIP_ENTRY_N;
		uint64_t len;

		if (begins(at, "PK\1\2") && at.len == ZIP_ENTRY)
			len = ZIP_ENTRY + (uint64_t)rv_get_u16(n) + rv_get_u16(n + 2) +
			      rv_get_u16(n + 4);
		else if (begins(at, "PK\5\6"))
			len = ZIP_END + (uint64_t)rv_get_u16(at.data + ZIP_END_N);
		else if (begins(at, "PK\6\6") && rv_get_u64(at.data + 4) < UINT32_MAX)
			len = ZIP_END64 + rv_get_u64(at.data + 4);
		else if (begins(at, "PK\6\7"))
			len = ZIP_AT64;
		else
			return;
		bool is_end = begins(at, "PK\5\6");
		if (!pass(b, len) || is_end)
			return;
	}
}

static bool is_over(const struct rv_level *level)
{
	const struct rv_unpack_events *events = level->walk->events;

	if (!events->is_over || !events->is_over(events->user))
		return false;
	rv_walk_trouble(level->walk, RV_UNPACK_OVER, "read in part");
	level->walk->is_stopped = true;
	return true;
}

/* The source broke before anything of what follows was there. */
static void failed(struct rv_behind *b, struct rv_level *level)
{
	if (!b->source->detail || b->head_len)
		return;
	level->flow = b->source;
	rv_level_failed(level);
	level->flow = NULL;
}

/* Holes of a file are not read. */
static void pass_hole(struct rv_behind *b)
{
	struct rv_flow *flow = b->source;
	off_t data;

	if (flow->fd < 0 || b->parts[0].len || b->is_over)
		return;
	data = lseek(flow->fd, (off_t)flow->at, SEEK_DATA);
	if (data < 0 || (uint64_t)data <= flow->at)
		return; /* it is read on */
	b->passed += (uint64_t)data - flow->at;
	flow->at = (uint64_t)data;
}

static bool pass_padding(struct rv_behind *b, const struct rv_level *level)
{
	size_t len = 0;

	while (len < b->head_len && !b->head[len])
		len++;
	drop_head(b, len);
	while (!b->head_len && look(b).len) {
		for (len = 0; len < b->parts[0].len && !b->parts[0].data[len];)
			len++;
		bool is_all = len == b->parts[0].len;
		take(b, len);
		if (!is_all)
			return true;
		if (is_over(level))
			return false;
		pass_hole(b);
	}
	return b->head_len > 0;
}

/* Puts the end of what was read at hand; false: it is not to be had. */
static bool begin(struct rv_behind *b, struct rv_flow *flow, uint64_t used)
{
	uint64_t left = flow->pulled > used ? flow->pulled - used : 0;

	if (used > flow->pulled || left > flow->last.len)
		return false;
	if (flow != &b->flow) {
		b->source = flow;
		memset(b->parts, 0, sizeof(b->parts));
	}
	if (left) {
		b->parts[2] = b->parts[1];
		b->parts[1] = b->parts[0];
		b->parts[0] =
			(struct rv_str){flow->last.data + (flow->last.len - left), (size_t)left};
	}
	return true;
}

/* Bytes that are no container, or one that must be in memory. */
static void hand_over(struct rv_level *level, struct rv_flow *flow)
{
	level->flow = flow;
	level->pending = RV_STR_NONE;
	if (rv_level_begin(level, RV_STR_LIT("(behind)")))
		rv_member_read(level, -1);
	rv_level_end(level);
	level->flow = NULL;
}

static bool can_enter(const struct rv_flow *flow, enum rv_unpack_kind kind)
{
	if (!rv_unpack_is_entered(kind))
		return false;
	if (rv_unpack_is_database(kind))
		return flow->is_memory;
	return rv_reader_can_stream(kind) || rv_flow_has_places(flow);
}

static bool judge(struct rv_behind *b, struct rv_level *level)
{
	enum rv_unpack_kind kind = rv_unpack_kind_by_start((struct rv_str){b->head, b->head_len});

	b->kind = (uint8_t)kind;
	if (can_enter(&b->flow, kind))
		return rv_walk_count(level->walk);
	if (rv_unpack_is_entered(kind) || (!b->flow.is_source && b->head_len >= SECRET_MIN))
		hand_over(level, &b->flow);
	return false;
}

static void cannot_be_had(struct rv_level *level, const struct rv_flow *flow)
{
	if (flow->pulled > level->used + LEAST)
		rv_walk_trouble(level->walk, RV_UNPACK_UNSUPPORTED,
				"something follows the archive");
}

static bool next_of_stream(struct rv_behind *b, struct rv_level *level, struct rv_flow *flow)
{
	bool is_source = flow->is_source;

	b->head_len = 0;
	if (!begin(b, flow, level->used)) {
		cannot_be_had(level, flow);
		return false;
	}
	if (level->kind == RV_UNPACK_ZIP)
		pass_zip_directory(b);
	if (!pass_padding(b, level)) {
		failed(b, level);
		return false;
	}
	(void)fill_head(b, RV_UNPACK_HEAD); /* its end is seen by its length */
	b->flow =
		(struct rv_flow){.pull = pull_behind, .fd = -1, .user = b, .is_source = is_source};
	return judge(b, level);
}

static bool next_of_places(struct rv_behind *b, struct rv_level *level, struct rv_flow *flow)
{
	struct rv_flow rest = rv_flow_part(flow, level->used, UINT64_MAX);
	struct rv_flow reading = rest;
	bool has_more;

	b->source = &reading;
	b->head_len = 0;
	b->passed = 0;
	b->is_over = false;
	memset(b->parts, 0, sizeof(b->parts));
	if (level->kind == RV_UNPACK_ZIP && flow->is_forward)
		pass_zip_directory(b);
	has_more = pass_padding(b, level);
	if (!has_more)
		failed(b, level);
	else
		(void)fill_head(b, RV_UNPACK_HEAD); /* its end is seen by its length */
	if (flow == &b->flow)
		rv_flow_done(flow);
	b->flow = rv_flow_part(&rest, b->passed - b->head_len, UINT64_MAX);
	b->source = NULL;
	rv_flow_done(&reading);
	return has_more && judge(b, level);
}

bool rv_behind_next(struct rv_behind *b, struct rv_level *level, struct rv_flow *flow)
{
	/* Of an empty zip there is nothing but its directory. */
	bool is_read =
		level->used != RV_LEVEL_UNKNOWN && (level->used || level->kind == RV_UNPACK_ZIP);

	if (!is_read || level->is_left || level->walk->is_stopped)
		return false;
	return rv_flow_has_places(flow) ? next_of_places(b, level, flow)
					: next_of_stream(b, level, flow);
}
