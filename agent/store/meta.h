/* store: small named values: pass counter, pause, host id, enrolment. */
#pragma once

#include "agent/store/db.h"

RV_NODISCARD rv_status rv_meta_set(struct rv_db *db, const char *key, const char *value,
				   struct rv_diag *diag);
/* Appends the value to out; NOT_FOUND (out untouched, diag untouched) when there is none. */
RV_NODISCARD rv_status rv_meta_get(struct rv_db *db, const char *key, struct rv_buf *out,
				   struct rv_diag *diag);
RV_NODISCARD rv_status rv_meta_set_int(struct rv_db *db, const char *key, int64_t value,
				       struct rv_diag *diag);
int64_t rv_meta_int(struct rv_db *db, const char *key, int64_t fallback);
RV_NODISCARD rv_status rv_meta_delete(struct rv_db *db, const char *key, struct rv_diag *diag);
