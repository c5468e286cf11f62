/* act: everything a rotation reaches outside itself, as functions the engine fills in
 * (daemon/engine_rotate.c) and a test replaces. Straight-line: each call returns when it has its
 * answer. Not here: what is asked for and in which order (rotation.h). */
#pragma once

#include "agent/act/run.h"
#include "agent/ipc/channel.h"

struct rv_act_peer; /* a spawned role, or NULL */

struct rv_act_spawn {
	enum rv_role role;
	uint64_t broker_job;
	const char *plugin;
	const char *const *dirs;
	size_t dir_count;
	uint32_t uid, gid;
};

/* A provider instance: which plugin, its public settings (LIST of plug_setting), the sealed blob
 * it needs (purpose: what the blob is bound to), and its ledger so far. */
struct rv_act_provider {
	char plugin[65];
	char secret_name[65];
	char purpose[201];
	struct rv_buf settings, sealed, ledger;
};
void rv_act_provider_done(struct rv_act_provider *p);

/* What is committed with the run, all in one transaction. */
struct rv_act_event {
	uint64_t step;	     /* which step it tells of (run->r.step is already the next one) */
	const char *outcome; /* "done", "failed", "note" */
	const char *text;    /* one sentence, or "" */
	const char *purpose; /* a sealed blob to keep; NULL none */
	struct rv_str sealed;
	struct rv_str ledger_add; /* for run->r.instance; empty none */
};

struct rv_act_ports {
	void *ctx;
	rv_status (*spawn)(void *ctx, const struct rv_act_spawn *ask, struct rv_act_peer **out,
			   uint64_t *out_job, struct rv_diag *diag);
	/* peer NULL: reeved. fd -1: none. UNSURE: sent, no answer. */
	rv_status (*call)(void *ctx, struct rv_act_peer *peer, enum rv_msg type, const void *body,
			  int fd, enum rv_msg answer, int timeout_ms, struct rv_frame *out,
			  struct rv_diag *diag);
	void (*stop)(void *ctx, struct rv_act_peer *peer);
	rv_status (*wait)(void *ctx, int64_t us);
	rv_status (*provider)(void *ctx, const char *instance, struct rv_act_provider *out,
			      struct rv_diag *diag);
	/* A sealed blob kept before, by purpose; appended. */
	rv_status (*sealed)(void *ctx, const char *purpose, struct rv_buf *out,
			    struct rv_diag *diag);
	/* Who listens on those ports now. */
	rv_status (*listeners)(void *ctx, const uint16_t *ports, size_t port_count,
			       struct rv_holder *out, size_t max, size_t *out_count,
			       struct rv_diag *diag);
	/* DENIED while the host is paused. */
	rv_status (*may_start)(void *ctx, struct rv_diag *diag);
	rv_status (*commit)(void *ctx, const struct rv_run *run, const struct rv_act_event *event,
			    struct rv_diag *diag);
	/* The judges (verify/): act does not judge its own work. */
	rv_status (*judge_gate)(void *ctx, const struct rv_run *run, struct rv_diag *diag);
	enum rv_proof (*judge_handshakes)(const struct rv_handshake *seen, size_t count,
					  unsigned targets, const uint8_t wanted[32], unsigned k,
					  struct rv_diag *out_text);
	enum rv_proof (*judge_holders)(const struct rv_holder *before, size_t before_count,
				       const struct rv_holder *now, size_t now_count,
				       struct rv_diag *out_text);
	enum rv_grade (*judge_grade)(bool issuer_was_asked, bool issuer_lists, enum rv_proof served,
				     bool is_held_here);
};
