/* store: small named values. */
#include "agent/store/meta.h"

#include "agent/store/schema.h"

#include <inttypes.h>
#include <stdio.h>

const char rv_ddl_meta[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

rv_status rv_meta_set(struct rv_db *db, const char *key, const char *value, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO meta(key, value) VALUES(?1, ?2) "
			    "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
			    diag));
	rv_stmt_bind_text(&st, 1, key);
	rv_stmt_bind_text(&st, 2, value);
	return rv_stmt_run(&st, diag);
}

rv_status rv_meta_get(struct rv_db *db, const char *key, struct rv_buf *out, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT value FROM meta WHERE key = ?1", diag));
	rv_stmt_bind_text(&st, 1, key);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (!row)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no value");
	return rv_buf_put_str(out, rv_stmt_text(&st, 0));
}

rv_status rv_meta_set_int(struct rv_db *db, const char *key, int64_t value, struct rv_diag *diag)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	return rv_meta_set(db, key, text, diag);
}

int64_t rv_meta_int(struct rv_db *db, const char *key, int64_t fallback)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf buf = {0};

	rv_buf_init(&buf, 64);
	if (!rv_is_ok(rv_meta_get(db, key, &buf, NULL)))
		return fallback;
	const char *z = rv_buf_cstr(&buf);
	return z ? strtoll(z, NULL, 10) : fallback;
}

rv_status rv_meta_delete(struct rv_db *db, const char *key, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "DELETE FROM meta WHERE key = ?1", diag));
	rv_stmt_bind_text(&st, 1, key);
	return rv_stmt_run(&st, diag);
}
