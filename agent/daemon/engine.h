/* daemon: reeve-engine, the process that decides. One thread, one loop, at most one long job; a job
 * is straight-line code that waits for answers in rv_engine_call(), which steps the loop meanwhile
 * (docs/decisions/engine-jobs.md). What plugs in here: a module per concern (engine_modules.c),
 * with its verbs and its hooks, in a file pair of its own. */
#pragma once

#include "agent/base/json.h"
#include "agent/base/loop.h"
#include "agent/ipc/channel.h"
#include "agent/ipc/role.h"
#include "agent/model/credential.h"
#include "agent/store/db.h"

struct rv_engine {
	const struct rv_role_args *args;
	struct rv_loop *loop;
	struct rv_channel *sup; /* reeved; never used directly: rv_engine_sup_call() */
	struct rv_db *db;
	const char *config_dir;	     /* /etc/reeve, or what --config gave */
	const char *state_dir;	     /* /var/lib/reeve; "" in a session */
	char host_label[40];	     /* this host in sighting ids; stable */
	const char *share_dir;	     /* /usr/share/reeve: shipped policies and rules */
	bool is_session;	     /* started for one request: database in memory, nothing kept */
	bool is_root;		     /* the supervisor runs as root */
	json_t *grants;		     /* array of canonical lines; rv_engine_refresh_grants() */
	char grants_error[512];	     /* why the grants file is refused, "" when it is not */
	uint32_t sup_pid;	     /* of reeved */
	struct rv_engine_core *core; /* private to engine_*.c of the loop and job runner */
	struct rv_engine_policy *policy; /* private to engine_policy*.c */
};

/* --- roles ----------------------------------------------------------------------------------- */
/* A spawned role. Lives until rv_engine_stop_job(). */
struct rv_peer {
	struct rv_channel *channel;
	uint64_t job;
	enum rv_role role;
	uint32_t pid;
	uint64_t walls;
	bool is_dead;	    /* reeved said so, or the channel closed */
	unsigned exit_code; /* once known: status, or 128 + signal */
};

struct rv_spawn_opts {
	enum rv_role role;
	uint64_t broker_job;	 /* place, plughost: the broker they share secrets with */
	uint64_t peer_job;	 /* open: the discover it feeds */
	const char *plugin;	 /* plughost: name in the grants; NULL none */
	const char *const *dirs; /* place: absolute directories, granted */
	size_t dir_count;
	uint32_t uid, gid; /* place: the destination's owner; UINT32_MAX stay */
};
/* Asks reeved; waits at most 15 s while the loop turns. *gives* out. The class is reeved's answer.
 */
RV_NODISCARD rv_status rv_engine_spawn(struct rv_engine *e, const struct rv_spawn_opts *opts,
				       struct rv_peer **out, struct rv_diag *diag);
/* Ends the role (if it still runs) and frees the peer; accepts NULL. */
void rv_engine_stop_job(struct rv_engine *e, struct rv_peer *peer);

/* Sends `type` to the peer and waits for `answer` with the same request number; the loop turns, so
 * no database transaction may be open (RV_BUG_ON). timeout_ms > 0.
 * UNSURE: no answer in time, or the peer died after the request was sent. The frame's body borrows
 * from the peer's channel until its next use. */
RV_NODISCARD rv_status rv_engine_call(struct rv_engine *e, struct rv_peer *peer, enum rv_msg type,
				      const void *body, enum rv_msg answer, int timeout_ms,
				      struct rv_frame *out, struct rv_diag *diag);
RV_NODISCARD rv_status rv_engine_call_fds(struct rv_engine *e, struct rv_peer *peer,
					  enum rv_msg type, const void *body, const int *fds,
					  size_t fd_count, enum rv_msg answer, int timeout_ms,
					  struct rv_frame *out, struct rv_diag *diag);
/* The next frame of a stream, whatever it is. NOT_FOUND: closed; UNSURE: nothing in time. */
RV_NODISCARD rv_status rv_engine_receive(struct rv_engine *e, struct rv_peer *peer, int timeout_ms,
					 struct rv_frame *out, struct rv_diag *diag);
/* The same with reeved (hook, reload, connect, ask_grants). */
RV_NODISCARD rv_status rv_engine_sup_call(struct rv_engine *e, enum rv_msg type, uint64_t job,
					  const void *body, enum rv_msg answer, int timeout_ms,
					  struct rv_frame *out, struct rv_diag *diag);
/* Waits without sleeping: the loop turns. Ends early when the engine stops (RETRY). */
RV_NODISCARD rv_status rv_engine_wait(struct rv_engine *e, int64_t wait_us);
RV_NODISCARD rv_status rv_engine_refresh_grants(struct rv_engine *e, struct rv_diag *diag);
/* An outcome field of an answer (rv_class) with its text as a status. */
rv_status rv_engine_outcome(uint64_t outcome, struct rv_str text, struct rv_diag *diag);

/* --- the record --------------------------------------------------------------------------------
 */
/* Appends an audit event in the current transaction (or one of its own). cred and run may be "".
 * data is borrowed and must hold public facts only. */
RV_NODISCARD rv_status rv_engine_audit(struct rv_engine *e, const char *type, const char *cred,
				       const char *run, const json_t *data, struct rv_diag *diag);

/* --- verbs ---------------------------------------------------------------------------------------
 */
enum rv_right { RV_RIGHT_READ = 1, RV_RIGHT_PLAN = 2, RV_RIGHT_APPLY = 3 };

/* One request of the control socket, as a handler sees it. */
struct rv_ctl {
	const char *verb;
	const json_t *args;  /* an object, maybe empty */
	uint32_t uid;	     /* of the caller, by SO_PEERCRED */
	enum rv_right right; /* what the caller may do; a verb whose `do` needs more checks it by
				rv_ctl_need() */
	int fd;		     /* that came along, -1 none; owned by the engine */
	int exit_code;	     /* for an answer that is not a failure: 0, 1 or 3 */
	int reply_fd;	     /* a sealed memfd to send along (a bundle), -1 none; taken */
	struct rv_client *client; /* for progress; NULL once the caller has hung up */
};
/* DENIED with who may do it instead. */
RV_NODISCARD rv_status rv_ctl_need(const struct rv_ctl *ctl, enum rv_right right,
				   struct rv_diag *diag);
/* Sends a ctl_progress document {"step":..,"text":..,..}; borrowed; lost when the caller is gone.
 */
void rv_ctl_progress(struct rv_ctl *ctl, const json_t *doc);

#define RV_VERB_JOB 1 /* runs as the long job: may call rv_engine_call(); queues behind others */
#define RV_VERB_NOW 2 /* changes something but never waits for the running job (pause) */

struct rv_verb {
	const char *name;
	enum rv_right right; /* least right to be let in at all */
	unsigned flags;
	/* Fills *out_data (*gives*; the reply's "data"; of a failure: more members of "error"). A
	 * failure's class makes the exit code by the outcome table; diag->text and ->next become
	 * the error document. */
	rv_status (*handler)(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			     struct rv_diag *diag);
};
/* args.id (prefix or path) to a credential id. MALFORMED without one. */
RV_NODISCARD rv_status rv_ctl_id(struct rv_engine *e, const struct rv_ctl *ctl,
				 char out_id[RV_ID_TEXT], struct rv_diag *diag);
/* The `credential` document of docs/protocol.md. *gives*; NULL for no memory. */
json_t *rv_credential_json(struct rv_engine *e, const struct rv_credential *c);
/* A time as RFC 3339 text, or JSON null for RV_TIME_NONE. *gives*. */
json_t *rv_time_json(int64_t us);
/* A text, or JSON null for "" and NULL. A path as escaped text. *gives*. */
json_t *rv_text_json(const char *z);
json_t *rv_path_json(struct rv_str path);
/* The `counts` document of status. *gives*. */
RV_NODISCARD rv_status rv_counts_json(struct rv_engine *e, json_t **out, struct rv_diag *diag);
/* Appends a check of `doctor`; next is said only when it is not ok. */
RV_NODISCARD rv_status rv_doctor_check(json_t *checks, const char *name, bool ok, const char *text,
				       const char *next);

/* --- jobs
 * ------------------------------------------------------------------------------------------ */
/* Queues work of the engine's own (a pass, a due rotation, a post): runs when no other job does.
 * fn owns `user` from then on. At most 64 wait; EXHAUSTED past that. The same name is not queued
 * twice: CONFLICT. */
typedef void rv_job_fn(struct rv_engine *e, void *user);
RV_NODISCARD rv_status rv_engine_submit(struct rv_engine *e, const char *name, rv_job_fn *fn,
					void *user);
/* DENIED while paused, with until when and why. Rotation calls it before each new change. */
RV_NODISCARD rv_status rv_engine_check_pause(struct rv_engine *e, struct rv_diag *diag);

/* --- modules
 * ----------------------------------------------------------------------------------------- */
/* One row in engine_modules.c for each. Every member may be NULL. */
struct rv_module {
	const char *name;
	const struct rv_verb *verbs; /* ended by name NULL */
	/* Once the database is open, before the first request: load, recover (submit a job for what
	 * needs roles). A failure stops the engine. */
	rv_status (*start)(struct rv_engine *e, struct rv_diag *diag);
	/* At the end of each discovery pass, inside its job, no transaction open. */
	rv_status (*passed)(struct rv_engine *e, struct rv_diag *diag);
	/* Every 60 s from the loop, between jobs; submit work here. */
	void (*tick)(struct rv_engine *e);
	/* SIGHUP: read configuration again; from the loop. */
	void (*reload)(struct rv_engine *e);
	/* Adds keys to the data of `status` and checks to `doctor` ({name,ok,text,next}). */
	rv_status (*status)(struct rv_engine *e, json_t *data);
	rv_status (*doctor)(struct rv_engine *e, json_t *checks);
	void (*stop)(struct rv_engine *e);
};
extern const struct rv_module rv_module_core; /* status, list, show, why, history, pause, doctor */
extern const struct rv_module rv_module_discover; /* discover, and the hourly pass */
extern const struct rv_module rv_module_owner;	  /* owner */
