/* model: the public facts of one certificate, and PEM around it (libcrypto X509 on bytes that were
 * found or handed over). Library rv_leaf, so that rv_model stays free of libcrypto. No I/O, no
 * private keys. Not here: whether a certificate is good enough (verify/gate.h). */
#pragma once

#include "agent/base/buf.h"

/* What the rotation keeps of a leaf. *gives* nothing; fixed size. */
struct rv_leaf {
	uint8_t cert_sha256[32];
	uint8_t spki_sha256[32];
	char serial[72]; /* lower-case hex, the provider's version */
	int64_t not_before_us, not_after_us;
};
RV_NODISCARD rv_status rv_leaf_of(struct rv_str der, struct rv_leaf *out, struct rv_diag *diag);
/* The index-th certificate of PEM text as DER. NOT_FOUND past the last. Appends to out. */
RV_NODISCARD rv_status rv_pem_certificate(struct rv_str pem, size_t index, struct rv_buf *out,
					  struct rv_diag *diag);
/* Appends one certificate as PEM. */
RV_NODISCARD rv_status rv_pem_put(struct rv_str der, struct rv_buf *out);
/* True when issuer and subject are the same: a root, not sent to clients. */
bool rv_der_is_root(struct rv_str der);
