/* decide: one time zone read from TZif bytes (RFC 9636), without glibc: tzset() is process-global
 * and reads files at moments of its own choosing. Pure; the caller brings the bytes. */
#pragma once

#include "agent/base/buf.h"

struct rv_zone;

/* At most 64 KiB of bytes, version 1 to 4. *gives*. */
RV_NODISCARD rv_status rv_zone_parse(struct rv_str tzif, const char *name, struct rv_zone **out,
				     struct rv_diag *diag);
/* A fixed zone: UTC. */
RV_NODISCARD rv_status rv_zone_utc(struct rv_zone **out);
/* Reads DIR/NAME (DIR normally /usr/share/zoneinfo). The name is checked: letters, digits, + - _
 * and '/' between, no dots. MISCONFIGURED when there is no such zone. */
RV_NODISCARD rv_status rv_zone_load(const char *dir, struct rv_str name, struct rv_zone **out,
				    struct rv_diag *diag);
void rv_zone_free(struct rv_zone *z);
void rv_zone_freep(struct rv_zone **z);
const char *rv_zone_name(const struct rv_zone *z);
/* Seconds east of UTC at that instant. */
int32_t rv_zone_offset(const struct rv_zone *z, int64_t utc_s);
/* The instant of a local time (seconds as if local were UTC). A time skipped by a change is moved
 * forward by it; of a repeated one the first. */
int64_t rv_zone_to_utc(const struct rv_zone *z, int64_t local_s);
