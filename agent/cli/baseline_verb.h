/* cli: `reeve baseline`: create, add, expire, prune, list. Not here: the file (sweep/baseline.h),
 * the scan (scan_run.h). */
#pragma once

#include "agent/cli/args.h"

/* Ended by one without a name. */
extern const struct rv_opt rv_baseline_create_options[];
extern const struct rv_opt rv_baseline_add_options[];
extern const struct rv_opt rv_baseline_expire_options[];
extern const struct rv_opt rv_baseline_prune_options[];
extern const struct rv_opt rv_baseline_list_options[];
extern const char rv_baseline_help[];

/* Exit code 0: done; 2: not; 3: prune, and not all could be scanned. */
int rv_run_baseline_create(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_baseline_add(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_baseline_expire(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_baseline_prune(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_baseline_list(struct rv_out *out, const struct rv_verb_args *args);
