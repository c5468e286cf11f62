/* daemon: rotations, revocations and undos in the engine: what act/ needs is joined to roles,
 * tables, policy and judges here. Private to engine_rotate*.c but for the first part. */
#pragma once

#include "agent/act/rotation.h"
#include "agent/daemon/engine.h"

extern const struct rv_module rv_module_rotate; /* verbs rotate, revoke, undo; recovery */

/* Surveys, asks policy and makes the sealed plan for these credentials. verb: "rotate", "revoke".
 * by_hand: window and mode do not hold it back. Only from a job. *gives*. */
RV_NODISCARD rv_status rv_rotate_plan(struct rv_engine *e, const char *const *ids, size_t count,
				      const char *verb, bool by_hand, json_t **out,
				      struct rv_diag *diag);
/* Carries out the part of a checked plan that is about one credential and gives the `run` document.
 * REFUSED runs are failures (DENIED or CONFLICT with the reason); others set ctl->exit_code.
 * ctl may be NULL (a due rotation). Only from a job. */
RV_NODISCARD rv_status rv_rotate_apply(struct rv_engine *e, struct rv_ctl *ctl, const json_t *plan,
				       const char *id, json_t **out_run, struct rv_diag *diag);

/* --- private -------------------------------------------------------------------------------- */
struct rv_rotate_ctx {
	struct rv_engine *engine;
	struct rv_ctl *ctl; /* progress goes there; NULL none */
};
void rv_rotate_ports(struct rv_rotate_ctx *ctx, struct rv_act_ports *out);
/* engine_rotate_commit.c: one transaction. */
RV_NODISCARD rv_status rv_rotate_commit(void *ctx, const struct rv_run *run,
					const struct rv_act_event *event, struct rv_diag *diag);
/* Saves a run's row as it is (inside a transaction). */
RV_NODISCARD rv_status rv_rotate_save(struct rv_engine *e, const struct rv_run *run,
				      struct rv_diag *diag);
/* A stored run. *gives*. */
RV_NODISCARD rv_status rv_rotate_load(struct rv_engine *e, const char *id, struct rv_run **out,
				      struct rv_diag *diag);
/* engine_rotate_docs.c: the `run` document. *gives*. */
RV_NODISCARD rv_status rv_rotate_doc(struct rv_engine *e, const struct rv_run *run, json_t **out,
				     struct rv_diag *diag);
/* engine_rotate_run.c: a run from a plan's part for one credential. *gives*. */
RV_NODISCARD rv_status rv_rotate_run_of(struct rv_engine *e, const json_t *plan, const char *id,
					struct rv_run **out, struct rv_diag *diag);
/* Where the credential is served, as loopback addresses that are listened on now. */
RV_NODISCARD rv_status rv_rotate_targets(struct rv_engine *e, struct rv_run *run,
					 const json_t *texts, struct rv_diag *diag);
/* A listener as seen right now. */
struct rv_rotate_listener {
	uint8_t addr[16];
	size_t addr_len;
	struct rv_holder holder;
};
/* port 0: all. */
RV_NODISCARD rv_status rv_rotate_look(struct rv_engine *e, uint16_t port,
				      struct rv_rotate_listener *out, size_t max, size_t *out_count,
				      struct rv_diag *diag);
/* engine_rotate_paths.c: the files of a credential, surveyed. */
#define RV_ROTATE_HOPS 8
struct rv_rotate_paths;
RV_NODISCARD rv_status rv_rotate_paths_of(struct rv_engine *e, const char *id,
					  struct rv_rotate_paths **out, struct rv_diag *diag);
void rv_rotate_paths_freep(struct rv_rotate_paths **paths);
const struct rv_plan_path *rv_rotate_paths_list(const struct rv_rotate_paths *paths,
						size_t *out_count);
/* The final file behind an absolute path whose last hops may be symbolic links in granted
 * directories. Appends it to out. */
RV_NODISCARD rv_status rv_rotate_follow(struct rv_engine *e, const char *path, struct rv_buf *out,
					struct rv_diag *diag);
