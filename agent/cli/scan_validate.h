/* cli: `reeve scan --validate`: asks providers whether what was found lives. Values of findings
 * that may be asked about are kept while the scan runs, in memory that is wiped; afterwards each
 * distinct one is asked about once, in the order of the report, and its answer goes to all its
 * places. Not here: consent (scan_consent.h), the network (ask_main.c). */
#pragma once

#include "agent/cli/scan_ask.h"
#include "agent/sweep/config.h"
#include "agent/sweep/leaks.h"

#define RV_VALIDATE_MAX	     200   /* questions of a run; --validate-max */
#define RV_VALIDATE_MAX_MOST 10000 /* and distinct values kept */

struct rv_validation;

/* Before confinement; starts reeve-ask, not for --dry-run. *gives* in out. */
RV_NODISCARD rv_status rv_validation_open(const struct rv_scan_ask *ask, const char *libexec,
					  struct rv_validation **out, struct rv_diag *diag);
void rv_validation_free(struct rv_validation *validation);
/* After confinement, before a byte of what is scanned is read: settles who may be asked what. */
RV_NODISCARD rv_status rv_validation_seal(struct rv_validation *validation,
					  const struct rv_scan_ask *ask, struct rv_diag *diag);
/* Once the configuration is read; borrows. */
void rv_validation_settle(struct rv_validation *validation,
			  const struct rv_scan_settings *settings);
/* A finding with its value, after it was judged; copies what may be asked about. Any thread.
 * EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_validation_note(struct rv_validation *validation,
					  const struct rv_leak *leak, struct rv_str value);
/* After the scan: sets `alive` of open findings. --dry-run: shows each request on standard error
 * instead. What went wrong with the asking is said there too; it fails nothing. */
RV_NODISCARD rv_status rv_validation_run(struct rv_validation *validation, struct rv_out *out,
					 struct rv_leaks *leaks, struct rv_diag *diag);
