/* What the moving line says, and that it says nothing that is not known. */
#include "agent/cli/scan_progress.h"

#include "agent/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char line[RV_SCAN_PROGRESS_MAX];

static const char *told(const struct rv_progress *now, int64_t took_us)
{
	rv_scan_progress_text(now, took_us, line);
	return line;
}

static void nothing_is_supposed_before_anything_is_known(void **state)
{
	const struct rv_progress files = {.is_listing = true};
	const struct rv_progress objects = {.is_listing = true, .is_of_objects = true};

	(void)state;
	assert_string_equal(told(&files, 0), "listing...  0 files  0 MB/s");
	assert_string_equal(told(&objects, 0), "listing...  0 objects  0 MB/s");
}

static void while_files_are_counted_no_share_is_told(void **state)
{
	const struct rv_progress now = {.done = 500,
					.total = 900,
					.bytes = 200000000,
					.passed = 200000000,
					.total_bytes = 400000000,
					.is_listing = true};

	(void)state;
	assert_string_equal(told(&now, 2 * RV_US_PER_S), "listing...  500 files  100 MB/s");
}

static void without_a_total_only_what_was_done_is_told(void **state)
{
	const struct rv_progress now = {.done = 3, .bytes = 5000000};

	(void)state;
	assert_string_equal(told(&now, RV_US_PER_S), "3 files  5 MB/s");
}

static void the_share_is_that_of_the_bytes_and_the_files(void **state)
{
	struct rv_progress now = {.done = 1000,
				  .total = 2000,
				  .bytes = 1000000,
				  .passed = 1000000,
				  .total_bytes = 2000000};

	(void)state;
	assert_string_equal(told(&now, 10 * RV_US_PER_S),
			    "[##########..........] 50 %  1000 of 2000 files  0 MB/s  11s left");
	now.total_bytes = 2000 * (uint64_t)RV_SCAN_PROGRESS_FILE * 3;
	now.passed = 0;
	assert_non_null(strstr(told(&now, 10 * RV_US_PER_S), "] 12 %"));
}

/* What the ledger knew is behind us without having been read. */
static void what_was_known_counts_for_the_share_and_not_for_the_rate(void **state)
{
	const struct rv_progress now = {
		.done = 1, .total = 2, .bytes = 0, .passed = 1000000000, .total_bytes = 2000000000};

	(void)state;
	assert_non_null(strstr(told(&now, RV_US_PER_S), "] 50 %  1 of 2 files  0 MB/s"));
}

static void objects_are_counted_as_they_are(void **state)
{
	const struct rv_progress now = {
		.done = 250, .total = 1000, .bytes = 900000000, .is_of_objects = true};

	(void)state;
	assert_string_equal(told(&now, 3 * RV_US_PER_S),
			    "[#####...............] 25 %  250 of 1000 objects  300 MB/s  10s left");
}

static void no_time_is_told_too_early(void **state)
{
	struct rv_progress now = {.done = 500, .total = 1000, .is_of_objects = true};

	(void)state;
	assert_null(strstr(told(&now, RV_US_PER_S), "left"));
	assert_non_null(strstr(told(&now, 2 * RV_US_PER_S), "3s left"));
	now.done = 9;
	assert_null(strstr(told(&now, 60 * RV_US_PER_S), "left"));
	now.done = 10;
	assert_non_null(strstr(told(&now, 60 * RV_US_PER_S), "left"));
}

static void it_is_never_whole_before_the_end(void **state)
{
	struct rv_progress now = {.done = 1000, .total = 1000, .is_of_objects = true};

	(void)state;
	assert_non_null(strstr(told(&now, 9 * RV_US_PER_S), "] 99 %"));
	now.done = 4000; /* loose ones came on top */
	assert_non_null(strstr(told(&now, 9 * RV_US_PER_S), "] 99 %"));
	now.is_telling = true;
	assert_string_equal(told(&now, 9 * RV_US_PER_S),
			    "4000 objects looked at; finding their place");
}

static void the_largest_numbers_fit(void **state)
{
	struct rv_progress now = {UINT64_MAX / 2, UINT64_MAX, UINT64_MAX, UINT64_MAX,
				  UINT64_MAX,	  false,      false,	  false};

	(void)state;
	assert_true(strlen(told(&now, INT64_MAX)) < RV_SCAN_PROGRESS_MAX);
	assert_true(strlen(told(&now, 1)) < RV_SCAN_PROGRESS_MAX);
	assert_true(strlen(told(&now, -1)) < RV_SCAN_PROGRESS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_supposed_before_anything_is_known),
		cmocka_unit_test(while_files_are_counted_no_share_is_told),
		cmocka_unit_test(without_a_total_only_what_was_done_is_told),
		cmocka_unit_test(the_share_is_that_of_the_bytes_and_the_files),
		cmocka_unit_test(what_was_known_counts_for_the_share_and_not_for_the_rate),
		cmocka_unit_test(objects_are_counted_as_they_are),
		cmocka_unit_test(no_time_is_told_too_early),
		cmocka_unit_test(it_is_never_whole_before_the_end),
		cmocka_unit_test(the_largest_numbers_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
