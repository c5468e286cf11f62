/* scan: what a text says without what is put into it for others: slashes that JSON and programs
 * escape, colours of terminals. Not here: which bytes are such a text (marks.c). */
#include "agent/scan/decode_private.h"

#include <strings.h>

#define BACKSLASHES_MAX 8  /* of a text that was escaped several times */
#define COMMAND_MAX	32 /* bytes of a terminal's command */
#define PLAIN_AT_ONCE	1024

/* The length of `word`, whatever its case, at `at`; 0: it is not there. */
static size_t says_at(struct rv_str bytes, size_t at, size_t end, const char *word)
{
	size_t len = strlen(word);

	return end - at >= len && strncasecmp((const char *)bytes.data + at, word, len) == 0 ? len
											     : 0;
}

/* Behind the backslashes at `at`; that itself when there are none. */
static size_t past_backslashes(struct rv_str bytes, size_t at, size_t end)
{
	size_t next = at;

	while (next < end && next - at < BACKSLASHES_MAX && bytes.data[next] == '\\')
		next++;
	return next;
}

/* How the byte that begins a command is written behind a backslash. */
static const char *const esc_names[] = {"033", "x1b", "u001b", "e"};

/* Where the escaped slash at `at` ends, or 0. */
static size_t slash_end(struct rv_str bytes, size_t at, size_t end)
{
	static const char *const behind[] = {"/", "u002f", "x2f"};
	static const char *const entities[] = {"&#x2f;", "&#47;"};
	size_t from = past_backslashes(bytes, at, end);

	for (size_t i = 0; from > at && from < end && i < RV_LEN(behind); i++) {
		size_t len = says_at(bytes, from, end, behind[i]);

		if (len)
			return from + len;
	}
	for (size_t i = 0; bytes.data[at] == '&' && i < RV_LEN(entities); i++) {
		size_t len = says_at(bytes, at, end, entities[i]);

		if (len)
			return at + len;
	}
	return 0;
}

/* Behind the byte that begins a command, also where it is written as an escape; 0: there is none.
 */
static size_t past_esc(struct rv_str bytes, size_t at, size_t end)
{
	size_t from = past_backslashes(bytes, at, end);

	if (bytes.data[at] == 0x1b)
		return at + 1;
	for (size_t i = 0; from > at && from < end && i < RV_LEN(esc_names); i++) {
		size_t len = says_at(bytes, from, end, esc_names[i]);

		if (len)
			return from + len;
	}
	return 0;
}

/* Where the command at `at` ends, and what it is; 0: none is there. */
static size_t colour_end(struct rv_str bytes, size_t at, size_t end, uint8_t *out_command)
{
	size_t from = past_esc(bytes, at, end);
	size_t stop = end - at > COMMAND_MAX ? at + COMMAND_MAX : end;

	if (!from || from >= stop || bytes.data[from] != '[')
		return 0;
	for (size_t i = from + 1; i < stop; i++) {
		uint8_t c = bytes.data[i];

		if (c >= '@' && c <= '~') {
			*out_command = c;
			return i + 1;
		}
		if (c < '0' || c > '?')
			return 0;
	}
	return 0;
}

bool rv_decode_ends_colour(struct rv_str bytes, size_t at)
{
	size_t from = at > 0 && bytes.data[at - 1] >= '@' && bytes.data[at - 1] <= '~' ? at - 1 : 0;
	size_t stop = at > COMMAND_MAX ? at - COMMAND_MAX : 0;

	while (from > stop && bytes.data[from - 1] >= '0' && bytes.data[from - 1] <= '?')
		from--;
	if (from <= stop + 1 || bytes.data[from - 1] != '[')
		return false;
	from--;
	if (bytes.data[from - 1] == 0x1b)
		return true;
	for (size_t i = 0; i < RV_LEN(esc_names); i++) {
		size_t len = strlen(esc_names[i]);

		if (from > len && bytes.data[from - len - 1] == '\\' &&
		    says_at(bytes, from - len, from, esc_names[i]))
			return true;
	}
	return false;
}

void rv_mark_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		  struct rv_decode_unit *out)
{
	uint8_t byte = bytes.data[at];
	uint8_t command = 0;
	size_t next = 0;

	*out = (struct rv_decode_unit){.at = at, .next = at + 1, .len = 1, .out = {byte}};
	if (kind == RV_DECODE_SLASH && (byte == '\\' || byte == '&')) {
		next = slash_end(bytes, at, end);
		out->out[0] = next ? '/' : byte;
	} else if (kind == RV_DECODE_COLOUR && (byte == 0x1b || byte == '\\')) {
		next = colour_end(bytes, at, end, &command);
		/* What moves the cursor parts words. */
		out->len = !next || (command != 'm' && command != 'K');
		out->out[0] = next ? ' ' : byte;
	}
	out->next = next ? next : at + 1;
	out->to[0] = (uint32_t)(out->next - at);
}

size_t rv_mark_fast(struct rv_str bytes, enum rv_decode_kind kind, size_t *at, size_t end,
		    uint8_t *out)
{
	uint8_t other = kind == RV_DECODE_SLASH ? '&' : 0x1b;
	size_t len = end - *at > PLAIN_AT_ONCE ? PLAIN_AT_ONCE : end - *at;
	const uint8_t *from = bytes.data + *at;
	const uint8_t *stop = memchr(from, '\\', len);

	len = stop ? (size_t)(stop - from) : len;
	stop = len ? memchr(from, other, len) : NULL;
	len = stop ? (size_t)(stop - from) : len;
	memcpy(out, from, len);
	*at += len;
	return len;
}
