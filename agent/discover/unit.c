/* discover: systemd service units. Not here: what a user or file means (bind/). */
#include "agent/discover/unit.h"

#include "agent/base/path.h"
#include "agent/discover/account.h"

#include <ctype.h>

#define LINE_MAX_BYTES 16384

struct reader {
	struct rv_unit *unit;
	bool in_service;
	bool has_exec;
};

static struct rv_str trim(struct rv_str s)
{
	while (s.len > 0 && isspace(s.data[0]))
		s = (struct rv_str){s.data + 1, s.len - 1};
	while (s.len > 0 && isspace(s.data[s.len - 1]))
		s.len--;
	return s;
}

static void keep(struct rv_str value, char *out, size_t size)
{
	if (value.len >= size || (value.len > 0 && memchr(value.data, 0, value.len)))
		return;
	if (value.len > 0)
		memcpy(out, value.data, value.len);
	out[value.len] = '\0';
}

static void add_file(struct rv_unit *unit, struct rv_str path)
{
	size_t at = 0;

	if (unit->file_count > 0) {
		at = unit->file_at[unit->file_count - 1];
		at += strlen(unit->files + at) + 1;
	}
	if (unit->file_count == RV_UNIT_FILES || path.len == 0 || path.len > RV_PATH_MAX ||
	    path.len >= sizeof(unit->files) - at || memchr(path.data, 0, path.len))
		return;
	keep(path, unit->files + at, sizeof(unit->files) - at);
	unit->file_at[unit->file_count++] = (uint16_t)at;
}

/* The first word of a command line, without systemd's prefixes (@-:+!|) and quotes. */
static struct rv_str program_of(struct rv_str value)
{
	while (value.len > 0 && strchr("@-:+!|", value.data[0]))
		value = (struct rv_str){value.data + 1, value.len - 1};
	bool is_quoted = value.len > 0 && (value.data[0] == '"' || value.data[0] == '\'');
	uint8_t quote = is_quoted ? value.data[0] : 0;
	if (is_quoted)
		value = (struct rv_str){value.data + 1, value.len - 1};
	size_t end = 0;
	while (end < value.len &&
	       (is_quoted ? value.data[end] != quote : !isspace(value.data[end])))
		end++;
	return (struct rv_str){value.data, end};
}

/* EnvironmentFile=-/path; the minus says it may be missing. */
static struct rv_str optional_path(struct rv_str value)
{
	if (value.len > 0 && value.data[0] == '-')
		value = (struct rv_str){value.data + 1, value.len - 1};
	return value;
}

/* LoadCredential=ID:PATH. */
static struct rv_str credential_path(struct rv_str value)
{
	const uint8_t *colon = value.len > 0 ? memchr(value.data, ':', value.len) : NULL;

	if (!colon)
		return RV_STR_NONE;
	return (struct rv_str){colon + 1, value.len - (size_t)(colon - value.data) - 1};
}

static void set_exec(struct reader *r, struct rv_str value)
{
	if (value.len == 0) { /* an empty assignment takes back what stood before */
		r->has_exec = false;
		r->unit->exec[0] = '\0';
		return;
	}
	if (r->has_exec)
		return;
	keep(program_of(value), r->unit->exec, sizeof(r->unit->exec));
	r->has_exec = true;
}

static bool is_true(struct rv_str v)
{
	return rv_str_is(v, "yes") || rv_str_is(v, "true") || rv_str_is(v, "1") ||
	       rv_str_is(v, "on");
}

static void assign(struct reader *r, struct rv_str key, struct rv_str value)
{
	struct rv_unit *unit = r->unit;

	if (rv_str_is(key, "User"))
		keep(value, unit->user, sizeof(unit->user));
	else if (rv_str_is(key, "DynamicUser"))
		unit->is_dynamic_user = is_true(value);
	else if (rv_str_is(key, "ExecStart"))
		set_exec(r, value);
	else if (rv_str_is(key, "WorkingDirectory"))
		keep(optional_path(value), unit->working_dir, sizeof(unit->working_dir));
	else if (rv_str_is(key, "EnvironmentFile"))
		add_file(unit, optional_path(value));
	else if (rv_str_is(key, "LoadCredential") || rv_str_is(key, "LoadCredentialEncrypted"))
		add_file(unit, credential_path(value));
}

static void read_line(struct reader *r, struct rv_str line)
{
	line = trim(line);
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
		return;
	if (line.data[0] == '[') {
		r->in_service = rv_str_is(line, "[Service]");
		return;
	}
	const uint8_t *equal = memchr(line.data, '=', line.len);
	if (!equal || !r->in_service)
		return;
	size_t len = (size_t)(equal - line.data);
	assign(r, trim((struct rv_str){line.data, len}),
	       trim((struct rv_str){equal + 1, line.len - len - 1}));
}

void rv_unit_parse(struct rv_str text, struct rv_unit *out)
{
	struct reader r = {.unit = out};
	struct rv_buf joined;
	struct rv_str line;

	rv_buf_init(&joined, LINE_MAX_BYTES);
	while (rv_line_next(&text, &line)) {
		bool goes_on = line.len > 0 && line.data[line.len - 1] == '\\';

		if (!goes_on && joined.len == 0) {
			read_line(&r, line);
			continue;
		}
		/* A comment inside a continued line is passed over. */
		if (joined.len > 0 && line.len > 0 && (line.data[0] == '#' || line.data[0] == ';'))
			continue;
		bool is_kept = rv_is_ok(rv_buf_put(&joined, line.data, line.len - goes_on)) &&
			       rv_is_ok(rv_buf_put_byte(&joined, ' '));
		if (goes_on && is_kept)
			continue;
		if (is_kept)
			read_line(&r, rv_buf_view(&joined));
		rv_buf_reset(&joined);
	}
	if (joined.len > 0)
		read_line(&r, rv_buf_view(&joined));
	rv_buf_done(&joined);
}

struct rv_str rv_unit_name(struct rv_str path)
{
	struct rv_str base = rv_path_base(path);

	if (rv_str_ends_with(base, ".service"))
		return base;
	struct rv_str dir = rv_path_base(rv_path_dir(path));
	if (rv_str_ends_with(base, ".conf") && rv_str_ends_with(dir, ".service.d"))
		return (struct rv_str){dir.data, dir.len - 2};
	return RV_STR_NONE;
}
