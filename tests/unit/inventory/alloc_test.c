/* tests: every allocation while reading a report or making an item may fail: EXHAUSTED, and no
 * leak. */
#include "agent/inventory/document.h"
#include "agent/report/reported.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/unit.h"

static rv_status make_item(void *user)
{
	const struct rv_credential c = {.id = "c1",
					.kind = RV_KIND_TOKEN,
					.name = "a\nb",
					.ownership = RV_OWNERSHIP_OWNED,
					.life = RV_LIFE_ACTIVE,
					.hold = RV_HOLD_NONE,
					.not_after_us = 1000000,
					.compliant = 1};
	const struct rv_sighting s = {.path = RV_STR_LIT("/a\xff")};
	RV_CLEANUP(rv_jsonp) json_t *item = rv_reported_item(&c);

	(void)user;
	if (!item || !rv_reported_sighting(item, &s))
		return rv_fail_nomem(NULL);
	return RV_OK;
}

static void an_item_survives_no_memory(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("make_item", make_item, NULL) >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_item_survives_no_memory),
	};

	/* jansson is a shared library: it is given the allocator that fails. */
	json_set_alloc_funcs(rvt_alloc_malloc, rvt_alloc_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
