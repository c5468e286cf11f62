/* sweep: inside of facts: what its files share. */
#pragma once

#include "agent/sweep/facts.h"

/* Adds a phrase, with control bytes tamed; one that does not fit whole is left out. */
void rv_fact_say(struct rv_fact *fact, const char *fmt, ...) RV_PRINTF(2, 3);
/* "expired 2026-01-01" or "expires 2027-01-01". */
void rv_fact_say_end(struct rv_fact *fact, int64_t end_utc_us, int64_t now_utc_us);
/* Sets the public id, if it fits and holds printable ASCII only, and nobody set one. */
void rv_fact_name(struct rv_fact *fact, struct rv_str id);
/* The place of `what` in s, or NULL. */
const uint8_t *rv_fact_find(struct rv_str s, const char *what);

static inline struct rv_str rv_fact_value(const struct rv_fact_about *about)
{
	return (struct rv_str){about->bytes.data + about->start, about->len};
}

static inline struct rv_str rv_fact_match(const struct rv_fact_about *about)
{
	return (struct rv_str){about->bytes.data + about->match_start, about->match_len};
}

/* facts_jwt.c: a token with three parts, or one that ends with it ("glcbt-eyJ.."). */
RV_NODISCARD rv_status rv_fact_jwt(const struct rv_fact_about *about, struct rv_fact *fact);
/* facts_key.c: what stands behind "-----BEGIN .. PRIVATE KEY". */
RV_NODISCARD rv_status rv_fact_key(const struct rv_fact_about *about, struct rv_fact *fact);
/* facts_token.c: what providers document of their own. */
void rv_fact_token(const struct rv_fact_about *about, struct rv_fact *fact);
/* facts_token.c: the account of a service account file that the key stands in. */
void rv_fact_key_account(const struct rv_fact_about *about, struct rv_fact *fact);

/* What a private key turned out to be. */
enum rv_key_state {
	RV_KEY_UNKNOWN, /* of a type that is not read, or locked: nothing against it */
	RV_KEY_WHOLE,	/* the private part makes the public one */
	RV_KEY_CUT,	/* ends too early */
	RV_KEY_BROKEN,	/* does not parse */
	RV_KEY_UNFIT,	/* parses; its numbers do not belong together */
	RV_KEY_NOMEM,
};

struct rv_key {
	enum rv_key_state state;
	bool is_locked;	     /* by a passphrase */
	bool is_by_password; /* .. and its algorithm is one for that */
	bool is_half_there;  /* of RV_KEY_CUT: more than half of it */
	char type[40];	     /* "RSA 2048", "EC P-256", "Ed25519"; "" unknown */
	char cipher[40];     /* of is_locked; "" unknown */
	unsigned weak_bits;  /* of a modulus below 2048; else 0 */
	char id[72];	     /* "SHA256:..", "spki:..", or "" */
};

/* facts_openssh.c: the body of "OPENSSH PRIVATE KEY", decoded. */
#define RV_OPENSSH_MAGIC "openssh-key-v1"
void rv_key_openssh(struct rv_str body, struct rv_key *key);
/* facts_key.c */
void rv_key_rsa_type(struct rv_key *key, const char *family, struct rv_str modulus);

/* facts_proof.c: does the private part belong to the public one? Numbers are big-endian. */

/* n = p * q. UNKNOWN when longer than RV_PROOF_BITS_MAX or without factors. */
#define RV_PROOF_BITS_MAX 16384
enum rv_key_state rv_proof_rsa(struct rv_str n, struct rv_str p, struct rv_str q);
#define RV_POINT_MAX 160
/* The public point of a named curve, uncompressed; UNKNOWN for a curve libcrypto does not have. */
enum rv_key_state rv_proof_point(int curve_nid, struct rv_str secret, uint8_t out[RV_POINT_MAX],
				 size_t *out_len);
/* The public half of an Ed25519, Ed448, X25519 or X448 key, by its NID; 32 to 57 bytes. */
enum rv_key_state rv_proof_raw(int nid, struct rv_str secret, uint8_t out[RV_POINT_MAX],
			       size_t *out_len);
