/* store: the outbox. */
#include "agent/store/outbox.h"

#include "agent/base/clock.h"
#include "agent/base/uuid.h"
#include "agent/model/item.h"
#include "agent/store/schema.h"

/* outbox: doc is what is so (NULL: gone), acked what the server holds (NULL: nothing), sent what
 * the batch under way says about a row with in_flight = 1. outbox_state has exactly one row. */
const char rv_ddl_outbox[] =
	"CREATE TABLE outbox(id TEXT PRIMARY KEY, doc TEXT, acked TEXT, sent TEXT, "
	"in_flight INTEGER NOT NULL DEFAULT 0, mark INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE outbox_state(one INTEGER PRIMARY KEY CHECK(one = 1), seq INTEGER NOT NULL, "
	"base TEXT NOT NULL, need_full INTEGER NOT NULL, batch_items INTEGER NOT NULL, "
	"flight_body TEXT, flight_digest TEXT) STRICT;"
	"INSERT INTO outbox_state VALUES(1, 0, '', 1, 500, NULL, NULL);";

struct state {
	int64_t seq, batch_items;
	bool need_full, has_flight;
	char base[RV_ITEMS_DIGEST_TEXT];
};

static rv_status run(struct rv_db *db, const char *sql, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, sql, diag));
	return rv_stmt_run(&st, diag);
}

static rv_status load(struct rv_db *db, struct state *out, struct rv_buf *flight,
		      struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	bool row = false;

	RV_TRY(rv_stmt_open(
		&st, db, "SELECT seq, base, need_full, batch_items, flight_body FROM outbox_state",
		diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	RV_BUG_ON(!row);
	*out = (struct state){
		.seq = rv_stmt_int(&st, 0),
		.need_full = rv_stmt_int(&st, 2) != 0,
		.batch_items = rv_stmt_int(&st, 3),
		.has_flight = !rv_stmt_is_null(&st, 4),
	};
	const struct rv_str base = rv_stmt_bytes(&st, 1);
	if (base.len < sizeof(out->base))
		memcpy(out->base, base.data ? base.data : (const uint8_t *)"", base.len);
	if (flight && out->has_flight) {
		const struct rv_str body = rv_stmt_bytes(&st, 4);
		RV_TRY(rv_buf_put(flight, body.data, body.len));
	}
	return RV_OK;
}

rv_status rv_outbox_put(struct rv_db *db, const char *id, struct rv_str doc, int64_t mark,
			struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO outbox(id, doc, mark) VALUES(?1, ?2, ?3) ON CONFLICT(id) "
			    "DO UPDATE SET doc = excluded.doc, mark = excluded.mark "
			    "WHERE doc IS NOT excluded.doc OR mark <> excluded.mark",
			    diag));
	rv_stmt_bind_text(&st, 1, id);
	rv_stmt_bind_str(&st, 2, doc);
	rv_stmt_bind_int(&st, 3, mark);
	return rv_stmt_run(&st, diag);
}

rv_status rv_outbox_sweep(struct rv_db *db, int64_t mark, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(rv_stmt_open(&st, db, "UPDATE outbox SET doc = NULL WHERE mark <> ?1", diag));
	rv_stmt_bind_int(&st, 1, mark);
	RV_TRY(rv_stmt_run(&st, diag));
	/* Neither here nor there, and not on its way. */
	RV_TRY(run(db, "DELETE FROM outbox WHERE doc IS NULL AND acked IS NULL AND in_flight = 0",
		   diag));
	return rv_txn_commit(&txn, diag);
}

/* Marks at most `limit` differing rows as under way; a row that goes is sent NULL. */
static rv_status choose(struct rv_db *db, int64_t limit, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	/* The running sum keeps one batch under its size; the first row always fits. */
	RV_TRY(rv_stmt_open(&st, db,
			    "UPDATE outbox SET in_flight = 1, sent = doc WHERE id IN (SELECT id "
			    "FROM (SELECT id, "
			    "sum(coalesce(length(doc), 0) + 80) OVER (ORDER BY id) - "
			    "coalesce(length(doc), 0) AS "
			    "before FROM outbox WHERE doc IS NOT acked ORDER BY id LIMIT ?1) WHERE "
			    "before < ?2)",
			    diag));
	rv_stmt_bind_int(&st, 1, limit);
	rv_stmt_bind_int(&st, 2, (int64_t)RV_OUTBOX_BATCH_BYTES);
	return rv_stmt_run(&st, diag);
}

/* The digest of what the server will hold once it has taken the batch. */
static rv_status digest_after(struct rv_db *db, char out[RV_ITEMS_DIGEST_TEXT],
			      struct rv_diag *diag)
{
	RV_CLEANUP(rv_items_digest_done) struct rv_items_digest digest = {0};
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	bool row = false;

	RV_TRY(rv_items_digest_init(&digest));
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT held FROM (SELECT id, CASE WHEN in_flight THEN sent ELSE acked "
			    "END AS held FROM outbox) WHERE held IS NOT NULL ORDER BY id",
			    diag));
	for (;;) {
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return rv_items_digest_final(&digest, out);
		RV_TRY(rv_items_digest_add(&digest, rv_stmt_bytes(&st, 0)));
	}
}

static rv_status add_rows(struct rv_db *db, json_t *items, json_t *gone, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	bool row = false;

	RV_TRY(rv_stmt_open(&st, db, "SELECT id, sent FROM outbox WHERE in_flight = 1 ORDER BY id",
			    diag));
	for (;;) {
		json_t *item = NULL;
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		if (rv_stmt_is_null(&st, 1)) {
			if (json_array_append_new(gone, json_string(rv_stmt_text(&st, 0))) < 0)
				return rv_fail_nomem(diag);
			continue;
		}
		RV_TRY(rv_json_parse(rv_stmt_bytes(&st, 1), &item, diag));
		if (json_array_append_new(items, item) < 0)
			return rv_fail_nomem(diag);
	}
}

static rv_status make_body(struct rv_db *db, const char *host, const json_t *counts,
			   const struct state *s, const char *digest, struct rv_buf *out,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();
	RV_CLEANUP(rv_jsonp) json_t *gone = json_array();
	char batch[RV_UUID_TEXT];
	char at[RV_TIME_TEXT];

	if (!items || !gone)
		return rv_fail_nomem(diag);
	RV_TRY(add_rows(db, items, gone, diag));
	rv_uuid7(batch);
	rv_time_text(rv_now_utc_us(), at);
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:i, s:s, s:I, s:s, s:s, s:s?, s:s, s:s, s:O, s:O, s:O*}", "v", 1,
				"host", host, "seq", (json_int_t)s->seq, "batch_id", batch, "kind",
				s->need_full ? "full" : "delta", "base",
				s->need_full ? NULL : s->base, "digest", digest, "at", at, "items",
				items, "gone", gone, "counts", counts);
	return doc ? rv_json_canonical(doc, out) : rv_fail_nomem(diag);
}

static rv_status keep_flight(struct rv_db *db, int64_t seq, struct rv_str body, const char *digest,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db, "UPDATE outbox_state SET seq = ?1, flight_body = ?2, flight_digest = ?3",
		diag));
	rv_stmt_bind_int(&st, 1, seq);
	rv_stmt_bind_str(&st, 2, body);
	rv_stmt_bind_text(&st, 3, digest);
	return rv_stmt_run(&st, diag);
}

rv_status rv_outbox_next(struct rv_db *db, const char *host, const json_t *counts,
			 struct rv_buf *out, bool *out_any, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	char digest[RV_ITEMS_DIGEST_TEXT];
	int64_t pending = 0;
	struct state s;

	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(load(db, &s, out, diag));
	*out_any = true;
	if (s.has_flight)
		return rv_txn_commit(&txn, diag);
	RV_TRY(rv_outbox_pending(db, &pending, diag));
	if (pending == 0 && !s.need_full) {
		*out_any = false;
		return rv_txn_commit(&txn, diag);
	}
	s.seq++;
	RV_TRY(choose(db, s.batch_items, diag));
	RV_TRY(digest_after(db, digest, diag));
	RV_TRY(make_body(db, host, counts, &s, digest, out, diag));
	RV_TRY(keep_flight(db, s.seq, rv_buf_view(out), digest, diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_outbox_checkin(struct rv_db *db, const char *host, struct rv_buf *out,
			    struct rv_diag *diag)
{
	struct state s;

	RV_TRY(load(db, &s, NULL, diag));
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:i, s:s, s:I, s:s}", "v", 1, "host", host, "seq",
				(json_int_t)s.seq, "digest", s.base);
	return doc ? rv_json_canonical(doc, out) : rv_fail_nomem(diag);
}

rv_status rv_outbox_acked(struct rv_db *db, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	struct state s;

	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(load(db, &s, NULL, diag));
	if (!s.has_flight)
		return rv_fail(RV_CLASS_CONFLICT, diag, "no report is under way");
	RV_TRY(run(db,
		   "UPDATE outbox SET acked = sent, sent = NULL, in_flight = 0 "
		   "WHERE in_flight = 1",
		   diag));
	RV_TRY(run(db, "DELETE FROM outbox WHERE doc IS NULL AND acked IS NULL", diag));
	RV_TRY(run(db,
		   "UPDATE outbox_state SET base = flight_digest, need_full = 0, "
		   "flight_body = NULL, flight_digest = NULL",
		   diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_outbox_need_full(struct rv_db *db, int64_t server_seq, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(run(db, "UPDATE outbox SET acked = NULL, sent = NULL, in_flight = 0", diag));
	RV_TRY(run(db, "DELETE FROM outbox WHERE doc IS NULL", diag));
	RV_TRY(rv_stmt_open(&st, db,
			    "UPDATE outbox_state SET base = '', need_full = 1, flight_body = NULL, "
			    "flight_digest = NULL, seq = max(seq, ?1)",
			    diag));
	rv_stmt_bind_int(&st, 1, server_seq);
	RV_TRY(rv_stmt_run(&st, diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_outbox_shrink(struct rv_db *db, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(run(db,
		   "UPDATE outbox_state SET batch_items = max(1, batch_items / 2), "
		   "flight_body = NULL, flight_digest = NULL",
		   diag));
	RV_TRY(run(db, "UPDATE outbox SET sent = NULL, in_flight = 0 WHERE in_flight = 1", diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_outbox_clear(struct rv_db *db, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(run(db, "DELETE FROM outbox", diag));
	RV_TRY(run(db,
		   "UPDATE outbox_state SET seq = 0, base = '', need_full = 1, "
		   "batch_items = 500, flight_body = NULL, flight_digest = NULL",
		   diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_outbox_pending(struct rv_db *db, int64_t *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	bool row = false;

	RV_TRY(rv_stmt_open(&st, db, "SELECT count(*) FROM outbox WHERE doc IS NOT acked", diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	*out = rv_stmt_int(&st, 0);
	return RV_OK;
}
