/* model: the hash chain's one step. Not here: storing (store/audit.c), checking (verify/chain.c).
 */
#include "agent/model/event.h"

static const char event_domain[] = "reeve-event-v1"; /* hashed with its NUL */
static const char head_domain[] = "reeve-audit-v1";

struct rv_digest rv_event_hash(const struct rv_digest *previous, struct rv_str canonical)
{
	struct rv_hasher hasher = {0};
	struct rv_digest out = {0};
	bool ok = rv_is_ok(rv_hasher_init(&hasher)) &&
		  rv_is_ok(rv_hasher_update(&hasher, event_domain, sizeof(event_domain))) &&
		  rv_is_ok(rv_hasher_update(&hasher, previous->bytes, RV_SHA256_LEN)) &&
		  rv_is_ok(rv_hasher_update(&hasher, canonical.data, canonical.len)) &&
		  rv_is_ok(rv_hasher_final(&hasher, &out));
	rv_hasher_done(&hasher);
	/* As in rv_sha256(): a chain step that could not be computed must not look like one. */
	RV_BUG_ON(!ok);
	return out;
}

void rv_head_message(uint64_t seq, const struct rv_digest *head, uint8_t out[RV_HEAD_MESSAGE_LEN])
{
	memcpy(out, head_domain, sizeof(head_domain));
	for (unsigned i = 0; i < 8; i++)
		out[sizeof(head_domain) + i] = (uint8_t)(seq >> (8 * i));
	memcpy(out + sizeof(head_domain) + 8, head->bytes, RV_SHA256_LEN);
}
