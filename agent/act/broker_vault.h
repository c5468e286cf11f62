/* act: the secrets one broker holds, each behind a random 64-bit handle. Bounded; wiped with the
 * broker. Not here: what may be done with them (broker_serve.h). */
#pragma once

#include "agent/base/secret.h"

#define RV_VAULT_MAX 64

struct rv_vault {
	struct {
		uint64_t handle; /* 0: free */
		struct rv_secret *secret;
	} slots[RV_VAULT_MAX];
};

/* *takes* the secret, also on failure. EXHAUSTED when all slots are used. */
RV_NODISCARD rv_status rv_vault_put(struct rv_vault *vault, struct rv_secret *secret,
				    uint64_t *out_handle);
/* Borrowed, or NULL for a handle that is not (or no longer) ours. */
const struct rv_secret *rv_vault_get(const struct rv_vault *vault, uint64_t handle);
/* True when the handle was there; its secret is wiped. */
bool rv_vault_wipe(struct rv_vault *vault, uint64_t handle);
void rv_vault_done(struct rv_vault *vault); /* wipes all; accepts a zeroed vault */
