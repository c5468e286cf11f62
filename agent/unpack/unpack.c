/* unpack: the walk: sources, limits, names. Not here: containers (enter.c), the bytes of a member
 * (member.c). */
#include "agent/unpack/unpack.h"

#include "agent/unpack/program.h"
#include "agent/unpack/walk.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_BYTES ((size_t)(RV_UNPACK_DEPTH_MAX + 1) * (RV_UNPACK_NAME_MAX + 1))
#define HEAD	       ((size_t)RV_UNPACK_HEAD_ISO)
#define ZIP_END	       22

const char *rv_unpack_reason_name(enum rv_unpack_reason reason)
{
	static const char *const names[RV_UNPACK_REASON__COUNT] = {
		[RV_UNPACK_LIMIT] = "archive-limit", [RV_UNPACK_ENCRYPTED] = "encrypted",
		[RV_UNPACK_DAMAGED] = "damaged",     [RV_UNPACK_UNSUPPORTED] = "unsupported",
		[RV_UNPACK_TOO_LARGE] = "too-large", [RV_UNPACK_OVER] = "time",
		[RV_UNPACK_MEMORY] = "memory",	     [RV_UNPACK_UNREADABLE] = "unreadable",
	};

	return reason < RV_UNPACK_REASON__COUNT ? names[reason] : "unknown";
}

void rv_walk_trouble(struct rv_walk *walk, enum rv_unpack_reason reason, const char *detail)
{
	if (walk->is_stopped)
		return; /* what follows from stopping is no trouble of the archive */
	walk->events->on_trouble(rv_buf_view(&walk->path), reason, detail ? detail : "",
				 walk->events->user);
}

static void stop_at(struct rv_walk *walk, enum rv_unpack_reason reason, const char *detail)
{
	rv_walk_trouble(walk, reason, detail);
	walk->is_stopped = true;
}

bool rv_walk_count(struct rv_walk *walk)
{
	if (++walk->members > walk->limits->max_members)
		stop_at(walk, RV_UNPACK_LIMIT, "more members than the limit for one source");
	return !walk->is_stopped;
}

static bool is_too_dense(const struct rv_level *level)
{
	uint64_t packed = level->packed;

	if (level->is_told && level->expanded > RV_UNPACK_RATIO_TOLD &&
	    level->expanded / level->walk->limits->max_ratio > level->flow->used)
		return true;
	if (level->expanded <= RV_UNPACK_RATIO_FROM)
		return false;
	if (!packed && level->reader)
		packed = (uint64_t)archive_filter_bytes(level->reader, -1);
	else if (!packed && level->walk->stream && level->walk->depth == 1)
		packed = level->walk->stream->given;
	else if (!packed)
		return false; /* a stream in a stream: the outer one's length is known */
	return level->expanded / level->walk->limits->max_ratio > packed;
}

/* Of the source as a whole. */
static bool is_bomb(const struct rv_walk *walk)
{
	uint64_t times = (uint64_t)walk->limits->max_ratio * RV_UNPACK_SOURCE_TIMES;
	uint64_t len = walk->stream ? walk->stream->given : walk->source_len;

	return walk->total > RV_UNPACK_SOURCE_FROM && walk->total / times > len;
}

/* False: there was less. */
static bool take_room(uint64_t *room, uint64_t bytes)
{
	bool is_enough = !room || bytes <= *room;

	if (room)
		*room -= is_enough ? bytes : *room;
	return is_enough;
}

bool rv_level_spend(struct rv_level *level, uint64_t bytes)
{
	struct rv_walk *walk = level->walk;

	level->expanded += bytes;
	walk->total += bytes;
	if (!take_room(walk->limits->room, bytes)) {
		stop_at(walk, RV_UNPACK_LIMIT, "more bytes than the limit for all of them");
	} else if (walk->total > walk->limits->max_total_bytes) {
		stop_at(walk, RV_UNPACK_LIMIT, "more bytes than the limit for one source");
	} else if (is_bomb(walk)) {
		stop_at(walk, RV_UNPACK_LIMIT,
			"with what is in it, it expands more than the limit");
	} else if (walk->events->is_over && walk->events->is_over(walk->events->user)) {
		stop_at(walk, RV_UNPACK_OVER, "read in part");
	} else if (is_too_dense(level)) {
		rv_walk_trouble(walk, RV_UNPACK_LIMIT, "it expands more than the limit");
		level->is_left = true;
	}
	return !walk->is_stopped && !level->is_left;
}

static void push_name(struct rv_walk *walk, struct rv_str name)
{
	size_t len = name.len < RV_UNPACK_NAME_MAX ? name.len : RV_UNPACK_NAME_MAX;
	rv_status status = RV_OK;

	if (walk->path.len)
		status = rv_buf_put_byte(&walk->path, '!');
	if (rv_is_ok(status))
		status = rv_buf_put(&walk->path, name.data, len);
	if (rv_is_ok(status))
		return;
	walk->status = status;
	walk->is_stopped = true;
}

bool rv_level_begin(struct rv_level *level, struct rv_str name)
{
	struct rv_walk *walk = level->walk;

	push_name(walk, name);
	level->offset = 0;
	level->stream_end = 0;
	rv_buf_reset(level->member);
	return rv_walk_count(walk);
}

void rv_level_end(struct rv_level *level)
{
	level->walk->path.len = level->path_len;
}

void rv_level_tell(struct rv_level *level, enum rv_unpack_kind kind, bool is_last)
{
	struct rv_walk *walk = level->walk;
	struct rv_unpack_member member = {
		.path = rv_buf_view(&walk->path),
		.bytes = rv_buf_view(level->member),
		.offset = level->offset,
		.mtime_s = level->mtime_s,
		.kind = (uint8_t)kind,
		.depth = (uint8_t)walk->depth,
		.is_last = is_last,
	};

	if (!walk->is_stopped && !walk->events->on_member(&member, walk->events->user))
		walk->is_stopped = true;
}

void rv_level_descend(struct rv_level *level, enum rv_unpack_kind kind)
{
	struct rv_flow flow;

	if (level->walk->is_stopped || !rv_unpack_is_entered(kind))
		return;
	rv_flow_memory(&flow, rv_buf_view(level->member));
	rv_walk_enter(level->walk, kind, &flow, level->member->len);
	rv_flow_done(&flow);
}

/* A file that must be in memory, or would be told in windows: the whole of it as the only member
 * would have been. */
static rv_status walk_file_in_memory(struct rv_walk *walk, int fd, size_t size,
				     enum rv_unpack_kind kind, struct rv_diag *diag)
{
	struct rv_buf whole;
	struct rv_flow flow;
	uint8_t *room;
	ssize_t len = -1;

	if (size > walk->limits->max_member_bytes) {
		rv_walk_trouble(walk, RV_UNPACK_TOO_LARGE,
				"a log of a database, too large for memory");
		return RV_OK;
	}
	rv_buf_init(&whole, size + 1);
	room = rv_buf_reserve(&whole, size);
	if (room)
		len = pread(fd, room, size, 0);
	if (len < 0) {
		rv_buf_done(&whole);
		return room ? rv_fail_errno(diag, "read a database") : rv_fail_nomem(diag);
	}
	rv_flow_memory(&flow, (struct rv_str){room, (size_t)len});
	rv_walk_enter(walk, kind, &flow, (uint64_t)len);
	rv_buf_done(&whole);
	return RV_OK;
}

enum rv_unpack_kind rv_unpack_kind_by_end(int fd)
{
	uint8_t end[ZIP_END];
	struct rv_flow flow;
	uint64_t at;

	if (!rv_is_ok(rv_flow_fd(&flow, fd, NULL)) || flow.until < ZIP_END ||
	    rv_flow_peek(&flow, flow.until - ZIP_END, end, ZIP_END) != ZIP_END)
		return RV_UNPACK_NONE;
	if (rv_unpack_ends_as_zip((struct rv_str){end, ZIP_END}))
		return RV_UNPACK_ZIP;
	return rv_program_find(&flow, &at) ? RV_UNPACK_PROGRAM : RV_UNPACK_NONE;
}

static rv_status walk_fd(struct rv_walk *walk, int fd, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) uint8_t *head = malloc(HEAD);
	enum rv_unpack_kind kind;
	struct rv_flow flow;
	struct stat st;
	ssize_t len;

	if (!head)
		return rv_fail_nomem(diag);
	len = pread(fd, head, HEAD, 0);
	if (len < 0 || fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "read an archive");
	kind = rv_unpack_kind((struct rv_str){head, (size_t)len});
	if (kind == RV_UNPACK_NONE)
		kind = rv_unpack_kind_by_end(fd);
	if (!rv_unpack_is_entered(kind))
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no archive");
	walk->source_len = (uint64_t)st.st_size;
	if (kind == RV_UNPACK_SQLITE && walk->source_len > RV_UNPACK_DATABASE_MAX) {
		rv_walk_trouble(walk, RV_UNPACK_TOO_LARGE, "a database larger than is read");
		return RV_OK;
	}
	if (kind == RV_UNPACK_SQLITE_WAL)
		return walk_file_in_memory(walk, fd, (size_t)st.st_size, kind, diag);
	RV_TRY(rv_flow_fd(&flow, fd, diag));
	flow.is_source = true;
	rv_walk_enter(walk, kind, &flow, (uint64_t)st.st_size);
	rv_flow_done(&flow);
	return RV_OK;
}

static rv_status walk_bytes(struct rv_walk *walk, struct rv_str bytes, struct rv_diag *diag)
{
	enum rv_unpack_kind kind = rv_unpack_kind(bytes);
	struct rv_flow flow;

	if (!rv_unpack_is_entered(kind))
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no archive");
	walk->source_len = bytes.len;
	rv_flow_memory(&flow, bytes);
	flow.is_source = true;
	rv_walk_enter(walk, kind, &flow, bytes.len);
	rv_flow_done(&flow);
	return RV_OK;
}

static rv_status walk_stream(struct rv_walk *walk, const struct rv_unpack_source *source,
			     struct rv_diag *diag)
{
	enum rv_unpack_kind kind = rv_unpack_kind(source->bytes);
	struct rv_flow flow;

	if (!rv_unpack_is_entered(kind))
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no archive");
	if (!rv_reader_can_stream(kind)) {
		rv_walk_trouble(walk, RV_UNPACK_UNSUPPORTED,
				"it is no stream: it must be read from a file");
		return RV_OK;
	}
	rv_flow_stream(&flow, source);
	flow.is_source = true;
	walk->stream = &flow;
	rv_walk_enter(walk, kind, &flow, 0);
	walk->stream = NULL;
	return RV_OK;
}

static rv_status walk_source(struct rv_walk *walk, const struct rv_unpack_source *source,
			     struct rv_diag *diag)
{
	if (source->fd >= 0)
		return walk_fd(walk, source->fd, diag);
	return source->pull ? walk_stream(walk, source, diag)
			    : walk_bytes(walk, source->bytes, diag);
}

rv_status rv_unpack_walk(const struct rv_unpack_source *source,
			 const struct rv_unpack_limits *limits,
			 const struct rv_unpack_events *events, struct rv_diag *diag)
{
	struct rv_walk walk = {.limits = limits, .events = events, .status = RV_OK};
	rv_status status;

	RV_BUG_ON(limits->max_member_bytes < RV_UNPACK_MEMBER_MIN || !limits->max_ratio);
	rv_buf_init(&walk.path, PATH_MAX_BYTES);
	for (size_t i = 0; i < RV_UNPACK_DEPTH_MAX; i++)
		rv_buf_init(&walk.members_at[i], limits->max_member_bytes);
	push_name(&walk, source->name);
	status = walk.status;
	if (rv_is_ok(status))
		status = walk_source(&walk, source, diag);
	rv_buf_done(&walk.path);
	for (size_t i = 0; i < RV_UNPACK_DEPTH_MAX; i++)
		rv_buf_done(&walk.members_at[i]);
	return rv_is_ok(status) ? walk.status : status;
}
