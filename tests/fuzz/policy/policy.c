/* tests: any bytes as a policy file. What loads is linted, judged, explained and diffed with itself
 * (nothing may differ); what does not load says where. */
#include "agent/decide/verdict.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct rv_policy_set *set)
{
	static const struct rv_place_facts place = {
		.path = {(const uint8_t *)"/etc/nginx/a.pem", 16}, .is_file = true, .mode = 0644};
	struct rv_facts facts = {.id = "c1",
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
	struct rv_lint_world world = {NULL, "hook 0 /usr/sbin/nginx -t\n"};
	struct rv_lint lint = {0};
	RV_CLEANUP(rv_jsonp) json_t *explain = NULL;
	RV_CLEANUP(rv_jsonp) json_t *diff = NULL;
	RV_BUG_ON(!rv_is_ok(rv_policy_lint(set, &world, &lint)));
	rv_lint_done(&lint);
	RV_BUG_ON(!rv_is_ok(rv_verdict_explain(set, &facts, INT64_C(1790000000000000), &explain)));
	RV_BUG_ON(!rv_is_ok(rv_policy_diff(set, set, &diff)));
	RV_BUG_ON(json_array_size(json_object_get(diff, "changed")) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_policy_set *set = NULL;
	struct rv_diag diag = {0};
	struct rv_str text = {data, size};
	rv_status s = rv_policy_load_text(text, "f.yaml", "/nowhere", &set, &diag);
	if (rv_is_ok(s))
		use(set);
	else
		RV_BUG_ON(diag.text[0] == 0 && rv_class_of(s) != RV_CLASS_EXHAUSTED);
	rv_policy_set_free(set);
	return 0;
}
