/* store: what a person typed (id, prefix, path) to one credential. */
#include "agent/base/path.h"
#include "agent/store/credentials.h"

#include <stdio.h>

#define SHOW_AT_MOST 4
#define RV_TYPED_MAX 65536 /* a request is no larger */

/* Takes the rows of st: none, one (copied to out_id), or several (CONFLICT naming some). */
static rv_status one_of(struct rv_stmt *st, const char *typed, char out_id[RV_ID_TEXT],
			bool *out_found, struct rv_diag *diag)
{
	char first[RV_ID_TEXT] = "";
	unsigned count = 0;
	bool row = false;
	RV_CLEANUP(rv_buf_done) struct rv_buf all = {0};

	rv_buf_init(&all, SHOW_AT_MOST * RV_ID_TEXT + 1);
	for (;; count++) {
		RV_TRY(rv_stmt_step(st, &row, diag));
		if (!row)
			break;
		if (count == 0)
			(void)snprintf(first, sizeof(first), "%s", rv_stmt_text(st, 0));
		if (count < SHOW_AT_MOST)
			RV_TRY(rv_buf_printf(&all, "%s%s", count ? " " : "", rv_stmt_text(st, 0)));
	}
	*out_found = count > 0;
	if (count == 1)
		memcpy(out_id, first, sizeof(first));
	if (count <= 1)
		return RV_OK;
	const char *names = rv_buf_cstr(&all);
	rv_diag_next(diag, "give one id: %s", names ? names : "");
	return rv_fail(RV_CLASS_CONFLICT, diag, "%s means %u credentials: %s%s", typed, count,
		       names ? names : "", count > SHOW_AT_MOST ? " .." : "");
}

/* A place can hold several (certificate and key of its own, two secrets): the certificate leads. */
static rv_status by_path(struct rv_db *db, struct rv_str path, const char *typed,
			 char out_id[RV_ID_TEXT], bool *out_found, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT DISTINCT credential FROM sightings WHERE path = ?1 AND credential "
		"IS NOT NULL AND gone_us IS NULL ORDER BY credential",
		diag));
	rv_stmt_bind_bytes(&st, 1, path);
	return one_of(&st, typed, out_id, out_found, diag);
}

static rv_status by_prefix(struct rv_db *db, const char *typed, char out_id[RV_ID_TEXT],
			   bool *out_found, struct rv_diag *diag)
{
	char low[RV_ID_TEXT + 1];
	char high[RV_ID_TEXT + 2];
	const char *digits = typed[0] == 'c' && strlen(typed) > 1 ? typed + 1 : typed;
	size_t len = strlen(digits);

	*out_found = false;
	if (len < 4 || len > RV_ID_TEXT - 2 || strspn(digits, "0123456789abcdef") != len)
		return RV_OK;
	(void)snprintf(low, sizeof(low), "c%s", digits);
	(void)snprintf(high, sizeof(high), "c%sg", digits);
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT id FROM credentials WHERE id >= ?1 AND id < ?2 ORDER BY id",
			    diag));
	rv_stmt_bind_text(&st, 1, low);
	rv_stmt_bind_text(&st, 2, high);
	RV_TRY(one_of(&st, typed, out_id, out_found, diag));
	if (*out_found || digits == typed)
		return RV_OK;
	/* "c0ffee" may also be digits that begin with c. */
	rv_stmt_done(&st);
	(void)snprintf(low, sizeof(low), "c%s", typed);
	(void)snprintf(high, sizeof(high), "c%sg", typed);
	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT id FROM credentials WHERE id >= ?1 AND id < ?2 ORDER BY id",
			    diag));
	rv_stmt_bind_text(&st, 1, low);
	rv_stmt_bind_text(&st, 2, high);
	return one_of(&st, typed, out_id, out_found, diag);
}

rv_status rv_credential_resolve(struct rv_db *db, const char *id_or_path, char out_id[RV_ID_TEXT],
				struct rv_diag *diag)
{
	bool found = false;

	if (id_or_path[0] == '/' || strncmp(id_or_path, "tls://", 6) == 0 ||
	    strncmp(id_or_path, "account:", 8) == 0) {
		RV_CLEANUP(rv_buf_done) struct rv_buf bytes = {0};

		rv_buf_init(&bytes, RV_TYPED_MAX);
		RV_TRY(by_path(db, rv_str_of(id_or_path), id_or_path, out_id, &found, diag));
		if (!found) {
			rv_status shown = rv_path_unescape(rv_str_of(id_or_path), &bytes);
			if (rv_is_ok(shown))
				RV_TRY(by_path(db, rv_buf_view(&bytes), id_or_path, out_id, &found,
					       diag));
			else if (rv_class_of(shown) != RV_CLASS_MALFORMED)
				return shown;
		}
	} else {
		RV_TRY(by_prefix(db, id_or_path, out_id, &found, diag));
	}
	if (found)
		return RV_OK;
	rv_diag_next(diag, "reeve list");
	return rv_fail(
		RV_CLASS_NOT_FOUND, diag,
		"no credential %s is known here (an id, at least 4 digits of one, or a path)",
		id_or_path);
}
