/* discover: finds PEM blocks in any bytes and decodes their base64. Pure. Not here: what the DER
 * says (cert.h, key.h). */
#pragma once

#include "agent/base/buf.h"

enum rv_pem_label {
	RV_PEM_CERTIFICATE,
	RV_PEM_TRUSTED_CERTIFICATE,
	RV_PEM_PRIVATE_KEY, /* PKCS#8 */
	RV_PEM_ENCRYPTED_PRIVATE_KEY,
	RV_PEM_RSA_PRIVATE_KEY,
	RV_PEM_EC_PRIVATE_KEY,
	RV_PEM_DSA_PRIVATE_KEY,
	RV_PEM_OPENSSH_PRIVATE_KEY,
};

struct rv_pem {
	enum rv_pem_label label;
	size_t start;	    /* of the BEGIN line in the text */
	size_t end;	    /* behind the END line; behind what was read when not whole */
	struct rv_str body; /* between the lines */
	bool is_whole;	    /* an END line of the same label follows and the body can be base64 */
	bool reaches_end;   /* not whole only because the text ends */
	bool is_encrypted;  /* an old-style "Proc-Type: 4,ENCRYPTED" header */
};

/* Largest body: a bundle has many blocks; one certificate or key is small. */
#define RV_PEM_BODY_MAX (128 * 1024)

/* The next block of a label above at or after *cursor; moves *cursor behind it. A BEGIN that is
 * only mentioned (in prose, a script, a program) is passed over: it must stand alone on its line,
 * and base64 or a header must follow. Line ends may be written out as "\n", as JSON does. */
bool rv_pem_next(struct rv_str text, size_t *cursor, struct rv_pem *out);
/* Base64 of the body into out (size bytes, body.len always suffices). False when it is malformed.
 */
bool rv_pem_decode(const struct rv_pem *pem, uint8_t *out, size_t size, size_t *out_len);
