/* role: how every role main starts. Its own room because it joins ipc (argv, HELLO) and sandbox
 * (walls), which do not know each other. A main reads:
 *
 *	int main(int argc, char **argv)
 *	{
 *		struct rv_role_args args;
 *		RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
 *		RV_CLEANUP(rv_channel_freep) struct rv_channel *engine = NULL;
 *		struct rv_diag diag = {0};
 *		rv_status s = rv_secret_heap_init(&diag);    (roles with secrets: before
 *confinement)
 *
 *		if (rv_is_ok(s))
 *			s = rv_role_start(argc, argv, RV_ROLE_BROKER, &args, &sup, &engine, &diag);
 *		if (!rv_is_ok(s))
 *			return rv_role_failed(s, &diag);
 *		... loop until the engine's channel gives NOT_FOUND, then return 0
 *	}
 *
 * After it returns: descriptors are all there is; libcrypto is initialised; a system call outside
 * the jail's list kills the process with SIGSYS (see it with `strace -f`).
 *
 * What reeved passes by --set (read with rv_role_set):
 *   engine    state=DIR (its own, writable) config=DIR share=DIR
 *             db=PATH ("DIR/reeve.db"; ":memory:" in session mode) session=1 in session mode
 *             gid_reeve=N gid_operators=N (each absent when there is no such group)
 *   report    identity=DIR (its own, writable: key, certificate, CA)
 *   plughost  profile=none|loopback|net plugin=NAME
 * and by --fd (read with rv_role_fd; named descriptors stay owned by args):
 *   engine    listen (control socket), or control (the one connection of session mode)
 *   open      diag (NETLINK_SOCK_DIAG), discover (channel to the discover it feeds)
 *   discover  fleet host (keys), open (channel to the open that will feed it; end of file when
 *             none comes any more)
 *   broker    sealing evidence fleet host (keys); later one `peer` frame on the channel to reeved
 *             for each place or plughost: read that channel before answering the engine
 *   place, plughost  broker (when spawned with broker_job); plughost also plugin (sealed memfd) */
#pragma once

#include "agent/ipc/role.h"
#include "agent/sandbox/confine.h"

/* argv -> libcrypto -> confine -> HELLO. *out_engine is NULL for the engine itself, which gets no
 * channel to itself. gives both channels. On failure: print with rv_role_failed() and exit. */
RV_NODISCARD rv_status rv_role_start(int argc, char **argv, enum rv_role role,
				     struct rv_role_args *out_args, struct rv_channel **out_sup,
				     struct rv_channel **out_engine, struct rv_diag *diag);
/* Logs why and yields the exit status (2). */
int rv_role_failed(rv_status status, const struct rv_diag *diag);
