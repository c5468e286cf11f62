/* cli: `reeve scan` and the names other tools give it: options, confinement, exit code. Not here:
 * scanning (sweep/), which options exist (scan_options.c). */
#pragma once

#include "agent/cli/args.h"

extern const struct rv_opt rv_scan_options[]; /* ended by one without a name */
extern const char rv_scan_help[];
extern const char rv_scan_examples[];

int rv_run_scan(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_scan_dir(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_scan_git(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_scan_stdin(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_scan_detect(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_scan_protect(struct rv_out *out, const struct rv_verb_args *args);
