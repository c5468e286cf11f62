/* store: rows of credentials. One list of columns makes the table, the SELECT and the loader. */
#include "agent/store/credentials.h"

#include "agent/store/row_text.h"
#include "agent/store/schema.h"

#include <inttypes.h>
#include <stdio.h>

/* Found facts, compared to tell a change; then what bind, decide and act say. */
#define FACT_TEXTS(X) \
	X(name)       \
	X(provider)   \
	X(fingerprint) X(public_id) X(cert_sha256) X(spki) X(serial) X(subject) X(issuer) X(names)
#define FACT_INTS(X)  X(alg) X(bits) X(is_identified) X(is_masked) X(has_key)
#define FACT_TIMES(X) X(not_before_us) X(not_after_us) X(changed_us)
#define SAID_TEXTS(X) X(hold_why) X(owner) X(owner_source) X(orphan_reason) X(policy) X(why)
#define SAID_TIMES(X) X(hold_until_us) X(due_us)

#define DDL_TEXT(c) #c " TEXT NOT NULL DEFAULT '', "
#define DDL_INT(c)  #c " INTEGER NOT NULL DEFAULT 0, "
#define DDL_TIME(c) #c " INTEGER, "

const char rv_ddl_credentials[] =
	"CREATE TABLE credentials(id TEXT PRIMARY KEY, kind INTEGER NOT NULL, " FACT_TEXTS(DDL_TEXT)
		FACT_INTS(DDL_INT) FACT_TIMES(DDL_TIME) SAID_TEXTS(DDL_TEXT) SAID_TIMES(
			DDL_TIME) "version INTEGER NOT NULL DEFAULT 1, max_hosts INTEGER NOT NULL "
				  "DEFAULT 0, "
				  "ownership INTEGER NOT NULL DEFAULT 1, life INTEGER NOT NULL "
				  "DEFAULT 1, "
				  "hold INTEGER NOT NULL DEFAULT 1, owner_percent INTEGER NOT NULL "
				  "DEFAULT 0, "
				  "compliant INTEGER NOT NULL DEFAULT -1, first_seen_us INTEGER "
				  "NOT NULL, "
				  "last_seen_us INTEGER NOT NULL, rev INTEGER NOT NULL) STRICT;"
				  "CREATE INDEX credentials_rev ON credentials(rev);"
				  "CREATE INDEX credentials_spki ON credentials(spki) WHERE spki "
				  "<> '';"
				  "CREATE INDEX credentials_fingerprint ON "
				  "credentials(fingerprint);";

#define SEL(c) #c ", "
/* The path people know it by: of a live place if there is one, else of the last. */
#define SELECT_ROW                                                                               \
	"SELECT " FACT_TEXTS(SEL) SAID_TEXTS(                                                    \
		SEL) "ifnull((SELECT shown FROM sightings WHERE credential = credentials.id "    \
		     "ORDER BY "                                                                 \
		     "gone_us IS NOT NULL, role, shown LIMIT 1), ''), id, kind, " FACT_INTS(SEL) \
			     FACT_TIMES(SEL) SAID_TIMES(SEL) "version, max_hosts, ownership, "   \
							     "life, hold, owner_percent, "       \
							     "compliant, first_seen_us, "        \
							     "last_seen_us, rev FROM credentials "

void rv_credential_row_done(struct rv_credential_row *row)
{
	free(row->memory);
	*row = (struct rv_credential_row){0};
}

#define TEXT_AT(f) AT_##f,
enum text_at { FACT_TEXTS(TEXT_AT) SAID_TEXTS(TEXT_AT) AT_path, AT__COUNT };
#define SLOT(f)	     {AT_##f, &row.c.f},
#define TAKE_INT(f)  row.c.f = (__typeof__(row.c.f))rv_stmt_int(st, column++);
#define TAKE_TIME(f) row.c.f = rv_stmt_time(st, column++);

static rv_status read_row(struct rv_stmt *st, struct rv_credential_row *out, struct rv_diag *diag)
{
	struct rv_credential_row row = {0};
	int column = AT__COUNT;
	const struct rv_row_text texts[] = {FACT_TEXTS(SLOT) SAID_TEXTS(SLOT) SLOT(path)};

	RV_TRY(rv_row_texts(st, texts, RV_LEN(texts), &row.memory, diag));
	(void)snprintf(row.c.id, sizeof(row.c.id), "%s", rv_stmt_text(st, column++));
	TAKE_INT(kind)
	FACT_INTS(TAKE_INT)
	FACT_TIMES(TAKE_TIME)
	SAID_TIMES(TAKE_TIME)
	TAKE_INT(version)
	TAKE_INT(max_hosts)
	TAKE_INT(ownership)
	TAKE_INT(life)
	TAKE_INT(hold)
	TAKE_INT(owner_percent)
	TAKE_INT(compliant)
	TAKE_INT(first_seen_us)
	TAKE_INT(last_seen_us)
	TAKE_INT(rev)
	*out = row;
	return RV_OK;
}

rv_status rv_credential_load(struct rv_db *db, const char *id, struct rv_credential_row *out,
			     struct rv_diag *diag)
{
	bool is_row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, SELECT_ROW "WHERE id = ?1", diag));
	rv_stmt_bind_text(&st, 1, id);
	RV_TRY(rv_stmt_step(&st, &is_row, diag));
	if (!is_row) {
		rv_diag_next(diag, "reeve list");
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no credential %s is known here", id);
	}
	return read_row(&st, out, diag);
}

static rv_status next_row(struct rv_db *db, const struct rv_credential_filter *f, const char *after,
			  struct rv_credential_row *out, bool *out_found, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		SELECT_ROW "WHERE id > ?1 AND (?2 = 0 OR kind = ?2) AND (?3 = 0 OR ownership = ?3) "
			   "AND (?4 = 0 OR life = ?4) AND (?5 = 0 OR hold = ?5) "
			   "AND (?6 IS NULL OR owner = ?6) AND (?7 = 0 OR due_us < ?7 OR "
			   "not_after_us < ?7) AND (?8 OR life NOT IN (6, 9)) ORDER BY id LIMIT 1",
		diag));
	rv_stmt_bind_text(&st, 1, after);
	rv_stmt_bind_int(&st, 2, f->kind);
	rv_stmt_bind_int(&st, 3, f->ownership);
	rv_stmt_bind_int(&st, 4, f->life);
	rv_stmt_bind_int(&st, 5, f->hold);
	rv_stmt_bind_text(&st, 6, f->owner);
	rv_stmt_bind_int(&st, 7, f->due_before_us);
	rv_stmt_bind_int(&st, 8, f->with_gone);
	RV_TRY(rv_stmt_step(&st, out_found, diag));
	return *out_found ? read_row(&st, out, diag) : RV_OK;
}

rv_status rv_credentials_each(struct rv_db *db, const struct rv_credential_filter *filter,
			      rv_credential_fn *fn, void *user, struct rv_diag *diag)
{
	const struct rv_credential_filter all = {0};
	char last[RV_ID_TEXT] = "";

	for (;;) {
		bool found = false;
		RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

		RV_TRY(next_row(db, filter ? filter : &all, last, &row, &found, diag));
		if (!found)
			return RV_OK;
		memcpy(last, row.c.id, sizeof(last));
		RV_TRY(fn(&row.c, user));
	}
}

static rv_status next_equal(struct rv_db *db, const struct rv_credential *c, const char *after,
			    struct rv_credential_row *out, bool *out_found, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    SELECT_ROW
			    "WHERE fingerprint = ?1 AND id > ?2 AND id <> ?3 AND life NOT "
			    "IN (6, 9) ORDER BY id LIMIT 1",
			    diag));
	rv_stmt_bind_text(&st, 1, c->fingerprint);
	rv_stmt_bind_text(&st, 2, after);
	rv_stmt_bind_text(&st, 3, c->id);
	RV_TRY(rv_stmt_step(&st, out_found, diag));
	return *out_found ? read_row(&st, out, diag) : RV_OK;
}

rv_status rv_credentials_same_value(struct rv_db *db, const struct rv_credential *c,
				    rv_credential_fn *fn, void *user, struct rv_diag *diag)
{
	char last[RV_ID_TEXT] = "";

	while (*c->fingerprint) {
		bool found = false;
		RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

		RV_TRY(next_equal(db, c, last, &row, &found, diag));
		if (!found)
			return RV_OK;
		memcpy(last, row.c.id, sizeof(last));
		RV_TRY(fn(&row.c, user));
	}
	return RV_OK;
}

#define INS(c)	 #c ", "
#define Q(c)	 "?, "
#define SET(c)	 #c " = excluded." #c ", "
#define OLD(c)	 #c ", "
#define NEW(c)	 "excluded." #c ", "
#define FACTS(X) FACT_TEXTS(X) FACT_INTS(X) FACT_TIMES(X)
#define REV	 "(SELECT ifnull(max(rev), 0) + 1 FROM credentials)"

#define BIND_TEXT(f) rv_stmt_bind_text(&st, at++, rv_text_or_empty(c->f));
#define BIND_INT(f)  rv_stmt_bind_int(&st, at++, (int64_t)c->f);
#define BIND_TIME(f) rv_stmt_bind_time(&st, at++, c->f);

static rv_status upsert(struct rv_db *db, const struct rv_credential *c, struct rv_diag *diag)
{
	int at = 1;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"INSERT INTO credentials(" FACTS(
			INS) "id, kind, first_seen_us, last_seen_us, rev) "
			     "VALUES(" FACTS(Q) "?, ?, ?, ?, " REV ") ON CONFLICT(id) DO UPDATE "
						"SET " FACTS(SET) "rev = " REV " WHERE (" FACTS(
							OLD) "1) IS NOT "
							     "(" FACTS(NEW) "1)",
		diag));
	FACT_TEXTS(BIND_TEXT)
	FACT_INTS(BIND_INT)
	FACT_TIMES(BIND_TIME)
	rv_stmt_bind_text(&st, at++, c->id);
	rv_stmt_bind_int(&st, at++, c->kind);
	rv_stmt_bind_int(&st, at++, c->last_seen_us);
	rv_stmt_bind_int(&st, at++, c->last_seen_us);
	return rv_stmt_run(&st, diag);
}

rv_status rv_credential_put(struct rv_db *db, const struct rv_credential *c, bool *out_is_new,
			    struct rv_diag *diag)
{
	bool known = false;
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(db, &txn, diag));
	{
		RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
		RV_TRY(rv_stmt_open(&st, db, "SELECT 1 FROM credentials WHERE id = ?1", diag));
		rv_stmt_bind_text(&st, 1, c->id);
		RV_TRY(rv_stmt_step(&st, &known, diag));
	}
	RV_TRY(upsert(db, c, diag));
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db, "UPDATE credentials SET last_seen_us = ?2 WHERE id = ?1",
			    diag));
	rv_stmt_bind_text(&st, 1, c->id);
	rv_stmt_bind_int(&st, 2, c->last_seen_us);
	RV_TRY(rv_stmt_run(&st, diag));
	RV_TRY(rv_txn_commit(&txn, diag));
	*out_is_new = !known;
	return RV_OK;
}

static rv_status must_change_one(struct rv_db *db, const char *id, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT 1 FROM credentials WHERE id = ?1", diag));
	rv_stmt_bind_text(&st, 1, id);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	return row ? RV_OK
		   : rv_fail(RV_CLASS_NOT_FOUND, diag, "no credential %s is known here", id);
}

rv_status rv_credential_set_state(struct rv_db *db, const char *id, unsigned life, unsigned hold,
				  const char *hold_why, int64_t hold_until_us, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "UPDATE credentials SET life = ?2, hold = ?3, hold_why = ?4, "
			    "hold_until_us = ?5, rev = " REV " WHERE id = ?1 AND (life, hold, "
			    "hold_why, hold_until_us) IS NOT (?2, ?3, ?4, ?5)",
			    diag));
	rv_stmt_bind_text(&st, 1, id);
	rv_stmt_bind_int(&st, 2, life);
	rv_stmt_bind_int(&st, 3, hold);
	rv_stmt_bind_text(&st, 4, rv_text_or_empty(hold_why));
	rv_stmt_bind_time(&st, 5, hold_until_us);
	RV_TRY(rv_stmt_run(&st, diag));
	return must_change_one(db, id, diag);
}

rv_status rv_credential_set_owner(struct rv_db *db, const char *id, unsigned ownership,
				  const char *owner, const char *source, unsigned percent,
				  const char *orphan_reason, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "UPDATE credentials SET ownership = ?2, owner = ?3, owner_source = ?4, "
			    "owner_percent = ?5, orphan_reason = ?6, rev = " REV
			    " WHERE id = ?1 AND (ownership, owner, owner_source, owner_percent, "
			    "orphan_reason) IS NOT (?2, ?3, ?4, ?5, ?6)",
			    diag));
	rv_stmt_bind_text(&st, 1, id);
	rv_stmt_bind_int(&st, 2, ownership);
	rv_stmt_bind_text(&st, 3, rv_text_or_empty(owner));
	rv_stmt_bind_text(&st, 4, rv_text_or_empty(source));
	rv_stmt_bind_int(&st, 5, percent);
	rv_stmt_bind_text(&st, 6, rv_text_or_empty(orphan_reason));
	RV_TRY(rv_stmt_run(&st, diag));
	return must_change_one(db, id, diag);
}

rv_status rv_credential_set_verdict(struct rv_db *db, const char *id, const char *policy,
				    const char *why, int compliant, int64_t due_us,
				    struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"UPDATE credentials SET policy = ?2, why = ?3, compliant = ?4, due_us = "
		"?5, rev = " REV " WHERE id = ?1 AND (policy, why, compliant, due_us) "
		"IS NOT (?2, ?3, ?4, ?5)",
		diag));
	rv_stmt_bind_text(&st, 1, id);
	rv_stmt_bind_text(&st, 2, rv_text_or_empty(policy));
	rv_stmt_bind_text(&st, 3, rv_text_or_empty(why));
	rv_stmt_bind_int(&st, 4, compliant);
	rv_stmt_bind_time(&st, 5, due_us);
	RV_TRY(rv_stmt_run(&st, diag));
	return must_change_one(db, id, diag);
}

rv_status rv_credentials_rev(struct rv_db *db, int64_t *out, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT ifnull(max(rev), 0) FROM credentials", diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	*out = rv_stmt_int(&st, 0);
	return RV_OK;
}

rv_status rv_credentials_count(struct rv_db *db, struct rv_credential_counts *out,
			       struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT count(*), total(ownership = 2), total(ownership = 4), "
			    "total(ownership = 3), total(life = 3), total(hold = 5), "
			    "total(life IN (4, 5, 7)) FROM credentials WHERE life NOT IN (6, 9)",
			    diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	*out = (struct rv_credential_counts){
		.total = rv_stmt_int(&st, 0),
		.owned = rv_stmt_int(&st, 1),
		.orphans = rv_stmt_int(&st, 2),
		.disputed = rv_stmt_int(&st, 3),
		.due = rv_stmt_int(&st, 4),
		.stuck = rv_stmt_int(&st, 5),
		.rotating = rv_stmt_int(&st, 6),
	};
	return RV_OK;
}
