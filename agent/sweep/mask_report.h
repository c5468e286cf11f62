/* sweep: all that a run gives, before anybody reports it: a value that is part of a path is masked
 * there as well, and one that stands in the line or the commit of another. Not here: values and
 * lines (mask.h). */
#pragma once

#include "agent/scan/scan.h"
#include "agent/sweep/leaks.h"

/* Paths and members of findings, gaps (and what is said of them) and suppressions, which keep their
 * order; lines, reasons and commits of findings. What rules match is masked, and each value of the
 * list. The lane loses its path. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_mask_report(struct rv_leaks *leaks, struct rv_lane *lane);
