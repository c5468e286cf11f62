/* inventory: the server's SQLite file: opening, schema, statements. One connection per thread. Not
 * here: what the rows mean (tokens.h, hosts.h, items.h). */
#pragma once

#include "agent/base/buf.h"

#include <sqlite3.h>
#include <sys/types.h>

#define RV_INVDB_STATEMENTS 96
#define RV_INVDB_NAME	    "inventory.db"

struct rv_invdb {
	sqlite3 *sql;
	char *path;
	struct {
		const char *text; /* compared by address: statements are literals */
		sqlite3_stmt *stmt;
	} cache[RV_INVDB_STATEMENTS];
	size_t cached;
};

/* Makes the file (0600) in `dir` with the newest schema; CONFLICT when it exists. */
RV_NODISCARD rv_status rv_invdb_create(const char *dir, struct rv_diag *diag);
/* WAL, synchronous=FULL, foreign keys; migrates forward after writing a backup file beside the
 * database; a newer schema is MISCONFIGURED. *gives* in out. */
RV_NODISCARD rv_status rv_invdb_open(const char *dir, struct rv_invdb **out, struct rv_diag *diag);
/* A connection that cannot write, for the readers. */
RV_NODISCARD rv_status rv_db_open_reader(const char *dir, struct rv_invdb **out,
					 struct rv_diag *diag);
void rv_invdb_free(struct rv_invdb *db);
void rv_invdb_freep(struct rv_invdb **db);

/* The statement `text` (a literal), reset and bound by `types`, one letter a parameter:
 * t const char * (NULL binds null, borrowed until the next use), i int64_t, b const void * and
 * size_t, n null. NULL on failure. */
sqlite3_stmt *rv_invdb_bind(struct rv_invdb *db, const char *text, const char *types, ...);
/* The same, stepped to its end; rows are dropped. */
RV_NODISCARD rv_status rv_invdb_run(struct rv_invdb *db, struct rv_diag *diag, const char *text,
				    const char *types, ...);
RV_NODISCARD rv_status rv_invdb_exec(struct rv_invdb *db, const char *text, struct rv_diag *diag);
/* True on a row; *out_status tells the end (ok) from a failure. */
bool rv_invdb_step(struct rv_invdb *db, sqlite3_stmt *stmt, rv_status *out_status,
		   struct rv_diag *diag);
/* Column text, never NULL. */
const char *rv_invdb_text(sqlite3_stmt *stmt, int column);
/* The failure SQLite reports: full disk EXHAUSTED, busy RETRY, constraint CONFLICT, else
 * MISCONFIGURED. */
rv_status rv_invdb_fail(struct rv_invdb *db, struct rv_diag *diag, const char *what);

/* A consistent copy into a new file (0600); CONFLICT when it exists. */
RV_NODISCARD rv_status rv_invdb_backup(struct rv_invdb *db, const char *file, struct rv_diag *diag);
/* True when the integrity check passes. */
RV_NODISCARD rv_status rv_invdb_check(struct rv_invdb *db, struct rv_diag *diag);
