/* discover: what a certificate's DER says, in our words. Pure. Not here: trust, masking. */
#pragma once

#include "agent/base/digest.h"
#include "agent/model/finding.h"

#define RV_CERT_NAMES 256

struct rv_cert {
	struct rv_digest cert_sha256; /* over the DER, without a trust tail */
	struct rv_digest spki_sha256;
	uint8_t serial[64]; /* magnitude, big-endian */
	size_t serial_len;
	char subject[RV_DN_MAX + 1]; /* RFC 4514 text, UTF-8, cut at the end when longer */
	char issuer[RV_DN_MAX + 1];
	/* Subject alternative names as plain text: DNS names, addresses, mail addresses, URIs. */
	char names[RV_SANS_MAX];
	uint16_t name_at[RV_CERT_NAMES]; /* offsets into names of NUL-ended texts */
	size_t name_count;
	int64_t not_before_us;
	int64_t not_after_us;
	unsigned alg; /* enum rv_alg */
	unsigned bits;
	bool is_ca;
	bool is_self_issued;
	uint8_t issuer_key_id[64];
	size_t issuer_key_id_len;
};

/* with_trust: a "TRUSTED CERTIFICATE", which has a tail after the certificate. MALFORMED when it is
 * not one certificate and nothing else. */
RV_NODISCARD rv_status rv_cert_parse(struct rv_str der, bool with_trust, struct rv_cert *out);

/* Of any public key (EVP_PKEY): enum rv_alg, and its size in bits. */
unsigned rv_alg_of_key(const void *evp_pkey, unsigned *out_bits);
