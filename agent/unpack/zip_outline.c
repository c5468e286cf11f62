/* unpack: see zip_outline.h. */
#include "agent/unpack/zip_outline.h"

#define END_LEN	    22
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
