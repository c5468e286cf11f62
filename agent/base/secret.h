/* base: secret bytes in OpenSSL's secure heap. Its own library (rv_secret): a role that may hold no
 * secret does not link it, and a link test proves that. No printf form, no JSON form. */
#pragma once

#include "agent/base/buf.h"

struct rv_secret;

/* Before confinement: 1 MiB secure heap, mlocked, not dumped; PR_SET_DUMPABLE 0, RLIMIT_CORE 0.
 * EXHAUSTED when memory cannot be locked (raise LimitMEMLOCK). */
RV_NODISCARD rv_status rv_secret_heap_init(struct rv_diag *diag);
/* A copy of `bytes`; the caller wipes its own. At most 256 KiB. *gives* in out. */
RV_NODISCARD rv_status rv_secret_new(const void *bytes, size_t len, struct rv_secret **out);
/* Reads fd to its end, at most max bytes, straight into the secure heap. */
RV_NODISCARD rv_status rv_secret_read_fd(int fd, size_t max, struct rv_secret **out);
RV_NODISCARD rv_status rv_secret_dup(const struct rv_secret *s, struct rv_secret **out);
void rv_secret_free(struct rv_secret *s); /* wipes; accepts NULL */
void rv_secret_freep(struct rv_secret **s);
size_t rv_secret_len(const struct rv_secret *s);
bool rv_secret_equal(const struct rv_secret *a, const struct rv_secret *b); /* constant time */
/* The bytes, borrowed for the shortest time. Each call site is counted by a lint. */
const uint8_t *rv_secret_reveal(const struct rv_secret *s);

/* Sealing: AES-256-GCM, random 96-bit nonce, `aad` bound in. Blob: "rs1" 1-byte key number, nonce,
 * ciphertext, 16-byte tag. Key is 32 bytes. */
RV_NODISCARD rv_status rv_seal(const struct rv_secret *key, struct rv_str aad,
			       const struct rv_secret *plain, struct rv_buf *out_blob);
RV_NODISCARD rv_status rv_unseal(const struct rv_secret *key, struct rv_str aad, struct rv_str blob,
				 struct rv_secret **out, struct rv_diag *diag);
/* Fingerprint of a secret value: "hk1:" + 8 hex of the key's id + ":" + 32 hex of
 * HMAC-SHA256(key, class || 0x00 || value) cut to 128 bits. 46 bytes with the NUL at most. */
#define RV_FINGERPRINT_TEXT 64
RV_NODISCARD rv_status rv_fingerprint(const struct rv_secret *key, const char *class_name,
				      struct rv_str value, char out[RV_FINGERPRINT_TEXT]);
