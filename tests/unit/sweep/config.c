/* tests: what is in force: .reeve.yaml, .gitleaks.toml, ignore files. Bad ones first. */
#include "agent/sweep/config.h"

#include "agent/base/fd.h"
#include "agent/base/json.h"
#include "agent/sweep/filter.h"
#include "tests/unit/sweep/sift.h"

#include <stdio.h>

struct bad {
	const char *text;
	const char *says; /* from the start: with its place; else anywhere */
};

static const struct sift_file odd_files[] = {
	{"odd.yaml", "version: 2\nrules:\n  - id: own-key\n    kind: token\n"
		     "    anchors: [own_]\n    regex: 'own_[0-9]{8}'\n    check: crc65\n"},
	{NULL, NULL},
};

static void all_are_refused(enum rv_scan_source source, const struct bad *bad, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct rv_scan_config *config = NULL;
		struct rv_diag diag = {0};

		if (rv_is_ok(sift_load(source, bad[i].text, odd_files, &config, &diag)))
			fail_msg("taken: %s", bad[i].text);
		const char *found = strstr(diag.text, bad[i].says);
		if (!found || (strncmp(bad[i].says, "f:", 2) == 0 && found != diag.text))
			fail_msg("%s\ngives %s", bad[i].text, diag.text);
	}
}

static void refuses_a_bad_reeve_yaml_with_its_place(void **state)
{
	static const struct bad bad[] = {
		{"scna: {}\n", "f:1:1: unknown key scna: did you mean scan?"},
		{"scan: 1\n", "f:1:1: scan is a map"},
		{"scan:\n  exlude: [a]\n", "f:2:3: unknown key exlude: did you mean exclude?"},
		{"scan: {min_confidence: 101}\n", "min_confidence is a number of 0 to 100"},
		{"scan: {strict: yes}\n", "strict is true or false"},
		{"scan: {baseline: 1}\n", "baseline is a path"},
		{"scan: {decode_depth: 4}\n", "decode_depth is a number of 0 to 3"},
		{"scan: {archive_depth: -1}\n", "archive_depth is"},
		{"scan: {max_file: 64X}\n", "max_file is a size"},
		{"scan: {max_file: 0}\n", "max_file is a size"},
		{"scan: {max_file: 99999999999G}\n", "max_file is a size"},
		{"scan: {rules_day: 2026-02-30}\n", "rules_day is a day"},
		{"scan: {allow_validate: [jwt, all]}\n", "there is no consent for all"},
		{"scan: {allow_validate: ['*']}\n", "there is no consent for all"},
		{"scan: {never_ask: [1]}\n", "each of never_ask is text"},
		{"scan: {rules: [gone.yaml]}\n", "gone.yaml: no such file"},
		{"scan: {rules: [odd.yaml]}\n", "odd.yaml:7:5: there is no check crc65"},
		{"scan: {exclude: ['a[']}\n", "f:1:8: "},
		{"scan: {exclude: [1]}\n", "each of exclude is text"},
		{"scan: {allow: {}}\n", "allow is a list"},
		{"scan:\n  allow:\n    - {reason: x}\n", "f:3:7: an allowance names"},
		{"scan:\n  allow:\n    - {paths: [a]}\n", "has a reason"},
		{"scan:\n  allow:\n    - {values: ['('], reason: x}\n", "f:3:8: this regex does"},
		{"scan:\n  allow:\n    - {rules: [a], reason: x, until: soon}\n", "until is a day"},
		{"scan:\n  allow:\n    - {rule: [a], reason: x}\n", "did you mean rules?"},
	};

	(void)state;
	all_are_refused(RV_SCAN_SOURCE_NATIVE, bad, RV_LEN(bad));
}

static void refuses_a_bad_gitleaks_toml_with_its_place(void **state)
{
	static const struct bad bad[] = {
		{"a = \n", "f:1:5: "},
		{"[[rules]]\nregex = 'a'\n", "f:1:3: this rule has no id"},
		{"[[rules]]\nid = 1\n", "f:2:1: id is text"},
		{"[[rules]]\nid = 'a'\n", "f:1:3: a has neither regex nor path"},
		{"[[rules]]\nid = 'a'\nregex = '(?=x)'\n", "f:3:1: regex: Go's regexes have no"},
		{"[[rules]]\nid = 'a'\npath = '('\n", "f:3:1: path: a group is not closed"},
		{"[[rules]]\nid = 'a'\nregex = 'a*'\n", "matches where nothing is"},
		{"[[rules]]\nid = 'a'\nregex = 'a(b)'\nsecretGroup = 2\n",
		 "secretGroup is 2 and the regex has 1 groups"},
		{"[[rules]]\nid = 'a'\nregex = 'a'\nentropy = 'x'\n", "entropy is a number"},
		{"[[rules]]\nid = 'a'\nregex = 'a'\nkeywords = [1]\n", "each of keywords is text"},
		{"[[rules]]\nid = 'a'\nregex = 'a'\n[rules.allowlist]\n",
		 "at least one of commits"},
		{"[[rules]]\nid = 'a'\nregex = 'a'\n[rules.allowlist]\nregexes = ['a']\n"
		 "[[rules.allowlists]]\nregexes = ['b']\n",
		 "stand here together"},
		{"[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.required]]\nid = 'b'\n",
		 "rule a requires b"},
		{"[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.required]]\nwithinLines = 1\n",
		 "required has no id"},
		{"[allowlist]\n", "f:1:2: an allowlist has at least one"},
		{"[allowlist]\npaths = ['a']\ncondition = 'XOR'\n",
		 "f:3:1: condition is AND or OR"},
		{"[allowlist]\npaths = ['a']\nregexTarget = 'file'\n",
		 "f:3:1: regexTarget is secret, match or line"},
		{"[allowlist]\npaths = ['a',\n 'b(']\n", "f:3:2: paths: a group is not closed"},
		{"allowlist = 1\n", "an allowlist is a table"},
		{"rules = 1\n", "rules are written [[rules]]"},
		{"extend = 1\n", "extend is a table"},
		{"[extend]\nurl = 'https://a'\n", "extend.url is not followed"},
		{"[extend]\nuseDefault = true\npath = 'a'\n", "useDefault or path: not both"},
		{"[extend]\nuseDefault = 'true'\n", "f:2:1: useDefault is true or false"},
		{"[extend]\npath = 'gone.toml'\n", "f: extend.path: gone.toml: no such file"},
	};

	(void)state;
	all_are_refused(RV_SCAN_SOURCE_GITLEAKS, bad, RV_LEN(bad));
}

static void refuses_a_bad_reeveignore_with_its_line(void **state)
{
	static const struct bad bad[] = {
		{"ok\na[\n", "f:2:1: "},
		{"!\n", "f:1:1: a path pattern has"},
		{"fingerprint rv1:12 reason=\"x\"\n", "f:1:1: a fingerprint is rv1:"},
		{"fingerprint rv1:0123456789abcdef0123456789abcdef\n", "followed by reason"},
		{"fingerprint rv1:0123456789abcdef0123456789abcdef reason=\"x\n", "not closed"},
		{"fingerprint rv1:0123456789abcdef0123456789abcdef reason=\"x\" until=1\n",
		 "until is one day"},
	};

	(void)state;
	all_are_refused(RV_SCAN_SOURCE_IGNORE, bad, RV_LEN(bad));
}

static void takes_settings_of_reeve_yaml(void **state)
{
	static const struct sift_file files[] = {
		{"own.yaml", "version: 2\nrules:\n  - id: own-key\n    kind: token\n"
			     "    anchors: [own_]\n    regex: 'own_[0-9]{8}'\n    near: [jwt]\n"},
		{NULL, NULL},
	};
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	struct rv_diag diag = {0};
	const char *text = "scan:\n  rules: [own.yaml]\n  disable: [jwt, nothing-such]\n"
			   "  min_confidence: 60\n  strict: true\n  baseline: b.json\n"
			   "  exclude: ['vendor/', '*.min.js', '/top.txt', '!keep.min.js']\n"
			   "  decode_depth: 1\n  archive_depth: 0\n  max_file: 2M\n"
			   "  rules_day: 2026-11-27\n"
			   "  allow_validate: [a, b]\n  never_ask: c\n"
			   "  allow:\n    - {rules: [own-key], reason: r, until: 2026-11-01}\n";

	(void)state;
	if (!rv_is_ok(sift_load(RV_SCAN_SOURCE_NATIVE, text, files, &config, &diag)))
		fail_msg("%s", diag.text);
	const struct rv_scan_settings *s = rv_scan_config_settings(config);
	assert_int_equal(s->min_confidence, 60);
	assert_true(s->is_strict);
	assert_string_equal(s->baseline, "b.json");
	assert_int_equal(s->decode_depth, 1);
	assert_int_equal(s->archive_depth, 0);
	assert_int_equal(s->max_file_bytes, 2 << 20);
	assert_int_equal(s->rules_day, 20261127);
	assert_string_equal(s->allow_validate[1], "b");
	assert_null(s->allow_validate[2]);
	assert_string_equal(s->never_ask[0], "c");
	assert_non_null(rv_ruleset_find(rv_scan_config_rules(config), "own-key"));
	assert_null(rv_ruleset_find(rv_scan_config_rules(config), "jwt"));
	assert_non_null(rv_ruleset_find(rv_scan_config_rules(config), "private-key"));
	assert_true(sift_notes(config, "f:3:3: there is no rule nothing-such"));
	assert_true(sift_notes(config, "f:15: this allowance has ended"));
	assert_true(rv_filter_skips_path(config, rv_str_of("a/vendor/b/c"), NULL));
	assert_true(rv_filter_skips_path(config, rv_str_of("./a/x.min.js"), NULL));
	assert_false(rv_filter_skips_path(config, rv_str_of("a/keep.min.js"), NULL));
	assert_true(rv_filter_skips_path(config, rv_str_of("top.txt"), NULL));
	assert_false(rv_filter_skips_path(config, rv_str_of("a/top.txt"), NULL));
	assert_false(rv_filter_skips_path(config, rv_str_of("vendors"), NULL));
}

/* The schema that editors read and the loader know the same keys. */
static void knows_the_keys_of_its_schema(void **state)
{
	RV_CLEANUP(rv_jsonp) json_t *schema = NULL;
	struct rv_diag diag = {0};
	struct rv_buf text;
	const char *key;
	json_t *value;
	char file[256];

	(void)state;
	rv_buf_init(&text, 1 << 20);
	assert_ok(rv_file_read(SCHEMA_FILE, 1 << 20, &text, NULL));
	assert_ok(rv_json_parse(rv_buf_view(&text), &schema, &diag));
	rv_buf_done(&text);
	json_t *scan = json_object_get(json_object_get(schema, "properties"), "scan");
	json_t *keys = json_object_get(scan, "properties");
	assert_int_equal(json_object_size(keys), 13);
	json_object_foreach (keys, key, value) {
		struct rv_scan_config *config = NULL;

		memset(&diag, 0, sizeof(diag));
		(void)snprintf(file, sizeof(file), "scan: {%s: {x: 1}}\n", key); /* it fits */
		assert_false(
			rv_is_ok(sift_load(RV_SCAN_SOURCE_NATIVE, file, NULL, &config, &diag)));
		assert_null(strstr(diag.text, "unknown key"));
	}
	keys = json_object_get(json_object_get(json_object_get(schema, "$defs"), "allowance"),
			       "properties");
	assert_int_equal(json_object_size(keys), 5);
	json_object_foreach (keys, key, value) {
		struct rv_scan_config *config = NULL;

		memset(&diag, 0, sizeof(diag));
		(void)snprintf(file, sizeof(file), "scan: {allow: [{%s: {x: 1}}]}\n",
			       key); /* it fits */
		assert_false(
			rv_is_ok(sift_load(RV_SCAN_SOURCE_NATIVE, file, NULL, &config, &diag)));
		assert_null(strstr(diag.text, "unknown key"));
	}
}

static void takes_an_empty_file_and_one_of_comments(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *other = NULL;
	size_t count, all;

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_NATIVE, "# nothing\n", NULL, &config, NULL));
	assert_ok(sift_load(RV_SCAN_SOURCE_IGNORE, "\r\n# nothing\r\n", NULL, &other, NULL));
	(void)rv_ruleset_rows(rv_scan_config_rules(config), &count); /* for the count */
	(void)rv_rule_table(&all);				     /* for the count */
	assert_int_equal(count, all);
	assert_int_equal(rv_scan_config_settings(config)->min_confidence, 50);
}

/* A gitleaks configuration and the number of rules it leaves. */
static struct rv_scan_config *gitleaks(const char *text, const struct sift_file *files,
				       size_t *out_rules)
{
	struct rv_scan_config *config = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(sift_load(RV_SCAN_SOURCE_GITLEAKS, text, files, &config, &diag)))
		fail_msg("%s", diag.text);
	(void)rv_ruleset_rows(rv_scan_config_rules(config), out_rules); /* for the count */
	return config;
}

static void puts_only_the_files_rules_in_force_without_the_default(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	size_t count;

	(void)state;
	config = gitleaks("title = 't'\nminVersion = 'v8.25.0'\nodd = 1\n"
			  "[[rules]]\nID = 'acme_key'\nDescription = 'Acme'\n"
			  "Regex = '''(?i)acme_([0-9]{8})(x)?'''\nSecretGroup = 1\nentropy = 3.25\n"
			  "keywords = ['ACME_', 'other']\ntags = ['a']\n"
			  "[[rules]]\nid = 'by path'\npath = '''\\.p12$'''\n"
			  "[[rules]]\nid = 'bare'\nregex = '''zz_([a-z]+)_token'''\n"
			  "[[rules]]\nid = 'short'\nregex = 'q[0-9]{9}'\nkeywords = ['q']\n",
			  NULL, &count);
	const struct rv_ruleset *set = rv_scan_config_rules(config);
	assert_int_equal(count, 4);
	const struct rv_rule *rule = rv_ruleset_find(set, "acme_key");
	assert_string_equal(rule->name, "Acme");
	assert_string_equal(rule->anchors[0], "ACME_");
	assert_string_equal(rule->anchors[1], "other");
	assert_int_equal(rule->flags, RV_RULE_WHOLE | RV_RULE_ANCHOR_FOLDS | RV_RULE_ANYWHERE);
	assert_int_equal(rule->group, 1);
	assert_int_equal(rule->entropy_above, 3250);
	assert_int_equal(rule->since, 0);
	rule = rv_ruleset_find(set, "by path");
	assert_null(rule->regex);
	assert_true(rule->flags & RV_RULE_PATH_ONLY);
	assert_non_null(rule->path_regex);
	assert_string_equal(rv_ruleset_find(set, "bare")->anchors[0], "_token");
	assert_null(rv_ruleset_find(set, "short")->anchors[0]);
	assert_true(sift_notes(config, "f:3:1: odd is no key"));
	assert_true(sift_notes(config, "minVersion v8.25.0"));
}

static void extends_the_default_under_gitleaks_names(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	size_t count, all;

	(void)state;
	config = gitleaks("[extend]\nuseDefault = true\ndisabledRules = ['jwt-base64', 'gone']\n"
			  "[[rules]]\nid = 'generic-api-key'\nentropy = 4.1\n"
			  "[[rules.allowlists]]\npaths = ['^test/']\n"
			  "[[rules]]\nid = 'private-key'\nregex = 'BEGIN MY KEY'\n"
			  "[[rules]]\nid = 'unheard-of'\n[rules.allowlist]\nregexes = ['x']\n"
			  "[[rules]]\nid = 'mine'\nregex = 'mine_[0-9]{4}'\n",
			  NULL, &count);
	(void)rv_rule_table(&all); /* for the count */
	const struct rv_ruleset *set = rv_scan_config_rules(config);
	assert_int_equal(count, all); /* one less, one more */
	assert_null(rv_ruleset_find(set, "jwt"));
	assert_int_equal(rv_ruleset_find(set, "generic-assignment")->entropy_above, 4100);
	assert_int_equal(rv_ruleset_find(set, "generic-assignment")->matcher,
			 RV_MATCHER_ASSIGNMENT);
	const struct rv_rule *key = rv_ruleset_find(set, "private-key");
	assert_int_equal(key->matcher, RV_MATCHER_REGEX);
	assert_string_equal(key->regex, "BEGIN MY KEY");
	assert_string_equal(key->anchors[0], "begin my key");
	assert_non_null(rv_ruleset_find(set, "mine"));
	assert_true(sift_notes(config, "there is no built-in rule gone"));
	assert_true(sift_notes(config, "there is no built-in rule unheard-of"));
}

static void a_name_for_a_part_of_a_rule_does_not_switch_it_off(void **state)
{
	static const char *const parts[] = {"algolia-api-key",	     "confluent-access-token",
					    "confluent-secret-key",  "curl-auth-header",
					    "hashicorp-tf-password", "kubernetes-secret-yaml"};
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	char text[256];
	size_t count, all;

	(void)state;
	(void)rv_rule_table(&all); /* for the count */
	for (size_t i = 0; i < RV_LEN(parts); i++) {
		(void)snprintf(text, sizeof(text),
			       "[extend]\nuseDefault = true\ndisabledRules = ['%s']\n", parts[i]);
		rv_scan_config_freep(&config);
		config = gitleaks(text, NULL, &count);
		assert_int_equal(count, all);
		assert_true(sift_notes(config, "is a part of what generic-assignment finds"));
	}
	rv_scan_config_freep(&config);
	config = gitleaks("[extend]\nuseDefault = true\n[[rules]]\nid = 'curl-auth-user'\n"
			  "regex = 'pnu_[0-9]{4}'\n[[rules]]\nid = 'algolia-api-key'\n"
			  "entropy = 4.5\nskipReport = true\n",
			  NULL, &count);
	assert_int_equal(count, all + 1);
	const struct rv_rule *rule =
		rv_ruleset_find(rv_scan_config_rules(config), "generic-assignment");
	assert_non_null(rule);
	assert_int_equal(rule->entropy_above, 0);
	assert_false(rv_filter_is_part(config, rule));
	rv_scan_config_freep(&config);
	config = gitleaks("[extend]\nuseDefault = true\ndisabledRules = ['generic-api-key']\n",
			  NULL, &count);
	assert_int_equal(count, all - 1);
}

static void follows_a_chain_of_files_two_deep(void **state)
{
	static const struct sift_file files[] = {
		{"one.toml", "[extend]\npath = 'two.toml'\ndisabledRules = ['c']\n"
			     "[[rules]]\nid = 'a'\nregex = 'from-one'\nkeywords = ['one']\n"
			     "[[rules]]\nid = 'b'\nregex = 'b-one'\n"
			     "[[rules]]\nid = 'off'\nregex = 'off-one'\n"},
		{"two.toml", "[extend]\npath = 'three.toml'\n"
			     "[[rules]]\nid = 'a'\ndescription = 'two'\nregex = 'from-two'\n"
			     "[[rules]]\nid = 'b'\ndescription = 'two'\nregex = 'b-two'\n"
			     "[[rules]]\nid = 'c'\nregex = 'c-two'\n"
			     "[[rules]]\nid = 'd'\nregex = 'd-two'\n"},
		{NULL, NULL},
	};
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	size_t count;

	(void)state;
	config = gitleaks("[extend]\npath = 'one.toml'\ndisabledRules = ['off']\n"
			  "[[rules]]\nid = 'a'\ndescription = 'top'\nkeywords = ['top']\n",
			  files, &count);
	const struct rv_ruleset *set = rv_scan_config_rules(config);
	assert_int_equal(count, 3);
	const struct rv_rule *a = rv_ruleset_find(set, "a");
	assert_string_equal(a->name, "top");
	assert_string_equal(a->regex, "from\\-one");
	assert_string_equal(a->anchors[0], "top");
	assert_string_equal(a->anchors[1], "one");
	assert_string_equal(rv_ruleset_find(set, "b")->regex, "b\\-one");
	assert_string_equal(rv_ruleset_find(set, "b")->name, "two");
	assert_non_null(rv_ruleset_find(set, "d"));
	assert_true(sift_notes(config, "two.toml extends three.toml: not followed"));
}

static void keeps_the_built_in_rules_where_gitleaks_would_find_nothing(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	size_t count, all;

	(void)state;
	config = gitleaks("[allowlist]\npaths = 'a,b'\nfiles = ['x']\n", NULL, &count);
	(void)rv_rule_table(&all); /* for the count */
	assert_int_equal(count, all);
	assert_true(sift_notes(config, "gitleaks would find nothing"));
	assert_true(sift_notes(config, "f:3:1: files is no key"));
	assert_true(rv_filter_skips_path(config, rv_str_of("xby"), NULL));
}

static void wants_every_part_of_a_composite_rule(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	size_t count;

	(void)state;
	config = gitleaks("[[rules]]\nid = 'key'\nregex = 'key=[0-9]+'\n"
			  "[[rules.required]]\nid = 'user'\nwithinLines = 2\n"
			  "[[rules.required]]\nid = 'host'\nwithinColumns = 5\n"
			  "[[rules]]\nid = 'user'\nregex = 'user=[a-z]+'\nskipReport = true\n"
			  "[[rules]]\nid = 'host'\nregex = 'host=[a-z]+'\n",
			  NULL, &count);
	const struct rv_ruleset *set = rv_scan_config_rules(config);
	const struct rv_filter_place key = {rv_ruleset_find(set, "key"), 10, 3};
	const struct rv_filter_place far[] = {{rv_ruleset_find(set, "user"), 13, 1},
					      {rv_ruleset_find(set, "host"), 90, 8}};
	const struct rv_filter_place near[] = {{rv_ruleset_find(set, "user"), 8, 70},
					       {rv_ruleset_find(set, "host"), 90, 8}};
	assert_false(rv_filter_is_complete(config, &key, far, 2));
	assert_false(rv_filter_is_complete(config, &key, near, 1));
	assert_true(rv_filter_is_complete(config, &key, near, 2));
	assert_true(rv_filter_is_complete(config, &far[0], NULL, 0));
	assert_true(rv_filter_is_part(config, near[0].rule));
	assert_false(rv_filter_is_part(config, near[1].rule));
}

static void notes_lines_of_gitleaksignore_without_effect(void **state)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;

	(void)state;
	assert_ok(sift_load(RV_SCAN_SOURCE_FINGERPRINTS,
			    "# c\na/b.txt:rule:3\n0123abcd:a/b.txt:rule:3\nnothing\n", NULL,
			    &config, NULL));
	assert_true(sift_notes(config, "f:4: not path:rule:line"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_a_bad_reeve_yaml_with_its_place),
		cmocka_unit_test(refuses_a_bad_gitleaks_toml_with_its_place),
		cmocka_unit_test(refuses_a_bad_reeveignore_with_its_line),
		cmocka_unit_test(takes_settings_of_reeve_yaml),
		cmocka_unit_test(knows_the_keys_of_its_schema),
		cmocka_unit_test(takes_an_empty_file_and_one_of_comments),
		cmocka_unit_test(puts_only_the_files_rules_in_force_without_the_default),
		cmocka_unit_test(extends_the_default_under_gitleaks_names),
		cmocka_unit_test(a_name_for_a_part_of_a_rule_does_not_switch_it_off),
		cmocka_unit_test(follows_a_chain_of_files_two_deep),
		cmocka_unit_test(keeps_the_built_in_rules_where_gitleaks_would_find_nothing),
		cmocka_unit_test(wants_every_part_of_a_composite_rule),
		cmocka_unit_test(notes_lines_of_gitleaksignore_without_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
