/* tests: TOML 1.0, rule by rule of its specification; what it calls invalid first. */
#include "agent/base/toml.h"
#include "tests/support/unit.h"

static void refuses_what_the_specification_calls_invalid(void **state)
{
	static const struct {
		const char *text;
		const char *where;
	} bad[] = {
		{"a", "f:1:2: "},
		{"a =", "f:1:4: "},
		{"= 1", "f:1:1: "},
		{"a = 1 b = 2", "f:1:7: "},
		{"a = 1\na = 2", "f:2:1: "},
		{"a = 1\n\"a\" = 2", "f:2:1: "},
		{"a.b = 1\na.b = 2", "f:2:3: "},
		{"a = 1\na.b = 2", "f:2:1: "},
		{"[a]\n[a]", "f:2:2: "},
		{"[a]\nb = 1\n[a.b]", "f:3:4: "},
		{"[a]\nb.c = 1\n[a.b]", "f:3:4: "},
		{"[a.b.c]\nz = 1\n[a]\nb.c.t = 2", "f:4:3: "},
		{"a = {b = 1}\na.c = 2", "f:2:1: "},
		{"a = {b = 1}\n[a.c]", "f:2:2: "},
		{"a = {b.c = 1, b = {d = 2}}", "f:1:15: "},
		{"a = [1]\n[[a]]", "f:2:3: "},
		{"a = [{}]\n[a.b]", "f:2:2: "},
		{"[a]\n[[a]]", "f:2:3: "},
		{"[[a]]\n[a]", "f:2:2: "},
		{"[a.b]\n[[a]]", "f:2:3: "},
		{"[a", "f:1:3: "},
		{"[[a]", "f:1:4: "},
		{"[[a] ]", "f:1:4: "},
		{"[]", "f:1:2: "},
		{"[a] b = 1", "f:1:5: "},
		{"a = [1", "f:1:7: "},
		{"a = [1 2]", "f:1:8: "},
		{"a = [1,,2]", "f:1:8: "},
		{"a = {b = 1,}", "f:1:12: "},
		{"a = {b = 1\n}", "f:1:11: "},
		{"a = \"x\ny\"", "f:1:7: "},
		{"a = \"x", "f:1:7: "},
		{"a = \"\"\"x", "f:1:9: "},
		{"a = \"\\q\"", "f:1:7: "},
		{"a = \"\\ud800\"", "f:1:8: "},
		{"a = \"\\u00e\"", "f:1:8: "},
		{"a = \"\x01\"", "f:1:6: "},
		{"a = 'it''s'", "f:1:9: "},
		{"\"\"\"a\"\"\" = 1", "f:1:1: "},
		{"a = 01", "f:1:5: "},
		{"a = +0x1", "f:1:5: "},
		{"a = 0xg", "f:1:5: "},
		{"a = 1__0", "f:1:5: "},
		{"a = _1", "f:1:5: "},
		{"a = 1_e5", "f:1:5: "},
		{"a = 1.", "f:1:5: "},
		{"a = .5", "f:1:5: "},
		{"a = 1e", "f:1:5: "},
		{"a = 9223372036854775808", "f:1:5: "},
		{"a = True", "f:1:5: "},
		{"a = 2026-02-29", "f:1:5: "},
		{"a = 2026-13-01", "f:1:5: "},
		{"a = 2026-01-01T24:00:00", "f:1:5: "},
		{"a = 2026-01-01T10:00:00+1", "f:1:5: "},
		{"a = 10:00", "f:1:5: "},
		{"a = 1 # \x01", "f:1:9: "},
		{"a = 1\rb = 2", "f:1:6: "},
		{"\xc3\x28 = 1", "f:1: byte 1 "},
		{"a = \"\\u0000\"", "f:1:8: "}, /* of ours: C strings */
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_yaml *y = NULL;
		struct rv_diag diag = {0};

		assert_class(rv_toml_parse(rv_str_of(bad[i].text), "f", &y, &diag),
			     RV_CLASS_MALFORMED);
		assert_null(y);
		if (strncmp(diag.text, bad[i].where, strlen(bad[i].where)) != 0)
			fail_msg("%s gives %s", bad[i].text, diag.text);
	}
}

static void refuses_what_is_past_a_limit(void **state)
{
	char deep[2 * RV_TOML_DEPTH_MAX + 16] = "a = ";
	struct rv_yaml *y = NULL;
	struct rv_buf text;
	struct rv_diag diag = {0};

	(void)state;
	memset(deep + 4, '[', RV_TOML_DEPTH_MAX + 1);
	assert_class(rv_toml_parse(rv_str_of(deep), "f", &y, &diag), RV_CLASS_MALFORMED);
	assert_non_null(strstr(diag.text, "too deep"));
	memset(&diag, 0, sizeof(diag));
	for (size_t i = 0; i <= RV_TOML_DEPTH_MAX; i++)
		memcpy(deep + 2 * i, "a.", 3);
	assert_class(rv_toml_parse(rv_str_of(deep), "f", &y, &diag), RV_CLASS_MALFORMED);
	assert_non_null(strstr(diag.text, "too deep"));
	rv_buf_init(&text, (size_t)8 << 20);
	assert_ok(rv_buf_put_str(&text, "a = ["));
	for (int i = 0; i <= RV_TOML_NODES_MAX; i++)
		assert_ok(rv_buf_put_str(&text, "1,"));
	memset(&diag, 0, sizeof(diag));
	assert_class(rv_toml_parse(rv_buf_view(&text), "f", &y, &diag), RV_CLASS_MALFORMED);
	assert_non_null(strstr(diag.text, "too many"));
	rv_buf_reset(&text);
	while (text.len <= RV_TOML_TEXT_MAX)
		assert_ok(rv_buf_put_str(&text, "####################################\n"));
	assert_class(rv_toml_parse(rv_buf_view(&text), "f", &y, NULL), RV_CLASS_MALFORMED);
	rv_buf_done(&text);
	assert_null(y);
}

static void reads_all_of_the_language(void **state)
{
	static const struct {
		const char *text;
		const char *json;
	} good[] = {
		{"", "{}"},
		{"\xef\xbb\xbf# nothing\r\n\r\n", "{}"},
		{"a-b_1 = 1\n\"c d\" = 2\n'e\"f' = 3\n\"\" = 4",
		 "{\"\":4,\"a-b_1\":1,\"c d\":2,\"e\\\"f\":3}"},
		{"a . b . \"c.d\" = 1\na.e = 2", "{\"a\":{\"b\":{\"c.d\":1},\"e\":2}}"},
		{"3.14 = 1", "{\"3\":{\"14\":1}}"},
		{"s = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00E9\\U0001F600\"",
		 "{\"s\":\"\\b\\t\\n\\f\\r\\\"\\\\\\u00E9\\uD83D\\uDE00\"}"},
		{"s = \"\"\"\nx\ny\\\n   \n  z\"\"\"", "{\"s\":\"x\\nyz\"}"},
		{"s = \"\"\"a\"\"b\"\"\"\"\"", "{\"s\":\"a\\\"\\\"b\\\"\\\"\"}"},
		{"s = '''\n\\n ''q'''''", "{\"s\":\"\\\\n ''q''\"}"},
		{"s = 'C:\\x'", "{\"s\":\"C:\\\\x\"}"},
		{"s = \"\"\"\"\"\"\nt = ''", "{\"s\":\"\",\"t\":\"\"}"},
		{"a = [1_000, +5, -0, 0xDEAD_beef, 0o17, 0b101]",
		 "{\"a\":[1000,5,0,3735928559,15,5]}"},
		{"a = [0.5, -1e3, 6.25E-2, 1_0.5]", "{\"a\":[0.5,-1000.0,0.0625,10.5]}"},
		{"a = [true, false]\nb = [inf, -nan]",
		 "{\"a\":[true,false],\"b\":[\"inf\",\"-nan\"]}"},
		{"a = 1979-05-27T07:32:00.5-07:00\nb = 1979-05-27 07:32:00Z\nc = 1979-05-27 # d\n"
		 "d = 07:32:00",
		 "{\"a\":\"1979-05-27T07:32:00.5-07:00\",\"b\":\"1979-05-27 07:32:00Z\","
		 "\"c\":\"1979-05-27\",\"d\":\"07:32:00\"}"},
		{"a = [ # c\n [1, 2,\n], ['x'], ]", "{\"a\":[[1,2],[\"x\"]]}"},
		{"a = {b = 1, c.d = [ {e = 2} ], f = {}}",
		 "{\"a\":{\"b\":1,\"c\":{\"d\":[{\"e\":2}]},\"f\":{}}}"},
		{"[x.y.z]\n[x]\nk = 1", "{\"x\":{\"k\":1,\"y\":{\"z\":{}}}}"},
		{"[fruit]\napple.color = 1\n[fruit.apple.texture]\nsmooth = true",
		 "{\"fruit\":{\"apple\":{\"color\":1,\"texture\":{\"smooth\":true}}}}"},
		{"[[f]]\nn = 1\n[f.p]\nc = 2\n[[f.v]]\nm = 3\n[[f.v]]\n[[f]]\n[[f.v]]\nm = 4",
		 "{\"f\":[{\"n\":1,\"p\":{\"c\":2},\"v\":[{\"m\":3},{}]},{\"v\":[{\"m\":4}]}]}"},
		{"[ a . b ]\nc = 1", "{\"a\":{\"b\":{\"c\":1}}}"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(good); i++) {
		RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;
		struct rv_diag diag = {0};

		if (!rv_is_ok(rv_toml_parse(rv_str_of(good[i].text), "f", &y, &diag)))
			fail_msg("%s", diag.text);
		char *text = json_dumps(rv_yaml_root(y),
					JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
		assert_string_equal(text, good[i].json);
		free(text);
	}
}

static void tells_where_each_value_stands(void **state)
{
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;
	struct rv_diag diag = {0};
	unsigned line, column;

	(void)state;
	assert_ok(rv_toml_parse(RV_STR_LIT("[[rules]]\nid = 'a'\n\n[[rules]]\n  id = true\n"),
				"x.toml", &y, NULL));
	const json_t *second = json_array_get(json_object_get(rv_yaml_root(y), "rules"), 1);
	rv_yaml_mark(y, second, "id", &line, &column);
	assert_int_equal(line, 5);
	assert_int_equal(column, 3);
	rv_yaml_mark(y, second, NULL, &line, &column);
	assert_int_equal(line, 4);
	assert_class(rv_yaml_fail(y, second, "id", &diag, "no text"), RV_CLASS_MALFORMED);
	assert_string_equal(diag.text, "x.toml:5:3: no text");
	assert_string_equal(rv_yaml_file(y), "x.toml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_the_specification_calls_invalid),
		cmocka_unit_test(refuses_what_is_past_a_limit),
		cmocka_unit_test(reads_all_of_the_language),
		cmocka_unit_test(tells_where_each_value_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
