/* tests: the loop delivers what is there, and nothing to whom was removed. */
#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/loop.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct rv_loop *loop;
static int pipes[2][2];
static int calls;

static int setup(void **state)
{
	(void)state;
	calls = 0;
	if (pipe2(pipes[0], O_CLOEXEC) != 0 || pipe2(pipes[1], O_CLOEXEC) != 0)
		return -1;
	return rv_is_ok(rv_loop_new(&loop)) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	rv_loop_free(loop);
	for (size_t i = 0; i < 2; i++) {
		rv_fd_closep(&pipes[i][0]);
		rv_fd_closep(&pipes[i][1]);
	}
	return 0;
}

static void on_fd_remove_both(struct rv_loop *l, int fd, uint32_t events, void *user)
{
	(void)fd;
	(void)user;
	assert_true(events & EPOLLIN);
	calls++;
	rv_loop_remove(l, pipes[0][0]);
	rv_loop_remove(l, pipes[1][0]);
}

static void an_event_fetched_before_a_removal_is_not_delivered(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_ok(rv_loop_add(loop, pipes[i][0], EPOLLIN, on_fd_remove_both, NULL));
		assert_int_equal(write(pipes[i][1], "x", 1), 1);
	}
	assert_ok(rv_loop_step(loop, 0));
	assert_ok(rv_loop_step(loop, 0));
	assert_int_equal(calls, 1);
}

static void on_fd_replace(struct rv_loop *l, int fd, uint32_t events, void *user)
{
	int other = fd == pipes[0][0] ? pipes[1][0] : pipes[0][0];

	(void)events;
	(void)user;
	calls++;
	rv_loop_remove(l, other);
	assert_ok(rv_loop_add(l, other, EPOLLIN, on_fd_replace, NULL));
}

static void a_slot_used_again_gets_no_old_event(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_ok(rv_loop_add(loop, pipes[i][0], EPOLLIN, on_fd_replace, NULL));
		assert_int_equal(write(pipes[i][1], "x", 1), 1);
	}
	assert_ok(rv_loop_step(loop, 0));
	assert_int_equal(calls, 1);
}

static void a_descriptor_watched_twice_is_refused(void **state)
{
	(void)state;
	assert_ok(rv_loop_add(loop, pipes[0][0], EPOLLIN, on_fd_replace, NULL));
	assert_class(rv_loop_add(loop, pipes[0][0], EPOLLIN, on_fd_replace, NULL),
		     RV_CLASS_CONFLICT);
	assert_false(rv_is_ok(rv_loop_add(loop, -1, EPOLLIN, on_fd_replace, NULL)));
	assert_class(rv_loop_change(loop, pipes[1][0], EPOLLIN), RV_CLASS_NOT_FOUND);
	rv_loop_remove(loop, pipes[1][0]);
}

static void on_timer_count(struct rv_loop *l, void *user)
{
	(void)l;
	*(int *)user = ++calls;
}

static void timers_fire_in_order_and_once(void **state)
{
	int first = 0, second = 0, cancelled = 0;
	uint64_t id;

	(void)state;
	assert_ok(rv_loop_after(loop, 2000, on_timer_count, &second, &id));
	assert_true(id != 0);
	assert_ok(rv_loop_after(loop, 1000, on_timer_count, &first, &id));
	assert_ok(rv_loop_after(loop, 500, on_timer_count, &cancelled, &id));
	rv_loop_cancel(loop, id);
	rv_loop_cancel(loop, id);
	rv_loop_cancel(loop, 0);
	for (int64_t until = rv_boot_us() + 5 * RV_US_PER_S; calls < 2 && rv_boot_us() < until;)
		assert_ok(rv_loop_step(loop, 10000));
	assert_ok(rv_loop_step(loop, 0));
	assert_int_equal(first, 1);
	assert_int_equal(second, 2);
	assert_int_equal(cancelled, 0);
}

static void on_timer_again(struct rv_loop *l, void *user)
{
	uint64_t id;

	(void)user;
	calls++;
	assert_ok(rv_loop_after(l, 0, on_timer_again, NULL, &id));
}

static void a_timer_that_renews_itself_does_not_hold_the_step(void **state)
{
	uint64_t id;

	(void)state;
	assert_ok(rv_loop_after(loop, -5, on_timer_again, NULL, &id));
	assert_ok(rv_loop_step(loop, 0));
	assert_int_equal(calls, 1);
}

static void there_is_a_limit_of_timers(void **state)
{
	uint64_t id = 0;

	(void)state;
	for (int i = 0; i < 1024; i++)
		assert_ok(rv_loop_after(loop, INT64_MAX, on_timer_count, NULL, &id));
	assert_class(rv_loop_after(loop, 1, on_timer_count, NULL, &id), RV_CLASS_EXHAUSTED);
	rv_loop_cancel(loop, 512);
	assert_ok(rv_loop_after(loop, 1, on_timer_count, NULL, &id));
}

static void on_timer_stop(struct rv_loop *l, void *user)
{
	(void)user;
	rv_loop_stop(l, 42);
}

static void run_returns_the_code_of_stop(void **state)
{
	uint64_t id;

	(void)state;
	assert_ok(rv_loop_after(loop, 1000, on_timer_stop, NULL, &id));
	assert_int_equal(rv_loop_run(loop), 42);
}

static void a_signal_arrives_as_an_event(void **state)
{
	int fd = -1;
	char info[128];

	(void)state;
	assert_ok(rv_signal_fd(true, &fd));
	assert_int_equal(read(fd, info, sizeof(info)), -1);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(read(fd, info, sizeof(info)), sizeof(info));
	rv_fd_closep(&fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_event_fetched_before_a_removal_is_not_delivered),
		T(a_slot_used_again_gets_no_old_event),
		T(a_descriptor_watched_twice_is_refused),
		T(timers_fire_in_order_and_once),
		T(a_timer_that_renews_itself_does_not_hold_the_step),
		T(there_is_a_limit_of_timers),
		T(run_returns_the_code_of_stop),
		T(a_signal_arrives_as_an_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
