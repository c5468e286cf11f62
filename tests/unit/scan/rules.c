/* tests: rule files of version 2: what does not load, what is composed, sets of rules. */
#include "agent/model/kinds.h"
#include "agent/scan/rules_compose.h"
#include "agent/scan/rules_load.h"
#include "agent/scan/rules_word.h"
#include "agent/scan/scan.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define HEAD "version: 2\nrules:\n  - id: acme-key\n    kind: token\n"
#define BODY "    anchors: [acme_]\n    regex: 'acme_[0-9]{8}'\n"

static bool has_check(const char *name)
{
	return strcmp(name, "crc32-base62") == 0;
}

static bool has_rule(const void *context, const char *id)
{
	return strcmp(id, context) == 0;
}

static rv_status load(const char *text, const struct rv_rules_words *words, struct rv_rules **out,
		      struct rv_diag *diag)
{
	RV_CLEANUP(rv_rules_freep) struct rv_rules *rules = NULL;

	RV_TRY(rv_rules_new(words, &rules));
	RV_TRY(rv_rules_add(rules, rv_str_of(text), "r.yaml", diag));
	RV_TRY(rv_rules_seal(rules, diag));
	*out = RV_TAKE(rules);
	return RV_OK;
}

static void refuses_a_rule_that_could_not_be_scanned_with(void **state)
{
	static const struct {
		const char *text;
		const char *says; /* from the start: with its place; else anywhere */
	} bad[] = {
		{"- 1\n", "r.yaml:1:1: a rule file has"},
		{"version: 1\nrules: []\n", "r.yaml:1:1: version: 2"},
		{"version: 2\nrule: []\n", "r.yaml:2:1: unknown key rule: did you mean rules?"},
		{"version: 2\nrules: {}\n", "r.yaml:2:1: rules is a list"},
		{"version: 2\nrules: [1]\n", "a rule is a map"},
		{"version: 2\nrules:\n  - kind: token\n" BODY, "has no id"},
		{"version: 2\nrules:\n  - id: A_b\n    kind: token\n" BODY, "an id is of"},
		{"version: 2\nrules:\n  - id: a\n    kind: tokn\n" BODY, "r.yaml:4:5: kind is"},
		{"version: 2\nrules:\n  - id: a\n    kind: account\n" BODY, "kind is api_key"},
		{HEAD "    anchors: [acme_]\n", "has no regex"},
		{HEAD "    regex: 'acme_'\n", "has no anchor"},
		{HEAD "    anchors: []\n    regex: 'acme_'\n", "has no anchor"},
		{HEAD "    anchors: [ac]\n    regex: 'ac_'\n", "\"ac\" is too short: 3"},
		{HEAD "    anchors: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n    regex: 'a_'\n",
		 "1 to 32 bytes"},
		{HEAD "    anchors: [acme_]\n    regex: 'acme_[0-9'\n", "does not compile"},
		{HEAD "    anchors: [acme_]\n    regex: 'acme_[0-9'\n", "at byte 9"},
		{HEAD "    anchors: [acme_]\n    regex: '(acme_)?'\n", "matches nothing at all"},
		{HEAD "    anchors: [acme_]\n    regex: 'acme_\\C'\n", "does not compile"},
		{HEAD BODY "    ahead: 4097\n", "ahead is a number of 1 to 4096"},
		{HEAD BODY "    ahead: '9'\n", "ahead is a number"},
		{HEAD BODY "    behind: -1\n", "behind is a number"},
		{HEAD BODY "    confidence: 101\n", "confidence is a number of 0 to 100"},
		{HEAD BODY "    boundary: line\n", "boundary is word or none"},
		{HEAD BODY "    matcher: magic\n", "matcher is regex or assignment or pem"},
		{HEAD BODY "    matcher: pem\n", "only the matcher regex has a regex"},
		{HEAD BODY "    check: crc64\n", "r.yaml:7:5: there is no check crc64"},
		{HEAD BODY "    text_only: 1\n", "text_only is true or false"},
		{HEAD BODY "    since: tomorrow\n", "since is a day"},
		{HEAD BODY "    near: [other]\n", "r.yaml:7:5: there is no rule other"},
		{HEAD BODY "    near: [acme-key]\n", "not near itself"},
		{HEAD BODY "    near: [a, b, c, d, e]\n", "at most 4"},
		{HEAD BODY "    needs_near: true\n", "needs_near without near"},
		{HEAD BODY "    aliases: ['a b']\n", "one word"},
		{HEAD BODY "    keywords: [acme]\n    format: '[0-9]'\n", "not both"},
		{HEAD BODY "    format: '[0-9]'\n", "go together"},
		{HEAD "    keywords: [acme]\n", "keywords without a format"},
		{HEAD "    keywords: [acme]\n    format: '(?<secret>a)'\n", "the value alone"},
		{HEAD "    keywords: [ac]\n    format: 'a{8}'\n", "too short"},
		{HEAD BODY "    samples: {positive: ['{hax:3}']}\n", "no template {hax:3}"},
		{HEAD BODY "    validate: {valid: [200], invalid: [401]}\n", "no request"},
		{HEAD BODY "    validate: {request: {url: 'http://a/{secret}'}, valid: [200], "
			   "invalid: [401]}\n",
		 "begins with https://"},
		{HEAD BODY
		 "    validate: {request: {url: 'https://{id}.a/{secret}'}, valid: [200], "
		 "invalid: [401]}\n",
		 "nothing is filled in before its path"},
		{HEAD BODY
		 "    validate: {request: {url: 'https://a:{id}/{secret}'}, valid: [200], "
		 "invalid: [401]}\n",
		 "nothing is filled in before its path"},
		{HEAD BODY "    validate: {request: {url: 'https://u@a/{secret}'}, valid: [200], "
			   "invalid: [401]}\n",
		 "no user, no #"},
		{HEAD BODY "    validate: {request: {url: 'https://a/#{secret}'}, valid: [200], "
			   "invalid: [401]}\n",
		 "no user, no #"},
		{HEAD BODY "    validate: {request: {url: 'https://a/{secret}', headers: {Host: "
			   "b}}, valid: [200], "
			   "invalid: [401]}\n",
		 "a header of this name is not sent"},
		{HEAD BODY "    validate: {request: {url: 'https://a/', headers: {A: "
			   "\"{secret}\\r\\nB: c\"}}, valid: [200], "
			   "invalid: [401]}\n",
		 "one line of ASCII"},
		{HEAD BODY
		 "    validate: {request: {url: 'https://a/', body: '{secret}'}, valid: [200], "
		 "invalid: [401]}\n",
		 "only a POST has a body"},
		{HEAD BODY "    validate: {request: {url: 'https://a/'}, valid: [200], "
			   "invalid: [401]}\n",
		 "{secret} stands nowhere"},
		{HEAD BODY "    validate: {request: {url: 'https://a/{secret}'}, valid: [99], "
			   "invalid: [401]}\n",
		 "100 to 599"},
		{HEAD BODY "  - id: acme-key\n    kind: token\n" BODY, "the id acme-key is taken"},
		{HEAD BODY "    anchor: [x]\n", "unknown key anchor: did you mean anchors?"},
	};
	const struct rv_rules_words words = {.has_check = has_check};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_rules *rules = NULL;
		struct rv_diag diag = {0};

		assert_class(load(bad[i].text, &words, &rules, &diag), RV_CLASS_MALFORMED);
		const char *found = strstr(diag.text, bad[i].says);
		if (!found || strncmp(diag.text, "r.yaml:", 7) != 0 ||
		    (strncmp(bad[i].says, "r.yaml", 6) == 0 && found != diag.text))
			fail_msg("%s\ngives %s", bad[i].text, diag.text);
	}
}

static void wants_of_built_in_rules_all_that_people_need(void **state)
{
	static const char *const bad[] = {
		HEAD BODY,
		HEAD BODY "    name: A\n    provider: acme\n    since: 2026-11-27\n"
			  "    samples: {positive: ['a'], negative: ['b']}\n",
		HEAD BODY "    name: A\n    provider: acme\n    confidence: 90\n"
			  "    samples: {positive: ['a'], negative: ['b']}\n",
		HEAD BODY "    name: A\n    provider: acme\n    since: 2026-11-27\n"
			  "    confidence: 90\n    samples: {positive: ['a']}\n",
	};
	const struct rv_rules_words words = {.wants_samples = true};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_rules *rules = NULL;

		assert_class(load(bad[i], &words, &rules, NULL), RV_CLASS_MALFORMED);
	}
}

static void reads_every_key(void **state)
{
	static const char text[] =
		"version: 2\nrules:\n"
		"  - id: b-key\n    kind: api_key\n    name: B\n    provider: bee\n"
		"    anchors: [bkey_, bk2_]\n    anchor_case: any\n    behind: 3\n    ahead: 99\n"
		"    regex: 'bkey_(?<secret>[a-z]{4})'\n    boundary: none\n    check: "
		"crc32-base62\n"
		"    min_entropy: 31\n    near: [a-id, else]\n    within: 77\n    needs_near: "
		"true\n"
		"    text_only: true\n    fingerprint: fleet\n    confidence: 93\n"
		"    since: 2026-11-27\n    aliases: [bee-token, kingfisher.bee.1]\n"
		"    docs: \"https://d\"\n    roll: \"https://r\"\n"
		"    validate:\n"
		"      request: {method: POST, url: \"https://a/{id}\", user: \"{id}:{secret}\", "
		"headers: {A: b, C: d}, body: x}\n"
		"      valid: [200, 204]\n      invalid: [401]\n"
		"    samples: {positive: ['{hex:4}'], negative: ['${TOKEN}', '{\"a\": 1}']}\n"
		"  - id: a-id\n    kind: token\n    companion: true\n    matcher: pem\n"
		"    anchors: [BEGIN]\n";
	const struct rv_rules_words words = {has_check, has_rule, "else", false};
	RV_CLEANUP(rv_rules_freep) struct rv_rules *rules = NULL;
	struct rv_diag diag = {0};
	size_t count;

	(void)state;
	if (!rv_is_ok(load(text, &words, &rules, &diag)))
		fail_msg("%s", diag.text);
	const struct rv_rule *rows = rv_rules_rows(rules, &count);
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].id, "a-id");
	assert_int_equal(rows[0].matcher, RV_MATCHER_PEM);
	assert_int_equal(rows[0].flags, RV_RULE_COMPANION);
	assert_int_equal(rows[0].confidence, 75);
	assert_string_equal(rows[0].name, "a-id");
	assert_string_equal(rows[0].provider, "custom");
	assert_null(rows[0].regex);
	const struct rv_rule *b = &rows[1];
	assert_string_equal(b->anchors[1], "bk2_");
	assert_null(b->anchors[2]);
	assert_int_equal(b->flags, RV_RULE_FLEET | RV_RULE_TEXT_ONLY | RV_RULE_NEEDS_NEAR |
					   RV_RULE_ANYWHERE | RV_RULE_ANCHOR_FOLDS);
	assert_int_equal(b->kind, RV_KIND_API_KEY);
	assert_int_equal(b->behind, 3);
	assert_int_equal(b->ahead, 99);
	assert_int_equal(b->within, 77);
	assert_int_equal(b->min_entropy, 31);
	assert_int_equal(b->since, 20261127);
	assert_string_equal(b->near[1], "else");
	assert_string_equal(b->aliases[1], "kingfisher.bee.1");
	assert_string_equal(b->request->method, "POST");
	assert_string_equal(b->request->headers[1], "C: d");
	assert_null(b->request->headers[2]);
	assert_int_equal(b->request->valid[1], 204);
	assert_int_equal(b->request->invalid[1], 0);
	const struct rv_rule_samples *samples = rv_rules_samples(rules, &count);
	assert_string_equal(samples[1].positive[0], "{hex:4}");
	assert_string_equal(samples[1].check, "crc32-base62");
	assert_null(samples[0].positive[0]);
}

/* The value the composed regex takes out of the text; "" for no match. */
static void value_of(const char *format, const char *text, char out[64])
{
	static const char *const keywords[] = {"acme", "wile-e", NULL};
	struct rv_buf regex;
	int error;
	PCRE2_SIZE offset;

	rv_buf_init(&regex, 8192);
	assert_ok(rv_rules_compose(keywords, format, &regex));
	pcre2_code *code = pcre2_compile(regex.data, regex.len, 0, &error, &offset, NULL);
	assert_non_null(code);
	pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
	out[0] = '\0';
	if (pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, match, NULL) > 0) {
		PCRE2_SIZE size = 64;

		assert_int_equal(pcre2_substring_copy_byname(match, (PCRE2_SPTR) "secret",
							     (PCRE2_UCHAR *)out, &size),
				 0);
	}
	pcre2_match_data_free(match);
	pcre2_code_free(code);
	rv_buf_done(&regex);
}

static void composes_keyword_assignment_and_format(void **state)
{
	static const char *const seen[] = {
		"ACME_KEY=12345678",
		"acme.token: \"12345678\"",
		"{\"acmeKey\" : \"12345678\"}",
		"config['wile-E'] = '12345678'",
		"acme->key(\"12345678\")",
		"$acme => `12345678`",
		"acme := 12345678",
		"X-Acme-Key: Bearer 12345678",
		"set(\"acme_key\", \"12345678\")",
		"<acme-key>12345678</acme-key>",
		"{\\\"acme\\\":\\\"12345678\\\"}",
		"if acme == '12345678'",
	};
	static const char *const unseen[] = {
		"acme 12345678",    "acme; 12345678",
		"acme\n= 12345678", "acme_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=12345678",
		"wilexe=12345678",
	};
	char value[64];

	(void)state;
	for (size_t i = 0; i < RV_LEN(seen); i++) {
		value_of("[0-9]{8}", seen[i], value);
		if (strcmp(value, "12345678") != 0)
			fail_msg("%s gives %s", seen[i], value);
	}
	for (size_t i = 0; i < RV_LEN(unseen); i++) {
		value_of("[0-9]{8}", unseen[i], value);
		assert_string_equal(value, "");
	}
}

static const char *const near_b[] = {"b", NULL};
static const char *const near_c[] = {"c", NULL};
static const char *const alias_x[] = {"x", NULL};
static const struct rv_rule own[] = {
	{.id = "d", .aliases = alias_x},
	{.id = "a", .near = near_b, .aliases = alias_x},
	{.id = "c"},
	{.id = "b", .near = near_c},
};

static struct rv_ruleset *own_set(void)
{
	struct rv_ruleset *set = NULL;

	assert_ok(rv_ruleset_new(false, &set));
	for (size_t i = 0; i < RV_LEN(own); i++)
		assert_ok(rv_ruleset_add(set, &own[i], NULL));
	return set;
}

static void keeps_a_set_sorted_and_its_ids_unique(void **state)
{
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = own_set();
	const struct rv_rule again = {.id = "c", .name = "again"};
	size_t count;

	(void)state;
	assert_ok(rv_ruleset_add(set, &again, NULL));
	const struct rv_rule *const *rows = rv_ruleset_rows(set, &count);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rows[i]->id[0], "abcd"[i]);
	assert_string_equal(rv_ruleset_find(set, "c")->name, "again");
	assert_string_equal(rv_ruleset_find(set, "x")->id, "a");
	assert_null(rv_ruleset_find(set, "e"));
	assert_false(rv_ruleset_remove(set, "e"));
	assert_true(rv_ruleset_remove(set, "x"));
	assert_null(rv_ruleset_find(set, "a"));
	assert_null(rv_ruleset_find(set, "d"));
	assert_true(rv_ruleset_remove(set, "b"));
	rows = rv_ruleset_rows(set, &count);
	assert_int_equal(count, 1);
}

static void leaves_only_what_is_asked_for_with_its_companions(void **state)
{
	static const char *const unknown[] = {"a", "zz", NULL};
	static const char *const wanted[] = {"a", NULL};
	static const char *const by_alias[] = {"x", NULL};
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = own_set();
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *other = own_set();
	struct rv_diag diag = {0};
	size_t count;

	(void)state;
	assert_class(rv_ruleset_only(set, unknown, &diag), RV_CLASS_NOT_FOUND);
	assert_non_null(strstr(diag.text, "zz"));
	(void)rv_ruleset_rows(set, &count); /* for the count */
	assert_int_equal(count, 4);
	assert_ok(rv_ruleset_only(set, wanted, NULL));
	(void)rv_ruleset_rows(set, &count); /* for the count */
	assert_int_equal(count, 3);
	assert_null(rv_ruleset_find(set, "d"));
	assert_ok(rv_ruleset_only(other, by_alias, NULL));
	(void)rv_ruleset_rows(other, &count); /* for the count */
	assert_int_equal(count, 4);
}

static void with_a_companion_that_is_asked_for_come_the_rules_it_names(void **state)
{
	static const char *const near_d[] = {"d", NULL};
	static const char *const alias_y[] = {"y", NULL};
	static const struct rv_rule half = {
		.id = "b", .near = near_d, .aliases = alias_y, .flags = RV_RULE_COMPANION};
	static const char *const by_alias[] = {"y", NULL};
	static const char *const whole[] = {"a", NULL};
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = own_set();
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *other = own_set();
	size_t count;

	(void)state;
	assert_ok(rv_ruleset_add(set, &half, NULL));
	assert_ok(rv_ruleset_add(other, &half, NULL));
	assert_true(rv_ruleset_is_half(set, "b"));
	assert_true(rv_ruleset_is_half(set, "y"));
	assert_false(rv_ruleset_is_half(set, "a"));
	assert_false(rv_ruleset_is_half(set, "x"));
	assert_false(rv_ruleset_is_half(set, "zz"));
	assert_true(rv_ruleset_needs(set, "b"));
	assert_true(rv_ruleset_needs(set, "y"));
	assert_false(rv_ruleset_needs(set, "a"));
	assert_false(rv_ruleset_needs(set, "zz"));
	assert_ok(rv_ruleset_only(set, by_alias, NULL));
	(void)rv_ruleset_rows(set, &count); /* for the count */
	assert_int_equal(count, 3);
	assert_null(rv_ruleset_find(set, "c"));
	/* One that came along brings nothing. */
	assert_ok(rv_ruleset_only(other, whole, NULL));
	(void)rv_ruleset_rows(other, &count); /* for the count */
	assert_int_equal(count, 3);
	assert_null(rv_ruleset_find(other, "c"));
}

static void holds_the_compiled_in_rules_in_order(void **state)
{
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;
	size_t count;
	const struct rv_rule *table = rv_rule_table(&count);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || strcmp(table[i - 1].id, table[i].id) < 0);
		assert_true(table[i].since <= rv_rule_table_day());
		assert_non_null(table[i].anchors[0]);
	}
	assert_true(rv_rule_table_day() >= 20261127);
	assert_ok(rv_ruleset_new(true, &set));
	assert_non_null(rv_ruleset_find(set, "private-key"));
	assert_string_equal(rv_ruleset_find(set, "generic-api-key")->id, "generic-assignment");
}

static void looks_in_long_words_only_for_what_cannot_be_taken_for_a_name(void **state)
{
	(void)state;
	assert_true(rv_rules_has_word("acme_[0-9a-z]{30}"));
	assert_true(rv_rules_has_word("acme_[A-Za-z]{30}"));
	assert_true(rv_rules_has_word("acme_\\w{30}"));
	assert_true(rv_rules_has_word("[st]k_[a-f0-9]{32}"));
	assert_false(rv_rules_has_word("acme_[a-z]{30}"));
	assert_false(rv_rules_has_word("acme_[A-Z]{30}"));
	assert_false(rv_rules_has_word("acme_[0-9a-z]{12}"));
	assert_false(rv_rules_has_word("acme [^a-z0-9]{30}"));
}

static rv_status count_hit(const struct rv_hit *hit, void *user)
{
	size_t *count = user;

	*count += strcmp(hit->rule->id, "acme-key") == 0 && hit->len == 29;
	return RV_OK;
}

static size_t count_found(const struct rv_ruleset *set, const char *text, unsigned flags)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *scanner = NULL;
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = NULL;
	size_t count = 0;

	assert_ok(rv_scanner_new(set, &scanner, NULL));
	assert_ok(rv_lane_new(scanner, &lane));
	assert_ok(rv_scan_buffer(lane, rv_str_of(text), flags, count_hit, &count));
	return count;
}

/* A value of small letters and a digit at its end, which reads like a name. */
static void make_plain(uint64_t seed, char out[64])
{
	size_t at = 5;

	memcpy(out, "corp_", at);
	for (; at < 29; at++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		out[at] = (char)('a' + (seed >> 33) % 26);
	}
	out[at - 1] = (char)('0' + (seed >> 40) % 10);
	out[at] = '\0';
}

static void finds_values_of_ones_own_that_read_like_names(void **state)
{
	static const char *const forms[] = {
		"    anchors: [corp_]\n    regex: 'corp_[a-z0-9]{24}'\n",
		"    keywords: [key]\n    format: 'corp_[a-z0-9]{24}'\n",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		RV_CLEANUP(rv_rules_freep) struct rv_rules *rules = NULL;
		RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;
		char text[512], value[64];
		size_t count = 0;

		(void)snprintf(text, sizeof(text), HEAD "%s", forms[i]); /* fits */
		assert_ok(load(text, NULL, &rules, NULL));
		const struct rv_rule *rule = rv_rules_rows(rules, &count);
		assert_false(rule->flags & RV_RULE_WORD);
		assert_ok(rv_ruleset_new(false, &set));
		assert_ok(rv_ruleset_add(set, rule, NULL));
		for (uint64_t seed = 0; seed < 20; seed++) {
			make_plain(seed, value);
			(void)snprintf(text, sizeof(text), "key = %s\n", value); /* fits */
			assert_int_equal(count_found(set, text, 0), 1);
		}
	}
}

static void masks_what_reads_like_a_name(void **state)
{
	static const char *const anchors[] = {"corp_", NULL};
	const struct rv_rule rule = {.id = "acme-key",
				     .name = "Acme",
				     .provider = "acme",
				     .regex = "corp_[a-z0-9]{24}",
				     .anchors = anchors,
				     .flags = RV_RULE_WORD,
				     .kind = RV_KIND_TOKEN,
				     .confidence = 90};
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;
	char text[512], value[64];

	(void)state;
	assert_ok(rv_ruleset_new(false, &set));
	assert_ok(rv_ruleset_add(set, &rule, NULL));
	for (uint64_t seed = 0; seed < 20; seed++) {
		make_plain(seed, value);
		(void)snprintf(text, sizeof(text), "see %s here\n", value); /* fits */
		assert_int_equal(count_found(set, text, RV_SCAN_MASK), 1);
		assert_int_equal(count_found(set, text, 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_a_rule_that_could_not_be_scanned_with),
		cmocka_unit_test(wants_of_built_in_rules_all_that_people_need),
		cmocka_unit_test(reads_every_key),
		cmocka_unit_test(looks_in_long_words_only_for_what_cannot_be_taken_for_a_name),
		cmocka_unit_test(finds_values_of_ones_own_that_read_like_names),
		cmocka_unit_test(masks_what_reads_like_a_name),
		cmocka_unit_test(composes_keyword_assignment_and_format),
		cmocka_unit_test(keeps_a_set_sorted_and_its_ids_unique),
		cmocka_unit_test(leaves_only_what_is_asked_for_with_its_companions),
		cmocka_unit_test(with_a_companion_that_is_asked_for_come_the_rules_it_names),
		cmocka_unit_test(holds_the_compiled_in_rules_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
