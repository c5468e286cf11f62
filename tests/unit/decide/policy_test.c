/* Policy files: what they mean, and where and how they are refused. */
#include "unit/decide/support.h"

#include "agent/base/clock.h"

#include <stdio.h>

static struct rvt_dir dir;

static int set_up(void **state)
{
	(void)state;
	rvt_dir_init(&dir);
	rvt_zones_write(&dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rvt_dir_done(&dir);
	return 0;
}

static const char whole[] =
	"version: 1\n"
	"defaults: {mode: suggest, grace: 12h, notify: {before: [30d, 7d], to: owner}}\n"
	"policies:\n"
	"  - name: tls-servers\n"
	"    why: PCI DSS 8.6.3\n"
	"    match: {kind: certificate, path: \"/etc/nginx/**\", not: {issuer: \"*Let's "
	"Encrypt*\"}}\n"
	"    owner: {team: web-platform}\n"
	"    require: {max_lifetime: 90d}\n"
	"    renew: {when_left: 33%, survive_outage: 7d}\n"
	"    rotate: {with: vault-pki-web, window: \"Mon-Thu 09:00-16:00 Europe/Berlin\"}\n"
	"    deploy: {test: \"nginx -t\", reload: [nginx.service], prove: "
	"[\"tls://localhost:443\"]}\n"
	"    mode: enforce\n"
	"  - name: env-file-keys\n"
	"    why: OWASP NHI2\n"
	"    match: {kind: [api_key, token], path: [\"**/.env\", \"**/*.env\"]}\n"
	"    owner: {infer: true, at_least: 0.8, else: {team: security-triage}}\n"
	"    require: {max_age: 90d, file_mode: \"0600\", max_hosts: 1}\n"
	"    notify: {before: [1d], to: null}\n"
	"    grace: null\n";

static void reads_every_value_with_its_place(void **state)
{
	(void)state;
	struct rv_policy_set *set = rvt_set(whole, dir.path);
	assert_int_equal(rv_policy_count(set), 2);
	const struct rv_policy *env = rv_policy_named(set, "env-file-keys");
	const struct rv_policy *tls = rv_policy_named(set, "tls-servers");
	assert_ptr_equal(rv_policy_at(set, 0), env); /* by name, whatever the file's order */
	const struct rv_policy_value *v = tls->values;
	assert_int_equal(v[RV_PK_MODE].number, RV_MODE_ENFORCE);
	assert_int_equal(v[RV_PK_RENEW_WHEN_LEFT].number, 33);
	assert_true(v[RV_PK_RENEW_WHEN_LEFT].is_percent);
	assert_int_equal(v[RV_PK_REQUIRE_MAX_LIFETIME].number, 90 * RV_US_PER_DAY);
	assert_int_equal(v[RV_PK_REQUIRE_MAX_LIFETIME].src.line, 8);
	assert_int_equal(v[RV_PK_REQUIRE_MAX_LIFETIME].src.column, 15);
	assert_string_equal(v[RV_PK_REQUIRE_MAX_LIFETIME].src.file, "p.yaml");
	assert_string_equal(v[RV_PK_NOT_ISSUER].items[0], "*Let's Encrypt*");
	assert_string_equal(v[RV_PK_DEPLOY_RELOAD].items[0], "nginx.service");
	assert_int_equal(v[RV_PK_ROTATE_WINDOW].count, 1);
	assert_int_equal(v[RV_PK_GRACE].number, 12 * 3600 * RV_US_PER_S);
	assert_true(v[RV_PK_GRACE].from_default);
	assert_int_equal(v[RV_PK_GRACE].src.line, 2);
	assert_true(rv_policy_acts(tls));
	assert_false(rv_policy_acts(env));
	assert_int_equal(env->values[RV_PK_OWNER_AT_LEAST].number, 80);
	assert_int_equal(env->values[RV_PK_REQUIRE_FILE_MODE].number, 0600);
	assert_int_equal(env->values[RV_PK_MATCH_KIND].count, 2);
	rv_policy_set_free(set);
}

static void merges_defaults_by_key(void **state)
{
	(void)state;
	struct rv_policy_set *set = rvt_set(whole, dir.path);
	const struct rv_policy_value *env = rv_policy_named(set, "env-file-keys")->values;
	assert_int_equal(env[RV_PK_MODE].number, RV_MODE_SUGGEST);
	assert_int_equal(env[RV_PK_NOTIFY_BEFORE].count, 1); /* lists replace */
	assert_false(env[RV_PK_NOTIFY_TO].is_set);	     /* null unsets */
	assert_false(env[RV_PK_GRACE].is_set);
	assert_int_equal(env[RV_PK_GRACE].src.line, 19);
	const struct rv_policy_value *tls = rv_policy_named(set, "tls-servers")->values;
	assert_int_equal(tls[RV_PK_NOTIFY_BEFORE].count, 2);
	assert_string_equal(tls[RV_PK_NOTIFY_TO].items[0], "owner");
	assert_int_equal(tls[RV_PK_PRIORITY].number, 0); /* built in */
	assert_string_equal(tls[RV_PK_PRIORITY].src.file, "");
	rv_policy_set_free(set);
	set = rvt_set("version: 1\ndefaults: {notify: {before: [1d], to: owner}}\npolicies:\n"
		      "  - {name: a, why: w, match: {kind: token}, notify: null}\n",
		      dir.path);
	assert_false(rv_policy_at(set, 0)->values[RV_PK_NOTIFY_BEFORE].is_set);
	assert_false(rv_policy_at(set, 0)->values[RV_PK_NOTIFY_TO].is_set);
	rv_policy_set_free(set);
}

struct bad {
	const char *body; /* members after name, why */
	const char *says;
};

/* line 3, after "  - {name: a, why: w, " (22 columns). */
static const struct bad bad_bodies[] = {
	{"match: {kind: token}, requre: {max_age: 90d}}",
	 "p.yaml:3:45: unknown key \"requre\"; did you mean require?"},
	{"match: {kind: token}, max_age: 90d}",
	 "p.yaml:3:45: unknown key \"max_age\"; did you mean require.max_age?"},
	{"match: {kind: token}, require: {max_ages: 90d}}",
	 "p.yaml:3:55: unknown key \"require.max_ages\"; did you mean require.max_age?"},
	{"match: {kind: token}, zebra: 1}", "p.yaml:3:45: unknown key \"zebra\""},
	{"match: {kind: tokens}}", "\"tokens\" is no kind of credential; did you mean token?"},
	{"match: {kind: [token, 7]}}", "match.kind must be text"},
	{"match: {kind: []}}", "match.kind is an empty list"},
	{"match: {path: \"*.env\"}}", "can match no path: globs are anchored; write \"**/*.env\""},
	{"match: {path: \"/a/[b\"}}", "match.path: \"/a/[b\""},
	{"match: {}}", "does not say what it is about"},
	{"mode: enforce}", "does not say what it is about"},
	{"match: {not: {kind: token}}}", "does not say what it is about"},
	{"match: token}", "match must hold keys"},
	{"match: {kind: token}, require: {max_age: 90}}",
	 "require.max_age needs a unit: write 90d, 90h"},
	{"match: {kind: token}, require: {max_age: 90 days}}", "is no duration"},
	{"match: {kind: token}, require: {file_mode: 600}}",
	 "require.file_mode must be a quoted file mode such as \"0600\""},
	{"match: {kind: token}, require: {file_mode: \"0698\"}}", "must be a quoted file mode"},
	{"match: {kind: token}, require: {max_hosts: many}}", "whole number from 0"},
	{"match: {kind: token}, renew: {when_left: 100%}}", "no percentage from 1% to 99%"},
	{"match: {kind: token}, renew: {when_left: 0%}}", "no percentage from 1% to 99%"},
	{"match: {kind: token}, mode: enforced}",
	 "mode must be observe, suggest or enforce; did you mean enforce?"},
	{"match: {kind: token}, priority: 1001}", "priority must be a whole number from -1000"},
	{"match: {kind: token}, owner: {infer: yes}}", "owner.infer must be true or false"},
	{"match: {kind: token}, owner: {infer: true, at_least: 1.5}}", "number from 0 to 1"},
	{"match: {kind: token}, owner: {at_least: 0.5}}", "owner.at_least needs owner.infer"},
	{"match: {kind: token}, owner: {infer: true, team: x}}", "either a team or person"},
	{"match: {owner: x}, owner: {team: x}}", "cannot name the owner too"},
	{"match: {kind: token}, rotate: {window: \"Mon 09:00-10:00\"}}", "needs its time zone"},
	{"match: {kind: token}, rotate: {window: \"Mon 09:00-10:00 Mars/Base\"}}",
	 "no time zone Mars/Base here"},
	{"match: {kind: token}, deploy: {prove: [\"https://x\"]}}", "write tls://host:port"},
	{"match: {kind: token}, deploy: {prove: [\"tls://x:0\"]}}", "write tls://host:port"},
	{"match: {kind: token}, deploy: {prove: [\"tls://:443\"]}}", "write tls://host:port"},
	{"match: {kind: token}, deploy: {layout: both}}", "deploy.layout must be auto, combined"},
	{"match: {kind: token}, deploy: {test: [\"nginx -t\"]}}", "deploy.test must be text"},
	{"match: {kind: token}, \"require.max_age\": 90d}", "unknown key \"require.max_age\""},
	{"match: {kind: token}, name: b}", "p.yaml:3:45: this key is there twice"},
};

static void says_where_and_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < RV_LEN(bad_bodies); i++) {
		char yaml[1024];
		snprintf(yaml, sizeof(yaml), "version: 1\npolicies:\n  - {name: a, why: w, %s\n",
			 bad_bodies[i].body);
		const char *says = rvt_refused(yaml, dir.path);
		if (strstr(says, bad_bodies[i].says) == NULL || strncmp(says, "p.yaml:3:", 9) != 0)
			rvt_die("%s\nsays: %s\nnot:  %s", yaml, says, bad_bodies[i].says);
	}
}

static const struct bad bad_files[] = {
	{"policies: []\n", "the file has no \"version: 1\""},
	{"version: 2\n", "p.yaml:1:1: this Reeve reads version: 1 only"},
	{"version: \"1\"\n", "reads version: 1 only"},
	{"version: 1\npolices: []\n",
	 "p.yaml:2:1: unknown key \"polices\"; did you mean policies?"},
	{"version: 1\npolicies: {}\n", "\"policies\" is a list"},
	{"version: 1\npolicies: [a]\n", "each item of \"policies\" holds keys"},
	{"version: 1\npolicies: [{why: w, match: {kind: token}}]\n", "the policy has no \"name\""},
	{"version: 1\npolicies: [{name: a, match: {kind: token}}]\n", "the policy has no \"why\""},
	{"version: 1\npolicies: [{name: null, why: w}]\n", "name cannot be unset"},
	{"version: 1\npolicies: [{name: \"a b\", why: w, match: {kind: token}}]\n",
	 "letters, digits, - and _"},
	{"version: 1\ndefaults: {match: {kind: token}}\n", "\"match\" cannot stand in defaults"},
	{"version: 1\ndefaults: {name: x}\n", "\"name\" cannot stand in defaults"},
	{"version: 1\ndefaults: {mod: observe}\n",
	 "p.yaml:2:12: unknown key \"mod\"; did you mean mode?"},
	{"version: 1\ndefaults: []\n", "\"defaults\" holds keys"},
	{"[]\n", "a policy file starts with version: 1"},
	{"version: 1\npolicies:\n  - {name: a, why: w, match: {kind: token}}\n"
	 "  - {name: a, why: w, match: {kind: token}}\n",
	 "p.yaml:4:6: policy \"a\" stands already at p.yaml:3"},
	{"version: 1\npolicies: [\n", "p.yaml:"},
	{"version: 1\npolicies: &a []\n", "anchors"},
};

static void refuses_broken_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < RV_LEN(bad_files); i++) {
		const char *says = rvt_refused(bad_files[i].body, dir.path);
		if (strstr(says, bad_files[i].says) == NULL || strncmp(says, "p.yaml:", 7) != 0)
			rvt_die("%s\nsays: %s\nnot:  %s", bad_files[i].body, says,
				bad_files[i].says);
	}
}

static rv_status load_dirs(struct rv_policy_set **set, const char *a, const char *b,
			   struct rv_diag *diag)
{
	const char *dirs[] = {a, b, NULL};
	struct rv_policy_sources sources = {dirs, dir.path};
	return rv_policy_load(&sources, set, diag);
}

static void loads_all_files_or_none(void **state)
{
	(void)state;
	char shipped[RVT_PATH];
	char local[RVT_PATH];
	rvt_dir_path(&dir, "shipped", shipped);
	rvt_dir_path(&dir, "local", local);
	struct rv_policy_set *set = NULL;
	struct rv_diag diag = {0};
	assert_true(rv_is_ok(load_dirs(&set, shipped, local, &diag))); /* both missing: empty */
	assert_int_equal(rv_policy_count(set), 0);
	rv_policy_set_freep(&set);
	rvt_dir_write_text(&dir, "shipped/10-a.yaml",
			   "version: 1\npolicies: [{name: a, why: w, match: {kind: token}}]\n");
	rvt_dir_write_text(&dir, "shipped/20-b.yaml",
			   "version: 1\npolicies: [{name: b, why: w, match: {kind: token}}]\n");
	rvt_dir_write_text(&dir, "local/20-b.yaml",
			   "version: 1\npolicies: [{name: c, why: w, match: {kind: token}}]\n");
	rvt_dir_write_text(&dir, "local/.hidden.yaml", "nonsense: [\n");
	rvt_dir_write_text(&dir, "local/notes.txt", "nonsense: [\n");
	assert_true(rv_is_ok(load_dirs(&set, shipped, local, &diag)));
	assert_int_equal(rv_policy_file_count(set), 2);
	assert_non_null(rv_policy_named(set, "a"));
	assert_null(rv_policy_named(set, "b")); /* replaced whole */
	assert_non_null(rv_policy_named(set, "c"));
	char id[64];
	snprintf(id, sizeof(id), "%s", rv_policy_set_id(set));
	assert_int_equal(strlen(id), 4 + 32);

	/* One broken file: the good set is not touched, the sentence names the place. */
	rvt_dir_write_text(&dir, "local/30-bad.yaml", "version: 1\npolicies:\n  - nam: x\n");
	struct rv_policy_set *before = set;
	rv_status s = load_dirs(&set, shipped, local, &diag);
	assert_int_equal(rv_class_of(s), RV_CLASS_MALFORMED);
	assert_ptr_equal(set, before);
	assert_non_null(strstr(diag.text,
			       "local/30-bad.yaml:3:5: unknown key \"nam\"; did you mean name?"));
	rv_policy_set_freep(&set);

	/* The same name in two files. */
	rvt_dir_write_text(&dir, "local/30-bad.yaml",
			   "version: 1\npolicies: [{name: a, why: w, match: {kind: token}}]\n");
	diag = (struct rv_diag){0};
	assert_false(rv_is_ok(load_dirs(&set, shipped, local, &diag)));
	assert_non_null(strstr(diag.text, "policy \"a\" stands already at"));
	rvt_dir_write_text(&dir, "local/30-bad.yaml", "version: 1\n");
	assert_true(rv_is_ok(load_dirs(&set, shipped, local, &diag)));
	assert_string_not_equal(rv_policy_set_id(set), id); /* another file: another set */
	rv_policy_set_freep(&set);

	rvt_dir_write_text(&dir, "local/40-c.yml", "version: 1\n");
	diag = (struct rv_diag){0};
	assert_false(rv_is_ok(load_dirs(&set, shipped, local, &diag)));
	assert_non_null(strstr(diag.text, "name it .yaml"));
}

static void writes_values_as_people_do(void **state)
{
	(void)state;
	struct rv_policy_set *set = rvt_set(whole, dir.path);
	const struct rv_policy_value *env = rv_policy_named(set, "env-file-keys")->values;
	char text[64];
	rv_policy_value_text(&env[RV_PK_MATCH_KIND], RV_PK_MATCH_KIND, text, sizeof(text));
	assert_string_equal(text, "[api_key, token]");
	rv_policy_value_text(&env[RV_PK_MATCH_KIND], RV_PK_MATCH_KIND, text, 16);
	assert_string_equal(text, "[api_key,..]");
	rv_policy_value_text(&env[RV_PK_REQUIRE_FILE_MODE], RV_PK_REQUIRE_FILE_MODE, text, 64);
	assert_string_equal(text, "0600");
	rv_policy_value_text(&env[RV_PK_GRACE], RV_PK_GRACE, text, 64);
	assert_string_equal(text, "unset");
	rv_policy_value_text(&env[RV_PK_OWNER_AT_LEAST], RV_PK_OWNER_AT_LEAST, text, 64);
	assert_string_equal(text, "80%");
	rv_policy_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_value_with_its_place),
		cmocka_unit_test(merges_defaults_by_key),
		cmocka_unit_test(says_where_and_what_is_wrong),
		cmocka_unit_test(refuses_broken_files),
		cmocka_unit_test(loads_all_files_or_none),
		cmocka_unit_test(writes_values_as_people_do),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
