/* sweep: paths in what a run gives: a value that is part of one is masked there as well, before
 * anybody reports it. Not here: values and lines (mask.h). */
#pragma once

#include "agent/scan/scan.h"
#include "agent/sweep/leaks.h"

/* Of findings, gaps (and what is said of them) and suppressions, which keep their order. The lane
 * loses its path. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_mask_paths(struct rv_leaks *leaks, struct rv_lane *lane);
