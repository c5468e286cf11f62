/* verify: an evidence bundle (JSON Lines, docs/evidence.md) written and checked. Every byte of a
 * bundle is either hashed into the chain, compared with what was computed, or fixed by the
 * canonical form: there is none that can change unseen. Pure: bytes in, bytes out. */
#pragma once

#include "agent/base/json.h"
#include "agent/verify/chain.h"

#define RV_BUNDLE_MAX ((size_t)256 << 20)

/* --- writing -----------------------------------------------------------------------------------
 */
/* {"reeve_evidence":{"first":n,"last":n,"previous":"hex","v":1}} */
RV_NODISCARD rv_status rv_bundle_put_header(struct rv_buf *out, uint64_t first, uint64_t last,
					    const struct rv_digest *previous);
/* {"event":{...},"hash":"hex"}; canonical as stored. */
RV_NODISCARD rv_status rv_bundle_put_event(struct rv_buf *out, struct rv_str canonical,
					   const struct rv_digest *hash);
/* {"head":{"hash":"hex","key":"hex","seq":n,"sig":"hex"}} after the event it signs. */
RV_NODISCARD rv_status rv_bundle_put_head(struct rv_buf *out, const struct rv_signed_head *head);

/* --- checking ----------------------------------------------------------------------------------
 */
struct rv_bundle_report {
	uint64_t first, last;	/* what the header announces */
	uint64_t events;	/* that were found whole */
	uint64_t heads;		/* with a good signature by the expected key */
	uint64_t signed_to;	/* the last event a head covers; 0 none */
	uint8_t public_key[32]; /* of the first head; zeros when there is none */
	struct rv_digest head;	/* hash of the last event */
	uint64_t line;		/* where the check stopped, or the number of lines */
	uint64_t clock_steps;	/* events that are older than the one before them: a note */
};
/* Called for each event that is in its place; `event` borrows. May be NULL. */
typedef void rv_bundle_event_fn(const json_t *event, void *user);

/* Checks all of it. `key_name`: SHA-256 of the public key that must have signed, NULL: whichever
 * the first head names (the caller then knows only that one key signed all). OK: whole, in order,
 * unaltered, and signed to its last event. CONFLICT or MALFORMED: not so, with the line and the
 * reason in diag. *out is filled as far as the check came, also then. */
RV_NODISCARD rv_status rv_bundle_check(struct rv_str bytes, const struct rv_digest *key_name,
				       rv_bundle_event_fn *fn, void *user,
				       struct rv_bundle_report *out, struct rv_diag *diag);
