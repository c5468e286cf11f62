/* daemon: evidence in the engine: heads of the audit chain signed by a broker, and bundles. */
#pragma once

#include "agent/daemon/engine.h"

extern const struct rv_module rv_module_evidence;

/* Has a broker sign the chain's last event, unless that is signed already. Only from a job. Called
 * at the end of each run and before each export; daily, and soon after anything else, by itself. */
RV_NODISCARD rv_status rv_evidence_sign(struct rv_engine *e, struct rv_diag *diag);
