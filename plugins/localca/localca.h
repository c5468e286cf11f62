/* localca: a small certificate authority as a Reeve provider. Private to this plugin. It knows only
 * the public ABI and libcrypto: the CA key comes as the secret "root_key", its certificate as the
 * setting "root_cert" (PEM), and what was issued and revoked as the ledger that the host keeps.
 * Nothing touches a disk, and there is no state but that ledger. */
#pragma once

#include <reeve/plugin.h>

#include <openssl/x509v3.h>
#include <stdbool.h>

#define LCA_SERIAL_LEN	16
#define LCA_SERIAL_TEXT (2 * 20 + 1) /* any serial RFC 5280 permits, in hex */

struct localca {
	const struct reeve_host *host;
	EVP_PKEY *root_key;
	X509 *root_cert;
	uint8_t serial_key[32]; /* derived from the root key; wiped on close */
	int64_t lifetime_days;	/* setting "lifetime_days", when the request names no end */
};

/* One call. Each verb sets result->outcome and text. */
struct lca_call {
	struct localca *ca;
	const struct reeve_request *request;
	struct reeve_result *result;
	struct reeve_view ledger;
};

/* localca.c */
struct reeve_view lca_field(const struct lca_call *call, uint32_t tag);
bool lca_time_field(const struct lca_call *call, uint32_t tag, int64_t *out_us);
void lca_say(struct lca_call *call, int32_t outcome, const char *text);
/* False, with LIMIT said, when the result would be too large. */
bool lca_emit(struct lca_call *call, uint32_t tag, const uint8_t *bytes, size_t len);
bool lca_emit_time(struct lca_call *call, uint32_t tag, int64_t us);

/* issue.c */
void lca_create(struct lca_call *call);
void lca_read_back(struct lca_call *call);
void lca_preflight(struct lca_call *call);

/* revoke.c */
void lca_identify(struct lca_call *call);
void lca_revoke(struct lca_call *call);
void lca_status(struct lca_call *call); /* also PROBE */
void lca_list_versions(struct lca_call *call);

/* ledger.c: records {u32 length of the rest, u8 kind, 3 zero bytes, ...}, little-endian. */
#define LCA_ISSUED  1
#define LCA_REVOKED 2

struct lca_record {
	uint8_t kind;
	int64_t at_us;
	const uint8_t *key_digest; /* ISSUED: SHA-256 of the idempotency key */
	const uint8_t *spki;	   /* ISSUED: SHA-256 of the public key */
	struct reeve_view cert;	   /* ISSUED */
	struct reeve_view serial;  /* REVOKED */
	uint8_t reason;		   /* REVOKED: CRL reason code */
};
/* Takes the next record off *cursor. False at the end or, with *out_ok = false, at a record that is
 * not well formed: the ledger is then not used at all. */
bool lca_ledger_next(struct reeve_view *cursor, struct lca_record *out, bool *out_ok);
bool lca_ledger_is_sound(struct reeve_view ledger);
bool lca_ledger_issued(struct reeve_view ledger, const uint8_t key_digest[32],
		       struct lca_record *out);
bool lca_ledger_revoked(struct reeve_view ledger, struct reeve_view serial, struct lca_record *out);
/* Emits the record as LEDGER_ADD. */
bool lca_ledger_add_issued(struct lca_call *call, const struct lca_record *record);
bool lca_ledger_add_revoked(struct lca_call *call, const struct lca_record *record);

/* A DER certificate that is exactly the view, or NULL. */
X509 *lca_parse_cert(struct reeve_view der);
struct reeve_view lca_serial_of(const X509 *cert); /* borrowed from the certificate */
void lca_serial_text(struct reeve_view serial, char out[LCA_SERIAL_TEXT]);
int64_t lca_time_us(const ASN1_TIME *t);
