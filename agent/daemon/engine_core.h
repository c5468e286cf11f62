/* daemon: what the files of the engine's machine room share: loop, peers, clients, jobs. Verbs and
 * modules include engine.h only. */
#pragma once

#include "agent/daemon/engine.h"

struct rv_owners;

#define RV_CLIENTS_MAX 64
#define RV_QUEUE_MAX   64
#define RV_PEERS_MAX   64
#define RV_TICK_US     (60 * RV_US_PER_S)

struct rv_client {
	struct rv_engine *engine;
	struct rv_channel *channel;
	uint32_t uid;
	enum rv_right right;
	struct rv_client *next;
};

/* One request or one job of the engine's own, waiting or running. */
struct rv_job {
	const char *name; /* of a verb or a submitted job; a literal or from the verb table */
	rv_job_fn *fn;	  /* NULL: a request */
	void *user;
	const struct rv_verb *verb;
	json_t *document; /* the request */
	uint64_t req;
	struct rv_ctl ctl;
	struct rv_job *next;
};

struct rv_peer_node {
	struct rv_peer peer; /* first: a peer is its node */
	struct rv_peer_node *next;
};

/* The one who waits for an answer of reeved. */
struct rv_sup_waiter {
	uint64_t req;
	bool is_done;
	struct rv_frame frame;
	uint8_t body[RV_FRAME_MAX];
};

struct rv_engine_core {
	struct rv_client *clients;
	size_t client_count;
	struct rv_job *queue; /* oldest first */
	size_t queued;
	struct rv_job *running;
	struct rv_peer_node *peers;
	struct rv_sup_waiter *waiter;
	struct rv_sup_waiter *sup_answer; /* the last answer of reeved, kept for its reader */
	uint64_t next_job;
	int64_t pass_every_us; /* as configured; 0 before the first pass */
	unsigned waiting;      /* depth of rv_engine_call and friends: 0 or 1 */
	bool is_stopping;
	int exit_code;
	int signal_fd;
	int64_t started_us;
	int64_t next_pass_us;	  /* CLOCK_BOOTTIME */
	struct rv_owners *owners; /* the last good registry */
	char owners_error[768];
};

/* engine_peers.c */
void rv_engine_on_sup(struct rv_loop *loop, int fd, uint32_t events, void *user);
/* Ends every role that still runs. */
void rv_engine_stop_peers(struct rv_engine *e);

/* engine_control.c */
RV_NODISCARD rv_status rv_control_start(struct rv_engine *e, struct rv_diag *diag);
void rv_control_stop(struct rv_engine *e);
/* Runs one waiting request's handler and answers it. */
void rv_control_serve(struct rv_engine *e, struct rv_job *job);

/* engine_jobs.c */
RV_NODISCARD rv_status rv_jobs_put(struct rv_engine *e, struct rv_job *job);
/* Runs the oldest one, if any; true when it did. Only from the top of the main loop. */
bool rv_jobs_run_one(struct rv_engine *e);
void rv_jobs_forget_client(struct rv_engine *e, const struct rv_client *client);
void rv_jobs_stop(struct rv_engine *e);
void rv_job_free(struct rv_job *job);

/* engine_modules.c */
const struct rv_module *const *rv_modules(void); /* NULL-ended */
const struct rv_verb *rv_verb_named(const char *name);

/* Ends the main loop; a waiting job gets UNSURE or RETRY. */
void rv_engine_stop(struct rv_engine *e, int exit_code);
