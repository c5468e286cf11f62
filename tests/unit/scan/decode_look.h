/* tests: what the decoder finds in a text, and what that says. */
#pragma once

#include "agent/scan/decode.h"
#include "tests/support/unit.h"
#include "tests/unit/scan/encode.h"

#include <stdlib.h>

#define RUNS_MAX 64

static const char secret[] = "api_token: the-quick-brown-fox-1234567890";

struct runs {
	struct rv_decode_run run[RUNS_MAX];
	size_t count;
};

static inline bool keep_run(const struct rv_decode_run *run, void *user)
{
	struct runs *runs = user;

	assert_in_range(runs->count, 0, RUNS_MAX - 1);
	runs->run[runs->count++] = *run;
	return true;
}

static inline struct runs find(struct rv_str bytes)
{
	/* A copy of exactly this size, so that a read past the end is seen. */
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
	struct runs runs = {0};

	assert_non_null(copy);
	if (bytes.len)
		memcpy(copy, bytes.data, bytes.len);
	assert_true(rv_decode_find((struct rv_str){copy, bytes.len}, keep_run, &runs));
	free(copy);
	return runs;
}

static inline struct rv_str decode(struct rv_str bytes, const struct rv_decode_run *run,
				   struct rv_decode_map *map)
{
	static struct rv_buf out;

	rv_buf_done(&out);
	rv_buf_init(&out, (size_t)16 << 20);
	assert_ok(rv_decode_run(bytes, run, &out, map));
	assert_int_equal(out.len, map->decoded_len);
	return rv_buf_view(&out);
}

/* Exactly one run in `bytes`, of that kind, that decodes to something that holds `text`. */
static inline void assert_says_bytes(struct rv_str bytes, enum rv_decode_kind kind,
				     const char *text)
{
	struct runs runs = find(bytes);
	struct rv_decode_map map = {0};
	struct rv_str said;

	assert_int_equal(runs.count, 1);
	assert_int_equal(runs.run[0].kind, kind);
	said = decode(bytes, &runs.run[0], &map);
	assert_non_null(memmem(said.data, said.len, text, strlen(text)));
	rv_decode_map_done(&map);
}

static inline void assert_says(const char *source, enum rv_decode_kind kind, const char *text)
{
	assert_says_bytes(rv_str_of(source), kind, text);
}

static inline void assert_nothing(const char *source)
{
	struct runs runs = find(rv_str_of(source));

	if (runs.count)
		print_error("a run of %s in: %s\n",
			    rv_decode_kind_name((enum rv_decode_kind)runs.run[0].kind), source);
	assert_int_equal(runs.count, 0);
}

/* Puts `what` and an end at text[at]; where it ends. */
static inline size_t lay(char *text, size_t size, size_t at, const char *what)
{
	size_t len = strlen(what);

	assert_in_range(at + len, 0, size - 1);
	memcpy(text + at, what, len + 1);
	return at + len;
}

static inline const char *around(const char *before, const char *middle, const char *after)
{
	static char text[ENCODE_MAX];
	size_t at = lay(text, sizeof(text), 0, before);

	at = lay(text, sizeof(text), at, middle);
	(void)lay(text, sizeof(text), at, after);
	return text;
}
