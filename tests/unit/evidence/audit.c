/* The audit table: the chain it makes, the transactions it joins, what it refuses. */
#include "sample.h"

#include "agent/base/clock.h"
#include "agent/verify/chain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static rv_status walk(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
		      void *user)
{
	return rv_chain_take(user, seq, canonical, hash, NULL);
}

static void each_event_hashes_the_one_before(void **state)
{
	(void)state; /* unused */
	struct sample s;
	struct rv_chain chain;
	struct rv_audit_head head;
	sample_make(&s, 20, 7);
	assert_true(rv_is_ok(rv_chain_begin(&chain, 1, &(struct rv_digest){{0}}, NULL)));
	assert_true(rv_is_ok(rv_audit_each(s.db, 1, 0, walk, &chain, NULL)));
	assert_true(rv_is_ok(rv_audit_last(s.db, &head, NULL)));
	assert_int_equal(chain.seq, 20);
	assert_int_equal(head.seq, 20);
	assert_true(rv_digest_equal(&head.hash, &chain.hash));
	sample_done(&s);
}

static void an_event_shares_the_fate_of_its_transaction(void **state)
{
	(void)state; /* unused */
	struct sample s;
	struct rv_audit_head head;
	const struct rv_audit_event event = {.type = "lost"};
	sample_make(&s, 3, 1);
	{
		RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
		assert_true(rv_is_ok(rv_txn_begin(s.db, &txn, NULL)));
		assert_true(rv_is_ok(rv_audit_append(s.db, &event, &head, NULL)));
		assert_int_equal(head.seq, 4);
	} /* rolled back */
	assert_true(rv_is_ok(rv_audit_last(s.db, &head, NULL)));
	assert_int_equal(head.seq, 3);
	{
		RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
		assert_true(rv_is_ok(rv_txn_begin(s.db, &txn, NULL)));
		assert_true(rv_is_ok(rv_audit_append(s.db, &event, NULL, NULL)));
		assert_true(rv_is_ok(rv_txn_commit(&txn, NULL)));
	}
	assert_true(rv_is_ok(rv_audit_last(s.db, &head, NULL)));
	assert_int_equal(head.seq, 4);
	sample_done(&s);
}

static void what_is_no_event_is_refused_and_leaves_nothing(void **state)
{
	(void)state; /* unused */
	struct sample s;
	struct rv_audit_head head;
	sample_make(&s, 2, 1);
	RV_CLEANUP(rv_jsonp) json_t *list = json_array();
	RV_CLEANUP(rv_jsonp) json_t *real = json_pack("{s:f}", "x", 0.5);
	RV_CLEANUP(rv_jsonp) json_t *huge = json_object();
	char *text = malloc(RV_EVENT_MAX + 1);
	assert_non_null(text);
	memset(text, 'a', RV_EVENT_MAX);
	text[RV_EVENT_MAX] = '\0';
	json_object_set_new(huge, "x", json_string(text));
	free(text);
	const struct {
		const json_t *data;
		enum rv_class expect;
	} cases[] = {
		{list, RV_CLASS_MALFORMED}, {real, RV_CLASS_MALFORMED}, {huge, RV_CLASS_EXHAUSTED}};
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		struct rv_audit_event event = {.type = "x", .data = cases[i].data};
		rv_status st = rv_audit_append(s.db, &event, &head, NULL);
		assert_int_equal(rv_class_of(st), cases[i].expect);
	}
	struct rv_audit_event latin = {.type = "x", .cred = "\xff"};
	assert_int_equal(rv_class_of(rv_audit_append(s.db, &latin, NULL, NULL)),
			 RV_CLASS_MALFORMED);
	assert_true(rv_is_ok(rv_audit_last(s.db, &head, NULL)));
	assert_int_equal(head.seq, 2);
	sample_done(&s);
}

static void rows_are_neither_changed_nor_removed(void **state)
{
	(void)state; /* unused */
	struct sample s;
	sample_make(&s, 2, 1);
	assert_false(rv_is_ok(rv_db_exec(s.db, "UPDATE audit SET type = 'y'", NULL)));
	assert_false(rv_is_ok(rv_db_exec(s.db, "DELETE FROM audit WHERE seq = 2", NULL)));
	sample_done(&s);
}

static void a_head_of_another_chain_is_not_kept(void **state)
{
	(void)state; /* unused */
	struct sample s;
	struct rv_audit_signature sig;
	sample_make(&s, 5, 2);
	assert_true(rv_is_ok(rv_audit_sign_last(s.db, &sig, NULL)));
	assert_int_equal(sig.head.seq, 5);
	sig.head.hash.bytes[0] ^= 1;
	assert_int_equal(rv_class_of(rv_audit_sign_put(s.db, &sig, NULL)), RV_CLASS_CONFLICT);
	sig.head.seq = 99;
	assert_int_equal(rv_class_of(rv_audit_sign_put(s.db, &sig, NULL)), RV_CLASS_CONFLICT);
	sample_done(&s);
}

static void a_range_of_the_chain_is_a_bundle_too(void **state)
{
	(void)state; /* unused */
	struct sample s;
	struct rv_buf part;
	uint64_t first = 0;
	sample_make(&s, 9, 3);
	assert_true(rv_is_ok(rv_evidence_first_of(s.db, "", "01940000-0000-7000-8000-000000000002",
						  &first, NULL)));
	assert_int_equal(first, 2);
	rv_buf_init(&part, 1 << 20);
	assert_true(rv_is_ok(rv_evidence_bundle(s.db, first, 0, &part, NULL)));
	assert_int_equal(rv_class_of(rv_evidence_first_of(s.db, "nobody", "", &first, NULL)),
			 RV_CLASS_NOT_FOUND);
	assert_int_equal(rv_class_of(rv_evidence_bundle(s.db, 10, 0, &part, NULL)),
			 RV_CLASS_NOT_FOUND);
	rv_buf_done(&part);
	sample_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_hashes_the_one_before),
		cmocka_unit_test(an_event_shares_the_fate_of_its_transaction),
		cmocka_unit_test(what_is_no_event_is_refused_and_leaves_nothing),
		cmocka_unit_test(rows_are_neither_changed_nor_removed),
		cmocka_unit_test(a_head_of_another_chain_is_not_kept),
		cmocka_unit_test(a_range_of_the_chain_is_a_bundle_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
