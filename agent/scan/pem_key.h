/* scan: private keys as text: PEM (RFC 7468, RFC 1421, OpenSSH, PGP) wherever it stands, also
 * escaped inside strings, indented, on one line or joined by a program; and JSON Web Keys (RFC
 * 7517, 7518). Not here: whether a key fits a certificate, or whose it is. */
#pragma once

#include "agent/base/buf.h"

struct rv_pem_key {
	size_t start; /* the body: from its first base64 character .. */
	size_t len;   /* .. to its last, with all that stands between */
	size_t end;   /* offset behind the block, or behind the body where no END follows */
	uint8_t confidence;
	bool is_encrypted; /* a passphrase guards it: its header or its format says so */
	bool is_truncated; /* no END line */
};

#define RV_PEM_ANCHOR	 "-----BEGIN "
#define RV_PEM_BODY_MIN	 60    /* base64 characters; an Ed25519 key has 64 */
#define RV_PEM_BLOCK_MAX 65536 /* bytes that are looked at */

/* `at`: offset of "-----BEGIN ". False: no private key, or a dummy ("...", "MIIE...", one character
 * over and over, words); out is untouched. Borrows bytes. */
bool rv_pem_private_at(struct rv_str bytes, size_t at, struct rv_pem_key *out);

#define RV_PPK_ANCHOR "Private-Lines: "

/* `at`: offset of "Private-Lines: " in a PuTTY key. The base64 lines that follow; is_encrypted by
 * the "Encryption:" line up to RV_JWK_REACH before. */
bool rv_ppk_private_at(struct rv_str bytes, size_t at, struct rv_pem_key *out);

#define RV_JWK_ANCHOR "kty"
#define RV_JWK_REACH  4096 /* bytes to either side in which the object's braces must stand */

/* `at`: offset of "kty". The value of "d" (RSA, EC, OKP) or "k" (oct) in the same object. */
bool rv_jwk_private_at(struct rv_str bytes, size_t at, struct rv_pem_key *out);
