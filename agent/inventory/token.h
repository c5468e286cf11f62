/* inventory: enrolment tokens (one use, for hosts), reader tokens (people and the API) and the
 * sessions made from them. Only SHA-256 of 256 random bits is stored: there is nothing to guess. */
#pragma once

#include "agent/base/digest.h"
#include "agent/inventory/db.h"
#include "agent/inventory/problem.h"

#define RV_TOKEN_TEXT	  80 /* "rvt1_" + 64 hex + NUL */
#define RV_TOKEN_ID_TEXT  17
#define RV_SESSION_TTL_US (INT64_C(8) * 3600 * 1000000)

struct rv_token_spec {
	const char *role; /* "enrol" or "reader" */
	const char *note;
	int64_t now_us, ttl_us, uses;
};

/* Makes a token: its text is given once and stored nowhere. */
RV_NODISCARD rv_status rv_token_create(struct rv_invdb *db, const struct rv_token_spec *spec,
				       char out_text[RV_TOKEN_TEXT], char out_id[RV_TOKEN_ID_TEXT],
				       struct rv_diag *diag);
/* NOT_FOUND for an unknown or already revoked id. Sessions made from it end with it. */
RV_NODISCARD rv_status rv_token_revoke(struct rv_invdb *db, const char *id, int64_t now_us,
				       struct rv_diag *diag);

struct rv_token_row {
	char id[RV_TOKEN_ID_TEXT];
	int64_t expires_at_us, uses_left;
	bool is_revoked;
};
/* The row behind a token's text and role; NOT_FOUND. */
RV_NODISCARD rv_status rv_token_find(struct rv_invdb *db, const char *text, const char *role,
				     struct rv_token_row *out);
/* True for a reader token in force. */
bool rv_token_reads(struct rv_invdb *db, const char *text, int64_t now_us,
		    char out_id[RV_TOKEN_ID_TEXT]);

/* A web session of a reader token; the cookie's value is given once. */
RV_NODISCARD rv_status rv_session_create(struct rv_invdb *db, const char *token_id, int64_t now_us,
					 char out_value[RV_TOKEN_TEXT]);
bool rv_session_is_live(struct rv_invdb *db, const char *value, int64_t now_us);
RV_NODISCARD rv_status rv_session_end(struct rv_invdb *db, const char *value);
