/* Change windows and zones: against known moments, and against glibc where the host has tzdata. */
#include "unit/decide/support.h"

#include "agent/base/clock.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

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

static struct rv_hours *hours(const char *text)
{
	struct rv_hours *h = NULL;
	struct rv_diag diag = {0};
	if (!rv_is_ok(rv_hours_parse(rv_str_of(text), dir.path, &h, &diag)))
		rvt_die("%s: %s", text, diag.text);
	return h;
}

static void assert_next(const char *window, const char *from, const char *expected)
{
	struct rv_hours *h = hours(window);
	char text[RV_TIME_TEXT];
	rv_time_text(rv_hours_next(h, rvt_time(from)), text);
	assert_string_equal(text, expected);
	assert_true(rv_hours_contains(h, rvt_time(expected)));
	rv_hours_free(h);
}

static void knows_when_a_window_opens(void **state)
{
	(void)state;
	/* 2026-11-21 is a Saturday; Berlin is UTC+1 then. */
	assert_next("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-11-21T10:00:00Z",
		    "2026-11-23T08:00:00Z");
	assert_next("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-11-23T08:30:00Z",
		    "2026-11-23T08:30:00Z");
	assert_next("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-11-26T15:00:00Z",
		    "2026-11-30T08:00:00Z");
	/* Summer: UTC+2. */
	assert_next("Mon 09:00-16:00 Europe/Berlin", "2026-07-01T00:00:00Z",
		    "2026-07-06T07:00:00Z");
	assert_next("daily 22:00-02:00 UTC", "2026-11-21T01:59:59Z", "2026-11-21T01:59:59Z");
	assert_next("daily 22:00-02:00 UTC", "2026-11-21T02:00:00Z", "2026-11-21T22:00:00Z");
	assert_next("00:00-24:00 UTC", "2026-11-21T13:00:00Z", "2026-11-21T13:00:00Z");
	assert_next("Fri-Mon 10:00-11:00 UTC", "2026-11-17T12:00:00Z", "2026-11-20T10:00:00Z");
	assert_next("Sat,Wed 10:00-11:00 Asia/Kolkata", "2026-11-21T06:00:00Z",
		    "2026-11-25T04:30:00Z");
}

static void follows_the_clock_change(void **state)
{
	(void)state;
	/* 2026-03-29 02:00 CET becomes 03:00: 02:30 does not exist and opens at 03:30 CEST. */
	assert_next("Sun 02:30-05:00 Europe/Berlin", "2026-03-29T00:00:00Z",
		    "2026-03-29T01:30:00Z");
	/* 2026-10-25 03:00 CEST becomes 02:00: the first 02:30 counts. */
	assert_next("Sun 02:30-05:00 Europe/Berlin", "2026-10-25T00:00:00Z",
		    "2026-10-25T00:30:00Z");
	/* The southern half: summer over the new year, UTC+11. */
	assert_next("Thu 09:00-10:00 Australia/Sydney", "2026-12-31T12:00:00Z",
		    "2027-01-06T22:00:00Z");
}

static void refuses_what_is_no_window(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"Mon",
		"Mon 9:00-16:00 UTC",
		"Mon 09:00-16:00",
		"Mon 09:00-25:00 UTC",
		"Mon 24:00-25:00 UTC",
		"Mon 09:60-10:00 UTC",
		"Mond 09:00-16:00 UTC",
		"Mon- 09:00-16:00 UTC",
		"Mon,,Tue 09:00-16:00 UTC",
		"Mon, 09:00-16:00 UTC",
		"mon 09:00-16:00 UTC",
		"09:00-16:00 UTC surplus",
		"09:00-16:00 ../etc/passwd",
		"09:00-16:00 /etc/passwd",
		"09:00-16:00 Europe/Nowhere",
		"09:00-16:00 Europe/",
		"09:00-16:00 Europe//Berlin",
		"Mon\t09:00-16:00 UTC",
		"daily,Mon 09:00-16:00 UTC",
	};
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_hours *h = NULL;
		struct rv_diag diag = {0};
		if (rv_is_ok(rv_hours_parse(rv_str_of(bad[i]), dir.path, &h, &diag)))
			rvt_die("accepted: %s", bad[i]);
		assert_null(h);
		assert_true(diag.text[0] != 0);
	}
}

static void refuses_a_broken_zone_file(void **state)
{
	(void)state;
	char path[RVT_PATH];
	rvt_dir_path(&dir, "Europe/Berlin", path);
	struct rv_buf good = rvt_file_read(path);
	struct rv_zone *z = NULL;
	for (size_t cut = 0; cut + 1 < good.len; cut++) {
		struct rv_str part = {good.data, cut};
		assert_int_equal(rv_class_of(rv_zone_parse(part, "cut", &z, NULL)),
				 RV_CLASS_MALFORMED);
	}
	assert_true(rv_is_ok(rv_zone_parse(rv_buf_view(&good), "whole", &z, NULL)));
	assert_string_equal(rv_zone_name(z), "whole");
	rv_zone_free(z);
	rv_buf_done(&good);
}

/* Every 9 hours from 1960 to 2100, in zones with odd rules. */
static void agrees_with_the_c_library(void **state)
{
	(void)state;
	static const char *const names[] = {
		"Europe/Berlin",  "America/New_York",  "Australia/Lord_Howe", "Africa/Casablanca",
		"Asia/Kathmandu", "America/Sao_Paulo", "Antarctica/Troll",    "Pacific/Apia"};
	if (access(RV_ZONEINFO_DIR "/Europe/Berlin", R_OK) != 0)
		skip();
	for (size_t i = 0; i < RV_LEN(names); i++) {
		struct rv_zone *z = NULL;
		assert_true(rv_is_ok(rv_zone_load(RV_ZONEINFO_DIR, rv_str_of(names[i]), &z, NULL)));
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t t = INT64_C(-315619200); t < INT64_C(4102444800); t += 9 * 3600 + 7) {
			time_t at = (time_t)t;
			struct tm tm;
			assert_non_null(localtime_r(&at, &tm));
			if (tm.tm_gmtoff != rv_zone_offset(z, t))
				rvt_die("%s at %lld: %ld here %d", names[i], (long long)t,
					tm.tm_gmtoff, (int)rv_zone_offset(z, t));
		}
		rv_zone_free(z);
	}
	unsetenv("TZ");
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_when_a_window_opens),
		cmocka_unit_test(follows_the_clock_change),
		cmocka_unit_test(refuses_what_is_no_window),
		cmocka_unit_test(refuses_a_broken_zone_file),
		cmocka_unit_test(agrees_with_the_c_library),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
