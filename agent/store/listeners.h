/* store: listening sockets of the last pass, their holders, and the certificate each presented. */
#pragma once

#include "agent/model/credential.h"
#include "agent/store/db.h"

struct rv_listener {
	struct rv_str addr; /* 4 or 16 bytes */
	unsigned port;
	uint32_t pid, ppid, uid;
	int64_t started_us;
	const char *exe;
	const char *unit;
	bool accepts;
};
RV_NODISCARD rv_status rv_listeners_clear(struct rv_db *db, struct rv_diag *diag);
RV_NODISCARD rv_status rv_listener_put(struct rv_db *db, const struct rv_listener *l,
				       struct rv_diag *diag);
typedef rv_status rv_listener_fn(const struct rv_listener *l, void *user);
/* port 0: all. Ordered by port, address, pid. */
RV_NODISCARD rv_status rv_listeners_each(struct rv_db *db, unsigned port, rv_listener_fn *fn,
					 void *user, struct rv_diag *diag);
