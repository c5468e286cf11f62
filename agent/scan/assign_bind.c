/* scan: what binds a name to a value. Not here: the value's extent (assign_value.c). */
#include "agent/scan/assign_private.h"

#define ANNOTATION_MAX 40
#define TAG_MAX	       80
#define PAIR_MAX       48

/* Steps over what closes the name: quotes (also \"), ] and the stars of Markdown. */
static size_t close_name(struct rv_place *p, size_t at)
{
	uint8_t c = rv_at(p, at);

	while (c == '\\' && (rv_is_quote(rv_at(p, at + 1)) || rv_at(p, at + 1) == '\\')) {
		p->is_escaped = true;
		c = rv_at(p, ++at);
	}
	if (rv_is_quote(c)) {
		p->name_quote = c;
		c = rv_at(p, ++at);
	}
	while (c == ']' || c == '*')
		c = rv_at(p, ++at);
	return at;
}

static bool bound(struct rv_place *p, enum rv_bind bind, size_t at)
{
	p->bind = bind;
	p->at = at;
	return true;
}

static bool is_type_byte(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || c == '_' || c == '.' || c == '<' || c == '>' ||
	       c == '[' || c == ']' || c == '?' || c == '|' || c == '*';
}

/* "name: String = .." and "name string = ..": steps over the type to behind the sign, or returns 0.
 */
static size_t skip_annotation(const struct rv_place *p, size_t at)
{
	size_t stop = at + ANNOTATION_MAX;

	if (!rv_is_letter(rv_at(p, at)))
		return 0;
	while (at < stop && is_type_byte(rv_at(p, at)))
		at++;
	at = rv_skip_blanks(p, at);
	if (rv_at(p, at) != '=' || rv_at(p, at + 1) == '=' || rv_at(p, at + 1) == '>')
		return 0;
	return rv_form_is(p, RV_FORM_BIT(CODE)) ? at + 1 : 0;
}

static bool bind_equals(struct rv_place *p, size_t at)
{
	if (rv_at(p, at + 1) == '>')
		return bound(p, RV_BIND_ASSIGN, at + 2);
	if (rv_at(p, at + 1) == '~')
		return false;
	if (rv_at(p, at + 1) != '=')
		return bound(p, RV_BIND_ASSIGN, at + 1);
	return bound(p, RV_BIND_COMPARE, at + 2 + (rv_at(p, at + 2) == '='));
}

static bool bind_colon(struct rv_place *p, size_t at)
{
	if (rv_at(p, at + 1) == '=')
		return bound(p, RV_BIND_ASSIGN, at + 2);
	if (rv_at(p, at + 1) == ':')
		return false;
	at++;
	size_t value = p->name_quote ? 0 : skip_annotation(p, rv_skip_blanks(p, at));

	return value ? bound(p, RV_BIND_ASSIGN, value) : bound(p, RV_BIND_COLON, at);
}

/* key="password" value="..", "name": "password", "value": "..", and on two lines in YAML. */
static bool bind_pair(struct rv_place *p, size_t at)
{
	size_t stop = at + PAIR_MAX;

	while (at < stop && at < p->bytes.len && strchr(" \t\r\n,\"'-{}", rv_at(p, at)))
		at++;
	struct rv_str near = {p->bytes.data + at, p->bytes.len - at};

	if (!rv_says_at(near, 0, "value") && !rv_says_at(near, 0, "content"))
		return false;
	at += rv_is_letter(rv_at(p, at + 5)) ? 7 : 5;
	if (rv_at(p, at) == '"' || rv_at(p, at) == '\'')
		at++;
	at = rv_skip_blanks(p, at);
	if (rv_at(p, at) != '=' && rv_at(p, at) != ':')
		return false;
	return bound(p, RV_BIND_PAIR, at + 1);
}

static bool is_before_name(uint8_t c)
{
	return c == '"' || c == '\'' || c == ' ' || c == '\t' || c == ':' || c == '=' || c == '>';
}

/* Was the name itself a value: name="..", key: .., "Key": ".."? */
static bool is_named_by(const struct rv_place *p)
{
	size_t at = p->name_start;

	while (at > 0 && is_before_name(p->bytes.data[at - 1]))
		at--;
	return at >= 3 && at < p->name_start &&
	       (rv_says_at(p->bytes, at - 3, "key") ||
		(at >= 4 && rv_says_at(p->bytes, at - 4, "name")) ||
		(at >= 2 && rv_says_at(p->bytes, at - 2, "id")));
}

/* "login joe", "env set": what stands before a name without a sign. */
static bool is_command(struct rv_str rest)
{
	return rv_says(rest, "login ") || rv_says_at(rest, 0, "env ") ||
	       rv_says_at(rest, 0, "set ");
}

/* After blanks: an option's value, a quoted value, a line of a file without signs. */
static bool bind_space(struct rv_place *p, size_t at)
{
	uint8_t before = p->name_start > 0 ? p->bytes.data[p->name_start - 1] : '\n';

	if (p->name_quote || at > p->name_end + 1)
		return false; /* two blanks: a column of a help text */
	size_t value = skip_annotation(p, at);

	if (value)
		return bound(p, RV_BIND_ASSIGN, value);

	if (before == '<') {
		for (size_t i = at; i < at + TAG_MAX; i++) {
			uint8_t c = rv_at(p, i);

			if (c == '>')
				return rv_at(p, i - 1) != '/' && bound(p, RV_BIND_TAG, i + 1);
			if (c < ' ' || c == '<')
				return false;
		}
		return false;
	}
	if (before == '-')
		return bound(p, RV_BIND_SPACE, at);
	if (rv_is_quote(rv_at(p, at)))
		return bound(p, RV_BIND_SPACE, at);
	size_t line = rv_skip_blanks(p, rv_line_start(p, p->name_start));
	struct rv_str rest = {p->bytes.data + line, p->name_start - line};

	if (rest.len == 0)
		return rv_form_is(p, RV_FORM_BIT(CONFIG)) && bound(p, RV_BIND_SPACE, at);
	return is_command(rest) && !rv_form_is(p, RV_FORM_BIT(CODE) | RV_FORM_BIT(DOC)) &&
	       bound(p, RV_BIND_SPACE, at);
}

/* assertEquals("PASSWORD", ".."): the two are compared, neither names the other. */
static bool is_asserted(const struct rv_place *p)
{
	size_t from = p->name_start > 24 ? p->name_start - 24 : 0;
	struct rv_str before = {p->bytes.data + from, p->name_start - from};

	return rv_says(before, "assert") || rv_says(before, "equal") || rv_says(before, "expect");
}

/* "name", or :name, not the last word of a text. */
static bool is_named_alone(const struct rv_place *p)
{
	uint8_t before = p->name_start > 0 ? p->bytes.data[p->name_start - 1] : 0;

	return p->name_quote ? rv_is_quote(before) || before == '-' : before == ':';
}

static bool bind_sign(struct rv_place *p, size_t at)
{
	switch (rv_at(p, at)) {
	case '=':
		return bind_equals(p, at);
	case ':':
		return !(p->name_start > 0 && p->bytes.data[p->name_start - 1] == '/') &&
		       bind_colon(p, at);
	case '!':
		return rv_at(p, at + 1) == '=' &&
		       bound(p, RV_BIND_COMPARE, at + 2 + (rv_at(p, at + 2) == '='));
	case '+':
	case '?':
		return rv_at(p, at + 1) == '=' && bound(p, RV_BIND_ASSIGN, at + 2);
	case '|':
		return rv_at(p, at + 1) == '|' && rv_at(p, at + 2) == '=' &&
		       bound(p, RV_BIND_ASSIGN, at + 3);
	case '<':
		return rv_at(p, at + 1) == '-' && bound(p, RV_BIND_ASSIGN, at + 2);
	case ',':
		if (is_named_by(p) && bind_pair(p, at))
			return true;
		return is_named_alone(p) && !is_asserted(p) && bound(p, RV_BIND_COMMA, at + 1);
	case '(':
		return !p->name_quote && at == p->name_end && bound(p, RV_BIND_CALL, at + 1);
	case '>':
		return ((p->name_start > 0 && p->bytes.data[p->name_start - 1] == '<') ||
			is_named_by(p)) &&
		       bound(p, RV_BIND_TAG, at + 1);
	default:
		return false;
	}
}

bool rv_bind_find(struct rv_place *p)
{
	size_t closed = close_name(p, p->name_end);
	size_t at = rv_skip_blanks(p, closed);
	uint8_t c = rv_at(p, at);

	if (bind_sign(p, at))
		return true;
	if (c == '\n' || c == '\r' || p->name_quote)
		return is_named_by(p) && bind_pair(p, at);
	return at > closed && c > ' ' && bind_space(p, at);
}
