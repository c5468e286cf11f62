/* act: the roles that work for one run: a broker, a place, a provider's plughost and the probe's,
 * each started when first needed and let go together. Private to rv_act. */
#pragma once

#include "agent/act/ports.h"

#define RV_CREW_WAIT_MS 20000

struct rv_crew {
	const struct rv_act_ports *ports;
	struct rv_run *run;
	struct rv_act_peer *broker, *place, *provider, *probe;
	uint64_t broker_job, place_job;
	uint64_t key; /* handle of the new key in this broker; 0 not there */
	uint64_t next_ref;
	const char *dirs[RV_RUN_ITEMS]; /* of place, in the order of its indices */
	char *dir_memory[RV_RUN_ITEMS];
	size_t dir_count;
};

void rv_crew_done(struct rv_crew *crew); /* stops all; may be used again */
/* Sends, waits, decodes into *out_body (views borrow from *frame, which the caller gives to
 * rv_frame_done). peer NULL: reeved. */
RV_NODISCARD rv_status rv_crew_call(struct rv_crew *crew, struct rv_act_peer *peer,
				    enum rv_msg type, const void *body, enum rv_msg answer,
				    void *out_body, struct rv_frame *frame, struct rv_diag *diag);
/* NOT_FOUND of a channel (the role is gone) as UNSURE. */
rv_status rv_crew_gone(rv_status s);
/* Whatever a spawn failed with but DENIED and EXHAUSTED, as UNSURE. */
rv_status rv_crew_did_not_start(rv_status s);
/* outcome (an rv_class) and text of an answer as a status. */
rv_status rv_crew_outcome(uint64_t outcome, struct rv_str text, struct rv_diag *diag);
RV_NODISCARD rv_status rv_crew_broker(struct rv_crew *crew, struct rv_diag *diag);
RV_NODISCARD rv_status rv_crew_place(struct rv_crew *crew, struct rv_diag *diag);
RV_NODISCARD rv_status rv_crew_provider(struct rv_crew *crew, struct rv_diag *diag);
RV_NODISCARD rv_status rv_crew_probe(struct rv_crew *crew, struct rv_diag *diag);
/* Index of an item's directory among place's. */
size_t rv_crew_dir(const struct rv_crew *crew, struct rv_str dir);
/* Unseals the blob of that purpose; *out_handle in this broker. */
RV_NODISCARD rv_status rv_crew_unseal(struct rv_crew *crew, const char *purpose,
				      uint64_t *out_handle, struct rv_diag *diag);
/* The broker gives the secret behind handle to `job` under a fresh ref. form as in `give`. */
RV_NODISCARD rv_status rv_crew_give(struct rv_crew *crew, uint64_t handle, uint64_t job,
				    uint64_t form, uint64_t *out_ref, struct rv_diag *diag);

/* One verb of the provider. Results that are needed later are copied into the run's memory. */
struct rv_crew_verb {
	uint32_t verb; /* REEVE_VERB_* */
	struct rv_str csr, cert;
	const char *reason;
};
struct rv_crew_answer {
	unsigned outcome; /* enum rv_outcome */
	char text[513];
	char version[129];
	struct rv_str cert, ledger_add;
	struct rv_str chain[RV_RUN_CHAIN];
	size_t chain_count;
	int64_t revoked_at_us; /* 0: not listed */
};
RV_NODISCARD rv_status rv_crew_ask(struct rv_crew *crew, const struct rv_crew_verb *verb,
				   struct rv_crew_answer *out, struct rv_diag *diag);
/* The outcome of a verb that should be DONE as a status. */
rv_status rv_crew_provided(const struct rv_crew_answer *answer, struct rv_diag *diag);
/* One full handshake with a target; never fails but by its outcome. */
RV_NODISCARD rv_status rv_crew_shake(struct rv_crew *crew, size_t target, struct rv_handshake *out,
				     struct rv_diag *diag);
