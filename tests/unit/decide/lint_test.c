/* Lint: what is well formed but wrong; and the difference of two sets. */
#include "unit/decide/support.h"

#include <stdio.h>

static const char *const instances[] = {"web-ca", "vault-a", NULL};
static const char grants[] = "write /etc/nginx\n"
			     "hook 0 /usr/sbin/nginx -t\n"
			     "reload nginx.service\n"
			     "plugin localca none 00\n";

struct wanted {
	const char *policies; /* lines after "policies:" */
	const char *findings; /* "level code line" each ended by ';' */
};

#define P(name, rest) "  - {name: " name ", why: w, " rest "}\n"
#define ACT	      "rotate: {with: web-ca}, deploy: {prove: \"tls://a:1\"}"

static const struct wanted cases[] = {
	{P("a", "match: {kind: token}"), ""},
	/* Ties. */
	{P("a", "match: {path: \"/etc/a\"}, " ACT) P("b", "match: {path: \"/etc/*\"}, " ACT),
	 "error tie 4;"},
	{P("a", "match: {kind: token}, " ACT) P("b", "match: {path: \"/etc/*\"}, " ACT),
	 "error tie 4;"},
	{P("a", "match: {path: \"/etc/a*\"}, " ACT) P("b", "match: {path: \"/etc/*b\"}, " ACT),
	 "warning tie 4;"},
	{P("a", "match: {path: \"/etc/a\"}, " ACT)
		 P("b", "match: {path: \"/etc/*\", not: {name: x}}, " ACT),
	 "warning tie 4;"},
	{P("a", "match: {path: \"/etc/**\"}, " ACT) P("b", "match: {path: \"/srv/**\"}, " ACT), ""},
	{P("a", "match: {kind: token}, " ACT) P("b", "match: {kind: api_key}, " ACT), ""},
	{P("a", "match: {kind: token}, " ACT) P("b", "match: {kind: token}"), ""},
	{P("a", "match: {kind: token}, " ACT) P("b", "match: {kind: token}, priority: 1, " ACT),
	 "warning never-acts 3;"},
	{P("a", "match: {kind: [token, api_key]}, " ACT)
		 P("b", "match: {kind: token}, priority: 1, " ACT),
	 ""},
	/* Unreachable. */
	{P("a", "match: {kind: token, not: {kind: [token, account]}}"), "error unreachable 3;"},
	{P("a", "match: {kind: [token, account], not: {kind: token}}"), ""},
	{P("a", "match: {path: \"/a/**\", not: {path: \"/a/**\"}}"), "error unreachable 3;"},
	{P("a", "match: {kind: token, issuer: \"*\"}"), "error unreachable 3;"},
	/* Acting. */
	{P("a", "match: {kind: token}, mode: enforce"), "warning enforces-nothing 3;"},
	{P("a", "match: {kind: token}, deploy: {prove: \"tls://a:1\"}"),
	 "warning deploys-nothing 3;"},
	{P("a", "match: {kind: token}, rotate: {with: web-ca}"), "note proves-little 3;"},
	{P("a", "match: {kind: token}, owner: {infer: true, at_least: 0.3}"),
	 "warning weak-owner 3;"},
	/* The world. */
	{P("a", "match: {kind: token}, rotate: {with: webca}, deploy: {prove: \"tls://a:1\"}"),
	 "error unknown-instance 3;"},
	{P("a", "match: {kind: token}, deploy: {test: \"nginx -t\", reload: nginx.service}, "
		"rotate: {with: web-ca}"),
	 "note proves-little 3;"},
	{P("a", "match: {kind: token}, "
		"rotate: {with: web-ca}, "
		"deploy: {test: \"nginx -t -q\", prove: \"tls://a:1\"}"),
	 "error not-granted 3;"},
	{P("a", "match: {kind: token}, rotate: {with: web-ca}, "
		"deploy: {test: /usr/sbin/nginx -t, reload: [ssh.service], prove: \"tls://a:1\"}"),
	 "error not-granted 3;"},
	{P("a", "match: {kind: token}, rotate: {with: web-ca}, "
		"deploy: {test: /tmp/nginx -t, prove: \"tls://a:1\"}"),
	 "error not-granted 3;"},
};

static void finds_what_is_wrong(void **state)
{
	(void)state;
	struct rv_lint_world world = {instances, grants};
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		char yaml[2048];
		snprintf(yaml, sizeof(yaml), "version: 1\npolicies:\n%s", cases[i].policies);
		struct rv_policy_set *set = rvt_set(yaml, "/nowhere");
		struct rv_lint lint;
		assert_true(rv_is_ok(rv_policy_lint(set, &world, &lint)));
		struct rv_buf text;
		rv_buf_init(&text, 4096);
		for (size_t k = 0; k < lint.count; k++) {
			assert_true(lint.items[k].text[0] != 0);
			assert_true(rv_is_ok(rv_buf_printf(
				&text, "%s %s %u;", rv_lint_level_name(lint.items[k].level),
				lint.items[k].code, lint.items[k].src.line)));
		}
		const char *got = rv_buf_cstr(&text);
		if (strcmp(got, cases[i].findings) != 0)
			rvt_die("%s\nfound: %s\nnot:   %s", yaml, got, cases[i].findings);
		rv_buf_done(&text);
		rv_lint_done(&lint);
		rv_policy_set_free(set);
	}
}

static void asks_nothing_of_an_unknown_world(void **state)
{
	(void)state;
	struct rv_lint_world world = {NULL, NULL};
	struct rv_policy_set *set =
		rvt_set("version: 1\npolicies:\n" P("a", "match: {kind: token}, rotate: {with: x}, "
							 "deploy: {test: y, prove: \"tls://a:1\"}"),
			"/nowhere");
	struct rv_lint lint;
	assert_true(rv_is_ok(rv_policy_lint(set, &world, &lint)));
	assert_int_equal(lint.count, 0);
	rv_lint_done(&lint);
	rv_policy_set_free(set);
}

static void tells_two_sets_apart(void **state)
{
	(void)state;
	struct rv_policy_set *a =
		rvt_set("version: 1\npolicies:\n" P("a", "match: {kind: token}")
				P("b", "match: {kind: token}, require: {max_age: 90d}"),
			"/nowhere");
	struct rv_policy_set *b =
		rvt_set("version: 1\npolicies:\n" P("c", "match: {kind: token}")
				P("b", "match: {kind: token}, require: {max_age: 30d}"),
			"/nowhere");
	json_t *diff = NULL;
	assert_true(rv_is_ok(rv_policy_diff(a, b, &diff)));
	assert_int_equal(json_array_size(json_object_get(diff, "added")), 1);
	assert_int_equal(json_array_size(json_object_get(diff, "removed")), 1);
	const json_t *changed = json_object_get(diff, "changed");
	assert_int_equal(json_array_size(changed), 1);
	const json_t *one = json_array_get(changed, 0);
	assert_string_equal(rv_json_text(one, "field", ""), "require.max_age");
	assert_string_equal(rv_json_text(one, "old", ""), "90d");
	assert_string_equal(rv_json_text(one, "new", ""), "30d");
	json_decref(diff);
	rv_policy_set_free(a);
	rv_policy_set_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_wrong),
		cmocka_unit_test(asks_nothing_of_an_unknown_world),
		cmocka_unit_test(tells_two_sets_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
