/* store: runs and their journal. */
#include "agent/store/journal.h"

#include "agent/store/schema.h"

const char rv_ddl_journal[] =
	"CREATE TABLE run(id TEXT PRIMARY KEY, cred TEXT NOT NULL, verb TEXT NOT NULL, "
	"state TEXT NOT NULL, step TEXT NOT NULL, old_version TEXT NOT NULL, parent TEXT NOT NULL, "
	"started_us INTEGER NOT NULL, ended_us INTEGER NOT NULL, wait_until_us INTEGER NOT NULL, "
	"doc BLOB NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX run_live ON run(cred) WHERE state = 'running';"
	"CREATE INDEX run_cred ON run(cred, started_us);"
	"CREATE TABLE journal(run TEXT NOT NULL, seq INTEGER NOT NULL, at_us INTEGER NOT NULL, "
	"step TEXT NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(run, seq)) "
	"STRICT, WITHOUT ROWID;"
	"CREATE TABLE reprobe(at_us INTEGER NOT NULL, run TEXT NOT NULL, PRIMARY KEY(at_us, run)) "
	"STRICT, WITHOUT ROWID;";

rv_status rv_run_row_put(struct rv_db *db, const struct rv_run_row *row, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"INSERT INTO run(id, cred, verb, state, step, old_version, parent, started_us, "
		"ended_us, wait_until_us, doc) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
		"?11) ON CONFLICT(id) DO UPDATE SET state = excluded.state, step = excluded.step, "
		"old_version = excluded.old_version, ended_us = excluded.ended_us, wait_until_us = "
		"excluded.wait_until_us, doc = excluded.doc",
		diag));
	rv_stmt_bind_text(&st, 1, row->id);
	rv_stmt_bind_text(&st, 2, row->cred);
	rv_stmt_bind_text(&st, 3, row->verb);
	rv_stmt_bind_text(&st, 4, row->state);
	rv_stmt_bind_text(&st, 5, row->step);
	rv_stmt_bind_text(&st, 6, row->old_version);
	rv_stmt_bind_text(&st, 7, row->parent);
	rv_stmt_bind_int(&st, 8, row->started_us);
	rv_stmt_bind_int(&st, 9, row->ended_us);
	rv_stmt_bind_int(&st, 10, row->wait_until_us);
	rv_stmt_bind_bytes(&st, 11, row->doc);
	struct rv_diag why = {0};
	rv_status s = rv_stmt_run(&st, &why);
	if (rv_class_of(s) == RV_CLASS_CONFLICT) {
		rv_diag_next(diag,
			     "reeve history %.12s; when it waits for its grace: reeve undo RUN",
			     row->cred);
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "another run of this credential is under way");
	}
	if (!rv_is_ok(s) && diag)
		*diag = why;
	return s;
}

rv_status rv_run_row_get(struct rv_db *db, const char *id, struct rv_buf *out_doc,
			 struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	if (strlen(id) < 4)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a run's id needs at least 4 characters");
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT doc, count(*) FROM run WHERE substr(id, 1, length(?1)) = ?1",
			    diag));
	rv_stmt_bind_text(&st, 1, id);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	int64_t count = row ? rv_stmt_int(&st, 1) : 0;
	if (count > 1)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%lld runs begin with %s", (long long)count,
			       id);
	if (!count)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no run %s", id);
	struct rv_str doc = rv_stmt_bytes(&st, 0);
	return rv_buf_put(out_doc, doc.data, doc.len);
}

rv_status rv_run_rows_each(struct rv_db *db, const char *state, const char *cred, rv_run_row_fn *fn,
			   void *user, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT id, cred, verb, state, step, old_version, parent, started_us, "
			    "ended_us, wait_until_us, doc FROM run WHERE (?1 = '' OR state = ?1) "
			    "AND (?2 = '' OR cred = ?2) ORDER BY started_us, id",
			    diag));
	rv_stmt_bind_text(&st, 1, state);
	rv_stmt_bind_text(&st, 2, cred);
	for (;;) {
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		struct rv_run_row one = {
			.id = rv_stmt_text(&st, 0),
			.cred = rv_stmt_text(&st, 1),
			.verb = rv_stmt_text(&st, 2),
			.state = rv_stmt_text(&st, 3),
			.step = rv_stmt_text(&st, 4),
			.old_version = rv_stmt_text(&st, 5),
			.parent = rv_stmt_text(&st, 6),
			.started_us = rv_stmt_int(&st, 7),
			.ended_us = rv_stmt_int(&st, 8),
			.wait_until_us = rv_stmt_int(&st, 9),
			.doc = rv_stmt_bytes(&st, 10),
		};
		RV_TRY(fn(&one, user));
	}
}

rv_status rv_run_count(struct rv_db *db, const char *cred, int64_t *out, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT count(*) FROM run WHERE cred = ?1", diag));
	rv_stmt_bind_text(&st, 1, cred);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	*out = row ? rv_stmt_int(&st, 0) : 0;
	return RV_OK;
}

rv_status rv_journal_add(struct rv_db *db, const char *run, const struct rv_journal_line *line,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"INSERT INTO journal(run, seq, at_us, step, outcome, text) VALUES(?1, 1 + "
		"ifnull((SELECT max(seq) FROM journal WHERE run = ?1), 0), ?2, ?3, ?4, ?5)",
		diag));
	rv_stmt_bind_text(&st, 1, run);
	rv_stmt_bind_int(&st, 2, line->at_us);
	rv_stmt_bind_text(&st, 3, line->step);
	rv_stmt_bind_text(&st, 4, line->outcome);
	rv_stmt_bind_text(&st, 5, line->text);
	return rv_stmt_run(&st, diag);
}

rv_status rv_journal_each(struct rv_db *db, const char *run, rv_journal_fn *fn, void *user,
			  struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT at_us, step, outcome, text FROM journal WHERE run = ?1 ORDER BY seq",
		diag));
	rv_stmt_bind_text(&st, 1, run);
	for (;;) {
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		struct rv_journal_line line = {
			.at_us = rv_stmt_int(&st, 0),
			.step = rv_stmt_text(&st, 1),
			.outcome = rv_stmt_text(&st, 2),
			.text = rv_stmt_text(&st, 3),
		};
		RV_TRY(fn(&line, user));
	}
}

rv_status rv_reprobe_add(struct rv_db *db, const char *run, int64_t at_us, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO reprobe(at_us, run) VALUES(?1, ?2) ON "
			    "CONFLICT(at_us, run) DO NOTHING",
			    diag));
	rv_stmt_bind_int(&st, 1, at_us);
	rv_stmt_bind_text(&st, 2, run);
	return rv_stmt_run(&st, diag);
}

static rv_status first_due(struct rv_db *db, int64_t now_us, int64_t *out_at, char out_run[37],
			   struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db, "SELECT at_us, run FROM reprobe WHERE at_us <= ?1 ORDER BY at_us LIMIT 1",
		diag));
	rv_stmt_bind_int(&st, 1, now_us);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (!row)
		return (rv_status){RV_CLASS_NOT_FOUND, 0};
	*out_at = rv_stmt_int(&st, 0);
	size_t len = strnlen(rv_stmt_text(&st, 1), 36);
	memcpy(out_run, rv_stmt_text(&st, 1), len);
	out_run[len] = '\0';
	return RV_OK;
}

bool rv_reprobe_is_due(struct rv_db *db, int64_t now_us)
{
	int64_t at_us;
	char run[37];

	return rv_is_ok(first_due(db, now_us, &at_us, run, NULL));
}

rv_status rv_reprobe_take(struct rv_db *db, int64_t now_us, char out_run[37], struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	int64_t at_us = 0;

	RV_TRY(first_due(db, now_us, &at_us, out_run, diag));
	RV_TRY(rv_stmt_open(&st, db, "DELETE FROM reprobe WHERE at_us = ?1 AND run = ?2", diag));
	rv_stmt_bind_int(&st, 1, at_us);
	rv_stmt_bind_text(&st, 2, out_run);
	return rv_stmt_run(&st, diag);
}
