/* Out of memory at every allocation in turn: appending to the chain leaves it as it was or grown by
 * one; a bundle is then not called bad. */
#include "sample.h"

#include "agent/verify/bundle.h"
#include "tests/support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sample sample;

static rv_status append_one(void *user)
{
	struct rv_audit_head before;
	struct rv_audit_head after;
	(void)user; /* the chain is the file's */
	RV_TRY(rv_audit_last(sample.db, &before, NULL));
	RV_CLEANUP(rv_jsonp) json_t *data = json_pack("{s:s}", "grade", "revoked");
	if (!data)
		return rv_fail_nomem(NULL);
	struct rv_audit_event event = {.type = "t", .cred = "c", .data = data};
	rv_status st = rv_audit_append(sample.db, &event, NULL, NULL);
	RV_BUG_ON(rv_db_in_transaction(sample.db));
	RV_BUG_ON(!rv_is_ok(rv_audit_last(sample.db, &after, NULL)));
	RV_BUG_ON(after.seq != before.seq + (rv_is_ok(st) ? 1 : 0));
	return st;
}

static rv_status check_one(void *user)
{
	struct rv_bundle_report report;
	(void)user; /* the bundle is the file's */
	return rv_bundle_check(rv_buf_view(&sample.bundle), &sample.key_name, NULL, NULL, &report,
			       NULL);
}

static rv_status build_one(void *user)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf out = {0};
	(void)user; /* the chain is the file's */
	rv_buf_init(&out, 1 << 20);
	return rv_evidence_bundle(sample.db, 1, 6, &out, NULL);
}

static void appending_is_whole_or_not_at_all(void **state)
{
	(void)state; /* unused */
	json_malloc_t its_malloc = NULL;
	json_free_t its_free = NULL;
	json_get_alloc_funcs(&its_malloc, &its_free);
	json_set_alloc_funcs(rvt_alloc_malloc, rvt_alloc_free);
	assert_true(rvt_alloc_loop("append", append_one, NULL) > 3);
	json_set_alloc_funcs(its_malloc, its_free);
}

/* Only our own allocations: jansson 2.14 loses bytes of a token when its buffer cannot grow, and
 * then reads past it. */
static void checking_says_no_memory_and_not_bad(void **state)
{
	(void)state; /* unused */
	assert_true(rvt_alloc_loop("check", check_one, NULL) > 10);
}

static void building_says_no_memory(void **state)
{
	(void)state; /* unused */
	assert_true(rvt_alloc_loop("build", build_one, NULL) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appending_is_whole_or_not_at_all),
		cmocka_unit_test(checking_says_no_memory_and_not_bad),
		cmocka_unit_test(building_says_no_memory),
	};
	sample_make(&sample, 6, 3);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	sample_done(&sample);
	return failed;
}
