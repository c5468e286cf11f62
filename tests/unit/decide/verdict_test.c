/* Verdicts: texts of golden/ reviewed as diffs (RVT_UPDATE=1 writes them anew), and what must hold
 * for any set: order does not matter, an added policy never loosens. */
#include "unit/decide/support.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <dirent.h>
#include <stdio.h>

#ifndef RVT_GOLDEN
#error "RVT_GOLDEN: folder of the golden files"
#endif

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

/* --- golden
 * --------------------------------------------------------------------------------------- */

static struct rv_buf golden_text(const char *case_path)
{
	struct rv_buf source = rvt_file_read(case_path);
	json_t *j = NULL;
	struct rv_diag diag = {0};
	if (!rv_is_ok(rv_json_parse(rv_buf_view(&source), &j, &diag)))
		rvt_die("%s: %s", case_path, diag.text);
	rv_buf_done(&source);
	char policy_path[RVT_PATH];
	snprintf(policy_path, sizeof(policy_path), RVT_GOLDEN "/%s",
		 rv_json_text(j, "policy", "estate.yaml"));
	struct rv_buf policy = rvt_file_read(policy_path);
	struct rv_policy_set *set = NULL;
	if (!rv_is_ok(rv_policy_load_text(rv_buf_view(&policy), rv_json_text(j, "policy", ""),
					  dir.path, &set, &diag)))
		rvt_die("%s: %s", policy_path, diag.text);
	rv_buf_done(&policy);
	struct rv_facts facts;
	struct rv_place_facts *places = NULL;
	if (!rv_is_ok(rv_facts_parse(json_object_get(j, "given"), &facts, &places, &diag)))
		rvt_die("%s: %s", case_path, diag.text);
	json_t *explain = NULL;
	struct rv_buf out;
	rv_buf_init(&out, 1 << 20);
	assert_true(rv_is_ok(
		rv_verdict_explain(set, &facts, rvt_time(rv_json_text(j, "now", "")), &explain)));
	assert_true(rv_is_ok(rv_verdict_explain_text(explain, &out)));
	json_decref(explain);
	free(places);
	rv_policy_set_free(set);
	json_decref(j);
	return out;
}

static void golden_verdicts_stay_as_reviewed(void **state)
{
	(void)state;
	size_t count = 0;
	size_t different = 0;
	bool is_update = getenv("RVT_UPDATE") != NULL;
	DIR *d = opendir(RVT_GOLDEN);
	assert_non_null(d);
	const struct dirent *item = NULL;
	while ((item = readdir(d)) != NULL) {
		if (!rv_str_ends_with(rv_str_of(item->d_name), ".json"))
			continue;
		char base[RVT_PATH];
		snprintf(base, sizeof(base), RVT_GOLDEN "/%.*s", (int)strlen(item->d_name) - 5,
			 item->d_name);
		char path[RVT_PATH + 8];
		snprintf(path, sizeof(path), "%s.json", base);
		struct rv_buf got = golden_text(path);
		snprintf(path, sizeof(path), "%s.txt", base);
		count++;
		if (is_update) {
			FILE *f = fopen(path, "we");
			assert_non_null(f);
			assert_int_equal(fwrite(got.data, 1, got.len, f), got.len);
			assert_int_equal(fclose(f), 0);
		} else {
			struct rv_buf expected = rvt_file_read(path);
			if (!rv_str_equal(rv_buf_view(&got), rv_buf_view(&expected))) {
				print_error("%s differs; it is now:\n%.*s\n", path, (int)got.len,
					    (const char *)got.data);
				different++;
			}
			rv_buf_done(&expected);
		}
		rv_buf_done(&got);
	}
	closedir(d);
	assert_true(count >= 13);
	assert_int_equal(different, 0);
}

/* --- properties: small random sets, from a fixed seed
 * ------------------------------------------------ */

static uint64_t seed;

static unsigned dice(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

#define POLICY_TEXT 640

static void random_policy(unsigned number, char out[POLICY_TEXT])
{
	static const char *const matches[] = {"kind: certificate", "path: \"/etc/**\"",
					      "kind: [certificate, token], path: \"/etc/a\"",
					      "name: \"shop*\"", "kind: token"};
	static const char *const requires[] = {"", "require: {max_age: 30d}, ",
					       "require: {max_age: 7d, max_lifetime: 60d}, ",
					       "require: {file_mode: \"0640\"}, ",
					       "require: {file_mode: \"0604\", max_hosts: 2}, "};
	static const char *const renews[] = {"", "renew: {when_left: 33%}, ",
					     "renew: {when_left: 10d, survive_outage: 5d}, ",
					     "renew: {survive_outage: 20d}, "};
	static const char *const acts[] = {"", "rotate: {with: ca}, mode: enforce, ",
					   "deploy: {reload: x.service}, "};
	snprintf(out, POLICY_TEXT, "  - {name: p%u, why: w, match: {%s}, %s%s%spriority: %u}\n",
		 number, matches[dice(5)], requires[dice(5)], renews[dice(4)], acts[dice(3)],
		 dice(3));
}

static void verdict_of(char policies[][POLICY_TEXT], const unsigned *order, size_t count,
		       const struct rv_facts *facts, struct rv_verdict *out,
		       struct rv_policy_set **out_set)
{
	static char yaml[8 * POLICY_TEXT];
	snprintf(yaml, sizeof(yaml), "version: 1\npolicies:\n");
	size_t at = strlen(yaml);
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(yaml + at, sizeof(yaml) - at, "%s", policies[order[i]]);
	*out_set = rvt_set(count > 0 ? yaml : "version: 1\n", dir.path);
	rv_verdict_make(*out_set, facts, rvt_time("2026-11-21T10:00:00Z"), out);
}

/* All but line numbers, which do follow the order. */
static void assert_same_verdict(const struct rv_verdict *a, const struct rv_verdict *b)
{
	assert_int_equal(a->compliance, b->compliance);
	assert_int_equal(a->violation_count, b->violation_count);
	for (size_t i = 0; i < a->violation_count; i++) {
		assert_string_equal(a->violations[i].requirement, b->violations[i].requirement);
		assert_string_equal(a->violations[i].policy, b->violations[i].policy);
		assert_string_equal(a->violations[i].value, b->violations[i].value);
		assert_string_equal(a->violations[i].limit, b->violations[i].limit);
	}
	assert_int_equal(a->due_us, b->due_us);
	assert_int_equal(a->has_conflict, b->has_conflict);
	assert_string_equal(a->conflict, b->conflict);
	assert_int_equal(a->action, b->action);
	assert_int_equal(a->act_at_us, b->act_at_us);
	assert_string_equal(a->lead ? a->lead : "", b->lead ? b->lead : "");
	assert_string_equal(a->acting ? a->acting : "", b->acting ? b->acting : "");
}

static bool has_violation(const struct rv_verdict *v, const struct rv_violation *wanted)
{
	for (size_t i = 0; i < v->violation_count; i++)
		if (strcmp(v->violations[i].requirement, wanted->requirement) == 0 &&
		    v->violations[i].is_unknown == wanted->is_unknown)
			return true;
	return false;
}

static const char *const subjects[] = {
	"{\"id\": \"a\", \"kind\": \"certificate\", \"name\": \"shop\", \"places\": [{\"path\": "
	"\"/etc/a\", \"mode\": \"0644\"}], \"issued\": \"2026-10-01T00:00:00Z\", \"expires\": "
	"\"2026-12-30T00:00:00Z\", \"hosts\": 3, \"owner\": \"ana\"}",
	"{\"id\": \"b\", \"kind\": \"token\", \"name\": \"shop\", \"places\": [{\"path\": "
	"\"/etc/b\", \"mode\": \"0600\"}], \"issued\": \"2026-11-10T00:00:00Z\"}",
	"{\"id\": \"c\", \"kind\": \"certificate\", \"name\": \"x\", \"places\": [{\"path\": "
	"\"/srv/c\", \"mode\": \"0606\"}], \"expires\": \"2026-11-25T00:00:00Z\"}",
};

static void order_never_changes_a_verdict(void **state)
{
	(void)state;
	seed = 7;
	for (unsigned round = 0; round < 400; round++) {
		static char policies[6][POLICY_TEXT];
		unsigned order[6];
		for (unsigned i = 0; i < 6; i++) {
			random_policy(i, policies[i]);
			order[i] = i;
		}
		struct rvt_facts f;
		rvt_facts_init(&f, subjects[round % RV_LEN(subjects)]);
		struct rv_verdict a;
		struct rv_verdict b;
		struct rv_policy_set *set_a = NULL;
		struct rv_policy_set *set_b = NULL;
		verdict_of(policies, order, 6, &f.facts, &a, &set_a);
		for (unsigned i = 5; i > 0; i--) {
			unsigned j = dice(i + 1);
			unsigned t = order[i];
			order[i] = order[j];
			order[j] = t;
		}
		verdict_of(policies, order, 6, &f.facts, &b, &set_b);
		assert_same_verdict(&a, &b);
		rv_policy_set_free(set_a);
		rv_policy_set_free(set_b);
		rvt_facts_done(&f);
	}
}

static void an_added_policy_never_loosens(void **state)
{
	(void)state;
	seed = 11;
	static const unsigned order[] = {0, 1, 2, 3, 4, 5};
	for (unsigned round = 0; round < 400; round++) {
		static char policies[6][POLICY_TEXT];
		for (unsigned i = 0; i < 6; i++)
			random_policy(i, policies[i]);
		struct rvt_facts f;
		rvt_facts_init(&f, subjects[round % RV_LEN(subjects)]);
		for (size_t n = 0; n < 6; n++) {
			struct rv_verdict less;
			struct rv_verdict more;
			struct rv_policy_set *set_less = NULL;
			struct rv_policy_set *set_more = NULL;
			verdict_of(policies, order, n, &f.facts, &less, &set_less);
			verdict_of(policies, order, n + 1, &f.facts, &more, &set_more);
			for (size_t i = 0; i < less.violation_count; i++)
				assert_true(has_violation(&more, &less.violations[i]));
			if (less.due_us != RV_AT_UNKNOWN) {
				assert_true(more.due_us != RV_AT_UNKNOWN);
				assert_true(more.due_us <= less.due_us);
			}
			if (less.compliance >= RV_COMPLIANCE_COMPLIANT)
				assert_true(more.compliance >= less.compliance);
			assert_true(!less.has_conflict || more.has_conflict || more.acting);
			rv_policy_set_free(set_less);
			rv_policy_set_free(set_more);
		}
		rvt_facts_done(&f);
	}
}

/* --- due
 * ------------------------------------------------------------------------------------------- */

static int64_t due_on(const char *host)
{
	struct rv_policy_set *set =
		rvt_set("version: 1\npolicies: [{name: a, why: w, match: {kind: token}, "
			"require: {max_age: 100d}}]\n",
			dir.path);
	struct rvt_facts f;
	rvt_facts_init(&f, "{\"kind\": \"token\", \"issued\": \"2026-01-01T00:00:00Z\"}");
	f.facts.host_id = host;
	struct rv_verdict v;
	rv_verdict_make(set, &f.facts, rvt_time("2026-02-01T00:00:00Z"), &v);
	rvt_facts_done(&f);
	rv_policy_set_free(set);
	return v.due_us;
}

static void hosts_are_due_at_moments_of_their_own(void **state)
{
	(void)state;
	int64_t latest = rvt_time("2026-01-01T00:00:00Z") + 100 * RV_US_PER_DAY;
	int64_t least = INT64_MAX;
	int64_t most = INT64_MIN;
	for (unsigned i = 0; i < 100; i++) {
		char host[16];
		snprintf(host, sizeof(host), "host-%u", i);
		int64_t due = due_on(host);
		assert_int_equal(due, due_on(host)); /* no state: the same after a restart */
		assert_true(due <= latest);
		assert_true(due > latest - RV_US_PER_DAY / 2);
		least = due < least ? due : least;
		most = due > most ? due : most;
	}
	assert_true(most - least > RV_US_PER_DAY / 3); /* spread over the 12 hours */
}

static void survives_extreme_times(void **state)
{
	(void)state;
	static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
	struct rv_policy_set *set =
		rvt_set("version: 1\npolicies: [{name: a, why: w, match: {kind: token}, "
			"require: {max_age: 9000w, max_lifetime: 1s}, renew: {when_left: 99%, "
			"survive_outage: 9000w}, rotate: {with: x, window: \"Mon 01:00-02:00 "
			"Europe/Berlin\"}, retire: {orphaned_for: 1s}, notify: {before: 9000w}}]\n",
			dir.path);
	for (size_t i = 0; i < RV_LEN(times) * RV_LEN(times) * RV_LEN(times); i++) {
		struct rvt_facts f;
		rvt_facts_init(&f, "{\"kind\": \"token\"}");
		f.facts.issued_us = times[i % 6];
		f.facts.expires_us = times[i / 6 % 6];
		f.facts.orphaned_since_us = times[i / 36];
		struct rv_verdict v;
		rv_verdict_make(set, &f.facts, INT64_C(1795000000000000), &v);
		assert_true(v.compliance >= RV_COMPLIANCE_UNGOVERNED);
		rvt_facts_done(&f);
	}
	rv_policy_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_verdicts_stay_as_reviewed),
		cmocka_unit_test(order_never_changes_a_verdict),
		cmocka_unit_test(an_added_policy_never_loosens),
		cmocka_unit_test(hosts_are_due_at_moments_of_their_own),
		cmocka_unit_test(survives_extreme_times),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
