/* sweep: public keys and certificates in the bytes of one file. Not here: which file
 * (facts_pair.c).
 */
#pragma once

#include "agent/sweep/public_key.h"

#define RV_PLACE_NAME 128

enum rv_public_kind {
	RV_PUBLIC_CERTIFICATE, /* PEM or DER */
	RV_PUBLIC_KEY,	       /* "PUBLIC KEY" */
	RV_PUBLIC_SSH,	       /* a line of OpenSSH's */
};

struct rv_public {
	enum rv_public_kind kind;
	char spki[RV_SPKI_TEXT];  /* "" unknown */
	char ssh[RV_SSH_TEXT];	  /* RV_PUBLIC_SSH only */
	char name[RV_PLACE_NAME]; /* of a certificate: the first host it names, or "" */
	int64_t end_utc_us;	  /* of a certificate; 0 unknown */
	bool is_self_issued;	  /* of a certificate: its issuer is its subject */
	bool is_long_lived;	  /* of a certificate: good for more than five years */
	size_t line;		  /* from 1 */
};
typedef rv_status rv_public_fn(void *user, const struct rv_public *found);
/* Tells all of them, at most `most`. A failure of fn ends it and is returned. Any bytes. */
RV_NODISCARD rv_status rv_publics_in(struct rv_str bytes, size_t most, rv_public_fn *fn,
				     void *user);
