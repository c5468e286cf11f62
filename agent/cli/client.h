/* cli: one request to the agent over its control socket, or to a private one-shot agent. */
#pragma once

#include "agent/cli/out.h"

struct rv_reply {
	int exit_code;	  /* 0..5, as decided by the agent */
	json_t *document; /* {"v":1,"data":..} or {"v":1,"error":..} */
	int fd;		  /* what came along with the document (a bundle), -1 none */
};
#define RV_REPLY_NONE ((struct rv_reply){.fd = -1})
void rv_reply_done(struct rv_reply *reply);

#define RV_CONTROL_SOCKET "/run/reeve/control.sock"

/* NOT_FOUND: no agent answers at that socket (the diag says which and what to do). */
RV_NODISCARD rv_status rv_client_connect(const char *socket_path, int *out_fd,
					 struct rv_diag *diag);
/* takes fd. Sends verb and args (and args_fd unless -1), shows progress, waits for the reply.
 * UNSURE: the agent went away after the request was sent. */
RV_NODISCARD rv_status rv_client_call(int fd, const char *verb, const json_t *args, int args_fd,
				      struct rv_out *out, struct rv_reply *reply,
				      struct rv_diag *diag);
/* A private agent of the caller's own rights: it keeps its state in memory, serves this one
 * connection and ends with it. *gives* the fd. libexec NULL: the installed place. */
RV_NODISCARD rv_status rv_client_once(const char *libexec, const char *root, int *out_fd,
				      struct rv_diag *diag);
