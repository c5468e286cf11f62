/* tests: from where to where something encoded goes on around a place. */
#include "agent/scan/decode_around.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpBQkNE" /* 40 */

static size_t begin_of(const char *text, size_t at)
{
	struct rv_decode_around around = {.bytes = rv_str_of(text)};

	return rv_decode_begin(&around, at);
}

static size_t end_of(const char *text, size_t at)
{
	struct rv_decode_around around = {.bytes = rv_str_of(text)};

	return rv_decode_end(&around, at);
}

static bool may_cut(const char *text, size_t at)
{
	return rv_decode_may_cut(rv_str_of(text), at);
}

static void says_of_ordinary_text_that_no_place_cuts(void **state)
{
	static const char text[] = "if (a == b)\n\treturn c;\n/* and so on */\nint d = 0;\n";

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++)
		assert_false(may_cut(text, at));
	assert_false(may_cut("", 0));
}

static void says_of_every_place_of_a_word_that_it_cuts(void **state)
{
	static const char *const texts[] = {"x: " LINE "\n" LINE "\n", "x: " LINE "\r\n" LINE "\n",
					    "x: " LINE LINE "\n"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(texts); i++) {
		for (size_t at = 4; at + 1 < strlen(texts[i]); at++)
			assert_true(texts[i][at] == '\r' || may_cut(texts[i], at));
	}
}

static void stays_where_nothing_goes_on(void **state)
{
	(void)state;
	assert_int_equal(begin_of("", 0), 0);
	assert_int_equal(end_of("", 0), 0);
	assert_int_equal(begin_of("a = b", 4), 4);
	assert_int_equal(end_of("a = b", 1), 1);
	assert_int_equal(begin_of("a\nb\nc = ", 4), 4);
	assert_int_equal(end_of(" a\nb\nc", 2), 2);
}

static void goes_to_the_ends_of_a_word(void **state)
{
	(void)state;
	assert_int_equal(begin_of("x: " LINE LINE "=", 60), 3);
	assert_int_equal(begin_of("x: " LINE LINE "=", 83), 3);
	assert_int_equal(end_of("x: " LINE LINE "=", 60), 83);
	assert_int_equal(end_of("x: " LINE LINE "=", 3), 83);
}

static void goes_over_the_lines_of_a_wrapped_word(void **state)
{
	static const char *const ends[] = {"\n", "\r\n", "\n\t  ", "\\n", "\\r\\n"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(ends); i++) {
		char text[512];
		int len = snprintf(text, sizeof(text), "x: %s%s%s%s%s\"", LINE, ends[i], LINE,
				   ends[i], LINE);

		assert_in_range(len, 1, sizeof(text) - 1);
		assert_int_equal(begin_of(text, (size_t)len - 5), 3);
		assert_int_equal(end_of(text, 5), (size_t)len - 1);
	}
}

static void goes_over_no_line_of_other_text(void **state)
{
	(void)state;
	assert_int_equal(begin_of("a sentence\n" LINE, 30), 11);
	assert_int_equal(begin_of(LINE "==\n" LINE, 60), 43);
	assert_int_equal(end_of(LINE "\nshort\n" LINE, 5), 40);
	assert_int_equal(end_of(LINE "=\n" LINE, 5), 40);
}

static void goes_to_the_ends_of_a_word_of_escapes(void **state)
{
	char text[1024] = "x=\"";
	size_t len = 3;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%%%02x", 'a' + i % 26);
	(void)snprintf(text + len, sizeof(text) - len, "\" y");
	assert_int_equal(begin_of(text, len - 4), 3);
	assert_int_equal(end_of(text, 10), len);
}

/* Far into a long one the place is one that groups begin at. */
static void begins_at_a_group_of_what_is_longer_than_is_gone(void **state)
{
	const size_t len = 2 * RV_DECODE_AROUND_MAX + 100;
	uint8_t *bytes = malloc(len);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'Q', len);
	bytes[0] = ' ';
	for (size_t at = len - 9; at < len; at++) {
		struct rv_decode_around around = {.bytes = {bytes, len}};
		size_t begin = rv_decode_begin(&around, at);

		assert_in_range(begin, at - RV_DECODE_AROUND_MAX, at - RV_DECODE_AROUND_MAX + 3);
		assert_int_equal(begin % 4, 1);
		assert_int_equal(rv_decode_begin(&around, at - 1), begin);
	}
	struct rv_decode_around around = {.bytes = {bytes, len}};
	assert_int_equal(rv_decode_end(&around, 5), RV_DECODE_AROUND_MAX + 5);
	free(bytes);
}

/* In whatever order places are asked for. */
static void goes_no_less_far_by_what_it_remembers(void **state)
{
	uint8_t bytes[2000];
	uint32_t dice = 20261127;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct rv_decode_around kept = {.bytes = {bytes, sizeof(bytes)}};

		for (size_t i = 0; i < sizeof(bytes); i++) {
			dice = dice * 1664525 + 1013904223;
			bytes[i] = (uint8_t) "Q%\n."[dice >> 24 < 250 ? 0 : dice >> 16 & 3];
		}
		for (unsigned i = 0; i < 30; i++) {
			struct rv_decode_around fresh = {.bytes = kept.bytes};

			dice = dice * 1664525 + 1013904223;
			size_t at = (dice >> 8) % sizeof(bytes);
			assert_true(rv_decode_begin(&kept, at) <= rv_decode_begin(&fresh, at));
			assert_true(rv_decode_end(&kept, at) >= rv_decode_end(&fresh, at));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_of_ordinary_text_that_no_place_cuts),
		cmocka_unit_test(says_of_every_place_of_a_word_that_it_cuts),
		cmocka_unit_test(stays_where_nothing_goes_on),
		cmocka_unit_test(goes_to_the_ends_of_a_word),
		cmocka_unit_test(goes_over_the_lines_of_a_wrapped_word),
		cmocka_unit_test(goes_over_no_line_of_other_text),
		cmocka_unit_test(goes_to_the_ends_of_a_word_of_escapes),
		cmocka_unit_test(begins_at_a_group_of_what_is_longer_than_is_gone),
		cmocka_unit_test(goes_no_less_far_by_what_it_remembers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
