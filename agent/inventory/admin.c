/* inventory: init, tokens, hosts, backup, restore. They work on the files; the server may run. */
#include "agent/inventory/admin.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/json.h"
#include "agent/inventory/ca.h"
#include "agent/inventory/host.h"
#include "agent/inventory/setting.h"
#include "agent/inventory/token.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

rv_status rv_admin_init(const struct rv_admin_args *a, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	RV_CLEANUP(rv_ca_freep) struct rv_ca *ca = NULL;

	if (!a->name) {
		rv_diag_next(diag, "reeve-inventory init --dir %s --name HOST[,ADDRESS..]", a->dir);
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "--name is missing: the names hosts will call");
	}
	if (mkdir(a->dir, 0700) < 0 && errno != EEXIST)
		return rv_fail_errno(diag, "%s", a->dir);
	RV_TRY(rv_ca_create(a->dir, a->name, diag));
	RV_TRY(rv_invdb_create(a->dir, diag));
	RV_TRY(rv_invdb_open(a->dir, &db, diag));
	RV_TRY(rv_setting_put(db, "names", a->name, diag));
	RV_TRY(rv_ca_open(a->dir, NULL, &ca, diag));
	printf("inventory made in %s\nCA pin: %s\n", a->dir, rv_ca_pin(ca));
	fprintf(stderr,
		"next: reeve-inventory serve --dir %s --agents 0.0.0.0:9443 --enrol 0.0.0.0:9444 "
		"--people 0.0.0.0:9445\n",
		a->dir);
	return RV_OK;
}

/* Where a new host enrols: --url, else the first name and the port the server wrote down. */
static rv_status enrol_url(const struct rv_admin_args *a, char *out, size_t size,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) char *names = NULL;
	RV_CLEANUP(rv_jsonp) json_t *ports = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	char path[1024];

	if (a->url) {
		snprintf(out, size, "%s", a->url);
		return RV_OK;
	}
	rv_buf_init(&text, 4096);
	snprintf(path, sizeof(path), "%s/ports.json", a->dir);
	RV_TRY(rv_setting_names(a->dir, &names, diag));
	if (!rv_is_ok(rv_file_read(path, 4096, &text, NULL)) ||
	    !rv_is_ok(rv_json_parse(rv_buf_view(&text), &ports, NULL))) {
		rv_diag_next(diag, "start the server first, or say --url https://HOST:PORT");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the enrolment port is not known: %s is not there", path);
	}
	names[strcspn(names, ",")] = '\0';
	snprintf(out, size, strchr(names, ':') ? "https://[%s]:%d" : "https://%s:%d", names,
		 (int)rv_json_int(ports, "enrol", 0));
	return RV_OK;
}

static rv_status token_spec(const struct rv_admin_args *a, struct rv_token_spec *out,
			    struct rv_diag *diag)
{
	const bool is_reader = strcmp(a->role, "reader") == 0;
	const char *ttl = a->ttl ? a->ttl : is_reader ? "90d" : "1h";

	if (!is_reader && strcmp(a->role, "enrol") != 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--role %s: enrol or reader", a->role);
	*out = (struct rv_token_spec){
		.role = a->role,
		.note = a->note ? a->note : "",
		.now_us = rv_now_utc_us(),
		.uses = a->uses,
	};
	return rv_duration_parse(rv_str_of(ttl), &out->ttl_us, diag);
}

rv_status rv_admin_token_create(const struct rv_admin_args *a, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	RV_CLEANUP(rv_ca_freep) struct rv_ca *ca = NULL;
	struct rv_token_spec spec;
	char text[RV_TOKEN_TEXT];
	char id[RV_TOKEN_ID_TEXT];
	char until[RV_TIME_TEXT];
	char url[1024] = "";

	RV_TRY(token_spec(a, &spec, diag));
	const bool is_reader = strcmp(spec.role, "reader") == 0;
	if (!is_reader)
		RV_TRY(enrol_url(a, url, sizeof(url), diag));
	RV_TRY(rv_ca_open(a->dir, NULL, &ca, diag));
	RV_TRY(rv_invdb_open(a->dir, &db, diag));
	RV_TRY(rv_token_create(db, &spec, text, id, diag));
	rv_time_text(spec.now_us + spec.ttl_us, until);
	if (is_reader)
		printf("%s\n", text);
	else
		printf("%s %s %s\n", url, rv_ca_pin(ca), text);
	explicit_bzero(text, sizeof(text));
	fprintf(stderr, "token %s, good until %s\n", id, until);
	if (!is_reader)
		fprintf(stderr,
			"next: on the host: reeve enroll %s --token-file FILE --ca-pin %s\n", url,
			rv_ca_pin(ca));
	return RV_OK;
}

static const char *token_state(sqlite3_stmt *row, int64_t now_us)
{
	if (sqlite3_column_type(row, 6) != SQLITE_NULL)
		return "revoked";
	if (sqlite3_column_int64(row, 4) <= now_us)
		return "expired";
	return sqlite3_column_int64(row, 5) == 0 ? "used" : "good";
}

rv_status rv_admin_token_list(const struct rv_admin_args *a, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	char until[RV_TIME_TEXT];
	rv_status status;

	RV_TRY(rv_db_open_reader(a->dir, &db, diag));
	const int64_t now_us = rv_now_utc_us();
	sqlite3_stmt *row = rv_invdb_bind(
		db,
		"SELECT id,role,note,created_at,expires_at,uses_left,revoked_at FROM token "
		"ORDER BY created_at",
		"");
	while (rv_invdb_step(db, row, &status, diag)) {
		rv_time_text(sqlite3_column_int64(row, 4), until);
		printf("%s  %-6s  %-7s  until %s  uses left %lld  %s\n", rv_invdb_text(row, 0),
		       rv_invdb_text(row, 1), token_state(row, now_us), until,
		       (long long)sqlite3_column_int64(row, 5), rv_invdb_text(row, 2));
	}
	return status;
}

static rv_status need_operand(const struct rv_admin_args *a, const char *what, struct rv_diag *diag)
{
	if (a->operand)
		return RV_OK;
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s is missing", what);
}

rv_status rv_admin_token_revoke(const struct rv_admin_args *a, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;

	RV_TRY(need_operand(a, "the token's id", diag));
	RV_TRY(rv_invdb_open(a->dir, &db, diag));
	return rv_token_revoke(db, a->operand, rv_now_utc_us(), diag);
}

rv_status rv_admin_host_list(const struct rv_admin_args *a, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	char seen[RV_TIME_TEXT];
	rv_status status;

	RV_TRY(rv_db_open_reader(a->dir, &db, diag));
	sqlite3_stmt *row = rv_invdb_bind(
		db,
		"SELECT id,hostname,seen_at,credentials,orphans,denied_why FROM host ORDER BY id",
		"");
	while (rv_invdb_step(db, row, &status, diag)) {
		rv_time_text(sqlite3_column_int64(row, 2), seen);
		printf("%s  %s  seen %s  credentials %lld  orphans %lld%s%s\n",
		       rv_invdb_text(row, 0), rv_invdb_text(row, 1), seen,
		       (long long)sqlite3_column_int64(row, 3),
		       (long long)sqlite3_column_int64(row, 4),
		       sqlite3_column_type(row, 5) == SQLITE_NULL ? "" : "  denied: ",
		       rv_invdb_text(row, 5));
	}
	return status;
}

static rv_status set_denied(const struct rv_admin_args *a, const char *why, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;

	RV_TRY(need_operand(a, "the host's id", diag));
	RV_TRY(rv_invdb_open(a->dir, &db, diag));
	return rv_host_deny(db, a->operand, why, rv_now_utc_us(), diag);
}

rv_status rv_admin_host_deny(const struct rv_admin_args *a, struct rv_diag *diag)
{
	return set_denied(a, a->why ? a->why : "no reason given", diag);
}

rv_status rv_admin_host_allow(const struct rv_admin_args *a, struct rv_diag *diag)
{
	return set_denied(a, NULL, diag);
}

rv_status rv_admin_backup(const struct rv_admin_args *a, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;

	RV_TRY(need_operand(a, "the file to write", diag));
	RV_TRY(rv_invdb_open(a->dir, &db, diag));
	RV_TRY(rv_invdb_backup(db, a->operand, diag));
	fprintf(stderr,
		"database saved; keep ca.key, ca.pem, server.key and server.pem of %s too\n",
		a->dir);
	return RV_OK;
}

/* Refuses while a server has the database open: it takes the exclusive lock first. */
static rv_status set_aside(const char *dir, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	char old[1024];

	RV_TRY(rv_invdb_open(dir, &db, diag));
	/* Leaving WAL mode needs to be the only connection; it also folds the log into the file. */
	rv_status alone =
		rv_invdb_exec(db, "PRAGMA busy_timeout=0;PRAGMA journal_mode=DELETE", diag);
	if (!rv_is_ok(alone)) {
		rv_diag_next(diag, "stop the server, then restore");
		return alone;
	}
	snprintf(old, sizeof(old), "%s.before-restore", db->path);
	if (rename(db->path, old) < 0)
		return rv_fail_errno(diag, "%s", old);
	fprintf(stderr, "the former database is kept as %s\n", old);
	return RV_OK;
}

static rv_status copy_file(const char *from, const char *to, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = calloc(1, sizeof(*db));

	if (!db || !(db->path = strdup(from)))
		return rv_fail_nomem(diag);
	if (sqlite3_open_v2(from, &db->sql, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return db->sql ? rv_invdb_fail(db, diag, from) : rv_fail_nomem(diag);
	RV_TRY(rv_invdb_check(db, diag));
	return rv_invdb_backup(db, to, diag);
}

rv_status rv_admin_restore(const struct rv_admin_args *a, struct rv_diag *diag)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	char fresh[1024];
	char path[1024];

	RV_TRY(need_operand(a, "the file to read", diag));
	snprintf(fresh, sizeof(fresh), "%s/%s.restoring", a->dir, RV_INVDB_NAME);
	snprintf(path, sizeof(path), "%s/%s", a->dir, RV_INVDB_NAME);
	(void)unlink(fresh); /* of a restore that was cut short */
	RV_TRY(copy_file(a->operand, fresh, diag));
	if (access(path, F_OK) == 0)
		RV_TRY(set_aside(a->dir, diag));
	if (rename(fresh, path) < 0)
		return rv_fail_errno(diag, "%s", path);
	RV_TRY(rv_invdb_open(a->dir, &db, diag));
	/* Hosts know more than the backup: the next check-in of each asks for a full report. */
	return rv_invdb_exec(
		db, "UPDATE host SET digest='', batch='', answer=''; DELETE FROM session", diag);
}
