/* tests: the closed word lists. Their numbers are wire and disk format. */
#include "agent/model/kinds.h"
#include "tests/support/unit.h"

static void a_number_outside_the_list_has_no_name(void **state)
{
	(void)state;
	assert_string_equal(rv_kind_name(0), "invalid");
	assert_string_equal(rv_kind_name(9), "invalid");
	assert_string_equal(rv_hold_name(UINT32_MAX), "invalid");
}

static void an_unknown_word_has_no_number(void **state)
{
	(void)state;
	assert_int_equal(rv_kind_of(RV_STR_LIT("Certificate")), 0);
	assert_int_equal(rv_kind_of(RV_STR_LIT("certificat")), 0);
	assert_int_equal(rv_life_of(RV_STR_NONE), 0);
}

#define CHECK(symbol, number, text)              \
	assert_string_equal(name(number), text); \
	assert_int_equal(of(RV_STR_LIT(text)), number);

#define ROUND_TRIP(noun, LIST)                                    \
	do {                                                      \
		const char *(*name)(unsigned) = rv_##noun##_name; \
		unsigned (*of)(struct rv_str) = rv_##noun##_of;   \
		LIST(CHECK)                                       \
	} while (0)

static void every_word_and_number_name_each_other(void **state)
{
	(void)state;
	ROUND_TRIP(kind, RV_KINDS);
	ROUND_TRIP(skip, RV_SKIPS);
	ROUND_TRIP(alg, RV_ALGS);
	ROUND_TRIP(grade, RV_GRADES);
	ROUND_TRIP(outcome, RV_OUTCOMES);
	ROUND_TRIP(ownership, RV_OWNERSHIPS);
	ROUND_TRIP(life, RV_LIVES);
	ROUND_TRIP(hold, RV_HOLDS);
}

static void the_strongest_grade_is_the_largest_number(void **state)
{
	(void)state;
	assert_true(RV_GRADE_UNKNOWN < RV_GRADE_UNSERVED);
	assert_true(RV_GRADE_UNSERVED < RV_GRADE_REVOKED);
	assert_true(RV_GRADE_REVOKED < RV_GRADE_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_outside_the_list_has_no_name),
		cmocka_unit_test(an_unknown_word_has_no_number),
		cmocka_unit_test(every_word_and_number_name_each_other),
		cmocka_unit_test(the_strongest_grade_is_the_largest_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
