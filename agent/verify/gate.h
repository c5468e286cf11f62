/* verify: is this new certificate fit to replace that old one? Public parts only (libcrypto X509 on
 * bytes that the provider plugin handed over). Not here: private keys, files, the network. */
#pragma once

#include "agent/base/buf.h"

/* The old and new leaf and the issuers as given, nearest first, in DER. */
struct rv_gate {
	struct rv_str old_der;
	struct rv_str new_der;
	const struct rv_str *chain;
	size_t chain_count;
	struct rv_str spki_sha256; /* of the key that was minted */
	int64_t now_us;
	int64_t skew_us; /* how much later than now not-before may lie */
};

/* OK, or DENIED with the first reason against: SPKI is not ours; same certificate as before; not
 * yet or no longer valid; a name of the old is missing; an extended key usage of the old is
 * missing; another kind of key; a CA; the chain does not lead from the leaf to its last issuer by
 * signatures. MALFORMED: a certificate does not parse. */
RV_NODISCARD rv_status rv_gate_certificate(const struct rv_gate *gate, struct rv_diag *diag);
