/* sweep: a run: threads' memory, the clerk who watches time and memory, and the joined result. */
#include "agent/sweep/sweep.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/sweep/facts_pair.h"
#include "agent/sweep/run.h"
#include "agent/sweep/scout.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 200

void rv_sweep_result_done(struct rv_sweep_result *result)
{
	rv_leaks_done(&result->leaks);
	free(result->costs);
	result->costs = NULL;
}

static uint64_t resident_bytes(void)
{
	char text[128];
	RV_CLEANUP(rv_fd_closep) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *second = strchr(text, ' ');
	return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void stop(struct rv_run *run, const char *reason)
{
	if (atomic_load(&run->stop))
		return;
	atomic_store(&run->stop_reason, reason);
	atomic_store(&run->stop, true);
}

static const char *time_note(const struct rv_sweep_options *o)
{
	if (o->source != RV_SWEEP_PATHS)
		return "--max-time was reached";
	return o->ledger ? "--max-time was reached; the next scan with this ledger goes on"
			 : "--max-time was reached; with --ledger the next scan would go on";
}

static void tell_progress(const struct rv_run *run)
{
	const struct rv_sweep_options *o = run->options;
	struct rv_progress now = {.done = atomic_load(&run->files) + atomic_load(&run->blobs),
				  .bytes = atomic_load(&run->bytes),
				  .is_of_objects = o->source == RV_SWEEP_GIT,
				  .total = atomic_load(&run->blob_total),
				  .is_telling = atomic_load(&run->is_telling)};

	now.passed = now.bytes + atomic_load(&run->skipped_bytes);
	now.is_listing = now.is_of_objects && now.total == 0;
	if (run->scout) {
		bool is_done = false;

		rv_scout_ask(run->scout, &now.total, &now.total_bytes, &is_done);
		now.is_listing = !is_done;
	}
	o->progress(o->progress_user, &now);
}

static void look(struct rv_run *run, int64_t since_us)
{
	const struct rv_sweep_options *o = run->options;

	if (o->stops && *o->stops)
		stop(run, "stopped");
	if (o->max_time_us > 0 && rv_boot_us() - since_us >= o->max_time_us)
		stop(run, "time");
	if (o->max_rss > 0 && resident_bytes() > o->max_rss)
		stop(run, "memory");
	if (o->progress)
		tell_progress(run);
}

static void *clerk(void *user)
{
	struct rv_run *run = user;
	int64_t since = rv_boot_us();

	pthread_mutex_lock(&run->lock);
	while (!run->is_over) {
		struct timespec until;

		(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&run->wake, &run->lock, &until);
		if (!run->is_over)
			look(run, since);
	}
	pthread_mutex_unlock(&run->lock);
	return NULL;
}

static void init_lock(struct rv_run *run)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&run->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&run->wake, &attr);
	pthread_condattr_destroy(&attr);
}

/* A thread that has had more than its share waits until it has not. */
void rv_run_pace(struct rv_run *run)
{
	unsigned percent = run->options->max_cpu;
	struct timespec used, now;

	if (percent == 0 || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) != 0 ||
	    clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	int64_t used_ns = (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
	int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	int64_t due_ns = run->started_ns + used_ns * 100 * run->threads / percent;
	if (due_ns <= now_ns)
		return;
	struct timespec until = {due_ns / 1000000000, due_ns % 1000000000};
	pthread_mutex_lock(&run->lock);
	while (!atomic_load(&run->stop) &&
	       pthread_cond_timedwait(&run->wake, &run->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&run->lock);
}

static void hire_clerk(struct rv_run *run)
{
	const struct rv_sweep_options *o = run->options;

	if (!o->progress && !o->stops && o->max_time_us == 0 && o->max_rss == 0)
		return;
	/* Before the clerk, who asks it. */
	if (o->progress && o->source == RV_SWEEP_PATHS)
		run->scout = rv_scout_start(o);
	run->has_clerk = pthread_create(&run->clerk, NULL, clerk, run) == 0;
}

static void dismiss_clerk(struct rv_run *run)
{
	if (run->has_clerk) {
		pthread_mutex_lock(&run->lock);
		run->is_over = true;
		pthread_cond_signal(&run->wake);
		pthread_mutex_unlock(&run->lock);
		pthread_join(run->clerk, NULL);
	}
	rv_scout_stop(run->scout);
	run->scout = NULL;
}

static unsigned thread_count(const struct rv_sweep_options *o)
{
	long n = o->threads > 0 ? (long)o->threads : sysconf(_SC_NPROCESSORS_ONLN);

	if (o->max_cpu > 0 && o->threads == 0 && n > (long)(o->max_cpu + 99) / 100)
		n = (long)(o->max_cpu + 99) / 100;
	if (o->source == RV_SWEEP_STDIN || o->source == RV_SWEEP_STAGED)
		n = 1;
	return n < 1 ? 1 : n > RV_WALK_THREADS_MAX ? RV_WALK_THREADS_MAX : (unsigned)n;
}

static rv_status look_at(struct rv_run *run, struct rv_diag *diag)
{
	switch (run->options->source) {
	case RV_SWEEP_PATHS:
		return rv_run_paths(run, diag);
	case RV_SWEEP_STDIN:
		return rv_run_stdin(run, diag);
	case RV_SWEEP_GIT:
		return rv_run_history(run, diag);
	case RV_SWEEP_STAGED:
	case RV_SWEEP_DIFF:
		return rv_run_changes(run, diag);
	}
	return rv_fail(RV_CLASS_BUG, diag, "no such source");
}

static rv_status add_costs(struct rv_run *run)
{
	if (run->options->cost_count == 0)
		return RV_OK;
	run->result->costs = calloc(run->options->cost_count, sizeof(*run->result->costs));
	if (!run->result->costs)
		return rv_fail_nomem(NULL);
	for (unsigned i = 0; i < run->threads; i++)
		rv_lane_add_costs(run->sweepers[i].lane, run->result->costs);
	return RV_OK;
}

static rv_status join(struct rv_run *run)
{
	rv_status status = add_costs(run);

	for (unsigned i = 0; i < run->threads && rv_is_ok(status); i++)
		status = rv_leaks_join(&run->result->leaks, &run->sweepers[i].leaks);
	if (rv_is_ok(status) && run->options->source == RV_SWEEP_PATHS && !atomic_load(&run->stop))
		status = rv_facts_pair(&run->result->leaks, NULL);
	rv_leaks_weaken(&run->result->leaks, run->options->shared->min_confidence,
			run->options->shared->shows_all);
	if (run->result->leaks.is_full)
		rv_leaks_gap(&run->result->leaks, rv_str_of("report"), NULL, "too-large",
			     "more findings than are told of one run");
	rv_leaks_sort(&run->result->leaks);
	run->result->files = atomic_load(&run->files);
	run->result->bytes = atomic_load(&run->bytes);
	run->result->blobs = atomic_load(&run->blobs);
	run->result->commits = atomic_load(&run->commits);
	run->result->skipped = atomic_load(&run->skipped);
	return status;
}

rv_status rv_sweep_run(const struct rv_sweep_options *options, struct rv_sweep_result *result,
		       struct rv_diag *diag)
{
	struct rv_run run = {.options = options, .result = result};
	unsigned ready = 0;
	rv_status status = RV_OK;

	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	run.started_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	init_lock(&run);
	run.threads = thread_count(options);
	run.sweepers = calloc(run.threads, sizeof(*run.sweepers));
	if (!run.sweepers)
		return rv_fail_nomem(diag);
	while (ready < run.threads && rv_is_ok(status)) {
		struct rv_sweeper *w = &run.sweepers[ready++];

		status = rv_sweeper_init(w, options->shared);
		w->open_layer = rv_run_layer;
		w->open_user = &run;
		w->stop = &run.stop;
		w->stop_reason = &run.stop_reason;
		w->leaks.time_note = time_note(options);
		w->leaks.memory_note = "--max-rss was reached";
		if (rv_is_ok(status) && options->cost_count > 0)
			rv_lane_count_costs(run.sweepers[ready - 1].lane, true);
	}
	if (rv_is_ok(status)) {
		hire_clerk(&run);
		status = look_at(&run, diag);
		dismiss_clerk(&run);
	}
	if (rv_is_ok(status))
		status = join(&run);
	for (unsigned i = 0; i < ready; i++)
		rv_sweeper_done(&run.sweepers[i]);
	free(run.sweepers);
	return status;
}
