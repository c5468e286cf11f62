/* store: the audit chain. Not here: its one step of hashing (model/event.h), checking it. */
#include "agent/store/audit.h"

#include "agent/base/clock.h"
#include "agent/store/schema.h"

#include <errno.h>

/* Rows are never changed: a trigger says so to whoever tries by accident. Who owns the file can
 * drop the trigger; what that cannot undo is in docs/evidence.md. */
const char rv_ddl_audit[] =
	"CREATE TABLE audit(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, "
	"cred TEXT NOT NULL, run TEXT NOT NULL, event TEXT NOT NULL, hash BLOB NOT NULL) STRICT;"
	"CREATE INDEX audit_cred ON audit(cred, seq);"
	"CREATE INDEX audit_run ON audit(run, seq);"
	"CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN "
	"SELECT RAISE(ABORT, 'audit events are never changed'); END;"
	"CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN "
	"SELECT RAISE(ABORT, 'audit events are never removed'); END;"
	"CREATE TABLE audit_heads(seq INTEGER NOT NULL, key BLOB NOT NULL, hash BLOB NOT NULL, "
	"signature BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(seq, key)) "
	"STRICT, WITHOUT ROWID;";

static struct rv_str bytes_of(const struct rv_digest *d)
{
	return (struct rv_str){d->bytes, sizeof(d->bytes)};
}

static bool take_digest(struct rv_str from, struct rv_digest *out)
{
	if (from.len != sizeof(out->bytes))
		return false;
	memcpy(out->bytes, from.data, sizeof(out->bytes));
	return true;
}

static rv_status damaged(struct rv_diag *diag)
{
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the audit table is damaged");
}

rv_status rv_audit_last(struct rv_db *db, struct rv_audit_head *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	bool row = false;
	RV_TRY(rv_stmt_open(&st, db, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
			    diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	struct rv_audit_head head = {0};
	if (row) {
		head.seq = (uint64_t)rv_stmt_int(&st, 0);
		if (!take_digest(rv_stmt_bytes(&st, 1), &head.hash))
			return damaged(diag);
	}
	*out = head;
	return RV_OK;
}

/* --- appending ----------------------------------------------------------------------------------
 */
static rv_status canonical_of(const struct rv_audit_event *event, int64_t at_us, uint64_t seq,
			      struct rv_buf *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *empty = event->data ? NULL : json_object();
	const json_t *data = event->data ? event->data : empty;
	if (!data)
		return rv_fail_nomem(diag);
	if (!json_is_object(data))
		return rv_fail(RV_CLASS_MALFORMED, diag, "an event's data is a JSON object");
	errno = 0; /* the library does not say why it packed nothing; malloc does */
	/* "O": a reference of its own; the tree is only read. */
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:I, s:s, s:O, s:s, s:I, s:s, s:i}", "at", (json_int_t)at_us,
				"cred", event->cred ? event->cred : "", "data", data, "run",
				event->run ? event->run : "", "seq", (json_int_t)seq, "type",
				event->type, "v", RV_EVENT_VERSION);
	if (!doc && errno == ENOMEM)
		return rv_fail_nomem(diag);
	if (!doc)
		return rv_fail(RV_CLASS_MALFORMED, diag, "an event's texts must be UTF-8");
	return rv_json_canonical(doc, out);
}

static rv_status insert(struct rv_db *db, const struct rv_audit_event *event, int64_t at_us,
			const struct rv_audit_head *head, struct rv_str canonical,
			struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO audit(seq, at, type, cred, run, event, hash) "
			    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			    diag));
	rv_stmt_bind_int(&st, 1, (int64_t)head->seq);
	rv_stmt_bind_int(&st, 2, at_us);
	rv_stmt_bind_text(&st, 3, event->type);
	rv_stmt_bind_text(&st, 4, event->cred ? event->cred : "");
	rv_stmt_bind_text(&st, 5, event->run ? event->run : "");
	rv_stmt_bind_str(&st, 6, canonical);
	rv_stmt_bind_bytes(&st, 7, bytes_of(&head->hash));
	return rv_stmt_run(&st, diag);
}

/* The head is read and the event written in one transaction, so no two events share a place. */
rv_status rv_audit_append(struct rv_db *db, const struct rv_audit_event *event,
			  struct rv_audit_head *out_head, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf canonical = {0};
	struct rv_audit_head head;
	int64_t at_us = event->at_us ? event->at_us : rv_now_utc_us();
	rv_buf_init(&canonical, RV_EVENT_MAX);
	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(rv_audit_last(db, &head, diag));
	head.seq++;
	rv_status st = canonical_of(event, at_us, head.seq, &canonical, diag);
	if (!rv_is_ok(st)) {
		rv_diag_prefix(diag, "audit event %s", event->type);
		return st;
	}
	head.hash = rv_event_hash(&head.hash, rv_buf_view(&canonical));
	RV_TRY(insert(db, event, at_us, &head, rv_buf_view(&canonical), diag));
	RV_TRY(rv_txn_commit(&txn, diag));
	if (out_head)
		*out_head = head;
	return RV_OK;
}

/* --- reading -------------------------------------------------------------------------------------
 */
static rv_status each_row(struct rv_stmt *st, rv_audit_fn *fn, void *user, struct rv_diag *diag)
{
	for (;;) {
		bool row = false;
		struct rv_digest hash;
		RV_TRY(rv_stmt_step(st, &row, diag));
		if (!row)
			return RV_OK;
		if (!take_digest(rv_stmt_bytes(st, 2), &hash))
			return damaged(diag);
		RV_TRY(fn((uint64_t)rv_stmt_int(st, 0), rv_str_of(rv_stmt_text(st, 1)), &hash,
			  user));
	}
}

static int64_t last_or_all(uint64_t last)
{
	return last == 0 || last > INT64_MAX ? INT64_MAX : (int64_t)last;
}

rv_status rv_audit_each(struct rv_db *db, uint64_t first, uint64_t last, rv_audit_fn *fn,
			void *user, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT seq, event, hash FROM audit WHERE seq BETWEEN ?1 AND ?2 "
			    "ORDER BY seq",
			    diag));
	rv_stmt_bind_int(&st, 1, (int64_t)first);
	rv_stmt_bind_int(&st, 2, last_or_all(last));
	return each_row(&st, fn, user, diag);
}

rv_status rv_audit_each_of(struct rv_db *db, const char *cred, const char *run, rv_audit_fn *fn,
			   void *user, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT seq, event, hash FROM audit WHERE (?1 = '' OR cred = ?1) AND "
			    "(?2 = '' OR run = ?2) ORDER BY seq",
			    diag));
	rv_stmt_bind_text(&st, 1, cred);
	rv_stmt_bind_text(&st, 2, run);
	return each_row(&st, fn, user, diag);
}

/* --- signatures ----------------------------------------------------------------------------------
 */
static rv_status check_is_event(struct rv_db *db, const struct rv_audit_head *head,
				struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	bool row = false;
	RV_TRY(rv_stmt_open(&st, db, "SELECT 1 FROM audit WHERE seq = ?1 AND hash = ?2", diag));
	rv_stmt_bind_int(&st, 1, (int64_t)head->seq);
	rv_stmt_bind_bytes(&st, 2, bytes_of(&head->hash));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	return row ? RV_OK
		   : rv_fail(RV_CLASS_CONFLICT, diag, "the signed head is no event of this chain");
}

rv_status rv_audit_sign_put(struct rv_db *db, const struct rv_audit_signature *s,
			    struct rv_diag *diag)
{
	RV_TRY(check_is_event(db, &s->head, diag));
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO audit_heads(seq, key, hash, signature, at) "
			    "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
			    diag));
	rv_stmt_bind_int(&st, 1, (int64_t)s->head.seq);
	rv_stmt_bind_bytes(&st, 2, (struct rv_str){s->public_key, sizeof(s->public_key)});
	rv_stmt_bind_bytes(&st, 3, bytes_of(&s->head.hash));
	rv_stmt_bind_bytes(&st, 4, (struct rv_str){s->signature, sizeof(s->signature)});
	rv_stmt_bind_int(&st, 5, s->at_us);
	return rv_stmt_run(&st, diag);
}

static rv_status take_signature(struct rv_stmt *st, struct rv_audit_signature *out,
				struct rv_diag *diag)
{
	struct rv_audit_signature s = {.head.seq = (uint64_t)rv_stmt_int(st, 0),
				       .at_us = rv_stmt_int(st, 4)};
	struct rv_str key = rv_stmt_bytes(st, 1);
	if (key.len != sizeof(s.public_key) || !take_digest(rv_stmt_bytes(st, 2), &s.head.hash))
		return damaged(diag);
	memcpy(s.public_key, key.data, key.len);
	struct rv_str signature = rv_stmt_bytes(st, 3);
	if (signature.len != sizeof(s.signature))
		return damaged(diag);
	memcpy(s.signature, signature.data, signature.len);
	*out = s;
	return RV_OK;
}

rv_status rv_audit_sign_last(struct rv_db *db, struct rv_audit_signature *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	bool row = false;
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT seq, key, hash, signature, at FROM audit_heads "
			    "ORDER BY seq DESC, at DESC LIMIT 1",
			    diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	return row ? take_signature(&st, out, diag)
		   : rv_fail(RV_CLASS_NOT_FOUND, diag, "no audit head was signed yet");
}

rv_status rv_audit_sign_each(struct rv_db *db, uint64_t first, uint64_t last, rv_audit_sign_fn *fn,
			     void *user, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT seq, key, hash, signature, at FROM audit_heads "
			    "WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq, at",
			    diag));
	rv_stmt_bind_int(&st, 1, (int64_t)first);
	rv_stmt_bind_int(&st, 2, last_or_all(last));
	for (;;) {
		bool row = false;
		struct rv_audit_signature s;
		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		RV_TRY(take_signature(&st, &s, diag));
		RV_TRY(fn(&s, user));
	}
}
