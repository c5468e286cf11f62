/* daemon: the parts of a discovery pass. */
#pragma once

#include "agent/daemon/engine_config.h"
#include "agent/daemon/engine_ingest.h"

/* What to look at; roots and excludes are arrays of escaped paths and globs, or NULL. */
struct rv_pass {
	struct rv_engine *e;
	const json_t *roots; /* NULL: as configured: the only complete pass */
	const json_t *excludes;
	struct rv_config config; /* during rv_pass_run() */
	struct rv_ctl *ctl;	 /* for progress, NULL none */
	struct rv_ingest ingest;
	struct rv_peer *discover;
	bool is_complete;
	char served_note[512]; /* why listeners were not asked, "" when they were */
};

/* Asks each TLS listener for its certificate and lets discover parse it (engine_served.c). A
 * listener that does not answer is no failure. */
RV_NODISCARD rv_status rv_pass_served(struct rv_pass *p, struct rv_diag *diag);
/* Runs the whole pass inside a job. */
RV_NODISCARD rv_status rv_pass_run(struct rv_pass *p, struct rv_diag *diag);

/* engine_owner.c: the last good registry; and binding everything or one. */
RV_NODISCARD rv_status rv_owner_bind(struct rv_engine *e, const char *id, struct rv_diag *diag);
