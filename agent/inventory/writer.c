/* inventory: queue, group commit, answers after the commit. */
#include "agent/inventory/writer.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/inventory/fault.h"

#include <pthread.h>
#include <stdio.h>

#define GROUP_MAX 256

struct rv_writer {
	struct rv_invdb *db;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct rv_job *head, **tail;
	size_t queued;
	bool is_stopping;
	int64_t us_per_job; /* moving average */
};

static struct rv_job *take_group(struct rv_writer *w, size_t *out_count)
{
	pthread_mutex_lock(&w->lock);
	while (!w->head && !w->is_stopping)
		pthread_cond_wait(&w->some, &w->lock);
	struct rv_job *group = w->head;
	struct rv_job *last = group;
	size_t count = group ? 1 : 0;
	while (last && last->next && count < GROUP_MAX) {
		last = last->next;
		count++;
	}
	if (last) {
		w->head = last->next;
		last->next = NULL;
		if (!w->head)
			w->tail = &w->head;
	}
	pthread_mutex_unlock(&w->lock);
	*out_count = count;
	return group;
}

static rv_status apply_one(struct rv_invdb *db, struct rv_job *job)
{
	bool keep = true;

	RV_TRY(rv_invdb_run(db, NULL, "SAVEPOINT job", ""));
	rv_status status = job->apply(db, job, &keep);
	if (!rv_is_ok(status) || !keep)
		RV_TRY(rv_invdb_run(db, NULL, "ROLLBACK TO job", ""));
	RV_TRY(rv_invdb_run(db, NULL, "RELEASE job", ""));
	return status;
}

static void log_failure(const struct rv_invdb *db, rv_status status)
{
	rv_log(RV_ERROR, "a write failed", "class", rv_class_name(rv_class_of(status)), "reason",
	       sqlite3_errmsg(db->sql), NULL);
}

static rv_status write_group(struct rv_writer *w, struct rv_job *group, rv_status *results)
{
	RV_TRY(rv_invdb_run(w->db, NULL, "BEGIN IMMEDIATE", ""));
	size_t i = 0;
	for (struct rv_job *job = group; job; job = job->next) {
		results[i] = apply_one(w->db, job);
		if (!rv_is_ok(results[i++]))
			log_failure(w->db, results[i - 1]);
	}
	rv_fault_here("before-commit");
	RV_TRY(rv_invdb_run(w->db, NULL, "COMMIT", ""));
	rv_fault_here("after-commit");
	return RV_OK;
}

static void settle(struct rv_writer *w, size_t count, int64_t took_us)
{
	pthread_mutex_lock(&w->lock);
	w->queued -= count;
	w->us_per_job = (w->us_per_job * 7 + took_us / (int64_t)count) / 8;
	pthread_mutex_unlock(&w->lock);
}

static void *run(void *user)
{
	struct rv_writer *w = user;
	rv_status results[GROUP_MAX];
	size_t count;

	for (struct rv_job *group; (group = take_group(w, &count));) {
		const int64_t started = rv_boot_us();
		rv_status status = write_group(w, group, results);
		if (!rv_is_ok(status)) {
			log_failure(w->db, status);
			if (!sqlite3_get_autocommit(w->db->sql))
				sqlite3_exec(w->db->sql, "ROLLBACK", NULL, NULL, NULL);
		}
		settle(w, count, rv_boot_us() - started);
		size_t i = 0;
		while (group) {
			struct rv_job *job = group;
			group = job->next;
			job->done(job, rv_is_ok(status) ? results[i] : status);
			i++;
		}
	}
	return NULL;
}

rv_status rv_writer_start(struct rv_invdb *db, struct rv_writer **out, struct rv_diag *diag)
{
	struct rv_writer *w = calloc(1, sizeof(*w));

	if (!w) {
		rv_invdb_free(db);
		return rv_fail_nomem(diag);
	}
	w->db = db;
	w->tail = &w->head;
	w->us_per_job = 500;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->some, NULL);
	if (pthread_create(&w->thread, NULL, run, w) != 0) {
		rv_invdb_free(db);
		free(w);
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "no thread for the writer");
	}
	*out = w;
	return RV_OK;
}

bool rv_writer_push(struct rv_writer *w, struct rv_job *job)
{
	pthread_mutex_lock(&w->lock);
	const bool is_taken = !w->is_stopping && w->queued < RV_WRITER_QUEUE;
	if (is_taken) {
		job->next = NULL;
		*w->tail = job;
		w->tail = &job->next;
		w->queued++;
		pthread_cond_signal(&w->some);
	}
	pthread_mutex_unlock(&w->lock);
	return is_taken;
}

unsigned rv_writer_wait_s(struct rv_writer *w)
{
	pthread_mutex_lock(&w->lock);
	const int64_t us = (int64_t)w->queued * w->us_per_job;
	pthread_mutex_unlock(&w->lock);
	return 1 + (unsigned)(us / RV_US_PER_S);
}

void rv_writer_stop(struct rv_writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_stopping = true;
	pthread_cond_signal(&w->some);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->some);
	pthread_mutex_destroy(&w->lock);
	rv_invdb_free(w->db);
	free(w);
}
