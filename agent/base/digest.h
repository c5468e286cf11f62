/* base: SHA-256, HMAC-SHA-256, hex, random bytes, over libcrypto. Not here: keys and sealing. */
#pragma once

#include "agent/base/buf.h"

#define RV_SHA256_LEN 32

struct rv_digest {
	uint8_t bytes[RV_SHA256_LEN];
};

/* 0 on a libcrypto failure is impossible by contract: both abort the role (RV_BUG_ON). */
struct rv_digest rv_sha256(const void *bytes, size_t len);
struct rv_digest rv_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len);
bool rv_digest_equal(const struct rv_digest *a, const struct rv_digest *b); /* constant time */

/* An incremental SHA-256, for files. */
struct rv_hasher {
	void *ctx; /* EVP_MD_CTX */
};
RV_NODISCARD rv_status rv_hasher_init(struct rv_hasher *h);
RV_NODISCARD rv_status rv_hasher_update(struct rv_hasher *h, const void *bytes, size_t len);
RV_NODISCARD rv_status rv_hasher_final(struct rv_hasher *h, struct rv_digest *out);
void rv_hasher_done(struct rv_hasher *h);

/* Lower-case hex with a NUL: `out` holds 2*len+1. */
void rv_hex(const void *bytes, size_t len, char *out);
/* Exactly len bytes from 2*len hex digits. */
RV_NODISCARD rv_status rv_unhex(struct rv_str hex, uint8_t *out, size_t len);

/* Kernel randomness (getrandom); a test may install another source before any role starts. */
void rv_random(void *out, size_t len);
void rv_random_source(void (*source)(void *out, size_t len)); /* tests only; NULL restores */
