/* inventory: the one thread that writes. It takes what is queued, applies each job in its own
 * savepoint of one transaction, commits, and only then lets the answers go (natural group commit).
 */
#pragma once

#include "agent/inventory/db.h"

#define RV_WRITER_QUEUE 1024

struct rv_job {
	struct rv_job *next;
	/* In the writer's thread, inside the savepoint: a failure rolls back this job alone, as
	 * does *out_keep = false (a refusal that must leave nothing behind). */
	rv_status (*apply)(struct rv_invdb *db, struct rv_job *job, bool *out_keep);
	/* After the commit, or with the failure that prevented it. May free the job. */
	void (*done)(struct rv_job *job, rv_status status);
};

struct rv_writer;

/* takes db. */
RV_NODISCARD rv_status rv_writer_start(struct rv_invdb *db, struct rv_writer **out,
				       struct rv_diag *diag);
/* False when the queue is full or the writer is stopping: the job was not taken. */
bool rv_writer_push(struct rv_writer *writer, struct rv_job *job);
/* Seconds until what is queued now will have been written (at least 1). */
unsigned rv_writer_wait_s(struct rv_writer *writer);
/* Finishes what is queued, then ends. Accepts NULL. */
void rv_writer_stop(struct rv_writer *writer);
