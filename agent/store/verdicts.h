/* store: the last verdict per credential as canonical JSON (decide/ writes and reads its shape). */
#pragma once

#include "agent/model/credential.h"
#include "agent/store/db.h"

RV_NODISCARD rv_status rv_verdict_put(struct rv_db *db, const char *credential, int64_t at_us,
				      struct rv_str json, struct rv_diag *diag);
/* Appends the JSON; NOT_FOUND. */
RV_NODISCARD rv_status rv_verdict_get(struct rv_db *db, const char *credential, struct rv_buf *out,
				      struct rv_diag *diag);
