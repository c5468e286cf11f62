/* unpack: the bytes of one member: read, bounded, handed over, entered. Not here: the walk. */
#include "agent/unpack/walk.h"

#define HOLE_MAX 4096 /* NUL bytes that stand for a hole of a sparse file */
#define IDLE_MAX 1000 /* empty blocks in a row */

enum outcome { MORE, END, FAILED };

/* A piece of the flow that is the member. */
static enum outcome next_piece(struct rv_level *level, struct rv_str *out)
{
	const void *bytes;
	ssize_t len = level->flow->pull(level->flow, &bytes);

	*out = (struct rv_str){bytes, len > 0 ? (size_t)len : 0};
	if (len < 0)
		rv_level_failed(level);
	if (len <= 0)
		return len < 0 ? FAILED : END;
	return rv_level_spend(level, (uint64_t)len) ? MORE : FAILED;
}

/* How many NUL bytes stand for what lies between the last block and this one. */
static size_t hole_before(struct rv_level *level, la_int64_t offset, size_t len)
{
	uint64_t at = offset > 0 ? (uint64_t)offset : 0;
	uint64_t hole = at > level->stream_end ? at - level->stream_end : 0;

	level->stream_end = at + len;
	return hole < HOLE_MAX ? (size_t)hole : HOLE_MAX;
}

/* The next block of the member; blocks that cannot be read are told. */
static enum outcome next_block(struct rv_level *level, struct rv_str *out, size_t *out_hole)
{
	*out = level->pending;
	*out_hole = 0;
	level->pending = RV_STR_NONE;
	if (out->len)
		return MORE;
	if (!level->reader)
		return next_piece(level, out);
	for (unsigned idle = 0; idle < IDLE_MAX; idle++) {
		const void *data = NULL;
		size_t len = 0;
		la_int64_t offset = 0;

		level->flow->ahead = 0;
		int code = archive_read_data_block(level->reader, &data, &len, &offset);
		if (code == ARCHIVE_EOF)
			return END;
		if (code != ARCHIVE_OK && code != ARCHIVE_RETRY) {
			rv_level_failed(level);
			level->is_left = code == ARCHIVE_FATAL;
			if (code != ARCHIVE_WARN)
				return FAILED;
		}
		if (!rv_level_spend(level, len))
			return FAILED;
		*out = (struct rv_str){data, len};
		*out_hole = hole_before(level, offset, len);
		if (len)
			return MORE;
	}
	rv_walk_trouble(level->walk, RV_UNPACK_DAMAGED, "the member has no end");
	return FAILED;
}

/* The rest of a member that is a container, as a flow: what is in memory first. */
struct rest {
	struct rv_level *level;
	struct rv_str first[2]; /* what was read: in the buffer, and the block that did not fit */
	unsigned begun;
};

static ssize_t pull_rest(struct rv_flow *flow, const void **out)
{
	struct rest *rest = flow->user;
	struct rv_str block;
	size_t hole;

	while (rest->begun < 2) {
		block = rest->first[rest->begun++];
		*out = block.data;
		if (block.len)
			return (ssize_t)block.len;
	}
	switch (next_block(rest->level, &block, &hole)) {
	case MORE:
		*out = block.data;
		return (ssize_t)block.len;
	case END:
		return 0;
	case FAILED:
		break;
	}
	flow->reason = RV_UNPACK_DAMAGED;
	flow->detail = "the archive around it ends here";
	flow->is_told = true;
	return -1;
}

static void stream(struct rv_level *level, enum rv_unpack_kind kind, struct rv_str block,
		   int64_t size)
{
	struct rest rest = {.level = level, .first = {rv_buf_view(level->member), block}};
	struct rv_flow flow = {.pull = pull_rest, .fd = -1, .user = &rest};
	size_t path_len = level->walk->path.len;

	rv_level_tell(level, kind, true);
	if (!level->walk->is_stopped)
		rv_walk_enter(level->walk, kind, &flow, size > 0 ? (uint64_t)size : 0);
	level->walk->path.len = path_len;
}

/* A window that is full: handed over, and its end kept for the next. */
static void slide(struct rv_level *level)
{
	size_t drop = level->member->len - RV_UNPACK_OVERLAP;

	rv_level_tell(level, RV_UNPACK_NONE, false);
	memmove(level->member->data, level->member->data + drop, RV_UNPACK_OVERLAP);
	level->member->len = RV_UNPACK_OVERLAP;
	level->offset += drop;
}

static void put(struct rv_level *level, const void *bytes, size_t len)
{
	rv_status status = rv_buf_put(level->member, bytes, len);

	if (rv_is_ok(status))
		return;
	level->walk->status = status;
	level->walk->is_stopped = true;
}

/* As much as the window has room for; the rest stays in *block. */
static void fill(struct rv_level *level, struct rv_str *block)
{
	size_t room = level->member->max - level->member->len;
	size_t len = block->len < room ? block->len : room;

	put(level, block->data, len);
	block->data += len;
	block->len -= len;
}

bool rv_member_put(struct rv_level *level, struct rv_str bytes)
{
	if (!rv_level_spend(level, bytes.len))
		return false;
	while (bytes.len && !level->walk->is_stopped) {
		if (level->member->len == level->member->max)
			slide(level);
		fill(level, &bytes);
	}
	return !level->walk->is_stopped;
}

/* The blocks that do not fit into one window, the first of them in `block`. Of a container of that
 * kind only the bytes are handed over. */
static void read_windows(struct rv_level *level, enum rv_unpack_kind kind, struct rv_str block)
{
	enum outcome outcome = MORE;
	size_t hole;

	if (kind != RV_UNPACK_NONE)
		rv_walk_trouble(level->walk, RV_UNPACK_TOO_LARGE,
				"a container in a container, too large to be opened");
	while (outcome == MORE && !level->walk->is_stopped) {
		while (block.len && !level->walk->is_stopped) {
			if (level->member->len == level->member->max)
				slide(level);
			fill(level, &block);
		}
		outcome = next_block(level, &block, &hole);
	}
	if (kind == RV_UNPACK_NONE && rv_unpack_ends_as_zip(rv_buf_view(level->member)))
		rv_walk_trouble(level->walk, RV_UNPACK_TOO_LARGE,
				"a zip behind a program in a container, too large to be opened");
}

void rv_member_read(struct rv_level *level, int64_t size)
{
	static const uint8_t nothing[HOLE_MAX];
	size_t max = level->member->max;
	enum rv_unpack_kind kind;
	enum outcome outcome = MORE;

	/* A hint only: the size is the archive's own claim, and put() tells when there is no room.
	 */
	if (size > 0)
		(void)rv_buf_reserve(level->member, (uint64_t)size < max ? (size_t)size : max);
	while (outcome == MORE && !level->walk->is_stopped) {
		struct rv_str block;
		size_t hole;

		outcome = next_block(level, &block, &hole);
		if (outcome != MORE)
			break;
		if (hole && level->member->len + hole < max)
			put(level, nothing, hole);
		fill(level, &block);
		if (!block.len)
			continue;
		kind = rv_unpack_kind(rv_buf_view(level->member));
		if (rv_reader_can_stream(kind)) {
			stream(level, kind, block, size);
			return;
		}
		read_windows(level, kind, block);
		rv_level_tell(level, RV_UNPACK_NONE, true);
		return;
	}
	kind = rv_unpack_kind(rv_buf_view(level->member));
	if (outcome == END || level->member->len)
		rv_level_tell(level, kind, true);
	if (outcome == END || level->member->len)
		rv_level_descend(level, kind);
}

void rv_stream_read(struct rv_level *level, struct rv_str name)
{
	uint8_t head[RV_UNPACK_HEAD];
	struct rv_str begin = {head, 0};
	enum outcome outcome = MORE;
	enum rv_unpack_kind kind;
	size_t hole;

	while (outcome == MORE && begin.len < sizeof(head)) {
		struct rv_str block;
		size_t len;

		outcome = next_block(level, &block, &hole);
		if (outcome != MORE)
			break;
		len = block.len < sizeof(head) - begin.len ? block.len : sizeof(head) - begin.len;
		memcpy(head + begin.len, block.data, len);
		begin.len += len;
		level->pending = (struct rv_str){block.data + len, block.len - len};
	}
	kind = rv_unpack_kind(begin);
	if (kind == RV_UNPACK_TAR || kind == RV_UNPACK_CPIO) {
		struct rest rest = {.level = level, .first = {begin, level->pending}};
		struct rv_flow flow = {.pull = pull_rest, .fd = -1, .user = &rest};
		struct rv_level archive = {.walk = level->walk,
					   .kind = (uint8_t)kind,
					   .member = level->member,
					   .path_len = level->path_len};

		level->pending = RV_STR_NONE;
		rv_level_enter(&archive, &flow);
		return;
	}
	if (!begin.len && outcome != MORE)
		return; /* empty, or told */
	if (rv_level_begin(level, name)) {
		put(level, begin.data, begin.len);
		rv_member_read(level, -1);
	}
	rv_level_end(level);
}
