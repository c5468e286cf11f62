/* verify: the audit chain and signed heads, checked step by step. Pure; knows no JSON (bundle.h)
 * and no table (store/audit.h). */
#pragma once

#include "agent/model/event.h"

struct rv_chain {
	uint64_t seq; /* of the last event that was accepted; first - 1 at the start */
	struct rv_digest hash;
};

/* Begins before event `first` (>= 1), whose predecessor's hash is `previous`. CONFLICT: event 1
 * follows 32 zero bytes and nothing else. */
RV_NODISCARD rv_status rv_chain_begin(struct rv_chain *chain, uint64_t first,
				      const struct rv_digest *previous, struct rv_diag *diag);
/* Takes the next event. CONFLICT: another sequence number than the next, or a hash that does not
 * follow; the chain is unchanged. */
RV_NODISCARD rv_status rv_chain_take(struct rv_chain *chain, uint64_t seq, struct rv_str canonical,
				     const struct rv_digest *claimed, struct rv_diag *diag);

struct rv_signed_head {
	uint64_t seq;
	struct rv_digest hash;
	uint8_t signature[64];
	uint8_t public_key[32];
};
/* The Ed25519 signature alone: whose key it is, and which event the hash is, are the caller's to
 * compare. */
bool rv_head_is_signed(const struct rv_signed_head *head);
/* SHA-256 of the 32 bytes of a public key: how people name it ("sha256:..."). */
struct rv_digest rv_key_name(const uint8_t public_key[32]);
