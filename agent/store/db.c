/* store: opening, migrating, statements, transactions over SQLite. Not here: any table. */
#include "agent/store/db.h"

#include "agent/model/credential.h"
#include "agent/store/db_internal.h"
#include "agent/store/schema.h"

#include <errno.h>
#include <stdio.h>

enum rv_class rv_db_class(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_TOOBIG:
	case SQLITE_IOERR: /* the write did not land: space, limit or a bad disk */
		return RV_CLASS_EXHAUSTED;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return RV_CLASS_DENIED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return RV_CLASS_RETRY;
	case SQLITE_CONSTRAINT:
		return RV_CLASS_CONFLICT;
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
		return RV_CLASS_BUG;
	default: /* CANTOPEN, CORRUPT, NOTADB, SCHEMA ..: all for the operator */
		return RV_CLASS_MISCONFIGURED;
	}
}

static const char *advice(enum rv_class class_id)
{
	if (class_id == RV_CLASS_EXHAUSTED)
		return "free space for the state directory; nothing was lost, the step is repeated";
	if (class_id == RV_CLASS_DENIED)
		return "make the state directory writable for the agent (is it mounted read-only?)";
	if (class_id == RV_CLASS_MISCONFIGURED)
		return "reeve doctor; the last backup lies beside the database (*.bak)";
	return "";
}

rv_status rv_db_fail(struct rv_db *db, int code, struct rv_diag *diag, const char *doing)
{
	enum rv_class class_id = rv_db_class(code);
	int was = db && db->handle ? sqlite3_system_errno(db->handle) : errno;

	if (*advice(class_id))
		rv_diag_next(diag, "%s", advice(class_id));
	rv_status s = rv_fail(class_id, diag, "database %s: %s: %s", db ? db->path : "", doing,
			      db && db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
	s.errno_was = (uint16_t)was;
	return s;
}

rv_status rv_db_exec(struct rv_db *db, const char *sql, struct rv_diag *diag)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		return rv_db_fail(db, code, diag, "cannot execute");
	return RV_OK;
}

static rv_status pragma_int(struct rv_db *db, const char *sql, int64_t *out, struct rv_diag *diag)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (code != SQLITE_ROW)
		return rv_db_fail(db, code, diag, "cannot read");
	return RV_OK;
}

/* A copy of the whole database beside it, before a migration touches anything. */
static rv_status backup(struct rv_db *db, int64_t version, struct rv_diag *diag)
{
	char sql[4300];

	if (strcmp(db->path, ":memory:") == 0)
		return RV_OK;
	RV_CLEANUP(rv_freep) char *to = NULL;
	if (asprintf(&to, "%s.v%lld.bak", db->path, (long long)version) < 0) {
		to = NULL;
		return rv_fail_nomem(diag);
	}
	if (remove(to) != 0 && errno != ENOENT)
		return rv_fail_errno(diag, "cannot replace the old backup %s", to);
	sqlite3_snprintf((int)sizeof(sql), sql, "VACUUM INTO %Q", to);
	rv_status s = rv_db_exec(db, sql, diag);
	if (!rv_is_ok(s))
		rv_diag_prefix(diag, "backup before the migration");
	return s;
}

static rv_status migrate_one(struct rv_db *db, const struct rv_migration *m, struct rv_diag *diag)
{
	char sql[64];
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(db, &txn, diag));
	for (const char *const *ddl = m->ddl; *ddl; ddl++)
		RV_TRY(rv_db_exec(db, *ddl, diag));
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", m->to_version);
	RV_TRY(rv_db_exec(db, sql, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status migrate(struct rv_db *db, struct rv_diag *diag)
{
	int64_t version = 0;
	int64_t known = 0;

	for (const struct rv_migration *m = rv_migrations; m->to_version; m++)
		known = m->to_version;
	RV_TRY(pragma_int(db, "PRAGMA user_version", &version, diag));
	if (version > known) {
		rv_diag_next(diag, "install the newer reeve again, or restore a *.bak of this one");
		return rv_fail(
			RV_CLASS_MISCONFIGURED, diag,
			"database %s: made by a newer reeve (schema %lld, this one knows %lld)",
			db->path, (long long)version, (long long)known);
	}
	if (version > 0 && version < known)
		RV_TRY(backup(db, version, diag));
	for (const struct rv_migration *m = rv_migrations; m->to_version; m++)
		if ((int64_t)m->to_version > version)
			RV_TRY(migrate_one(db, m, diag));
	return RV_OK;
}

rv_status rv_db_open(const struct rv_db_opts *opts, struct rv_db **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_db_closep) struct rv_db *db = calloc(1, sizeof(*db));

	if (!db)
		return rv_fail_nomem(diag);
	db->path = strdup(opts->path);
	if (!db->path)
		return rv_fail_nomem(diag);
	db->at_commit = opts->at_commit;
	int code = sqlite3_open_v2(opts->path, &db->handle,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
					   SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE,
				   NULL);
	if (code != SQLITE_OK)
		return rv_db_fail(db, code, diag, "cannot open");
	(void)sqlite3_extended_result_codes(db->handle, 1); /* always SQLITE_OK on an open handle */
	(void)sqlite3_busy_timeout(db->handle, 5000);	    /* likewise */
	RV_TRY(rv_db_exec(db,
			  "PRAGMA trusted_schema = OFF;"
			  "PRAGMA temp_store = MEMORY;" /* Landlock leaves no other place */
			  "PRAGMA journal_mode = WAL;"
			  "PRAGMA synchronous = FULL;"
			  "PRAGMA secure_delete = ON;"
			  "PRAGMA foreign_keys = ON;"
			  "PRAGMA cache_size = -8192;",
			  diag));
	RV_TRY(migrate(db, diag));
	*out = RV_TAKE(db);
	return RV_OK;
}

void rv_db_close(struct rv_db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < RV_LEN(db->cache); i++)
		sqlite3_finalize(db->cache[i].handle);
	/* A statement still open keeps the handle alive until it ends: close_v2 allows that. */
	(void)sqlite3_close_v2(db->handle);
	free(db->path);
	free(db);
}

void rv_db_closep(struct rv_db **db)
{
	rv_db_close(*db);
	*db = NULL;
}

bool rv_db_in_transaction(const struct rv_db *db)
{
	return db->depth > 0;
}

void rv_db_checkpoint(struct rv_db *db)
{
	/* Best effort: a reader in the way only delays it. */
	(void)sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

rv_status rv_db_check(struct rv_db *db, struct rv_diag *diag)
{
	bool row = false;
	{
		RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
		RV_TRY(rv_stmt_open(&st, db, "PRAGMA quick_check(1)", diag));
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row || strcmp(rv_stmt_text(&st, 0), "ok") != 0)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "database %s is damaged: %s",
				       db->path, row ? rv_stmt_text(&st, 0) : "no answer");
	}
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db, "PRAGMA foreign_key_check", diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (row)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "database %s: a row of %s refers to nothing", db->path,
			       rv_stmt_text(&st, 0));
	return RV_OK;
}

/* --- transactions ---------------------------------------------------------------------------- */
static void at(struct rv_db *db, const char *where)
{
	if (db->at_commit)
		db->at_commit(where);
}

rv_status rv_txn_begin(struct rv_db *db, struct rv_txn *txn, struct rv_diag *diag)
{
	char sql[48];

	RV_BUG_ON(txn->depth != 0);
	if (db->depth == 0)
		RV_TRY(rv_db_exec(db, "BEGIN IMMEDIATE", diag));
	else {
		(void)snprintf(sql, sizeof(sql), "SAVEPOINT s%u", db->depth);
		RV_TRY(rv_db_exec(db, sql, diag));
	}
	db->depth++;
	*txn = (struct rv_txn){.db = db, .depth = db->depth};
	return RV_OK;
}

rv_status rv_txn_commit(struct rv_txn *txn, struct rv_diag *diag)
{
	char sql[48];
	struct rv_db *db = txn->db;

	RV_BUG_ON(!db || txn->depth == 0 || txn->depth != db->depth);
	if (txn->depth == 1) {
		at(db, "commit");
		RV_TRY(rv_db_exec(db, "COMMIT", diag));
		db->depth = 0;
		txn->depth = 0;
		at(db, "committed");
		return RV_OK;
	}
	(void)snprintf(sql, sizeof(sql), "RELEASE s%u", txn->depth - 1);
	RV_TRY(rv_db_exec(db, sql, diag));
	db->depth--;
	txn->depth = 0;
	return RV_OK;
}

void rv_txn_done(struct rv_txn *txn)
{
	char sql[80];
	struct rv_db *db = txn->db;

	if (!db || txn->depth == 0)
		return;
	RV_BUG_ON(txn->depth != db->depth);
	if (txn->depth == 1)
		(void)snprintf(sql, sizeof(sql), "ROLLBACK");
	else
		(void)snprintf(sql, sizeof(sql), "ROLLBACK TO s%u; RELEASE s%u", txn->depth - 1,
			       txn->depth - 1);
	/* Fails only when SQLite has rolled back by itself (no space): the same end. */
	(void)sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	db->depth = txn->depth - 1;
	if (db->depth > 0 && sqlite3_get_autocommit(db->handle))
		db->is_lost = true;
	txn->depth = 0;
}

int64_t rv_db_changes(const struct rv_db *db)
{
	return sqlite3_changes64(db->handle);
}
