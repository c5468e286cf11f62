#include "tests/support/unit.h"

#include "agent/scan/utf16.h"

static const char text[] = "password=hunter2\r\nna\xc3\xafve \xe4\xb8\xad \xf0\x9f\x98\x80 end\n";

/* `utf8` in that kind, with a mark or without. */
static struct rv_buf encode(const char *utf8, enum rv_decode_kind kind, bool has_mark)
{
	bool is_wide = kind == RV_DECODE_UTF32LE || kind == RV_DECODE_UTF32BE;
	bool is_big = kind == RV_DECODE_UTF16BE || kind == RV_DECODE_UTF32BE;
	struct rv_buf out;

	rv_buf_init(&out, 1 << 20);
	for (const uint8_t *p = (const uint8_t *)utf8; has_mark || *p; has_mark = false) {
		uint32_t code = 0xfeff;
		uint32_t units[2];
		size_t count = 1;

		if (!has_mark) {
			int tail = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;

			code = tail == 0 ? *p : *p & (0x3fU >> tail);
			for (p++; tail; tail--, p++)
				code = code << 6 | (*p & 0x3fU);
		}
		units[0] = code;
		if (!is_wide && code > 0xffff) {
			units[0] = 0xd800 + ((code - 0x10000) >> 10);
			units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
			count = 2;
		}
		for (size_t i = 0; i < count; i++) {
			for (unsigned byte = 0; byte < (is_wide ? 4U : 2U); byte++) {
				unsigned shift = is_big ? (is_wide ? 24 : 8) - 8 * byte : 8 * byte;

				assert_ok(rv_buf_put_byte(&out, (uint8_t)(units[i] >> shift)));
			}
		}
	}
	return out;
}

static void takes_no_other_text_for_utf16(void **state)
{
	static const uint8_t binary[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8};
	struct rv_decode_run run;

	(void)state;
	assert_false(rv_utf16_find(RV_STR_NONE, &run));
	assert_false(rv_utf16_find(RV_STR_LIT("\xff\xfe"), &run)); /* nothing follows */
	assert_false(rv_utf16_find(RV_STR_LIT("plain text that goes on"), &run));
	assert_false(rv_utf16_find(RV_STR_LIT("a\0b\0c\0"), &run)); /* too short to tell */
	assert_false(rv_utf16_find((struct rv_str){binary, sizeof(binary)}, &run));
	assert_false(rv_utf16_find(RV_STR_LIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), &run));
}

static void turns_each_kind_into_utf8(void **state)
{
	(void)state;
	for (int kind = RV_DECODE_UTF16LE; kind <= RV_DECODE_UTF32BE; kind++) {
		struct rv_buf source = encode(text, (enum rv_decode_kind)kind, true);
		struct rv_decode_run run;
		struct rv_decode_map map = {0};
		struct rv_buf out;

		assert_true(rv_utf16_find(rv_buf_view(&source), &run));
		assert_int_equal(run.kind, kind);
		rv_buf_init(&out, 1 << 20);
		assert_ok(rv_decode_run(rv_buf_view(&source), &run, &out, &map));
		assert_bytes(out, text);
		rv_decode_map_done(&map);
		rv_buf_done(&out);
		rv_buf_done(&source);
	}
}

static void knows_utf16_without_a_mark_by_its_nul_bytes(void **state)
{
	(void)state;
	for (int kind = RV_DECODE_UTF16LE; kind <= RV_DECODE_UTF16BE; kind++) {
		struct rv_buf source = encode("[login]\r\npassword = na\xc3\xafve\r\n",
					      (enum rv_decode_kind)kind, false);
		struct rv_decode_run run;

		assert_true(rv_utf16_find(rv_buf_view(&source), &run));
		assert_int_equal(run.kind, kind);
		assert_int_equal(run.at, 0);
		rv_buf_done(&source);
	}
}

static void survives_halves_of_characters(void **state)
{
	static const uint8_t halves[] = {0xff, 0xfe, 0x3d, 0xd8, 'a',  0,  0,
					 0xdc, 'b',  0,	   0x3d, 0xd8, 'c'};
	struct rv_decode_run run;
	struct rv_decode_map map = {0};
	struct rv_buf out;

	(void)state;
	assert_true(rv_utf16_find((struct rv_str){halves, sizeof(halves)}, &run));
	rv_buf_init(&out, 1 << 20);
	assert_ok(rv_decode_run((struct rv_str){halves, sizeof(halves)}, &run, &out, &map));
	assert_bytes(out, "\xef\xbf\xbd"
			  "a\xef\xbf\xbd"
			  "b\xef\xbf\xbd");
	rv_decode_map_done(&map);
	rv_buf_done(&out);
}

/* Long, so that there are many points; with a wide character now and then. */
static void maps_every_byte_to_its_character(void **state)
{
	static char long_text[40000];
	struct rv_buf source;
	struct rv_decode_run run;
	struct rv_decode_map map = {0};
	struct rv_buf out;
	size_t expected = 2;

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	for (size_t i = 1000; i + 1000 < sizeof(long_text); i += 1357)
		memcpy(long_text + i, "\xf0\x9f\x98\x80\xe4\xb8\xad", 7);
	long_text[sizeof(long_text) - 1] = '\0';
	source = encode(long_text, RV_DECODE_UTF16LE, true);
	assert_true(rv_utf16_find(rv_buf_view(&source), &run));
	rv_buf_init(&out, 1 << 20);
	assert_ok(rv_decode_run(rv_buf_view(&source), &run, &out, &map));
	assert_bytes(out, long_text);
	for (size_t i = 0; i < out.len; i++) {
		size_t unit = out.data[i] < 0xf0 ? 2 : 4;
		size_t at;
		size_t len;

		rv_decode_source(&map, i, 1, &at, &len);
		assert_int_equal(at, expected);
		assert_int_equal(len, unit);
		while (i + 1 < out.len && (out.data[i + 1] & 0xc0) == 0x80)
			i++;
		expected += unit;
	}
	rv_decode_map_done(&map);
	rv_buf_done(&out);
	rv_buf_done(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_no_other_text_for_utf16),
		cmocka_unit_test(turns_each_kind_into_utf8),
		cmocka_unit_test(knows_utf16_without_a_mark_by_its_nul_bytes),
		cmocka_unit_test(survives_halves_of_characters),
		cmocka_unit_test(maps_every_byte_to_its_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
