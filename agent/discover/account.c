/* discover: passwd, shadow, login.defs. Not here: emitting. */
#include "agent/discover/account.h"

#include <ctype.h>

#define FIELDS_MAX 9

bool rv_line_next(struct rv_str *cursor, struct rv_str *out_line)
{
	if (cursor->len == 0)
		return false;
	const uint8_t *end = memchr(cursor->data, '\n', cursor->len);
	size_t len = end ? (size_t)(end - cursor->data) : cursor->len;
	size_t step = end ? len + 1 : len;

	*out_line = (struct rv_str){cursor->data, len};
	*cursor = (struct rv_str){cursor->data + step, cursor->len - step};
	return true;
}

/* Splits at ':'; returns how many fields there are, at most FIELDS_MAX + 1. */
static size_t split(struct rv_str line, struct rv_str fields[FIELDS_MAX])
{
	size_t count = 0;

	for (;;) {
		const uint8_t *colon = line.len > 0 ? memchr(line.data, ':', line.len) : NULL;
		size_t len = colon ? (size_t)(colon - line.data) : line.len;

		if (count == FIELDS_MAX)
			return FIELDS_MAX + 1;
		fields[count++] = (struct rv_str){line.data, len};
		if (!colon)
			return count;
		line = (struct rv_str){colon + 1, line.len - len - 1};
	}
}

static bool number(struct rv_str text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (text.len == 0 || text.len > 12)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!isdigit(text.data[i]))
			return false;
		v = v * 10 + (uint64_t)(text.data[i] - '0');
	}
	*out = v;
	return v <= max;
}

static bool is_entry(struct rv_str line)
{
	return line.len > 0 && line.data[0] != '#' && line.data[0] != '+' && line.data[0] != '-';
}

static bool is_login_shell(struct rv_str shell)
{
	return !rv_str_ends_with(shell, "/nologin") && !rv_str_ends_with(shell, "/false") &&
	       !rv_str_ends_with(shell, "/sync") && !rv_str_ends_with(shell, "/true");
}

static uint8_t password_state(struct rv_str field)
{
	if (field.len == 0)
		return 2;
	return field.data[0] == '!' || field.data[0] == '*' ? 1 : 3;
}

static bool parse_passwd(struct rv_str line, struct rv_passwd *out)
{
	struct rv_str f[FIELDS_MAX];
	uint64_t uid = 0;
	uint64_t gid = 0;

	if (split(line, f) != 7 || f[0].len == 0 || !number(f[2], UINT32_MAX, &uid) ||
	    !number(f[3], UINT32_MAX, &gid))
		return false;
	*out = (struct rv_passwd){
		.name = f[0],
		.home = f[5],
		.uid = (uint32_t)uid,
		.gid = (uint32_t)gid,
		.can_login = is_login_shell(f[6]), /* an empty shell is /bin/sh */
		.password = rv_str_is(f[1], "x") ? 0 : password_state(f[1]),
	};
	return true;
}

bool rv_passwd_next(struct rv_str *cursor, struct rv_passwd *out, size_t *io_bad)
{
	struct rv_str line;

	while (rv_line_next(cursor, &line)) {
		if (!is_entry(line))
			continue;
		if (parse_passwd(line, out))
			return true;
		++*io_bad;
	}
	return false;
}

static bool day(struct rv_str text, int64_t *out)
{
	uint64_t v = 0;

	*out = -1;
	if (text.len == 0)
		return true;
	if (rv_str_is(text, "-1"))
		return true;
	if (!number(text, UINT32_MAX, &v))
		return false;
	*out = (int64_t)v;
	return true;
}

static bool parse_shadow(struct rv_str line, struct rv_shadow *out)
{
	struct rv_str f[FIELDS_MAX];
	struct rv_shadow s = {0};

	if (split(line, f) != 9 || f[0].len == 0 || !day(f[2], &s.changed_day) ||
	    !day(f[4], &s.max_days) || !day(f[7], &s.expire_day))
		return false;
	s.name = f[0];
	s.password = password_state(f[1]);
	*out = s;
	return true;
}

bool rv_shadow_next(struct rv_str *cursor, struct rv_shadow *out, size_t *io_bad)
{
	struct rv_str line;

	while (rv_line_next(cursor, &line)) {
		if (!is_entry(line))
			continue;
		if (parse_shadow(line, out))
			return true;
		++*io_bad;
	}
	return false;
}

/* The word at the start of *text, taken off it. */
static struct rv_str take_word(struct rv_str *text)
{
	size_t start = 0;

	while (start < text->len && isspace(text->data[start]))
		start++;
	size_t end = start;
	while (end < text->len && !isspace(text->data[end]))
		end++;
	struct rv_str word = {text->data + start, end - start};
	*text = (struct rv_str){text->data + end, text->len - end};
	return word;
}

void rv_login_defs_read(struct rv_str text, struct rv_login_defs *io)
{
	struct rv_str line;

	while (rv_line_next(&text, &line)) {
		struct rv_str key = take_word(&line);
		uint64_t v = 0;

		if (rv_str_is(key, "UID_MIN") && number(take_word(&line), UINT32_MAX, &v))
			io->uid_min = v;
		else if (rv_str_is(key, "UID_MAX") && number(take_word(&line), UINT32_MAX, &v))
			io->uid_max = v;
	}
}
