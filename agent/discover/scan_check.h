/* discover: check digits and plausibility of a matched value. Pure. Not here: matching (scan.h). */
#pragma once

#include "agent/discover/scan.h"

/* Does the value pass this check? RV_CHECK_NONE always. */
bool rv_check_value(enum rv_check check, struct rv_str value);
/* A passed check of this sort proves the provider. */
bool rv_check_identifies(enum rv_check check);
/* The check digits for `body`, six and a NUL, as RV_CHECK_CRC32_BASE62 wants them. */
void rv_check_crc32_base62(struct rv_str body, char out[7]);
/* Shannon entropy in tenths of a bit per byte. */
unsigned rv_entropy_tenths(struct rv_str value);
