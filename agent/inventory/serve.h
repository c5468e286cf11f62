/* inventory: `serve`. */
#pragma once

#include "agent/base/status.h"

struct rv_serve_options {
	const char *dir, *agents, *enrol, *people;
	long next_checkin_s, spread_s;
	const char *fault; /* crash point of test builds, or NULL */
};
/* Serves until SIGTERM or SIGINT. The chosen ports are in DIR/ports.json once it is ready. */
RV_NODISCARD rv_status rv_serve(const struct rv_serve_options *options, struct rv_diag *diag);
