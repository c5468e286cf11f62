/* discover: which key a private key is: its public part, never its private one. Not here: PEM. */
#pragma once

#include "agent/base/digest.h"
#include "agent/discover/pem.h"

struct rv_key {
	struct rv_digest spki_sha256;
	bool has_spki; /* false: encrypted, or of a sort libcrypto does not know */
	bool is_encrypted;
	bool is_openssh;
	unsigned alg; /* enum rv_alg */
	unsigned bits;
};

/* The DER (for OPENSSH: the binary) of a block with that label. An OpenSSH key shows its public
 * part even when encrypted. MALFORMED when it is no such key. Everything read is freed wiped. */
RV_NODISCARD rv_status rv_key_parse(enum rv_pem_label label, bool is_encrypted, struct rv_str der,
				    struct rv_key *out);
/* A DER file without PEM lines: PKCS#8, RSA, EC, or encrypted PKCS#8. */
RV_NODISCARD rv_status rv_key_parse_der(struct rv_str der, struct rv_key *out);
