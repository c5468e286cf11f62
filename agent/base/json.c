/* base: bounded parsing and the canonical form, over jansson. Not here: schemas, secrets. */
#include "agent/base/json.h"

#include "agent/base/path.h"

#include <errno.h>

#define DEPTH_MAX 64

void rv_jsonp(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}

/* The deepest nesting of brackets outside strings, which jansson's parser would recurse into. */
static size_t depth_of(struct rv_str text)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (in_string && c == '\\') {
			i++;
		} else if (c == '"') {
			in_string = !in_string;
		} else if (!in_string && (c == '{' || c == '[')) {
			if (++depth > deepest)
				deepest = depth;
		} else if (!in_string && (c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return deepest;
}

rv_status rv_json_parse(struct rv_str text, json_t **out, struct rv_diag *diag)
{
	json_error_t error;
	json_t *j;

	if (depth_of(text) > DEPTH_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "nested deeper than %d levels", DEPTH_MAX);
	errno = 0;
	j = json_loadb(text.len ? (const char *)text.data : "", text.len, JSON_REJECT_DUPLICATES,
		       &error);
	/* Without memory the library says anything or nothing, and may even give a tree whose texts
	 * are cut short (its lexer ignores a buffer that does not grow); malloc says ENOMEM. */
	if (errno == ENOMEM || (!j && !error.text[0])) {
		json_decref(j);
		return rv_fail_nomem(diag);
	}
	/* The library's own text may quote the input: say where, not what. */
	if (!j)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%d:%d: not valid JSON",
			       error.line > 0 ? error.line : 1,
			       error.column > 0 ? error.column : 1);
	*out = j;
	return RV_OK;
}

/* One level of a walk without recursion. */
struct level {
	const json_t *node;
	void *iter;
	size_t index;
};

static const json_t *next_child(struct level *level)
{
	const json_t *child;

	if (json_is_array(level->node))
		return json_array_get(level->node, level->index++);
	if (!level->iter)
		return NULL;
	child = json_object_iter_value(level->iter);
	level->iter = json_object_iter_next((json_t *)(uintptr_t)level->node, level->iter);
	return child;
}

static struct level level_of(const json_t *node)
{
	void *iter = json_is_object(node) ? json_object_iter((json_t *)(uintptr_t)node) : NULL;

	return (struct level){node, iter, 0};
}

/* No reals (their text depends on the writer) and no more than DEPTH_MAX levels. */
static bool is_canonical(const json_t *j)
{
	struct level levels[DEPTH_MAX];
	size_t depth = 0;

	if (!j || json_is_real(j))
		return false;
	if (json_is_object(j) || json_is_array(j))
		levels[depth++] = level_of(j);
	while (depth) {
		const json_t *child = next_child(&levels[depth - 1]);

		if (!child) {
			depth--;
			continue;
		}
		if (json_is_real(child))
			return false;
		if (!json_is_object(child) && !json_is_array(child))
			continue;
		if (depth == DEPTH_MAX)
			return false;
		levels[depth++] = level_of(child);
	}
	return true;
}

/* jansson goes on after some failed writes: what failed once has failed. */
struct sink {
	struct rv_buf *out;
	bool has_failed;
};

static int put(const char *bytes, size_t len, void *user)
{
	struct sink *sink = user;

	if (!sink->has_failed)
		sink->has_failed = !rv_is_ok(rv_buf_put(sink->out, bytes, len));
	return sink->has_failed ? -1 : 0;
}

static rv_status dump(const json_t *j, size_t flags, struct rv_buf *out)
{
	size_t before = out->len;
	struct sink sink = {out, false};

	if (json_dump_callback(j, put, &sink, flags | JSON_ENCODE_ANY) != 0 || sink.has_failed) {
		out->len = before;
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	}
	return RV_OK;
}

rv_status rv_json_canonical(const json_t *j, struct rv_buf *out)
{
	if (!is_canonical(j))
		return (rv_status){RV_CLASS_MALFORMED, 0};
	return dump(j, JSON_COMPACT | JSON_SORT_KEYS, out);
}

rv_status rv_json_pretty(const json_t *j, struct rv_buf *out)
{
	return dump(j, JSON_INDENT(2) | JSON_SORT_KEYS, out);
}

rv_status rv_json_set_path(json_t *obj, const char *key, struct rv_str path)
{
	struct rv_buf text;
	json_t *value = NULL;
	rv_status status;

	/* An escaped byte takes at most four. */
	rv_buf_init(&text, path.len < SIZE_MAX / 4 ? path.len * 4 : path.len);
	status = rv_path_escape(path, &text);
	if (rv_is_ok(status)) {
		value = json_stringn(text.len ? (const char *)text.data : "", text.len);
		if (json_object_set_new(obj, key, value) != 0)
			status = rv_fail_nomem(NULL);
	}
	rv_buf_done(&text);
	return status;
}

const char *rv_json_text(const json_t *obj, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : fallback;
}

int64_t rv_json_int(const json_t *obj, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(obj, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool rv_json_bool(const json_t *obj, const char *key, bool fallback)
{
	const json_t *value = json_object_get(obj, key);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}
