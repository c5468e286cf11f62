/* localca: whose a certificate is, revoking it, and saying so. */
#include "localca.h"

#include <string.h>

#define US_PER_S   INT64_C(1000000)
#define CRL_LIFE_S (7 * 86400)

/* Words of REEVE_F_REASON and the CRL reason codes of RFC 5280 §5.3.1. */
static const struct {
	const char *word;
	uint8_t code;
} reasons[] = {
	{"unspecified", 0},
	{"keyCompromise", 1},
	{"superseded", 4},
	{"cessationOfOperation", 5},
};

static bool reason_of(const struct lca_call *call, uint8_t *out)
{
	struct reeve_view word = lca_field(call, REEVE_F_REASON);
	*out = 0;
	if (word.len == 0)
		return true;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (word.len != strlen(reasons[i].word) ||
		    memcmp(word.data, reasons[i].word, word.len) != 0)
			continue;
		*out = reasons[i].code;
		return true;
	}
	return false;
}

/* The certificate the call is about, or NULL with the reason said. Ours means: our root's key
 * verifies its signature. A name or a number alone proves nothing. */
static X509 *ours(struct lca_call *call)
{
	X509 *cert = lca_parse_cert(lca_field(call, REEVE_F_CERT_DER));
	if (!cert) {
		lca_say(call, REEVE_REJECTED, "no certificate, or one that does not parse");
		return NULL;
	}
	if (X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(call->ca->root_cert)) !=
		    0 ||
	    X509_verify(cert, call->ca->root_key) != 1 || lca_serial_of(cert).len > 20 ||
	    lca_serial_of(cert).len == 0) {
		lca_say(call, REEVE_REJECTED, "this authority did not issue the certificate");
		X509_free(cert);
		return NULL;
	}
	lca_serial_text(lca_serial_of(cert), call->result->version);
	call->result->not_before_us = lca_time_us(X509_get0_notBefore(cert));
	call->result->expires_at_us = lca_time_us(X509_get0_notAfter(cert));
	return cert;
}

static bool emit_spki(struct lca_call *call, const X509 *cert)
{
	unsigned char *der = NULL;
	uint8_t digest[32];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	bool ok = len > 0 && EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1 &&
		  lca_emit(call, REEVE_F_SPKI_SHA256, digest, sizeof(digest));
	OPENSSL_free(der);
	return ok;
}

void lca_identify(struct lca_call *call)
{
	X509 *cert = ours(call);
	if (cert && emit_spki(call, cert))
		lca_say(call, REEVE_DONE, "issued by this authority");
	X509_free(cert);
}

/* --- the revocation list -------------------------------------------------------------------- */
/* True for a certificate of the ledger that has ended: a CRL need not list it any more. */
static bool has_ended(struct reeve_view ledger, struct reeve_view serial, int64_t now_us)
{
	struct lca_record record;
	bool ok = true;
	while (lca_ledger_next(&ledger, &record, &ok)) {
		X509 *cert = record.kind == LCA_ISSUED ? lca_parse_cert(record.cert) : NULL;
		struct reeve_view its = cert ? lca_serial_of(cert) : (struct reeve_view){NULL, 0};
		bool same = cert && its.len == serial.len &&
			    memcmp(its.data, serial.data, serial.len) == 0;
		bool ended = same && lca_time_us(X509_get0_notAfter(cert)) < now_us;
		X509_free(cert);
		if (same)
			return ended;
	}
	return false;
}

static bool crl_add(X509_CRL *crl, const struct lca_record *record)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	BIGNUM *bn = BN_bin2bn(record->serial.data, (int)record->serial.len, NULL);
	ASN1_INTEGER *serial = bn ? BN_to_ASN1_INTEGER(bn, NULL) : NULL;
	ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)(record->at_us / US_PER_S));
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	bool ok = entry && serial && at && reason &&
		  X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
		  X509_REVOKED_set_revocationDate(entry, at) == 1 &&
		  ASN1_ENUMERATED_set(reason, record->reason) == 1 &&
		  (record->reason == 0 ||
		   X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1) &&
		  X509_CRL_add0_revoked(crl, entry) == 1;
	if (!ok)
		X509_REVOKED_free(entry);
	ASN1_ENUMERATED_free(reason);
	ASN1_TIME_free(at);
	ASN1_INTEGER_free(serial);
	BN_free(bn);
	return ok;
}

static bool crl_fill(const struct lca_call *call, X509_CRL *crl, const struct lca_record *extra)
{
	int64_t now = call->ca->host->now_us(call->ca->host->ctx);
	struct reeve_view cursor = call->ledger;
	struct lca_record record;
	bool ok = true;
	bool sound = true;
	long count = 0;
	while (ok && lca_ledger_next(&cursor, &record, &sound)) {
		if (record.kind != LCA_REVOKED)
			continue;
		count++;
		if (!has_ended(call->ledger, record.serial, now))
			ok = crl_add(crl, &record);
	}
	if (extra) {
		count++;
		ok = ok && crl_add(crl, extra);
	}
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ok = ok && number && ASN1_INTEGER_set(number, count) == 1 &&
	     X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
	ASN1_INTEGER_free(number);
	return ok;
}

static bool emit_crl(struct lca_call *call, const struct lca_record *extra)
{
	const struct localca *ca = call->ca;
	int64_t now_s = ca->host->now_us(ca->host->ctx) / US_PER_S;
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)now_s);
	ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(now_s + CRL_LIFE_S));
	const EVP_MD *md = EVP_PKEY_is_a(ca->root_key, "ED25519") ? NULL : EVP_sha256();
	unsigned char *der = NULL;
	int len = -1;
	if (crl && from && until && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->root_cert)) == 1 &&
	    X509_CRL_set1_lastUpdate(crl, from) == 1 && X509_CRL_set1_nextUpdate(crl, until) == 1 &&
	    crl_fill(call, crl, extra) && X509_CRL_sort(crl) == 1 &&
	    X509_CRL_sign(crl, ca->root_key, md) > 0)
		len = i2d_X509_CRL(crl, &der);
	bool ok = len > 0 && lca_emit(call, REEVE_F_CRL_DER, der, (size_t)len);
	if (len <= 0)
		lca_say(call, REEVE_REJECTED, "the revocation list could not be built");
	OPENSSL_free(der);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	X509_CRL_free(crl);
	return ok;
}

/* --- verbs ---------------------------------------------------------------------------------- */
static void revoke(struct lca_call *call, const X509 *cert, uint8_t reason)
{
	const struct reeve_host *host = call->ca->host;
	struct lca_record record;
	if (lca_ledger_revoked(call->ledger, lca_serial_of(cert), &record)) {
		if (lca_emit_time(call, REEVE_F_REVOKED_AT, record.at_us) && emit_crl(call, NULL))
			lca_say(call, REEVE_DONE, "was revoked before");
		return;
	}
	if (call->request->dry_run) {
		lca_say(call, REEVE_DONE, "would be revoked");
		return;
	}
	record = (struct lca_record){
		.kind = LCA_REVOKED,
		.at_us = host->now_us(host->ctx),
		.serial = lca_serial_of(cert),
		.reason = reason,
	};
	if (lca_emit_time(call, REEVE_F_REVOKED_AT, record.at_us) && emit_crl(call, &record) &&
	    lca_ledger_add_revoked(call, &record))
		lca_say(call, REEVE_DONE, "revoked");
}

void lca_revoke(struct lca_call *call)
{
	uint8_t reason = 0;
	if (!reason_of(call, &reason)) {
		lca_say(call, REEVE_REJECTED,
			"reason: superseded, keyCompromise, cessationOfOperation or unspecified");
		return;
	}
	X509 *cert = ours(call);
	if (cert)
		revoke(call, cert, reason);
	X509_free(cert);
}

/* Without a certificate: the list itself. */
void lca_status(struct lca_call *call)
{
	struct lca_record record;
	if (lca_field(call, REEVE_F_CERT_DER).len == 0) {
		if (emit_crl(call, NULL))
			lca_say(call, REEVE_DONE, "the revocation list as it stands");
		return;
	}
	X509 *cert = ours(call);
	if (!cert)
		return;
	if (!lca_ledger_revoked(call->ledger, lca_serial_of(cert), &record))
		lca_say(call, REEVE_DONE, "not revoked");
	else if (lca_emit_time(call, REEVE_F_REVOKED_AT, record.at_us) && emit_crl(call, NULL))
		lca_say(call, REEVE_DONE, "listed as revoked");
	X509_free(cert);
}

void lca_list_versions(struct lca_call *call)
{
	const struct reeve_host *host = call->ca->host;
	struct reeve_view cursor = call->ledger;
	struct lca_record record;
	struct lca_record revoked;
	bool sound = true;
	bool ok = true;
	while (ok && lca_ledger_next(&cursor, &record, &sound)) {
		X509 *cert = record.kind == LCA_ISSUED ? lca_parse_cert(record.cert) : NULL;
		if (cert && !lca_ledger_revoked(call->ledger, lca_serial_of(cert), &revoked) &&
		    lca_time_us(X509_get0_notAfter(cert)) > host->now_us(host->ctx)) {
			char text[LCA_SERIAL_TEXT];
			lca_serial_text(lca_serial_of(cert), text);
			ok = lca_emit(call, REEVE_F_VERSION, (const uint8_t *)text, strlen(text));
		}
		X509_free(cert);
	}
	if (ok)
		lca_say(call, REEVE_DONE, "certificates that are neither revoked nor expired");
}
