/* daemon: a bundle out of the database: events first..last as stored, each signed head after the
 * event it signs. Not here: signing (engine_evidence.c), the bundle's form (verify/bundle.h). */
#pragma once

#include "agent/store/audit.h"

/* Appends the bundle. last 0: to the end. NOT_FOUND: no such event; EXHAUSTED: over out's maximum.
 */
RV_NODISCARD rv_status rv_evidence_bundle(struct rv_db *db, uint64_t first, uint64_t last,
					  struct rv_buf *out, struct rv_diag *diag);
/* The first event of a credential or run ("" any). NOT_FOUND when there is none. */
RV_NODISCARD rv_status rv_evidence_first_of(struct rv_db *db, const char *cred, const char *run,
					    uint64_t *out_first, struct rv_diag *diag);
