/* sweep: parts of a buffer that are in no order yet. Not here: whose they are. */
#pragma once

#include "agent/scan/scan.h"

/* Puts them in order, and those that overlap into one; those that only touch too when
 * joins_touching. Gives how many are left. */
size_t rv_spans_settle(struct rv_span *items, size_t count, bool joins_touching);
