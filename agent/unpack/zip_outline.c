/* unpack: see zip_outline.h. */
#include "agent/unpack/zip_outline.h"

#include <stdlib.h>

#define END_LEN	    22
#define CENTRAL_LEN 46
#define LOCAL_LEN   30
#define LOOK_LEN    ((size_t)64 << 10) /* of a stretch of a file, at a time */
#define COMMENT_MAX 65535
#define AT64_LEN    20
#define END64_LEN   56

static bool begins(const uint8_t *bytes, const char *magic)
{
	return memcmp(bytes, magic, 4) == 0;
}

/* An archive whose end record has no room for its numbers. */
static bool find_large(const struct rv_flow *flow, uint64_t end_at, struct rv_zip_outline *out)
{
	uint8_t at[AT64_LEN];
	uint8_t end[END64_LEN];
	uint64_t place;

	if (end_at < AT64_LEN || rv_flow_peek(flow, end_at - AT64_LEN, at, AT64_LEN) < AT64_LEN ||
	    !begins(at, "PK\6\7"))
		return false;
	place = rv_get_u64(at + 8);
	if (rv_flow_peek(flow, place, end, END64_LEN) < END64_LEN || !begins(end, "PK\6\6"))
		return false;
	out->directory = rv_get_u64(end + 48);
	if (out->directory > place || rv_get_u64(end + 40) > place - out->directory)
		return false;
	out->directory_end = out->directory + rv_get_u64(end + 40);
	out->base = 0; /* where it is not, the end record was not found at this place */
	return true;
}

static bool read_end(const struct rv_flow *flow, uint64_t at, const uint8_t *end,
		     struct rv_zip_outline *out)
{
	uint32_t size = rv_get_u32(end + 12);
	uint32_t offset = rv_get_u32(end + 16);

	if (rv_get_u32(end + 4)) /* of several disks */
		return false;
	out->end = at + END_LEN + rv_get_u16(end + 20);
	if (rv_get_u16(end + 10) == 0xffff || size == UINT32_MAX || offset == UINT32_MAX)
		return find_large(flow, at, out);
	if (size > at || offset > at - size)
		return false;
	out->directory = at - size;
	out->directory_end = at;
	out->base = at - size - offset;
	return true;
}

bool rv_zip_outline(const struct rv_flow *flow, struct rv_zip_outline *out)
{
	uint64_t len = rv_flow_len(flow);
	size_t room = len < END_LEN + COMMENT_MAX ? (size_t)len : END_LEN + COMMENT_MAX;
	RV_CLEANUP(rv_freep) uint8_t *copy = NULL;
	const uint8_t *tail;
	size_t at;

	if (room < END_LEN)
		return false;
	if (flow->is_memory) {
		tail = flow->bytes.data + (len - room);
	} else {
		tail = copy = malloc(room);
		if (!copy || rv_flow_peek(flow, len - room, copy, room) < room)
			return false;
	}
	for (at = room - END_LEN; at && !begins(tail + at, "PK\5\6");)
		at--;
	return begins(tail + at, "PK\5\6") && read_end(flow, len - room + at, tail + at, out);
}

struct stretch {
	uint64_t from, until;
};

struct stretches {
	struct stretch *at;
	size_t count;
	bool is_sorted;
};

/* Where a member ends, by its local header: extra fields may be longer there. */
static uint64_t end_of_member(const struct rv_flow *flow, uint64_t at, uint32_t packed)
{
	uint8_t head[LOCAL_LEN];

	if (rv_flow_peek(flow, at, head, sizeof(head)) < sizeof(head) || !begins(head, "PK\3\4"))
		return at;
	return at + LOCAL_LEN + rv_get_u16(head + 26) + rv_get_u16(head + 28) + packed;
}

/* Every entry of the directory. False: it does not parse, or has numbers elsewhere. */
static bool read_directory(const struct rv_flow *flow, const struct rv_zip_outline *outline,
			   struct rv_str directory, struct stretches *out)
{
	uint64_t last = 0;

	out->is_sorted = true;
	while (directory.len >= CENTRAL_LEN && begins(directory.data, "PK\1\2")) {
		const uint8_t *p = directory.data;
		size_t len = CENTRAL_LEN + (size_t)rv_get_u16(p + 28) + rv_get_u16(p + 30) +
			     rv_get_u16(p + 32);
		uint32_t packed = rv_get_u32(p + 20);
		uint32_t offset = rv_get_u32(p + 42);

		if (len > directory.len || packed == UINT32_MAX || offset == UINT32_MAX)
			return false;
		uint64_t from = outline->base + offset;
		out->at[out->count++] = (struct stretch){from, end_of_member(flow, from, packed)};
		out->is_sorted &= from >= last;
		last = from;
		directory.data += len;
		directory.len -= len;
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct stretch *x = a;
	const struct stretch *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* The first local header in a stretch; its end: there is none. */
static uint64_t find_header(const struct rv_flow *flow, uint64_t from, uint64_t until,
			    uint8_t *room)
{
	while (from < until && until - from >= LOCAL_LEN) {
		size_t len = until - from < LOOK_LEN ? (size_t)(until - from) : LOOK_LEN;
		const uint8_t *bytes = room;

		if (flow->is_memory)
			bytes = flow->bytes.data + from;
		else
			len = rv_flow_peek(flow, from, room, len);
		const uint8_t *found = len ? memmem(bytes, len, "PK\3\4", 4) : NULL;
		if (found)
			return from + (uint64_t)(found - bytes);
		if (len < LOOK_LEN)
			return until;
		from += len - 3;
	}
	return until;
}

static void tell_stretches(const struct rv_flow *flow, const struct rv_zip_outline *outline,
			   const struct stretches *all, uint8_t *room,
			   rv_zip_stretch_fn *on_stretch, void *user)
{
	uint64_t from = outline->base;

	for (size_t i = 0; i <= all->count; i++) {
		uint64_t until = i < all->count ? all->at[i].from : outline->directory;

		if (until > outline->directory)
			until = outline->directory;
		if (until > from && until - from >= LOCAL_LEN) {
			uint64_t at = find_header(flow, from, until, room);

			if (at < until)
				on_stretch(at, until, user);
		}
		if (i < all->count && all->at[i].until > from)
			from = all->at[i].until;
	}
}

bool rv_zip_find_unnamed(const struct rv_flow *flow, const struct rv_zip_outline *outline,
			 rv_zip_stretch_fn *on_stretch, void *user, const char **why)
{
	RV_CLEANUP(rv_freep) uint8_t *copy = NULL;
	RV_CLEANUP(rv_freep) uint8_t *room = flow->is_memory ? NULL : malloc(LOOK_LEN);
	uint64_t len = outline->directory_end - outline->directory;
	struct rv_str directory = {NULL, (size_t)len};
	struct stretches all = {0};

	*why = "its directory is too long to be compared with its members";
	if (len > RV_ZIP_DIRECTORY_MAX)
		return false;
	*why = "no memory";
	all.at = malloc((directory.len / CENTRAL_LEN + 1) * sizeof(*all.at));
	copy = flow->is_memory ? NULL : malloc(directory.len + 1);
	bool has_room = all.at && (flow->is_memory || (copy && room));
	directory.data = flow->is_memory ? flow->bytes.data + outline->directory : copy;
	if (has_room && !flow->is_memory)
		directory.len = rv_flow_peek(flow, outline->directory, copy, directory.len);
	bool is_good = has_room && read_directory(flow, outline, directory, &all);
	if (has_room && !is_good)
		*why = "its directory cannot be compared with its members";
	if (is_good && !all.is_sorted)
		qsort(all.at, all.count, sizeof(*all.at), by_place);
	if (is_good)
		tell_stretches(flow, outline, &all, room, on_stretch, user);
	free(all.at);
	return is_good;
}
