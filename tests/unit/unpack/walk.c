#include "tests/support/unit.h"

#include "tests/support/dir.h"
#include "tests/unit/unpack/packs.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

static const struct pack_file two_files[] = {{"b/c.env", RV_STR_LIT("word=hunter2\n")},
					     {"d.txt", RV_STR_LIT("plain\n")}};

static void takes_no_other_file_for_an_archive(void **state)
{
	struct pack_walk *walk =
		packs_walk(RV_STR_LIT("just some text, longer than a header\n"), NULL);

	(void)state;
	assert_class(walk->status, RV_CLASS_NOT_FOUND);
	packs_done(walk);
	walk = packs_walk(RV_STR_NONE, NULL);
	assert_class(walk->status, RV_CLASS_NOT_FOUND);
	packs_done(walk);
}

static void check_two_files(struct rv_str bytes, const char *what)
{
	struct pack_walk *walk = packs_walk(bytes, NULL);

	if (walk->count != 2 || walk->trouble_count)
		print_error("%s: %zu members, %zu troubles: %s\n", what, walk->count,
			    walk->trouble_count, walk->troubles[0].detail);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->count, 2);
	assert_true(packs_has(walk, "a!b/c.env", "word=hunter2\n"));
	assert_true(packs_has(walk, "a!d.txt", "plain\n"));
	assert_int_equal(walk->seen[0].mtime_s / 2, 1700000000 / 2); /* zip counts by two */
	assert_int_equal(walk->seen[0].depth, 1);
	packs_done(walk);
}

static void reads_members_of_every_archive(void **state)
{
	static const char *const formats[] = {"zip",   "gnutar", "pax",	 "ustar",
					      "v7tar", "cpio",	 "newc", "7zip"};
	static const char *const filters[] = {"none", "gzip", "bzip2", "xz",
					      "zstd", "lz4",  "lzma",  "compress"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(formats); i++) {
		/* Only streams are compressed as a whole. */
		size_t count = strcmp(formats[i], "zip") && strcmp(formats[i], "7zip") ? 8 : 1;

		for (size_t k = 0; k < count; k++) {
			struct rv_buf pack = packs_make(formats[i], filters[k], NULL, two_files, 2);

			check_two_files(rv_buf_view(&pack), formats[i]);
			rv_buf_done(&pack);
		}
	}
}

static void reads_a_disk_image(void **state)
{
	struct rv_buf pack = packs_make("iso9660", "none", NULL, two_files, 2);
	struct pack_walk *walk = packs_walk(rv_buf_view(&pack), NULL);

	(void)state;
	assert_ok(walk->status);
	assert_true(packs_has(walk, "a!b/c.env", "word=hunter2\n"));
	packs_done(walk);
	rv_buf_done(&pack);
}

static void reads_what_is_compressed_alone(void **state)
{
	static const char *const filters[] = {"gzip", "bzip2", "xz", "zstd", "lz4"};
	static const char *const names[] = {"x/log.gz", "log.bz2", "y!log.xz", "log.zst",
					    "log.lz4"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(filters); i++) {
		struct rv_buf pack =
			packs_one("raw", filters[i], "data", RV_STR_LIT("word=hunter2\n"));
		struct rv_unpack_source source = {
			.bytes = rv_buf_view(&pack), .fd = -1, .name = rv_str_of(names[i])};
		struct pack_walk *walk = packs_new();
		char path[64];

		packs_walk_into(walk, &source, NULL);
		(void)snprintf(path, sizeof(path), "%s!log", names[i]);
		assert_ok(walk->status);
		assert_int_equal(walk->trouble_count, 0);
		assert_int_equal(walk->count, 1);
		assert_true(packs_has(walk, path, "word=hunter2\n"));
		packs_done(walk);
		source.name = RV_STR_NONE;
		walk = packs_new();
		packs_walk_into(walk, &source, NULL);
		assert_true(packs_has(walk, "data", "word=hunter2\n"));
		packs_done(walk);
		rv_buf_done(&pack);
	}
}

static void reads_nothing_compressed_as_an_empty_archive(void **state)
{
	static const uint8_t empty[20] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3};
	struct pack_walk *walk = packs_walk((struct rv_str){empty, sizeof(empty)}, NULL);

	(void)state;
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	packs_done(walk);
}

/* What is nested five deep, the outermost last. */
static struct rv_buf nest(void)
{
	static const char *const forms[][3] = {{"zip", "none", "1.zip"},
					       {"gnutar", "gzip", "2.tgz"},
					       {"newc", "xz", "3.cpio.xz"},
					       {"ar", "none", "4.ar"},
					       {"pax", "zstd", "5.tar.zst"}};
	struct rv_buf inner = packs_one("zip", "none", "deep.env", RV_STR_LIT("word=hunter2\n"));

	for (size_t i = 1; i < RV_LEN(forms); i++) {
		struct rv_buf outer =
			packs_one(forms[i][0], forms[i][1], forms[i - 1][2], rv_buf_view(&inner));

		rv_buf_done(&inner);
		inner = outer;
	}
	return inner;
}

static void descends_to_the_depth_it_is_given(void **state)
{
	struct rv_buf pack = nest();
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct pack_walk *walk = packs_walk(rv_buf_view(&pack), NULL);

	(void)state;
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->count, 5);
	assert_true(packs_has(walk, "a!4.ar!3.cpio.xz!2.tgz!1.zip!deep.env", "word=hunter2\n"));
	assert_int_equal(walk->seen[4].depth, 5);
	assert_int_equal(walk->seen[0].kind, RV_UNPACK_AR);
	packs_done(walk);
	limits.depth = 4;
	walk = packs_walk(rv_buf_view(&pack), &limits);
	assert_int_equal(walk->count, 4);
	assert_int_equal(walk->trouble_count, 1);
	assert_int_equal(walk->troubles[0].reason, RV_UNPACK_LIMIT);
	assert_string_equal(walk->troubles[0].path, "a!4.ar!3.cpio.xz!2.tgz!1.zip");
	packs_done(walk);
	rv_buf_done(&pack);
}

/* Text that says where it is. */
static struct rv_buf long_text(size_t len)
{
	struct rv_buf text;
	uint32_t seed = 7;

	rv_buf_init(&text, len + 64);
	while (text.len < len) {
		seed = seed * 1664525 + 1013904223;
		assert_ok(rv_buf_printf(&text, "%zu:%08x\n", text.len, seed));
	}
	return text;
}

static void hands_a_large_member_over_in_windows(void **state)
{
	static const char *const formats[] = {"zip", "gnutar", "7zip"};
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct rv_buf text = long_text(1000000);

	(void)state;
	limits.max_member_bytes = 100000;
	for (size_t i = 0; i < RV_LEN(formats); i++) {
		struct rv_buf pack = packs_one(formats[i], "none", "big.log", rv_buf_view(&text));
		struct pack_walk *walk = packs_walk(rv_buf_view(&pack), &limits);

		assert_ok(walk->status);
		assert_int_equal(walk->trouble_count, 0); /* all of it was handed over */
		assert_int_equal(walk->count, 1);
		assert_true(walk->seen[0].is_whole);
		assert_true(walk->seen[0].windows > 9);
		assert_int_equal(walk->seen[0].bytes.len, text.len);
		assert_memory_equal(walk->seen[0].bytes.data, text.data, text.len);
		/* Every window but the first begins with the end of the one before. */
		assert_int_equal(walk->total,
				 text.len + (walk->seen[0].windows - 1) * RV_UNPACK_OVERLAP);
		packs_done(walk);
		rv_buf_done(&pack);
	}
	rv_buf_done(&text);
}

/* Its bytes are searched, what they hold packed is not. */
static void tells_of_a_large_member_that_is_no_text_but_is_not_entered(void **state)
{
	static const char *const begins[] = {"7z\xbc\xaf\x27\x1c", "SQLite format 3", ""};
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;

	(void)state;
	limits.max_member_bytes = 100000;
	for (size_t i = 0; i < RV_LEN(begins); i++) {
		struct rv_buf text = long_text(300000);
		size_t len = strlen(begins[i]);

		memcpy(text.data, begins[i], len);
		text.data[15] = '\0';
		struct rv_buf pack = packs_one("gnutar", "none", "big.bin", rv_buf_view(&text));
		struct pack_walk *walk = packs_walk(rv_buf_view(&pack), &limits);

		assert_ok(walk->status);
		assert_int_equal(walk->seen[0].bytes.len, text.len);
		assert_int_equal(walk->trouble_count, len > 0);
		if (len > 0) {
			assert_int_equal(walk->troubles[0].reason, RV_UNPACK_TOO_LARGE);
			assert_string_equal(walk->troubles[0].path, "a!big.bin");
		}
		packs_done(walk);
		rv_buf_done(&pack);
		rv_buf_done(&text);
	}
}

static void streams_a_container_too_large_for_memory(void **state)
{
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct rv_buf text = long_text(90000);
	struct pack_file files[12];
	static const char *const filters[] = {"none", "gzip", "xz"};

	(void)state;
	limits.max_member_bytes = 100000;
	for (size_t i = 0; i < RV_LEN(files); i++)
		files[i] = (struct pack_file){i == 11 ? "last" : "one", rv_buf_view(&text)};
	for (size_t i = 0; i < RV_LEN(filters); i++) {
		struct rv_buf layer = packs_make("gnutar", filters[i], NULL, files, RV_LEN(files));
		struct pack_file outer[] = {{"layer.tar", rv_buf_view(&layer)},
					    {"manifest.json", RV_STR_LIT("[]")}};
		struct rv_buf image = packs_make("gnutar", "none", NULL, outer, 2);
		struct pack_walk *walk = packs_walk(rv_buf_view(&image), &limits);

		assert_ok(walk->status);
		assert_int_equal(walk->trouble_count, 0);
		assert_int_not_equal(packs_find(walk, "a!layer.tar!last"), SIZE_MAX);
		assert_true(packs_has(walk, "a!manifest.json", "[]"));
		packs_done(walk);
		rv_buf_done(&layer);
		rv_buf_done(&image);
	}
	rv_buf_done(&text);
}

static void reads_files_by_their_descriptor(void **state)
{
	static const char *const forms[][2] = {
		{"zip", "none"}, {"7zip", "none"}, {"gnutar", "xz"}, {"pax", "gzip"}};
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		struct rv_buf pack = packs_make(forms[i][0], forms[i][1], NULL, two_files, 2);
		char path[RVT_PATH];
		struct pack_walk *walk;
		int fd;

		rvt_dir_write(&dir, "pack", pack.data, pack.len, 0600);
		rvt_dir_path(&dir, "pack", path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
		walk = packs_walk_fd(fd, NULL);
		assert_ok(walk->status);
		assert_int_equal(walk->count, 2);
		assert_true(packs_has(walk, "a!b/c.env", "word=hunter2\n"));
		packs_done(walk);
		close(fd);
		rv_buf_done(&pack);
	}
	rvt_dir_done(&dir);
}

static void finds_a_zip_behind_a_script(void **state)
{
	struct rv_buf pack = packs_make("zip", "none", NULL, two_files, 2);
	struct rv_buf whole;
	struct pack_walk *walk;

	(void)state;
	rv_buf_init(&whole, PACKS_MAX);
	assert_ok(rv_buf_put_str(&whole, "#!/bin/sh\nexec java -jar \"$0\"\n"));
	assert_ok(rv_buf_put(&whole, pack.data, pack.len));
	walk = packs_walk(rv_buf_view(&whole), NULL);
	assert_ok(walk->status);
	assert_true(packs_has(walk, "a!b/c.env", "word=hunter2\n"));
	packs_done(walk);
	rv_buf_done(&whole);
	rv_buf_done(&pack);
}

static void knows_the_time_of_a_zip_without_its_extra_fields(void **state)
{
	struct rv_buf pack = packs_make("zip", "none", NULL, two_files, 1);
	uint8_t *central = memmem(pack.data, pack.len, "PK\1\2", 4);
	uint8_t *extra;
	struct pack_walk *walk;

	(void)state;
	assert_non_null(central);
	extra = memmem(central, pack.len - (size_t)(central - pack.data), "UT", 2);
	assert_non_null(extra);
	extra[0] = 'x';
	/* 2023-11-14 22:13:20 */
	memcpy(central + 12, "\xaa\xb1\x6e\x57", 4);
	walk = packs_walk(rv_buf_view(&pack), NULL);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->seen[0].mtime_s, 1700000000);
	packs_done(walk);
	rv_buf_done(&pack);
}

static void stops_when_told_to(void **state)
{
	struct rv_buf pack = packs_make("zip", "none", NULL, two_files, 2);
	struct rv_unpack_source source = {.bytes = rv_buf_view(&pack), .fd = -1};
	struct pack_walk *walk = packs_new();

	(void)state;
	walk->stop_after = 1;
	packs_walk_into(walk, &source, NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->count, 1);
	assert_int_equal(walk->trouble_count, 0);
	packs_done(walk);
	rv_buf_done(&pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_no_other_file_for_an_archive),
		cmocka_unit_test(reads_members_of_every_archive),
		cmocka_unit_test(reads_a_disk_image),
		cmocka_unit_test(reads_what_is_compressed_alone),
		cmocka_unit_test(reads_nothing_compressed_as_an_empty_archive),
		cmocka_unit_test(descends_to_the_depth_it_is_given),
		cmocka_unit_test(hands_a_large_member_over_in_windows),
		cmocka_unit_test(tells_of_a_large_member_that_is_no_text_but_is_not_entered),
		cmocka_unit_test(streams_a_container_too_large_for_memory),
		cmocka_unit_test(reads_files_by_their_descriptor),
		cmocka_unit_test(finds_a_zip_behind_a_script),
		cmocka_unit_test(knows_the_time_of_a_zip_without_its_extra_fields),
		cmocka_unit_test(stops_when_told_to),
	};

	if (setenv("TZ", "UTC0", 1) != 0)
		return 1;
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* where there is none, names are ASCII here anyway */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
