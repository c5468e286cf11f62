/* store: sealed blobs by purpose: ciphertext the broker made and only a broker can open. */
#pragma once

#include "agent/store/db.h"

/* `run` ties a blob to a rotation for crypto-erase; "" for standing ones (a localca root). */
RV_NODISCARD rv_status rv_sealed_put(struct rv_db *db, const char *purpose, const char *run,
				     struct rv_str blob, struct rv_diag *diag);
/* Appends the blob; NOT_FOUND. */
RV_NODISCARD rv_status rv_sealed_get(struct rv_db *db, const char *purpose, struct rv_buf *out,
				     struct rv_diag *diag);
/* Overwrites and deletes all blobs of a run (secure_delete is on). */
RV_NODISCARD rv_status rv_sealed_erase_run(struct rv_db *db, const char *run, struct rv_diag *diag);
RV_NODISCARD rv_status rv_sealed_erase(struct rv_db *db, const char *purpose, struct rv_diag *diag);
