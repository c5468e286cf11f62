/* cli: the line that shows how far a scan is. Not here: when it is shown (scan_run.c), what is
 * known (sweep/sweep.h). */
#pragma once

#include "agent/sweep/sweep.h"

#define RV_SCAN_PROGRESS_MAX 160

/* A bar, how much of all, the rate, the time that is left; what is not known is not said. The part
 * that is done is that of the bytes, each file counting RV_SCAN_PROGRESS_FILE more for being
 * opened; of a store that of the objects. The time left is told after two seconds and one part of a
 * hundred, and supposes that the rest goes as fast as what was. */
#define RV_SCAN_PROGRESS_FILE 16384
void rv_scan_progress_text(const struct rv_progress *now, int64_t took_us,
			   char out[RV_SCAN_PROGRESS_MAX]);
