/* sandbox: what a process gives up, by jail. Order: capabilities, uid, no_new_privs, no dumps ->
 * Landlock -> seccomp (deny by default, kill). Knows nothing of messages or argv; role/start.h
 * joins it to them. Nothing can be given back; every child inherits it. */
#pragma once

#include "agent/base/status.h"

/* One jail per kind of role. */
enum rv_jail {
	RV_JAIL_ENGINE,
	RV_JAIL_OPEN,
	RV_JAIL_DISCOVER,
	RV_JAIL_BROKER,
	RV_JAIL_PLUGHOST,
	RV_JAIL_PLACE,
	RV_JAIL_REPORT,
	RV_JAIL_SCAN, /* rv_confine_scan() */
	RV_JAIL_ASK,  /* rv_confine_ask() */
	RV_JAIL__COUNT
};

/* What a plughost may reach besides its plugin. */
enum rv_profile {
	RV_PROFILE_NONE,     /* no socket at all */
	RV_PROFILE_LOOPBACK, /* talks on connected sockets handed to it */
	RV_PROFILE_NET,	     /* AF_INET and AF_INET6 of its own */
	RV_PROFILE__COUNT
};

/* Walls that are up, as said in HELLO and printed by `reeve doctor`. Wire format: append only. */
enum rv_wall {
	RV_WALL_UID = 1 << 0,	       /* an own uid and gid, no supplementary groups */
	RV_WALL_CAPS = 1 << 1,	       /* no capability but the jail's own */
	RV_WALL_NO_NEW_PRIVS = 1 << 2, /* set-uid files give nothing */
	RV_WALL_LANDLOCK = 1 << 3,     /* files: only the jail's */
	RV_WALL_SECCOMP = 1 << 4,      /* system calls: only the jail's */
	RV_WALL_MOUNTNS = 1 << 5,      /* sees the file system read-only and noatime */
	RV_WALL_NETNS = 1 << 6,	       /* an empty network namespace */
	RV_WALL_NODUMP = 1 << 7,       /* no core file, memory closed to its own uid */
};
#define RV_WALL__COUNT 8
/* "uid", "caps", ... for bit number n. */
const char *rv_wall_name(unsigned bit);

/* A directory or file by path, opened here before Landlock. Missing ones are passed over. */
struct rv_confine_path {
	const char *path;
	bool is_writable;
	bool is_executable; /* libraries that are loaded later */
};

#define RV_CONFINE_DIRS 32

struct rv_confine_spec {
	enum rv_jail jail;
	enum rv_profile profile; /* plughost only */
	uint32_t uid, gid;	 /* UINT32_MAX: stay as we are */
	unsigned abi_cap;	 /* highest Landlock ABI to use; 0: what the kernel has */
	const struct rv_confine_path *paths;
	size_t path_count;
	int dir_fds[RV_CONFINE_DIRS]; /* place: granted directories, O_PATH */
	size_t dir_count;
};

/* Raises every wall of the jail. Mandatory everywhere: no_new_privs, seccomp, no dumps, and
 * Landlock for all but `open` (it would close /proc). With uid 0: also uid and capabilities.
 * Namespaces are raised where the kernel lets us and only reported. On failure the process must
 * exit: it is half confined. out_walls: enum rv_wall bits. */
RV_NODISCARD rv_status rv_confine(const struct rv_confine_spec *spec, uint64_t *out_walls,
				  struct rv_diag *diag);

/* The same for a command that only looks (`reeve scan`): stays the caller's user (root keeps
 * CAP_DAC_READ_SEARCH alone), reads everything, writes where the paths say so, runs threads, starts
 * nothing, and has no network. A container may lack Landlock or refuse a filter: the failure says
 * which, *out_walls what stands all the same, and the caller decides. */
RV_NODISCARD rv_status rv_confine_scan(const struct rv_confine_path *paths, size_t count,
				       uint64_t *out_walls, struct rv_diag *diag);

/* The same for its counterpart that has the network and nothing else (`reeve-ask`): stays the
 * caller's user without any capability, reads what the resolver and the list of authorities are
 * made of, writes nothing, starts nothing, makes AF_INET and AF_INET6 sockets. */
RV_NODISCARD rv_status rv_confine_ask(uint64_t *out_walls, struct rv_diag *diag);
