/* scan: inside of the engine: anchors that are no rule's but marks of an encoding: of mail, of
 * slashes in addresses, of colours, of bytes that are listed by their numbers ("0x67, 0x68", and
 * "=hex:67,68" of .reg files, 32 and more). Such a list, and what is around such a slash or colour,
 * is told as a run. */
#pragma once

#include "agent/scan/match.h"

/* row: RV_ROW_FIRST or above; where the mark stands. Of slashes and colours the run is as much of
 * the lines around as a name and its value may take; runs that are near each other are one, so that
 * a log is. Masking, it is only what the mark may hide. Colours: in text alone. */
void rv_mark_found(struct rv_scan *s, uint32_t row, struct rv_span mark);

/* Keeps a run for rv_lane_runs. False: there are too many. */
bool rv_keep_run(struct rv_scan *s, const struct rv_decode_run *run);
