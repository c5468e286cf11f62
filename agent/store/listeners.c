/* store: listening sockets of the last pass. */
#include "agent/store/listeners.h"

#include "agent/store/schema.h"

const char rv_ddl_listeners[] =
	"CREATE TABLE listeners(addr BLOB NOT NULL, port INTEGER NOT NULL, pid INTEGER NOT NULL, "
	"ppid INTEGER NOT NULL, uid INTEGER NOT NULL, started_us INTEGER NOT NULL, "
	"exe TEXT NOT NULL, unit TEXT NOT NULL, accepts INTEGER NOT NULL, "
	"PRIMARY KEY(port, addr, pid)) STRICT, WITHOUT ROWID;";

rv_status rv_listeners_clear(struct rv_db *db, struct rv_diag *diag)
{
	return rv_db_exec(db, "DELETE FROM listeners", diag);
}

rv_status rv_listener_put(struct rv_db *db, const struct rv_listener *l, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT OR REPLACE INTO listeners(addr, port, pid, ppid, uid, "
			    "started_us, exe, unit, accepts) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
			    diag));
	rv_stmt_bind_bytes(&st, 1, l->addr);
	rv_stmt_bind_int(&st, 2, l->port);
	rv_stmt_bind_int(&st, 3, l->pid);
	rv_stmt_bind_int(&st, 4, l->ppid);
	rv_stmt_bind_int(&st, 5, l->uid);
	rv_stmt_bind_int(&st, 6, l->started_us);
	rv_stmt_bind_text(&st, 7, l->exe ? l->exe : "");
	rv_stmt_bind_text(&st, 8, l->unit ? l->unit : "");
	rv_stmt_bind_int(&st, 9, l->accepts);
	return rv_stmt_run(&st, diag);
}

rv_status rv_listeners_each(struct rv_db *db, unsigned port, rv_listener_fn *fn, void *user,
			    struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT addr, port, pid, ppid, uid, started_us, exe, unit, accepts FROM "
		"listeners WHERE ?1 = 0 OR port = ?1 ORDER BY port, addr, pid",
		diag));
	rv_stmt_bind_int(&st, 1, port);
	for (;;) {
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		const struct rv_listener l = {
			.addr = rv_stmt_bytes(&st, 0),
			.port = (unsigned)rv_stmt_int(&st, 1),
			.pid = (uint32_t)rv_stmt_int(&st, 2),
			.ppid = (uint32_t)rv_stmt_int(&st, 3),
			.uid = (uint32_t)rv_stmt_int(&st, 4),
			.started_us = rv_stmt_int(&st, 5),
			.exe = rv_stmt_text(&st, 6),
			.unit = rv_stmt_text(&st, 7),
			.accepts = rv_stmt_int(&st, 8) != 0,
		};
		RV_TRY(fn(&l, user));
	}
}
