/* discover (open side): what a walk looks at when nobody says otherwise. Lists in
 * docs/discovery.md. Not here: file systems (mounts.h), sizes. */
#pragma once

#include "agent/base/buf.h"

#define RV_DEFAULT_MAX_FILE (UINT64_C(16) << 20)

extern const char *const rv_default_roots[]; /* NULL-ended */

/* Is this a directory that is left out unless a walk is told to start in it? Compared piece by
 * piece, not by globs: this is asked for every directory. */
bool rv_filter_leaves_out(struct rv_str dir);
/* Does an exclude (a glob) match this path? Directories are also matched with a '/' behind them, so
 * that "/x/" and two stars leave out /x itself. */
bool rv_filter_matches(struct rv_str pattern, struct rv_str path, bool is_dir);
/* Names of files that are not text and hold none of what we look for: libraries, pictures,
 * archives. They are counted and not listed. */
bool rv_filter_is_dull(struct rv_str name);
