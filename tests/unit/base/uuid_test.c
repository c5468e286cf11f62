/* tests: UUIDv7 sorts by birth, also when the clock stands still or goes back. */
#include "agent/base/clock.h"
#include "agent/base/uuid.h"
#include "tests/support/unit.h"

static void refuses_what_is_not_a_uuid7(void **state)
{
	static const char *const bad[] = {
		"",
		"0193e4a0-0000-7000-8000-00000000000",
		"0193e4a0-0000-7000-8000-0000000000000",
		"0193e4a0-0000-4000-8000-000000000000",
		"0193e4a0-0000-7000-c000-000000000000",
		"0193E4A0-0000-7000-8000-000000000000",
		"0193e4a0x0000-7000-8000-000000000000",
		"0193e4a0-0000-7000-8000-00000000000g",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++)
		assert_false(rv_uuid_is_valid(bad[i]));
	assert_true(rv_uuid_is_valid("0193e4a0-0000-7000-8000-000000000000"));
}

static void later_ones_sort_behind_even_when_the_clock_goes_back(void **state)
{
	char last[RV_UUID_TEXT] = "", next[RV_UUID_TEXT];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		if (i == 5000)
			rv_clock_fix_utc(rv_now_utc_us() - RV_US_PER_DAY);
		rv_uuid7(next);
		assert_true(rv_uuid_is_valid(next));
		assert_true(strcmp(last, next) < 0);
		memcpy(last, next, sizeof(last));
	}
	rv_clock_fix_utc(INT64_MIN);
}

static void the_time_is_in_front(void **state)
{
	char text[RV_UUID_TEXT];

	(void)state;
	rv_clock_fix_utc(INT64_C(4102444800000) * 1000); /* 2100: behind all others here */
	rv_uuid7(text);
	assert_memory_equal(text, "03bb2cc3-d800-7", 15);
	rv_clock_fix_utc(INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_a_uuid7),
		cmocka_unit_test(later_ones_sort_behind_even_when_the_clock_goes_back),
		cmocka_unit_test(the_time_is_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
