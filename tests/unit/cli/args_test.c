/* A command line becomes the request of its verb, or one clear refusal. */
#include "agent/cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct rv_verb *verb_named(const char *name)
{
	size_t count;
	const struct rv_verb *verbs = rv_verbs(&count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* Parses up to four words for the verb; the request as canonical text in `out`. */
static rv_status parse(const char *name, const char *const *words, int count, char *out,
		       size_t size, struct rv_diag *diag)
{
	RV_CLEANUP(rv_verb_args_done) struct rv_verb_args args = {.fd = -1};
	char *argv[8] = {0};
	for (int i = 0; i < count; i++)
		argv[i] = (char *)(uintptr_t)words[i];
	rv_status status = rv_verb_args_parse(verb_named(name), count, argv, &args, diag);
	if (!rv_is_ok(status))
		return status;
	char *text = json_dumps(args.json, JSON_COMPACT | JSON_SORT_KEYS);
	snprintf(out, size, "%s%s", text, args.fd >= 0 ? "+fd" : "");
	free(text);
	return RV_OK;
}

#define PARSE(name, out, diag, ...)                                                    \
	parse(name, (const char *const[]){__VA_ARGS__},                                \
	      (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)), out, \
	      sizeof(out), diag)

static void options_and_words_become_json_keys(void **state)
{
	(void)state;
	char out[512];
	assert_true(rv_is_ok(PARSE("list", out, NULL, "--due", "30d", "--orphans")));
	assert_string_equal(out, "{\"due\":\"30d\",\"orphans\":true}");
	assert_true(rv_is_ok(PARSE("rotate", out, NULL, "--dry-run", "c19f")));
	assert_string_equal(out, "{\"dry_run\":true,\"id\":\"c19f\"}");
	assert_true(rv_is_ok(PARSE("owner set", out, NULL, "c19f", "team:bi")));
	assert_string_equal(out, "{\"do\":\"set\",\"id\":\"c19f\",\"owner\":\"team:bi\"}");
}

static void an_option_takes_its_value_after_an_equals_sign_too(void **state)
{
	(void)state;
	char out[512];
	assert_true(rv_is_ok(PARSE("list", out, NULL, "--due=7d")));
	assert_string_equal(out, "{\"due\":\"7d\"}");
}

static void words_after_two_dashes_are_never_options(void **state)
{
	(void)state;
	char out[512];
	assert_true(rv_is_ok(PARSE("show", out, NULL, "--", "--odd")));
	assert_string_equal(out, "{\"id\":\"--odd\"}");
}

static void several_ids_make_a_list(void **state)
{
	(void)state;
	char out[512];
	assert_true(rv_is_ok(PARSE("plan", out, NULL, "a1", "b2", "c3")));
	assert_string_equal(out, "{\"ids\":[\"a1\",\"b2\",\"c3\"]}");
}

static void a_token_file_goes_as_a_descriptor_and_not_as_text(void **state)
{
	(void)state;
	char out[512];
	assert_true(rv_is_ok(PARSE("enroll", out, NULL, "https://h", "--token-file", "/dev/null",
				   "--ca-pin=p")));
	assert_string_equal(out, "{\"ca_pin\":\"p\",\"url\":\"https://h\"}+fd");
}

static void a_path_with_odd_bytes_is_escaped_before_it_becomes_json(void **state)
{
	(void)state;
	char out[512];
	assert_true(rv_is_ok(PARSE("show", out, NULL, "/srv/a\xff\nb")));
	assert_string_equal(out, "{\"id\":\"/srv/a\\\\xff\\\\x0ab\"}");
}

static void a_mistyped_option_is_refused_with_a_suggestion(void **state)
{
	(void)state;
	char out[512];
	struct rv_diag diag = {0};
	rv_status status = PARSE("list", out, &diag, "--orphan");
	assert_int_equal(rv_class_of(status), RV_CLASS_MISCONFIGURED);
	assert_non_null(strstr(diag.text, "did you mean --orphans?"));
	assert_string_equal(diag.next, "reeve list --help");
}

static void what_is_missing_or_too_much_is_named(void **state)
{
	(void)state;
	char out[512];
	struct rv_diag diag = {0};
	assert_false(rv_is_ok(parse("show", NULL, 0, out, sizeof(out), &diag)));
	assert_non_null(strstr(diag.text, "needs a credential"));
	diag = (struct rv_diag){0};
	assert_false(rv_is_ok(PARSE("show", out, &diag, "a", "b")));
	assert_non_null(strstr(diag.text, "unexpected word \"b\""));
	diag = (struct rv_diag){0};
	assert_false(rv_is_ok(PARSE("list", out, &diag, "--due")));
	assert_non_null(strstr(diag.text, "--due needs 30d"));
	diag = (struct rv_diag){0};
	assert_false(rv_is_ok(PARSE("list", out, &diag, "--orphans=yes")));
	assert_non_null(strstr(diag.text, "takes no value"));
	diag = (struct rv_diag){0};
	assert_false(rv_is_ok(
		PARSE("enroll", out, &diag, "https://h", "--token-file", "/nonexistent/token")));
	assert_non_null(strstr(diag.text, "cannot open /nonexistent/token"));
}

static void a_word_that_is_not_utf8_is_refused_not_sent(void **state)
{
	(void)state;
	char out[512];
	assert_false(rv_is_ok(PARSE("owner set", out, NULL, "c19f", "\xff\xfe")));
}

static void every_verb_has_a_summary_an_example_and_a_way_to_run(void **state)
{
	(void)state;
	size_t count;
	const struct rv_verb *verbs = rv_verbs(&count);
	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(verbs[i].summary);
		assert_true(verbs[i].wire || verbs[i].run);
		assert_non_null(verbs[i].examples);
		assert_non_null(strstr(verbs[i].examples, verbs[i].name));
	}
}

static void verbs_are_found_by_one_or_two_words_and_suggested_when_near(void **state)
{
	(void)state;
	char *pair[] = {(char *)(uintptr_t) "policy", (char *)(uintptr_t) "explain"};
	int words = 0;
	assert_string_equal(rv_verb_find(2, pair, &words)->name, "policy explain");
	assert_int_equal(words, 2);
	char *group[] = {(char *)(uintptr_t) "policy"};
	assert_null(rv_verb_find(1, group, &words));
	assert_string_equal(rv_verb_suggest("rotat"), "rotate");
	assert_null(rv_verb_suggest("xyzzyplugh"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_become_json_keys),
		cmocka_unit_test(an_option_takes_its_value_after_an_equals_sign_too),
		cmocka_unit_test(words_after_two_dashes_are_never_options),
		cmocka_unit_test(several_ids_make_a_list),
		cmocka_unit_test(a_token_file_goes_as_a_descriptor_and_not_as_text),
		cmocka_unit_test(a_path_with_odd_bytes_is_escaped_before_it_becomes_json),
		cmocka_unit_test(a_mistyped_option_is_refused_with_a_suggestion),
		cmocka_unit_test(what_is_missing_or_too_much_is_named),
		cmocka_unit_test(a_word_that_is_not_utf8_is_refused_not_sent),
		cmocka_unit_test(every_verb_has_a_summary_an_example_and_a_way_to_run),
		cmocka_unit_test(verbs_are_found_by_one_or_two_words_and_suggested_when_near),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
