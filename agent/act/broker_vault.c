/* act: handles to secrets. Not here: messages. */
#include "agent/act/broker_vault.h"

#include "agent/base/digest.h"

static uint64_t fresh_handle(const struct rv_vault *vault)
{
	uint64_t handle = 0;
	do
		rv_random(&handle, sizeof(handle));
	while (handle == 0 || rv_vault_get(vault, handle));
	return handle;
}

rv_status rv_vault_put(struct rv_vault *vault, struct rv_secret *secret, uint64_t *out_handle)
{
	for (size_t i = 0; i < RV_VAULT_MAX; i++) {
		if (vault->slots[i].handle != 0)
			continue;
		vault->slots[i].handle = fresh_handle(vault);
		vault->slots[i].secret = secret;
		*out_handle = vault->slots[i].handle;
		return RV_OK;
	}
	rv_secret_free(secret);
	return rv_fail(RV_CLASS_EXHAUSTED, NULL, "the broker holds %d secrets already",
		       RV_VAULT_MAX);
}

const struct rv_secret *rv_vault_get(const struct rv_vault *vault, uint64_t handle)
{
	for (size_t i = 0; handle != 0 && i < RV_VAULT_MAX; i++)
		if (vault->slots[i].handle == handle)
			return vault->slots[i].secret;
	return NULL;
}

bool rv_vault_wipe(struct rv_vault *vault, uint64_t handle)
{
	for (size_t i = 0; handle != 0 && i < RV_VAULT_MAX; i++) {
		if (vault->slots[i].handle != handle)
			continue;
		rv_secret_free(RV_TAKE(vault->slots[i].secret));
		vault->slots[i].handle = 0;
		return true;
	}
	return false;
}

void rv_vault_done(struct rv_vault *vault)
{
	for (size_t i = 0; i < RV_VAULT_MAX; i++) {
		rv_secret_free(RV_TAKE(vault->slots[i].secret));
		vault->slots[i].handle = 0;
	}
}
