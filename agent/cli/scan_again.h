/* cli: the command that runs the same check elsewhere, as reports name it. Not here: reports. */
#pragma once

#include "agent/base/buf.h"
#include "agent/cli/scan_ask.h"

/* "reeve scan --diff origin/main --min-confidence 70 'a b'": what is scanned and what is told of
 * it, under our own names, each word quoted for a shell where it must be ($'..' for bytes that are
 * not printable). Not in it: where a report goes and how it looks, limits of this machine (threads,
 * times, memory, ledger, cache), and --validate, which asks others. After RV_SCAN_AGAIN_PATHS paths
 * come dots. out is set up, and gets a text with its end. EXHAUSTED: no memory, or longer than out
 * may be. */
#define RV_SCAN_AGAIN_PATHS 32
#define RV_SCAN_AGAIN_MAX   ((size_t)1 << 20) /* bytes that do for a command line */
RV_NODISCARD rv_status rv_scan_again(const struct rv_scan_ask *ask, const struct rv_verb_args *args,
				     struct rv_buf *out);
