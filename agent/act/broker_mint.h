/* act: key pairs, certificate requests and CA roots made inside reeve-broker (library rv_broker,
 * which no other role links). Pure libcrypto: no I/O, no message. Not here: sealing
 * (base/secret.h), handles (broker_vault.h), who may ask (broker_serve.h). */
#pragma once

#include "agent/base/secret.h"
#include "agent/model/event.h"
#include "agent/model/kinds.h"

/* Fetches every algorithm the broker will use and draws from its random generators, so that nothing
 * has to be set up after confinement. Call once, before the filter. */
RV_NODISCARD rv_status rv_broker_warm_up(struct rv_diag *diag);

/* Makes libcrypto wipe each of its ordinary allocations when it is freed (temporaries of encoders
 * live there). False when libcrypto has allocated already: call first thing in main. */
bool rv_broker_wiping_allocator(void);

struct rv_broker_key {
	struct rv_secret *pkcs8;  /* PKCS#8 DER */
	struct rv_buf public_der; /* what comes with it: the CSR, or the root's certificate */
	uint8_t spki_sha256[32];
};
void rv_broker_key_init(struct rv_broker_key *key);
void rv_broker_key_done(struct rv_broker_key *key);

/* A fresh key of `alg` (enum rv_alg; 0 means EC P-256; RSA has 2048 bits, 3072 when the template's
 * RSA key is longer than 2048) and a CSR with the template certificate's subject, subject
 * alternative names, extended key usage and key usage. CA bits are never asked for; encipherment
 * bits only for RSA. The template is outside data: MALFORMED when it is not exactly one DER
 * certificate, MISCONFIGURED for an algorithm that is not offered. *gives* into out (initialised).
 */
RV_NODISCARD rv_status rv_broker_mint(unsigned alg, struct rv_str template_der,
				      struct rv_broker_key *out, struct rv_diag *diag);

/* A self-signed CA root for localca. alg 0 is RSA 3072: its signatures are deterministic, so one
 * intent has exactly one certificate (docs/decisions/). common_name: 1..64 printable bytes. */
RV_NODISCARD rv_status rv_broker_mint_root(unsigned alg, struct rv_str common_name,
					   const int64_t validity_us[2], struct rv_broker_key *out,
					   struct rv_diag *diag);

/* PKCS#8 DER as PEM text, in the secure heap. */
RV_NODISCARD rv_status rv_broker_key_pem(const struct rv_secret *pkcs8, struct rv_secret **out);

/* Ed25519 over rv_head_message(seq, head), with the key whose seed is given. */
RV_NODISCARD rv_status rv_broker_sign_head(const struct rv_secret *seed, uint64_t seq,
					   const struct rv_digest *head, uint8_t out_signature[64],
					   uint8_t out_public_key[32]);
