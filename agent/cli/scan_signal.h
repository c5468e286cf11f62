/* cli: SIGINT, SIGTERM and SIGHUP during a scan. The first one stops it as a limit does, so that
 * what was found is told and the ledger kept; the next ends the process at once. Not here: stopping
 * (sweep/sweep.h). One scan a process, from its main thread. */
#pragma once

#include <signal.h>

/* From here on. One that was ignored when we came stays ignored (nohup). */
void rv_scan_signal_watch(void);
/* Not 0 once one came; for rv_sweep_options. */
const volatile sig_atomic_t *rv_scan_signal_flag(void);
/* "SIGINT", or NULL: none came. */
const char *rv_scan_signal_name(void);
/* Ends the process by the signal that came, so that a shell sees it (128 + its number); returns
 * when none did. What was printed is flushed. */
void rv_scan_signal_pass_on(void);
