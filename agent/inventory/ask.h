/* inventory: what a reader asks, out of the query string: after, limit, host, within. */
#pragma once

#include "agent/inventory/http.h"
#include "agent/inventory/query.h"

/* MALFORMED with the parameter's name. `within` is a duration ("30d"); without it: no end. */
RV_NODISCARD rv_status rv_ask(const struct rv_request *req, int64_t default_limit,
			      struct rv_query *out, struct rv_diag *diag);
