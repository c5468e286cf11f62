/* store: what the inventory still has to hear. State, not events: one row per credential holds what
 * is so now and what the server last acknowledged; their difference is the next batch, however long
 * the server was away. The batch under way is kept byte for byte until it is answered, so that a
 * repeat is the same request. Not here: HTTP, when to try (daemon/engine_report). */
#pragma once

#include "agent/base/json.h"
#include "agent/store/db.h"

#define RV_OUTBOX_BATCH_ITEMS 500
#define RV_OUTBOX_BATCH_BYTES ((size_t)1024 * 1024)
#define RV_OUTBOX_BODY_MAX    ((size_t)4 * 1024 * 1024)

/* What is so now, as canonical JSON of one item (model/item.h). `mark` names the pass. */
RV_NODISCARD rv_status rv_outbox_put(struct rv_db *db, const char *id, struct rv_str doc,
				     int64_t mark, struct rv_diag *diag);
/* Every credential that this pass did not put is gone. */
RV_NODISCARD rv_status rv_outbox_sweep(struct rv_db *db, int64_t mark, struct rv_diag *diag);

/* The next body for /v1/report: the one under way if there is one, else a new one out of the
 * differences (full after need_full, else delta), committed before it is given. *out_any is false
 * when there is nothing to say. host: our id. counts: {not_looked,..} or NULL. */
RV_NODISCARD rv_status rv_outbox_next(struct rv_db *db, const char *host, const json_t *counts,
				      struct rv_buf *out, bool *out_any, struct rv_diag *diag);
/* The body for /v1/checkin. */
RV_NODISCARD rv_status rv_outbox_checkin(struct rv_db *db, const char *host, struct rv_buf *out,
					 struct rv_diag *diag);
/* The batch under way was taken: what it said is now the base. */
RV_NODISCARD rv_status rv_outbox_acked(struct rv_db *db, struct rv_diag *diag);
/* The server does not hold our base (or we are enrolled anew): start over with a full report whose
 * number is above `server_seq`. */
RV_NODISCARD rv_status rv_outbox_need_full(struct rv_db *db, int64_t server_seq,
					   struct rv_diag *diag);
/* Smaller batches from now on (the server said too_large): halves, at least one item. */
RV_NODISCARD rv_status rv_outbox_shrink(struct rv_db *db, struct rv_diag *diag);
/* Forgets everything (unenroll). */
RV_NODISCARD rv_status rv_outbox_clear(struct rv_db *db, struct rv_diag *diag);
/* Rows that differ from what the server holds. */
RV_NODISCARD rv_status rv_outbox_pending(struct rv_db *db, int64_t *out, struct rv_diag *diag);
