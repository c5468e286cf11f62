/* store: provider ledgers. */
#include "agent/store/ledger.h"

#include "agent/store/schema.h"

const char rv_ddl_ledger[] =
	"CREATE TABLE ledger(instance TEXT NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL, "
	"PRIMARY KEY(instance, seq)) STRICT, WITHOUT ROWID;";

rv_status rv_ledger_append(struct rv_db *db, const char *instance, struct rv_str record,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO ledger(instance, seq, record) VALUES(?1, 1 + ifnull("
			    "(SELECT max(seq) FROM ledger WHERE instance = ?1), 0), ?2)",
			    diag));
	rv_stmt_bind_text(&st, 1, instance);
	rv_stmt_bind_bytes(&st, 2, record);
	return rv_stmt_run(&st, diag);
}

rv_status rv_ledger_each(struct rv_db *db, const char *instance, rv_ledger_fn *fn, void *user,
			 struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db, "SELECT seq, record FROM ledger WHERE instance = ?1 ORDER BY seq", diag));
	rv_stmt_bind_text(&st, 1, instance);
	for (;;) {
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		RV_TRY(fn(rv_stmt_int(&st, 0), rv_stmt_bytes(&st, 1), user));
	}
}
