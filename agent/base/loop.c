/* base: the epoll loop of every role. Not here: what the events mean. */
#include "agent/base/loop.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#define WATCHES_MAX 1024
#define TIMERS_MAX  1024
#define BATCH	    32

struct watch {
	rv_loop_fd_fn *fn; /* NULL: free */
	void *user;
	int fd;
	uint32_t generation; /* so that an event fetched before a removal is not delivered after */
};

struct timer {
	rv_loop_timer_fn *fn;
	void *user;
	int64_t due_us;
	uint64_t id; /* 0: free */
};

struct rv_loop {
	int epoll_fd;
	int code;
	bool is_stopped;
	uint64_t last_id;
	size_t watch_count; /* how far the slots are or were in use */
	size_t timer_count;
	struct watch watches[WATCHES_MAX];
	struct timer timers[TIMERS_MAX];
};

rv_status rv_loop_new(struct rv_loop **out)
{
	struct rv_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return rv_fail_nomem(NULL);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		rv_status status = rv_fail_errno(NULL, "epoll_create1");

		free(loop);
		return status;
	}
	*out = loop;
	return RV_OK;
}

void rv_loop_free(struct rv_loop *loop)
{
	if (!loop)
		return;
	rv_fd_closep(&loop->epoll_fd);
	free(loop);
}

static struct watch *watch_of(struct rv_loop *loop, int fd)
{
	for (size_t i = 0; i < loop->watch_count; i++) {
		if (loop->watches[i].fn && loop->watches[i].fd == fd)
			return &loop->watches[i];
	}
	return NULL;
}

static struct epoll_event event_of(const struct rv_loop *loop, const struct watch *watch,
				   uint32_t events)
{
	uint64_t slot = (uint64_t)(watch - loop->watches);

	return (struct epoll_event){.events = events,
				    .data = {.u64 = (uint64_t)watch->generation << 32 | slot}};
}

rv_status rv_loop_add(struct rv_loop *loop, int fd, uint32_t events, rv_loop_fd_fn *fn, void *user)
{
	struct epoll_event event;
	struct watch *watch;
	size_t slot = 0;

	while (slot < loop->watch_count && loop->watches[slot].fn)
		slot++;
	if (slot == WATCHES_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	watch = &loop->watches[slot];
	event = event_of(loop, watch, events);
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return rv_fail_errno(NULL, "epoll_ctl");
	watch->fn = fn;
	watch->user = user;
	watch->fd = fd;
	if (slot == loop->watch_count)
		loop->watch_count++;
	return RV_OK;
}

rv_status rv_loop_change(struct rv_loop *loop, int fd, uint32_t events)
{
	const struct watch *watch = watch_of(loop, fd);
	struct epoll_event event;

	if (!watch)
		return (rv_status){RV_CLASS_NOT_FOUND, 0};
	event = event_of(loop, watch, events);
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0)
		return rv_fail_errno(NULL, "epoll_ctl");
	return RV_OK;
}

void rv_loop_remove(struct rv_loop *loop, int fd)
{
	struct watch *watch = watch_of(loop, fd);

	if (!watch)
		return;
	/* Fails when the fd is already closed: then the kernel has dropped it. */
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	watch->fn = NULL;
	watch->generation++;
}

rv_status rv_loop_after(struct rv_loop *loop, int64_t after_us, rv_loop_timer_fn *fn, void *user,
			uint64_t *out_id)
{
	int64_t due_us;
	size_t slot = 0;

	while (slot < loop->timer_count && loop->timers[slot].id)
		slot++;
	if (slot == TIMERS_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	if (__builtin_add_overflow(rv_boot_us(), after_us, &due_us))
		due_us = after_us < 0 ? INT64_MIN : INT64_MAX;
	if (slot == loop->timer_count)
		loop->timer_count++;
	loop->timers[slot] = (struct timer){fn, user, due_us, ++loop->last_id};
	*out_id = loop->last_id;
	return RV_OK;
}

void rv_loop_cancel(struct rv_loop *loop, uint64_t id)
{
	for (size_t i = 0; id && i < loop->timer_count; i++) {
		if (loop->timers[i].id == id)
			loop->timers[i].id = 0;
	}
}

/* The live timer that is due first, or NULL. */
static struct timer *next_timer(struct rv_loop *loop)
{
	struct timer *next = NULL;

	for (size_t i = 0; i < loop->timer_count; i++) {
		struct timer *timer = &loop->timers[i];

		if (!timer->id)
			continue;
		if (!next || timer->due_us < next->due_us ||
		    (timer->due_us == next->due_us && timer->id < next->id))
			next = timer;
	}
	return next;
}

/* Timers that a callback adds wait for the next step: no step runs for ever. */
static void run_timers(struct rv_loop *loop)
{
	int64_t now_us = rv_boot_us();
	uint64_t last_id = loop->last_id;
	struct timer *timer;

	while (!loop->is_stopped && (timer = next_timer(loop)) && timer->due_us <= now_us) {
		struct timer due = *timer;

		if (due.id > last_id)
			return;
		timer->id = 0;
		due.fn(loop, due.user);
	}
}

/* Rounded up, so that a timer is due when the wait ends. */
static int wait_ms(struct rv_loop *loop, int64_t max_wait_us)
{
	const struct timer *timer = next_timer(loop);
	int64_t wait_us = max_wait_us;
	int64_t ms;

	if (timer) {
		int64_t left_us = timer->due_us - rv_boot_us();

		if (left_us < 0)
			left_us = 0;
		if (wait_us < 0 || left_us < wait_us)
			wait_us = left_us;
	}
	if (wait_us < 0)
		return -1;
	ms = wait_us / 1000 + (wait_us % 1000 ? 1 : 0);
	return ms > 3600000 ? 3600000 : (int)ms;
}

static void deliver(struct rv_loop *loop, const struct epoll_event *event)
{
	uint32_t slot = (uint32_t)event->data.u64;
	uint32_t generation = (uint32_t)(event->data.u64 >> 32);
	const struct watch *watch = &loop->watches[slot];

	if (watch->fn && watch->generation == generation)
		watch->fn(loop, watch->fd, event->events, watch->user);
}

rv_status rv_loop_step(struct rv_loop *loop, int64_t max_wait_us)
{
	struct epoll_event events[BATCH];
	int n = epoll_wait(loop->epoll_fd, events, BATCH, wait_ms(loop, max_wait_us));

	if (n < 0 && errno != EINTR)
		return rv_fail_errno(NULL, "epoll_wait");
	for (int i = 0; i < n && !loop->is_stopped; i++)
		deliver(loop, &events[i]);
	run_timers(loop);
	return RV_OK;
}

int rv_loop_run(struct rv_loop *loop)
{
	loop->is_stopped = false;
	while (!loop->is_stopped) {
		/* epoll_wait on our own descriptor fails only when it was closed under us. */
		RV_BUG_ON(!rv_is_ok(rv_loop_step(loop, -1)));
	}
	return loop->code;
}

void rv_loop_stop(struct rv_loop *loop, int code)
{
	loop->is_stopped = true;
	loop->code = code;
}

rv_status rv_signal_fd(bool with_children, int *out_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set); /* these three fail only for numbers that do not exist */
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (with_children)
		(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return rv_fail_errno(NULL, "sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return rv_fail_errno(NULL, "signalfd");
	*out_fd = fd;
	return RV_OK;
}
