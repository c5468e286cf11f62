/* base: libyaml's events into one JSON tree with marks. Not here: schemas, suggestions. */
#include "agent/base/yaml.h"

#include "agent/base/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#define DEPTH_MAX 32
#define NODES_MAX 100000
#define TEXT_MAX  ((size_t)4 << 20)

/* An open object or list. The tree owns what it holds; here it is borrowed. */
struct level {
	json_t *node;
	char *key; /* of an object: read, its value comes next */
	size_t key_line, key_column;
};

struct builder {
	struct rv_yaml *y;
	struct level levels[DEPTH_MAX];
	size_t depth;
	size_t nodes;
	size_t documents;
	struct rv_diag *diag;
};

static rv_status fail_at(const struct builder *b, const yaml_mark_t *mark, const char *what)
{
	return rv_fail(RV_CLASS_MALFORMED, b->diag, "%s:%zu:%zu: %s", b->y->file, mark->line + 1,
		       mark->column + 1, what);
}

/* Decimal without leading zeros: what every reader of YAML agrees on. */
static bool looks_integer(const char *text, size_t len)
{
	size_t i = len && text[0] == '-' ? 1 : 0;

	if (i == len || (text[i] == '0' && len > i + 1) || (text[i] == '0' && i == 1))
		return false;
	for (; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

static rv_status make_integer(const struct builder *b, const yaml_event_t *event, json_t **out)
{
	const char *text = (const char *)event->data.scalar.value;
	bool negative = text[0] == '-';
	int64_t value = 0;

	for (const char *at = text + (negative ? 1 : 0); *at; at++) {
		int digit = negative ? -(*at - '0') : *at - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return fail_at(b, &event->start_mark, "this number is too large");
	}
	*out = json_integer(value);
	return RV_OK;
}

static rv_status make_scalar(const struct builder *b, const yaml_event_t *event, json_t **out)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct rv_str view = {event->data.scalar.value, len};
	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (len && memchr(text, 0, len))
		return fail_at(b, &event->start_mark, "a NUL byte is not allowed");
	if (is_plain && (rv_str_is(view, "true") || rv_str_is(view, "false")))
		*out = json_boolean(text[0] == 't');
	else if (is_plain && (len == 0 || rv_str_is(view, "null")))
		*out = json_null();
	else if (is_plain && looks_integer(text, len))
		RV_TRY(make_integer(b, event, out));
	else
		*out = json_stringn(text, len);
	return *out ? RV_OK : rv_fail_nomem(b->diag);
}

/* Puts a new value where it belongs; *takes* node also on failure. */
static rv_status attach(struct builder *b, json_t *node, const yaml_mark_t *mark)
{
	struct level *level = b->depth ? &b->levels[b->depth - 1] : NULL;
	int failed;

	if (!level) {
		b->y->root = node;
	} else if (json_is_array(level->node)) {
		failed = json_array_append_new(level->node, node);
		if (failed)
			return rv_fail_nomem(b->diag);
	} else {
		failed = json_object_set_new(level->node, level->key, node);
		if (failed)
			return rv_fail_nomem(b->diag);
		RV_TRY(rv_yaml_marks_add(&b->y->marks, level->node, level->key, level->key_line,
					 level->key_column));
		free(RV_TAKE(level->key));
	}
	return rv_yaml_marks_add(&b->y->marks, node, NULL, mark->line + 1, mark->column + 1);
}

static bool wants_key(const struct builder *b)
{
	return b->depth && json_is_object(b->levels[b->depth - 1].node) &&
	       !b->levels[b->depth - 1].key;
}

static rv_status take_key(struct builder *b, const yaml_event_t *event)
{
	struct level *level = &b->levels[b->depth - 1];
	struct rv_str text = {event->data.scalar.value, event->data.scalar.length};
	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (is_plain && rv_str_is(text, "<<"))
		return fail_at(b, &event->start_mark, "merge keys (<<) are not allowed");
	if (text.len == 0 || memchr(text.data, 0, text.len))
		return fail_at(b, &event->start_mark, "this is not a usable key");
	level->key = rv_str_dup(text);
	if (!level->key)
		return rv_fail_nomem(b->diag);
	if (json_object_get(level->node, level->key))
		return fail_at(b, &event->start_mark, "this key is there twice");
	level->key_line = event->start_mark.line + 1;
	level->key_column = event->start_mark.column + 1;
	return RV_OK;
}

static rv_status on_scalar(struct builder *b, const yaml_event_t *event)
{
	json_t *node = NULL;

	if (event->data.scalar.anchor)
		return fail_at(b, &event->start_mark, "anchors (&) are not allowed");
	if (event->data.scalar.tag)
		return fail_at(b, &event->start_mark, "tags (!) are not allowed");
	if (wants_key(b))
		return take_key(b, event);
	RV_TRY(make_scalar(b, event, &node));
	return attach(b, node, &event->start_mark);
}

static rv_status on_open(struct builder *b, const yaml_event_t *event)
{
	bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
	json_t *node;

	if (is_list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor)
		return fail_at(b, &event->start_mark, "anchors (&) are not allowed");
	if (is_list ? event->data.sequence_start.tag : event->data.mapping_start.tag)
		return fail_at(b, &event->start_mark, "tags (!) are not allowed");
	if (wants_key(b))
		return fail_at(b, &event->start_mark, "a key must be a word");
	if (b->depth == DEPTH_MAX)
		return fail_at(b, &event->start_mark, "nested too deep");
	node = is_list ? json_array() : json_object();
	if (!node)
		return rv_fail_nomem(b->diag);
	RV_TRY(attach(b, node, &event->start_mark));
	b->levels[b->depth++] = (struct level){.node = node};
	return RV_OK;
}

static rv_status on_document(struct builder *b, const yaml_event_t *event)
{
	if (b->documents++)
		return fail_at(b, &event->start_mark, "only one document may stand in a file");
	if (event->data.document_start.version_directive ||
	    event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
		return fail_at(b, &event->start_mark, "directives (%) are not allowed");
	return RV_OK;
}

static rv_status on_event(struct builder *b, const yaml_event_t *event)
{
	if (b->nodes++ > NODES_MAX)
		return fail_at(b, &event->start_mark, "too many values");
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, event);
	case YAML_ALIAS_EVENT:
		return fail_at(b, &event->start_mark, "aliases (*) are not allowed");
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return on_open(b, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return RV_OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return RV_OK;
}

static rv_status fail_of_parser(const struct builder *b, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return rv_fail_nomem(b->diag);
	if (parser->error == YAML_READER_ERROR)
		return rv_fail(RV_CLASS_MALFORMED, b->diag, "%s: byte %zu: %s", b->y->file,
			       parser->problem_offset + 1, parser->problem);
	return fail_at(b, &parser->problem_mark, parser->problem ? parser->problem : "not YAML");
}

static rv_status build(struct builder *b, yaml_parser_t *parser)
{
	bool is_end = false;

	while (!is_end) {
		yaml_event_t event;
		rv_status status;

		if (!yaml_parser_parse(parser, &event))
			return fail_of_parser(b, parser);
		status = on_event(b, &event);
		is_end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		RV_TRY(status);
	}
	if (!b->y->root) /* nothing but comments */
		b->y->root = json_null();
	return RV_OK;
}

static rv_status parse(struct rv_yaml *y, struct rv_str text, struct rv_diag *diag)
{
	struct builder b = {.y = y, .diag = diag};
	yaml_parser_t parser;
	rv_status status;

	if (text.len > TEXT_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: larger than 4 MiB", y->file);
	if (!yaml_parser_initialize(&parser))
		return rv_fail_nomem(diag);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, text.len ? text.data : (const uint8_t *)"", text.len);
	status = build(&b, &parser);
	yaml_parser_delete(&parser);
	for (size_t i = 0; i < RV_LEN(b.levels); i++)
		free(b.levels[i].key);
	return status;
}

rv_status rv_yaml_parse(struct rv_str text, const char *file, struct rv_yaml **out,
			struct rv_diag *diag)
{
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = calloc(1, sizeof(*y));

	if (!y)
		return rv_fail_nomem(diag);
	y->file = rv_str_dup(rv_str_of(file));
	if (!y->file)
		return rv_fail_nomem(diag);
	RV_TRY(parse(y, text, diag));
	rv_yaml_marks_sort(&y->marks);
	*out = RV_TAKE(y);
	return RV_OK;
}

void rv_yaml_free(struct rv_yaml *y)
{
	if (!y)
		return;
	rv_yaml_marks_done(&y->marks);
	json_decref(y->root);
	free(y->file);
	free(y);
}

void rv_yaml_freep(struct rv_yaml **y)
{
	rv_yaml_free(*y);
	*y = NULL;
}

const char *rv_yaml_file(const struct rv_yaml *y)
{
	return y->file;
}

json_t *rv_yaml_root(const struct rv_yaml *y)
{
	return y->root;
}

void rv_yaml_mark(const struct rv_yaml *y, const json_t *node, const char *key, unsigned *out_line,
		  unsigned *out_column)
{
	rv_yaml_marks_find(&y->marks, node, key, out_line, out_column);
}

#undef rv_yaml_fail /* what yaml.h tells the static analyser */
rv_status rv_yaml_fail(const struct rv_yaml *y, const json_t *node, const char *key,
		       struct rv_diag *diag, const char *fmt, ...)
{
	char text[512];
	unsigned line, column;
	va_list args;

	rv_yaml_mark(y, node, key, &line, &column);
	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	return rv_fail(RV_CLASS_MALFORMED, diag, "%s:%u:%u: %s", y->file, line, column, text);
}
