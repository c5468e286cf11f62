/* sweep: what a value itself proves, offline: when it ends, whose it is, what kind of key it is and
 * whether it is whole. No claim about persons, no part of the secret is ever in a fact. Not here:
 * what rules ask for (scan/check.h), what fits it on this host (facts_pair.h). */
#pragma once

#include "agent/scan/rule.h"

#define RV_FACT_TEXT 256
#define RV_FACT_ID   132
/* The confidence that is left of a key that nothing can be made of: told still, for it may have
 * been damaged on its way here alone. */
#define RV_FACT_USELESS 55
/* Longer values have no facts. */
#define RV_FACT_VALUE_MAX 65536

struct rv_fact_about {
	const struct rv_rule *rule;
	struct rv_str bytes; /* all that the value stands in */
	size_t start, len;   /* of the value in bytes; inside of them */
	size_t match_start, match_len;
	const char *public_id; /* known already, or NULL */
	int64_t now_utc_us;
};

struct rv_fact {
	char text[RV_FACT_TEXT];    /* phrases joined by ", ", without a full stop; "": nothing */
	char public_id[RV_FACT_ID]; /* "": none */
	bool is_proven;		    /* the value's numbers fit together, or it names its owner */
	/* A key that does not parse, is cut short, or whose numbers do not fit. One wrong character
	 * can be guessed, and half of a key holds its secret: that alone makes it not harmless. */
	bool is_damaged;
	bool is_locked;	 /* by a passphrase */
	bool is_weak;	 /* shorter than anybody accepts today */
	bool is_useless; /* it does not parse, or less than half of it is there */
};

/* Is it a private key in DER (PKCS#1, SEC 1, PKCS#8, also encrypted) and nothing else? Of those
 * that are not encrypted the numbers are read; where they do not fit together it is damaged. Bytes
 * that are no DER of their own length cost a few comparisons. */
bool rv_fact_is_der_key(struct rv_str bytes);

/* JSON Web Tokens (RFC 7519), private keys (RFC 5208, 5915, 5958, 8017, 8410, OpenSSH's
 * PROTOCOL.key) and the tokens of facts_token.c. Borrows; out is set in any case.
 * EXHAUSTED: no memory. Any bytes; time is bounded by RV_FACT_VALUE_MAX. */
RV_NODISCARD rv_status rv_fact_of(const struct rv_fact_about *about, struct rv_fact *out);
