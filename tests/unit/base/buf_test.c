/* tests: the buffer keeps its maximum, and a put that fails changes nothing. */
#include "agent/base/buf.h"
#include "tests/support/unit.h"

static void a_put_past_the_maximum_changes_nothing(void **state)
{
	struct rv_buf buf;

	(void)state;
	rv_buf_init(&buf, 4);
	assert_ok(rv_buf_put(&buf, "abc", 3));
	assert_class(rv_buf_put(&buf, "de", 2), RV_CLASS_EXHAUSTED);
	assert_class(rv_buf_put_u16(&buf, 1), RV_CLASS_EXHAUSTED);
	assert_class(rv_buf_printf(&buf, "%d", 42), RV_CLASS_EXHAUSTED);
	assert_class(rv_buf_put(&buf, "x", SIZE_MAX), RV_CLASS_EXHAUSTED);
	assert_null(rv_buf_reserve(&buf, 2));
	assert_bytes(buf, "abc");
	assert_ok(rv_buf_put_byte(&buf, 'd'));
	assert_bytes(buf, "abcd");
	rv_buf_done(&buf);
}

static void a_zeroed_buffer_takes_nothing_and_can_be_done(void **state)
{
	struct rv_buf buf = {0};

	(void)state;
	assert_class(rv_buf_put_byte(&buf, 1), RV_CLASS_EXHAUSTED);
	assert_ok(rv_buf_put(&buf, NULL, 0));
	rv_buf_done(&buf);
	rv_buf_done(&buf);
	rv_buf_done(NULL);
}

static void a_full_buffer_still_reads_as_a_c_string(void **state)
{
	struct rv_buf buf;

	(void)state;
	rv_buf_init(&buf, 3);
	assert_string_equal(rv_buf_cstr(&buf), "");
	assert_ok(rv_buf_printf(&buf, "%s", "abc"));
	assert_string_equal(rv_buf_cstr(&buf), "abc");
	assert_int_equal(buf.len, 3);
	rv_buf_done(&buf);
}

static void integers_are_little_endian(void **state)
{
	static const uint8_t expected[] = {0x02, 0x01, 0x06, 0x05, 0x04, 0x03, 0x0e,
					   0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08, 0x87};
	struct rv_buf buf;

	(void)state;
	rv_buf_init(&buf, 64);
	assert_ok(rv_buf_put_u16(&buf, 0x0102));
	assert_ok(rv_buf_put_u32(&buf, 0x03040506));
	assert_ok(rv_buf_put_u64(&buf, UINT64_C(0x8708090a0b0c0d0e)));
	assert_int_equal(buf.len, sizeof(expected));
	assert_memory_equal(buf.data, expected, sizeof(expected));
	assert_int_equal(rv_get_u16(buf.data), 0x0102);
	assert_int_equal(rv_get_u32(buf.data + 2), 0x03040506);
	assert_true(rv_get_u64(buf.data + 6) == UINT64_C(0x8708090a0b0c0d0e));
	rv_buf_done(&buf);
}

static void growing_keeps_the_bytes(void **state)
{
	struct rv_buf buf;

	(void)state;
	rv_buf_init(&buf, 100000);
	for (size_t i = 0; i < 100000; i++)
		assert_ok(rv_buf_put_byte(&buf, (uint8_t)(i * 7)));
	assert_class(rv_buf_put_byte(&buf, 0), RV_CLASS_EXHAUSTED);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(buf.data[i], (uint8_t)(i * 7));
	rv_buf_reset(&buf);
	assert_int_equal(buf.len, 0);
	assert_non_null(buf.data);
	rv_buf_done(&buf);
	assert_null(buf.data);
}

static void reserved_bytes_count_only_when_counted(void **state)
{
	struct rv_buf buf;
	uint8_t *place;

	(void)state;
	rv_buf_init(&buf, 8);
	assert_ok(rv_buf_put_str(&buf, "ab"));
	place = rv_buf_reserve(&buf, 6);
	assert_non_null(place);
	assert_int_equal(buf.len, 2);
	memcpy(place, "cd", 2);
	buf.len += 2;
	assert_bytes(buf, "abcd");
	assert_non_null(rv_buf_reserve(&buf, 0));
	rv_buf_done(&buf);
}

static void text_with_a_nul_is_not_duplicated(void **state)
{
	char *copy;

	(void)state;
	assert_null(rv_str_dup(RV_STR_LIT("a\0b")));
	copy = rv_str_dup((struct rv_str){(const uint8_t *)"abc", 2});
	assert_string_equal(copy, "ab");
	free(copy);
	copy = rv_str_dup(RV_STR_NONE);
	assert_string_equal(copy, "");
	free(copy);
}

static void views_compare_by_bytes(void **state)
{
	(void)state;
	assert_true(rv_str_equal(RV_STR_NONE, RV_STR_LIT("")));
	assert_false(rv_str_equal(RV_STR_LIT("a"), RV_STR_LIT("b")));
	assert_false(rv_str_is(RV_STR_LIT("ab"), "a"));
	assert_false(rv_str_starts_with(RV_STR_LIT("a"), "ab"));
	assert_false(rv_str_ends_with(RV_STR_LIT("b"), "ab"));
	assert_true(rv_str_starts_with(RV_STR_LIT("abc"), "ab"));
	assert_true(rv_str_ends_with(RV_STR_LIT("abc"), "bc"));
	assert_true(rv_str_starts_with(RV_STR_NONE, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_put_past_the_maximum_changes_nothing),
		cmocka_unit_test(a_zeroed_buffer_takes_nothing_and_can_be_done),
		cmocka_unit_test(a_full_buffer_still_reads_as_a_c_string),
		cmocka_unit_test(integers_are_little_endian),
		cmocka_unit_test(growing_keeps_the_bytes),
		cmocka_unit_test(reserved_bytes_count_only_when_counted),
		cmocka_unit_test(text_with_a_nul_is_not_duplicated),
		cmocka_unit_test(views_compare_by_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
