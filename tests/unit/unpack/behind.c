/* tests: what follows the end of a container is read as well, or told. */
#include "tests/support/unit.h"

#include "tests/support/dir.h"
#include "tests/unit/unpack/packs.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* What they begin with does not compress: a container of it does not fit into the least memory. */
#define LARGE ((size_t)100 << 10)

struct form {
	const char *format, *filter;
};

static const struct form forms[] = {
	{"newc", "none"},   {"cpio", "none"}, {"gnutar", "none"}, {"zip", "none"}, {"newc", "gzip"},
	{"gnutar", "gzip"}, {"newc", "xz"},   {"newc", "bzip2"},  {"newc", "lz4"}, {"newc", "lzma"},
	{"raw", "gzip"},    {"raw", "xz"},    {"raw", "bzip2"},	  {"raw", "lz4"},  {"7zip", "none"},
};

static struct rv_buf noise(size_t len)
{
	struct rv_buf out;
	uint32_t word = 1;

	rv_buf_init(&out, len + 100);
	for (size_t i = 0; i < len; i++) {
		word = word * 1664525 + 1013904223;
		assert_ok(rv_buf_put_byte(&out, (uint8_t)(word >> 24)));
	}
	return out;
}

static struct rv_buf make(const struct form *form, size_t len, const char *name, const char *text)
{
	struct rv_buf content = noise(len);
	struct rv_buf out;

	assert_ok(rv_buf_put_str(&content, text));
	out = packs_one(form->format, form->filter, name, rv_buf_view(&content));
	rv_buf_done(&content);
	return out;
}

/* In how many members this text is. */
static size_t count_of(const struct pack_walk *walk, const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < walk->count; i++) {
		const struct rv_buf *bytes = &walk->seen[i].bytes;

		count += walk->seen[i].kind == RV_UNPACK_NONE && bytes->len &&
			 memmem(bytes->data, bytes->len, text, strlen(text));
	}
	return count;
}

static void check(struct pack_walk *walk, const struct form *first, const struct form *second,
		  const char *how)
{
	if (walk->trouble_count || count_of(walk, "word=one\n") != 1 ||
	    count_of(walk, "word=two\n") != 1)
		print_error("%s: %s %s, %s %s: %zu members, %zu troubles: %s\n", how, first->format,
			    first->filter, second->format, second->filter, walk->count,
			    walk->trouble_count, walk->troubles[0].detail);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_int_equal(count_of(walk, "word=one\n"), 1);
	assert_int_equal(count_of(walk, "word=two\n"), 1);
	packs_done(walk);
}

static void check_inside(const struct rv_buf *pack, const char *format, const char *filter,
			 const struct form *first, const struct form *second)
{
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct rv_buf outer = packs_one(format, filter, "in", rv_buf_view(pack));

	check(packs_walk(rv_buf_view(&outer), NULL), first, second, format);
	/* One that must be in memory as a whole is told when it does not fit. */
	if (strcmp(first->format, "7zip") != 0 && strcmp(second->format, "7zip") != 0) {
		limits.max_member_bytes = RV_UNPACK_MEMBER_MIN;
		check(packs_walk(rv_buf_view(&outer), &limits), first, second, "inside, large");
	}
	rv_buf_done(&outer);
}

static void check_file(const struct rv_buf *pack, const struct form *first,
		       const struct form *second)
{
	struct rvt_dir dir;
	char path[RVT_PATH];
	int fd;

	rvt_dir_init(&dir);
	rvt_dir_write(&dir, "pack", pack->data, pack->len, 0600);
	rvt_dir_path(&dir, "pack", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	check(packs_walk_fd(fd, NULL), first, second, "of a file");
	(void)close(fd); /* only read */
	rvt_dir_done(&dir);
}

static void check_pair(const struct form *first, const struct form *second, size_t len,
		       size_t padding)
{
	struct rv_buf pack = make(first, len, "1.env", "word=one\n");
	struct rv_buf more = make(second, len, "2.env", "word=two\n");

	for (size_t i = 0; i < padding; i++)
		assert_ok(rv_buf_put_byte(&pack, 0));
	assert_ok(rv_buf_put(&pack, more.data, more.len));
	check(packs_walk(rv_buf_view(&pack), NULL), first, second, "in memory");
	check_file(&pack, first, second);
	check_inside(&pack, "zip", "none", first, second);
	check_inside(&pack, "gnutar", "gzip", first, second);
	rv_buf_done(&pack);
	rv_buf_done(&more);
}

static void reads_a_container_behind_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		for (size_t k = 0; k < RV_LEN(forms); k++)
			check_pair(&forms[i], &forms[k], 0, (i + k) % 3 * 700);
	}
}

static void reads_a_large_container_behind_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		for (size_t k = i % 3; k < RV_LEN(forms); k += 3)
			check_pair(&forms[i], &forms[k], LARGE, 512);
	}
}

/* The settings of a self-extracting 7z stand before it. */
static void reads_a_container_behind_a_program(void **state)
{
	struct rv_buf program = rvt_file_read("/proc/self/exe");
	struct rv_buf whole;

	(void)state;
	rv_buf_init(&whole, PACKS_MAX);
	assert_ok(rv_buf_put(&whole, program.data, program.len));
	struct pack_walk *walk = packs_walk(rv_buf_view(&whole), NULL);
	assert_class(walk->status, RV_CLASS_NOT_FOUND);
	packs_done(walk);
	assert_ok(rv_buf_put_str(&whole, ";!@Install@!UTF-8!\nRunProgram=\"x\"\n"));
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		size_t len = whole.len;
		struct rv_buf pack = make(&forms[i], 0, "1.env", "word=one\n");

		whole.len = strcmp(forms[i].format, "7zip") == 0 ? len : program.len;
		assert_ok(rv_buf_put(&whole, pack.data, pack.len));
		assert_int_equal(rv_unpack_kind(rv_buf_view(&whole)),
				 strcmp(forms[i].format, "zip") == 0 ? RV_UNPACK_ZIP
								     : RV_UNPACK_PROGRAM);
		walk = packs_walk(rv_buf_view(&whole), NULL);
		assert_ok(walk->status);
		assert_int_equal(walk->trouble_count, 0);
		assert_int_equal(count_of(walk, "word=one\n"), 1);
		packs_done(walk);
		whole.len = len;
		rv_buf_done(&pack);
	}
	rv_buf_done(&whole);
	rv_buf_done(&program);
}

/* What says that it is longer than it is, or has no tables. */
static void takes_no_hostile_program_for_one(void **state)
{
	struct rv_buf program = rvt_file_read("/proc/self/exe");
	struct rv_buf pack = make(&forms[4], 0, "1.env", "word=one\n");

	(void)state;
	for (size_t at = 16; at < 64; at++) {
		struct rv_buf whole;

		rv_buf_init(&whole, PACKS_MAX);
		assert_ok(rv_buf_put(&whole, program.data, program.len));
		assert_ok(rv_buf_put(&whole, pack.data, pack.len));
		whole.data[at] = 0xff;
		packs_done(packs_walk(rv_buf_view(&whole), NULL));
		rv_buf_done(&whole);
	}
	for (size_t len = 0; len < 80; len++)
		packs_done(packs_walk((struct rv_str){program.data, len}, NULL));
	rv_buf_done(&pack);
	rv_buf_done(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_container_behind_another),
		cmocka_unit_test(reads_a_container_behind_a_program),
		cmocka_unit_test(takes_no_hostile_program_for_one),
		cmocka_unit_test(reads_a_large_container_behind_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
