/* base: TOML's scalars: strings, numbers, dates, booleans. Not here: arrays and tables (toml.c). */
#include "agent/base/toml_private.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>

#define NUMBER_MAX 256 /* bytes of a number as it is written */

static rv_status fail_here(const struct rv_toml *t, const char *what)
{
	return rv_toml_fail(t, rv_toml_here(t), what);
}

static rv_status put_point(struct rv_buf *out, uint32_t c)
{
	uint8_t bytes[4];
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = len - 1; i > 0; i--) {
		bytes[i] = (uint8_t)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	bytes[0] = (uint8_t)(leads[len] | c);
	return rv_buf_put(out, bytes, len);
}

static rv_status read_unicode(struct rv_toml *t, size_t digits, struct rv_buf *out)
{
	uint32_t point = 0;

	for (size_t i = 0; i < digits; i++) {
		int c = rv_toml_peek(t, i);

		if (c < 0 || c > 0x7f || !isxdigit(c))
			return fail_here(t, "\\u takes 4 and \\U 8 hexadecimal digits");
		point = point << 4 | (uint32_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return fail_here(t, "this is no Unicode scalar value");
	if (point == 0)
		return fail_here(t, "a NUL byte is not allowed");
	t->at += digits;
	return put_point(out, point);
}

/* A backslash at the end of a line takes the white space up to the next character with it. */
static bool skip_folded(struct rv_toml *t)
{
	size_t ahead = 0;

	while (rv_toml_peek(t, ahead) == ' ' || rv_toml_peek(t, ahead) == '\t')
		ahead++;
	if (rv_toml_peek(t, ahead) != '\n' &&
	    !(rv_toml_peek(t, ahead) == '\r' && rv_toml_peek(t, ahead + 1) == '\n'))
		return false;
	t->at += ahead;
	for (;;) {
		int c = rv_toml_peek(t, 0);

		if (c == '\n' || (c == '\r' && rv_toml_peek(t, 1) == '\n'))
			rv_toml_next_line(t);
		else if (c == ' ' || c == '\t')
			t->at++;
		else
			return true;
	}
}

/* After the backslash. */
static rv_status read_escape(struct rv_toml *t, bool is_multi, struct rv_buf *out)
{
	static const char from[] = "btnfr\"\\";
	static const char to[] = "\b\t\n\f\r\"\\";
	int c = rv_toml_peek(t, 0);

	if (is_multi && skip_folded(t))
		return RV_OK;
	const char *found = c > 0 ? strchr(from, c) : NULL;
	if (!found && c != 'u' && c != 'U')
		return fail_here(t,
				 "there is no such escape: \\b \\t \\n \\f \\r \\\" \\\\ \\u \\U");
	t->at++;
	if (found)
		return rv_buf_put_byte(out, (uint8_t)to[found - from]);
	return read_unicode(t, c == 'u' ? 4 : 8, out);
}

/* How many of `quote` stand here, at most 5. */
static size_t quotes_here(const struct rv_toml *t, int quote)
{
	size_t n = 0;

	while (n < 5 && rv_toml_peek(t, n) == quote)
		n++;
	return n;
}

/* One character or escape of a string's inside. */
static rv_status read_inside(struct rv_toml *t, int quote, bool is_multi, struct rv_buf *out)
{
	int c = rv_toml_peek(t, 0);

	if (c < 0)
		return fail_here(t, "the text ends inside a string");
	if (c == '\\' && quote == '"') {
		t->at++;
		return read_escape(t, is_multi, out);
	}
	if (c == '\n' || (c == '\r' && rv_toml_peek(t, 1) == '\n')) {
		if (!is_multi)
			return fail_here(t, "the line ends inside a string");
		rv_toml_next_line(t);
		return rv_buf_put_byte(out, '\n');
	}
	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return fail_here(t, "a control byte in a string: write it as an escape");
	t->at++;
	return rv_buf_put_byte(out, (uint8_t)c);
}

static rv_status read_multi(struct rv_toml *t, int quote, struct rv_buf *out)
{
	t->at += 3;
	if (rv_toml_peek(t, 0) == '\n' ||
	    (rv_toml_peek(t, 0) == '\r' && rv_toml_peek(t, 1) == '\n'))
		rv_toml_next_line(t);
	for (;;) {
		size_t n = quotes_here(t, quote);

		/* Up to two quotes may stand before the three that end the string. */
		for (size_t i = 0; i < n && (n < 3 || i < n - 3); i++)
			RV_TRY(rv_buf_put_byte(out, (uint8_t)quote));
		t->at += n;
		if (n >= 3)
			return RV_OK;
		if (n == 0)
			RV_TRY(read_inside(t, quote, true, out));
	}
}

static rv_status read_single(struct rv_toml *t, int quote, struct rv_buf *out)
{
	t->at++;
	while (rv_toml_peek(t, 0) != quote)
		RV_TRY(read_inside(t, quote, false, out));
	t->at++;
	return RV_OK;
}

static rv_status read_string(struct rv_toml *t, struct rv_buf *out)
{
	int quote = rv_toml_peek(t, 0);
	bool is_multi = quotes_here(t, quote) >= 3;
	rv_status status = is_multi ? read_multi(t, quote, out) : read_single(t, quote, out);

	/* The buffer is as large as the text may be: what it refuses is memory. */
	return rv_class_of(status) == RV_CLASS_EXHAUSTED ? rv_fail_nomem(t->diag) : status;
}

rv_status rv_toml_read_quoted_key(struct rv_toml *t, char **out)
{
	int quote = rv_toml_peek(t, 0);
	struct rv_buf text;

	if (quotes_here(t, quote) >= 3)
		return fail_here(t, "a key is a string of one line");
	rv_buf_init(&text, RV_TOML_TEXT_MAX);
	rv_status status = read_string(t, &text);
	if (rv_is_ok(status)) {
		*out = rv_str_dup(rv_buf_view(&text));
		status = *out ? RV_OK : rv_fail_nomem(t->diag);
	}
	rv_buf_done(&text);
	return status;
}

static rv_status read_text_value(struct rv_toml *t, json_t **out)
{
	struct rv_buf text;

	rv_buf_init(&text, RV_TOML_TEXT_MAX);
	rv_status status = read_string(t, &text);
	if (rv_is_ok(status)) {
		*out = json_stringn_nocheck(text.len ? (const char *)text.data : "", text.len);
		status = *out ? RV_OK : rv_fail_nomem(t->diag);
	}
	rv_buf_done(&text);
	return status;
}

/* Digits of two places at `s`, or -1. */
static int two(const char *s)
{
	return isdigit((unsigned char)s[0]) && isdigit((unsigned char)s[1])
		       ? (s[0] - '0') * 10 + s[1] - '0'
		       : -1;
}

static bool is_date(const char *s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int century = two(s);
	int rest = century < 0 ? -1 : two(s + 2);

	int month = rest < 0 || s[4] != '-' ? -1 : two(s + 5);

	if (month < 1 || month > 12 || s[7] != '-')
		return false;
	int year = century * 100 + rest;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return two(s + 8) >= 1 && two(s + 8) <= days[month - 1] + (month == 2 && is_leap);
}

/* hh:mm:ss[.digits]; the length, or 0. */
static size_t time_len(const char *s)
{
	if (two(s) < 0 || two(s) > 23 || s[2] != ':' || two(s + 3) < 0 || two(s + 3) > 59 ||
	    s[5] != ':' || two(s + 6) < 0 || two(s + 6) > 60)
		return 0;
	if (s[8] != '.')
		return 8;
	size_t digits = strspn(s + 9, "0123456789");
	return digits ? 9 + digits : 0;
}

static bool is_offset(const char *s)
{
	if ((s[0] | 0x20) == 'z')
		return s[1] == '\0';
	return (s[0] == '+' || s[0] == '-') && two(s + 1) >= 0 && two(s + 1) <= 23 && s[3] == ':' &&
	       two(s + 4) >= 0 && two(s + 4) <= 59 && s[6] == '\0';
}

/* Any of the four sorts; `s` has at least 8 bytes. */
static bool is_moment(const char *s)
{
	size_t len = s[2] == ':' ? time_len(s) : 0;

	if (len)
		return s[len] == '\0';
	if (!is_date(s))
		return false;
	if (s[10] == '\0')
		return true;
	if ((s[10] | 0x20) != 't' && s[10] != ' ')
		return false;
	len = time_len(s + 11);
	return len && (s[11 + len] == '\0' || is_offset(s + 11 + len));
}

/* Takes out the underscores; false when one does not stand between digits. */
static bool drop_underscores(char *s)
{
	bool is_hex = s[0] == '0' && s[1] == 'x';
	char *to = s;

	for (const char *p = s; *p; p++) {
		bool is_between =
			p > s &&
			(is_hex ? isxdigit((unsigned char)p[-1]) && isxdigit((unsigned char)p[1])
				: isdigit((unsigned char)p[-1]) && isdigit((unsigned char)p[1]));

		if (*p != '_')
			*to++ = *p;
		else if (!is_between)
			return false;
	}
	*to = '\0';
	return true;
}

/* 0x, 0o, 0b: unsigned digits of the base after the two bytes. */
static bool parse_based(const char *s, json_int_t *out)
{
	int base = s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : 2;
	static const char digits[] = "0123456789abcdef";
	int64_t value = 0;

	if (s[2] == '\0')
		return false;
	for (const char *p = s + 2; *p; p++) {
		const char *found = strchr(digits, tolower((unsigned char)*p));

		if (!found || found - digits >= base ||
		    __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, found - digits, &value))
			return false;
	}
	*out = value;
	return true;
}

/* The digits of an integer part without a sign: one zero, or no zero first. */
static size_t whole_len(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 1 && s[0] == '0' ? 0 : n;
}

static bool parse_integer(const char *s, json_int_t *out)
{
	const char *digits = s + (*s == '-' || *s == '+');
	size_t n = whole_len(digits);
	char *end;

	if (n == 0 || digits[n] != '\0')
		return false;
	errno = 0;
	*out = strtoll(s, &end, 10);
	return errno == 0;
}

static bool is_float(const char *s)
{
	s += *s == '-' || *s == '+';
	size_t n = whole_len(s);

	if (n == 0)
		return false;
	s += n;
	if (*s == '.') {
		n = strspn(++s, "0123456789");
		if (n == 0)
			return false;
		s += n;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		n = strspn(s, "0123456789");
		if (n == 0)
			return false;
		s += n;
	}
	return *s == '\0';
}

/* In the C locale whatever the process has set: a comma is no point here. */
static bool float_of(const char *s, double *out)
{
	locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);

	if (!c)
		return false;
	*out = strtod_l(s, NULL, c);
	freelocale(c);
	return true;
}

/* A number or boolean without underscores; false: not one. NULL in out: no memory. */
static bool make_number(const char *s, json_t **out)
{
	json_int_t value;
	double real;
	const char *bare = s + (*s == '-' || *s == '+');

	*out = NULL;
	if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0) {
		*out = json_boolean(s[0] == 't');
		return true;
	}
	if (strcmp(bare, "inf") == 0 || strcmp(bare, "nan") == 0) {
		*out = json_string(s);
		return true;
	}
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'o' || s[1] == 'b')) {
		bool is_number = parse_based(s, &value);

		*out = is_number ? json_integer(value) : NULL;
		return is_number;
	}
	if (parse_integer(s, &value)) {
		*out = json_integer(value);
		return true;
	}
	if (!is_float(s) || !strpbrk(s, ".eE"))
		return false;
	if (!float_of(s, &real))
		return true;
	*out = isfinite(real) ? json_real(real) : NULL;
	return isfinite(real);
}

/* The bytes of a number, date or word; a date may have one space before its time. */
static size_t token_len(const struct rv_toml *t)
{
	size_t n = 0;

	for (;; n++) {
		int c = rv_toml_peek(t, n);
		bool is_gap = c == ' ' && n == 10 && t->at[4] == '-' && t->at[7] == '-' &&
			      rv_toml_peek(t, 11) >= '0' && rv_toml_peek(t, 11) <= '9';

		if (!is_gap && (c <= 0 || c > 0x7f || !(isalnum(c) || strchr("+-_:.", c))))
			return n;
	}
}

rv_status rv_toml_read_scalar(struct rv_toml *t, json_t **out)
{
	char text[NUMBER_MAX];
	int c = rv_toml_peek(t, 0);

	if (c == '"' || c == '\'')
		return read_text_value(t, out);
	size_t len = token_len(t);
	if (len == 0)
		return fail_here(t, "a value is wanted here");
	if (len >= sizeof(text))
		return fail_here(t, "this number is too long");
	memcpy(text, t->at, len);
	text[len] = '\0';
	json_t *made = NULL;
	bool is_one = len >= 8 && is_moment(text);
	if (is_one)
		made = json_string(text);
	else
		is_one = drop_underscores(text) && make_number(text, &made);
	if (!is_one)
		return fail_here(t, "this is no string, number, date or true or false");
	if (!made)
		return rv_fail_nomem(t->diag);
	t->at += len;
	*out = made;
	return RV_OK;
}
