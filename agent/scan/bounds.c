/* scan: see bounds.h. */
#include "agent/scan/bounds.h"

#include <ctype.h>

#define COUNTED_MIN 16 /* no shorter text is a token */
#define TAKEN_MAX   2  /* letters behind a text that a match may take for its end */

static bool is_word(uint8_t c)
{
	return isalnum(c) != 0;
}

/* Do the bytes before `at` end an escape (percent, C, JSON)? Then they are no part of a word. */
static bool ends_escape(struct rv_str bytes, size_t at)
{
	const uint8_t *p = bytes.data + at;
	size_t digits = 0;

	if (at >= 2 && p[-2] == '\\' && strchr("nrtbfv0", p[-1]))
		return true;
	while (digits < 4 && digits < at && isxdigit(p[-1 - (ptrdiff_t)digits]))
		digits++;
	if (digits >= 2 && at >= 3 && p[-3] == '%')
		return true;
	if (digits >= 2 && at >= 4 && p[-4] == '\\' && p[-3] == 'x')
		return true;
	return digits == 4 && at >= 6 && p[-6] == '\\' && p[-5] == 'u';
}

bool rv_is_bounded(struct rv_str bytes, struct rv_span v)
{
	if (v.start > 0 && is_word(bytes.data[v.start - 1]) && is_word(bytes.data[v.start]) &&
	    !ends_escape(bytes, v.start) && !rv_decode_ends_colour(bytes, v.start))
		return false;
	return v.end == bytes.len || !is_word(bytes.data[v.end]) || !is_word(bytes.data[v.end - 1]);
}

static bool is_readable(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

/* One byte, or two of which only the first goes on; 0: neither. */
static size_t varint_before(const uint8_t *end, size_t before)
{
	if (before >= 2 && end[-2] >= 0x80 && end[-1] < 0x80 && end[-1] > 0)
		return (size_t)end[-1] << 7 | (end[-2] & 0x7fU);
	return end[-1];
}

/* May the text be shorter than the match that ends by itself? */
static bool ends_before(struct rv_str bytes, struct rv_span whole, size_t len)
{
	size_t of_match = whole.end - whole.start;

	return len < of_match && of_match - len <= TAKEN_MAX &&
	       !memchr("\"'`({[<", bytes.data[whole.start - 1], 7);
}

size_t rv_counts_before(struct rv_str bytes, bool is_text, size_t at, struct rv_span whole,
			size_t out[RV_COUNTS_MAX])
{
	bool is_sure = whole.end > whole.start && rv_is_bounded(bytes, whole);
	const uint8_t *end = bytes.data + at;
	size_t left = bytes.len - at;
	size_t found[RV_COUNTS_MAX] = {0};
	size_t count = 0;

	if (at == 0 || (is_text && (end[-1] < COUNTED_MIN || end[-1] >= 0x20)))
		return 0;
	if (end[-1] == 0) {
		found[0] = at >= 4 && end[-2] == 0 ? (size_t)end[-3] << 8 | end[-4] : 0;
	} else if (!is_readable(end[-1]) || at < 2 || !is_readable(end[-2]) ||
		   strchr("xzZ", end[-2])) {
		found[0] = varint_before(end, at);
		found[1] = found[0] % 2 ? 0 : found[0] / 2;
		found[2] = found[0] != end[-1] ? end[-1] : 0;
	}
	for (size_t i = 0; i < RV_COUNTS_MAX; i++) {
		if (found[i] >= COUNTED_MIN && found[i] <= left &&
		    (!is_sure || ends_before(bytes, whole, found[i])))
			out[count++] = found[i];
	}
	return count;
}
