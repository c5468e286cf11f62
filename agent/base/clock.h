/* base: the two clocks. Wall time is int64 microseconds UTC since 1970; timers use CLOCK_BOOTTIME
 * (it counts suspend). Not here: schedules (decide/). */
#pragma once

#include "agent/base/buf.h"

#define RV_US_PER_S   INT64_C(1000000)
#define RV_US_PER_DAY (INT64_C(86400) * RV_US_PER_S)

int64_t rv_now_utc_us(void);
int64_t rv_boot_us(void);
/* Tests, and `--now` of the CLI: fixes the wall clock; INT64_MIN frees it again. */
void rv_clock_fix_utc(int64_t us);

/* RFC 3339 UTC, "2026-11-21T10:00:00Z" (whole seconds), 21 bytes with the NUL. */
#define RV_TIME_TEXT 32
void rv_time_text(int64_t utc_us, char out[RV_TIME_TEXT]);
/* Accepts "YYYY-MM-DD" and "YYYY-MM-DDTHH:MM:SS[.frac](Z|+hh:mm)". */
RV_NODISCARD rv_status rv_time_parse(struct rv_str text, int64_t *out_utc_us, struct rv_diag *diag);
/* A duration: unsigned number and one of s min h d w ("90d", "15min"). No sum, no fraction. */
RV_NODISCARD rv_status rv_duration_parse(struct rv_str text, int64_t *out_us, struct rv_diag *diag);
/* "3d 4h", "12min", "41s": the two largest units, for people. */
void rv_duration_text(int64_t us, char out[RV_TIME_TEXT]);
