/* sweep: see known.h. */
#include "agent/sweep/known.h"

#include "agent/scan/decode.h"

#include <ctype.h>
#include <stdlib.h>

#define ONLY_BACKSLASH \
	RV_DECODE__COUNT /* "\$", as shells and regexes write it: no decoder's kind */

static const struct {
	char mark;
	uint8_t kind;
} kinds[] = {{'%', RV_DECODE_PERCENT},
	     {'&', RV_DECODE_ENTITY},
	     {'\\', RV_DECODE_ESCAPE},
	     {'\\', ONLY_BACKSLASH}};

/* A text and what it was before its escapes of one kind were undone. */
struct shape {
	const struct shape *above; /* NULL: the text itself */
	struct rv_str text;
	unsigned depth;
	struct rv_buf room;
	struct rv_decode_map map;
	uint32_t *from; /* ONLY_BACKSLASH: where each byte of the text stands above, and its end */
};

struct look {
	const struct rv_values *values;
	unsigned cut;
	void (*fn)(void *user, size_t start, size_t end);
	void *user;
	const struct shape *shape;
	size_t skipped; /* of the shape's beginning */
};

static void on_value(void *user, size_t start, size_t end)
{
	const struct look *look = user;

	start += look->skipped;
	end += look->skipped;
	for (const struct shape *s = look->shape; s->above; s = s->above) {
		size_t len = end - start;

		if (s->from) {
			start = s->from[start];
			end = s->from[end];
			continue;
		}
		rv_decode_source(&s->map, start, len, &start, &len);
		end = start + len;
	}
	look->fn(look->user, start, end);
}

static bool drop_backslashes(const struct shape *above, struct shape *out)
{
	struct rv_str text = above->text;
	size_t count = 0;

	out->from = calloc(text.len + 1, sizeof(*out->from));
	if (!out->from)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool is_escape =
			text.data[i] == '\\' && i + 1 < text.len && !isalnum(text.data[i + 1]);

		out->from[count++] = (uint32_t)i;
		i += is_escape;
		if (!rv_is_ok(rv_buf_put_byte(&out->room, text.data[i])))
			return false;
	}
	out->from[count] = (uint32_t)text.len;
	return true;
}

static bool undo(const struct shape *above, uint8_t kind, struct shape *out)
{
	const struct rv_decode_run all = {.len = above->text.len, .kind = kind};

	/* What is behind a backslash that says nothing is the text as it is: nothing is in that. */
	*out = (struct shape){.above = above,
			      .depth = kind == ONLY_BACKSLASH ? RV_KNOWN_DEPTH : above->depth + 1};
	rv_buf_init(&out->room, above->text.len + 8);
	bool is_done = kind == ONLY_BACKSLASH
			       ? drop_backslashes(above, out)
			       : rv_is_ok(rv_decode_run(above->text, &all, &out->room, &out->map));
	out->text = rv_buf_view(&out->room);
	return is_done;
}

static void done(struct shape *shape)
{
	rv_decode_map_done(&shape->map);
	rv_buf_done(&shape->room);
	free(shape->from);
}

static bool is_mark(uint8_t c)
{
	return c == '%' || c == '&' || c == '\\';
}

/* How long the last byte is, with the escape that it may be of, whole or not. */
static size_t last_unit(struct rv_str text)
{
	for (size_t n = 1; n <= RV_KNOWN_ESCAPE && n <= text.len; n++) {
		if (is_mark(text.data[text.len - n]))
			return n;
	}
	return text.len > 0;
}

static size_t first_unit(struct rv_str text)
{
	size_t most = text.len < RV_KNOWN_ESCAPE ? text.len : RV_KNOWN_ESCAPE;

	for (size_t n = 1; n < most; n++) {
		if (is_mark(text.data[n]))
			return n;
	}
	return text.len > 0 && is_mark(text.data[0]) ? most : text.len > 0;
}

/* As it is, and without an escape that was cut itself, whose bytes are none of the value's. */
static bool find(struct look *look, struct rv_str text)
{
	size_t first = look->cut & RV_CUT_FRONT ? first_unit(text) : 0;
	size_t last = look->cut & RV_CUT_BACK ? last_unit(text) : 0;

	look->skipped = 0;
	if (!rv_values_find(look->values, text, look->cut, on_value, look))
		return false;
	if ((first < 2 && last < 2) || first + last >= text.len)
		return true;
	look->skipped = first;
	text = (struct rv_str){text.data + first, text.len - first - last};
	return rv_values_find(look->values, text, look->cut, on_value, look);
}

/* NOLINTNEXTLINE(misc-no-recursion): RV_KNOWN_DEPTH at most */
static bool look_at(struct look *look, const struct shape *shape)
{
	look->shape = shape;
	bool is_whole = find(look, shape->text);
	for (size_t i = 0; i < RV_LEN(kinds) && is_whole && shape->depth < RV_KNOWN_DEPTH; i++) {
		struct shape plain = {.depth = 0};

		if (shape->text.len == 0 ||
		    !memchr(shape->text.data, kinds[i].mark, shape->text.len))
			continue;
		is_whole = undo(shape, kinds[i].kind, &plain);
		if (is_whole && plain.text.len < shape->text.len) /* else there was none */
			is_whole = look_at(look, &plain);
		done(&plain);
	}
	return is_whole;
}

bool rv_known_find(const struct rv_values *values, struct rv_str text, unsigned cut,
		   void (*fn)(void *user, size_t start, size_t end), void *user)
{
	struct look look = {.values = values, .cut = cut, .fn = fn, .user = user};
	const struct shape shape = {.text = text};

	if (values->is_full)
		return false;
	return values->count == 0 || look_at(&look, &shape);
}

struct rv_span rv_known_inner(struct rv_str text, unsigned cut)
{
	struct rv_span inner = {0, text.len};

	for (size_t i = 1; i < RV_VALUES_LEAST; i++) {
		struct rv_str left = {text.data + inner.start, inner.end - inner.start};

		inner.start += cut & RV_CUT_FRONT ? first_unit(left) : 0;
		left.data = text.data + inner.start;
		left.len = inner.end - inner.start;
		inner.end -= cut & RV_CUT_BACK ? last_unit(left) : 0;
	}
	return inner;
}
