/* scan: see wide.h. */
#include "agent/scan/wide.h"

#include "agent/scan/decode_private.h"

#define LOOK	      8	 /* bytes that are looked at .. */
#define STRIDE	      32 /* .. of as many: every text holds one such look whole */
#define PAIRS_AT_ONCE 1024

_Static_assert(STRIDE - 1 + LOOK <= RV_WIDE_MIN * 2, "a text may be overlooked");

static inline bool is_pair(struct rv_str bytes, size_t at, size_t end)
{
	uint8_t c = bytes.data[at];

	return at + 2 <= end && !bytes.data[at + 1] &&
	       ((c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r');
}

static size_t text_end(struct rv_str bytes, size_t at, size_t end)
{
	while (at < end && is_pair(bytes, at, end))
		at += 2;
	return at;
}

/* Does a text that is long enough begin there? It is not read to its end: a map asks often. */
static bool is_long(struct rv_str bytes, size_t at, size_t end)
{
	size_t enough = at + RV_WIDE_MIN * 2;

	return enough <= end && text_end(bytes, at, enough) == enough;
}

/* Is it of a text that is long enough? What comes before was looked at, so that a text that is too
 * short was passed over whole. */
static bool is_inside(struct rv_str bytes, size_t at, size_t end)
{
	return is_pair(bytes, at, end) &&
	       ((at >= 2 && is_pair(bytes, at - 2, end)) || is_long(bytes, at, end));
}

/* Four bytes of 1 to 127 and four NUL bytes in turn, in one of both orders? */
static inline bool is_promising(const uint8_t *at)
{
	const uint64_t lanes = UINT64_C(0x00ff00ff00ff00ff);
	const uint64_t tops = UINT64_C(0x0080008000800080);
	uint64_t word = rv_get_u64(at);
	uint64_t low = word & lanes;
	uint64_t high = word >> 8 & lanes;

	if ((low == 0) == (high == 0))
		return false;
	uint64_t chars = low | high;
	return !(chars & tops) && ((chars + (lanes >> 1 & lanes)) & tops) == tops;
}

/* Where the next text begins, from `from` on, which is in none; `end`: nowhere. */
static size_t next_text(struct rv_str bytes, size_t from, size_t end)
{
	for (size_t look = (from + STRIDE - 1) / STRIDE * STRIDE; look + LOOK <= end;
	     look += STRIDE) {
		if (!is_promising(bytes.data + look))
			continue;
		size_t at = look + (bytes.data[look] == 0);

		if (!is_pair(bytes, at, end))
			continue;
		while (at >= from + 2 && is_pair(bytes, at - 2, end))
			at -= 2;
		if (is_long(bytes, at, end))
			return at;
	}
	return end;
}

bool rv_wide_find(struct rv_str bytes, struct rv_decode_run *out_run)
{
	size_t at = next_text(bytes, 0, bytes.len);

	if (at == bytes.len)
		return false;
	*out_run = (struct rv_decode_run){.at = at, .len = bytes.len - at, .kind = RV_DECODE_WIDE};
	return true;
}

void rv_wide_step(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *out)
{
	*out = (struct rv_decode_unit){.at = at, .to = {1}};
	if (is_inside(bytes, at, end)) {
		out->out[0] = bytes.data[at];
		out->len = 1;
		out->to[0] = 2;
		out->next = at + 2;
		return;
	}
	out->out[0] = '\n';
	out->len = at >= 2 && is_pair(bytes, at - 2, end);
	out->next = next_text(bytes, at + 1, end);
}

size_t rv_wide_fast(struct rv_str bytes, size_t *at, size_t end, uint8_t *out)
{
	size_t len = 0;

	if (!is_inside(bytes, *at, end))
		return 0;
	while (len < PAIRS_AT_ONCE && *at < end && is_pair(bytes, *at, end)) {
		out[len++] = bytes.data[*at];
		*at += 2;
	}
	return len;
}

size_t rv_wide_len(struct rv_str bytes, size_t at, size_t end)
{
	size_t len = 0;

	while (at < end) {
		size_t until = is_inside(bytes, at, end) ? text_end(bytes, at, end) : at;
		struct rv_decode_unit unit;

		len += (until - at) / 2;
		at = until;
		if (at == end)
			break;
		rv_wide_step(bytes, at, end, &unit);
		len += unit.len;
		at = unit.next;
	}
	return len;
}
