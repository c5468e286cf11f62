/* daemon: the queue of jobs and of requests that must not overlap one. Not here: what they do. */
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/daemon/engine_core.h"

void rv_job_free(struct rv_job *job)
{
	if (!job)
		return;
	json_decref(job->document);
	if (job->ctl.fd >= 0)
		rv_fd_closep(&job->ctl.fd);
	free(job);
}

rv_status rv_jobs_put(struct rv_engine *e, struct rv_job *job)
{
	struct rv_job **end = &e->core->queue;

	if (e->core->queued >= RV_QUEUE_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "the queue is full");
	while (*end)
		end = &(*end)->next;
	*end = job;
	job->next = NULL;
	e->core->queued++;
	return RV_OK;
}

rv_status rv_engine_submit(struct rv_engine *e, const char *name, rv_job_fn *fn, void *user)
{
	for (const struct rv_job *j = e->core->queue; j; j = j->next)
		if (j->fn && strcmp(j->name, name) == 0)
			return rv_fail(RV_CLASS_CONFLICT, NULL, "already queued");
	struct rv_job *job = calloc(1, sizeof(*job));

	if (!job)
		return rv_fail_nomem(NULL);
	*job = (struct rv_job){.name = name, .fn = fn, .user = user, .ctl = {.fd = -1}};
	rv_status s = rv_jobs_put(e, job);

	if (!rv_is_ok(s))
		rv_job_free(job);
	return s;
}

bool rv_jobs_run_one(struct rv_engine *e)
{
	struct rv_job *job = e->core->queue;

	RV_BUG_ON(e->core->waiting > 0 || e->core->running);
	if (!job || e->core->is_stopping)
		return false;
	e->core->queue = job->next;
	e->core->queued--;
	e->core->running = job;
	if (job->fn)
		job->fn(e, job->user);
	else
		rv_control_serve(e, job);
	RV_BUG_ON(rv_db_in_transaction(e->db));
	e->core->running = NULL;
	rv_job_free(job);
	return true;
}

/* The caller hung up: what runs goes on without it, what waits is dropped. */
void rv_jobs_forget_client(struct rv_engine *e, const struct rv_client *client)
{
	struct rv_job **slot = &e->core->queue;

	if (e->core->running && e->core->running->ctl.client == client)
		e->core->running->ctl.client = NULL;
	while (*slot) {
		struct rv_job *job = *slot;
		if (job->fn || job->ctl.client != client) {
			slot = &job->next;
			continue;
		}
		*slot = job->next;
		e->core->queued--;
		rv_job_free(job);
	}
}

void rv_jobs_stop(struct rv_engine *e)
{
	while (e->core->queue) {
		struct rv_job *job = e->core->queue;
		e->core->queue = job->next;
		if (job->fn)
			rv_log(RV_DEBUG, "job dropped at stop", "job", job->name, NULL);
		rv_job_free(job);
	}
	e->core->queued = 0;
}
