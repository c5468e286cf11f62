/* sweep: characters, escapes and classes of Go's regexes. Not here: groups and repeats (re2.c). */
#include "agent/sweep/re2_private.h"

#include "agent/base/path.h"

#include <ctype.h>
#include <stdio.h>

#define WIDE_MAX 64 /* alternatives of one class outside of ASCII */

static size_t encode(uint32_t c, uint8_t out[4])
{
	static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (uint8_t)(leads[len] | c);
	return len;
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After \x: two digits, or {1 to 6 digits}. */
static rv_status read_hex(struct rv_re2 *p, uint32_t *out)
{
	bool is_braced = rv_re2_peek(p, 0) == '{';
	size_t digits = 0;
	uint32_t value = 0;

	p->at += is_braced;
	while (digits < (is_braced ? 6 : 2) && hex_digit(rv_re2_peek(p, 0)) >= 0) {
		value = value << 4 | (uint32_t)hex_digit(*p->at++);
		digits++;
	}
	if (digits == 0 || (!is_braced && digits != 2) || value > 0x10ffff ||
	    (is_braced && rv_re2_peek(p, 0) != '}'))
		return rv_re2_fail(p, "\\x is followed by two digits or {digits}");
	p->at += is_braced;
	*out = value;
	return RV_OK;
}

/* After the backslash. */
static rv_status read_escaped(struct rv_re2 *p, uint32_t *out)
{
	static const char from[] = "afnrtv";
	static const char to[] = "\a\f\n\r\t\v";
	int c = rv_re2_peek(p, 0);

	if (c < 0)
		return rv_re2_fail(p, "a backslash at the end");
	const char *known = strchr(from, c);
	if (c == 'x') {
		p->at++;
		return read_hex(p, out);
	}
	if (c >= '0' && c <= '7') {
		uint32_t value = 0;

		if (c != '0' && (rv_re2_peek(p, 1) < '0' || rv_re2_peek(p, 1) > '7'))
			return rv_re2_fail(p, "Go's regexes have no backreferences");
		for (int i = 0; i < 3 && rv_re2_peek(p, 0) >= '0' && rv_re2_peek(p, 0) <= '7'; i++)
			value = value * 8 + (uint32_t)(*p->at++ - '0');
		*out = value;
		return RV_OK;
	}
	if (c >= 0x80 || (isalnum(c) && !known))
		return rv_re2_fail(p, "Go's regexes have no such escape");
	p->at++;
	*out = known && c ? (uint32_t)to[known - from] : (uint32_t)c;
	return RV_OK;
}

rv_status rv_re2_read_point(struct rv_re2 *p, uint32_t *out)
{
	if (rv_re2_peek(p, 0) == '\\') {
		p->at++;
		return read_escaped(p, out);
	}
	if (*p->at < 0x80) {
		*out = *p->at++;
		return RV_OK;
	}
	size_t len = rv_utf8_at((struct rv_str){p->at, (size_t)(p->end - p->at)}, out);
	if (len == 0)
		return rv_re2_fail(p, "this is not UTF-8");
	p->at += len;
	return RV_OK;
}

/* One byte, inside of a class or out. */
static rv_status put_byte(struct rv_re2 *p, uint32_t c)
{
	if (c < 0x20 || c >= 0x7f)
		return rv_buf_printf(p->out, "\\x%02x", (unsigned)c);
	if (!isalnum((int)c) && c != ' ' && c != '_')
		RV_TRY(rv_buf_put_byte(p->out, '\\'));
	return rv_buf_put_byte(p->out, (uint8_t)c);
}

rv_status rv_re2_put_point(struct rv_re2 *p, uint32_t point)
{
	uint8_t bytes[4];
	size_t len = encode(point, bytes);

	if (len == 1)
		return put_byte(p, point);
	RV_TRY(rv_buf_put_str(p->out, "(?:"));
	for (size_t i = 0; i < len; i++)
		RV_TRY(put_byte(p, bytes[i]));
	return rv_buf_put_byte(p->out, ')');
}

rv_status rv_re2_read_property(struct rv_re2 *p, const char **out)
{
	static const struct {
		const char *name;
		const char *members;
	} known[] = {{"L", "A-Za-z\\x80-\\xff"},
		     {"Lu", "A-Z"},
		     {"Ll", "a-z"},
		     {"N", "0-9"},
		     {"Nd", "0-9"}};
	char name[16] = "";
	size_t len = 1;

	if (rv_re2_peek(p, 0) == '{') {
		const uint8_t *close = memchr(p->at, '}', (size_t)(p->end - p->at));

		p->at++;
		len = close ? (size_t)(close - p->at) : sizeof(name);
	}
	if (len < sizeof(name) && (size_t)(p->end - p->at) >= len)
		memcpy(name, p->at, len);
	for (size_t i = 0; i < RV_LEN(known); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		p->at += len + (p->at[-1] == '{');
		*out = known[i].members;
		return RV_OK;
	}
	return rv_re2_fail(p, "of Unicode's classes only L, Lu, Ll, N and Nd are taken");
}

/* A class being read: its ASCII goes to p->out at once, the rest is kept as alternatives. */
struct class
{
	bool is_negated;
	bool has_ascii;
	uint32_t wide[WIDE_MAX][2]; /* first and last */
	size_t wide_count;
};

static rv_status add_range(struct rv_re2 *p, struct class *c, uint32_t low, uint32_t high)
{
	if (low < 0x80) {
		RV_TRY(put_byte(p, low));
		if (high > low) {
			RV_TRY(rv_buf_put_byte(p->out, '-'));
			RV_TRY(put_byte(p, high < 0x80 ? high : 0x7f));
		}
		c->has_ascii = true;
		if (high < 0x80)
			return RV_OK;
		low = 0x80;
	}
	if (c->wide_count == WIDE_MAX)
		return rv_re2_fail(p, "more than 64 characters outside of ASCII in a class");
	c->wide[c->wide_count][0] = low;
	c->wide[c->wide_count++][1] = high;
	return RV_OK;
}

/* [:alpha:] and the like; false: a plain '['. */
static bool take_posix(struct rv_re2 *p, struct rv_str *out)
{
	static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl",
					    "digit", "graph", "lower", "print", "punct",
					    "space", "upper", "word",  "xdigit"};

	for (size_t i = 0; i < RV_LEN(names); i++) {
		for (int is_not = 0; is_not < 2; is_not++) {
			char text[16];
			int len = snprintf(text, sizeof(text), "[:%s%s:]", is_not ? "^" : "",
					   names[i]);

			if (len < 0 || (size_t)(p->end - p->at) < (size_t)len ||
			    memcmp(p->at, text, (size_t)len) != 0)
				continue;
			*out = (struct rv_str){p->at, (size_t)len};
			p->at += len;
			return true;
		}
	}
	return false;
}

/* \d, \s, \w, \pL and their opposites; false: some other character. */
static rv_status take_perl(struct rv_re2 *p, struct class *c, bool *out_taken)
{
	int which = rv_re2_peek(p, 0) == '\\' ? rv_re2_peek(p, 1) : 0;
	const char *members = NULL;

	*out_taken = which > 0 && strchr("dDsSwWpP", which) != NULL;
	if (!*out_taken)
		return RV_OK;
	c->has_ascii = true;
	p->at += 2;
	if (which == 'P')
		return rv_re2_fail(p, "\\P stands outside of a class only");
	if (which == 'p')
		RV_TRY(rv_re2_read_property(p, &members));
	else if (which == 's') /* PCRE2's \s also has \v */
		members = "\\t\\n\\f\\r ";
	else if (which == 'S')
		members = "\\x00-\\x08\\x0b\\x0e-\\x1f\\x21-\\xff";
	if (members)
		return rv_buf_put_str(p->out, members);
	return rv_buf_printf(p->out, "\\%c", which);
}

static rv_status read_member(struct rv_re2 *p, struct class *c)
{
	struct rv_str posix;
	uint32_t low = 0, high;
	bool is_taken;

	if (take_posix(p, &posix)) {
		c->has_ascii = true;
		return rv_buf_put(p->out, posix.data, posix.len);
	}
	RV_TRY(take_perl(p, c, &is_taken));
	if (is_taken)
		return RV_OK;
	RV_TRY(rv_re2_read_point(p, &low));
	high = low;
	if (rv_re2_peek(p, 0) == '-' && rv_re2_peek(p, 1) >= 0 && rv_re2_peek(p, 1) != ']') {
		p->at++;
		RV_TRY(rv_re2_read_point(p, &high));
	}
	if (high < low)
		return rv_re2_fail(p, "this range is the wrong way round");
	return add_range(p, c, low, high);
}

/* What takes any character of the lengths from low's to high's. */
static rv_status put_wide(struct rv_re2 *p, uint32_t low, uint32_t high)
{
	uint8_t bytes[4];
	size_t from = encode(low, bytes), to = encode(high, bytes);

	if (low == high)
		return rv_re2_put_point(p, low);
	return rv_buf_printf(p->out, "[\\xc2-\\xf4][\\x80-\\xbf]{%zu,%zu}", from - 1, to - 1);
}

/* The class is in p->out from `start`; what is outside of ASCII goes around it. */
static rv_status finish(struct rv_re2 *p, const struct class *c, size_t start)
{
	static const char open[] = "(?:";
	const size_t len = sizeof(open) - 1;

	if (c->wide_count == 0 || c->is_negated)
		return rv_buf_put_byte(p->out, ']');
	if (!c->has_ascii)
		p->out->len = start;
	RV_TRY(rv_buf_put_str(p->out, open)); /* room for it, then it goes to the front */
	memmove(p->out->data + start + len, p->out->data + start, p->out->len - len - start);
	memcpy(p->out->data + start, open, len);
	if (c->has_ascii)
		RV_TRY(rv_buf_put_str(p->out, "]|"));
	for (size_t i = 0; i < c->wide_count; i++) {
		if (i > 0)
			RV_TRY(rv_buf_put_byte(p->out, '|'));
		RV_TRY(put_wide(p, c->wide[i][0], c->wide[i][1]));
	}
	return rv_buf_put_byte(p->out, ')');
}

rv_status rv_re2_read_class(struct rv_re2 *p)
{
	struct class c = {.is_negated = rv_re2_peek(p, 1) == '^'};
	size_t start = p->out->len;
	bool is_first = true;

	p->at += c.is_negated ? 2 : 1;
	RV_TRY(rv_buf_put_str(p->out, c.is_negated ? "[^" : "["));
	while (is_first || rv_re2_peek(p, 0) != ']') {
		if (rv_re2_peek(p, 0) < 0)
			return rv_re2_fail(p, "this class has no ]");
		is_first = false;
		RV_TRY(read_member(p, &c));
	}
	p->at++;
	/* None of them: their bytes are excluded. */
	for (size_t i = 0; c.is_negated && i < c.wide_count; i++) {
		uint8_t bytes[4];
		size_t len = encode(c.wide[i][0], bytes);

		if (c.wide[i][0] != c.wide[i][1])
			RV_TRY(rv_buf_put_str(p->out, "\\x80-\\xff"));
		for (size_t k = 0; k < len && c.wide[i][0] == c.wide[i][1]; k++)
			RV_TRY(put_byte(p, bytes[k]));
	}
	return finish(p, &c, start);
}
