#include "tests/support/unit.h"

#include "tests/support/dir.h"
#include "tests/unit/unpack/packs.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <lzma.h>
#include <stdio.h>

static const struct pack_file two_files[] = {{"b/c.env", RV_STR_LIT("word=hunter2\n")},
					     {"d.txt", RV_STR_LIT("plain\n")}};

static struct rv_buf zeros(size_t len)
{
	struct rv_buf out;
	uint8_t *room;

	rv_buf_init(&out, len + 1);
	room = rv_buf_reserve(&out, len);
	assert_non_null(room);
	memset(room, 0, len);
	out.len = len;
	return out;
}

static void leaves_a_container_that_expands_too_much(void **state)
{
	static const char *const forms[][2] = {{"zip", "none"},
					       {"gnutar", "gzip"},
					       {"raw", "bzip2"},
					       {"raw", "xz"},
					       {"7zip", "none"}};
	struct rv_buf nothing = zeros((size_t)80 << 20);

	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		struct rv_buf pack =
			packs_one(forms[i][0], forms[i][1], "zeros", rv_buf_view(&nothing));
		struct pack_walk *walk = packs_walk(rv_buf_view(&pack), NULL);

		assert_ok(walk->status);
		assert_true(packs_has_trouble(walk, RV_UNPACK_LIMIT));
		assert_true(walk->total < nothing.len);
		packs_done(walk);
		rv_buf_done(&pack);
	}
	rv_buf_done(&nothing);
}

static void reads_less_of_a_gzip_file_whose_end_says_that_it_expands_too_much(void **state)
{
	static const uint64_t most[] = {RV_UNPACK_RATIO_TOLD, RV_UNPACK_RATIO_FROM};
	struct rv_buf nothing = zeros((size_t)80 << 20);
	struct rv_buf pack = packs_one("raw", "gzip", "zeros", rv_buf_view(&nothing));
	struct rv_buf more = packs_one("raw", "gzip", "more", RV_STR_LIT("a member more\n"));

	(void)state;
	for (size_t i = 0; i < RV_LEN(most); i++) {
		struct pack_walk *walk = packs_walk(rv_buf_view(&pack), NULL);

		assert_ok(walk->status);
		assert_true(packs_has_trouble(walk, RV_UNPACK_LIMIT));
		assert_in_range(walk->total, most[i] - (1U << 20), most[i] + (1U << 20));
		packs_done(walk);
		/* By the end of this one it is 14 bytes long. */
		assert_ok(rv_buf_put(&pack, more.data, more.len));
	}
	rv_buf_done(&more);
	rv_buf_done(&pack);
	rv_buf_done(&nothing);
}

/* Text of which gzip saves a little: its end may say anything. */
static void reads_a_gzip_file_to_its_end_whatever_other_bytes_follow_it(void **state)
{
	struct rv_buf text = zeros((size_t)6 << 20);
	uint32_t word = 1;

	(void)state;
	for (size_t i = 0; i < text.len; i++) {
		word = word * 1664525 + 1013904223;
		text.data[i] = (uint8_t)('a' + (word >> 28));
	}
	struct rv_buf pack = packs_one("raw", "gzip", "text", rv_buf_view(&text));
	assert_ok(rv_buf_put(&pack, "\xff\xff\xff\xff", 4));
	struct pack_walk *walk = packs_walk(rv_buf_view(&pack), NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->total, text.len);
	packs_done(walk);
	rv_buf_done(&pack);
	rv_buf_done(&text);
}

/* Each archive within its ratio, or left: together a thousand times the file. */
static void stops_where_archives_in_archives_expand_too_much(void **state)
{
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct rv_buf inner = zeros((size_t)40 << 20);
	struct pack_walk *walk;

	(void)state;
	for (int level = 0; level < 3; level++) {
		struct pack_file files[16];
		struct rv_buf outer;

		for (size_t i = 0; i < RV_LEN(files); i++)
			files[i] = (struct pack_file){"x", rv_buf_view(&inner)};
		outer = packs_make("zip", "none", NULL, files, level ? RV_LEN(files) : 1);
		rv_buf_done(&inner);
		inner = outer;
	}
	limits.max_member_bytes = (size_t)8 << 20;
	walk = packs_new();
	walk->keeps_nothing = true;
	packs_walk_into(walk, &(struct rv_unpack_source){.bytes = rv_buf_view(&inner), .fd = -1},
			&limits);
	assert_ok(walk->status);
	assert_true(packs_has_trouble(walk, RV_UNPACK_LIMIT));
	assert_true(walk->total < (uint64_t)320 << 20);
	packs_done(walk);
	rv_buf_done(&inner);
}

/* One zip of many copies of a zip of many copies ..: a small file that would be endless. */
static void stops_at_the_limits_of_the_whole_source(void **state)
{
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct rv_buf inner = zeros(100000);
	struct pack_walk *walk;

	(void)state;
	for (int level = 0; level < 5; level++) {
		struct pack_file files[10];
		struct rv_buf outer;

		for (size_t i = 0; i < RV_LEN(files); i++)
			files[i] = (struct pack_file){"x", rv_buf_view(&inner)};
		outer = packs_make("zip", "none", NULL, files, RV_LEN(files));
		rv_buf_done(&inner);
		inner = outer;
	}
	limits.max_total_bytes = (uint64_t)5 << 20;
	walk = packs_new();
	walk->keeps_nothing = true;
	packs_walk_into(walk, &(struct rv_unpack_source){.bytes = rv_buf_view(&inner), .fd = -1},
			&limits);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 1);
	assert_int_equal(walk->troubles[0].reason, RV_UNPACK_LIMIT);
	assert_true(walk->total < limits.max_total_bytes + 200000);
	packs_done(walk);

	limits = RV_UNPACK_LIMITS_DEFAULT;
	limits.max_members = 1000;
	walk = packs_new();
	walk->keeps_nothing = true;
	packs_walk_into(walk, &(struct rv_unpack_source){.bytes = rv_buf_view(&inner), .fd = -1},
			&limits);
	assert_true(walk->count <= 1000);
	assert_int_equal(walk->trouble_count, 1);
	assert_string_equal(walk->troubles[0].detail, "more members than the limit for one source");
	packs_done(walk);

	walk = packs_new();
	walk->keeps_nothing = true;
	walk->over_after = 50;
	packs_walk_into(walk, &(struct rv_unpack_source){.bytes = rv_buf_view(&inner), .fd = -1},
			NULL);
	assert_int_equal(walk->trouble_count, 1);
	assert_int_equal(walk->troubles[0].reason, RV_UNPACK_OVER); /* no limit of the archive */
	assert_true(walk->count < 60);
	packs_done(walk);
	rv_buf_done(&inner);
}

static void stops_at_the_depth_of_what_is_packed_in_itself(void **state)
{
	struct rv_buf inner = packs_one("raw", "gzip", "data", RV_STR_LIT("word=hunter2\n"));
	struct pack_walk *walk;

	(void)state;
	for (int level = 0; level < 30; level++) {
		struct rv_buf outer = packs_one("raw", "gzip", "data", rv_buf_view(&inner));

		rv_buf_done(&inner);
		inner = outer;
	}
	walk = packs_walk(rv_buf_view(&inner), NULL);
	assert_int_equal(walk->count, 5);
	assert_int_equal(walk->trouble_count, 1);
	assert_int_equal(walk->troubles[0].reason, RV_UNPACK_LIMIT);
	packs_done(walk);
	rv_buf_done(&inner);
}

/* Each prefix: no crash, and no file silently lost. */
static void tells_what_a_cut_archive_lost(void **state)
{
	static const char *const forms[][2] = {
		{"zip", "none"},    {"7zip", "none"},	{"newc", "none"},    {"gnutar", "gzip"},
		{"pax", "xz"},	    {"gnutar", "zstd"}, {"gnutar", "bzip2"}, {"newc", "lz4"},
		{"gnutar", "none"}, {"ar", "none"}};

	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		/* A tar or ar may simply end after a member. */
		bool may_end =
			strcmp(forms[i][1], "none") == 0 &&
			(strcmp(forms[i][0], "gnutar") == 0 || strcmp(forms[i][0], "ar") == 0);
		struct rv_buf pack =
			strcmp(forms[i][0], "ar") == 0
				? packs_one("ar", "none", "c.env", RV_STR_LIT("word=x\n"))
				: packs_make(forms[i][0], forms[i][1], NULL, two_files, 2);

		for (size_t len = 0; len < pack.len; len += 1 + pack.len / 150) {
			uint8_t *copy = malloc(len ? len : 1);
			struct pack_walk *walk;

			assert_non_null(copy);
			if (len)
				memcpy(copy, pack.data, len);
			walk = packs_walk((struct rv_str){copy, len}, NULL);
			if (rv_is_ok(walk->status) && !may_end &&
			    !(packs_has(walk, "a!b/c.env", "word=hunter2\n") &&
			      packs_has(walk, "a!d.txt", "plain\n")) &&
			    !walk->trouble_count)
				fail_msg("%s %s cut to %zu of %zu: nothing told", forms[i][0],
					 forms[i][1], len, pack.len);
			packs_done(walk);
			free(copy);
		}
		rv_buf_done(&pack);
	}
}

/* Each byte turned over: no crash. */
static void survives_every_damaged_byte(void **state)
{
	static const char *const forms[][2] = {{"zip", "none"},	 {"7zip", "none"},
					       {"newc", "none"}, {"gnutar", "gzip"},
					       {"pax", "xz"},	 {"gnutar", "zstd"}};

	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		struct rv_buf pack = packs_make(forms[i][0], forms[i][1], NULL, two_files, 2);

		for (size_t at = 0; at < pack.len; at += 1 + pack.len / 200) {
			struct pack_walk *walk;

			pack.data[at] ^= 0xff;
			walk = packs_walk(rv_buf_view(&pack), NULL);
			pack.data[at] ^= 0xff;
			packs_done(walk);
		}
		rv_buf_done(&pack);
	}
}

static void tells_encrypted_members(void **state)
{
	static const char *const ways[] = {"zip:encryption=aes256", "zip:encryption=traditional"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(ways); i++) {
		struct rv_buf pack = packs_make("zip", "none", ways[i], two_files, 2);
		struct pack_walk *walk = packs_walk(rv_buf_view(&pack), NULL);

		assert_ok(walk->status);
		assert_int_equal(walk->count, 0);
		assert_int_equal(walk->trouble_count, 2);
		assert_int_equal(walk->troubles[0].reason, RV_UNPACK_ENCRYPTED);
		assert_string_equal(walk->troubles[0].path, "a!b/c.env");
		packs_done(walk);
		rv_buf_done(&pack);
	}
}

static void reads_a_zip_past_a_damaged_member(void **state)
{
	struct rv_buf long_text = zeros(20000);
	struct pack_file files[] = {{"bad", rv_buf_view(&long_text)}, two_files[1]};
	uint32_t seed = 7;
	struct rv_buf pack;
	struct pack_walk *walk;

	(void)state;
	for (size_t i = 0; i < long_text.len; i++) {
		seed = seed * 1664525 + 1013904223;
		long_text.data[i] = (uint8_t)('a' + (seed >> 28));
	}
	pack = packs_make("zip", "none", NULL, files, 2);
	memset(pack.data + 2000, 0xff, 40);
	walk = packs_walk(rv_buf_view(&pack), NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 1);
	assert_int_equal(walk->troubles[0].reason, RV_UNPACK_DAMAGED);
	assert_string_equal(walk->troubles[0].path, "a!bad");
	/* What came before the damage, and what comes after the member. */
	assert_true(walk->seen[0].bytes.len > 1000);
	assert_memory_equal(walk->seen[0].bytes.data, long_text.data, 1000);
	assert_true(packs_has(walk, "a!d.txt", "plain\n"));
	packs_done(walk);
	rv_buf_done(&pack);
	rv_buf_done(&long_text);
}

static void tells_methods_it_has_not(void **state)
{
	struct rv_buf pack = packs_one("zip", "none", "x", RV_STR_LIT("word=hunter2\n"));
	uint8_t *central = memmem(pack.data, pack.len, "PK\1\2", 4);
	struct pack_walk *walk;

	(void)state;
	assert_non_null(central);
	pack.data[8] = 97; /* in the member's own header */
	central[10] = 97;
	walk = packs_walk(rv_buf_view(&pack), NULL);
	assert_ok(walk->status);
	assert_true(packs_has_trouble(walk, RV_UNPACK_UNSUPPORTED));
	packs_done(walk);
	rv_buf_done(&pack);
}

static void refuses_xz_that_asks_for_too_much_memory(void **state)
{
	struct rv_buf pack = packs_one("raw", "xz", "x", RV_STR_LIT("word=hunter2\n"));
	size_t header = ((size_t)pack.data[12] + 1) * 4; /* of the first block */
	uint32_t crc;
	struct pack_walk *walk;

	(void)state;
	assert_int_equal(pack.data[14], 0x21); /* LZMA2 */
	pack.data[16] = 32;		       /* a dictionary of 256 MiB */
	crc = lzma_crc32(pack.data + 12, header - 4, 0);
	for (size_t i = 0; i < 4; i++)
		pack.data[12 + header - 4 + i] = (uint8_t)(crc >> (8 * i));
	walk = packs_walk(rv_buf_view(&pack), NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->count, 0);
	assert_int_equal(walk->trouble_count, 1);
	assert_int_equal(walk->troubles[0].reason, RV_UNPACK_LIMIT);
	packs_done(walk);
	rv_buf_done(&pack);
}

/* A ustar header made by hand. */
static void tar_header(uint8_t block[512], const char *name, const char *size, char type)
{
	unsigned sum = 8 * ' ';

	memset(block, 0, 512);
	memcpy(block, name, strlen(name));
	memcpy(block + 100, "0000644", 8);
	memcpy(block + 108, "0000000", 8);
	memcpy(block + 116, "0000000", 8);
	memcpy(block + 124, size, 12);
	memcpy(block + 136, "00000000000", 12);
	block[156] = (uint8_t)type;
	memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < 512; i++)
		sum += i < 148 || i > 155 ? block[i] : 0;
	(void)snprintf((char *)block + 148, 8, "%06o", sum & 0777777);
}

static void survives_a_tar_with_absurd_sizes(void **state)
{
	static const char *const sizes[] = {"77777777777",
					    "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
					    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
	uint8_t tar[1024];

	(void)state;
	for (size_t i = 0; i < RV_LEN(sizes); i++) {
		struct pack_walk *walk;

		memset(tar, 'x', sizeof(tar));
		tar_header(tar, "huge", sizes[i], '0');
		walk = packs_walk((struct rv_str){tar, sizeof(tar)}, NULL);
		assert_ok(walk->status);
		assert_true(walk->trouble_count > 0);
		packs_done(walk);
	}
}

static void add_entry(struct archive *writer, const char *name, unsigned type, const char *link)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0777);
	if (link && type == AE_IFLNK)
		archive_entry_set_symlink(entry, link);
	else if (link)
		archive_entry_set_hardlink(entry, link);
	archive_entry_set_size(entry, type == AE_IFREG && !link ? 2 : 0);
	assert_in_range(archive_write_header(writer, entry) + 100, 80, 100);
	if (type == AE_IFREG && !link)
		assert_int_equal(archive_write_data(writer, "ok", 2), 2);
	archive_entry_free(entry);
}

static void hands_hostile_names_over_and_passes_over_links_and_devices(void **state)
{
	static const char *const names[] = {"../../../../tmp/escape",
					    "/etc/passwd",
					    "new\nline",
					    "a!b",
					    "\x1b[31mred",
					    ".",
					    "-rf"};
	struct archive *writer = archive_write_new();
	char path[64];
	struct rv_buf out;
	struct pack_walk *walk;

	(void)state;
	rv_buf_init(&out, 1 << 20);
	assert_non_null(rv_buf_reserve(&out, 1 << 18));
	assert_int_equal(archive_write_set_format_pax_restricted(writer), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(writer, out.data, out.cap, &out.len),
			 ARCHIVE_OK);
	for (size_t i = 0; i < RV_LEN(names); i++)
		add_entry(writer, names[i], AE_IFREG, NULL);
	add_entry(writer, "dev", AE_IFCHR, NULL);
	add_entry(writer, "block", AE_IFBLK, NULL);
	add_entry(writer, "pipe", AE_IFIFO, NULL);
	add_entry(writer, "dir/", AE_IFDIR, NULL);
	add_entry(writer, "soft", AE_IFLNK, "/etc/shadow");
	add_entry(writer, "hard", AE_IFREG, "/etc/shadow");
	assert_int_equal(archive_write_close(writer), ARCHIVE_OK);
	(void)archive_write_free(writer); /* closed */
	walk = packs_walk(rv_buf_view(&out), NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->count, RV_LEN(names));
	for (size_t i = 0; i < RV_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "a!%s", names[i]);
		assert_true(packs_has(walk, path, "ok"));
	}
	assert_false(rvt_file_exists("/tmp/escape"));
	packs_done(walk);
	rv_buf_done(&out);
}

static void cuts_names_that_are_too_long(void **state)
{
	static char name[20000];
	struct rv_buf pack;
	struct pack_walk *walk;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	pack = packs_one("pax", "none", name, RV_STR_LIT("word=hunter2\n"));
	walk = packs_walk(rv_buf_view(&pack), NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->count, 1);
	assert_int_equal(walk->seen[0].bytes.len, 13);
	packs_done(walk);
	rv_buf_done(&pack);
}

/* A file of holes: what stands between them is read, the holes are not made. */
static void passes_over_the_holes_of_sparse_files(void **state)
{
	const la_int64_t length = (la_int64_t)64 << 20;
	struct rv_buf nothing = zeros((size_t)1 << 20);
	struct archive *writer = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct rv_buf out;
	struct pack_walk *walk;

	(void)state;
	memcpy(nothing.data + nothing.len - 16, "word=hunter2  \n", 16);
	rv_buf_init(&out, 1 << 20);
	assert_non_null(rv_buf_reserve(&out, 1 << 18));
	assert_int_equal(archive_write_set_format_pax(writer), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(writer, out.data, out.cap, &out.len),
			 ARCHIVE_OK);
	archive_entry_set_pathname(entry, "sparse");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, length);
	archive_entry_sparse_add_entry(entry, length - 16, 16);
	assert_int_equal(archive_write_header(writer, entry), ARCHIVE_OK);
	for (la_int64_t at = 0; at < length; at += (la_int64_t)nothing.len)
		assert_true(archive_write_data(writer, nothing.data, nothing.len) > 0);
	archive_entry_free(entry);
	assert_int_equal(archive_write_close(writer), ARCHIVE_OK);
	(void)archive_write_free(writer); /* closed */
	assert_true(out.len < 20000);
	walk = packs_walk(rv_buf_view(&out), NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(walk->count, 1);
	assert_true(walk->total < 10000);
	assert_memory_equal(walk->seen[0].bytes.data + walk->seen[0].bytes.len - 16,
			    "word=hunter2  \n", 16);
	packs_done(walk);
	rv_buf_done(&out);
	rv_buf_done(&nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_a_container_that_expands_too_much),
		cmocka_unit_test(reads_a_gzip_file_to_its_end_whatever_other_bytes_follow_it),
		cmocka_unit_test(reads_less_of_a_gzip_file_whose_end_says_that_it_expands_too_much),
		cmocka_unit_test(stops_at_the_limits_of_the_whole_source),
		cmocka_unit_test(stops_where_archives_in_archives_expand_too_much),
		cmocka_unit_test(stops_at_the_depth_of_what_is_packed_in_itself),
		cmocka_unit_test(tells_what_a_cut_archive_lost),
		cmocka_unit_test(survives_every_damaged_byte),
		cmocka_unit_test(tells_encrypted_members),
		cmocka_unit_test(reads_a_zip_past_a_damaged_member),
		cmocka_unit_test(tells_methods_it_has_not),
		cmocka_unit_test(refuses_xz_that_asks_for_too_much_memory),
		cmocka_unit_test(survives_a_tar_with_absurd_sizes),
		cmocka_unit_test(hands_hostile_names_over_and_passes_over_links_and_devices),
		cmocka_unit_test(cuts_names_that_are_too_long),
		cmocka_unit_test(passes_over_the_holes_of_sparse_files),
	};

	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* where there is none, names are ASCII here anyway */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
