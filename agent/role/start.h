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
 *   engine    state=DIR config=DIR share=DIR db=PATH(":memory:" in session mode) gid_reeve=N
 *             gid_operators=N (absent when there is no such group), session=1 in session mode
 *   report    identity=DIR (its own, writable: key, certificate, CA)
 *   plughost  profile=none|loopback|net plugin=NAME */
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
