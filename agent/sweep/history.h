/* sweep: inside of a history's scan: the two passes. */
#pragma once

#include "agent/git/visit.h"
#include "agent/sweep/carry.h"
#include "agent/sweep/repo_view.h"
#include "agent/sweep/run.h"
#include "agent/sweep/secrets.h"

/* First pass: all blobs of the store, or `only` these. All commits are taken into the view's graph
 * on the way, unless `only` some blobs are looked at. */
RV_NODISCARD rv_status rv_history_look(struct rv_run *run, struct rv_repo_view *view,
				       const struct rv_git_oidmap *only, struct rv_secrets *all,
				       struct rv_diag *diag);
/* Second pass: where each value came in and where it still is; leaks into run->sweepers[0]. Of a
 * whole history also, values or not, what it names and does not hold. */
RV_NODISCARD rv_status rv_history_tell(struct rv_run *run, struct rv_repo_view *view,
				       const struct rv_secrets *secrets, struct rv_diag *diag);
