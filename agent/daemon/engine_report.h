/* daemon: the engine's side of the inventory: `enroll`, `unenroll`, and the job that brings what
 * changed to reeve-report. The engine never touches the network or the token. */
#pragma once

#include "agent/daemon/engine.h"

extern const struct rv_module rv_module_report;
