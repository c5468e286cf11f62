/* store: what was not looked at. */
#include "agent/store/not_looked.h"

#include "agent/store/schema.h"

const char rv_ddl_not_looked[] =
	"CREATE TABLE not_looked(path BLOB NOT NULL, masked INTEGER NOT NULL, reason INTEGER NOT "
	"NULL, size_bytes INTEGER NOT NULL, PRIMARY KEY(path, reason)) STRICT;";

rv_status rv_not_looked_clear(struct rv_db *db, struct rv_diag *diag)
{
	return rv_db_exec(db, "DELETE FROM not_looked", diag);
}

rv_status rv_not_looked_put(struct rv_db *db, const struct rv_not_looked *n, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO not_looked(path, masked, reason, size_bytes) "
			    "VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
			    diag));
	rv_stmt_bind_bytes(&st, 1, n->path);
	rv_stmt_bind_int(&st, 2, n->is_masked);
	rv_stmt_bind_int(&st, 3, n->reason);
	rv_stmt_bind_int(&st, 4, (int64_t)n->size_bytes);
	return rv_stmt_run(&st, diag);
}

rv_status rv_not_looked_each(struct rv_db *db, int64_t limit, rv_not_looked_fn *fn, void *user,
			     struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT path, masked, reason, size_bytes FROM not_looked "
			    "ORDER BY reason, path LIMIT ?1",
			    diag));
	rv_stmt_bind_int(&st, 1, limit);
	for (;;) {
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		const struct rv_not_looked n = {
			.path = rv_stmt_bytes(&st, 0),
			.is_masked = rv_stmt_int(&st, 1) != 0,
			.reason = (unsigned)rv_stmt_int(&st, 2),
			.size_bytes = (uint64_t)rv_stmt_int(&st, 3),
		};
		RV_TRY(fn(&n, user));
	}
}

rv_status rv_not_looked_count(struct rv_db *db, int64_t *out, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT count(*) FROM not_looked", diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	*out = row ? rv_stmt_int(&st, 0) : 0;
	return RV_OK;
}
