/* discover (open side): what a walk looks at when nobody says otherwise. Lists in
 * docs/discovery.md. Not here: file systems (mounts.h), sizes. */
#pragma once

#include "agent/base/buf.h"

#define RV_DEFAULT_MAX_FILE (UINT64_C(16) << 20)

/* NULL-ended lists. */
extern const char *const rv_default_roots[];
extern const char *const rv_default_excludes[];

/* Does an exclude match this path? Directories are also matched with a '/' behind them, so that
 * "/x/ **" (without the space) leaves out /x itself. */
bool rv_filter_matches(struct rv_str pattern, struct rv_str path, bool is_dir);
/* Names of files that are not text and hold none of what we look for: libraries, pictures,
 * archives. They are counted and not listed. */
bool rv_filter_is_dull(struct rv_str name);
