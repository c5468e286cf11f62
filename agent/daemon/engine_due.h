/* daemon: starts what policy says is due. Not here: deciding that (decide/), doing it (act/). */
#pragma once

#include "agent/daemon/engine.h"

/* After each pass and every minute: credentials that are due, unheld and under `mode: enforce`,
 * inside their window, are rotated, one after the other. A refusal is tried again later and later
 * (1 min to 6 h, spread by the credential's id), and the wait survives a restart. */
extern const struct rv_module rv_module_due;
