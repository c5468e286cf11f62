/* act: one run carried out: steps in order, each committed before the next one begins, each safe to
 * repeat; on a failure back as far as the protocol allows (docs/rotation.md). Reaches the world by
 * ports only. Not here: what may be rotated (decide/), what proves it (verify/), the table
 * (store/). */
#pragma once

#include "agent/act/crew.h"

#define RV_ROTATION_K	     5
#define RV_ROTATION_PROVE_US (INT64_C(10) * 1000000) /* how long a proof may take */

struct rv_rotation {
	struct rv_run *run; /* borrowed */
	const struct rv_act_ports *ports;
	struct rv_crew crew;
	bool is_resumed; /* the step may have been begun by someone who died */
	char said[320];	 /* what the running step did, for people; goes with its commit */
};

/* Carries the run on until it ends or has to wait (*out_wait_until_us, 0 when it ended):
 * run->r.state and reason say how. Fails only when the run could not be committed: then nothing
 * further was done and it goes on from the stored row. The ports' commit is called with the first
 * step before anything is done. is_resumed: the run comes from the table. */
RV_NODISCARD rv_status rv_rotation_go(struct rv_run *run, const struct rv_act_ports *ports,
				      bool is_resumed, int64_t *out_wait_until_us,
				      struct rv_diag *diag);

/* Looks once more how dead the old version of a closed run is: issuer and listeners. Commits
 * nothing.
 */
RV_NODISCARD rv_status rv_rotation_look_again(struct rv_run *run, const struct rv_act_ports *ports,
					      unsigned *out_grade, struct rv_diag *diag);

/* --- shared by the sources of this file ----------------------------------------------------- */

typedef rv_status rv_step_fn(struct rv_rotation *rot, struct rv_diag *diag);
rv_step_fn rv_step_admit, rv_step_preflight, rv_step_intent, rv_step_create, rv_step_gate,
	rv_step_stage, rv_step_swap, rv_step_test, rv_step_reload, rv_step_prove, rv_step_promote,
	rv_step_tidy, rv_step_grace, rv_step_revoke, rv_step_show_dead, rv_step_close,
	rv_step_unswap, rv_step_reload_old, rv_step_prove_old, rv_step_revoke_new;
/* Commits the run as it is, within a step. */
RV_NODISCARD rv_status rv_rotation_commit(struct rv_rotation *rot, const struct rv_act_event *event,
					  struct rv_diag *diag);
/* Commits a note (what went not as hoped, without stopping the run). */
RV_NODISCARD rv_status rv_rotation_note(struct rv_rotation *rot, const char *text,
					struct rv_diag *diag);
/* What the step did, in one sentence with its numbers, kept with the step's `done`. */
void rv_rotation_say(struct rv_rotation *rot, const char *fmt, ...) RV_PRINTF(2, 3);
/* Surveys the run's files. The answer borrows from *frame. */
RV_NODISCARD rv_status rv_rotation_survey(struct rv_rotation *rot, struct rv_rec_surveyed *out,
					  struct rv_frame *frame, struct rv_diag *diag);

/* What place sees of the whole set. */
enum rv_set_state { RV_SET_OLD, RV_SET_NEW, RV_SET_MIXED, RV_SET_FOREIGN };
RV_NODISCARD rv_status rv_rotation_observe(struct rv_rotation *rot, enum rv_set_state *out,
					   bool *out_is_staged, struct rv_diag *diag);
/* Exchanges all to new (or back to old). */
RV_NODISCARD rv_status rv_rotation_swap(struct rv_rotation *rot, bool back, struct rv_diag *diag);
/* K handshakes in a row per target showing the certificate, within RV_ROTATION_PROVE_US. */
RV_NODISCARD rv_status rv_rotation_shown(struct rv_rotation *rot, struct rv_str der, unsigned k,
					 int64_t within_us, enum rv_proof *out,
					 struct rv_diag *diag);
RV_NODISCARD rv_status rv_rotation_listeners(struct rv_rotation *rot, struct rv_holder *out,
					     size_t *out_count, struct rv_diag *diag);
