/* store: the journal of runs (rotations, revocations, undos): one row per run with its whole state,
 * one line per thing that was committed, and when to look again whether the old one is still dead.
 * The caller puts row, line and what belongs to them into one transaction. Not here: what a run's
 * document says (act/run.h). */
#pragma once

#include "agent/store/db.h"

struct rv_run_row {
	const char *id, *cred, *verb, *state, *step;
	const char *old_version;		     /* "" while not known */
	const char *parent;			     /* "" none */
	int64_t started_us, ended_us, wait_until_us; /* 0 none */
	struct rv_str doc;
};

/* Inserts or replaces by id. CONFLICT: another run of the credential is running. */
RV_NODISCARD rv_status rv_run_row_put(struct rv_db *db, const struct rv_run_row *row,
				      struct rv_diag *diag);
/* Whole id or a unique prefix of at least 4 characters. Appends the document. NOT_FOUND; CONFLICT
 * when several fit. */
RV_NODISCARD rv_status rv_run_row_get(struct rv_db *db, const char *id, struct rv_buf *out_doc,
				      struct rv_diag *diag);
/* Oldest first. state "" any, cred "" any. fn may write. */
typedef rv_status rv_run_row_fn(const struct rv_run_row *row, void *user);
RV_NODISCARD rv_status rv_run_rows_each(struct rv_db *db, const char *state, const char *cred,
					rv_run_row_fn *fn, void *user, struct rv_diag *diag);
/* How many runs the credential has had. */
RV_NODISCARD rv_status rv_run_count(struct rv_db *db, const char *cred, int64_t *out,
				    struct rv_diag *diag);

struct rv_journal_line {
	int64_t at_us;
	const char *step, *outcome, *text;
};
RV_NODISCARD rv_status rv_journal_add(struct rv_db *db, const char *run,
				      const struct rv_journal_line *line, struct rv_diag *diag);
typedef rv_status rv_journal_fn(const struct rv_journal_line *line, void *user);
RV_NODISCARD rv_status rv_journal_each(struct rv_db *db, const char *run, rv_journal_fn *fn,
				       void *user, struct rv_diag *diag);

/* When the death of a run's old version is looked at again. */
RV_NODISCARD rv_status rv_reprobe_add(struct rv_db *db, const char *run, int64_t at_us,
				      struct rv_diag *diag);
bool rv_reprobe_is_due(struct rv_db *db, int64_t now_us);
/* The run whose time came first, into out (37 bytes); NOT_FOUND when none is due. Removes it. */
RV_NODISCARD rv_status rv_reprobe_take(struct rv_db *db, int64_t now_us, char out_run[37],
				       struct rv_diag *diag);
