/* tests: paths are bytes; their text is reversible and cannot play tricks on a terminal. */
#include "agent/base/path.h"
#include "tests/support/unit.h"

static void assert_escape(struct rv_str path, const char *text)
{
	struct rv_buf out, back;

	rv_buf_init(&out, 4096);
	rv_buf_init(&back, 4096);
	assert_ok(rv_path_escape(path, &out));
	assert_bytes(out, text);
	assert_ok(rv_path_unescape(rv_buf_view(&out), &back));
	assert_int_equal(back.len, path.len);
	if (path.len)
		assert_memory_equal(back.data, path.data, path.len);
	rv_buf_done(&out);
	rv_buf_done(&back);
}

static void hostile_bytes_are_escaped(void **state)
{
	(void)state;
	assert_escape(RV_STR_LIT("/a\nb"), "/a\\x0ab");
	assert_escape(RV_STR_LIT("/a\033[2J"), "/a\\x1b[2J");
	assert_escape(RV_STR_LIT("/a\\x41"), "/a\\\\x41");
	assert_escape(RV_STR_LIT("\x7f\0"), "\\x7f\\x00");
	assert_escape(RV_STR_LIT("\xff\xfe"), "\\xff\\xfe");
	assert_escape(RV_STR_LIT("\xc0\xaf"), "\\xc0\\xaf");		       /* overlong */
	assert_escape(RV_STR_LIT("\xed\xa0\x80"), "\\xed\\xa0\\x80");	       /* surrogate */
	assert_escape(RV_STR_LIT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* too large */
	assert_escape(RV_STR_LIT("\xe2\x82"), "\\xe2\\x82");		       /* cut */
	assert_escape(RV_STR_LIT("\xe2\x80\xae"
				 "gpj"),
		      "\\xe2\\x80\\xaegpj");		     /* turns text */
	assert_escape(RV_STR_LIT("\xc2\x9b"), "\\xc2\\x9b"); /* C1 control */
}

static void ordinary_names_stay(void **state)
{
	(void)state;
	assert_escape(RV_STR_NONE, "");
	assert_escape(RV_STR_LIT("/etc/ssl/a b.pem"), "/etc/ssl/a b.pem");
	assert_escape(RV_STR_LIT("/caf\xc3\xa9/\xf0\x9f\x94\x91"), "/caf\xc3\xa9/\xf0\x9f\x94\x91");
}

static void every_byte_comes_back(void **state)
{
	uint8_t bytes[512];
	struct rv_buf out, back;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i ^ i >> 8);
	rv_buf_init(&out, 4096);
	rv_buf_init(&back, 4096);
	assert_ok(rv_path_escape((struct rv_str){bytes, sizeof(bytes)}, &out));
	assert_ok(rv_path_unescape(rv_buf_view(&out), &back));
	assert_int_equal(back.len, sizeof(bytes));
	assert_memory_equal(back.data, bytes, sizeof(bytes));
	rv_buf_done(&out);
	rv_buf_done(&back);
}

static void refuses_broken_escapes_and_leaves_the_buffer(void **state)
{
	static const char *const bad[] = {"a\\", "a\\n", "\\x", "\\x1", "\\x1g", "\\X41"};
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 64);
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		assert_class(rv_path_unescape(rv_str_of(bad[i]), &out), RV_CLASS_MALFORMED);
		assert_int_equal(out.len, 0);
	}
	rv_buf_done(&out);
}

static void a_path_that_does_not_fit_leaves_the_buffer(void **state)
{
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 3);
	assert_class(rv_path_escape(RV_STR_LIT("a\n"), &out), RV_CLASS_EXHAUSTED);
	assert_class(rv_path_join(RV_STR_LIT("/a"), RV_STR_LIT("b"), &out), RV_CLASS_EXHAUSTED);
	assert_int_equal(out.len, 0);
	rv_buf_done(&out);
}

static void joins_with_exactly_one_slash(void **state)
{
	static const char *const cases[][3] = {{"", "/a", "/a"},	{"/", "/a", "/a"},
					       {"/", "a", "a"},		{"/r", "/a", "/r/a"},
					       {"/r/", "/a", "/r/a"},	{"/r", "a", "/r/a"},
					       {"/r//", "//a", "/r/a"}, {"/r", "", "/r/"}};
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 64);
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		rv_buf_reset(&out);
		assert_ok(rv_path_join(rv_str_of(cases[i][0]), rv_str_of(cases[i][1]), &out));
		assert_bytes(out, cases[i][2]);
	}
	rv_buf_done(&out);
}

static void clean_means_absolute_and_plain(void **state)
{
	static const char *const bad[] = {"",	"a",   "./a",  "//",	  "/a/",   "/a//b",
					  "/.", "/..", "/a/.", "/a/../b", "/../a", "/a/./b"};
	static const char *const good[] = {"/", "/a", "/a/b", "/a/...", "/..a", "/.a/b"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++)
		assert_false(rv_path_is_clean(rv_str_of(bad[i])));
	for (size_t i = 0; i < RV_LEN(good); i++)
		assert_true(rv_path_is_clean(rv_str_of(good[i])));
	assert_false(rv_path_is_clean(RV_STR_LIT("/a\0b")));
}

static void under_means_by_whole_components(void **state)
{
	(void)state;
	assert_false(rv_path_is_under(RV_STR_LIT("/etcetera"), RV_STR_LIT("/etc")));
	assert_false(rv_path_is_under(RV_STR_LIT("/etc/../x"), RV_STR_LIT("/etc")));
	assert_false(rv_path_is_under(RV_STR_LIT("etc/x"), RV_STR_LIT("etc")));
	assert_false(rv_path_is_under(RV_STR_LIT("/"), RV_STR_LIT("/etc")));
	assert_false(rv_path_is_under(RV_STR_LIT("/etc/x"), RV_STR_LIT("")));
	assert_true(rv_path_is_under(RV_STR_LIT("/etc"), RV_STR_LIT("/etc")));
	assert_true(rv_path_is_under(RV_STR_LIT("/etc/x"), RV_STR_LIT("/etc/")));
	assert_true(rv_path_is_under(RV_STR_LIT("/etc/x"), RV_STR_LIT("/")));
}

static void takes_paths_apart(void **state)
{
	(void)state;
	assert_bytes(rv_path_base(RV_STR_LIT("/a/b")), "b");
	assert_bytes(rv_path_base(RV_STR_LIT("b")), "b");
	assert_bytes(rv_path_base(RV_STR_LIT("/")), "");
	assert_bytes(rv_path_dir(RV_STR_LIT("/a/b")), "/a");
	assert_bytes(rv_path_dir(RV_STR_LIT("/a")), "/");
	assert_bytes(rv_path_dir(RV_STR_LIT("a")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_bytes_are_escaped),
		cmocka_unit_test(ordinary_names_stay),
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(refuses_broken_escapes_and_leaves_the_buffer),
		cmocka_unit_test(a_path_that_does_not_fit_leaves_the_buffer),
		cmocka_unit_test(joins_with_exactly_one_slash),
		cmocka_unit_test(clean_means_absolute_and_plain),
		cmocka_unit_test(under_means_by_whole_components),
		cmocka_unit_test(takes_paths_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
