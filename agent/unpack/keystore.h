/* unpack: what a PKCS#12 file or a Java key store (JKS, JCEKS) holds, without a password: names and
 * kinds of its entries, and whether one of the passwords everybody knows opens it. No key byte
 * comes out. Pure; the passwords tried are "" and "changeit". */
#pragma once

#include "agent/unpack/unpack.h"

#define RV_KEYSTORE_ENTRIES_MAX 32  /* told one by one; all are counted */
#define RV_KEYSTORE_ALIAS_MAX	128 /* with its NUL; a longer one is cut */
/* Key derivation of a PKCS#12 MAC is not tried past this many rounds; three times for a store that
 * no known password opens ("" is told in two ways). */
#define RV_KEYSTORE_ROUNDS_MAX 1000000
#define RV_KEYSTORE_TRIES      3

enum rv_keystore_lock {
	RV_KEYSTORE_LOCKED,	/* neither known password opens it */
	RV_KEYSTORE_OPEN_EMPTY, /* "" does */
	RV_KEYSTORE_OPEN_KNOWN, /* "changeit" does */
	RV_KEYSTORE_NO_MAC,	/* there is nothing to tell a right password by */
	RV_KEYSTORE_UNTRIED,	/* an algorithm we have not */
	RV_KEYSTORE_TOO_SLOW,	/* its MAC asks for more rounds than are ever taken */
	RV_KEYSTORE_SPENT,	/* .. than rounds_max allows; else it would have been tried */
	RV_KEYSTORE_LOCK__COUNT
};
const char *rv_keystore_lock_name(enum rv_keystore_lock lock); /* "locked", "empty-password", .. */

enum rv_keystore_entry_kind {
	RV_KEYSTORE_PRIVATE_KEY,
	RV_KEYSTORE_SECRET_KEY,
	RV_KEYSTORE_CERTIFICATE,
	RV_KEYSTORE_ENTRY__COUNT
};

struct rv_keystore_entry {
	char alias[RV_KEYSTORE_ALIAS_MAX]; /* NUL-ended, tamed (rv_text_tame); may be empty */
	uint8_t kind;			   /* enum rv_keystore_entry_kind */
	bool is_encrypted;		   /* of the key; a certificate is none */
	int64_t made_at_s;		   /* JKS only; 0: not known */
};

struct rv_keystore {
	uint8_t format;	 /* enum rv_unpack_kind: PKCS12 or JKS */
	uint8_t lock;	 /* enum rv_keystore_lock */
	bool is_partial; /* some of it is encrypted or of a kind we do not read: more may be in it
			  */
	bool has_plain_key; /* a private key that no password protects */
	uint64_t rounds;    /* that trying took, at most RV_KEYSTORE_TRIES times those of the MAC */
	uint32_t counts[RV_KEYSTORE_ENTRY__COUNT];
	uint32_t entry_count; /* of entries[] */
	struct rv_keystore_entry entries[RV_KEYSTORE_ENTRIES_MAX];
};

/* `kind`: what rv_unpack_kind() said. `rounds_max`: how many may be taken in all. MALFORMED:
 * damaged, and out is untouched. */
RV_NODISCARD rv_status rv_keystore_look(struct rv_str bytes, enum rv_unpack_kind kind,
					uint64_t rounds_max, struct rv_keystore *out);
