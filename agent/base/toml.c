/* base: TOML text: statements, keys, arrays and inline tables, without recursion. Not here: scalars
 * (toml_value.c), which table may be opened again (toml_table.c). */
#include "agent/base/toml.h"

#include "agent/base/path.h"
#include "agent/base/toml_private.h"

#include <ctype.h>

/* An open array or inline table; borrowed from the tree. */
struct level {
	json_t *node;
	bool wants_comma; /* a value was read: a comma or the end comes next */
};

struct rv_toml_mark rv_toml_here(const struct rv_toml *t)
{
	return (struct rv_toml_mark){t->line, (size_t)(t->at - t->line_start) + 1};
}

rv_status rv_toml_fail(const struct rv_toml *t, struct rv_toml_mark mark, const char *what)
{
	return rv_fail(RV_CLASS_MALFORMED, t->diag, "%s:%zu:%zu: %s", t->y->file, mark.line,
		       mark.column, what);
}

static rv_status fail_here(const struct rv_toml *t, const char *what)
{
	return rv_toml_fail(t, rv_toml_here(t), what);
}

static bool is_line_end(const struct rv_toml *t)
{
	return rv_toml_peek(t, 0) == '\n' ||
	       (rv_toml_peek(t, 0) == '\r' && rv_toml_peek(t, 1) == '\n');
}

void rv_toml_next_line(struct rv_toml *t)
{
	t->at += rv_toml_peek(t, 0) == '\r' ? 2 : 1;
	t->line++;
	t->line_start = t->at;
}

static void skip_spaces(struct rv_toml *t)
{
	while (rv_toml_peek(t, 0) == ' ' || rv_toml_peek(t, 0) == '\t')
		t->at++;
}

static rv_status skip_comment(struct rv_toml *t)
{
	if (rv_toml_peek(t, 0) != '#')
		return RV_OK;
	while (t->at < t->end && !is_line_end(t)) {
		if ((*t->at < 0x20 && *t->at != '\t') || *t->at == 0x7f)
			return fail_here(t, "a control byte in a comment");
		t->at++;
	}
	return RV_OK;
}

/* Spaces, comments and line ends: between statements and inside arrays. */
static rv_status skip_blank(struct rv_toml *t)
{
	for (;;) {
		skip_spaces(t);
		RV_TRY(skip_comment(t));
		if (!is_line_end(t))
			return RV_OK;
		rv_toml_next_line(t);
	}
}

static rv_status end_statement(struct rv_toml *t)
{
	skip_spaces(t);
	RV_TRY(skip_comment(t));
	if (t->at < t->end && !is_line_end(t))
		return fail_here(t, "the line should end here");
	return RV_OK;
}

static bool is_bare(int c)
{
	return c > 0 && c < 0x80 && (isalnum(c) || c == '_' || c == '-');
}

static rv_status read_key(struct rv_toml *t, struct rv_toml_path *path)
{
	char **out = &path->keys[path->count];

	if (path->count == RV_TOML_DEPTH_MAX)
		return fail_here(t, "nested too deep");
	path->marks[path->count] = rv_toml_here(t);
	if (rv_toml_peek(t, 0) == '"' || rv_toml_peek(t, 0) == '\'') {
		RV_TRY(rv_toml_read_quoted_key(t, out));
	} else {
		const uint8_t *start = t->at;

		while (is_bare(rv_toml_peek(t, 0)))
			t->at++;
		if (t->at == start)
			return fail_here(t, "a key is wanted here");
		*out = rv_str_dup((struct rv_str){start, (size_t)(t->at - start)});
		if (!*out)
			return rv_fail_nomem(t->diag);
	}
	path->count++;
	return RV_OK;
}

static rv_status read_path(struct rv_toml *t, struct rv_toml_path *path)
{
	for (;;) {
		RV_TRY(read_key(t, path));
		skip_spaces(t);
		if (rv_toml_peek(t, 0) != '.')
			return RV_OK;
		t->at++;
		skip_spaces(t);
	}
}

static void path_done(struct rv_toml_path *path)
{
	for (size_t i = 0; i < path->count; i++)
		free(path->keys[i]);
	path->count = 0;
}

/* Reads a value's beginning: a whole scalar, or an empty array or table that is then `opened`. */
static rv_status read_value(struct rv_toml *t, json_t **out, bool *out_is_open)
{
	int c = rv_toml_peek(t, 0);

	*out_is_open = c == '[' || c == '{';
	if (!*out_is_open)
		return rv_toml_read_scalar(t, out);
	json_t *made = c == '[' ? json_array() : json_object();
	if (!made)
		return rv_fail_nomem(t->diag);
	rv_status status = rv_toml_close(t, made);
	if (!rv_is_ok(status)) {
		json_decref(made);
		return status;
	}
	t->at++;
	*out = made;
	return RV_OK;
}

static rv_status push(struct rv_toml *t, struct level *levels, size_t *depth, json_t *node)
{
	if (*depth == RV_TOML_DEPTH_MAX)
		return fail_here(t, "nested too deep");
	levels[(*depth)++] = (struct level){.node = node};
	return RV_OK;
}

/* path = value into the table, and what it opens on the stack. */
static rv_status read_assignment(struct rv_toml *t, json_t *table, struct rv_toml_path *path,
				 struct level *levels, size_t *depth)
{
	json_t *value;
	bool is_open;

	RV_TRY(read_path(t, path));
	if (rv_toml_peek(t, 0) != '=')
		return fail_here(t, "= is wanted after a key");
	t->at++;
	skip_spaces(t);
	RV_TRY(rv_toml_open_dotted(t, table, path, &table));
	struct rv_toml_mark mark = rv_toml_here(t);
	RV_TRY(read_value(t, &value, &is_open));
	size_t last = path->count - 1;
	RV_TRY(rv_toml_put(t, table, path->keys[last], path->marks[last], value, mark));
	return is_open ? push(t, levels, depth, value) : RV_OK;
}

static rv_status step_array(struct rv_toml *t, struct level *levels, size_t *depth)
{
	struct level *level = &levels[*depth - 1];
	json_t *value;
	bool is_open;

	RV_TRY(skip_blank(t));
	if (rv_toml_peek(t, 0) == ']') {
		t->at++;
		(*depth)--;
		return RV_OK;
	}
	if (level->wants_comma) {
		if (rv_toml_peek(t, 0) != ',')
			return fail_here(t, "a comma or ] is wanted here");
		t->at++;
		level->wants_comma = false;
		return RV_OK;
	}
	struct rv_toml_mark mark = rv_toml_here(t);
	RV_TRY(read_value(t, &value, &is_open));
	RV_TRY(rv_toml_append(t, level->node, value, mark));
	level->wants_comma = true;
	return is_open ? push(t, levels, depth, value) : RV_OK;
}

static rv_status step_table(struct rv_toml *t, struct level *levels, size_t *depth)
{
	struct level *level = &levels[*depth - 1];
	struct rv_toml_path path = {.count = 0};
	bool is_first = json_object_size(level->node) == 0;

	skip_spaces(t);
	if (rv_toml_peek(t, 0) == '}' && (level->wants_comma || is_first)) {
		t->at++;
		(*depth)--;
		return RV_OK;
	}
	if (level->wants_comma) {
		if (rv_toml_peek(t, 0) != ',')
			return fail_here(
				t, "a comma or } is wanted here: an inline table is one line");
		t->at++;
		skip_spaces(t);
	}
	level->wants_comma = true;
	rv_status status = read_assignment(t, level->node, &path, levels, depth);
	path_done(&path);
	return status;
}

static rv_status read_pair(struct rv_toml *t, json_t *table)
{
	struct level levels[RV_TOML_DEPTH_MAX];
	struct rv_toml_path path = {.count = 0};
	size_t depth = 0;

	rv_status status = read_assignment(t, table, &path, levels, &depth);
	path_done(&path);
	while (rv_is_ok(status) && depth > 0)
		status = json_is_array(levels[depth - 1].node) ? step_array(t, levels, &depth)
							       : step_table(t, levels, &depth);
	return status;
}

static rv_status read_header(struct rv_toml *t, json_t **table)
{
	struct rv_toml_path path = {.count = 0};
	bool is_list = rv_toml_peek(t, 1) == '[';

	t->at += is_list ? 2 : 1;
	skip_spaces(t);
	rv_status status = read_path(t, &path);
	if (rv_is_ok(status) &&
	    (rv_toml_peek(t, 0) != ']' || (is_list && rv_toml_peek(t, 1) != ']')))
		status = fail_here(t, is_list ? "]] is wanted here" : "] is wanted here");
	if (rv_is_ok(status)) {
		t->at += is_list ? 2 : 1;
		status = rv_toml_open_header(t, &path, is_list, table);
	}
	path_done(&path);
	return status;
}

static rv_status read_document(struct rv_toml *t)
{
	json_t *table = t->y->root;

	for (;;) {
		RV_TRY(skip_blank(t));
		if (t->at == t->end)
			return RV_OK;
		if (rv_toml_peek(t, 0) == '[')
			RV_TRY(read_header(t, &table));
		else
			RV_TRY(read_pair(t, table));
		RV_TRY(end_statement(t));
	}
}

static rv_status check_text(struct rv_toml *t)
{
	struct rv_str rest = {t->at, (size_t)(t->end - t->at)};
	uint32_t point;
	size_t lines = 1;

	while (rest.len > 0) {
		size_t len = *rest.data < 0x80 ? 1 : rv_utf8_at(rest, &point);

		if (len == 0)
			return rv_fail(RV_CLASS_MALFORMED, t->diag, "%s:%zu: byte %zu is not UTF-8",
				       t->y->file, lines, (size_t)(rest.data - t->at) + 1);
		lines += *rest.data == '\n';
		rest.data += len;
		rest.len -= len;
	}
	return RV_OK;
}

rv_status rv_toml_parse(struct rv_str text, const char *file, struct rv_yaml **out,
			struct rv_diag *diag)
{
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = calloc(1, sizeof(*y));
	struct rv_toml t = {.y = y, .line = 1, .diag = diag};

	if (!y)
		return rv_fail_nomem(diag);
	y->file = rv_str_dup(rv_str_of(file));
	y->root = json_object();
	if (!y->file || !y->root)
		return rv_fail_nomem(diag);
	if (text.len > RV_TOML_TEXT_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: larger than 4 MiB", file);
	t.at = text.len ? text.data : (const uint8_t *)"";
	t.end = t.at + text.len;
	if (rv_str_starts_with(text, "\xef\xbb\xbf"))
		t.at += 3;
	t.line_start = t.at;
	RV_TRY(check_text(&t));
	if (!rv_is_ok(rv_toml_kinds_new(&t.kinds)))
		return rv_fail_nomem(diag);
	rv_status status = read_document(&t);
	rv_toml_kinds_free(t.kinds);
	RV_TRY(status);
	if (!rv_is_ok(rv_yaml_marks_add(&y->marks, y->root, NULL, 1, 1)))
		return rv_fail_nomem(diag);
	rv_yaml_marks_sort(&y->marks);
	*out = RV_TAKE(y);
	return RV_OK;
}
