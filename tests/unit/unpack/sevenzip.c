/* tests: what a 7z file may ask for before libarchive is asked. Directories are written here by
 * hand: the archives themselves would be valid. */
#include "tests/support/unit.h"

#include "agent/unpack/sevenzip.h"
#include "tests/unit/unpack/packs.h"

#include <stdio.h>

static void put(struct rv_buf *out, const void *bytes, size_t len)
{
	assert_ok(rv_buf_put(out, bytes, len));
}

#define PUT(out, ...) \
	put(out, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* In the longest form. */
static void put_number(struct rv_buf *out, uint64_t number)
{
	PUT(out, 0xff);
	assert_ok(rv_buf_put_u64(out, number));
}

/* A file whose directory this is, with checksums that are right. */
static struct rv_buf file_of(const struct rv_buf *header)
{
	struct rv_buf out, start;

	rv_buf_init(&out, 1 << 20);
	rv_buf_init(&start, 64);
	assert_ok(rv_buf_put_u64(&start, 0));
	assert_ok(rv_buf_put_u64(&start, header->len));
	assert_ok(rv_buf_put_u32(&start, (uint32_t)crc32(0, header->data, (uInt)header->len)));
	put(&out, "7z\xbc\xaf\x27\x1c\0\4", 8);
	assert_ok(rv_buf_put_u32(&out, (uint32_t)crc32(0, start.data, (uInt)start.len)));
	put(&out, start.data, start.len);
	put(&out, header->data, header->len);
	rv_buf_done(&start);
	return out;
}

static bool is_bounded(struct rv_str bytes, struct rv_flow *flow)
{
	rv_flow_memory(flow, bytes);
	return rv_7z_is_bounded(flow);
}

static void refuse(struct rv_buf *header, enum rv_unpack_reason reason, const char *what)
{
	struct rv_buf file = file_of(header);
	struct rv_flow flow;
	struct pack_walk *walk = packs_walk(rv_buf_view(&file), NULL);

	if (is_bounded(rv_buf_view(&file), &flow) || flow.reason != reason)
		fail_msg("%s: %s", what, flow.detail ? flow.detail : "let pass");
	assert_int_equal(walk->trouble_count, 1);
	assert_int_equal(walk->troubles[0].reason, reason);
	packs_done(walk);
	rv_buf_done(&file);
	rv_buf_done(header);
}

/* MainStreamsInfo up to one folder of one coder. */
static struct rv_buf begin_folder(uint64_t packs)
{
	struct rv_buf h;

	rv_buf_init(&h, 1 << 16);
	PUT(&h, 1, 4, 6, 0);
	put_number(&h, packs);
	PUT(&h, 9);
	for (uint64_t i = 0; i < packs && i < 8; i++)
		PUT(&h, 1);
	PUT(&h, 0, 7, 11, 1, 0);
	return h;
}

static void refuses_more_of_anything_than_there_may_be(void **state)
{
	struct rv_buf h;

	(void)state;
	rv_buf_init(&h, 1 << 16);
	PUT(&h, 1, 5);
	put_number(&h, 50000000);
	PUT(&h, 0, 0);
	refuse(&h, RV_UNPACK_LIMIT, "files");
	h = begin_folder(99999999);
	refuse(&h, RV_UNPACK_LIMIT, "packed streams");
	rv_buf_init(&h, 1 << 16);
	PUT(&h, 1, 4, 7, 11);
	put_number(&h, 99999999);
	PUT(&h, 0);
	refuse(&h, RV_UNPACK_LIMIT, "folders");
	rv_buf_init(&h, 1 << 16);
	PUT(&h, 1, 4, 7, 11);
	put_number(&h, RV_7Z_COUNT_MAX); /* in how many bytes? */
	PUT(&h, 0);
	refuse(&h, RV_UNPACK_DAMAGED, "folders that are not there");
	h = begin_folder(2);
	PUT(&h, 2, 0x11, 0x00, 1, 2, 0x11, 0x00, 1); /* two streams, and .. */
	put_number(&h, UINT64_MAX);
	PUT(&h, 0, 1, 12, 5, 0, 0, 0);
	refuse(&h, RV_UNPACK_DAMAGED, "streams of a folder, that wrap");
	h = begin_folder(1);
	PUT(&h, 1, 0x01, 0x00, 12, 5, 0, 8, 13);
	put_number(&h, 99999999);
	PUT(&h, 0, 0, 0);
	refuse(&h, RV_UNPACK_LIMIT, "files in a folder");
}

static void refuses_coders_that_need_too_much(void **state)
{
	struct rv_buf h = begin_folder(1);

	(void)state;
	PUT(&h, 1, 0x23, 3, 1, 1, 5, 0x5d, 0, 0, 0, 0x40, 12, 5, 0, 0, 0); /* 1 GiB */
	refuse(&h, RV_UNPACK_LIMIT, "LZMA");
	h = begin_folder(1);
	PUT(&h, 1, 0x21, 0x21, 1, 36, 12, 5, 0, 0, 0); /* 1 GiB */
	refuse(&h, RV_UNPACK_LIMIT, "LZMA2");
	h = begin_folder(1);
	PUT(&h, 1, 0x21, 0x21, 1, 200, 12, 5, 0, 0, 0);
	refuse(&h, RV_UNPACK_LIMIT, "LZMA2 of no size");
	h = begin_folder(1);
	PUT(&h, 1, 0x23, 3, 4, 1, 5, 6, 0, 0, 0, 0x80, 12, 5, 0, 0, 0); /* 2 GiB */
	refuse(&h, RV_UNPACK_LIMIT, "PPMd");
	/* BCJ2 and three that feed it: the third largest is held whole. */
	h = begin_folder(4);
	PUT(&h, 4, 0x14, 3, 3, 1, 0x1b, 4, 1);
	for (unsigned i = 0; i < 3; i++)
		PUT(&h, 0x01, 0x00);
	PUT(&h, 0, 1, 1, 2, 2, 3, 4, 5, 6, 3, 12);
	put_number(&h, 1ULL << 32);
	put_number(&h, 1ULL << 32);
	put_number(&h, 1ULL << 31);
	put_number(&h, 5);
	PUT(&h, 0, 0, 0);
	refuse(&h, RV_UNPACK_LIMIT, "BCJ2");
}

static void refuses_a_directory_that_is_too_large(void **state)
{
	struct rv_buf h;
	struct rv_flow flow;

	(void)state;
	rv_buf_init(&h, 1 << 16);
	PUT(&h, 0x17, 6, 0, 1, 9, 5, 0, 7, 11, 1, 0, 1, 0x23, 3, 1, 1, 5, 0x5d, 0, 0, 1, 0, 12);
	put_number(&h, 1ULL << 30);
	PUT(&h, 0, 0);
	refuse(&h, RV_UNPACK_LIMIT, "packed");
	rv_buf_init(&h, 64);
	put(&h, "7z\xbc\xaf\x27\x1c\0\4\0\0\0\0", 12);
	assert_ok(rv_buf_put_u64(&h, 0));
	assert_ok(rv_buf_put_u64(&h, UINT64_MAX));
	assert_ok(rv_buf_put_u32(&h, 0));
	assert_false(is_bounded(rv_buf_view(&h), &flow));
	assert_int_equal(flow.reason, RV_UNPACK_LIMIT);
	rv_buf_done(&h);
}

static const struct pack_file files[] = {{"b/c.env", RV_STR_LIT("word=hunter2\n")},
					 {"d.txt", RV_STR_LIT("plain\n")},
					 {"empty", RV_STR_NONE}};

static void lets_pass_what_is_ordinary(void **state)
{
	static const char *const options[] = {"7zip:compression=store", "7zip:compression=deflate",
					      "7zip:compression=bzip2", "7zip:compression=lzma1",
					      "7zip:compression=lzma2", "7zip:compression=ppmd"};
	struct rv_flow flow;

	(void)state;
	for (size_t i = 0; i < RV_LEN(options); i++) {
		struct rv_buf pack = packs_make("7zip", "none", options[i], files, RV_LEN(files));

		if (!is_bounded(rv_buf_view(&pack), &flow))
			fail_msg("%s: %s", options[i], flow.detail);
		rv_buf_done(&pack);
	}
}

static void survives_damaged_directories(void **state)
{
	struct rv_buf pack = packs_make("7zip", "none", NULL, files, RV_LEN(files));
	struct rv_flow flow;

	(void)state;
	for (size_t len = 0; len < pack.len; len++) {
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, pack.data, len);
		assert_false(is_bounded((struct rv_str){copy, len}, &flow));
		assert_non_null(flow.detail);
		free(copy);
	}
	for (size_t at = 6; at < pack.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			pack.data[at] ^= (uint8_t)(1U << bit);
			/* Either is right: only that it comes back counts. */
			(void)is_bounded(rv_buf_view(&pack), &flow);
			pack.data[at] ^= (uint8_t)(1U << bit);
		}
	}
	rv_buf_done(&pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_more_of_anything_than_there_may_be),
		cmocka_unit_test(refuses_coders_that_need_too_much),
		cmocka_unit_test(refuses_a_directory_that_is_too_large),
		cmocka_unit_test(survives_damaged_directories),
		cmocka_unit_test(lets_pass_what_is_ordinary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
