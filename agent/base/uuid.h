/* base: UUIDv7 (RFC 9562): sortable ids for rotations, runs, batches. */
#pragma once

#include "agent/base/status.h"

#define RV_UUID_TEXT 37 /* 36 characters and the NUL */

/* From rv_now_utc_us() and rv_random(); monotonic within the process. */
void rv_uuid7(char out[RV_UUID_TEXT]);
bool rv_uuid_is_valid(const char *text);
