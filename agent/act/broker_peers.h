/* act: the broker's side of its channels to place and plughost. Private to rv_broker. */
#pragma once

#include "agent/act/broker_serve.h"

#define RV_BROKER_WAIT_MS 30000 /* when the asker named no deadline */

/* The channel of that job; waits for reeved's `peer` frame when it has not come yet.
 * NOT_FOUND when it does not come in time. */
RV_NODISCARD rv_status rv_broker_peer_of(struct rv_broker *broker, uint64_t job, int timeout_ms,
					 struct rv_channel **out, struct rv_diag *diag);
/* One frame from reeved. NOT_FOUND: it closed. */
RV_NODISCARD rv_status rv_broker_hear_sup(struct rv_broker *broker, int timeout_ms,
					  struct rv_diag *diag);
/* Frames that a peer sent on its own: stashed and acknowledged; a dead or unruly peer is dropped.
 */
void rv_broker_hear_peer(struct rv_broker *broker, size_t index);
/* Sends the bytes and waits for the acknowledgement. UNSURE: none came. */
RV_NODISCARD rv_status rv_broker_send_secret(struct rv_broker *broker, uint64_t job, uint64_t ref,
					     const struct rv_secret *secret, int timeout_ms,
					     struct rv_diag *diag);
/* What that peer sent back under ref: from the stash, or waited for. *gives* in out. */
RV_NODISCARD rv_status rv_broker_take_back(struct rv_broker *broker, uint64_t job, uint64_t ref,
					   int timeout_ms, struct rv_secret **out,
					   struct rv_diag *diag);
