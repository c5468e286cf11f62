/* git: applies a delta and tells its segments. The hot loop of a history scan. */
#include "agent/git/delta.h"

#include <errno.h>

#define MALFORMED ((rv_status){RV_CLASS_MALFORMED, 0})

void rv_git_segments_done(struct rv_git_segments *segments)
{
	if (!segments)
		return;
	free(segments->items);
	*segments = (struct rv_git_segments){0};
}

/* Seven bits a byte, lowest first. */
static bool read_size(struct rv_str delta, size_t *at, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < delta.len && shift < 63; shift += 7) {
		uint8_t byte = delta.data[(*at)++];

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

rv_status rv_git_delta_sizes(struct rv_str delta, uint64_t *out_base, uint64_t *out_result,
			     size_t *out_at)
{
	uint64_t base = 0, result = 0;
	size_t at = 0;

	if (!read_size(delta, &at, &base) || !read_size(delta, &at, &result))
		return MALFORMED;
	*out_base = base;
	*out_result = result;
	*out_at = at;
	return RV_OK;
}

static rv_status grow(struct rv_git_segments *segments)
{
	size_t cap = segments->cap ? segments->cap * 2 : 256;
	struct rv_git_segment *items = reallocarray(segments->items, cap, sizeof(*items));

	if (!items)
		return (rv_status){RV_CLASS_EXHAUSTED, ENOMEM};
	segments->items = items;
	segments->cap = cap;
	return RV_OK;
}

static inline rv_status put(struct rv_git_segments *segments, size_t at, size_t len, uint32_t from)
{
	struct rv_git_segment *last;

	if (segments->count > 0) {
		last = &segments->items[segments->count - 1];
		if (last->base_at == RV_GIT_INSERTED
			    ? from == RV_GIT_INSERTED
			    : from != RV_GIT_INSERTED && from - last->base_at == last->len) {
			last->len += (uint32_t)len;
			return RV_OK;
		}
	}
	if (segments->count == segments->cap)
		RV_TRY(grow(segments));
	segments->items[segments->count++] =
		(struct rv_git_segment){(uint32_t)at, (uint32_t)len, from};
	return RV_OK;
}

static size_t bits_in(unsigned v)
{
	size_t count = 0;

	for (; v; v &= v - 1)
		count++;
	return count;
}

/* A copy instruction: which of seven argument bytes follow is said by the low bits. */
static inline const uint8_t *read_copy(const uint8_t *p, const uint8_t *end, uint8_t op,
				       uint32_t *out_from, uint32_t *out_len)
{
	uint32_t from = 0, len = 0;

	/* Counted only at the very end: elsewhere there is room for all seven. */
	if (end - p < 7 && (size_t)(end - p) < bits_in(op & 0x7f))
		return NULL;
	if (op & 0x01)
		from = *p++;
	if (op & 0x02)
		from |= (uint32_t)*p++ << 8;
	if (op & 0x04)
		from |= (uint32_t)*p++ << 16;
	if (op & 0x08)
		from |= (uint32_t)*p++ << 24;
	if (op & 0x10)
		len = *p++;
	if (op & 0x20)
		len |= (uint32_t)*p++ << 8;
	if (op & 0x40)
		len |= (uint32_t)*p++ << 16;
	*out_from = from;
	*out_len = len ? len : 0x10000;
	return p;
}

rv_status rv_git_delta_apply(struct rv_str base, struct rv_str delta, uint8_t *out,
			     size_t result_len, struct rv_git_segments *segments)
{
	uint64_t base_len = 0, stated = 0;
	const uint8_t *p, *end = delta.data + delta.len;
	size_t at = 0;

	if (segments)
		segments->count = 0;
	RV_TRY(rv_git_delta_sizes(delta, &base_len, &stated, &at));
	if (base_len != base.len || stated != result_len || stated >= UINT32_MAX ||
	    base_len >= UINT32_MAX)
		return MALFORMED;
	p = delta.data + at;
	at = 0;
	while (p < end) {
		uint8_t op = *p++;
		uint32_t len = op, from = RV_GIT_INSERTED;
		const uint8_t *bytes = p;

		if (op & 0x80) {
			p = read_copy(p, end, op, &from, &len);
			if (!p || from > base.len || len > base.len - from)
				return MALFORMED;
			bytes = base.data + from;
		} else {
			if (op == 0 || len > (size_t)(end - p))
				return MALFORMED;
			p += len;
		}
		if (len > result_len - at)
			return MALFORMED;
		memcpy(out + at, bytes, len);
		if (segments)
			RV_TRY(put(segments, at, len, from));
		at += len;
	}
	return at == result_len ? RV_OK : MALFORMED;
}
