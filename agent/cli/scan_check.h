/* cli: what is asked of `reeve scan` and would do harm, or nothing: asked of the files, before any
 * is read. Not here: which options go together (scan_ask.h). */
#pragma once

#include "agent/cli/scan_ask.h"

/* MISCONFIGURED: --output names a file that is read or kept by another option. */
RV_NODISCARD rv_status rv_scan_check_output(const struct rv_scan_ask *ask, struct rv_diag *diag);
