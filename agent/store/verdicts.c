/* store: the last verdict per credential. */
#include "agent/store/verdicts.h"

#include "agent/store/schema.h"

const char rv_ddl_verdicts[] =
	"CREATE TABLE verdicts(credential TEXT PRIMARY KEY REFERENCES credentials(id), "
	"at_us INTEGER NOT NULL, json TEXT NOT NULL) STRICT, WITHOUT ROWID;";

rv_status rv_verdict_put(struct rv_db *db, const char *credential, int64_t at_us,
			 struct rv_str json, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO verdicts(credential, at_us, json) VALUES(?1, ?2, ?3) ON "
			    "CONFLICT(credential) DO UPDATE SET at_us = excluded.at_us, "
			    "json = excluded.json",
			    diag));
	rv_stmt_bind_text(&st, 1, credential);
	rv_stmt_bind_int(&st, 2, at_us);
	rv_stmt_bind_str(&st, 3, json);
	return rv_stmt_run(&st, diag);
}

rv_status rv_verdict_get(struct rv_db *db, const char *credential, struct rv_buf *out,
			 struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT json FROM verdicts WHERE credential = ?1", diag));
	rv_stmt_bind_text(&st, 1, credential);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (!row)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no verdict for %s yet", credential);
	return rv_buf_put_str(out, rv_stmt_text(&st, 0));
}
