/* act: what reeve-broker answers (messages 60-83): mint, seal, unseal, give, keep, wipe, sign.
 * Parses no plugin text; the only outside bytes are DER templates and sealed blobs. Answers carry
 * an rv_class as outcome (0 ok) and a sentence that never quotes a secret. Not here: starting up
 * and confining (daemon/broker_main.c). */
#pragma once

#include "agent/act/broker_vault.h"
#include "agent/ipc/channel.h"

#define RV_BROKER_PEERS 16
#define RV_BROKER_STASH 16

struct rv_broker {
	struct rv_channel *sup;	   /* borrowed; NULL in tests that add peers themselves */
	struct rv_channel *engine; /* borrowed */
	const struct rv_secret *sealing;
	const struct rv_secret *evidence;
	struct rv_vault vault;
	struct {
		uint64_t job;
		struct rv_channel *channel; /* owned; NULL: free */
	} peers[RV_BROKER_PEERS];
	/* What peers sent back before the engine asked to keep it. */
	struct {
		uint64_t job;
		uint64_t ref;
		struct rv_secret *secret; /* owned; NULL: free */
	} stash[RV_BROKER_STASH];
};

/* *takes* fd. EXHAUSTED past RV_BROKER_PEERS living peers; CONFLICT for a job already known. */
RV_NODISCARD rv_status rv_broker_add_peer(struct rv_broker *broker, uint64_t job, int fd);
/* Answers until the engine (OK) or reeved (OK) closes. MALFORMED: one of them broke the protocol.
 * A peer that does is dropped. */
RV_NODISCARD rv_status rv_broker_serve(struct rv_broker *broker, struct rv_diag *diag);
void rv_broker_done(struct rv_broker *broker); /* wipes and closes what it owns */
