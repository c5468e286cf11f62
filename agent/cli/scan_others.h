/* cli: several paths are given, and settings are those of the first: which others have some that
 * are not read. Not here: the settings (scan_policy.h). */
#pragma once

#include "agent/cli/scan_policy.h"

/* Notes it for each such path, up to a maximum. `dir` is where settings are read from. */
void rv_scan_note_others(const struct rv_scan_ask *ask, const char *dir,
			 struct rv_scan_config *config);
