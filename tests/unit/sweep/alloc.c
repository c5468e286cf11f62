/* tests: every allocation of reading configurations, rules and baselines, and of judging, fails
 * once: the answer is EXHAUSTED and nothing half made comes out (leaks are AddressSanitizer's to
 * find). */
#include "agent/base/toml.h"
#include "agent/scan/rules_load.h"
#include "agent/sweep/filter.h"
#include "agent/sweep/pattern.h"
#include "agent/sweep/re2.h"
#include "tests/support/alloc_fail.h"
#include "tests/unit/sweep/sift.h"

#define PRINT "rv1:0123456789abcdef0123456789abcdef"

static const char gitleaks[] =
	"[extend]\nuseDefault = true\n"
	"[[rules]]\nid = 'acme'\ndescription = 'Acme'\nregex = '''acme_([0-9a-z\xc3\xa4]{8})'''\n"
	"path = '''\\.env$'''\nentropy = 3.0\nsecretGroup = 1\nkeywords = ['acme_', 'other']\n"
	"[[rules.allowlists]]\ncondition = 'AND'\npaths = ['^a/']\nstopwords = ['Example']\n"
	"[[rules.required]]\nid = 'user'\n"
	"[[rules]]\nid = 'user'\nregex = 'user=[a-z]+'\nskipReport = true\n"
	"[[rules]]\nid = 'private-key'\ndescription = 'mine'\n"
	"[[allowlists]]\ntargetRules = ['acme']\nregexes = ['x']\ncommits = ['ab']\n";

static const char native[] =
	"scan:\n  rules: [own.yaml]\n  disable: [jwt]\n  baseline: b.json\n"
	"  exclude: [vendor/, '*.min.js']\n"
	"  allow:\n    - {paths: [src/], rules: [own-key], values: ['^x'], reason: r}\n";

static const struct sift_file files[] = {
	{"own.yaml",
	 "version: 2\nrules:\n  - id: own-key\n    kind: token\n    keywords: [own]\n"
	 "    format: '[0-9]{8}'\n    aliases: [a, b]\n"
	 "    validate: {request: {url: 'https://a', headers: {A: '{secret}'}}, valid: [200], "
	 "invalid: [401]}\n"
	 "    samples: {positive: [a], negative: [b]}\n"},
	{NULL, NULL},
};

static const char baseline[] =
	"{\"schema\": \"reeve-baseline/1\", \"salt\": "
	"\"00000000000000000000000000000000000000000000000000000000000000ff\", \"entries\": ["
	"{\"fingerprint\": \"" PRINT "\", \"rule\": \"a\", \"reason\": \"r\", "
	"\"until\": \"2027-01-01\"}]}";

static const char report[] = "[{\"RuleID\": \"a\", \"File\": \"b\", \"Secret\": \"c\"}]";

struct source {
	enum rv_scan_source source;
	const char *text;
};

static rv_status load_config(void *user)
{
	const struct source *from = user;
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	rv_status status = sift_load(from->source, from->text, files, &config, NULL);

	assert_true(rv_is_ok(status) == (config != NULL));
	return status;
}

static rv_status parse_toml(void *user)
{
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;

	(void)user;
	return rv_toml_parse(
		RV_STR_LIT("a.\"b c\" = [\"x\\n\", 1, 2.5, {c = true}]\n[[d]]\n[e.f]\n"), "f", &y,
		NULL);
}

static rv_status parse_baseline(void *user)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *read = NULL;
	struct rv_buf out;

	RV_TRY(rv_baseline_parse(rv_str_of(user), "b", NOW_US, &read, NULL));
	if (!rv_baseline_salt(read))
		return RV_OK;
	rv_buf_init(&out, 1 << 20);
	rv_status status = rv_baseline_print(read, &out);
	rv_buf_done(&out);
	return status;
}

static rv_status judge(void *user)
{
	static const struct rv_rule rule = {.id = "acme"};
	RV_CLEANUP(rv_identity_freep) struct rv_identity *identity = NULL;
	const struct rv_filter_question question = {
		.rule = &rule,
		.path = RV_STR_LIT("src/a"),
		.value = RV_STR_LIT("VALUE-0aB1cD2eF3gH4iJ5kL6mN7oP8q"),
		.lines = RV_STR_LIT("k = VALUE-0aB1cD2eF3gH4iJ5kL6mN7oP8q"),
		.value_end = 36,
		.confidence = 90,
	};
	struct rv_filter_answer answer;
	struct rv_filter filter;

	RV_TRY(rv_identity_new(NULL, &identity));
	rv_filter_init(&filter, user, NULL, identity, NOW_US);
	return rv_filter_judge(&filter, &question, &answer);
}

static void survives_that_any_allocation_fails(void **state)
{
	struct source sources[] = {
		{RV_SCAN_SOURCE_GITLEAKS, gitleaks},
		{RV_SCAN_SOURCE_NATIVE, native},
		{RV_SCAN_SOURCE_IGNORE, "*.pem\n!a.pem\nfingerprint " PRINT " reason=\"x\"\n"},
		{RV_SCAN_SOURCE_FINGERPRINTS, "a:b:1\nc:a:b:1\n"},
	};
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;

	(void)state;
	for (size_t i = 0; i < RV_LEN(sources); i++)
		assert_true(rvt_alloc_loop("config", load_config, &sources[i]) > 3);
	assert_true(rvt_alloc_loop("toml", parse_toml, NULL) > 10);
	assert_true(rvt_alloc_loop("baseline", parse_baseline, (void *)(uintptr_t)baseline) > 5);
	assert_true(rvt_alloc_loop("report", parse_baseline, (void *)(uintptr_t)report) > 5);
	assert_ok(sift_load(RV_SCAN_SOURCE_NATIVE, "", NULL, &config, NULL));
	assert_true(rvt_alloc_loop("judge", judge, config) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_that_any_allocation_fails),
	};

	json_set_alloc_funcs(rvt_alloc_malloc, rvt_alloc_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
