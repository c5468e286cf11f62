/* inventory: tokens and sessions. */
#include "agent/inventory/token.h"

#include <stdio.h>

static struct rv_digest hash_of(const char *text)
{
	return rv_sha256(text, strlen(text));
}

static void make_text(const char *prefix, char out[RV_TOKEN_TEXT])
{
	uint8_t bytes[32];
	char hex[65];

	rv_random(bytes, sizeof(bytes));
	rv_hex(bytes, sizeof(bytes), hex);
	snprintf(out, RV_TOKEN_TEXT, "%s_%s", prefix, hex);
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(hex, sizeof(hex));
}

rv_status rv_token_create(struct rv_invdb *db, const struct rv_token_spec *spec,
			  char out_text[RV_TOKEN_TEXT], char out_id[RV_TOKEN_ID_TEXT],
			  struct rv_diag *diag)
{
	uint8_t id[8];

	rv_random(id, sizeof(id));
	rv_hex(id, sizeof(id), out_id);
	make_text("rvt1", out_text);
	const struct rv_digest hash = hash_of(out_text);
	return rv_invdb_run(db, diag,
			    "INSERT INTO token(id,hash,role,note,created_at,expires_at,uses_left)"
			    " VALUES(?1,?2,?3,?4,?5,?6,?7)",
			    "tbttiii", out_id, hash.bytes, sizeof(hash.bytes), spec->role,
			    spec->note, spec->now_us, spec->now_us + spec->ttl_us, spec->uses);
}

rv_status rv_token_revoke(struct rv_invdb *db, const char *id, int64_t now_us, struct rv_diag *diag)
{
	RV_TRY(rv_invdb_run(db, diag, "DELETE FROM session WHERE token=?1", "t", id));
	RV_TRY(rv_invdb_run(db, diag,
			    "UPDATE token SET revoked_at=?2 WHERE id=?1 AND revoked_at IS NULL",
			    "ti", id, now_us));
	if (sqlite3_changes(db->sql) == 0) {
		rv_diag_next(diag, "reeve-inventory token list");
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no token %s in force", id);
	}
	return RV_OK;
}

rv_status rv_token_find(struct rv_invdb *db, const char *text, const char *role,
			struct rv_token_row *out)
{
	const struct rv_digest hash = hash_of(text);
	rv_status status;
	sqlite3_stmt *stmt = rv_invdb_bind(
		db,
		"SELECT id,expires_at,uses_left,revoked_at FROM token WHERE hash=?1 AND role=?2",
		"bt", hash.bytes, sizeof(hash.bytes), role);

	if (!rv_invdb_step(db, stmt, &status, NULL))
		return rv_is_ok(status) ? rv_fail(RV_CLASS_NOT_FOUND, NULL, "no such token")
					: status;
	snprintf(out->id, sizeof(out->id), "%s", rv_invdb_text(stmt, 0));
	out->expires_at_us = sqlite3_column_int64(stmt, 1);
	out->uses_left = sqlite3_column_int64(stmt, 2);
	out->is_revoked = sqlite3_column_type(stmt, 3) != SQLITE_NULL;
	sqlite3_reset(stmt);
	return RV_OK;
}

bool rv_token_reads(struct rv_invdb *db, const char *text, int64_t now_us,
		    char out_id[RV_TOKEN_ID_TEXT])
{
	struct rv_token_row row;

	if (!rv_is_ok(rv_token_find(db, text, "reader", &row)) || row.is_revoked ||
	    row.expires_at_us <= now_us)
		return false;
	memcpy(out_id, row.id, RV_TOKEN_ID_TEXT);
	return true;
}

rv_status rv_session_create(struct rv_invdb *db, const char *token_id, int64_t now_us,
			    char out_value[RV_TOKEN_TEXT])
{
	make_text("rvs1", out_value);
	const struct rv_digest hash = hash_of(out_value);
	RV_TRY(rv_invdb_run(db, NULL, "DELETE FROM session WHERE expires_at<=?1", "i", now_us));
	return rv_invdb_run(db, NULL, "INSERT INTO session(hash,token,expires_at) VALUES(?1,?2,?3)",
			    "bti", hash.bytes, sizeof(hash.bytes), token_id,
			    now_us + RV_SESSION_TTL_US);
}

bool rv_session_is_live(struct rv_invdb *db, const char *value, int64_t now_us)
{
	const struct rv_digest hash = hash_of(value);
	rv_status status;
	sqlite3_stmt *stmt = rv_invdb_bind(
		db,
		"SELECT 1 FROM session s JOIN token t ON t.id=s.token WHERE s.hash=?1 AND "
		"s.expires_at>?2 AND t.revoked_at IS NULL AND t.expires_at>?2",
		"bi", hash.bytes, sizeof(hash.bytes), now_us);
	const bool is_live = rv_invdb_step(db, stmt, &status, NULL);

	if (is_live)
		sqlite3_reset(stmt);
	return is_live;
}

rv_status rv_session_end(struct rv_invdb *db, const char *value)
{
	const struct rv_digest hash = hash_of(value);

	return rv_invdb_run(db, NULL, "DELETE FROM session WHERE hash=?1", "b", hash.bytes,
			    sizeof(hash.bytes));
}
