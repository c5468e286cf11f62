/* fuzz: looks at any bytes as both kinds of key store. */
#include "agent/unpack/keystore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const uint8_t *data, size_t size, enum rv_unpack_kind kind)
{
	struct rv_keystore store;

	if (!rv_is_ok(rv_keystore_look((struct rv_str){data, size}, kind, RV_KEYSTORE_ROUNDS_MAX,
				       &store)))
		return;
	RV_BUG_ON(store.entry_count > RV_KEYSTORE_ENTRIES_MAX ||
		  store.lock >= RV_KEYSTORE_LOCK__COUNT);
	for (uint32_t i = 0; i < store.entry_count; i++)
		RV_BUG_ON(strlen(store.entries[i].alias) >= RV_KEYSTORE_ALIAS_MAX ||
			  store.entries[i].kind >= RV_KEYSTORE_ENTRY__COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look(data, size, RV_UNPACK_PKCS12);
	look(data, size, RV_UNPACK_JKS);
	return 0;
}
