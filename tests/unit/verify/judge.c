/* tests: what a row of handshakes, two looks at the listeners and a death amount to. */
#include "agent/verify/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t new_one[32] = {1}, old_one[32] = {2};

static struct rv_handshake seen_by(unsigned target, const uint8_t *shown, unsigned outcome,
				   bool is_resumed)
{
	struct rv_handshake one = {.target = target, .outcome = outcome, .is_resumed = is_resumed};

	memcpy(one.cert_sha256, shown, 32);
	return one;
}

static enum rv_proof judge(const char *rows, unsigned targets)
{
	struct rv_handshake seen[64];
	size_t count = 0;

	/* n o: the new, the old certificate; r: resumed; u: unreachable; / next target */
	unsigned target = 0;
	for (; *rows; rows++) {
		if (*rows == '/') {
			target++;
			continue;
		}
		seen[count++] = seen_by(target, *rows == 'o' ? old_one : new_one,
					*rows == 'u' ? RV_OUTCOME_UNREACHABLE : RV_OUTCOME_DONE,
					*rows == 'r');
	}
	return rv_judge_handshakes(seen, count, targets, new_one, RV_PROVE_K, NULL);
}

static void a_row_of_k_full_handshakes_is_needed_at_every_target(void **state)
{
	(void)state;
	assert_int_equal(judge("nnnnn", 1), RV_PROOF_SHOWN);
	assert_int_equal(judge("nnnn", 1), RV_PROOF_NOT_YET);
	assert_int_equal(judge("oonnnnn", 1), RV_PROOF_SHOWN);
	assert_int_equal(judge("nnnnno", 1), RV_PROOF_CONTRADICTED);
	assert_int_equal(judge("nnnnnonnnn", 1), RV_PROOF_NOT_YET);
	assert_int_equal(judge("nnnnn/nnnno", 2), RV_PROOF_CONTRADICTED);
	assert_int_equal(judge("nnnnn/nnnnn", 2), RV_PROOF_SHOWN);
}

static void a_resumed_or_failed_handshake_proves_nothing(void **state)
{
	(void)state;
	assert_int_equal(judge("rrrrrrr", 1), RV_PROOF_UNREACHABLE);
	assert_int_equal(judge("nnnnrn", 1), RV_PROOF_SHOWN);
	assert_int_equal(judge("nnnnuuu", 1), RV_PROOF_NOT_YET);
	assert_int_equal(judge("uuuuu", 1), RV_PROOF_UNREACHABLE);
	assert_int_equal(judge("nnnnn", 2), RV_PROOF_UNREACHABLE);
	assert_int_equal(judge("", 0), RV_PROOF_UNREACHABLE);
}

static void a_worker_from_before_that_accepts_is_no_proof(void **state)
{
	const struct rv_holder master = {443, 10, 100, false}, old_worker = {443, 11, 101, true},
			       new_worker = {443, 12, 300, true}, again = {443, 11, 300, true};
	const struct rv_holder before[] = {master, old_worker};
	const struct rv_holder mixed[] = {master, old_worker, new_worker};
	const struct rv_holder after[] = {master, new_worker};
	const struct rv_holder reused[] = {master, again,
					   new_worker}; /* the pid, not the process */
	const struct rv_holder alone[] = {old_worker};
	const struct rv_holder nobody[] = {master};

	(void)state;
	assert_int_equal(rv_judge_holders(before, 2, mixed, 3, NULL), RV_PROOF_NOT_YET);
	assert_int_equal(rv_judge_holders(before, 2, after, 2, NULL), RV_PROOF_SHOWN);
	assert_int_equal(rv_judge_holders(before, 2, reused, 3, NULL), RV_PROOF_SHOWN);
	assert_int_equal(rv_judge_holders(before, 2, alone, 1, NULL), RV_PROOF_SHOWN);
	assert_int_equal(rv_judge_holders(before, 2, nobody, 1, NULL), RV_PROOF_UNREACHABLE);
	assert_int_equal(rv_judge_holders(before, 2, NULL, 0, NULL), RV_PROOF_UNREACHABLE);
}

static void a_grade_is_never_more_than_what_was_seen(void **state)
{
	struct rv_death death = {.issuer_was_asked = true, .served = RV_PROOF_SHOWN};

	(void)state;
	assert_int_equal(rv_judge_grade(&death), RV_GRADE_UNSERVED);
	death.is_held_here = true;
	assert_int_equal(rv_judge_grade(&death), RV_GRADE_UNKNOWN);
	death.issuer_lists = true;
	assert_int_equal(rv_judge_grade(&death), RV_GRADE_REVOKED);
	death.issuer_was_asked = false; /* what was not asked was not said */
	assert_int_equal(rv_judge_grade(&death), RV_GRADE_UNKNOWN);
	death.was_refused = true;
	assert_int_equal(rv_judge_grade(&death), RV_GRADE_DENIED);
	death = (struct rv_death){.served = RV_PROOF_UNREACHABLE};
	assert_int_equal(rv_judge_grade(&death), RV_GRADE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_of_k_full_handshakes_is_needed_at_every_target),
		cmocka_unit_test(a_resumed_or_failed_handshake_proves_nothing),
		cmocka_unit_test(a_worker_from_before_that_accepts_is_no_proof),
		cmocka_unit_test(a_grade_is_never_more_than_what_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
