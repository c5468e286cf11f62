/* localca: preflight, create, read back. Not here: the ledger's format (ledger.c). */
#include "localca.h"

#include <openssl/hmac.h>
#include <string.h>

#define US_PER_S   INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_S)

/* What a request comes to before anything is signed. */
struct wish {
	X509_REQ *csr;
	uint8_t key_digest[32]; /* of the idempotency key */
	uint8_t spki[32];
	int64_t not_before_us;
	int64_t not_after_us;
};

static bool public_key_digest(X509_PUBKEY *key, uint8_t out[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(key, &der);
	bool ok = len > 0 && EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1;
	OPENSSL_free(der);
	return ok;
}

static bool asks_to_be_ca(X509_REQ *csr)
{
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(csr);
	BASIC_CONSTRAINTS *bc =
		exts ? X509V3_get_d2i(exts, NID_basic_constraints, NULL, NULL) : NULL;
	bool is_ca = bc && bc->ca;
	BASIC_CONSTRAINTS_free(bc);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return is_ca;
}

/* False, with the reason said, when the request is not one to sign. */
static bool read_csr(struct lca_call *call, struct wish *wish)
{
	struct reeve_view der = lca_field(call, REEVE_F_CSR_DER);
	const unsigned char *p = der.data;
	if (der.len == 0 || der.len > 32768) {
		lca_say(call, REEVE_REJECTED, "no certificate request, or one over 32 KiB");
		return false;
	}
	wish->csr = d2i_X509_REQ(NULL, &p, (long)der.len);
	if (!wish->csr || p != der.data + der.len) {
		lca_say(call, REEVE_REJECTED, "the certificate request does not parse");
		return false;
	}
	if (X509_REQ_verify(wish->csr, X509_REQ_get0_pubkey(wish->csr)) != 1) {
		lca_say(call, REEVE_REJECTED, "the certificate request is not signed by its key");
		return false;
	}
	if (asks_to_be_ca(wish->csr)) {
		lca_say(call, REEVE_REJECTED, "this authority issues no authorities");
		return false;
	}
	if (!public_key_digest(X509_REQ_get_X509_PUBKEY(wish->csr), wish->spki)) {
		lca_say(call, REEVE_REJECTED, "the request's key cannot be encoded");
		return false;
	}
	return true;
}

static bool read_dates(struct lca_call *call, struct wish *wish)
{
	const struct localca *ca = call->ca;
	int64_t now = ca->host->now_us(ca->host->ctx);
	int64_t root_end = lca_time_us(X509_get0_notAfter(ca->root_cert));
	if (!lca_time_field(call, REEVE_F_NOT_BEFORE, &wish->not_before_us))
		wish->not_before_us = now - 3600 * US_PER_S; /* clocks of clients lag */
	if (!lca_time_field(call, REEVE_F_NOT_AFTER, &wish->not_after_us))
		wish->not_after_us = wish->not_before_us + ca->lifetime_days * US_PER_DAY;
	if (wish->not_after_us > root_end)
		wish->not_after_us = root_end;
	if (wish->not_before_us >= wish->not_after_us || wish->not_after_us <= now) {
		lca_say(call, REEVE_REJECTED,
			"the certificate would have ended already (root expired, or dates "
			"crossed)");
		return false;
	}
	return true;
}

static bool read_key(struct lca_call *call, uint8_t digest[32])
{
	struct reeve_view key = call->request->idempotency_key;
	if (key.len == 0 || key.len > 64 ||
	    EVP_Digest(key.data, key.len, digest, NULL, EVP_sha256(), NULL) != 1) {
		lca_say(call, REEVE_REJECTED, "an idempotency key of 1 to 64 bytes is needed");
		return false;
	}
	return true;
}

/* --- the certificate ------------------------------------------------------------------------ */
/* From the intent, not from chance: a repeat without the ledger gets the same number again. */
static bool set_serial(const struct lca_call *call, const struct wish *wish, X509 *cert)
{
	uint8_t mac[32];
	if (!HMAC(EVP_sha256(), call->ca->serial_key, sizeof(call->ca->serial_key),
		  wish->key_digest, sizeof(wish->key_digest), mac, NULL))
		return false;
	mac[0] = (uint8_t)((mac[0] & 0x7f) | 0x40); /* positive, never short */
	BIGNUM *bn = BN_bin2bn(mac, LCA_SERIAL_LEN, NULL);
	bool ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
	BN_free(bn);
	return ok;
}

static bool add_ext(const struct localca *ca, X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, ca->root_cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* Names and usages are taken from the request; whatever else it asks for is not. */
static bool copy_exts(X509_REQ *csr, X509 *cert)
{
	static const int wanted[] = {NID_subject_alt_name, NID_ext_key_usage, NID_key_usage};
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(csr);
	bool ok = true;
	for (size_t i = 0; exts && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int at = X509v3_get_ext_by_NID(exts, wanted[i], -1);
		if (at >= 0)
			ok = ok && X509_add_ext(cert, X509v3_get_ext(exts, at), -1) == 1;
	}
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return ok;
}

static X509 *build(const struct lca_call *call, const struct wish *wish)
{
	const struct localca *ca = call->ca;
	X509 *cert = X509_new();
	const EVP_MD *md = EVP_PKEY_is_a(ca->root_key, "ED25519") ? NULL : EVP_sha256();
	bool ok =
		cert && X509_set_version(cert, X509_VERSION_3) == 1 &&
		set_serial(call, wish, cert) &&
		X509_set_issuer_name(cert, X509_get_subject_name(ca->root_cert)) == 1 &&
		X509_set_subject_name(cert, X509_REQ_get_subject_name(wish->csr)) == 1 &&
		X509_set_pubkey(cert, X509_REQ_get0_pubkey(wish->csr)) == 1 &&
		ASN1_TIME_set(X509_getm_notBefore(cert),
			      (time_t)(wish->not_before_us / US_PER_S)) &&
		ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(wish->not_after_us / US_PER_S)) &&
		add_ext(ca, cert, NID_basic_constraints, "critical,CA:FALSE") &&
		add_ext(ca, cert, NID_subject_key_identifier, "hash") &&
		add_ext(ca, cert, NID_authority_key_identifier, "keyid") &&
		copy_exts(wish->csr, cert) && X509_sign(cert, ca->root_key, md) > 0;
	if (ok)
		return cert;
	X509_free(cert);
	return NULL;
}

/* --- results -------------------------------------------------------------------------------- */
static bool emit_x509(struct lca_call *call, uint32_t tag, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	bool ok = len > 0 && lca_emit(call, tag, der, (size_t)len);
	OPENSSL_free(der);
	return ok;
}

/* The public facts of an issued certificate; the same for a new one and one read back. */
static bool emit_issued(struct lca_call *call, struct reeve_view der)
{
	X509 *cert = lca_parse_cert(der);
	uint8_t digest[32];
	uint8_t spki[32];
	bool ok = cert && EVP_Digest(der.data, der.len, digest, NULL, EVP_sha256(), NULL) == 1 &&
		  public_key_digest(X509_get_X509_PUBKEY(cert), spki) &&
		  lca_emit(call, REEVE_F_CERT_DER, der.data, der.len) &&
		  emit_x509(call, REEVE_F_CHAIN_DER, call->ca->root_cert) &&
		  lca_emit(call, REEVE_F_CERT_SHA256, digest, sizeof(digest)) &&
		  lca_emit(call, REEVE_F_SPKI_SHA256, spki, sizeof(spki));
	if (ok) {
		lca_serial_text(lca_serial_of(cert), call->result->version);
		call->result->not_before_us = lca_time_us(X509_get0_notBefore(cert));
		call->result->expires_at_us = lca_time_us(X509_get0_notAfter(cert));
	}
	X509_free(cert);
	return ok;
}

static void issue(struct lca_call *call, const struct wish *wish)
{
	const struct reeve_host *host = call->ca->host;
	X509 *cert = build(call, wish);
	unsigned char *der = NULL;
	int len = cert ? i2d_X509(cert, &der) : -1;
	X509_free(cert);
	if (len <= 0) {
		lca_say(call, REEVE_REJECTED, "the certificate could not be built and signed");
		return;
	}
	struct lca_record record = {
		.kind = LCA_ISSUED,
		.at_us = host->now_us(host->ctx),
		.key_digest = wish->key_digest,
		.spki = wish->spki,
		.cert = {der, (size_t)len},
	};
	if (emit_issued(call, record.cert) && lca_ledger_add_issued(call, &record))
		lca_say(call, REEVE_DONE, "issued");
	else if (call->result->outcome != REEVE_LIMIT)
		lca_say(call, REEVE_LIMIT, "out of memory");
	OPENSSL_free(der);
}

void lca_create(struct lca_call *call)
{
	struct wish wish = {0};
	struct lca_record before;
	if (!read_key(call, wish.key_digest) || !read_csr(call, &wish)) {
		X509_REQ_free(wish.csr);
		return;
	}
	if (lca_ledger_issued(call->ledger, wish.key_digest, &before)) {
		if (memcmp(before.spki, wish.spki, sizeof(wish.spki)) != 0)
			lca_say(call, REEVE_REJECTED,
				"this idempotency key was used for another key pair");
		else if (emit_issued(call, before.cert))
			lca_say(call, REEVE_DONE, "issued before for the same intent");
	} else if (read_dates(call, &wish)) {
		if (call->request->dry_run)
			lca_say(call, REEVE_DONE, "would be issued");
		else
			issue(call, &wish);
	}
	X509_REQ_free(wish.csr);
}

void lca_read_back(struct lca_call *call)
{
	uint8_t digest[32];
	struct lca_record record;
	if (!read_key(call, digest))
		return;
	if (!lca_ledger_issued(call->ledger, digest, &record))
		lca_say(call, REEVE_REJECTED, "nothing was issued for this intent");
	else if (emit_issued(call, record.cert))
		lca_say(call, REEVE_DONE, "issued for this intent");
}

void lca_preflight(struct lca_call *call)
{
	struct wish wish = {0};
	bool ok = read_dates(call, &wish);
	if (ok && lca_field(call, REEVE_F_CSR_DER).len > 0)
		ok = read_csr(call, &wish);
	if (ok)
		lca_say(call, REEVE_DONE, "ready");
	X509_REQ_free(wish.csr);
}
