/* inventory: keyset pages out of SQLite as JSON. */
#include "agent/inventory/query.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <stdio.h>

#define HOST_COLUMNS                                                                    \
	"id,hostname,agent,enrolled_at,cert_not_after,seen_at,seq,credentials,orphans," \
	"quarantined,"                                                                  \
	"not_looked,denied_at,denied_why"
#define ITEM_COLUMNS "host,id,doc,not_after,(SELECT hostname FROM host h WHERE h.id=item.host)"

/* A cursor is the last row's key, as hex of a JSON array. Nothing in it is believed. */
static rv_status cursor_read(const char *text, size_t keys, json_t **out, struct rv_diag *diag)
{
	uint8_t bytes[512];
	const size_t len = text ? strlen(text) / 2 : 0;

	*out = NULL;
	if (!text)
		return RV_OK;
	if (len > sizeof(bytes) || !rv_is_ok(rv_unhex(rv_str_of(text), bytes, len)) ||
	    !rv_is_ok(rv_json_parse((struct rv_str){bytes, len}, out, NULL)) ||
	    json_array_size(*out) != keys) {
		rv_jsonp(out);
		return rv_fail(RV_CLASS_MALFORMED, diag, "after: not a cursor of this list");
	}
	return RV_OK;
}

static json_t *cursor_make(json_t *key)
{
	RV_CLEANUP(rv_jsonp) json_t *owned = key;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	char hex[1025];

	rv_buf_init(&text, 512);
	if (!owned || !rv_is_ok(rv_json_canonical(owned, &text)))
		return json_null();
	rv_hex(text.data, text.len, hex);
	return json_string(hex);
}

static const char *key_text(const json_t *cursor, size_t i)
{
	const char *text = json_string_value(json_array_get(cursor, i));

	return text ? text : "";
}

static json_t *time_json(int64_t us)
{
	char text[RV_TIME_TEXT];

	rv_time_text(us, text);
	return json_string(text);
}

static const char *host_state(sqlite3_stmt *row, const struct rv_query *q)
{
	if (sqlite3_column_type(row, 11) != SQLITE_NULL)
		return "denied";
	if (q->now_us - sqlite3_column_int64(row, 5) > q->silent_us)
		return "silent";
	return sqlite3_column_int64(row, 6) == 0 ? "enrolled" : "reporting";
}

static json_t *host_json(sqlite3_stmt *row, const struct rv_query *q)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:s?}", "id",
			 rv_invdb_text(row, 0), "hostname", rv_invdb_text(row, 1), "agent",
			 rv_invdb_text(row, 2), "state", host_state(row, q), "enrolled_at",
			 time_json(sqlite3_column_int64(row, 3)), "certificate_until",
			 time_json(sqlite3_column_int64(row, 4)), "seen_at",
			 time_json(sqlite3_column_int64(row, 5)), "credentials",
			 (json_int_t)sqlite3_column_int64(row, 7), "orphans",
			 (json_int_t)sqlite3_column_int64(row, 8), "quarantined",
			 (json_int_t)sqlite3_column_int64(row, 9), "not_looked",
			 (json_int_t)sqlite3_column_int64(row, 10), "denied_why",
			 (const char *)sqlite3_column_text(row, 12));
}

static rv_status collect_hosts(struct rv_invdb *db, sqlite3_stmt *stmt, const struct rv_query *q,
			       json_t *items)
{
	rv_status status;

	while (rv_invdb_step(db, stmt, &status, NULL)) {
		if (json_array_append_new(items, host_json(stmt, q)) < 0) {
			sqlite3_reset(stmt);
			return rv_fail_nomem(NULL);
		}
	}
	return status;
}

/* One row more than asked was read when there is a next page. */
static json_t *make_list(json_t *items, int64_t limit, json_t *(*key_of)(const json_t *item))
{
	json_t *next = json_null();

	if ((int64_t)json_array_size(items) > limit) {
		json_array_remove(items, json_array_size(items) - 1);
		next = cursor_make(key_of(json_array_get(items, json_array_size(items) - 1)));
	}
	return json_pack("{s:i, s:O, s:o}", "v", 1, "items", items, "next", next);
}

static json_t *key_of_host(const json_t *item)
{
	return json_pack("[s]", rv_json_text(item, "id", ""));
}

static json_t *key_of_item(const json_t *item)
{
	return json_pack("[s, s]", rv_json_text(item, "host", ""), rv_json_text(item, "id", ""));
}

static json_t *key_of_due(const json_t *item)
{
	int64_t at = 0;

	if (!rv_is_ok(rv_time_parse(rv_str_of(rv_json_text(item, "not_after", "")), &at, NULL)))
		return NULL;
	return json_pack("[I, s, s]", (json_int_t)at, rv_json_text(item, "host", ""),
			 rv_json_text(item, "id", ""));
}

rv_status rv_query_hosts(struct rv_invdb *db, const struct rv_query *q, json_t **out,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *cursor = NULL;
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();

	RV_TRY(cursor_read(q->after, 1, &cursor, diag));
	sqlite3_stmt *stmt = rv_invdb_bind(
		db, "SELECT " HOST_COLUMNS " FROM host WHERE id>?1 ORDER BY id LIMIT ?2", "ti",
		key_text(cursor, 0), q->limit + 1);
	RV_TRY(collect_hosts(db, stmt, q, items));
	*out = make_list(items, q->limit, key_of_host);
	return *out ? RV_OK : rv_fail_nomem(diag);
}

rv_status rv_query_silent(struct rv_invdb *db, const struct rv_query *q, json_t **out)
{
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();
	sqlite3_stmt *stmt = rv_invdb_bind(db,
					   "SELECT " HOST_COLUMNS
					   " FROM host WHERE denied_at IS NULL AND seen_at<?1"
					   " ORDER BY seen_at LIMIT ?2",
					   "ii", q->now_us - q->silent_us, q->limit);

	RV_TRY(collect_hosts(db, stmt, q, items));
	*out = RV_TAKE(items);
	return RV_OK;
}

rv_status rv_query_host(struct rv_invdb *db, const char *id, const struct rv_query *q, json_t **out)
{
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();
	sqlite3_stmt *stmt =
		rv_invdb_bind(db, "SELECT " HOST_COLUMNS " FROM host WHERE id=?1", "t", id);

	RV_TRY(collect_hosts(db, stmt, q, items));
	if (json_array_size(items) == 0)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no such host");
	*out = json_incref(json_array_get(items, 0));
	return RV_OK;
}

static json_t *item_json(sqlite3_stmt *row, int64_t now_us)
{
	const struct rv_str doc = {sqlite3_column_text(row, 2),
				   (size_t)sqlite3_column_bytes(row, 2)};
	json_t *item = NULL;

	if (!rv_is_ok(rv_json_parse(doc, &item, NULL)))
		return NULL;
	json_object_set_new(item, "host", json_string(rv_invdb_text(row, 0)));
	json_object_set_new(item, "hostname", json_string(rv_invdb_text(row, 4)));
	if (sqlite3_column_type(row, 3) != SQLITE_NULL) {
		const int64_t left = sqlite3_column_int64(row, 3) - now_us;
		/* Floor: half a day past is -1, not 0. */
		const int64_t days = left / RV_US_PER_DAY - (left % RV_US_PER_DAY < 0 ? 1 : 0);
		json_object_set_new(item, "days_left", json_integer(days));
	}
	return item;
}

static sqlite3_stmt *bind_items(struct rv_invdb *db, enum rv_list list, const struct rv_query *q,
				const json_t *cursor)
{
	const int64_t limit = q->limit + 1;

	switch (list) {
	case RV_LIST_CREDENTIALS:
		if (q->host)
			return rv_invdb_bind(
				db,
				"SELECT " ITEM_COLUMNS
				" FROM item WHERE host=?1 AND id>?2 ORDER BY id LIMIT ?3",
				"tti", q->host, key_text(cursor, 1), limit);
		return rv_invdb_bind(db,
				     "SELECT " ITEM_COLUMNS " FROM item WHERE (host,id)>(?1,?2) "
				     "ORDER BY host,id LIMIT ?3",
				     "tti", key_text(cursor, 0), key_text(cursor, 1), limit);
	case RV_LIST_ORPHANS:
		return rv_invdb_bind(db,
				     "SELECT " ITEM_COLUMNS
				     " FROM item WHERE orphan=1 AND (host,id)>(?1,?2) "
				     "ORDER BY host,id LIMIT ?3",
				     "tti", key_text(cursor, 0), key_text(cursor, 1), limit);
	case RV_LIST_EXPIRING:
		break;
	}
	return rv_invdb_bind(db,
			     "SELECT " ITEM_COLUMNS
			     " FROM item WHERE not_after IS NOT NULL AND live=1"
			     " AND not_after<=?1 AND (not_after,host,id)>(?2,?3,?4)"
			     " ORDER BY not_after,host,id LIMIT ?5",
			     "iitti", q->until_us,
			     cursor ? json_integer_value(json_array_get(cursor, 0)) : INT64_MIN,
			     key_text(cursor, 1), key_text(cursor, 2), limit);
}

rv_status rv_query_items(struct rv_invdb *db, enum rv_list list, const struct rv_query *q,
			 json_t **out, struct rv_diag *diag)
{
	const bool is_due = list == RV_LIST_EXPIRING;
	RV_CLEANUP(rv_jsonp) json_t *cursor = NULL;
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();
	rv_status status;

	RV_TRY(cursor_read(q->after, is_due ? 3 : 2, &cursor, diag));
	sqlite3_stmt *stmt = bind_items(db, list, q, cursor);
	while (rv_invdb_step(db, stmt, &status, diag)) {
		if (json_array_append_new(items, item_json(stmt, q->now_us)) < 0) {
			sqlite3_reset(stmt);
			return rv_fail_nomem(diag);
		}
	}
	RV_TRY(status);
	*out = make_list(items, q->limit, is_due ? key_of_due : key_of_item);
	return *out ? RV_OK : rv_fail_nomem(diag);
}

rv_status rv_query_quarantine(struct rv_invdb *db, const char *host, json_t **out)
{
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();
	rv_status status;
	sqlite3_stmt *stmt = rv_invdb_bind(
		db, "SELECT id,why FROM quarantine WHERE host=?1 ORDER BY id LIMIT 1000", "t",
		host);

	while (rv_invdb_step(db, stmt, &status, NULL))
		json_array_append_new(items, json_pack("{s:s, s:s}", "id", rv_invdb_text(stmt, 0),
						       "why", rv_invdb_text(stmt, 1)));
	RV_TRY(status);
	*out = RV_TAKE(items);
	return RV_OK;
}

int64_t rv_query_counter(struct rv_invdb *db, const char *name)
{
	rv_status status;
	int64_t value = 0;
	sqlite3_stmt *stmt =
		rv_invdb_bind(db, "SELECT value FROM counter WHERE name=?1", "t", name);

	while (rv_invdb_step(db, stmt, &status, NULL))
		value = sqlite3_column_int64(stmt, 0);
	return value;
}
