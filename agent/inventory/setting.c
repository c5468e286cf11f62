/* inventory: settings. */
#include "agent/inventory/setting.h"

rv_status rv_setting_put(struct rv_invdb *db, const char *key, const char *value,
			 struct rv_diag *diag)
{
	return rv_invdb_run(
		db, diag,
		"INSERT INTO setting(key,value) VALUES(?1,?2) ON CONFLICT(key) DO UPDATE "
		"SET value=excluded.value",
		"tt", key, value);
}

rv_status rv_setting_names(const char *dir, char **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	rv_status status;

	RV_TRY(rv_invdb_open(dir, &db, diag));
	sqlite3_stmt *stmt = rv_invdb_bind(db, "SELECT value FROM setting WHERE key='names'", "");
	if (!rv_invdb_step(db, stmt, &status, diag)) {
		RV_TRY(status);
		rv_diag_next(diag, "reeve-inventory init --dir DIR --name HOST");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: not made by init", db->path);
	}
	*out = strdup(rv_invdb_text(stmt, 0));
	sqlite3_reset(stmt);
	return *out ? RV_OK : rv_fail_nomem(diag);
}
