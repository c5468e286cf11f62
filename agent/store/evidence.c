/* store: receipts and owner marks. */
#include "agent/store/evidence.h"

#include "agent/store/row_text.h"
#include "agent/store/schema.h"

const char rv_ddl_evidence[] =
	"CREATE TABLE evidence(credential TEXT NOT NULL REFERENCES credentials(id), "
	"n INTEGER NOT NULL, source TEXT NOT NULL, owner TEXT NOT NULL, weight INTEGER NOT NULL, "
	"text TEXT NOT NULL, PRIMARY KEY(credential, n)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE owner_marks(credential TEXT NOT NULL REFERENCES credentials(id), "
	"n INTEGER NOT NULL, verb TEXT NOT NULL, owner TEXT NOT NULL, by TEXT NOT NULL, "
	"at_us INTEGER NOT NULL, PRIMARY KEY(credential, n)) STRICT, WITHOUT ROWID;";

static rv_status put_one(struct rv_db *db, const char *credential, size_t n,
			 const struct rv_evidence *e, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO evidence(credential, n, source, owner, weight, text) "
			    "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
			    diag));
	rv_stmt_bind_text(&st, 1, credential);
	rv_stmt_bind_int(&st, 2, (int64_t)n);
	rv_stmt_bind_text(&st, 3, rv_text_or_empty(e->source));
	rv_stmt_bind_text(&st, 4, rv_text_or_empty(e->owner));
	rv_stmt_bind_int(&st, 5, e->weight);
	rv_stmt_bind_text(&st, 6, rv_text_or_empty(e->text));
	return rv_stmt_run(&st, diag);
}

rv_status rv_evidence_replace(struct rv_db *db, const char *credential,
			      const struct rv_evidence *items, size_t count, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(db, &txn, diag));
	{
		RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
		RV_TRY(rv_stmt_open(&st, db, "DELETE FROM evidence WHERE credential = ?1", diag));
		rv_stmt_bind_text(&st, 1, credential);
		RV_TRY(rv_stmt_run(&st, diag));
	}
	for (size_t i = 0; i < count; i++)
		RV_TRY(put_one(db, credential, i, &items[i], diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_evidence_each(struct rv_db *db, const char *credential, rv_evidence_fn *fn, void *user,
			   struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT source, owner, weight, text FROM evidence WHERE credential = ?1 "
		"ORDER BY n",
		diag));
	rv_stmt_bind_text(&st, 1, credential);
	for (;;) {
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		const struct rv_evidence e = {
			.source = rv_stmt_text(&st, 0),
			.owner = rv_stmt_text(&st, 1),
			.weight = (unsigned)rv_stmt_int(&st, 2),
			.text = rv_stmt_text(&st, 3),
		};
		RV_TRY(fn(&e, user));
	}
}

rv_status rv_owner_mark_put(struct rv_db *db, const char *credential,
			    const struct rv_owner_mark *mark, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"INSERT INTO owner_marks(credential, n, verb, owner, by, at_us) VALUES(?1, "
		"1 + ifnull((SELECT max(n) FROM owner_marks WHERE credential = ?1), 0), "
		"?2, ?3, ?4, ?5)",
		diag));
	rv_stmt_bind_text(&st, 1, credential);
	rv_stmt_bind_text(&st, 2, rv_text_or_empty(mark->verb));
	rv_stmt_bind_text(&st, 3, rv_text_or_empty(mark->owner));
	rv_stmt_bind_text(&st, 4, rv_text_or_empty(mark->by));
	rv_stmt_bind_int(&st, 5, mark->at_us);
	return rv_stmt_run(&st, diag);
}

void rv_owner_mark_row_done(struct rv_owner_mark_row *row)
{
	free(row->memory);
	*row = (struct rv_owner_mark_row){0};
}

rv_status rv_owner_mark_load(struct rv_db *db, const char *credential,
			     struct rv_owner_mark_row *out, struct rv_diag *diag)
{
	bool row = false;
	struct rv_owner_mark_row got = {0};
	const struct rv_row_text texts[] = {
		{0, &got.mark.verb}, {1, &got.mark.owner}, {2, &got.mark.by}};
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT verb, owner, by, at_us FROM owner_marks WHERE credential = ?1 "
			    "ORDER BY n DESC LIMIT 1",
			    diag));
	rv_stmt_bind_text(&st, 1, credential);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (!row)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "nobody said anything");
	RV_TRY(rv_row_texts(&st, texts, RV_LEN(texts), &got.memory, diag));
	got.mark.at_us = rv_stmt_int(&st, 3);
	*out = got;
	return RV_OK;
}
