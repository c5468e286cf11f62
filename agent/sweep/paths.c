/* sweep: files and directories as documents. Not here: walking (walk.h), standard input (stdin.c).
 */
#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/sweep/ledger.h"
#include "agent/sweep/repo_view.h"
#include "agent/sweep/run.h"
#include "agent/sweep/window.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define YOUNG_US	(2 * RV_US_PER_S)
#define NOTES_OF_A_FILE 16 /* one with more is read each time */

/* What one thread of the walk keeps. */
struct visitor {
	struct rv_run *run;
	struct rv_sweeper *w;
	struct rv_window window;     /* of the file in hand */
	struct rv_ledger *ledger;    /* or NULL */
	struct rv_ledger_list clean; /* files that held nothing */
	uint64_t told, gaps;	     /* findings, and gaps, before this file */
};

static uint64_t told_by(const struct rv_sweeper *w)
{
	return w->leaks.count + w->leaks.allowed + w->leaks.known;
}

static bool is_known(void *user, const struct rv_walk_stat *stat)
{
	struct visitor *v = user;
	const struct rv_ledger_note *notes = NULL;
	size_t count = 0;

	v->told = told_by(v->w);
	v->gaps = v->w->leaks.gap_total;
	if (!rv_ledger_has(v->ledger, stat, &notes, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		rv_leaks_gap(&v->w->leaks, stat->path, notes[i].inside, notes[i].reason,
			     notes[i].detail);
	atomic_fetch_add_explicit(&v->run->skipped, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&v->run->skipped_bytes, stat->size, memory_order_relaxed);
	return true;
}

/* The gaps of the file just read; false: one is listed no more, or may not come again. */
static bool lasting_gaps(const struct visitor *v, struct rv_ledger_note notes[NOTES_OF_A_FILE],
			 size_t *out_count)
{
	const struct rv_leaks *leaks = &v->w->leaks;
	uint64_t count = leaks->gap_total - v->gaps;

	if (count > NOTES_OF_A_FILE || leaks->gap_count != leaks->gap_total)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct rv_gap *gap = &leaks->gaps[v->gaps + i];

		notes[i] = (struct rv_ledger_note){.reason = rv_ledger_reason(gap->reason),
						   .inside = gap->inside,
						   .detail = gap->detail};
		if (!notes[i].reason)
			return false;
	}
	*out_count = (size_t)count;
	return true;
}

static void done(void *user, const struct rv_walk_stat *stat)
{
	struct rv_ledger_note notes[NOTES_OF_A_FILE];
	struct visitor *v = user;
	size_t count = 0;

	/* One that was just written may be written again within the same tick of its clock. */
	int64_t young_ns = (rv_now_utc_us() - YOUNG_US) * 1000;
	bool is_clean = told_by(v->w) == v->told && !v->w->leaks.is_full &&
			!atomic_load(&v->run->stop); /* else it may be read in part */

	if (is_clean && stat->mtime_ns < young_ns && stat->ctime_ns < young_ns &&
	    lasting_gaps(v, notes, &count))
		rv_ledger_add(v->ledger, &v->clean, stat, notes, count);
}

static bool wants(void *user, struct rv_str path, bool is_dir)
{
	const struct visitor *v = user;
	const struct rv_sweep_options *o = v->run->options;

	return !o->wants || o->wants(o->wants_user, path, is_dir);
}

static void gap(void *user, struct rv_str path, const char *reason, const char *detail)
{
	struct visitor *v = user;

	rv_leaks_gap(&v->w->leaks, path, NULL, reason, detail);
}

static void store(void *user, const char *path)
{
	const struct visitor *v = user;

	rv_repo_tell_store(&v->w->leaks, path);
}

static int reopen(int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* always fits */
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static rv_status file(void *user, const struct rv_walk_file *f)
{
	struct visitor *v = user;

	struct rv_doc doc = {.path = f->path, .root_len = f->root_len, .bytes = f->bytes};

	if (f->is_first)
		rv_window_begin(&v->window, RV_WALK_OVERLAP);
	rv_window_skip(&v->window, f->skipped);
	rv_window_bound(&v->window, f->offset, f->is_last, &doc);
	/* An archive too large for one window is read through a descriptor of its own. */
	bool is_large = f->is_first && !f->is_last && f->fd >= 0;
	RV_CLEANUP(rv_fd_closep) int again = is_large ? reopen(f->fd) : -1;
	RV_TRY(rv_run_document(v->run, v->w, &doc, again));
	if (!f->is_last)
		rv_window_pass(&v->window, f->bytes);
	return RV_OK;
}

static rv_status walk(struct rv_run *run, struct visitor *visitors, struct rv_ledger *ledger,
		      struct rv_diag *diag)
{
	void *users[RV_WALK_THREADS_MAX];
	struct rv_walk_options options = {.paths = run->options->paths,
					  .threads = run->threads,
					  .open_files = run->options->open_files,
					  .max_file = run->options->max_file,
					  .follows_links = run->options->follows_links,
					  .stop = &run->stop,
					  .stop_reason = &run->stop_reason,
					  .files = &run->files,
					  .bytes = &run->bytes};
	static const struct rv_walk_look look = {
		.wants = wants, .file = file, .gap = gap, .store = store};
	static const struct rv_walk_look look_with_ledger = {.wants = wants,
							     .is_known = is_known,
							     .file = file,
							     .done = done,
							     .gap = gap,
							     .store = store};

	for (unsigned i = 0; i < run->threads; i++) {
		visitors[i] =
			(struct visitor){.run = run, .w = &run->sweepers[i], .ledger = ledger};
		users[i] = &visitors[i];
	}
	return rv_walk(&options, ledger ? &look_with_ledger : &look, users, diag);
}

/* Saved after a stop as well: the next run goes on where this one ended. */
static rv_status save(struct rv_run *run, const struct visitor *visitors,
		      const struct rv_ledger *ledger, struct rv_diag *diag)
{
	RV_CLEANUP(rv_values_done) struct rv_values known = {0};
	RV_CLEANUP(rv_freep) struct rv_ledger_list *lists = calloc(run->threads, sizeof(*lists));

	if (!lists)
		return rv_fail_nomem(diag);
	for (unsigned i = 0; i < run->threads; i++) {
		lists[i] = visitors[i].clean;
		RV_TRY(rv_values_join(&known, &run->sweepers[i].leaks.values));
	}
	return rv_ledger_save(ledger, lists, run->threads, &known, diag);
}

rv_status rv_run_paths(struct rv_run *run, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep)
	struct visitor *visitors = calloc(run->threads, sizeof(*visitors));
	struct rv_ledger *ledger = NULL;

	if (!visitors)
		return rv_fail_nomem(diag);
	if (run->options->ledger)
		RV_TRY(rv_ledger_open(run->options->ledger, run->options->ledger_key, &ledger,
				      diag));
	/* What was named; the walk tells those below. */
	for (const char *const *path = run->options->paths; *path; path++) {
		if (rv_git_is_store(*path))
			rv_repo_tell_store(&run->sweepers[0].leaks, *path);
	}
	rv_status status = walk(run, visitors, ledger, diag);
	if (rv_is_ok(status) && ledger)
		status = save(run, visitors, ledger, diag);
	for (unsigned i = 0; i < run->threads; i++)
		rv_ledger_list_done(&visitors[i].clean);
	rv_ledger_free(ledger);
	return status;
}
