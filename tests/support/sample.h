/* tests: scan/sample.h by a shorter name: a template (policies/detectors/README.md) becomes a value
 * that looks like a secret and opens nothing, so that none has to lie in the tree. */
#pragma once

#include "agent/base/buf.h"

/* NUL-ended in out (size bytes). Where the last value begins is not marked: a test looks for what
 * the scanner reports. `seed` makes it repeatable. False: bad template or no room. */
bool sample_render(const char *template_text, uint64_t seed, char *out, size_t size);
/* The same, {check} made by the check of this name (agent/scan/check.h); NULL: crc32-base62. */
bool sample_render_for(const char *template_text, const char *check, uint64_t seed, char *out,
		       size_t size);
