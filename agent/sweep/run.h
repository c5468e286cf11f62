/* sweep: inside of a run: what its sources share. */
#pragma once

#include "agent/sweep/sweep.h"

#include <pthread.h>

struct rv_run {
	const struct rv_sweep_options *options;
	struct rv_sweep_result *result;
	unsigned threads;
	struct rv_sweeper *sweepers; /* one per thread */
	_Atomic bool stop;
	const char *_Atomic stop_reason;
	_Atomic uint64_t files, bytes, blobs, commits, skipped;
	_Atomic uint64_t skipped_bytes;	  /* of files that the ledger knew */
	_Atomic uint64_t blob_total;	  /* in packs; 0: not known yet */
	_Atomic uint64_t keystore_rounds; /* taken so far */
	_Atomic bool is_telling;
	/* The clerk: progress and budgets, five times a second. */
	pthread_t clerk;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool has_clerk, is_over;
	struct rv_scout *scout; /* or NULL */
	int64_t started_ns;	/* CLOCK_MONOTONIC */
};

/* One document, opened when it is an archive: from fd when that is not -1 (bytes are its beginning
 * then), else from its bytes, which are searched in any case. */
RV_NODISCARD rv_status rv_run_document(struct rv_run *run, struct rv_sweeper *w,
				       const struct rv_doc *doc, int fd);
/* What an archive holds that begins with doc->bytes and goes on as `pull` gives it (unpack.h), as
 * far as that goes. Its own bytes are the caller's to search. */
RV_NODISCARD rv_status rv_run_stream(struct rv_run *run, struct rv_sweeper *w,
				     const struct rv_doc *doc,
				     ssize_t (*pull)(void *user, const void **out), void *user);
RV_NODISCARD rv_status rv_run_paths(struct rv_run *run, struct rv_diag *diag);
RV_NODISCARD rv_status rv_run_stdin(struct rv_run *run, struct rv_diag *diag);
RV_NODISCARD rv_status rv_run_history(struct rv_run *run, struct rv_diag *diag);
RV_NODISCARD rv_status rv_run_changes(struct rv_run *run, struct rv_diag *diag);
/* Between documents: keeps a thread within --max-cpu. */
void rv_run_pace(struct rv_run *run);
/* For rv_sweeper.open_layer; user is struct rv_run. */
rv_status rv_run_layer(void *user, struct rv_sweeper *w, const struct rv_doc *doc,
		       struct rv_str bytes, bool *out_is_opened);
