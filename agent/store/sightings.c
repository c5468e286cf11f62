/* store: rows of sightings. */
#include "agent/store/sightings.h"

#include "agent/base/path.h"
#include "agent/store/row_text.h"
#include "agent/store/schema.h"

#include <stdio.h>

const char rv_ddl_sightings[] =
	"CREATE TABLE sightings(id TEXT PRIMARY KEY, credential TEXT REFERENCES credentials(id), "
	"path BLOB NOT NULL, shown TEXT NOT NULL, locator TEXT NOT NULL, role INTEGER NOT NULL, "
	"masked INTEGER NOT NULL, dev INTEGER NOT NULL, ino INTEGER NOT NULL, uid INTEGER NOT "
	"NULL, "
	"gid INTEGER NOT NULL, mode INTEGER NOT NULL, mtime_us INTEGER NOT NULL, "
	"line INTEGER NOT NULL, col INTEGER NOT NULL, ordinal INTEGER NOT NULL, "
	"in_bundle INTEGER NOT NULL, alg INTEGER NOT NULL, bits INTEGER NOT NULL, "
	"cert_sha256 TEXT NOT NULL, spki TEXT NOT NULL, "
	"unit TEXT NOT NULL DEFAULT '', package TEXT NOT NULL DEFAULT '', is_ca INTEGER NOT NULL, "
	"is_stale INTEGER NOT NULL DEFAULT 0, first_seen_us INTEGER NOT NULL, "
	"last_seen_us INTEGER NOT NULL, gone_us INTEGER, pass INTEGER NOT NULL) STRICT;"
	"CREATE INDEX sightings_credential ON sightings(credential);"
	"CREATE INDEX sightings_path ON sightings(path);"
	"CREATE INDEX sightings_role ON sightings(role, id);"
	"CREATE INDEX sightings_spki ON sightings(spki) WHERE spki <> '';";

#define COLUMNS                                                                                \
	"SELECT locator, cert_sha256, spki, unit, package, id, ifnull(credential, ''), path, " \
	"role, "                                                                               \
	"masked, dev, ino, uid, gid, mode, mtime_us, line, col, ordinal, in_bundle, is_ca, "   \
	"is_stale, first_seen_us, last_seen_us, gone_us, alg, bits FROM sightings "

struct row {
	struct rv_sighting s;
	char *memory;
	uint8_t *path;
};

static void row_done(struct row *row)
{
	free(row->memory);
	free(row->path);
}

static rv_status read_numbers(struct rv_stmt *st, struct rv_sighting *s)
{
	(void)snprintf(s->id, sizeof(s->id), "%s", rv_stmt_text(st, 5));
	(void)snprintf(s->credential, sizeof(s->credential), "%s", rv_stmt_text(st, 6));
	s->role = (unsigned)rv_stmt_int(st, 8);
	s->is_masked = rv_stmt_int(st, 9) != 0;
	s->dev = (uint64_t)rv_stmt_int(st, 10);
	s->ino = (uint64_t)rv_stmt_int(st, 11);
	s->uid = (uint32_t)rv_stmt_int(st, 12);
	s->gid = (uint32_t)rv_stmt_int(st, 13);
	s->mode = (uint32_t)rv_stmt_int(st, 14);
	s->mtime_us = rv_stmt_int(st, 15);
	s->line = (unsigned)rv_stmt_int(st, 16);
	s->column = (unsigned)rv_stmt_int(st, 17);
	s->ordinal = (unsigned)rv_stmt_int(st, 18);
	s->in_bundle = (unsigned)rv_stmt_int(st, 19);
	s->is_ca = rv_stmt_int(st, 20) != 0;
	s->is_stale = rv_stmt_int(st, 21) != 0;
	s->first_seen_us = rv_stmt_int(st, 22);
	s->last_seen_us = rv_stmt_int(st, 23);
	s->gone_us = rv_stmt_time(st, 24);
	s->alg = (unsigned)rv_stmt_int(st, 25);
	s->bits = (unsigned)rv_stmt_int(st, 26);
	return RV_OK;
}

static rv_status read_row(struct rv_stmt *st, struct row *out, struct rv_diag *diag)
{
	struct rv_sighting *s = &out->s;
	const struct rv_row_text texts[] = {{0, &s->locator},
					    {1, &s->cert_sha256},
					    {2, &s->spki},
					    {3, &s->unit},
					    {4, &s->package}};
	struct rv_str path = rv_stmt_bytes(st, 7);

	RV_TRY(rv_row_texts(st, texts, RV_LEN(texts), &out->memory, diag));
	out->path = malloc(path.len + 1);
	if (!out->path)
		return rv_fail_nomem(diag);
	memcpy(out->path, path.data, path.len);
	s->path = (struct rv_str){out->path, path.len};
	return read_numbers(st, s);
}

static rv_status bind_all(struct rv_stmt *st, const struct rv_sighting *s, const char *shown,
			  int64_t pass, struct rv_diag *diag)
{
	int at = 1;

	rv_stmt_bind_text(st, at++, s->id);
	rv_stmt_bind_text(st, at++, s->credential[0] ? s->credential : NULL);
	rv_stmt_bind_bytes(st, at++, s->path);
	rv_stmt_bind_text(st, at++, shown);
	rv_stmt_bind_text(st, at++, rv_text_or_empty(s->locator));
	rv_stmt_bind_int(st, at++, s->role);
	rv_stmt_bind_int(st, at++, s->is_masked);
	rv_stmt_bind_int(st, at++, (int64_t)s->dev);
	rv_stmt_bind_int(st, at++, (int64_t)s->ino);
	rv_stmt_bind_int(st, at++, s->uid);
	rv_stmt_bind_int(st, at++, s->gid);
	rv_stmt_bind_int(st, at++, s->mode);
	rv_stmt_bind_int(st, at++, s->mtime_us);
	rv_stmt_bind_int(st, at++, s->line);
	rv_stmt_bind_int(st, at++, s->column);
	rv_stmt_bind_int(st, at++, s->ordinal);
	rv_stmt_bind_int(st, at++, s->in_bundle);
	rv_stmt_bind_text(st, at++, rv_text_or_empty(s->cert_sha256));
	rv_stmt_bind_text(st, at++, rv_text_or_empty(s->spki));
	rv_stmt_bind_int(st, at++, s->is_ca);
	rv_stmt_bind_int(st, at++, s->last_seen_us);
	rv_stmt_bind_int(st, at++, pass);
	rv_stmt_bind_int(st, at++, s->alg);
	rv_stmt_bind_int(st, at++, s->bits);
	return rv_stmt_run(st, diag);
}

rv_status rv_sighting_put(struct rv_db *db, const struct rv_sighting *s, int64_t pass,
			  struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf shown = {0};
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	rv_buf_init(&shown, 4 * 4096 + 16);
	RV_TRY(rv_path_escape(s->path, &shown));
	const char *text = rv_buf_cstr(&shown);
	if (!text)
		return rv_fail_nomem(diag);
	RV_TRY(rv_stmt_open(
		&st, db,
		"INSERT INTO sightings(id, credential, path, shown, locator, role, masked, dev, "
		"ino, "
		"uid, gid, mode, mtime_us, line, col, ordinal, in_bundle, cert_sha256, spki, "
		"is_ca, "
		"first_seen_us, last_seen_us, pass, alg, bits) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, "
		"?8, ?9, "
		"?10, "
		"?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?21, ?22, ?23, ?24) "
		"ON CONFLICT(id) DO UPDATE SET alg = excluded.alg, bits = excluded.bits, "
		"credential = CASE WHEN excluded.credential IS NOT "
		"NULL "
		"THEN excluded.credential WHEN sightings.cert_sha256 = excluded.cert_sha256 AND "
		"sightings.spki = excluded.spki THEN sightings.credential END, role = "
		"excluded.role, "
		"masked = excluded.masked, dev = excluded.dev, ino = excluded.ino, uid = "
		"excluded.uid, "
		"gid = excluded.gid, mode = excluded.mode, mtime_us = excluded.mtime_us, line = "
		"excluded.line, col = excluded.col, ordinal = excluded.ordinal, in_bundle = "
		"excluded.in_bundle, cert_sha256 = excluded.cert_sha256, spki = excluded.spki, "
		"is_ca = "
		"excluded.is_ca, last_seen_us = excluded.last_seen_us, pass = excluded.pass, "
		"gone_us = NULL",
		diag));
	return bind_all(&st, s, text, pass, diag);
}

rv_status rv_sighting_join(struct rv_db *db, const char *id, const char *credential,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"UPDATE sightings SET credential = ?2 WHERE id = ?1 AND credential IS NOT "
		"?2",
		diag));
	rv_stmt_bind_text(&st, 1, id);
	rv_stmt_bind_text(&st, 2, credential && *credential ? credential : NULL);
	return rv_stmt_run(&st, diag);
}

rv_status rv_sighting_set_evidence(struct rv_db *db, const char *id, const char *unit,
				   const char *package, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "UPDATE sightings SET unit = ?2, package = ?3 WHERE id = ?1 AND "
			    "(unit, package) IS NOT (?2, ?3)",
			    diag));
	rv_stmt_bind_text(&st, 1, id);
	rv_stmt_bind_text(&st, 2, rv_text_or_empty(unit));
	rv_stmt_bind_text(&st, 3, rv_text_or_empty(package));
	return rv_stmt_run(&st, diag);
}

rv_status rv_sighting_set_stale(struct rv_db *db, const char *id, bool is_stale,
				struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "UPDATE sightings SET is_stale = ?2 WHERE id = ?1", diag));
	rv_stmt_bind_text(&st, 1, id);
	rv_stmt_bind_int(&st, 2, is_stale);
	return rv_stmt_run(&st, diag);
}

/* Steps by the id, one row at a time, so that fn may write. `sql` takes ?1 the last id, ?2. */
static rv_status next_row(struct rv_db *db, const char *sql, const char *last, struct rv_str key,
			  int64_t number, struct row *out, bool *out_found, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, sql, diag));
	rv_stmt_bind_text(&st, 1, last);
	if (key.data)
		rv_stmt_bind_bytes(&st, 2, key);
	else
		rv_stmt_bind_int(&st, 2, number);
	RV_TRY(rv_stmt_step(&st, out_found, diag));
	return *out_found ? read_row(&st, out, diag) : RV_OK;
}

static rv_status each(struct rv_db *db, const char *sql, struct rv_str key, int64_t number,
		      rv_sighting_fn *fn, void *user, struct rv_diag *diag)
{
	char last[RV_ID_TEXT] = "";

	for (;;) {
		bool found = false;
		RV_CLEANUP(row_done) struct row row = {0};

		RV_TRY(next_row(db, sql, last, key, number, &row, &found, diag));
		if (!found)
			return RV_OK;
		memcpy(last, row.s.id, sizeof(last));
		RV_TRY(fn(&row.s, user));
	}
}

rv_status rv_sightings_each(struct rv_db *db, const char *credential, bool with_gone,
			    rv_sighting_fn *fn, void *user, struct rv_diag *diag)
{
	const char *live = COLUMNS "WHERE credential = CAST(?2 AS TEXT) AND id > ?1 AND gone_us IS "
				   "NULL ORDER BY id LIMIT 1";
	const char *all = COLUMNS "WHERE credential = CAST(?2 AS TEXT) AND id > ?1 ORDER BY id "
				  "LIMIT 1";

	return each(db, with_gone ? all : live, rv_str_of(credential), 0, fn, user, diag);
}

rv_status rv_sightings_by_role(struct rv_db *db, unsigned role, rv_sighting_fn *fn, void *user,
			       struct rv_diag *diag)
{
	if (role == 0)
		return each(db,
			    COLUMNS
			    "WHERE id > ?1 AND ?2 = 0 AND gone_us IS NULL ORDER BY id LIMIT 1",
			    RV_STR_NONE, 0, fn, user, diag);
	return each(db,
		    COLUMNS "WHERE role = ?2 AND id > ?1 AND gone_us IS NULL ORDER BY id LIMIT 1",
		    RV_STR_NONE, role, fn, user, diag);
}

rv_status rv_sightings_at(struct rv_db *db, struct rv_str path, rv_sighting_fn *fn, void *user,
			  struct rv_diag *diag)
{
	return each(db,
		    COLUMNS "WHERE path = ?2 AND id > ?1 AND gone_us IS NULL ORDER BY id LIMIT 1",
		    path, 0, fn, user, diag);
}

rv_status rv_sightings_sweep(struct rv_db *db, int64_t pass, int64_t now_us, int64_t *out_gone,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db, "UPDATE sightings SET gone_us = ?2 WHERE pass <> ?1 AND gone_us IS NULL",
		diag));
	rv_stmt_bind_int(&st, 1, pass);
	rv_stmt_bind_int(&st, 2, now_us);
	RV_TRY(rv_stmt_run(&st, diag));
	*out_gone = rv_db_changes(db);
	return RV_OK;
}
