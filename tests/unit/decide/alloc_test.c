/* Every allocation of loading, judging, linting, explaining and planning fails once: the answer is
 * EXHAUSTED, nothing leaks (AddressSanitizer) and nothing half made comes out. */
#include "unit/decide/support.h"

#include "agent/decide/plan.h"
#include "support/alloc_fail.h"

static const char policy[] =
	"version: 1\n"
	"defaults: {notify: {before: [7d, 1d]}}\n"
	"policies:\n"
	"  - name: a\n"
	"    why: w\n"
	"    match: {kind: certificate, path: [\"/etc/**\"], not: {name: x}}\n"
	"    owner: {team: t}\n"
	"    require: {max_age: 1d, file_mode: \"0600\"}\n"
	"    renew: {when_left: 33%}\n"
	"    rotate: {with: i, window: \"daily 00:00-24:00 UTC\"}\n"
	"    deploy: {reload: x.service, prove: \"tls://a:1\"}\n"
	"    mode: enforce\n"
	"  - {name: b, why: w, match: {kind: certificate}, rotate: {with: i}, priority: -1}\n";

static rv_status load(void *user)
{
	(void)user;
	RV_CLEANUP(rv_policy_set_freep) struct rv_policy_set *set = NULL;
	rv_status s = rv_policy_load_text(RV_STR_LIT(policy), "p.yaml", "/nowhere", &set, NULL);
	assert_true(rv_is_ok(s) == (set != NULL));
	return s;
}

static const struct rv_place_facts place = {
	.path = {(const uint8_t *)"/etc/a", 6}, .is_file = true, .mode = 0644};
static const struct rv_facts facts = {.id = "c1",
				      .host_id = "h",
				      .kind = RV_KIND_CERTIFICATE,
				      .name = RV_STR_LIT("a"),
				      .places = &place,
				      .place_count = 1,
				      .orphaned_since_us = RV_AT_UNKNOWN,
				      .issued_us = 1,
				      .known_since_us = RV_AT_UNKNOWN,
				      .expires_us = INT64_C(1800000000000000),
				      .state = {RV_OWNERSHIP_OWNED, RV_LIFE_ACTIVE, RV_HOLD_NONE}};
#define NOW INT64_C(1799999000000000)

static rv_status lint(void *user)
{
	struct rv_lint found = {0};
	struct rv_lint_world world = {NULL, ""};
	RV_TRY(rv_policy_lint(user, &world, &found));
	assert_true(found.count > 0);
	rv_lint_done(&found);
	return RV_OK;
}

static rv_status explain(void *user)
{
	RV_CLEANUP(rv_jsonp) json_t *j = NULL;
	return rv_verdict_explain(user, &facts, NOW, &j);
}

static rv_status schema(void *user)
{
	(void)user;
	RV_CLEANUP(rv_jsonp) json_t *j = NULL;
	return rv_policy_schema(&j);
}

static rv_status diff(void *user)
{
	RV_CLEANUP(rv_jsonp) json_t *j = NULL;
	return rv_policy_diff(user, user, &j);
}

static rv_status plan(void *user)
{
	struct rv_verdict verdict;
	rv_verdict_make(user, &facts, NOW, &verdict);
	const struct rv_plan_path path = {.holds = "combined",
					  .path = RV_STR_LIT("/etc/a"),
					  .final = RV_STR_LIT("/etc/a"),
					  .links = 1};
	const struct rv_plan_item item = {.facts = &facts,
					  .verdict = &verdict,
					  .version = "1",
					  .paths = &path,
					  .path_count = 1};
	const struct rv_plan_request request = {.verb = "rotate",
						.host = "h",
						.now_us = NOW,
						.by_hand = true,
						.set = user,
						.items = &item,
						.count = 1};
	RV_CLEANUP(rv_jsonp) json_t *made = NULL;
	RV_CLEANUP(rv_jsonp) json_t *differences = NULL;
	RV_TRY(rv_plan_build(&request, &made, NULL));
	RV_TRY(rv_plan_check(made, NULL));
	return rv_plan_compare(made, made, &differences);
}

static void every_failing_allocation_is_survived(void **state)
{
	(void)state;
	json_set_alloc_funcs(rvt_alloc_malloc, rvt_alloc_free);
	struct rv_policy_set *set = NULL;
	assert_true(rv_is_ok(
		rv_policy_load_text(RV_STR_LIT(policy), "p.yaml", "/nowhere", &set, NULL)));
	assert_true(rvt_alloc_loop("load", load, NULL) > 20);
	assert_true(rvt_alloc_loop("lint", lint, set) > 0);
	assert_true(rvt_alloc_loop("explain", explain, set) > 20);
	assert_true(rvt_alloc_loop("schema", schema, NULL) > 20);
	assert_true(rvt_alloc_loop("diff", diff, set) > 0);
	assert_true(rvt_alloc_loop("plan", plan, set) > 20);
	rv_policy_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_failing_allocation_is_survived)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
