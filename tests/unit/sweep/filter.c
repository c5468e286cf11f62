/* tests: what becomes of a finding, and in which order. */
#include "agent/sweep/filter.h"

#include "agent/base/clock.h"
#include "tests/unit/sweep/sift.h"

#include <stdio.h>

#define VALUE "VALUE-0aB1cD2eF3gH4iJ5kL6mN7oP8qR9s"

static const char *const aliases[] = {"acme-api-token", NULL};
static const struct rv_rule acme = {
	.id = "acme-key", .aliases = aliases, .since = 20261127, .confidence = 90};
static const struct rv_rule other = {.id = "other", .confidence = 90};

/* One finding of acme in src/a.py, line 7; a test changes what it asks about. */
static struct rv_filter_question question(void)
{
	static const char line[] = "key = \"" VALUE "\"";

	return (struct rv_filter_question){
		.rule = &acme,
		.path = RV_STR_LIT("src/a.py"),
		.value = RV_STR_LIT(VALUE),
		.match = RV_STR_LIT("\"" VALUE "\""),
		.lines = rv_str_of(line),
		.value_end = 7 + strlen(VALUE),
		.line = 7,
		.commit = "0123456789abcdef0123456789abcdef01234567",
		.confidence = 90,
	};
}

static bool is_gitleaks; /* calls */

static struct rv_filter_answer judge(const struct rv_scan_config *config,
				     struct rv_baseline *baseline,
				     const struct rv_filter_question *q)
{
	RV_CLEANUP(rv_identity_freep) struct rv_identity *identity = NULL;
	struct rv_filter_answer answer;
	struct rv_filter filter;

	assert_ok(rv_identity_new(baseline ? rv_baseline_salt(baseline) : NULL, &identity));
	rv_filter_init(&filter, config, baseline, identity, NOW_US);
	filter.is_gitleaks = is_gitleaks;
	assert_ok(rv_filter_judge(&filter, q, &answer));
	return answer;
}

/* The state of the finding under one configuration file. */
static enum rv_leak_state state_under(enum rv_scan_source source, const char *text,
				      const struct rv_filter_question *q)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(sift_load(source, text, NULL, &config, &diag)))
		fail_msg("%s", diag.text);
	return (enum rv_leak_state)judge(config, NULL, q).state;
}

static void tells_what_nothing_allows(void **state)
{
	static const char *const lists[] = {
		"[allowlist]\npaths = ['^test/']\n",
		"[allowlist]\nregexes = ['^ALUE']\n",
		"[allowlist]\nregexes = ['key = ']\n", /* the secret alone is looked at */
		"[allowlist]\nregexTarget = 'match'\nregexes = ['key = ']\n",
		"[allowlist]\nstopwords = ['example']\n",
		"[allowlist]\ncommits = ['0123456']\n",
		"[allowlist]\ncondition = 'AND'\npaths = ['src']\nregexes = ['nothing']\n",
		"[allowlist]\ncondition = 'AND'\npaths = ['src']\ncommits = ['ff']\n",
		"[[allowlists]]\ntargetRules = ['other']\nregexes = ['VALUE']\n",
	};
	struct rv_filter_question q = question();

	(void)state;
	for (size_t i = 0; i < RV_LEN(lists); i++) {
		if (state_under(RV_SCAN_SOURCE_GITLEAKS, lists[i], &q) != RV_LEAK_OPEN)
			fail_msg("allowed by %s", lists[i]);
	}
	assert_int_equal(state_under(RV_SCAN_SOURCE_NATIVE,
				     "scan: {allow: [{paths: ['src/'], rules: [other], "
				     "reason: x}]}\n",
				     &q),
			 RV_LEAK_OPEN);
	assert_int_equal(state_under(RV_SCAN_SOURCE_NATIVE,
				     "scan: {allow: [{paths: ['src/'], values: ['^x'], "
				     "reason: x}]}\n",
				     &q),
			 RV_LEAK_OPEN);
	assert_int_equal(state_under(RV_SCAN_SOURCE_FINGERPRINTS,
				     "src/a.py:acme-key:8\nsrc/a.py:other:7\n"
				     "ffff:src/a.py:acme-key:7\n",
				     &q),
			 RV_LEAK_OPEN);
}

static void what_is_of_gitleaks_may_mean_the_path_as_it_is_shown(void **state)
{
	static const char prints[] = "top/src/a.py:acme-key:7\n";
	struct rv_filter_question q = question();

	(void)state;
	assert_int_equal(state_under(RV_SCAN_SOURCE_FINGERPRINTS, prints, &q), RV_LEAK_OPEN);
	q.shown = RV_STR_LIT("./top/src/a.py");
	assert_int_equal(state_under(RV_SCAN_SOURCE_FINGERPRINTS, prints, &q), RV_LEAK_ALLOWED);
	assert_int_equal(state_under(RV_SCAN_SOURCE_FINGERPRINTS, "src/a.py:acme-key:7\n", &q),
			 RV_LEAK_ALLOWED);
	for (int by = 0; by < 2; by++) {
		is_gitleaks = by;
		assert_int_equal(state_under(RV_SCAN_SOURCE_GITLEAKS,
					     "[allowlist]\npaths = ['^top/src']\n", &q),
				 by ? RV_LEAK_ALLOWED : RV_LEAK_OPEN);
	}
	is_gitleaks = false;
	assert_int_equal(state_under(RV_SCAN_SOURCE_NATIVE,
				     "scan: {allow: [{paths: ['/top/src/'], reason: x}]}\n", &q),
			 RV_LEAK_OPEN);
	q.inside = "b.py";
	assert_int_equal(
		state_under(RV_SCAN_SOURCE_FINGERPRINTS, "top/src/a.py!b.py:acme-key:7\n", &q),
		RV_LEAK_ALLOWED);
}

static void allows_by_lists_as_gitleaks_does(void **state)
{
	static const char *const lists[] = {
		"[allowlist]\npaths = ['''\\.py$''']\n",
		"[allowlist]\nregexes = ['(?i)^value-']\n",
		"[allowlist]\nregexTarget = 'match'\nregexes = ['^\"VALUE']\n",
		"[allowlist]\nregexTarget = 'line'\nregexes = ['^key = ']\n",
		"[allowlist]\nstopwords = ['LUE-0AB']\n",
		"[allowlist]\ncommits = ['0123456789ABCDEF0123456789abcdef01234567']\n",
		"[allowlist]\npaths = ['nothing']\nregexes = ['VALUE']\n",
		"[allowlist]\ncondition = 'AND'\npaths = ['src']\nregexes = ['VALUE']\n"
		"stopwords = ['value']\n",
		"[[allowlists]]\ntargetRules = ['acme-api-token']\nregexes = ['VALUE']\n",
		"[extend]\nuseDefault = true\n[[rules]]\nid = 'acme-api-token'\n"
		"[[rules.allowlists]]\nregexes = ['VALUE']\n",
	};
	struct rv_filter_question q = question();

	(void)state;
	for (size_t i = 0; i < RV_LEN(lists); i++) {
		if (state_under(RV_SCAN_SOURCE_GITLEAKS, lists[i], &q) != RV_LEAK_ALLOWED)
			fail_msg("not allowed by %s", lists[i]);
	}
	q.inside = "b/c.env";
	assert_int_equal(
		state_under(RV_SCAN_SOURCE_GITLEAKS, "[allowlist]\npaths = ['c.env$']\n", &q),
		RV_LEAK_ALLOWED);
}

static void allows_by_our_list_where_all_of_it_holds(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	struct rv_filter_question q = question();

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_NATIVE,
			    "scan:\n  allow:\n    - paths: ['src/*.py']\n      rules: [acme-key]\n"
			    "      values: ['^VALUE-']\n      reason: made for a test\n"
			    "      until: 2026-11-28\n",
			    NULL, &config, NULL));
	struct rv_filter_answer answer = judge(config, NULL, &q);
	assert_int_equal(answer.state, RV_LEAK_ALLOWED);
	assert_string_equal(answer.note, "f:3: made for a test");
	assert_string_equal(answer.fingerprint, "");
	q.rule = &other;
	assert_int_equal(judge(config, NULL, &q).state, RV_LEAK_OPEN);
}

static void allows_by_a_line_of_gitleaksignore_under_any_name(void **state)
{
	struct rv_filter_question q = question();

	(void)state;
	assert_int_equal(
		state_under(RV_SCAN_SOURCE_FINGERPRINTS, "src\\a.py:acme-api-token:7\n", &q),
		RV_LEAK_ALLOWED);
	assert_int_equal(
		state_under(RV_SCAN_SOURCE_FINGERPRINTS,
			    "0123456789abcdef0123456789abcdef01234567:src/a.py:acme-key:7\n", &q),
		RV_LEAK_ALLOWED);
}

static void goes_by_the_order_it_promises(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	struct rv_filter_question q = question();
	struct rv_filter_answer answer;

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_NATIVE, "", NULL, &config, NULL));
	assert_ok(rv_baseline_new(20261126, NOW_US, &baseline));
	answer = judge(config, baseline, &q);
	assert_int_equal(answer.state, RV_LEAK_NEW_RULE);
	assert_true(answer.is_stable);
	const struct rv_baseline_entry entry = {
		answer.fingerprint, "acme-key", "src/a.py", "old", "me", "2026-11-27", ""};
	assert_ok(rv_baseline_add(baseline, &entry, NULL));
	answer = judge(config, baseline, &q);
	assert_int_equal(answer.state, RV_LEAK_BASELINE);
	assert_string_equal(answer.note, "old (me)");
	q.confidence = 49;
	assert_int_equal(judge(config, baseline, &q).state, RV_LEAK_WEAK);
	q.lines = RV_STR_LIT("key = \"" VALUE "\" # reeve:allow reason=\"in a test\"");
	answer = judge(config, baseline, &q);
	assert_int_equal(answer.state, RV_LEAK_ALLOWED);
	assert_true(answer.is_marked);
	assert_string_equal(answer.note, "reeve:allow: in a test");
	q.lines = RV_STR_LIT("key = \"" VALUE "\" # reeve:allow");
	q.confidence = 90;
	answer = judge(config, baseline, &q);
	assert_int_equal(answer.state, RV_LEAK_BASELINE);
	assert_non_null(strstr(answer.problem, "no reason"));
}

static void tells_again_what_the_baseline_hid_until_yesterday(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	struct rv_filter_question q = question();

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_NATIVE, "", NULL, &config, NULL));
	assert_ok(rv_baseline_new(20261127, NOW_US, &baseline));
	struct rv_filter_answer answer = judge(config, baseline, &q);
	assert_int_equal(answer.state, RV_LEAK_OPEN);
	const struct rv_baseline_entry entry = {answer.fingerprint, "acme-key", "", "", "", "",
						"2026-11-27"};
	assert_ok(rv_baseline_add(baseline, &entry, NULL));
	answer = judge(config, baseline, &q);
	assert_int_equal(answer.state, RV_LEAK_OPEN);
	assert_true(answer.has_ended);
}

static void allows_by_a_fingerprint_of_reeveignore(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *none = NULL;
	struct rv_filter_question q = question();
	char text[256];

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_NATIVE, "", NULL, &none, NULL));
	struct rv_filter_answer answer = judge(none, NULL, &q);
	assert_int_equal(answer.state, RV_LEAK_OPEN);
	(void)snprintf(text, sizeof(text), "fingerprint %s until=2026-12-01 reason=\"ours\"\n",
		       answer.fingerprint); /* it fits */
	assert_int_equal(state_under(RV_SCAN_SOURCE_IGNORE, text, &q), RV_LEAK_ALLOWED);
	(void)snprintf(text, sizeof(text), "fingerprint %s until=2026-11-01 reason=\"ours\"\n",
		       answer.fingerprint); /* it fits */
	assert_int_equal(state_under(RV_SCAN_SOURCE_IGNORE, text, &q), RV_LEAK_OPEN);
}

static void skips_paths_by_the_last_line_that_matches(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	const char *why = NULL;

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_IGNORE,
			    "# fixtures\n*.pem\n!good.pem\ntests/data/\n/build\nfingerprints\n",
			    NULL, &config, NULL));
	assert_true(rv_filter_skips_path(config, RV_STR_LIT("a/b.pem"), &why));
	assert_string_equal(why, "**/*.pem");
	assert_false(rv_filter_skips_path(config, RV_STR_LIT("a/good.pem"), &why));
	assert_null(why);
	assert_true(rv_filter_skips_path(config, RV_STR_LIT("tests/data/x"), NULL));
	assert_false(rv_filter_skips_path(config, RV_STR_LIT("a/tests/data/x"), NULL));
	assert_true(rv_filter_skips_path(config, RV_STR_LIT("build/x/y"), NULL));
	assert_false(rv_filter_skips_path(config, RV_STR_LIT("a/build/x"), NULL));
	assert_true(rv_filter_skips_path(config, RV_STR_LIT("a/fingerprints"), NULL));
}

static bool holds(const struct rv_scan_config *config, const char *id, const char *path,
		  const char *inside)
{
	const struct rv_rule *rule = rv_ruleset_find(rv_scan_config_rules(config), id);

	assert_non_null(rule);
	return rv_filter_holds(config, rule, rv_str_of(path), inside);
}

static void a_rule_holds_where_its_path_matches(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	struct rv_diag diag = {0};

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_GITLEAKS,
			    "[[rules]]\nid = 'a'\nregex = 'x1'\npath = '\\.txt$'\n"
			    "[[rules]]\nid = 'b'\nregex = 'x2'\n"
			    "[[rules]]\nid = 'c'\npath = '(^|/)key$'\n"
			    "[[rules]]\nid = 'd'\npath = '.'\nskipReport = true\n"
			    "[[rules]]\nid = 'e'\nregex = 'x3'\n[[rules.required]]\nid = 'c'\n",
			    NULL, &config, &diag));
	assert_true(holds(config, "a", "./b.txt", NULL));
	assert_false(holds(config, "a", "b.py", NULL));
	assert_true(holds(config, "a", "b.zip", "c.txt"));
	assert_false(holds(config, "a", "b.txt", "c.py"));
	assert_true(holds(config, "b", "b.py", NULL));
	assert_false(holds(config, "c", "", NULL));
	const struct rv_rule *const *alone = rv_filter_path_rules(config);
	assert_non_null(alone);
	assert_string_equal(alone[0]->id, "c"); /* d is a part of others alone */
	assert_null(alone[1]);
	/* What has no place in the text is taken to be there. */
	const struct rv_filter_place place = {rv_ruleset_find(rv_scan_config_rules(config), "e"), 1,
					      1};
	assert_true(rv_filter_is_complete(config, &place, &place, 1));
	assert_true(sift_notes(config, "requires c, which has no regex"));
}

static void a_file_is_let_pass_by_its_path_and_not_by_words(void **state)
{
	static const struct rv_rule file = {
		.id = "file", .flags = RV_RULE_PATH_ONLY | RV_RULE_FLEET, .confidence = 75};
	struct rv_filter_question q = {
		.rule = &file, .path = RV_STR_LIT("src/a.key"), .confidence = 75};

	(void)state;
	assert_int_equal(state_under(RV_SCAN_SOURCE_GITLEAKS,
				     "[allowlist]\nregexes = ['']\nstopwords = ['src']\n", &q),
			 RV_LEAK_OPEN);
	assert_int_equal(
		state_under(RV_SCAN_SOURCE_GITLEAKS, "[allowlist]\npaths = ['^src/']\n", &q),
		RV_LEAK_ALLOWED);
	assert_int_equal(state_under(RV_SCAN_SOURCE_FINGERPRINTS, "src/a.key:file:0\n", &q),
			 RV_LEAK_ALLOWED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_holds_where_its_path_matches),
		cmocka_unit_test(a_file_is_let_pass_by_its_path_and_not_by_words),
		cmocka_unit_test(tells_what_nothing_allows),
		cmocka_unit_test(what_is_of_gitleaks_may_mean_the_path_as_it_is_shown),
		cmocka_unit_test(allows_by_lists_as_gitleaks_does),
		cmocka_unit_test(allows_by_our_list_where_all_of_it_holds),
		cmocka_unit_test(allows_by_a_line_of_gitleaksignore_under_any_name),
		cmocka_unit_test(goes_by_the_order_it_promises),
		cmocka_unit_test(tells_again_what_the_baseline_hid_until_yesterday),
		cmocka_unit_test(allows_by_a_fingerprint_of_reeveignore),
		cmocka_unit_test(skips_paths_by_the_last_line_that_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
