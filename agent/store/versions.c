/* store: the versions a lineage has had. */
#include "agent/store/credentials.h"
#include "agent/store/row_text.h"
#include "agent/store/schema.h"

#include <stdio.h>

const char rv_ddl_versions[] =
	"CREATE TABLE versions(credential TEXT NOT NULL REFERENCES credentials(id), "
	"number INTEGER NOT NULL, cert_sha256 TEXT NOT NULL, spki TEXT NOT NULL, "
	"serial TEXT NOT NULL, not_before_us INTEGER, not_after_us INTEGER, run TEXT NOT NULL, "
	"grade TEXT NOT NULL, first_seen_us INTEGER NOT NULL, last_seen_us INTEGER NOT NULL, "
	"PRIMARY KEY(credential, number), UNIQUE(credential, cert_sha256, spki)) "
	"STRICT, WITHOUT ROWID;"
	"CREATE INDEX versions_cert ON versions(cert_sha256);"
	"CREATE INDEX versions_spki ON versions(spki);";

rv_status rv_version_add(struct rv_db *db, const struct rv_version *v, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT INTO versions(credential, number, cert_sha256, spki, serial, "
			    "not_before_us, not_after_us, run, grade, first_seen_us, last_seen_us) "
			    "VALUES(?1, 1 + ifnull((SELECT max(number) FROM versions WHERE "
			    "credential = ?1), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT"
			    "(credential, cert_sha256, spki) DO UPDATE SET "
			    "last_seen_us = max(last_seen_us, excluded.last_seen_us)",
			    diag));
	rv_stmt_bind_text(&st, 1, v->credential);
	rv_stmt_bind_text(&st, 2, rv_text_or_empty(v->cert_sha256));
	rv_stmt_bind_text(&st, 3, rv_text_or_empty(v->spki));
	rv_stmt_bind_text(&st, 4, rv_text_or_empty(v->serial));
	rv_stmt_bind_time(&st, 5, v->not_before_us);
	rv_stmt_bind_time(&st, 6, v->not_after_us);
	rv_stmt_bind_text(&st, 7, rv_text_or_empty(v->run));
	rv_stmt_bind_text(&st, 8, rv_text_or_empty(v->grade));
	rv_stmt_bind_int(&st, 9, v->first_seen_us);
	rv_stmt_bind_int(&st, 10, v->last_seen_us);
	return rv_stmt_run(&st, diag);
}

rv_status rv_version_set_grade(struct rv_db *db, const char *credential, const char *cert_sha256,
			       const char *grade, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "UPDATE versions SET grade = ?3 WHERE credential = ?1 AND "
			    "cert_sha256 = ?2",
			    diag));
	rv_stmt_bind_text(&st, 1, credential);
	rv_stmt_bind_text(&st, 2, cert_sha256);
	rv_stmt_bind_text(&st, 3, rv_text_or_empty(grade));
	RV_TRY(rv_stmt_run(&st, diag));
	if (rv_db_changes(db) == 0)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s has no such version", credential);
	return RV_OK;
}

rv_status rv_version_make_current(struct rv_db *db, const char *credential, const char *cert_sha256,
				  struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "UPDATE credentials SET cert_sha256 = v.cert_sha256, spki = v.spki, "
			    "serial = v.serial, not_before_us = v.not_before_us, not_after_us = "
			    "v.not_after_us, changed_us = v.first_seen_us, version = v.number, "
			    "fingerprint = 'sha256:' || v.spki, rev = (SELECT max(rev) + 1 FROM "
			    "credentials) FROM versions v WHERE credentials.id = ?1 AND "
			    "v.credential = ?1 AND v.cert_sha256 = ?2",
			    diag));
	rv_stmt_bind_text(&st, 1, credential);
	rv_stmt_bind_text(&st, 2, cert_sha256);
	RV_TRY(rv_stmt_run(&st, diag));
	if (rv_db_changes(db) == 0)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s has no such version", credential);
	return RV_OK;
}

static rv_status next_version(struct rv_db *db, const char *credential, unsigned after,
			      struct rv_version *out, char **out_memory, bool *out_found,
			      struct rv_diag *diag)
{
	struct rv_version v = {0};
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	const struct rv_row_text texts[] = {
		{0, &v.cert_sha256}, {1, &v.spki}, {2, &v.serial}, {3, &v.run}, {4, &v.grade}};

	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT cert_sha256, spki, serial, run, grade, number, not_before_us, "
			    "not_after_us, first_seen_us, last_seen_us FROM versions WHERE "
			    "credential = ?1 AND number > ?2 ORDER BY number LIMIT 1",
			    diag));
	rv_stmt_bind_text(&st, 1, credential);
	rv_stmt_bind_int(&st, 2, after);
	RV_TRY(rv_stmt_step(&st, out_found, diag));
	if (!*out_found)
		return RV_OK;
	RV_TRY(rv_row_texts(&st, texts, RV_LEN(texts), out_memory, diag));
	(void)snprintf(v.credential, sizeof(v.credential), "%s", credential);
	v.number = (unsigned)rv_stmt_int(&st, 5);
	v.not_before_us = rv_stmt_time(&st, 6);
	v.not_after_us = rv_stmt_time(&st, 7);
	v.first_seen_us = rv_stmt_int(&st, 8);
	v.last_seen_us = rv_stmt_int(&st, 9);
	*out = v;
	return RV_OK;
}

rv_status rv_versions_each(struct rv_db *db, const char *credential, rv_version_fn *fn, void *user,
			   struct rv_diag *diag)
{
	unsigned last = 0;

	for (;;) {
		bool found = false;
		struct rv_version v = {0};
		RV_CLEANUP(rv_freep) char *memory = NULL;

		RV_TRY(next_version(db, credential, last, &v, &memory, &found, diag));
		if (!found)
			return RV_OK;
		last = v.number;
		RV_TRY(fn(&v, user));
	}
}
