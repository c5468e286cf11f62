/* scan: files whose lines are credentials by the file's name. Not here: files with keywords. */
#include "agent/scan/assign_private.h"

#define LISTED_LOOK   8 /* lines that are no comments */
#define PGPASS_FIELDS 5 /* host:port:database:user:password */

static struct rv_str last_part(struct rv_str path)
{
	for (size_t i = path.len; i > 0; i--) {
		if (path.data[i - 1] == '/')
			return (struct rv_str){path.data + i, path.len - i};
	}
	return path;
}

enum rv_listed rv_assign_listed(struct rv_str path)
{
	struct rv_str name = last_part(path);

	if (rv_str_ends_with(name, "pgpass") || rv_str_is(name, "pgpass.conf"))
		return RV_LISTED_PGPASS;
	if (rv_says(name, "htpasswd") || rv_says(name, "htdigest") || rv_str_is(name, "shadow") ||
	    rv_str_is(name, "shadow-") || rv_str_is(name, "gshadow") || rv_str_is(name, "passwd"))
		return RV_LISTED_ACCOUNTS;
	return RV_LISTED_NOT;
}

/* Start of the field with this number, behind colons that no backslash guards; SIZE_MAX: too few.
 */
static size_t field_start(struct rv_str line, unsigned number)
{
	size_t at = 0;

	for (; number > 0 && at < line.len; at++) {
		if (line.data[at] == '\\')
			at++;
		else if (line.data[at] == ':')
			number--;
	}
	return number ? SIZE_MAX : at;
}

/* The hash or password of an account's line: its second field, or the last of three (htdigest). */
static struct rv_str account_value(struct rv_str line)
{
	size_t start = field_start(line, 1);

	if (start == SIZE_MAX || start == 1)
		return RV_STR_NONE;
	size_t end = start;

	while (end < line.len && line.data[end] != ':')
		end++;
	bool is_digest = end < line.len && line.len - end == 33;

	if (is_digest)
		return (struct rv_str){line.data + end + 1, 32};
	return (struct rv_str){line.data + start, end - start};
}

/* "x", "*", "!", "!!", "!*": no password here. */
static bool is_locked(struct rv_str v)
{
	return v.len < RV_VALUE_MIN || v.data[0] == '*' || v.data[0] == '!';
}

/* "joe:x..": a name of no blank and no quote, and behind the colon no blank, path or colon. */
static bool is_account(struct rv_str line)
{
	size_t at = 0;

	while (at < line.len && line.data[at] > ' ' && !rv_is_quote(line.data[at]) &&
	       line.data[at] != ':')
		at++;
	return at > 0 && at + 1 < line.len && line.data[at] == ':' && line.data[at + 1] > ' ' &&
	       line.data[at + 1] != ':' && line.data[at + 1] != '/';
}

unsigned rv_assign_may_be_listed(struct rv_str bytes)
{
	unsigned lists = 0;
	size_t at = 0;

	for (unsigned looks = 0; looks < LISTED_LOOK && at < bytes.len;) {
		const uint8_t *newline = memchr(bytes.data + at, '\n', bytes.len - at);
		size_t len = newline ? (size_t)(newline - bytes.data) - at : bytes.len - at;
		struct rv_str line = {bytes.data + at, len};

		at += len + 1;
		if (len == 0 || line.data[0] == '#' || line.data[0] == '\r')
			continue;
		looks++;
		if (len >= RV_ASSIGN_VALUE_MAX || !memchr(line.data, ':', len))
			continue;
		if (is_account(line))
			lists |= 1U << RV_LISTED_ACCOUNTS;
		if (field_start(line, PGPASS_FIELDS - 1) != SIZE_MAX)
			lists |= 1U << RV_LISTED_PGPASS;
	}
	return lists;
}

bool rv_assign_next_line(enum rv_listed listed, struct rv_str bytes, size_t *at,
			 struct rv_assign *out)
{
	if (*at >= bytes.len)
		return false;
	const uint8_t *start = bytes.data + *at;
	const uint8_t *newline = memchr(start, '\n', bytes.len - *at);
	struct rv_str line = {start, newline ? (size_t)(newline - start) : bytes.len - *at};

	*at += line.len + (newline != NULL);
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	*out = (struct rv_assign){.kind = RV_KIND_PASSWORD};
	if (line.len == 0 || line.data[0] == '#')
		return true;
	struct rv_str value = RV_STR_NONE;

	if (listed == RV_LISTED_ACCOUNTS) {
		value = account_value(line);
	} else {
		size_t field = field_start(line, PGPASS_FIELDS - 1);

		if (field != SIZE_MAX)
			value = (struct rv_str){line.data + field, line.len - field};
	}
	if (is_locked(value) || value.len > RV_ASSIGN_VALUE_MAX ||
	    rv_value_is_reference(value, true))
		return true;
	out->start = (size_t)(value.data - bytes.data);
	out->len = value.len;
	out->reasons = rv_value_features(value) | RV_BIT(NAME_PASSWORD);
	out->confidence = out->reasons & RV_BIT(PLACEHOLDER) ? 45 : 90;
	return true;
}
