/* sweep: public keys under the two names they go by: the SHA-256 of the SubjectPublicKeyInfo
 * (RFC 5280), "spki:" and hex, and OpenSSH's "SHA256:" and base64. Equal keys have equal names,
 * whatever file they came in. No I/O, no allocation but libcrypto's, no private parts. Not here:
 * where public keys are (facts_pair.c). */
#pragma once

#include "agent/base/buf.h"

#define RV_SPKI_TEXT 72 /* "spki:" + 64 hex */
#define RV_SSH_TEXT  56 /* "SHA256:" + 43 base64 */

/* A number whose bytes are big-endian; more than RV_PUBLIC_MAX bytes: false. */
#define RV_PUBLIC_MAX 2100
bool rv_spki_of_rsa(struct rv_str n, struct rv_str e, char out[RV_SPKI_TEXT]);
/* The point uncompressed; false for a curve without an object identifier. */
bool rv_spki_of_point(int curve_nid, struct rv_str point, char out[RV_SPKI_TEXT]);
/* Ed25519, Ed448, X25519, X448 by NID. */
bool rv_spki_of_raw(int nid, struct rv_str key, char out[RV_SPKI_TEXT]);
/* DER of a SubjectPublicKeyInfo as it is. */
void rv_spki_of_der(struct rv_str der, char out[RV_SPKI_TEXT]);
/* The blob of an OpenSSH public key (RFC 4253, 6.6; RFC 5656; RFC 8709): RSA, ECDSA, Ed25519. */
bool rv_spki_of_ssh(struct rv_str blob, char out[RV_SPKI_TEXT]);
void rv_ssh_fingerprint(struct rv_str blob, char out[RV_SSH_TEXT]);
/* The NID of "nistp256", "nistp384", "nistp521"; 0 none. */
int rv_ssh_curve(struct rv_str name);

/* DER: takes the next value of this tag. False: another tag, or not whole; cursor is untouched. */
bool rv_der_take(struct rv_str *from, uint8_t tag, struct rv_str *out);
/* RFC 4251 string: length, bytes. */
bool rv_ssh_take(struct rv_str *from, struct rv_str *out);
/* Without leading zero bytes. */
struct rv_str rv_number_trim(struct rv_str n);
unsigned rv_number_bits(struct rv_str n);
