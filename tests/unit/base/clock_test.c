/* tests: times and durations, as people write them. */
#include "agent/base/clock.h"
#include "tests/support/unit.h"

#define T0 INT64_C(1795255200000000) /* 2026-11-21T10:00:00Z */

static void refuses_what_is_not_a_time(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11",
		"2026-11-1",
		"2026-13-01",
		"2026-00-01",
		"2026-02-29",
		"2100-02-29",
		"2026-04-31",
		"2026-11-00",
		"26-11-21",
		" 2026-11-21",
		"2026-11-21 ",
		"2026-11-21T",
		"2026-11-21T10:00",
		"2026-11-21T10:00:00",
		"2026-11-21 10:00:00Z",
		"2026-11-21T24:00:00Z",
		"2026-11-21T10:60:00Z",
		"2026-11-21T10:00:60Z",
		"2026-11-21T10:00:00.Z",
		"2026-11-21T10:00:00.1234567890Z",
		"2026-11-21T10:00:00+0100",
		"2026-11-21T10:00:00+24:00",
		"2026-11-21T10:00:00+01:60",
		"2026-11-21T10:00:00ZZ",
		"2026-11-21T10:00:00z",
		"-026-11-21",
		"+2026-11-21",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_diag diag = {0};
		int64_t us = 42;

		assert_class(rv_time_parse(rv_str_of(bad[i]), &us, &diag), RV_CLASS_MALFORMED);
		assert_true(us == 42);
		assert_true(diag.text[0]);
	}
}

static void reads_times_in_every_zone(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{"1970-01-01", 0},
		{"2026-11-21T10:00:00Z", T0},
		{"2026-11-21T11:00:00+01:00", T0},
		{"2026-11-21T04:30:00-05:30", T0},
		{"2026-11-21T10:00:00.5Z", T0 + 500000},
		{"2026-11-21T10:00:00.123456789Z", T0 + 123456},
		{"1969-12-31T23:59:59Z", -1000000},
		{"2024-02-29", INT64_C(1709164800000000)},
		{"2000-02-29", INT64_C(951782400000000)},
		{"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
		{"0000-01-01", INT64_C(-62167219200000000)},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(good); i++) {
		int64_t us = 0;

		assert_ok(rv_time_parse(rv_str_of(good[i].text), &us, NULL));
		assert_true(us == good[i].us);
	}
}

static void writes_what_it_reads(void **state)
{
	char text[RV_TIME_TEXT];

	(void)state;
	for (int64_t day = -800000; day < 3000000; day += 37) {
		int64_t us = day * RV_US_PER_DAY + 86399 * RV_US_PER_S, back = 0;

		rv_time_text(us, text);
		assert_int_equal(strlen(text), 20);
		if (day < -719528 || day > 2932896)
			continue;
		assert_ok(rv_time_parse(rv_str_of(text), &back, NULL));
		assert_true(back == us);
	}
}

static void a_time_beyond_four_digit_years_is_clamped(void **state)
{
	char text[RV_TIME_TEXT];

	(void)state;
	rv_time_text(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	rv_time_text(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
	rv_time_text(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59Z");
}

static void refuses_what_is_not_a_duration(void **state)
{
	static const char *const bad[] = {"",
					  "d",
					  "90",
					  "90 d",
					  "-1d",
					  "+1d",
					  "1.5h",
					  "1h30min",
					  "1m",
					  "1D",
					  "1days",
					  "9223372036854775808s",
					  "9223372036854775807w",
					  "99999999999999999999999d",
					  " 1d"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		int64_t us = 42;

		assert_class(rv_duration_parse(rv_str_of(bad[i]), &us, NULL), RV_CLASS_MALFORMED);
		assert_true(us == 42);
	}
}

static void reads_one_number_and_one_unit(void **state)
{
	int64_t us = 0;

	(void)state;
	assert_ok(rv_duration_parse(RV_STR_LIT("90d"), &us, NULL));
	assert_true(us == 90 * RV_US_PER_DAY);
	assert_ok(rv_duration_parse(RV_STR_LIT("15min"), &us, NULL));
	assert_true(us == 900 * RV_US_PER_S);
	assert_ok(rv_duration_parse(RV_STR_LIT("2w"), &us, NULL));
	assert_true(us == 14 * RV_US_PER_DAY);
	assert_ok(rv_duration_parse(RV_STR_LIT("0s"), &us, NULL));
	assert_true(us == 0);
}

static void says_the_two_largest_units(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{999999, "0s"},
		{41 * RV_US_PER_S, "41s"},
		{720 * RV_US_PER_S, "12min"},
		{3 * RV_US_PER_DAY + 4 * 3600 * RV_US_PER_S + 59, "3d 4h"},
		{3600 * RV_US_PER_S + 61 * RV_US_PER_S, "1h 1min"},
		{-2 * RV_US_PER_DAY, "-2d"},
		{INT64_MAX, "106751991d 4h"},
		{INT64_MIN, "-106751991d 4h"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		char text[RV_TIME_TEXT];

		rv_duration_text(cases[i].us, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void the_wall_clock_can_be_fixed_and_freed(void **state)
{
	int64_t boot = rv_boot_us();

	(void)state;
	rv_clock_fix_utc(T0);
	assert_true(rv_now_utc_us() == T0);
	rv_clock_fix_utc(INT64_MIN);
	assert_true(rv_now_utc_us() > INT64_C(1700000000000000));
	assert_true(rv_boot_us() >= boot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_a_time),
		cmocka_unit_test(reads_times_in_every_zone),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(a_time_beyond_four_digit_years_is_clamped),
		cmocka_unit_test(refuses_what_is_not_a_duration),
		cmocka_unit_test(reads_one_number_and_one_unit),
		cmocka_unit_test(says_the_two_largest_units),
		cmocka_unit_test(the_wall_clock_can_be_fixed_and_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
