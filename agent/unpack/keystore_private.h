/* unpack: what keystore.c and keystore_jks.c share. Include keystore.h instead. */
#pragma once

#include "agent/unpack/keystore.h"

extern const char *const rv_keystore_passwords[2]; /* "", "changeit" */
extern const uint8_t rv_keystore_locks[2];	   /* what it means that one opens it */

/* Counts an entry, and keeps it while there is room. */
void rv_keystore_add(struct rv_keystore *store, enum rv_keystore_entry_kind kind,
		     struct rv_str alias, bool is_encrypted, int64_t made_at_s);
RV_NODISCARD rv_status rv_keystore_look_jks(struct rv_str bytes, struct rv_keystore *out);
