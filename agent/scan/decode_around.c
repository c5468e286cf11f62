/* scan: see decode_around.h. Of ordinary text a few bytes are looked at. */
#include "agent/scan/decode_around.h"

#include "agent/scan/decode_private.h"

#define WORD_MIN 64 /* bytes of a word worth remembering; of escapes worth a look */

static size_t class_begin(struct rv_str bytes, size_t at, size_t floor, uint8_t class_bit)
{
	const uint8_t *b = bytes.data + at;

	for (; at - floor >= 8; at -= 8, b -= 8) {
		uint8_t low = rv_char_class[b[-1]] & rv_char_class[b[-2]] & rv_char_class[b[-3]] &
			      rv_char_class[b[-4]];
		uint8_t high = rv_char_class[b[-5]] & rv_char_class[b[-6]] & rv_char_class[b[-7]] &
			       rv_char_class[b[-8]];

		if (!(low & high & class_bit))
			break;
	}
	while (at > floor && rv_char_is(bytes.data[at - 1], class_bit))
		at--;
	return at;
}

/* Where the text of the line before ends, when a line begins at `at` or is indented up to it; "\n"
 * of a string literal ends one too. Else `at`. */
static size_t line_before(struct rv_str bytes, size_t at)
{
	const uint8_t *b = bytes.data;
	size_t end = at;

	while (end > 0 && (b[end - 1] == ' ' || b[end - 1] == '\t'))
		end--;
	if (end > 0 && b[end - 1] == '\n') {
		end--;
		return end > 0 && b[end - 1] == '\r' ? end - 1 : end;
	}
	/* The letter was taken for one of the word. */
	if (end == at && at > 0 && b[at - 1] == '\\' && at < bytes.len && b[at] == 'n')
		return at > 2 && b[at - 2] == 'r' && b[at - 3] == '\\' ? at - 3 : at - 1;
	return at;
}

/* Where the text of the line behind begins, or `at`. */
static size_t line_behind(struct rv_str bytes, size_t at)
{
	const uint8_t *b = bytes.data;
	size_t next = at;

	if (next + 3 < bytes.len && b[next] == '\\' && b[next + 1] == 'r')
		next += 2;
	else if (next < bytes.len && b[next] == '\r')
		next++;
	if (next + 1 < bytes.len && b[next] == '\\' && b[next + 1] == 'n')
		next += 2;
	else if (next < bytes.len && b[next] == '\n')
		next++;
	else
		return at;
	while (next < bytes.len && (b[next] == ' ' || b[next] == '\t'))
		next++;
	return next;
}

/* Is there an escape in it? */
static bool is_escaped(struct rv_str bytes, size_t from, size_t to)
{
	return memchr(bytes.data + from, '%', to - from) ||
	       memchr(bytes.data + from, '\\', to - from);
}

static bool is_within(const struct rv_decode_reach *reach, size_t at)
{
	return reach->to > 0 && reach->from <= at && at <= reach->to;
}

/* The word before `at`, with what is known to belong before that. */
static size_t word_begin(const struct rv_decode_around *around, size_t at)
{
	const struct rv_decode_reach *known = &around->words[0];
	size_t begin = at;

	if (!is_within(known, at))
		begin = class_begin(around->bytes, at, at > known->to ? known->to : 0,
				    RV_CHAR_BASE64);
	return is_within(known, begin) ? known->from : begin;
}

static size_t words_begin(struct rv_decode_around *around, size_t at)
{
	struct rv_decode_reach *known = &around->words[0];
	const size_t floor = at > RV_DECODE_AROUND_MAX ? at - RV_DECODE_AROUND_MAX : 0;
	size_t begin = word_begin(around, at);

	if (begin < floor && !is_within(known, begin))
		begin += (floor - begin + 3) & ~(size_t)3;
	while (begin > floor && !is_within(known, begin)) {
		size_t line = line_before(around->bytes, begin);
		size_t before = line < begin ? word_begin(around, line) : line;

		if (line - before < RV_DECODE_BASE64_MIN)
			break;
		begin = before;
	}
	if (at - begin >= WORD_MIN && !is_within(known, at))
		*known = (struct rv_decode_reach){begin, at};
	return begin;
}

static size_t words_end(struct rv_decode_around *around, size_t at, size_t ceiling)
{
	struct rv_decode_reach *known = &around->words[1];
	struct rv_str bytes = around->bytes;

	if (is_within(known, at))
		return known->to;
	size_t end = rv_char_class_end(bytes, at, ceiling, RV_CHAR_BASE64);
	while (end < ceiling) {
		size_t line = line_behind(bytes, end);
		size_t behind = line < ceiling
					? rv_char_class_end(bytes, line, ceiling, RV_CHAR_BASE64)
					: line;

		if (behind - line < RV_DECODE_BASE64_MIN)
			break;
		end = behind;
	}
	if (end - at >= WORD_MIN)
		*known = (struct rv_decode_reach){at, end};
	return end;
}

static size_t escapes_begin(struct rv_decode_around *around, size_t at)
{
	struct rv_decode_reach *known = &around->escapes[0];
	const size_t floor = at > RV_DECODE_AROUND_MAX ? at - RV_DECODE_AROUND_MAX : 0;
	size_t begin = known->from;

	if (!is_within(known, at)) {
		begin = class_begin(around->bytes, at, floor, RV_CHAR_TOKEN);
		if (at - begin < WORD_MIN)
			return at;
		*known = (struct rv_decode_reach){begin, at};
	}
	return at - begin >= WORD_MIN && is_escaped(around->bytes, at - WORD_MIN, at) ? begin : at;
}

static size_t escapes_end(struct rv_decode_around *around, size_t at, size_t ceiling)
{
	struct rv_decode_reach *known = &around->escapes[1];
	size_t end = known->to;

	if (!is_within(known, at)) {
		end = rv_char_class_end(around->bytes, at, ceiling, RV_CHAR_TOKEN);
		if (end - at < WORD_MIN)
			return at;
		*known = (struct rv_decode_reach){at, end};
	}
	return end - at >= WORD_MIN && is_escaped(around->bytes, at, at + WORD_MIN) ? end : at;
}

/* Is none of eight bytes a blank, a control character or one of !"#$? */
static bool is_unbroken(const uint8_t *bytes)
{
	uint64_t eight;

	memcpy(&eight, bytes, sizeof(eight));
	eight = (eight | UINT64_C(0x8080808080808080)) - UINT64_C(0x2525252525252525);
	return (eight & UINT64_C(0x8080808080808080)) == UINT64_C(0x8080808080808080);
}

/* Does a line end at `at` in what may be a word? */
static bool is_at_line_end(struct rv_str bytes, size_t at)
{
	at -= at > 0 && bytes.data[at - 1] == '\n';
	if (at >= bytes.len || bytes.data[at] != '\n')
		return false;
	at -= at > 0 && bytes.data[at - 1] == '\r';
	return at >= 8 && is_unbroken(bytes.data + at - 8);
}

bool rv_decode_may_cut(struct rv_str bytes, size_t at)
{
	if (at == 0 || at >= bytes.len)
		return false;
	if (!rv_char_is(bytes.data[at - 1], RV_CHAR_TOKEN) ||
	    !rv_char_is(bytes.data[at], RV_CHAR_TOKEN))
		return is_at_line_end(bytes, at);
	return (at >= 8 && is_unbroken(bytes.data + at - 8)) ||
	       (bytes.len - at >= 8 && is_unbroken(bytes.data + at));
}

size_t rv_decode_begin(struct rv_decode_around *around, size_t at)
{
	size_t escapes = escapes_begin(around, at);
	size_t words = words_begin(around, at);

	return escapes < words ? escapes : words;
}

size_t rv_decode_end(struct rv_decode_around *around, size_t at)
{
	size_t room = around->bytes.len - at;
	size_t ceiling = at + (room > RV_DECODE_AROUND_MAX ? RV_DECODE_AROUND_MAX : room);
	size_t escapes = escapes_end(around, at, ceiling);
	size_t words = words_end(around, at, ceiling);

	return escapes > words ? escapes : words;
}
