/* tests: an archive that comes as a stream gives what it gives from memory. */
#include "tests/support/unit.h"

#include "tests/unit/unpack/packs.h"

#include <stdio.h>

static const struct pack_file files[] = {{"b/c.env", RV_STR_LIT("word=hunter2\n")},
					 {"d.txt", RV_STR_LIT("plain\n")}};

/* Gives what follows the head piece by piece, and each piece is gone when the next is asked for. */
struct pipe {
	struct rv_str rest;
	size_t piece;
	uint8_t *given;
	size_t given_len;
	bool breaks; /* before its end */
};

static ssize_t pull(void *user, const void **out)
{
	struct pipe *pipe = user;
	size_t len = pipe->rest.len < pipe->piece ? pipe->rest.len : pipe->piece;

	if (pipe->given)
		memset(pipe->given, 0xa5, pipe->given_len);
	free(pipe->given);
	pipe->given = malloc(len + 1);
	assert_non_null(pipe->given);
	if (len > 0)
		memcpy(pipe->given, pipe->rest.data, len);
	pipe->given_len = len;
	pipe->rest = (struct rv_str){pipe->rest.data + len, pipe->rest.len - len};
	*out = pipe->given;
	return len == 0 && pipe->breaks ? -1 : (ssize_t)len;
}

static struct pack_walk *walk_pipe(struct rv_str bytes, struct pipe *pipe,
				   const struct rv_unpack_limits *limits)
{
	size_t head = bytes.len < RV_UNPACK_HEAD ? bytes.len : RV_UNPACK_HEAD;
	struct rv_unpack_source source = {.bytes = {bytes.data, head},
					  .fd = -1,
					  .name = rv_str_of("a"),
					  .pull = pull,
					  .pull_user = pipe};
	struct pack_walk *walk = packs_new();

	pipe->rest = (struct rv_str){bytes.data + head, bytes.len - head};
	pipe->piece = pipe->piece ? pipe->piece : 1000;
	packs_walk_into(walk, &source, limits);
	free(pipe->given);
	pipe->given = NULL;
	return walk;
}

static void check_same(struct rv_str bytes, const char *what)
{
	struct pack_walk *whole = packs_walk(bytes, NULL);

	for (size_t piece = 1; piece < 70000; piece = piece * 7 + 3) {
		struct pipe pipe = {.piece = piece};
		struct pack_walk *walk = walk_pipe(bytes, &pipe, NULL);

		if (walk->count != whole->count || walk->trouble_count)
			print_error("%s by %zu: %zu members, %zu troubles: %s\n", what, piece,
				    walk->count, walk->trouble_count, walk->troubles[0].detail);
		assert_ok(walk->status);
		assert_int_equal(walk->trouble_count, 0);
		assert_int_equal(walk->count, whole->count);
		for (size_t i = 0; i < whole->count; i++) {
			assert_string_equal(walk->seen[i].path, whole->seen[i].path);
			assert_int_equal(walk->seen[i].bytes.len, whole->seen[i].bytes.len);
			assert_memory_equal(walk->seen[i].bytes.data, whole->seen[i].bytes.data,
					    whole->seen[i].bytes.len);
			assert_int_equal(walk->seen[i].kind, whole->seen[i].kind);
		}
		packs_done(walk);
	}
	packs_done(whole);
}

static void gives_what_the_whole_gives(void **state)
{
	static const char *const formats[] = {"zip",   "gnutar", "pax",	 "ustar",
					      "v7tar", "cpio",	 "newc", "ar"};
	static const char *const filters[] = {"none", "gzip", "bzip2", "xz",
					      "zstd", "lz4",  "lzma",  "compress"};
	struct rv_buf inner = packs_make("gnutar", "gzip", NULL, files, 2);
	const struct pack_file outer[] = {files[0], {"in.tgz", rv_buf_view(&inner)}, files[1]};

	(void)state;
	for (size_t i = 0; i < RV_LEN(formats); i++) {
		bool is_stream = strcmp(formats[i], "zip") != 0 && strcmp(formats[i], "ar") != 0;

		for (size_t k = 0; k < (is_stream ? RV_LEN(filters) : 1); k++) {
			struct rv_buf pack = packs_make(formats[i], filters[k], NULL, outer, 3);

			check_same(rv_buf_view(&pack), formats[i]);
			rv_buf_done(&pack);
		}
	}
	rv_buf_done(&inner);
}

static void tells_what_is_no_stream(void **state)
{
	static const char *const formats[] = {"7zip"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(formats); i++) {
		struct rv_buf pack = packs_make(formats[i], "none", NULL, files, 2);
		struct pipe pipe = {0};
		struct pack_walk *walk = walk_pipe(rv_buf_view(&pack), &pipe, NULL);

		assert_ok(walk->status);
		assert_int_equal(walk->count, 0);
		assert_int_equal(walk->trouble_count, 1);
		assert_int_equal(walk->troubles[0].reason, RV_UNPACK_UNSUPPORTED);
		packs_done(walk);
		rv_buf_done(&pack);
	}
}

static void takes_no_text_for_an_archive(void **state)
{
	struct pipe pipe = {0};
	struct pack_walk *walk = walk_pipe(RV_STR_LIT("just some text\n"), &pipe, NULL);

	(void)state;
	assert_class(walk->status, RV_CLASS_NOT_FOUND);
	packs_done(walk);
}

/* Who gives the stream says why it ended; what came before is handed over. */
static void ends_where_the_stream_breaks(void **state)
{
	static const char *const filters[] = {"none", "gzip", "zstd"};
	struct rv_buf big;

	(void)state;
	rv_buf_init(&big, 1 << 20);
	for (uint32_t i = 0, seed = 7; i < 600000; i++) {
		seed = seed * 1664525 + 1013904223;
		assert_ok(rv_buf_put_byte(&big, (uint8_t)(seed >> 24)));
	}
	const struct pack_file two[] = {files[0], {"big", rv_buf_view(&big)}};
	for (size_t i = 0; i < RV_LEN(filters); i++) {
		struct rv_buf pack = packs_make("gnutar", filters[i], NULL, two, 2);
		struct pipe pipe = {.breaks = true};
		struct pack_walk *walk = walk_pipe((struct rv_str){pack.data, 500000}, &pipe, NULL);

		assert_ok(walk->status);
		assert_true(packs_has(walk, "a!b/c.env", "word=hunter2\n"));
		assert_int_equal(walk->trouble_count, 0);
		packs_done(walk);
		pipe = (struct pipe){0};
		walk = walk_pipe((struct rv_str){pack.data, 500000}, &pipe, NULL);
		assert_int_equal(walk->trouble_count, 1); /* this one is damaged */
		assert_int_equal(walk->troubles[0].reason, RV_UNPACK_DAMAGED);
		packs_done(walk);
		rv_buf_done(&pack);
	}
	rv_buf_done(&big);
}

static void bounds_what_comes_out_of_it(void **state)
{
	static const char *const filters[] = {"gzip", "bzip2", "xz", "zstd"};
	struct rv_buf zeros;

	(void)state;
	rv_buf_init(&zeros, (size_t)64 << 20);
	memset(rv_buf_reserve(&zeros, (size_t)60 << 20), 0, (size_t)60 << 20);
	zeros.len = (size_t)60 << 20;
	for (size_t i = 0; i < RV_LEN(filters); i++) {
		struct rv_buf pack = packs_one("raw", filters[i], "x", rv_buf_view(&zeros));
		struct pipe pipe = {0};
		struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;

		limits.max_member_bytes = RV_UNPACK_MEMBER_MIN;
		struct pack_walk *walk = walk_pipe(rv_buf_view(&pack), &pipe, &limits);

		assert_ok(walk->status);
		assert_true(packs_has_trouble(walk, RV_UNPACK_LIMIT));
		assert_true(walk->total < ((uint64_t)60 << 20));
		packs_done(walk);
		rv_buf_done(&pack);
	}
	rv_buf_done(&zeros);
}

/* Of a cpio that claims a name of 2.9 GB, or an ar its table of names, only so much is read. */
static void reads_no_name_of_gigabytes(void **state)
{
	static const char *const heads[] = {
		"07070100000001000081a400000000000000000000000165553f10"
		"0000000b00000000000000000000000000000000b000000200000000name",
		"!<arch>\n"
		"//                                              1000000000`\n"};
	size_t all = (size_t)80 << 20;
	uint8_t *bytes = calloc(all, 1);

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < RV_LEN(heads); i++) {
		struct pipe pipe = {.piece = 65536};

		memset(bytes, 0, 4096);
		memcpy(bytes, heads[i], strlen(heads[i]));
		struct pack_walk *walk = walk_pipe((struct rv_str){bytes, all}, &pipe, NULL);
		assert_ok(walk->status);
		assert_true(packs_has_trouble(walk, RV_UNPACK_LIMIT));
		assert_true(pipe.rest.len > all / 2);
		packs_done(walk);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_no_text_for_an_archive),
		cmocka_unit_test(tells_what_is_no_stream),
		cmocka_unit_test(ends_where_the_stream_breaks),
		cmocka_unit_test(bounds_what_comes_out_of_it),
		cmocka_unit_test(reads_no_name_of_gigabytes),
		cmocka_unit_test(gives_what_the_whole_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
