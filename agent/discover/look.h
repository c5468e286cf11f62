/* discover: the loop of reeve-discover: files from reeve-open, served certificates from the engine,
 * findings to the engine. Not here: parsing (intake.h), confinement (role/). */
#pragma once

#include "agent/discover/intake.h"
#include "agent/ipc/channel.h"

/* Runs until the engine closes its channel (OK) or a peer breaks the protocol. `open` may be NULL
 * (no walk will come) and may close at any time. Borrows all. Findings carry the job and req of the
 * frame that caused them; each walk ends with `discovered`. */
RV_NODISCARD rv_status rv_look_run(struct rv_channel *engine, struct rv_channel *open,
				   struct rv_scanner *scanner, const struct rv_secret *fleet,
				   const struct rv_secret *host, struct rv_diag *diag);
