/* daemon: reeved, the supervisor. The only process that stays root: it starts the roles with exact
 * descriptors, checks what the engine asks for against the grants, and does the few things no role
 * may (hooks, reloads, probe sockets). It parses nothing but the grants file and our own frames.
 * This header is private to reeved*.c. */
#pragma once

#include "agent/base/loop.h"
#include "agent/ipc/channel.h"
#include "agent/model/grant.h"

#include <sys/types.h>

#define SUP_CHILDREN 64
#define SUP_TASKS    64
#define SUP_TAIL     4096 /* of a hook's output */

struct sup_options {
	const char *config, *state, *run, *root, *libexec, *plugins, *share;
	unsigned abi;
	uint32_t uid_base; /* --uids: engine is base, open base+1, .. ; 0: named system users */
	int once_fd;	   /* session mode; -1 no */
	struct {
		enum rv_role role; /* RV_ROLE_ANY: no fault asked for */
		unsigned instance;
		uint64_t event;
		bool takes_all;
	} fault;
};

struct sup_user {
	uint32_t uid, gid; /* UINT32_MAX: stay as we are */
};

struct sup;

/* A role that runs. Its pointer is stable until it was reaped. */
struct sup_child {
	struct sup *sup;
	enum rv_role role;
	uint64_t job, req; /* req: of the spawn that is still to be answered */
	pid_t pid;
	int pidfd;
	struct rv_channel *channel;
	bool has_said_hello;
	bool has_fault;
	bool is_ended;	     /* by us */
	int engine_end;	     /* the engine's channel to it, until handed over */
	int peer_end;	     /* broker's end (place, plughost) or open's end (discover) */
	uint64_t broker_job; /* who gets peer_end */
	uint64_t walls, hello_timer;
};

/* A hook, reload or connect under way. */
struct sup_task {
	struct sup *sup;
	enum rv_msg answer;
	uint64_t req, job, timer;
	pid_t pid; /* 0: a connect */
	int pidfd;
	int fd; /* output pipe, or the socket */
	bool is_late;
	uint32_t timeout_ms;
	size_t tail_len;
	char tail[SUP_TAIL];
};

struct sup {
	struct sup_options opt;
	struct rv_loop *loop;
	struct sup_child *children[SUP_CHILDREN];
	struct sup_task *tasks[SUP_TASKS];
	struct sup_child *engine;
	struct rv_grants grants;
	char grants_error[512];
	struct sup_user users[RV_ROLE__COUNT];
	uint32_t gid_reeve, gid_operators; /* UINT32_MAX: no such group */
	unsigned spawned[RV_ROLE__COUNT];  /* how often, for --fault */
	unsigned restarts;
	int64_t engine_started_us;
	int listen_fd, lock_fd, signal_fd, state_fd;
	int session_keys[4];
	bool is_root, is_stopping, is_ready;
	int exit_code;
};

/* --- setup (reeved_setup.c) --- */
RV_NODISCARD rv_status sup_options_parse(int argc, char **argv, struct sup_options *out,
					 struct rv_diag *diag);
/* Users, groups, directories, lock, keys, control socket. */
RV_NODISCARD rv_status sup_prepare(struct sup *sup, struct rv_diag *diag);
enum sup_key { SUP_KEY_HOST, SUP_KEY_FLEET, SUP_KEY_SEALING, SUP_KEY_EVIDENCE, SUP_KEY__COUNT };
const char *sup_key_name(enum sup_key key);
/* A fresh open of the key: its own file offset. gives out_fd. */
RV_NODISCARD rv_status sup_key_open(const struct sup *sup, enum sup_key key, int *out_fd,
				    struct rv_diag *diag);
/* Creates what is missing of the keys. */
RV_NODISCARD rv_status sup_keys_make(struct sup *sup, struct rv_diag *diag);

/* --- grants (reeved_grants.c) --- */
/* Reads CONFIG/grants; a broken or badly owned file leaves no grant in force and says so in
 * sup->grants_error. No file: no grants, no error. */
void sup_grants_load(struct sup *sup);
void sup_grants_answer(struct sup *sup, const struct rv_frame *frame);

/* --- launching (reeved_launch.c): fork and exec with exact descriptors --- */
#define SUP_ARGS 112
#define SUP_FDS	 48
struct sup_launch {
	enum rv_role role;
	char *argv[SUP_ARGS + 1];
	size_t argc;
	int fds[SUP_FDS]; /* become 3, 4, ..; owned */
	size_t fd_count;
	bool has_failed; /* memory or room ran out on the way */
};
void sup_launch_done(struct sup_launch *l);
void sup_launch_arg(struct sup_launch *l, const char *option, const char *fmt, ...) RV_PRINTF(3, 4);
/* takes fd; yields the number it will have in the child. */
int sup_launch_fd(struct sup_launch *l, int fd);
void sup_launch_named(struct sup_launch *l, const char *name, int fd); /* --fd NAME=N; takes fd */
RV_NODISCARD rv_status sup_pair(int out[2]); /* SOCK_SEQPACKET, close-on-exec */
/* Starts LIBEXEC/reeve-ROLE; on OK *out is in sup->children and watched. engine_end and peer_end
 * are taken into the child. */
RV_NODISCARD rv_status sup_launch_run(struct sup *sup, struct sup_launch *l, uint64_t job,
				      struct sup_child **out, struct rv_diag *diag);
/* Runs a command as uid/gid with PATH alone; stdout and stderr into *out_pipe. */
RV_NODISCARD rv_status sup_command_run(const char *const *argv, const struct sup_user *user,
				       pid_t *out_pid, int *out_pidfd, int *out_pipe,
				       struct rv_diag *diag);
/* Reaps; yields exit status or 128 + signal. */
unsigned sup_reap(pid_t pid);

/* --- roles (reeved_roles.c): SPAWN, HELLO, ends --- */
void sup_spawn_asked(struct sup *sup, const struct rv_frame *frame);
RV_NODISCARD rv_status sup_engine_start(struct sup *sup, struct rv_diag *diag);
/* The descriptors and settings of each role (reeved_fit.c). */
RV_NODISCARD rv_status sup_role_fit(struct sup *sup, struct sup_launch *l,
				    const struct rv_rec_spawn *ask, struct rv_diag *diag);
struct sup_child *sup_child_by_job(const struct sup *sup, uint64_t job);
void sup_child_end(struct sup_child *child);  /* SIGKILL; the reaping follows by itself */
void sup_child_gone(struct sup_child *child); /* reaped: tell the engine, free */
/* Callbacks of the loop; user is the struct sup_child. */
void sup_channel_readable(struct rv_loop *loop, int fd, uint32_t events, void *user);
void sup_child_exited(struct rv_loop *loop, int fd, uint32_t events, void *user);
void sup_hello_late(struct rv_loop *loop, void *user);

/* --- what the engine asks (reeved_engine.c) --- */
void sup_engine_frame(struct sup *sup, const struct rv_frame *frame);
/* Answers the engine, if there is one; a failed send ends it. */
void sup_answer(struct sup *sup, enum rv_msg type, uint64_t req, uint64_t job, const void *body,
		int fd);
void sup_engine_lost(struct sup *sup, unsigned code); /* ends the set, restarts it */

/* --- tasks (reeved_tasks.c, reeved_connect.c) --- */
void sup_hook_asked(struct sup *sup, const struct rv_frame *frame);
void sup_reload_asked(struct sup *sup, const struct rv_frame *frame);
void sup_connect_asked(struct sup *sup, const struct rv_frame *frame);
struct sup_task *sup_task_new(struct sup *sup, const struct rv_frame *frame, enum rv_msg answer);
void sup_task_free(struct sup_task *task);
void sup_tasks_drop(struct sup *sup); /* the engine is gone: kill and forget */
/* PID of the file, shown to run `exe`, is sent HUP. */
RV_NODISCARD rv_status sup_signal_reload(const struct rv_grant *grant, struct rv_diag *diag);

/* --- main (reeved.c) --- */
void sup_stop(struct sup *sup, int code);
void sup_notify(const struct sup *sup, const char *state); /* sd_notify by hand */
