/* cli: one run of a scan: confinement, what is in force, the sweep. Shared by `reeve scan`, `reeve
 * baseline` and `reeve rules cost`. Not here: what is done with what was found. */
#pragma once

#include "agent/cli/scan_anchors.h"
#include "agent/cli/scan_ask.h"
#include "agent/cli/scan_policy.h"
#include "agent/cli/scan_validate.h"

/* Zeroed but for the first six. */
struct rv_scan_run {
	struct rv_out *out;
	struct rv_scan_ask ask;
	const char *writes;  /* a file that will be written instead of a report, or NULL */
	bool counts_costs;   /* result.costs */
	bool tells_in_part;  /* a signal stops the scan, which is told then (scan_signal.h) */
	const char *libexec; /* where reeve-ask is, or NULL: found */
	struct rv_validation *validation; /* NULL: without --validate */
	struct rv_scan_anchors anchors;
	struct rv_scan_policy policy;
	struct rv_sweep_shared shared;
	struct rv_sweep_result result;
	const char **notes; /* on the configuration, as they may be shown; of the result's memory */
	size_t note_count;
	int64_t started_utc_us, started_boot_us;
};

/* Confines the process for good before the first byte is read. Call rv_scan_run_done whatever
 * comes; it accepts one that was only begun. */
RV_NODISCARD rv_status rv_scan_run_do(struct rv_scan_run *s, struct rv_diag *diag);
/* After a run: appends a path or a command as it may be shown, without values that are part of it.
 */
RV_NODISCARD rv_status rv_scan_run_mask(struct rv_scan_run *s, struct rv_str text,
					struct rv_buf *out);
void rv_scan_run_done(struct rv_scan_run *s);
/* Prints a failure, in which what the compiled-in rules match is masked: it may name what somebody
 * put into a configuration. Gives 2, the exit code of all of a scan's failures. */
int rv_scan_show_failure(rv_status status, const struct rv_diag *diag);
