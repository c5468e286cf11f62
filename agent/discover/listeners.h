/* discover (open side): listening TCP sockets and the processes that hold them. Not here: what they
 * serve (a probe plugin asks). */
#pragma once

#include "agent/discover/feed.h"

/* Asks the kernel by `diag` (NETLINK_SOCK_DIAG of the host's network) and looks for holders in
 * /proc; tells one seen_listener for each socket and process; a socket whose holder cannot be seen
 * has pid 0. port 0: all. */
RV_NODISCARD rv_status rv_listeners_tell(int diag_fd, uint16_t port, struct rv_feed *feed,
					 struct rv_diag *diag);
