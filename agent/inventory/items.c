/* inventory: applying what a host reported. State, not events: rows are only touched when they
 * differ, counters move with them, and `seen_at` lives on the host row alone. */
#include "agent/inventory/items.h"

#include "agent/base/clock.h"
#include "agent/model/kinds.h"

#include <stdio.h>

struct host_state {
	int64_t seq, credentials, orphans;
	char digest[RV_ITEMS_DIGEST_TEXT];
	bool is_replay;
};

/* The change to a host's counts. */
struct change {
	int64_t credentials, orphans;
};

static rv_status load_host(struct rv_invdb *db, const char *host, const char *batch,
			   struct host_state *out, struct rv_buf *answer)
{
	rv_status status;
	sqlite3_stmt *stmt = rv_invdb_bind(
		db, "SELECT seq,digest,batch,answer,credentials,orphans FROM host WHERE id=?1", "t",
		host);

	if (!rv_invdb_step(db, stmt, &status, NULL))
		return rv_is_ok(status) ? rv_fail(RV_CLASS_NOT_FOUND, NULL, "no such host")
					: status;
	out->seq = sqlite3_column_int64(stmt, 0);
	snprintf(out->digest, sizeof(out->digest), "%s", rv_invdb_text(stmt, 1));
	out->credentials = sqlite3_column_int64(stmt, 4);
	out->orphans = sqlite3_column_int64(stmt, 5);
	out->is_replay = batch && strcmp(batch, rv_invdb_text(stmt, 2)) == 0;
	if (out->is_replay)
		status = rv_buf_put_str(answer, rv_invdb_text(stmt, 3));
	sqlite3_reset(stmt);
	return status;
}

static rv_status refuse(struct rv_items_answer *out, enum rv_problem problem, int64_t seq)
{
	out->is_refused = true;
	out->problem = problem;
	out->seq = seq;
	return RV_OK;
}

rv_status rv_items_checkin(struct rv_invdb *db, const struct rv_doc_checkin *doc, int64_t now_us,
			   struct rv_items_answer *out)
{
	struct host_state host = {0};

	RV_TRY(load_host(db, doc->host, NULL, &host, NULL));
	if (strcmp(host.digest, doc->digest) != 0)
		return refuse(out, RV_PROBLEM_NEED_FULL, host.seq);
	return rv_invdb_run(db, NULL, "UPDATE host SET seen_at=?2 WHERE id=?1", "ti", doc->host,
			    now_us);
}

/* The row as it is: counts of its own, and whether its text is the same. */
static rv_status old_row(struct rv_invdb *db, const char *host, const char *id, struct rv_str text,
			 struct change *out, bool *out_same)
{
	rv_status status;
	sqlite3_stmt *stmt = rv_invdb_bind(
		db, "SELECT orphan,live,doc FROM item WHERE host=?1 AND id=?2", "tt", host, id);

	*out = (struct change){0};
	*out_same = false;
	if (!rv_invdb_step(db, stmt, &status, NULL))
		return status;
	out->orphans = sqlite3_column_int64(stmt, 0);
	out->credentials = sqlite3_column_int64(stmt, 1);
	*out_same = text.data && rv_str_is(text, rv_invdb_text(stmt, 2));
	sqlite3_reset(stmt);
	return RV_OK;
}

static rv_status put_item(struct rv_invdb *db, const struct rv_doc_report *doc, size_t i,
			  struct change *sum)
{
	const struct rv_item_facts *facts = &doc->items[i].facts;
	const struct rv_str text = rv_doc_item_text(doc, i);
	const bool is_orphan = facts->is_live && facts->ownership == RV_OWNERSHIP_ORPHANED;
	struct change old;
	bool is_same;

	RV_TRY(old_row(db, doc->host, facts->id, text, &old, &is_same));
	if (is_same)
		return RV_OK;
	sum->credentials += (facts->is_live ? 1 : 0) - old.credentials;
	sum->orphans += (is_orphan ? 1 : 0) - old.orphans;
	sqlite3_stmt *stmt = rv_invdb_bind(
		db,
		"INSERT INTO item(host,id,kind,orphan,live,not_after,doc)"
		" VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(host,id) DO UPDATE SET "
		"kind=excluded.kind,"
		"orphan=excluded.orphan,live=excluded.live,not_after=excluded.not_after,"
		"doc=excluded.doc",
		"ttiii", doc->host, facts->id, (int64_t)facts->kind, (int64_t)is_orphan,
		(int64_t)facts->is_live);
	rv_status status = RV_OK;
	if (stmt) {
		if (facts->has_not_after)
			sqlite3_bind_int64(stmt, 6, facts->not_after_us);
		else
			sqlite3_bind_null(stmt, 6);
		sqlite3_bind_text64(stmt, 7, (const char *)text.data, text.len, SQLITE_STATIC,
				    SQLITE_UTF8);
	}
	(void)rv_invdb_step(db, stmt, &status,
			    NULL); /* an upsert has no row; status says the rest */
	return status;
}

static rv_status drop_item(struct rv_invdb *db, const char *host, const char *id,
			   struct change *sum)
{
	struct change old;
	bool is_same;

	RV_TRY(old_row(db, host, id, RV_STR_NONE, &old, &is_same));
	sum->credentials -= old.credentials;
	sum->orphans -= old.orphans;
	return rv_invdb_run(db, NULL, "DELETE FROM item WHERE host=?1 AND id=?2", "tt", host, id);
}

/* A full report names everything: rows it does not name go. Both sides are in order of id. */
static rv_status drop_unnamed(struct rv_invdb *db, const struct rv_doc_report *doc,
			      struct change *sum)
{
	RV_CLEANUP(rv_jsonp) json_t *dropped = json_array();
	rv_status status;
	size_t i = 0;
	sqlite3_stmt *stmt =
		rv_invdb_bind(db, "SELECT id FROM item WHERE host=?1 ORDER BY id", "t", doc->host);

	if (!dropped)
		return rv_fail_nomem(NULL);
	while (rv_invdb_step(db, stmt, &status, NULL)) {
		const char *id = rv_invdb_text(stmt, 0);
		while (i < doc->item_count && strcmp(doc->items[i].facts.id, id) < 0)
			i++;
		if (i < doc->item_count && strcmp(doc->items[i].facts.id, id) == 0)
			continue;
		if (json_array_append_new(dropped, json_string(id)) < 0) {
			sqlite3_reset(stmt);
			return rv_fail_nomem(NULL);
		}
	}
	RV_TRY(status);
	for (i = 0; i < json_array_size(dropped); i++)
		RV_TRY(drop_item(db, doc->host, json_string_value(json_array_get(dropped, i)),
				 sum));
	return RV_OK;
}

static rv_status apply_rows(struct rv_invdb *db, const struct rv_doc_report *doc,
			    struct change *sum)
{
	if (doc->is_full)
		RV_TRY(drop_unnamed(db, doc, sum));
	for (size_t i = 0; i < doc->item_count; i++)
		RV_TRY(put_item(db, doc, i, sum));
	for (size_t i = 0; !doc->is_full && i < json_array_size(doc->gone); i++)
		RV_TRY(drop_item(db, doc->host, json_string_value(json_array_get(doc->gone, i)),
				 sum));
	return RV_OK;
}

/* An item that was set aside replaces its row; one that came good, or went, leaves quarantine. */
static rv_status apply_quarantine(struct rv_invdb *db, const struct rv_doc_report *doc,
				  int64_t now_us, struct change *sum, int64_t *out_count)
{
	rv_status status;

	if (doc->is_full)
		RV_TRY(rv_invdb_run(db, NULL, "DELETE FROM quarantine WHERE host=?1", "t",
				    doc->host));
	for (size_t i = 0; !doc->is_full && i < doc->item_count; i++)
		RV_TRY(rv_invdb_run(db, NULL, "DELETE FROM quarantine WHERE host=?1 AND id=?2",
				    "tt", doc->host, doc->items[i].facts.id));
	for (size_t i = 0; !doc->is_full && i < json_array_size(doc->gone); i++)
		RV_TRY(rv_invdb_run(db, NULL, "DELETE FROM quarantine WHERE host=?1 AND id=?2",
				    "tt", doc->host,
				    json_string_value(json_array_get(doc->gone, i))));
	for (size_t i = 0; i < doc->bad_count; i++) {
		RV_TRY(drop_item(db, doc->host, doc->bad[i].id, sum));
		RV_TRY(rv_invdb_run(
			db, NULL,
			"INSERT INTO quarantine(host,id,why,at) VALUES(?1,?2,?3,?4) "
			"ON CONFLICT(host,id) DO UPDATE SET why=excluded.why,at=excluded.at",
			"ttti", doc->host, doc->bad[i].id, doc->bad[i].why, now_us));
	}
	sqlite3_stmt *stmt =
		rv_invdb_bind(db, "SELECT count(*) FROM quarantine WHERE host=?1", "t", doc->host);
	while (rv_invdb_step(db, stmt, &status, NULL))
		*out_count = sqlite3_column_int64(stmt, 0);
	return status;
}

/* What is held now must be what the host says it is: a lost or doubled change shows here. */
static rv_status verify_digest(struct rv_invdb *db, const struct rv_doc_report *doc,
			       bool *out_holds)
{
	RV_CLEANUP(rv_items_digest_done) struct rv_items_digest digest = {0};
	char text[RV_ITEMS_DIGEST_TEXT];
	rv_status status;

	RV_TRY(rv_items_digest_init(&digest));
	sqlite3_stmt *stmt =
		rv_invdb_bind(db, "SELECT doc FROM item WHERE host=?1 ORDER BY id", "t", doc->host);
	while (rv_invdb_step(db, stmt, &status, NULL)) {
		const struct rv_str item = {sqlite3_column_text(stmt, 0),
					    (size_t)sqlite3_column_bytes(stmt, 0)};
		rv_status added = rv_items_digest_add(&digest, item);
		if (!rv_is_ok(added)) {
			sqlite3_reset(stmt);
			return added;
		}
	}
	RV_TRY(status);
	RV_TRY(rv_items_digest_final(&digest, text));
	*out_holds = strcmp(text, doc->digest) == 0;
	return RV_OK;
}

static rv_status make_answer(const struct rv_doc_report *doc, int64_t now_us,
			     const struct rv_items_pace *pace, struct rv_buf *out)
{
	RV_CLEANUP(rv_jsonp) json_t *bad = json_array();
	char time_text[RV_TIME_TEXT];

	for (size_t i = 0; bad && i < doc->bad_count; i++) {
		if (json_array_append_new(bad, json_pack("{s:s, s:s}", "id", doc->bad[i].id, "why",
							 doc->bad[i].why)) < 0)
			return rv_fail_nomem(NULL);
	}
	rv_time_text(now_us, time_text);
	RV_CLEANUP(rv_jsonp)
	json_t *answer =
		json_pack("{s:I, s:O, s:I, s:I, s:s}", "accepted", (json_int_t)doc->item_count,
			  "quarantined", bad, "next_checkin_s", (json_int_t)pace->next_checkin_s,
			  "spread_s", (json_int_t)pace->spread_s, "server_time", time_text);
	return answer ? rv_json_canonical(answer, out) : rv_fail_nomem(NULL);
}

static rv_status count(struct rv_invdb *db, const struct change *sum)
{
	if (sum->credentials != 0)
		RV_TRY(rv_invdb_run(db, NULL,
				    "UPDATE counter SET value=value+?1 WHERE name='credentials'",
				    "i", sum->credentials));
	if (sum->orphans != 0)
		RV_TRY(rv_invdb_run(db, NULL,
				    "UPDATE counter SET value=value+?1 WHERE name='orphans'", "i",
				    sum->orphans));
	return rv_invdb_run(db, NULL, "UPDATE counter SET value=value+1 WHERE name='reports'", "");
}

rv_status rv_items_report(struct rv_invdb *db, const struct rv_doc_report *doc, int64_t now_us,
			  const struct rv_items_pace *pace, struct rv_items_answer *out)
{
	struct host_state host = {0};
	struct change sum = {0};
	int64_t quarantined = 0;
	bool holds = true;

	RV_TRY(load_host(db, doc->host, doc->batch_id, &host, &out->body));
	if (host.is_replay)
		return RV_OK;
	if (doc->seq <= host.seq || (!doc->is_full && strcmp(doc->base, host.digest) != 0))
		return refuse(out, RV_PROBLEM_NEED_FULL, host.seq);
	RV_TRY(apply_rows(db, doc, &sum));
	RV_TRY(apply_quarantine(db, doc, now_us, &sum, &quarantined));
	/* With items set aside we do not hold what the digest covers. */
	if (quarantined == 0)
		RV_TRY(verify_digest(db, doc, &holds));
	if (!holds)
		return refuse(out, doc->is_full ? RV_PROBLEM_UNPROCESSABLE : RV_PROBLEM_NEED_FULL,
			      host.seq);
	RV_TRY(count(db, &sum));
	RV_TRY(make_answer(doc, now_us, pace, &out->body));
	return rv_invdb_run(
		db, NULL,
		"UPDATE host SET seen_at=?2,host_at=?3,seq=?4,digest=?5,batch=?6,answer=?7,"
		"credentials=?8,orphans=?9,quarantined=?10,not_looked=?11 WHERE id=?1",
		"tiiitttiiii", doc->host, now_us, doc->at_us, doc->seq, doc->digest, doc->batch_id,
		rv_buf_cstr(&out->body), host.credentials + sum.credentials,
		host.orphans + sum.orphans, quarantined, doc->not_looked);
}
