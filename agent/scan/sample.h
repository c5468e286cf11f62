/* scan: renders a rule's sample template (policies/detectors/README.md) into a value that looks
 * like a secret and opens nothing, so that none has to lie in a file. For `reeve rules test` and
 * tests. Not here: the samples (rules_load.h). */
#pragma once

#include "agent/base/buf.h"

#define RV_SAMPLE_MAX 8192 /* room that is enough for every built-in sample */

/* NUL-ended in out (size bytes). Where the last value begins is not marked: a test looks for what
 * the scanner reports. `seed` makes it repeatable. False: bad template or no room. */
bool rv_sample_render(const char *template_text, uint64_t seed, char *out, size_t size);
/* The same, {check} made by the check of this name (check.h); NULL: crc32-base62. */
bool rv_sample_render_for(const char *template_text, const char *check, uint64_t seed, char *out,
			  size_t size);
