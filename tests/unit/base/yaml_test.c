/* tests: only the YAML that every reader understands the same way. */
#include "agent/base/yaml.h"
#include "tests/support/unit.h"

static void refuses_what_readers_understand_differently(void **state)
{
	static const struct {
		const char *text;
		const char *where;
	} bad[] = {
		{"a: &x 1\n", "f.yaml:1:4: "},
		{"a: 1\nb: *x\n", "f.yaml:2:4: "},
		{"a: !!str 1\n", "f.yaml:1:4: "},
		{"a: ! x\n", "f.yaml:1:4: "},
		{"- &x [1]\n", "f.yaml:1:3: "},
		{"- !!map {}\n", "f.yaml:1:3: "},
		{"a:\n  <<: {b: 1}\n", "f.yaml:2:3: "},
		{"a: 1\na: 2\n", "f.yaml:2:1: "},
		{"a: {b: 1, b: 2}\n", "f.yaml:1:11: "},
		{"a: 1\n---\nb: 2\n", "f.yaml:2:1: "},
		{"%YAML 1.1\n---\na: 1\n", "f.yaml:1:1: "},
		{"[a]: 1\n", "f.yaml:1:1: "},
		{"{a: 1}: 1\n", "f.yaml:1:1: "},
		{"'': 1\n", "f.yaml:1:1: "},
		{"a: \"\\0\"\n", "f.yaml:1:4: "},
		{"a: 9223372036854775808\n", "f.yaml:1:4: "},
		{"a: [1\n", "f.yaml:2:1: "},
		{"a:\n\t- b\n", "f.yaml:2:"},
		{"a: 'x\n", "f.yaml:"},
		{"a: \xff\n", "f.yaml: byte "},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_yaml *y = NULL;
		struct rv_diag diag = {0};

		assert_class(rv_yaml_parse(rv_str_of(bad[i].text), "f.yaml", &y, &diag),
			     RV_CLASS_MALFORMED);
		assert_null(y);
		diag.text[strlen(bad[i].where)] = '\0';
		assert_string_equal(diag.text, bad[i].where);
	}
}

static void refuses_nesting_beyond_32_levels(void **state)
{
	struct rv_yaml *y = NULL;
	char text[80];

	(void)state;
	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	assert_ok(rv_yaml_parse((struct rv_str){(uint8_t *)text, 64}, "f", &y, NULL));
	rv_yaml_freep(&y);
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	assert_class(rv_yaml_parse((struct rv_str){(uint8_t *)text, 66}, "f", &y, NULL),
		     RV_CLASS_MALFORMED);
}

static void refuses_too_much(void **state)
{
	size_t size = ((size_t)4 << 20) + 1;
	char *text = malloc(size);
	struct rv_yaml *y = NULL;

	(void)state;
	memset(text, '#', size);
	assert_class(rv_yaml_parse((struct rv_str){(uint8_t *)text, size}, "f", &y, NULL),
		     RV_CLASS_MALFORMED);
	for (size_t i = 0; i < 300000; i += 2)
		memcpy(text + i, i ? "1," : "[1", 2);
	memcpy(text + 2, ",1", 2);
	text[299999] = ']';
	assert_class(rv_yaml_parse((struct rv_str){(uint8_t *)text, 300000}, "f", &y, NULL),
		     RV_CLASS_MALFORMED);
	free(text);
}

static void plain_words_are_text_unless_plainly_not(void **state)
{
	static const char text[] = "[yes, no, on, ~, 1.5, 0x10, 010, +1, -0, 2026-11-21, 1_000, "
				   "True, NULL, .inf, '1', \"true\"]";
	struct rv_yaml *y = NULL;
	json_t *root;

	(void)state;
	assert_ok(rv_yaml_parse(rv_str_of(text), "f", &y, NULL));
	root = rv_yaml_root(y);
	assert_int_equal(json_array_size(root), 16);
	for (size_t i = 0; i < json_array_size(root); i++)
		assert_true(json_is_string(json_array_get(root, i)));
	rv_yaml_freep(&y);
}

static void the_few_other_types_are_read(void **state)
{
	struct rv_yaml *y = NULL;
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 4096);
	assert_ok(rv_yaml_parse(RV_STR_LIT("a: [true, false, null, 0, -5, 9223372036854775807, "
					   "-9223372036854775808]\nb:\nc: {}\nd: |\n  x\n  y\n"),
				"f", &y, NULL));
	assert_ok(rv_json_canonical(rv_yaml_root(y), &out));
	assert_bytes(out, "{\"a\":[true,false,null,0,-5,9223372036854775807,"
			  "-9223372036854775808],\"b\":null,\"c\":{},\"d\":\"x\\ny\\n\"}");
	rv_buf_done(&out);
	rv_yaml_freep(&y);
}

static void a_file_of_comments_is_null(void **state)
{
	struct rv_yaml *y = NULL;

	(void)state;
	assert_ok(rv_yaml_parse(RV_STR_LIT("# nothing\n"), "f", &y, NULL));
	assert_true(json_is_null(rv_yaml_root(y)));
	rv_yaml_freep(&y);
	assert_ok(rv_yaml_parse(RV_STR_NONE, "f", &y, NULL));
	assert_true(json_is_null(rv_yaml_root(y)));
	rv_yaml_freep(&y);
}

static void every_value_knows_its_place(void **state)
{
	struct rv_yaml *y = NULL;
	struct rv_diag diag = {0};
	json_t *list;
	unsigned line, column;

	(void)state;
	assert_ok(rv_yaml_parse(RV_STR_LIT("a: x\nlist:\n  - one\n  - {on: true}\n"), "f.yaml", &y,
				NULL));
	list = json_object_get(rv_yaml_root(y), "list");
	rv_yaml_mark(y, json_array_get(list, 0), NULL, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 5);
	rv_yaml_mark(y, rv_yaml_root(y), "list", &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 1);
	rv_yaml_mark(y, json_array_get(list, 1), "on", &line, &column);
	assert_int_equal(line, 4);
	assert_int_equal(column, 6);
	rv_yaml_mark(y, list, "nothing", &line, &column);
	assert_int_equal(line, 0);
	assert_class(rv_yaml_fail(y, json_array_get(list, 1), "on", &diag, "no %s", "good"),
		     RV_CLASS_MALFORMED);
	assert_string_equal(diag.text, "f.yaml:4:6: no good");
	assert_string_equal(rv_yaml_file(y), "f.yaml");
	rv_yaml_freep(&y);
}

static void suggests_the_nearest_word_only(void **state)
{
	static const char *const words[] = {"rotate", "revoke", "report", "id", NULL};

	(void)state;
	assert_string_equal(rv_suggest("rotat", words), "rotate");
	assert_string_equal(rv_suggest("revoek", words), "revoke");
	assert_string_equal(rv_suggest("reprot", words), "report");
	assert_null(rv_suggest("discover", words));
	assert_null(rv_suggest("", words));
	assert_null(rv_suggest("xy", words));
	assert_string_equal(rv_suggest("ids", words), "id");
}

static void quotes_plain_names_only(void **state)
{
	static const char long_name[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";

	(void)state;
	assert_string_equal(rv_yaml_quoted("min_confidence"), "min_confidence");
	assert_string_equal(rv_yaml_quoted(long_name), long_name);
	assert_string_equal(rv_yaml_quoted("xabcdefghijklmnopqrstuvwxyz0123456789ABCD"),
			    "(not shown)");
	assert_string_equal(rv_yaml_quoted(""), "(not shown)");
	assert_string_equal(rv_yaml_quoted("a b"), "(not shown)");
	assert_string_equal(rv_yaml_quoted("root:x"), "(not shown)");
	assert_string_equal(rv_yaml_path_quoted("ci/rules.yaml"), "ci/rules.yaml");
	assert_string_equal(rv_yaml_path_quoted("/etc/x"), "/etc/x");
	assert_string_equal(rv_yaml_path_quoted("a/"), "(not shown)");
	assert_string_equal(rv_yaml_path_quoted("a/b+c"), "(not shown)");
	assert_string_equal(rv_yaml_path_quoted(""), "(not shown)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_readers_understand_differently),
		cmocka_unit_test(refuses_nesting_beyond_32_levels),
		cmocka_unit_test(refuses_too_much),
		cmocka_unit_test(plain_words_are_text_unless_plainly_not),
		cmocka_unit_test(the_few_other_types_are_read),
		cmocka_unit_test(a_file_of_comments_is_null),
		cmocka_unit_test(every_value_knows_its_place),
		cmocka_unit_test(suggests_the_nearest_word_only),
		cmocka_unit_test(quotes_plain_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
