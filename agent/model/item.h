/* model: one credential as the inventory's documents carry it (docs/protocol.md section 6), checked
 * by one table for the agent that writes it and the server that reads it. Pure. No secret has a
 * field here, and an unknown field is refused. Its own library (rv_item): it needs the JSON trees.
 */
#pragma once

#include "agent/base/digest.h"
#include "agent/base/json.h"

#define RV_ITEM_ID_MAX	      64
#define RV_ITEM_SIGHTINGS_MAX 256
#define RV_ITEM_BYTES_MAX     65536 /* canonical form of one item */
#define RV_ITEMS_DIGEST_TEXT  65    /* 64 hex digits and the NUL */

/* What a reader sorts and counts by, taken from a checked item. */
struct rv_item_facts {
	const char *id; /* borrows from the item */
	unsigned kind, ownership, life, hold;
	bool is_live; /* life is not retired, revoked or gone */
	bool has_not_after;
	int64_t not_after_us;
	int compliant; /* 1, 0, -1 unknown */
};

/* MALFORMED with the field's name: unknown, missing or mistyped field, a text too long or with
 * control characters, a word outside its list. `id` is set in *out even then when it was readable.
 */
RV_NODISCARD rv_status rv_item_check(const json_t *item, struct rv_item_facts *out,
				     struct rv_diag *diag);
/* True for 1..64 characters of [a-z0-9:._-]. */
bool rv_item_id_is_valid(const char *id);

/* SHA-256 over the canonical JSON array of all items sorted by id, fed one canonical item at a
 * time, in that order (the caller sorts by strcmp of the id). */
struct rv_items_digest {
	struct rv_hasher hasher;
	bool any;
};
RV_NODISCARD rv_status rv_items_digest_init(struct rv_items_digest *d);
RV_NODISCARD rv_status rv_items_digest_add(struct rv_items_digest *d, struct rv_str canonical);
RV_NODISCARD rv_status rv_items_digest_final(struct rv_items_digest *d,
					     char out[RV_ITEMS_DIGEST_TEXT]);
void rv_items_digest_done(struct rv_items_digest *d); /* accepts a zeroed one */
