/* base: one-line structured log on stderr. Message constant, data in fields; values are escaped.
 * Not here: audit events (verify/, store/). Only floor 5 and role mains log above debug. */
#pragma once

#include "agent/base/status.h"

enum rv_level { RV_ERROR, RV_WARNING, RV_INFO, RV_DEBUG, RV_LEVEL__COUNT };

void rv_log_level(enum rv_level at_most);
void rv_log_name(const char *role); /* borrows for ever: a literal */
void rv_log_to(int fd);		    /* default 2 */
/* Fields: pairs "key", "value" (const char *), ended by NULL. At most 512 bytes of line:
 *   rv_log(RV_INFO, "rotation finished", "cred", id, "took_ms", text, NULL); */
void rv_log_(enum rv_level level, const char *message, ...) __attribute__((sentinel));
#define rv_log(...) rv_log_(__VA_ARGS__)
