/* inventory: SQLite behind db.h. Not here: any table's meaning. */
#include "agent/inventory/db.h"

#include "agent/base/fd.h"
#include "agent/inventory/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA_NEWEST ((int)RV_LEN(rv_schema))

static enum rv_class class_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_TOOBIG:
		return RV_CLASS_EXHAUSTED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return RV_CLASS_RETRY;
	case SQLITE_CONSTRAINT:
		return RV_CLASS_CONFLICT;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return RV_CLASS_DENIED;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return RV_CLASS_MALFORMED;
	default:
		return RV_CLASS_MISCONFIGURED;
	}
}

rv_status rv_invdb_fail(struct rv_invdb *db, struct rv_diag *diag, const char *what)
{
	return rv_fail(class_of(sqlite3_extended_errcode(db->sql)), diag, "%s: %s", what,
		       sqlite3_errmsg(db->sql));
}

static char *path_of(const char *dir)
{
	char *path = NULL;

	return asprintf(&path, "%s/" RV_INVDB_NAME, dir) < 0 ? NULL : path;
}

rv_status rv_invdb_exec(struct rv_invdb *db, const char *text, struct rv_diag *diag)
{
	if (sqlite3_exec(db->sql, text, NULL, NULL, NULL) != SQLITE_OK)
		return rv_invdb_fail(db, diag, "the database refused a statement");
	return RV_OK;
}

static rv_status schema_version(struct rv_invdb *db, int *out, struct rv_diag *diag)
{
	sqlite3_stmt *stmt = NULL;

	/* open_with gives a database or fails. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (sqlite3_prepare_v2(db->sql, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW) {
		rv_status failure = rv_invdb_fail(db, diag, db->path);
		sqlite3_finalize(stmt);
		return failure;
	}
	*out = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return RV_OK;
}

static rv_status apply_schema(struct rv_invdb *db, int from, struct rv_diag *diag)
{
	char pragma[64];

	RV_TRY(rv_invdb_exec(db, "BEGIN IMMEDIATE", diag));
	for (int v = from; v < SCHEMA_NEWEST; v++) {
		rv_status done = rv_invdb_exec(db, rv_schema[v], diag);
		if (!rv_is_ok(done)) {
			sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
			return done;
		}
	}
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%d;COMMIT", SCHEMA_NEWEST);
	return rv_invdb_exec(db, pragma, diag);
}

static rv_status migrate(struct rv_invdb *db, struct rv_diag *diag)
{
	char backup[1024];
	int version = 0;

	RV_TRY(schema_version(db, &version, diag));
	if (version > SCHEMA_NEWEST) {
		rv_diag_next(diag, "install the newer reeve-inventory that wrote it");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "%s: schema %d is newer than this program knows (%d)", db->path,
			       version, SCHEMA_NEWEST);
	}
	if (version == SCHEMA_NEWEST)
		return RV_OK;
	if (version > 0) {
		if (snprintf(backup, sizeof(backup), "%s.schema-%d", db->path, version) >=
		    (int)sizeof(backup))
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: path too long", db->path);
		RV_TRY(rv_invdb_backup(db, backup, diag));
	}
	return apply_schema(db, version, diag);
}

static rv_status open_with(const char *dir, int flags, const char *pragmas, struct rv_invdb **out,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = calloc(1, sizeof(*db));

	if (!db || !(db->path = path_of(dir)))
		return rv_fail_nomem(diag);
	if (sqlite3_open_v2(db->path, &db->sql, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		rv_diag_next(diag, "reeve-inventory init --dir %s --name HOST", dir);
		return db->sql ? rv_invdb_fail(db, diag, db->path) : rv_fail_nomem(diag);
	}
	sqlite3_busy_timeout(db->sql, 5000);
	RV_TRY(rv_invdb_exec(db, pragmas, diag));
	*out = RV_TAKE(db);
	return RV_OK;
}

#define PRAGMAS "PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA trusted_schema=OFF;"

rv_status rv_invdb_open(const char *dir, struct rv_invdb **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;

	RV_TRY(open_with(dir, SQLITE_OPEN_READWRITE, "PRAGMA journal_mode=WAL;" PRAGMAS, &db,
			 diag));
	RV_TRY(migrate(db, diag));
	*out = RV_TAKE(db);
	return RV_OK;
}

rv_status rv_db_open_reader(const char *dir, struct rv_invdb **out, struct rv_diag *diag)
{
	return open_with(dir, SQLITE_OPEN_READWRITE, PRAGMAS "PRAGMA query_only=ON;", out, diag);
}

rv_status rv_invdb_create(const char *dir, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) char *path = path_of(dir);
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;

	if (!path)
		return rv_fail_nomem(diag);
	/* Made here, not by SQLite, so that it is private from its first byte. */
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return rv_fail_errno(diag, "%s", path);
	return rv_invdb_open(dir, &db, diag);
}

void rv_invdb_free(struct rv_invdb *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < db->cached; i++)
		sqlite3_finalize(db->cache[i].stmt);
	sqlite3_close(db->sql);
	free(db->path);
	free(db);
}

void rv_invdb_freep(struct rv_invdb **db)
{
	rv_invdb_free(*db);
	*db = NULL;
}

static sqlite3_stmt *statement(struct rv_invdb *db, const char *text)
{
	sqlite3_stmt *stmt = NULL;

	for (size_t i = 0; i < db->cached; i++) {
		if (db->cache[i].text != text)
			continue;
		sqlite3_reset(db->cache[i].stmt);
		return db->cache[i].stmt;
	}
	RV_BUG_ON(db->cached == RV_INVDB_STATEMENTS);
	if (sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
	    SQLITE_OK)
		return NULL;
	db->cache[db->cached].text = text;
	db->cache[db->cached++].stmt = stmt;
	return stmt;
}

static sqlite3_stmt *bind_all(struct rv_invdb *db, const char *text, const char *types, va_list ap)
{
	sqlite3_stmt *stmt = statement(db, text);

	for (int i = 0; stmt && types[i]; i++) {
		const void *bytes;
		int rc;

		switch (types[i]) {
		case 't':
			rc = sqlite3_bind_text(stmt, i + 1, va_arg(ap, const char *), -1,
					       SQLITE_STATIC);
			break;
		case 'i':
			rc = sqlite3_bind_int64(stmt, i + 1, va_arg(ap, int64_t));
			break;
		case 'b':
			bytes = va_arg(ap, const void *);
			rc = sqlite3_bind_blob64(stmt, i + 1, bytes, va_arg(ap, size_t),
						 SQLITE_STATIC);
			break;
		default:
			rc = sqlite3_bind_null(stmt, i + 1);
			break;
		}
		if (rc != SQLITE_OK)
			return NULL;
	}
	return stmt;
}

sqlite3_stmt *rv_invdb_bind(struct rv_invdb *db, const char *text, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *stmt = bind_all(db, text, types, ap);
	va_end(ap);
	return stmt;
}

bool rv_invdb_step(struct rv_invdb *db, sqlite3_stmt *stmt, rv_status *out_status,
		   struct rv_diag *diag)
{
	const int rc = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;

	*out_status = RV_OK;
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		*out_status = rv_invdb_fail(db, diag, "the database failed");
	if (stmt)
		sqlite3_reset(stmt);
	return false;
}

rv_status rv_invdb_run(struct rv_invdb *db, struct rv_diag *diag, const char *text,
		       const char *types, ...)
{
	rv_status status;
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *stmt = bind_all(db, text, types, ap);
	va_end(ap);
	while (rv_invdb_step(db, stmt, &status, diag))
		;
	return status;
}

const char *rv_invdb_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

rv_status rv_invdb_backup(struct rv_invdb *db, const char *file, struct rv_diag *diag)
{
	sqlite3_stmt *stmt = NULL;
	RV_CLEANUP(rv_fd_closep) int fd = -1;

	/* VACUUM INTO takes an empty file as new, so the mode is ours from the start. */
	fd = open(file, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return rv_fail_errno(diag, "%s", file);
	if (sqlite3_prepare_v2(db->sql, "VACUUM INTO ?1", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(stmt, 1, file, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_DONE) {
		rv_status failure = rv_invdb_fail(db, diag, file);
		sqlite3_finalize(stmt);
		unlink(file);
		return failure;
	}
	sqlite3_finalize(stmt);
	if (fsync(fd) < 0)
		return rv_fail_errno(diag, "%s", file);
	return RV_OK;
}

rv_status rv_invdb_check(struct rv_invdb *db, struct rv_diag *diag)
{
	sqlite3_stmt *stmt = NULL;
	rv_status status = RV_OK;

	if (sqlite3_prepare_v2(db->sql, "PRAGMA integrity_check(1)", -1, &stmt, NULL) !=
		    SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		status = rv_invdb_fail(db, diag, db->path);
	else if (strcmp(rv_invdb_text(stmt, 0), "ok") != 0)
		status = rv_fail(RV_CLASS_MALFORMED, diag, "%s: damaged: %s", db->path,
				 rv_invdb_text(stmt, 0));
	sqlite3_finalize(stmt);
	return status;
}
