/* act: minting in the broker. Not here: messages, handles, files. */
#include "agent/act/broker_mint.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <limits.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static void pkey_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void x509_freep(X509 **p)
{
	X509_free(*p);
}

static void req_freep(X509_REQ **p)
{
	X509_REQ_free(*p);
}

static void exts_freep(STACK_OF(X509_EXTENSION) * *p)
{
	sk_X509_EXTENSION_pop_free(*p, X509_EXTENSION_free);
}

/* Our failure for one of libcrypto; its own words may quote input, so they are dropped. */
static rv_status crypto_failed(struct rv_diag *diag, const char *what)
{
	ERR_clear_error();
	return rv_fail(RV_CLASS_EXHAUSTED, diag, "libcrypto could not %s", what);
}

/* --- memory -------------------------------------------------------------------------------- */
/* malloc_usable_size() is what glibc gave, so all of it can be wiped without a header of our own.
 */
static void wiping_free(void *p, const char *file, int line)
{
	(void)file; /* libcrypto's call site: not ours to log */
	(void)line;
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *wiping_malloc(size_t n, const char *file, int line)
{
	(void)file; /* as above */
	(void)line;
	return n ? malloc(n) : NULL;
}

static void *wiping_realloc(void *p, size_t n, const char *file, int line)
{
	if (!p)
		return wiping_malloc(n, file, line);
	if (n == 0) {
		wiping_free(p, file, line);
		return NULL;
	}
	void *bigger = malloc(n);
	if (!bigger)
		return NULL;
	size_t had = malloc_usable_size(p);
	memcpy(bigger, p, had < n ? had : n);
	wiping_free(p, file, line);
	return bigger;
}

bool rv_broker_wiping_allocator(void)
{
	return CRYPTO_set_mem_functions(wiping_malloc, wiping_realloc, wiping_free) == 1;
}

/* --- keys ---------------------------------------------------------------------------------- */
void rv_broker_key_init(struct rv_broker_key *key)
{
	*key = (struct rv_broker_key){0};
	rv_buf_init(&key->public_der, 16384);
}

void rv_broker_key_done(struct rv_broker_key *key)
{
	rv_secret_freep(&key->pkcs8);
	rv_buf_done(&key->public_der);
}

static EVP_PKEY *generate(unsigned alg, unsigned rsa_bits)
{
	switch (alg) {
	case RV_ALG_RSA:
		return EVP_RSA_gen(rsa_bits);
	case RV_ALG_EC_P256:
		return EVP_EC_gen("P-256");
	case RV_ALG_EC_P384:
		return EVP_EC_gen("P-384");
	case RV_ALG_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	default:
		return NULL;
	}
}

/* Ed25519 signs without a digest of its own. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

/* The key as PKCS#8 DER into the secure heap. libcrypto's own temporaries are wiped on free. */
static rv_status key_to_secret(const EVP_PKEY *key, struct rv_secret **out, struct rv_diag *diag)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	PKCS8_PRIV_KEY_INFO_free(info);
	if (len <= 0)
		return crypto_failed(diag, "encode a private key");
	rv_status st = rv_secret_new(der, (size_t)len, out);
	OPENSSL_clear_free(der, (size_t)len);
	return st;
}

static rv_status key_spki(const EVP_PKEY *key, uint8_t out[32], struct rv_diag *diag)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return crypto_failed(diag, "encode a public key");
	struct rv_digest digest = rv_sha256(der, (size_t)len);
	OPENSSL_free(der);
	memcpy(out, digest.bytes, 32);
	return RV_OK;
}

/* --- requests ------------------------------------------------------------------------------ */
static rv_status parse_template(struct rv_str der, X509 **out, struct rv_diag *diag)
{
	const unsigned char *p = der.data;
	if (der.len == 0 || der.len > LONG_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "the template certificate is empty");
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	if (!cert || p != der.data + der.len) {
		X509_free(cert);
		ERR_clear_error();
		return rv_fail(RV_CLASS_MALFORMED, diag, "the template is not one DER certificate");
	}
	*out = cert;
	return RV_OK;
}

/* Key usage for a leaf with this key: the template's, without CA bits, and without bits the key
 * type cannot serve. Absent in the template: absent in the request. */
static rv_status add_key_usage(X509 *cert, bool is_rsa, STACK_OF(X509_EXTENSION) * *exts,
			       struct rv_diag *diag)
{
	if (X509_get_ext_by_NID(cert, NID_key_usage, -1) < 0)
		return RV_OK;
	/* Bit numbers of RFC 5280 §4.2.1.3. */
	ASN1_BIT_STRING *bits = X509_get_ext_d2i(cert, NID_key_usage, NULL, NULL);
	if (!bits)
		return rv_fail(RV_CLASS_MALFORMED, diag, "the template's key usage is malformed");
	int ok = ASN1_BIT_STRING_set_bit(bits, 0, 1); /* digitalSignature: TLS needs it */
	for (int bit = 5; bit <= 6; bit++)	      /* keyCertSign, cRLSign */
		ok = ok && ASN1_BIT_STRING_set_bit(bits, bit, 0);
	for (int bit = 2; bit <= 3 && !is_rsa; bit++) /* key and data encipherment */
		ok = ok && ASN1_BIT_STRING_set_bit(bits, bit, 0);
	ok = ok && X509V3_add1_i2d(exts, NID_key_usage, bits, 1, X509V3_ADD_APPEND) == 1;
	ASN1_BIT_STRING_free(bits);
	return ok ? RV_OK : crypto_failed(diag, "add the key usage");
}

static rv_status copy_extension(const X509 *cert, int nid, STACK_OF(X509_EXTENSION) * *exts,
				struct rv_diag *diag)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);
	if (at < 0)
		return RV_OK;
	if (X509_get_ext_by_NID(cert, nid, at) >= 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "the template carries an extension twice");
	return X509v3_add_ext(exts, X509_get_ext(cert, at), -1)
		       ? RV_OK
		       : crypto_failed(diag, "copy an extension");
}

static rv_status request_fill(X509_REQ *req, X509 *cert, EVP_PKEY *key, struct rv_diag *diag)
{
	RV_CLEANUP(exts_freep) STACK_OF(X509_EXTENSION) *exts = NULL;
	RV_TRY(copy_extension(cert, NID_subject_alt_name, &exts, diag));
	RV_TRY(copy_extension(cert, NID_ext_key_usage, &exts, diag));
	RV_TRY(add_key_usage(cert, EVP_PKEY_is_a(key, "RSA"), &exts, diag));
	if (X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_subject_name(req, X509_get_subject_name(cert)) != 1 ||
	    X509_REQ_set_pubkey(req, key) != 1)
		return crypto_failed(diag, "fill the certificate request");
	if (exts && X509_REQ_add_extensions(req, exts) != 1)
		return crypto_failed(diag, "add the extensions");
	if (X509_REQ_sign(req, key, digest_for(key)) <= 0)
		return crypto_failed(diag, "sign the certificate request");
	return RV_OK;
}

static unsigned rsa_bits_for(X509 *cert)
{
	const EVP_PKEY *old = X509_get0_pubkey(cert);
	bool longer = old && EVP_PKEY_is_a(old, "RSA") && EVP_PKEY_get_bits(old) > 2048;
	return longer ? 3072 : 2048;
}

rv_status rv_broker_mint(unsigned alg, struct rv_str template_der, struct rv_broker_key *out,
			 struct rv_diag *diag)
{
	RV_CLEANUP(x509_freep) X509 *cert = NULL;
	RV_TRY(parse_template(template_der, &cert, diag));
	if (alg == 0)
		alg = RV_ALG_EC_P256;
	if (alg != RV_ALG_RSA && alg != RV_ALG_EC_P256 && alg != RV_ALG_EC_P384 &&
	    alg != RV_ALG_ED25519)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no key of algorithm %s can be minted",
			       rv_alg_name(alg));
	RV_CLEANUP(pkey_freep) EVP_PKEY *key = generate(alg, rsa_bits_for(cert));
	RV_CLEANUP(req_freep) X509_REQ *req = X509_REQ_new();
	if (!key || !req)
		return crypto_failed(diag, "generate a key");
	RV_TRY(request_fill(req, cert, key, diag));

	unsigned char *der = NULL;
	int len = i2d_X509_REQ(req, &der);
	if (len <= 0)
		return crypto_failed(diag, "encode the certificate request");
	rv_status st = rv_buf_put(&out->public_der, der, (size_t)len);
	OPENSSL_free(der);
	RV_TRY(st);
	RV_TRY(key_spki(key, out->spki_sha256, diag));
	return key_to_secret(key, &out->pkcs8, diag);
}

/* --- roots --------------------------------------------------------------------------------- */
static rv_status add_text_extension(X509 *cert, int nid, const char *value, struct rv_diag *diag)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	int ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok ? RV_OK : crypto_failed(diag, "add an extension to the root");
}

static rv_status root_serial(X509 *cert, struct rv_diag *diag)
{
	uint8_t serial[16];
	rv_random(serial, sizeof(serial));
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, never short */
	BIGNUM *bn = BN_bin2bn(serial, (int)sizeof(serial), NULL);
	int ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
	BN_free(bn);
	return ok ? RV_OK : crypto_failed(diag, "set the serial number");
}

static rv_status root_fill(X509 *cert, EVP_PKEY *key, struct rv_str name,
			   const int64_t validity_us[2], struct rv_diag *diag)
{
	X509_NAME *dn = X509_get_subject_name(cert);
	if (X509_set_version(cert, X509_VERSION_3) != 1 || X509_set_pubkey(cert, key) != 1 ||
	    X509_NAME_add_entry_by_txt(dn, "CN", MBSTRING_UTF8, name.data, (int)name.len, -1, 0) !=
		    1 ||
	    X509_set_issuer_name(cert, dn) != 1 ||
	    !ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(validity_us[0] / RV_US_PER_S)) ||
	    !ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(validity_us[1] / RV_US_PER_S)))
		return crypto_failed(diag, "fill the root certificate");
	RV_TRY(root_serial(cert, diag));
	RV_TRY(add_text_extension(cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0", diag));
	RV_TRY(add_text_extension(cert, NID_key_usage, "critical,keyCertSign,cRLSign", diag));
	RV_TRY(add_text_extension(cert, NID_subject_key_identifier, "hash", diag));
	return X509_sign(cert, key, digest_for(key)) > 0 ? RV_OK
							 : crypto_failed(diag, "sign the root");
}

static bool is_plain_name(struct rv_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] < 0x20 || name.data[i] > 0x7e)
			return false;
	return name.len >= 1 && name.len <= 64;
}

rv_status rv_broker_mint_root(unsigned alg, struct rv_str common_name, const int64_t validity_us[2],
			      struct rv_broker_key *out, struct rv_diag *diag)
{
	if (!is_plain_name(common_name))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "a root's common name has 1 to 64 printable ASCII characters");
	if (validity_us[0] < 0 || validity_us[1] <= validity_us[0])
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the root would end before it begins");
	RV_CLEANUP(pkey_freep) EVP_PKEY *key = generate(alg ? alg : RV_ALG_RSA, 3072);
	RV_CLEANUP(x509_freep) X509 *cert = X509_new();
	if (!key || !cert)
		return crypto_failed(diag, "generate a root key");
	RV_TRY(root_fill(cert, key, common_name, validity_us, diag));
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	if (len <= 0)
		return crypto_failed(diag, "encode the root");
	rv_status st = rv_buf_put(&out->public_der, der, (size_t)len);
	OPENSSL_free(der);
	RV_TRY(st);
	RV_TRY(key_spki(key, out->spki_sha256, diag));
	return key_to_secret(key, &out->pkcs8, diag);
}
