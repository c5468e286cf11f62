/* discover (open side): the loop of reeve-open: requests of the engine, files and listeners to
 * reeve-discover. Links no parser of content. */
#pragma once

#include "agent/ipc/channel.h"

struct rv_opening {
	struct rv_channel *engine;   /* borrowed */
	struct rv_channel *discover; /* borrowed */
	int diag_fd;		     /* NETLINK_SOCK_DIAG, or -1 */
	const char *root;	     /* "" is the real one */
};

/* Runs until the engine closes its channel (OK) or a peer breaks the protocol. Each request ends
 * with files_end to discover and walked to the engine. */
RV_NODISCARD rv_status rv_opening_run(const struct rv_opening *o, struct rv_diag *diag);
