/* tests: globs are anchored, know components, and cannot be made slow. */
#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "tests/support/unit.h"

struct glob_case {
	const char *pattern;
	const char *path;
};

static void does_not_match(void **state)
{
	static const struct glob_case cases[] = {
		{"", "a"},	     {"a", ""},
		{"a", "ab"},	     {"b", "ab"},
		{"/a/*", "/a/b/c"},  {"/a/*", "/a"},
		{"/a?b", "/a/b"},    {"/a[/]b", "/a/b"},
		{"/a[!x]b", "/a/b"}, {"/a/**/b", "/a/xb"},
		{"**/b", "xb"},	     {"*.pem", "/x.pem"},
		{"[a-c]", "d"},	     {"[!a-c]", "b"},
		{"[]]", "a"},	     {"\\*", "a"},
		{"a\\", "a\\"},	     {"[a", "a"},
		{"[", "["},	     {"/a/**", "/a"},
		{"A", "a"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(cases); i++)
		assert_false(rv_glob_match(rv_str_of(cases[i].pattern), rv_str_of(cases[i].path)));
}

static void does_match(void **state)
{
	static const struct glob_case cases[] = {
		{"", ""},
		{"*", ""},
		{"*", "ab"},
		{"**", "/a/b"},
		{"/a/*", "/a/b"},
		{"/a/*.pem", "/a/.pem"},
		{"/a/**", "/a/b/c"},
		{"/a/**/b", "/a/b"},
		{"/a/**/b", "/a/x/y/b"},
		{"**/b", "b"},
		{"**/b", "/x/b"},
		{"/a/**/*.key", "/a/b/c.key"},
		{"/a?c", "/abc"},
		{"[a-c]x", "bx"},
		{"[!a-c]x", "dx"},
		{"[]a]", "]"},
		{"[!]]", "a"},
		{"[a-]", "-"},
		{"[\\]x]", "]"},
		{"[\\a-c]", "b"},
		{"\\*", "*"},
		{"\\[a", "[a"},
		{"a]b", "a]b"},
		{"*a*b*c*", "xaxbxcx"},
		{"***", "a/b"},
		{"/caf\xc3\xa9", "/caf\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(cases); i++)
		assert_true(rv_glob_match(rv_str_of(cases[i].pattern), rv_str_of(cases[i].path)));
}

static void says_where_a_pattern_is_broken(void **state)
{
	static const char *const bad[] = {"/a/[b", "[", "[!", "[]", "[a\\]", "\\", "a/\\"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_diag diag = {0};

		assert_false(rv_glob_is_valid(rv_str_of(bad[i]), &diag));
		assert_non_null(strstr(diag.text, "at byte"));
	}
	assert_true(rv_glob_is_valid(RV_STR_LIT("/a/**/[!b]\\*"), NULL));
}

static void refuses_a_pattern_beyond_the_limit(void **state)
{
	char pattern[4098];

	(void)state;
	memset(pattern, 'a', sizeof(pattern));
	assert_false(rv_glob_is_valid((struct rv_str){(uint8_t *)pattern, 4097}, NULL));
	assert_true(rv_glob_match((struct rv_str){(uint8_t *)pattern, 4096},
				  (struct rv_str){(uint8_t *)pattern, 4096}));
}

/* A backtracking matcher needs longer than the age of the universe for this one. */
static void a_hostile_pattern_is_not_slow(void **state)
{
	char pattern[601], path[1001];
	int64_t start_us = rv_boot_us();

	(void)state;
	for (size_t i = 0; i < 600; i += 3)
		memcpy(pattern + i, "**a", 3);
	pattern[600] = 'b';
	memset(path, 'a', sizeof(path));
	assert_false(rv_glob_match((struct rv_str){(uint8_t *)pattern, sizeof(pattern)},
				   (struct rv_str){(uint8_t *)path, sizeof(path)}));
	assert_true(rv_boot_us() - start_us < 5 * RV_US_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_not_match),
		cmocka_unit_test(does_match),
		cmocka_unit_test(says_where_a_pattern_is_broken),
		cmocka_unit_test(refuses_a_pattern_beyond_the_limit),
		cmocka_unit_test(a_hostile_pattern_is_not_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
