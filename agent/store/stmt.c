/* store: prepared statements, kept by the address of their text. */
#include "agent/model/credential.h"
#include "agent/store/db_internal.h"

static size_t slot_of(const char *sql)
{
	uint64_t h = (uint64_t)(uintptr_t)sql;

	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	return (size_t)(h % RV_STMT_CACHE);
}

rv_status rv_stmt_open(struct rv_stmt *st, struct rv_db *db, const char *sql, struct rv_diag *diag)
{
	sqlite3_stmt *handle = NULL;
	size_t slot = slot_of(sql);

	RV_BUG_ON(st->handle != NULL);
	if (db->cache[slot].sql == sql && !db->cache[slot].is_busy) {
		db->cache[slot].is_busy = true;
		*st = (struct rv_stmt){.db = db,
				       .handle = db->cache[slot].handle,
				       .is_cached = true,
				       .slot = slot};
		return RV_OK;
	}
	int code =
		sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
	if (code != SQLITE_OK)
		return rv_db_fail(db, code, diag, "cannot prepare");
	*st = (struct rv_stmt){.db = db, .handle = handle};
	if (!db->cache[slot].is_busy) {
		sqlite3_finalize(db->cache[slot].handle);
		db->cache[slot].sql = sql;
		db->cache[slot].handle = handle;
		db->cache[slot].is_busy = true;
		st->is_cached = true;
		st->slot = slot;
	}
	return RV_OK;
}

void rv_stmt_done(struct rv_stmt *st)
{
	if (!st->handle)
		return;
	if (st->is_cached) {
		(void)sqlite3_reset(st->handle); /* repeats the step's failure, already told */
		(void)sqlite3_clear_bindings(st->handle); /* cannot fail */
		st->db->cache[st->slot].is_busy = false;
	} else {
		sqlite3_finalize(st->handle);
	}
	*st = (struct rv_stmt){0};
}

static void note(struct rv_stmt *st, int code)
{
	if (code != SQLITE_OK && st->failed == SQLITE_OK)
		st->failed = code;
}

void rv_stmt_bind_int(struct rv_stmt *st, int at, int64_t v)
{
	note(st, sqlite3_bind_int64(st->handle, at, v));
}

void rv_stmt_bind_text(struct rv_stmt *st, int at, const char *z)
{
	note(st, z ? sqlite3_bind_text(st->handle, at, z, -1, SQLITE_TRANSIENT)
		   : sqlite3_bind_null(st->handle, at));
}

void rv_stmt_bind_bytes(struct rv_stmt *st, int at, struct rv_str bytes)
{
	note(st, bytes.len ? sqlite3_bind_blob64(st->handle, at, bytes.data, bytes.len,
						 SQLITE_TRANSIENT)
			   : sqlite3_bind_zeroblob(st->handle, at, 0));
}

void rv_stmt_bind_str(struct rv_stmt *st, int at, struct rv_str text)
{
	note(st, sqlite3_bind_text64(st->handle, at, text.len ? (const char *)text.data : "",
				     text.len, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void rv_stmt_bind_time(struct rv_stmt *st, int at, int64_t us)
{
	note(st, us == RV_TIME_NONE ? sqlite3_bind_null(st->handle, at)
				    : sqlite3_bind_int64(st->handle, at, us));
}

rv_status rv_stmt_step(struct rv_stmt *st, bool *out_row, struct rv_diag *diag)
{
	if (st->failed != SQLITE_OK)
		return rv_db_fail(st->db, st->failed, diag, "cannot bind");
	if (st->db->is_lost && st->db->depth > 0)
		return rv_fail(RV_CLASS_EXHAUSTED, diag,
			       "database %s: the transaction was rolled back", st->db->path);
	st->db->is_lost = false;
	int code = sqlite3_step(st->handle);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return rv_db_fail(st->db, code, diag, "cannot execute");
	*out_row = code == SQLITE_ROW;
	return RV_OK;
}

rv_status rv_stmt_run(struct rv_stmt *st, struct rv_diag *diag)
{
	bool row = false;
	rv_status s = rv_stmt_step(st, &row, diag);

	(void)sqlite3_reset(st->handle); /* repeats the step's failure */
	return s;
}

int64_t rv_stmt_int(struct rv_stmt *st, int column)
{
	return sqlite3_column_int64(st->handle, column);
}

const char *rv_stmt_text(struct rv_stmt *st, int column)
{
	const unsigned char *z = sqlite3_column_text(st->handle, column);

	return z ? (const char *)z : "";
}

struct rv_str rv_stmt_bytes(struct rv_stmt *st, int column)
{
	const uint8_t *data = sqlite3_column_blob(st->handle, column);
	int len = sqlite3_column_bytes(st->handle, column);

	return data ? (struct rv_str){data, (size_t)len} : RV_STR_LIT("");
}

int64_t rv_stmt_time(struct rv_stmt *st, int column)
{
	return rv_stmt_is_null(st, column) ? RV_TIME_NONE
					   : sqlite3_column_int64(st->handle, column);
}

bool rv_stmt_is_null(struct rv_stmt *st, int column)
{
	return sqlite3_column_type(st->handle, column) == SQLITE_NULL;
}
