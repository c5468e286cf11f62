/* tests: texts in UTF-16 among other bytes. Negatives first. */
#include "agent/scan/wide.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define NOISE 0x81 /* in no text */

static void put_wide(struct rv_buf *out, const char *text)
{
	for (; *text; text++) {
		assert_ok(rv_buf_put_byte(out, (uint8_t)*text));
		assert_ok(rv_buf_put_byte(out, 0));
	}
}

static void put_many(struct rv_buf *out, uint8_t byte, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_ok(rv_buf_put_byte(out, byte));
}

static bool has_text(struct rv_buf *bytes)
{
	struct rv_decode_run run;

	return rv_wide_find(rv_buf_view(bytes), &run);
}

static void finds_none_in_other_bytes(void **state)
{
	static const char *const texts[] = {"", "plain text that goes on and on and on and on"};
	struct rv_decode_run run;
	struct rv_buf bytes;

	(void)state;
	for (size_t i = 0; i < RV_LEN(texts); i++)
		assert_false(rv_wide_find(rv_str_of(texts[i]), &run));
	rv_buf_init(&bytes, 1 << 16);
	put_many(&bytes, 0, 300); /* NUL alone */
	put_many(&bytes, 'a', 300);
	for (int i = 0; i < 100; i++) { /* no character, in the form of one */
		put_many(&bytes, 1, 1);
		put_many(&bytes, 0, 1);
	}
	for (int i = 0; i < 100; i++) { /* one in three bytes */
		put_many(&bytes, 'a', 1);
		put_many(&bytes, 0, 2);
	}
	assert_false(has_text(&bytes));
	rv_buf_done(&bytes);
}

static void passes_over_a_text_that_is_too_short(void **state)
{
	(void)state;
	for (size_t lead = 0; lead < 40; lead++) {
		struct rv_buf bytes;

		rv_buf_init(&bytes, 1 << 16);
		put_many(&bytes, NOISE, lead);
		put_wide(&bytes, "123456789 123456789");
		put_many(&bytes, NOISE, 40);
		put_wide(&bytes, "123456789 123456789");
		assert_false(has_text(&bytes));
		rv_buf_done(&bytes);
	}
}

/* Where decoded byte i stands, for all. */
static void assert_places(const struct rv_decode_map *map, struct rv_str bytes, struct rv_str text)
{
	size_t last = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t at = 0;
		size_t len = 0;

		rv_decode_source(map, i, 1, &at, &len);
		assert_true(i == 0 || at > last);
		last = at;
		if (text.data[i] == '\n')
			continue;
		assert_int_equal(len, 2);
		assert_int_equal(bytes.data[at], text.data[i]);
	}
}

/* At every offset, with something or nothing between and behind. */
static void assert_two(size_t lead, size_t gap)
{
	static const char first[] = "123456789 1234567890";
	static const char second[] = "and another text, longer";
	struct rv_decode_run run;
	struct rv_decode_map map = {0};
	struct rv_buf bytes, out;
	char expected[64];

	rv_buf_init(&bytes, 1 << 16);
	rv_buf_init(&out, 1 << 16);
	put_many(&bytes, NOISE, lead);
	put_wide(&bytes, first);
	put_many(&bytes, gap % 2 ? NOISE : 0, gap);
	put_wide(&bytes, second);
	put_many(&bytes, NOISE, gap % 3);
	assert_true(rv_wide_find(rv_buf_view(&bytes), &run));
	assert_int_equal(run.at, lead);
	assert_ok(rv_decode_run(rv_buf_view(&bytes), &run, &out, &map));
	(void)snprintf(expected, sizeof(expected), "%s\n%s%s", first, second,
		       gap % 3 ? "\n" : ""); /* fits */
	assert_int_equal(out.len, strlen(expected));
	assert_memory_equal(out.data, expected, out.len);
	assert_places(&map, rv_buf_view(&bytes), rv_buf_view(&out));
	rv_decode_map_done(&map);
	rv_buf_done(&out);
	rv_buf_done(&bytes);
}

static void decodes_all_texts_with_line_ends_between(void **state)
{
	(void)state;
	for (size_t lead = 0; lead < 40; lead++) {
		for (size_t gap = 1; gap < 40; gap++)
			assert_two(lead, gap);
	}
}

/* More than is decoded at once, and than lies between points of the map. */
static void decodes_a_long_text(void **state)
{
	struct rv_decode_run run;
	struct rv_decode_map map = {0};
	struct rv_buf bytes, out;

	(void)state;
	rv_buf_init(&bytes, 1 << 20);
	rv_buf_init(&out, 1 << 20);
	put_many(&bytes, NOISE, 5001);
	for (int i = 0; i < 500; i++)
		put_wide(&bytes, "a line of a text.\r\n");
	put_many(&bytes, NOISE, 5001);
	put_wide(&bytes, "and the last of all texts");
	assert_true(rv_wide_find(rv_buf_view(&bytes), &run));
	assert_ok(rv_decode_run(rv_buf_view(&bytes), &run, &out, &map));
	assert_int_equal(out.len, 500 * strlen("a line of a text.\r\n") + 1 +
					  strlen("and the last of all texts"));
	assert_places(&map, rv_buf_view(&bytes), rv_buf_view(&out));
	rv_decode_map_done(&map);
	rv_buf_done(&out);
	rv_buf_done(&bytes);
}

/* Else each finding behind it would cost a look over it. */
static void begins_anew_behind_much_that_is_no_text(void **state)
{
	struct rv_decode_run run;
	struct rv_decode_map map = {0};
	struct rv_buf bytes, out;
	size_t second;

	(void)state;
	rv_buf_init(&bytes, 1 << 20);
	rv_buf_init(&out, 1 << 10);
	put_wide(&bytes, "the first of two texts");
	put_many(&bytes, NOISE, RV_DECODE_MAP_FAR);
	second = bytes.len;
	put_wide(&bytes, "the second of two texts");
	assert_true(rv_wide_find(rv_buf_view(&bytes), &run));
	assert_ok(rv_decode_run(rv_buf_view(&bytes), &run, &out, &map));
	assert_int_equal(map.points.len, 2 * 2 * sizeof(uint64_t));
	assert_int_equal(rv_get_u64(map.points.data + map.points.len - sizeof(uint64_t)), second);
	assert_places(&map, rv_buf_view(&bytes), rv_buf_view(&out));
	rv_decode_map_done(&map);
	rv_buf_done(&out);
	rv_buf_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_none_in_other_bytes),
		cmocka_unit_test(passes_over_a_text_that_is_too_short),
		cmocka_unit_test(decodes_all_texts_with_line_ends_between),
		cmocka_unit_test(decodes_a_long_text),
		cmocka_unit_test(begins_anew_behind_much_that_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
