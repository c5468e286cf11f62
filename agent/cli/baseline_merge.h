/* cli: how git is told to merge a baseline. Writes nothing. Not here: what a merge left of one
 * (sweep/baseline_merge.c). */
#pragma once

#include "agent/cli/out.h"

/* After a baseline was written: where it lies in a repository whose attributes do not have
 * merge=union for it, the line for .gitattributes, as a hint. Attributes that cannot be read count
 * as none; macros are not followed. */
void rv_baseline_hint_merge(const struct rv_out *out, const char *file);
