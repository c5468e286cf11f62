/* store: one SQLite database. WAL, synchronous=FULL, foreign keys; schema version in user_version,
 * forward-only migrations each in one transaction after a backup file, a newer schema is refused.
 * Here is the wrapper; the tables live in one file pair per noun. Used by the engine alone, one
 * thread. Not here: what rows mean. */
#pragma once

#include "agent/base/buf.h"

struct rv_db;

struct rv_db_opts {
	const char *path; /* a file in a 0700 directory, or ":memory:" */
	/* Called with "commit" before and "committed" after each outermost COMMIT; rv_fault_point
	 * in the engine, a counter in tests. May be NULL. */
	void (*at_commit)(const char *where);
};

/* Opens or makes the database and brings the schema up. *gives* out.
 * MISCONFIGURED: newer schema, not a database, damaged; DENIED: read-only; EXHAUSTED: no space. */
RV_NODISCARD rv_status rv_db_open(const struct rv_db_opts *opts, struct rv_db **out,
				  struct rv_diag *diag);
void rv_db_close(struct rv_db *db); /* accepts NULL */
void rv_db_closep(struct rv_db **db);
bool rv_db_in_transaction(const struct rv_db *db);
/* One or more statements without parameters or rows. */
RV_NODISCARD rv_status rv_db_exec(struct rv_db *db, const char *sql, struct rv_diag *diag);
/* Folds the write-ahead log into the database file; best effort. */
void rv_db_checkpoint(struct rv_db *db);
/* PRAGMA quick_check and foreign_key_check: MISCONFIGURED with what is wrong. */
RV_NODISCARD rv_status rv_db_check(struct rv_db *db, struct rv_diag *diag);

/* A transaction that rolls back when it leaves scope uncommitted; nests by savepoint:
 *   RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
 *   RV_TRY(rv_txn_begin(db, &txn, diag)); ...; RV_TRY(rv_txn_commit(&txn, diag)); */
struct rv_txn {
	struct rv_db *db;
	unsigned depth; /* 0: not begun or over */
};
RV_NODISCARD rv_status rv_txn_begin(struct rv_db *db, struct rv_txn *txn, struct rv_diag *diag);
RV_NODISCARD rv_status rv_txn_commit(struct rv_txn *txn, struct rv_diag *diag);
void rv_txn_done(struct rv_txn *txn);

/* A prepared statement: `sql` must be a literal (statements are kept by its address).
 *   RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
 *   RV_TRY(rv_stmt_open(&st, db, "SELECT a FROM t WHERE b = ?1", diag));
 *   rv_stmt_bind_text(&st, 1, b);
 *   bool row; RV_TRY(rv_stmt_step(&st, &row, diag)); if (row) ... rv_stmt_int(&st, 0)
 * Binding errors are kept and come out of the next step. Bound bytes are copied. */
struct rv_stmt {
	struct rv_db *db;
	void *handle; /* sqlite3_stmt */
	int failed;   /* first binding error */
	bool is_cached;
	size_t slot;
};
RV_NODISCARD rv_status rv_stmt_open(struct rv_stmt *st, struct rv_db *db, const char *sql,
				    struct rv_diag *diag);
void rv_stmt_done(struct rv_stmt *st);
void rv_stmt_bind_int(struct rv_stmt *st, int at, int64_t v);
void rv_stmt_bind_text(struct rv_stmt *st, int at, const char *z);	  /* NULL: SQL NULL */
void rv_stmt_bind_bytes(struct rv_stmt *st, int at, struct rv_str bytes); /* BLOB */
void rv_stmt_bind_str(struct rv_stmt *st, int at, struct rv_str text);	  /* TEXT */
void rv_stmt_bind_time(struct rv_stmt *st, int at, int64_t us);		  /* NONE: SQL NULL */
RV_NODISCARD rv_status rv_stmt_step(struct rv_stmt *st, bool *out_row, struct rv_diag *diag);
/* For statements without rows: one step, then ready to bind again. CONFLICT on a constraint. */
RV_NODISCARD rv_status rv_stmt_run(struct rv_stmt *st, struct rv_diag *diag);
/* Columns count from 0; text and bytes borrow until the next step. Never NULL. */
int64_t rv_stmt_int(struct rv_stmt *st, int column);
const char *rv_stmt_text(struct rv_stmt *st, int column);
struct rv_str rv_stmt_bytes(struct rv_stmt *st, int column);
int64_t rv_stmt_time(struct rv_stmt *st, int column); /* SQL NULL: RV_TIME_NONE */
bool rv_stmt_is_null(struct rv_stmt *st, int column);
/* Rows changed by the last statement. */
int64_t rv_db_changes(const struct rv_db *db);
