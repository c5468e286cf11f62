/* tests: a log entry is one line whatever is in its values. */
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <unistd.h>

static int fds[2];

static int setup(void **state)
{
	(void)state;
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0)
		return -1;
	rv_log_name("reeve-test");
	rv_log_level(RV_INFO);
	rv_log_to(fds[1]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rv_log_to(2);
	rv_fd_closep(&fds[0]);
	rv_fd_closep(&fds[1]);
	return 0;
}

static void assert_logged(const char *expected)
{
	char got[2048];
	ssize_t n = read(fds[0], got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, expected);
}

static void a_value_cannot_start_a_line_of_its_own(void **state)
{
	(void)state;
	rv_log(RV_INFO, "found", "path", "a\nreeve: error: b", NULL);
	assert_logged("reeve-test: info: found path=\"a\\x0areeve: error: b\"\n");
}

static void quotes_and_bytes_are_escaped(void **state)
{
	(void)state;
	rv_log(RV_ERROR, "found", "a", "x\"y\\z", "b", "\xff", "c", "", NULL);
	assert_logged("reeve-test: error: found a=\"x\\\"y\\\\z\" b=\"\\xff\" c=\"\"\n");
}

static void plain_values_stay_plain(void **state)
{
	(void)state;
	rv_log(RV_WARNING, "rotation finished", "cred", "cert-1", "took_ms", "12", NULL);
	assert_logged("reeve-test: warning: rotation finished cred=cert-1 took_ms=12\n");
}

static void a_level_below_the_chosen_one_is_silent(void **state)
{
	(void)state;
	rv_log(RV_DEBUG, "detail", NULL);
	assert_logged("");
	rv_log_level(RV_DEBUG);
	rv_log(RV_DEBUG, "detail", NULL);
	assert_logged("reeve-test: debug: detail\n");
}

static void a_long_line_is_cut_but_ended(void **state)
{
	char long_value[2000], got[2048];
	ssize_t n;

	(void)state;
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	rv_log(RV_INFO, "found", "v", long_value, NULL);
	n = read(fds[0], got, sizeof(got));
	assert_int_equal(n, 512);
	assert_int_equal(got[511], '\n');
}

static void a_missing_value_ends_the_fields(void **state)
{
	(void)state;
	rv_log(RV_INFO, "found", "a", "1", "b", (const char *)NULL, NULL);
	assert_logged("reeve-test: info: found a=1 b=\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_value_cannot_start_a_line_of_its_own),
		T(quotes_and_bytes_are_escaped),
		T(plain_values_stay_plain),
		T(a_level_below_the_chosen_one_is_silent),
		T(a_long_line_is_cut_but_ended),
		T(a_missing_value_ends_the_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
