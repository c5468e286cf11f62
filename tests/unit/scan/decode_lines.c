#include "tests/unit/scan/decode_look.h"

static void finds_base64_that_is_wrapped(void **state)
{
	char text[300];
	char indented[1024];
	const char *lines;

	(void)state;
	memset(text, 'x', 200);
	(void)lay(text, sizeof(text), 200, secret);
	for (size_t width = 60; width <= 76; width += 4) {
		size_t used = 0;

		lines = encode_base64(rv_str_of(text), "+/", true, width);
		assert_says(around("data: |\n", lines, "\nnext: value"), RV_DECODE_BASE64, secret);
		assert_says(around("", lines, ""), RV_DECODE_BASE64, secret);
		for (const char *p = lines; *p; p++) {
			if (p == lines || p[-1] == '\n')
				used = lay(indented, sizeof(indented), used, "    ");
			if (*p == '\n')
				indented[used++] = '\r';
			indented[used++] = *p;
		}
		indented[used] = '\0';
		assert_says(indented, RV_DECODE_BASE64, secret);
	}
	assert_says("\"eHh4eHh4eHh4eHh4eHh4eHh4eHh4\\neHh4eHh4eHh4eHh4eHh4eHh4eHh6\\ncGFzcw==\"",
		    RV_DECODE_BASE64, "xxzpass");
}

static void keeps_two_values_on_two_lines_apart(void **state)
{
	struct runs runs = find(RV_STR_LIT("a: dGhlIHF1aWNrIGJyb3duIGZveA==\n"
					   "b: dGhlIGxhenkgZG9nIHNsZWVwcy4=\n"));

	(void)state;
	assert_int_equal(runs.count, 2);
}

/* Most tools that wrap give the last line no end of its own where something closes it. */
static void finds_the_last_line_before_what_closes_it(void **state)
{
	static const char *const ends[] = {"</value>", ";", ",",	"`",	  ")",
					   "]",	       "}", " # a key", "\t// x", " /* x */"};
	char text[300];

	(void)state;
	memset(text, 'x', 200);
	(void)lay(text, sizeof(text), 200, secret);
	for (size_t pad = 0; pad < 3; pad++) {
		const char *lines = encode_base64(rv_str_of(text + pad), "+/", true, 76);

		for (size_t i = 0; i < RV_LEN(ends); i++)
			assert_says(around("<v>", lines, ends[i]), RV_DECODE_BASE64, secret);
		if (strchr(lines, '='))
			assert_says(around("", lines, " and words"), RV_DECODE_BASE64, secret);
	}
}

static void takes_no_line_of_words_for_the_last_one(void **state)
{
	char text[118];
	struct rv_decode_map map = {0};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[114] = '\0'; /* two whole lines of 76 */
	const char *source = around("", encode_base64(rv_str_of(text), "+/", true, 76),
				    "\nwords of an ordinary line;\n");
	struct runs runs = find(rv_str_of(source));
	assert_int_equal(runs.count, 1);
	assert_int_equal(decode(rv_str_of(source), &runs.run[0], &map).len, 114);
	rv_decode_map_done(&map);
}

static void finds_hex_that_is_wrapped(void **state)
{
	char text[300];
	char lines[2048];

	(void)state;
	memset(text, 'x', 200);
	(void)lay(text, sizeof(text), 200, secret);
	const char *hex = encode_each(rv_str_of(text), "%02x");
	for (size_t width = 32; width <= 80; width += 2) {
		size_t used = 0;

		for (size_t at = 0; hex[at]; at++) {
			if (at && at % width == 0)
				used = lay(lines, sizeof(lines), used, width % 4 ? "\r\n  " : "\n");
			lines[used++] = hex[at];
		}
		lines[used] = '\0';
		assert_says(around("", lines, "\n"), RV_DECODE_HEX, secret);
		assert_says(around("x = '", lines, "'"), RV_DECODE_HEX, secret);
	}
}

/* Each line is a text of its own, as the values of a list are. */
static void keeps_hex_of_two_texts_that_are_named_apart(void **state)
{
	char line[200];
	size_t used = lay(line, sizeof(line), 0, "a: ");

	(void)state;
	used = lay(line, sizeof(line), used,
		   encode_each(RV_STR_LIT("the quick brown fox"), "%02x"));
	used = lay(line, sizeof(line), used, "\nb: ");
	(void)lay(line, sizeof(line), used, encode_each(RV_STR_LIT("a lazy dog sleeps"), "%02x"));
	assert_int_equal(find(rv_str_of(line)).count, 2);
}

/* PostgreSQL writes a bytea so; "\x67" alone is a byte of a text. */
static void all_digits_of_a_bytea_are_hex(void **state)
{
	(void)state; /* no state */
	assert_says(around("insert into x values ('\\x", encode_each(rv_str_of(secret), "%02x"),
			   "');\n"),
		    RV_DECODE_HEX, secret);
	assert_says(around("\\\\x", encode_each(rv_str_of(secret), "%02X"), "\n"), RV_DECODE_HEX,
		    secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_base64_that_is_wrapped),
		cmocka_unit_test(finds_the_last_line_before_what_closes_it),
		cmocka_unit_test(takes_no_line_of_words_for_the_last_one),
		cmocka_unit_test(keeps_two_values_on_two_lines_apart),
		cmocka_unit_test(finds_hex_that_is_wrapped),
		cmocka_unit_test(keeps_hex_of_two_texts_that_are_named_apart),
		cmocka_unit_test(all_digits_of_a_bytea_are_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
