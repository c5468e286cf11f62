/* tests: JSON from outside is bounded; the canonical form is one form. */
#include "agent/base/json.h"
#include "tests/support/unit.h"

static void assert_refused(struct rv_str text)
{
	json_t *j = NULL;
	struct rv_diag diag = {0};

	assert_class(rv_json_parse(text, &j, &diag), RV_CLASS_MALFORMED);
	assert_null(j);
	assert_true(diag.text[0]);
}

static void refuses_what_is_not_one_document(void **state)
{
	(void)state;
	assert_refused(RV_STR_NONE);
	assert_refused(RV_STR_LIT("{"));
	assert_refused(RV_STR_LIT("{}x"));
	assert_refused(RV_STR_LIT("{}{}"));
	assert_refused(RV_STR_LIT("{\"a\":1,}"));
	assert_refused(RV_STR_LIT("{\"a\":1,\"a\":2}"));
	assert_refused(RV_STR_LIT("{\"a\":\"\\u0000\"}"));
	assert_refused(RV_STR_LIT("{\"a\":\"\xff\"}"));
	assert_refused(RV_STR_LIT("{'a':1}"));
	assert_refused(RV_STR_LIT("{\"a\":1e999}"));
	assert_refused(RV_STR_LIT("{\"a\":99999999999999999999}"));
	assert_refused(RV_STR_LIT("{\"a\":\0}"));
}

static void refuses_more_than_64_levels(void **state)
{
	struct rv_buf text;
	json_t *j = NULL;

	(void)state;
	rv_buf_init(&text, 4096);
	for (int i = 0; i < 64; i++)
		assert_ok(rv_buf_put_byte(&text, '['));
	for (int i = 0; i < 64; i++)
		assert_ok(rv_buf_put_byte(&text, ']'));
	assert_ok(rv_json_parse(rv_buf_view(&text), &j, NULL));
	rv_jsonp(&j);
	assert_null(j);
	memmove(text.data + 1, text.data, text.len - 1);
	assert_ok(rv_buf_put_byte(&text, ']'));
	assert_ok(rv_buf_put_byte(&text, ']'));
	assert_refused(rv_buf_view(&text));
	rv_buf_done(&text);
}

static void brackets_in_text_are_no_levels(void **state)
{
	char text[200] = "[\"\\\"";
	json_t *j = NULL;

	(void)state;
	memset(text + 4, '[', 150);
	memcpy(text + 154, "\"]", 3);
	assert_ok(rv_json_parse(rv_str_of(text), &j, NULL));
	rv_jsonp(&j);
}

static void the_message_says_where_but_quotes_nothing(void **state)
{
	struct rv_diag diag = {0};
	json_t *j = NULL;

	(void)state;
	assert_class(rv_json_parse(RV_STR_LIT("{\n \"a\": geheim}"), &j, &diag),
		     RV_CLASS_MALFORMED);
	assert_memory_equal(diag.text, "2:", 2);
	assert_null(strstr(diag.text, "geheim"));
}

static void canonical_is_sorted_and_tight(void **state)
{
	json_t *j = NULL;
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 4096);
	assert_ok(rv_json_parse(
		RV_STR_LIT(
			"{ \"b\" : [1, -2, true, null], \"a\": {\"y\":\"\xc3\xa9/\",\"x\":{}} }"),
		&j, NULL));
	assert_ok(rv_json_canonical(j, &out));
	assert_bytes(out, "{\"a\":{\"x\":{},\"y\":\"\xc3\xa9/\"},\"b\":[1,-2,true,null]}");
	rv_jsonp(&j);
	rv_buf_done(&out);
}

static void canonical_refuses_fractions(void **state)
{
	static const char *const bad[] = {"[1.0]", "{\"a\":{\"b\":[0.5]}}", "[1e3]"};
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 4096);
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		json_t *j = NULL;

		assert_ok(rv_json_parse(rv_str_of(bad[i]), &j, NULL));
		assert_class(rv_json_canonical(j, &out), RV_CLASS_MALFORMED);
		assert_int_equal(out.len, 0);
		rv_jsonp(&j);
	}
	assert_class(rv_json_canonical(NULL, &out), RV_CLASS_MALFORMED);
	rv_buf_done(&out);
}

static void what_does_not_fit_leaves_the_buffer(void **state)
{
	json_t *j = NULL;
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 5);
	assert_ok(rv_json_parse(RV_STR_LIT("[1,2,3]"), &j, NULL));
	assert_class(rv_json_canonical(j, &out), RV_CLASS_EXHAUSTED);
	assert_class(rv_json_pretty(j, &out), RV_CLASS_EXHAUSTED);
	assert_int_equal(out.len, 0);
	rv_jsonp(&j);
	rv_buf_done(&out);
}

static void paths_enter_as_escaped_text(void **state)
{
	json_t *j = json_object();

	(void)state;
	assert_ok(rv_json_set_path(j, "path", RV_STR_LIT("/a\xff")));
	assert_string_equal(rv_json_text(j, "path", ""), "/a\\xff");
	rv_jsonp(&j);
}

static void lookups_fall_back_on_a_wrong_type(void **state)
{
	json_t *j = NULL;

	(void)state;
	assert_ok(rv_json_parse(RV_STR_LIT("{\"n\":1,\"s\":\"x\",\"b\":true}"), &j, NULL));
	assert_string_equal(rv_json_text(j, "n", "no"), "no");
	assert_string_equal(rv_json_text(NULL, "n", "no"), "no");
	assert_int_equal(rv_json_int(j, "s", 7), 7);
	assert_true(rv_json_bool(j, "missing", true));
	assert_string_equal(rv_json_text(j, "s", "no"), "x");
	assert_int_equal(rv_json_int(j, "n", 7), 1);
	assert_true(rv_json_bool(j, "b", false));
	rv_jsonp(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_one_document),
		cmocka_unit_test(refuses_more_than_64_levels),
		cmocka_unit_test(brackets_in_text_are_no_levels),
		cmocka_unit_test(the_message_says_where_but_quotes_nothing),
		cmocka_unit_test(canonical_is_sorted_and_tight),
		cmocka_unit_test(canonical_refuses_fractions),
		cmocka_unit_test(what_does_not_fit_leaves_the_buffer),
		cmocka_unit_test(paths_enter_as_escaped_text),
		cmocka_unit_test(lookups_fall_back_on_a_wrong_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
