/* store: sealed blobs. */
#include "agent/store/sealed.h"

#include "agent/store/schema.h"

const char rv_ddl_sealed[] = "CREATE TABLE sealed(purpose TEXT PRIMARY KEY, run TEXT NOT NULL, "
			     "blob BLOB NOT NULL) STRICT;"
			     "CREATE INDEX sealed_run ON sealed(run);";

rv_status rv_sealed_put(struct rv_db *db, const char *purpose, const char *run, struct rv_str blob,
			struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO sealed(purpose, run, blob) VALUES(?1, ?2, ?3) ON CONFLICT"
			    "(purpose) DO UPDATE SET run = excluded.run, blob = excluded.blob",
			    diag));
	rv_stmt_bind_text(&st, 1, purpose);
	rv_stmt_bind_text(&st, 2, run ? run : "");
	rv_stmt_bind_bytes(&st, 3, blob);
	return rv_stmt_run(&st, diag);
}

rv_status rv_sealed_get(struct rv_db *db, const char *purpose, struct rv_buf *out,
			struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT blob FROM sealed WHERE purpose = ?1", diag));
	rv_stmt_bind_text(&st, 1, purpose);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (!row)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no sealed blob for %s", purpose);
	struct rv_str blob = rv_stmt_bytes(&st, 0);
	return rv_buf_put(out, blob.data, blob.len);
}

/* secure_delete overwrites the freed pages; the log's copy goes at the next checkpoint. */
rv_status rv_sealed_erase_run(struct rv_db *db, const char *run, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_BUG_ON(!run || !*run);
	RV_TRY(rv_stmt_open(&st, db, "DELETE FROM sealed WHERE run = ?1", diag));
	rv_stmt_bind_text(&st, 1, run);
	return rv_stmt_run(&st, diag);
}

rv_status rv_sealed_erase(struct rv_db *db, const char *purpose, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "DELETE FROM sealed WHERE purpose = ?1", diag));
	rv_stmt_bind_text(&st, 1, purpose);
	return rv_stmt_run(&st, diag);
}
