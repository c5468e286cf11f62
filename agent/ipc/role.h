/* ipc: what every role main does first. Order (docs/protocol.md): take fds, libcrypto and secure
 * heap, drop, Landlock, seccomp, HELLO, and only then parse. The confinement calls themselves are
 * in sandbox/; this file only knows argv and channels.
 *
 * A role is started by reeved with an empty environment and argv:
 *   reeve-NAME --sup 3 [--engine 4] [--fd NAME=N].. [--uid N --gid N] [--root DIR]
 *              [--dir N:PATH].. [--set KEY=VALUE].. [--abi N] [--fault K]
 * Nothing in argv is secret. Unknown arguments: exit 2. */
#pragma once

#include "agent/ipc/channel.h"

#define RV_ROLE_FDS  16
#define RV_ROLE_DIRS 32
#define RV_ROLE_SETS 32

struct rv_role_args {
	enum rv_role role;
	int sup_fd;    /* to reeved */
	int engine_fd; /* to the engine; -1 for the engine itself */
	struct {
		const char *name; /* "listen" "sealing" "evidence" "fleet" "host" "diag" "broker"
				     "discover" "plugin" ... */
		int fd;
	} fds[RV_ROLE_FDS];
	size_t fd_count;
	struct {
		const char *path; /* as granted, absolute */
		int fd;		  /* O_PATH|O_DIRECTORY */
	} dirs[RV_ROLE_DIRS];
	size_t dir_count;
	struct {
		const char *key;
		const char *value;
	} sets[RV_ROLE_SETS];
	size_t set_count;
	const char *root;	   /* file system root seen by this agent, "" for the real one */
	uint32_t uid, gid;	   /* to become; UINT32_MAX: stay */
	unsigned landlock_abi_cap; /* 0: what the kernel has; 2 in the test mode */
	uint64_t fault_at;	   /* RV_FAULTS builds: die at this event; 0 never */
	uint64_t walls;		   /* enum rv_wall bits that are up; set by rv_role_start */
};

RV_NODISCARD rv_status rv_role_args_parse(int argc, char **argv, enum rv_role role,
					  struct rv_role_args *out, struct rv_diag *diag);
/* The fd passed under that name, or -1. Stays owned by args. */
int rv_role_fd(const struct rv_role_args *args, const char *name);
const char *rv_role_set(const struct rv_role_args *args, const char *key, const char *fallback);
/* Says HELLO to reeved with our build id and the walls that are up (enum rv_wall of sandbox/). */
RV_NODISCARD rv_status rv_role_hello(const struct rv_role_args *args, struct rv_channel *sup,
				     uint64_t walls);
const char *rv_build_id(void); /* version + hash of messages.def at build time */

/* Crash injection (RV_FAULTS builds; a no-op otherwise). Armed from args->fault_at at start. Each
 * frame sent or received and each journal write is an event, counted from 1 in this process; at the
 * chosen one it kills itself with SIGKILL. rv_fault_count() is what a dry run reports. */
#define RV_FAULT_TRACE 1000000000 /* as event: nobody dies, each event is named on stderr */
void rv_fault_arm(uint64_t at);
void rv_fault_point(const char *where);
uint64_t rv_fault_count(void);
