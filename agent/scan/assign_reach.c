/* scan: how far the look at an occurrence may go, told without looking. Not here: the look itself
 * (assign.c and its steps, from whose limits these follow). */
#include "agent/scan/assign_private.h"

#define BEFORE_LINE 8  /* bytes before the name's line that are looked at: is_named_by */
#define PAIR_REACH  64 /* bytes from what follows a name over which a pair may go: bind_pair */
#define SQL_REACH   65 /* .. and IDENTIFIED its password: find_sql */

/* The line end at or after `at`; SIZE_MAX: none before `to`. A backslash before it, and what is
 * read goes on: strings and commands do. */
static size_t line_end(struct rv_str bytes, size_t at, size_t to)
{
	while (at < to) {
		const uint8_t *found = memchr(bytes.data + at, '\n', to - at);

		if (!found)
			return SIZE_MAX;
		at = (size_t)(found - bytes.data);
		if (at == 0 || bytes.data[at - 1] != '\\')
			return at;
		at++;
	}
	return SIZE_MAX;
}

static bool stays_behind(struct rv_str bytes, size_t key_start, size_t from)
{
	if (from == 0)
		return true;
	return key_start - from >= RV_ASSIGN_REACH &&
	       memrchr(bytes.data + from + BEFORE_LINE, '\n', key_start - from - BEFORE_LINE);
}

/* Of what a name may have on either side of it, up to the sign that binds it, and more. */
static bool may_be_of_name(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || rv_is_blank(c) || rv_is_quote(c) || c == '_' ||
	       c == '-' || c == '.' || c == '\\' || c == ']' || c == '*';
}

/* A name and its value stand on one line, or a pair's second half within PAIR_REACH; the value may
 * be in quotes at the beginning of the next line that is not empty. */
static bool name_stays(struct rv_str bytes, size_t end, size_t to)
{
	size_t at = end;

	while (at < to && may_be_of_name(bytes.data[at]))
		at++;
	size_t line = line_end(bytes, at + PAIR_REACH, to);
	if (line == SIZE_MAX)
		return false;
	while (line < to && bytes.data[line] <= ' ')
		line++;
	return line < to && (!rv_is_quote(bytes.data[line]) || line_end(bytes, line, to) < to);
}

bool rv_assign_stays_within(struct rv_str bytes, unsigned anchor, size_t end, size_t from,
			    size_t to)
{
	const struct rv_assign_anchor *a = &rv_assign_anchors[anchor];

	if (!stays_behind(bytes, end - a->len, from))
		return false;
	if (to == bytes.len)
		return true;
	if (a->family <= RV_FAMILY_SALT)
		return name_stays(bytes, end, to);
	return line_end(bytes, a->family == RV_FAMILY_SQL ? end + SQL_REACH : end, to) < to;
}
