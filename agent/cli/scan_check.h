/* cli: what is asked of `reeve scan` and would do harm, or nothing: asked of the files, before any
 * is read. Not here: which options go together (scan_ask.h). */
#pragma once

#include "agent/cli/scan_ask.h"

/* `reeve scan -`, and a pipe that we were given open as the only path (/dev/stdin, <(command)),
 * mean standard input: the latter is put in its place. */
RV_NODISCARD rv_status rv_scan_take_pipe(struct rv_scan_ask *ask, struct rv_diag *diag);
/* GIT_DIR, where no PATH was given and git's store is asked for: another repository than the one we
 * are in is scanned instead, as git has it. Names alone are looked at: of a work tree that is
 * linked to its repository by a file, GIT_DIR is taken to be that. */
void rv_scan_take_git_dir(struct rv_scan_ask *ask);
/* What was named and is not there is a mistake, not a gap; and so is the only path when none of it
 * can be read: that would be a scan of nothing. */
RV_NODISCARD rv_status rv_scan_check_paths(const struct rv_sweep_options *options,
					   struct rv_diag *diag);
/* MISCONFIGURED: --output names a file that is read or kept by another option. */
RV_NODISCARD rv_status rv_scan_check_output(const struct rv_scan_ask *ask, struct rv_diag *diag);
