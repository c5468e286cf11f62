/* scan: escapes inside words: %67, \x67, \u0067, \147, &#103; and quoted-printable. Finds runs of
 * them and decodes one at a time. Not here: base64 and hex (decode_find.c, decode.c). */
#include "agent/base/path.h"
#include "agent/scan/decode_private.h"

#define BEFORE_MAX  256 /* bytes of a word before its first escape */
#define GAP_MAX	    256 /* bytes of it from one escape to the next */
#define MAIL_LOOK   4096
#define HEADERS_MAX 16384

/* Up to `max` digits at `at`: their value and where they end; how many there are. */
static size_t number_at(struct rv_str bytes, size_t at, size_t end, bool is_hex, size_t max,
			uint32_t *out)
{
	size_t count = 0;

	*out = 0;
	for (; count < max && at + count < end; count++) {
		uint8_t digit = bytes.data[at + count];

		if (!rv_char_is(digit, RV_CHAR_HEX) || (!is_hex && digit > '9'))
			break;
		*out = *out * (is_hex ? 16 : 10) + rv_hex_value(digit);
	}
	return count;
}

static void unit_is_byte(struct rv_decode_unit *unit, uint32_t byte, size_t next)
{
	unit->out[0] = (uint8_t)byte;
	unit->len = 1;
	unit->next = next;
}

static void unit_is_code(struct rv_decode_unit *unit, uint32_t code, size_t next)
{
	unit->len = rv_utf8_put(code, unit->out);
	unit->next = next;
	unit->is_escape = true;
}

/* "{67}" at `at`: where it ends, or 0. */
static size_t braced_at(struct rv_str bytes, size_t at, size_t end, uint32_t *out)
{
	size_t count;

	if (at >= end || bytes.data[at] != '{')
		return 0;
	count = number_at(bytes, at + 1, end, true, 6, out);
	return count && at + 1 + count < end && bytes.data[at + 1 + count] == '}' ? at + count + 2
										  : 0;
}

/* The second half of a surrogate pair, as in "\ud83d\ude00"; where it ends, or 0. */
static size_t low_surrogate_at(struct rv_str bytes, size_t at, size_t end, uint32_t *out)
{
	while (at < end && bytes.data[at] == '\\')
		at++;
	if (at >= end || bytes.data[at] != 'u' || number_at(bytes, at + 1, end, true, 4, out) != 4)
		return 0;
	return *out >= 0xdc00 && *out <= 0xdfff ? at + 5 : 0;
}

/* x, u or U at `at`, after the backslashes. */
static bool numeric_escape(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *unit)
{
	size_t digits = bytes.data[at] == 'x' ? 2 : bytes.data[at] == 'u' ? 4 : 8;
	uint32_t code;
	uint32_t low;
	size_t next = braced_at(bytes, at + 1, end, &code);

	if (next) {
		unit_is_code(unit, code, next);
		return true;
	}
	if (number_at(bytes, at + 1, end, true, digits, &code) != digits)
		return false;
	next = at + 1 + digits;
	if (digits == 2) {
		unit_is_byte(unit, code, next);
		unit->is_escape = true;
		return true;
	}
	if (code >= 0xd800 && code <= 0xdbff) {
		size_t after = low_surrogate_at(bytes, next, end, &low);

		code = after ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : code;
		next = after ? after : next;
	}
	unit_is_code(unit, code, next);
	return true;
}

static bool simple_escape(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *unit)
{
	static const char names[] = "ntrbf\"'\\/";
	static const char values[] = "\n\t\r\b\f\"'\\/";
	const char *name;
	uint32_t code = 0;
	size_t digits = 0;

	if (at >= end)
		return false;
	name = memchr(names, bytes.data[at], sizeof(names) - 1);
	if (name) {
		unit_is_byte(unit, (uint8_t)values[name - names], at + 1);
		return true;
	}
	for (; digits < 3 && at + digits < end && (bytes.data[at + digits] & 0xf8U) == '0';
	     digits++)
		code = code * 8 + (bytes.data[at + digits] & 7U);
	if (digits)
		unit_is_byte(unit, code, at + digits);
	unit->is_escape = digits == 3 && code <= 0xff; /* a shorter one may be a back reference */
	return digits != 0;
}

/* A word that was escaped twice has its backslashes doubled: all before an x or u count as one. */
static bool backslash_escape(struct rv_str bytes, size_t at, size_t end,
			     struct rv_decode_unit *unit)
{
	size_t letter = at;

	while (letter < end && letter - at < 8 && bytes.data[letter] == '\\')
		letter++;
	if (letter == at)
		return false;
	if (letter < end &&
	    (bytes.data[letter] == 'x' || bytes.data[letter] == 'u' || bytes.data[letter] == 'U') &&
	    numeric_escape(bytes, letter, end, unit))
		return true;
	return simple_escape(bytes, at + 1, end, unit);
}

static bool percent_escape(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *unit)
{
	uint32_t code;

	if (bytes.data[at] != '%' || number_at(bytes, at + 1, end, true, 2, &code) != 2)
		return false;
	unit_is_byte(unit, code, at + 3);
	unit->is_escape = true;
	return true;
}

static bool named_entity(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *unit)
{
	static const struct {
		const char *name;
		char value;
	} entities[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

	for (size_t i = 0; i < RV_LEN(entities); i++) {
		size_t len = strlen(entities[i].name);

		if (end - at >= len && memcmp(bytes.data + at, entities[i].name, len) == 0) {
			unit_is_byte(unit, (uint8_t)entities[i].value, at + len);
			return true;
		}
	}
	return false;
}

static bool entity_escape(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *unit)
{
	size_t digits = at + 2;
	bool is_hex;
	uint32_t code;
	size_t count;

	if (bytes.data[at] != '&')
		return false;
	if (end - at < 3 || bytes.data[at + 1] != '#')
		return named_entity(bytes, at, end, unit);
	is_hex = (bytes.data[digits] | 0x20U) == 'x';
	digits += is_hex;
	count = number_at(bytes, digits, end, is_hex, 7, &code);
	if (!count)
		return false;
	digits += count;
	unit_is_code(unit, code, digits < end && bytes.data[digits] == ';' ? digits + 1 : digits);
	return true;
}

static bool quoted_escape(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *unit)
{
	size_t next = at + 1;
	uint32_t code;

	if (bytes.data[at] != '=')
		return false;
	if (number_at(bytes, next, end, true, 2, &code) == 2) {
		unit_is_byte(unit, code, at + 3);
		return true;
	}
	next += next < end && bytes.data[next] == '\r';
	if (next >= end || bytes.data[next] != '\n')
		return false;
	unit->len = 0;
	unit->next = next + 1;
	return true;
}

void rv_escape_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		    struct rv_decode_unit *out)
{
	bool is_done = false;

	*out = (struct rv_decode_unit){.at = at};
	if (kind == RV_DECODE_PERCENT)
		is_done = percent_escape(bytes, at, end, out);
	else if (kind == RV_DECODE_ESCAPE)
		is_done = backslash_escape(bytes, at, end, out);
	else if (kind == RV_DECODE_ENTITY)
		is_done = entity_escape(bytes, at, end, out);
	else if (kind == RV_DECODE_QUOTED)
		is_done = quoted_escape(bytes, at, end, out);
	if (!is_done)
		unit_is_byte(out, bytes.data[at], at + 1);
	for (unsigned i = 0; i < out->len; i++)
		out->to[i] = (uint32_t)(out->next - at);
}

static bool is_visible(const struct rv_decode_unit *unit)
{
	return unit->is_escape && unit->len == 1 && unit->out[0] > 0x20 && unit->out[0] < 0x7f;
}

/* The first numeric escape in [at, end), or SIZE_MAX. */
static size_t first_escape(struct rv_finder *finder, enum rv_decode_kind kind, size_t at,
			   size_t end)
{
	uint8_t mark = kind == RV_DECODE_PERCENT ? '%' : kind == RV_DECODE_ESCAPE ? '\\' : '&';
	struct rv_decode_unit unit;

	while (at < end) {
		const uint8_t *found = memchr(finder->bytes.data + at, mark, end - at);

		if (!found)
			return SIZE_MAX;
		at = (size_t)(found - finder->bytes.data);
		rv_escape_step(finder->bytes, kind, at, finder->bytes.len, &unit);
		if (unit.is_escape)
			return at;
		at = unit.next;
	}
	return SIZE_MAX;
}

/* Its escapes. */
struct word {
	size_t escapes, visible;
};

/* The end of a word that began at `start` and has an escape at `at`. */
static size_t word_end(struct rv_str bytes, enum rv_decode_kind kind, size_t start, size_t at,
		       struct word *word)
{
	struct rv_decode_unit unit;
	size_t last = at;

	while (at < bytes.len && at - last <= GAP_MAX && at - start < RV_DECODE_RUN_MAX) {
		rv_escape_step(bytes, kind, at, bytes.len, &unit);
		if (unit.next == at + 1 && !rv_char_is(bytes.data[at], RV_CHAR_TOKEN))
			break;
		word->escapes += unit.is_escape;
		word->visible += is_visible(&unit);
		at = unit.next;
		last = unit.is_escape ? at : last;
	}
	return at;
}

/* The word around the escape at `at`: told when enough of its escapes stand for visible ASCII.
 * Where it ends. */
static size_t word_find(struct rv_finder *finder, enum rv_decode_kind kind, size_t at)
{
	struct rv_str bytes = finder->bytes;
	struct word word = {0};
	size_t start = at;

	while (start > finder->done[kind] && at - start < BEFORE_MAX &&
	       rv_char_is(bytes.data[start - 1], RV_CHAR_TOKEN))
		start--;
	at = word_end(bytes, kind, start, at, &word);
	if (word.visible >= RV_DECODE_ESCAPES_MIN && word.visible * 2 >= word.escapes)
		rv_finder_tell(finder, kind, start, at);
	return at;
}

void rv_escape_find(struct rv_finder *finder, enum rv_decode_kind kind, size_t at)
{
	size_t end = finder->bytes.len - at < RV_BLOCK ? finder->bytes.len : at + RV_BLOCK;

	/* One escape of the word may stand in the block before, which shows no sign then. */
	at -= at ? RV_BLOCK : 0;
	while (finder->on_run) {
		at = at > finder->done[kind] ? at : finder->done[kind];
		at = first_escape(finder, kind, at, end);
		if (at == SIZE_MAX)
			return;
		finder->done[kind] = word_find(finder, kind, at);
	}
}

/* The empty line after the headers that `at` stands among, or SIZE_MAX. */
static size_t body_after(struct rv_str bytes, size_t at)
{
	size_t left = bytes.len - at < HEADERS_MAX ? bytes.len - at : HEADERS_MAX;
	const uint8_t *lf = memmem(bytes.data + at, left, "\n\n", 2);
	const uint8_t *crlf = memmem(bytes.data + at, left, "\r\n\r\n", 4);

	if (crlf && (!lf || crlf < lf))
		return (size_t)(crlf - bytes.data) + 4;
	return lf ? (size_t)(lf - bytes.data) + 2 : SIZE_MAX;
}

static size_t body_end(struct rv_str bytes, size_t body)
{
	const uint8_t *stop = memmem(bytes.data + body, bytes.len - body, "\n--", 3);

	return stop ? (size_t)(stop - bytes.data) : bytes.len;
}

size_t rv_escape_end(struct rv_str bytes, enum rv_decode_kind kind, size_t at)
{
	struct word word = {0};

	return kind == RV_DECODE_QUOTED ? body_end(bytes, at)
					: word_end(bytes, kind, at, at, &word);
}

void rv_quoted_find(struct rv_finder *finder)
{
	static const char name[] = "uoted-printable"; /* with 'q' or 'Q' before it */
	struct rv_str bytes = finder->bytes;
	size_t look = bytes.len < MAIL_LOOK ? bytes.len : MAIL_LOOK;
	size_t at = 0;

	if (!memmem(bytes.data, look, "\nMIME-Version:", 14) &&
	    !memmem(bytes.data, look, "Content-Transfer-Encoding:", 26))
		return;
	while (finder->on_run) {
		const uint8_t *found =
			memmem(bytes.data + at, bytes.len - at, name, sizeof(name) - 1);
		size_t body = found ? body_after(bytes, (size_t)(found - bytes.data)) : SIZE_MAX;

		if (body == SIZE_MAX)
			return;
		at = body_end(bytes, body);
		if (at > body)
			rv_finder_tell(finder, RV_DECODE_QUOTED, body, at);
	}
}
