/* discover: private keys, by libcrypto, and the OpenSSH container. Not here: PEM, files. */
#include "agent/discover/key.h"

#include "agent/discover/cert.h"
#include "agent/model/kinds.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

static void pkey_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static rv_status fail_key(void)
{
	ERR_clear_error();
	return rv_fail(RV_CLASS_MALFORMED, NULL, "not a private key");
}

static rv_status from_pkey(const EVP_PKEY *pkey, struct rv_key *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);

	if (len <= 0)
		return fail_key();
	key->spki_sha256 = rv_sha256(der, (size_t)len);
	key->has_spki = true;
	key->alg = rv_alg_of_key(pkey, &key->bits);
	OPENSSL_free(der);
	return RV_OK;
}

static bool is_encrypted_pkcs8(struct rv_str der)
{
	const uint8_t *p = der.data;
	X509_SIG *sig = d2i_X509_SIG(NULL, &p, (long)der.len);
	bool is_whole = sig && p == der.data + der.len;
	const X509_ALGOR *alg = NULL;

	if (is_whole) {
		const ASN1_OBJECT *oid = NULL;

		X509_SIG_get0(sig, &alg, NULL);
		X509_ALGOR_get0(&oid, NULL, NULL, alg);
		/* A bare digest has the same shape: only password-based schemes count. */
		int nid = OBJ_obj2nid(oid);
		is_whole = nid == NID_pbes2 || nid == NID_pbeWithMD5AndDES_CBC ||
			   nid == NID_pbe_WithSHA1And3_Key_TripleDES_CBC ||
			   nid == NID_pbeWithSHA1AndDES_CBC ||
			   nid == NID_pbe_WithSHA1And40BitRC2_CBC;
	}
	X509_SIG_free(sig);
	ERR_clear_error();
	return is_whole;
}

rv_status rv_key_parse_der(struct rv_str der, struct rv_key *out)
{
	struct rv_key key = {.alg = RV_ALG_OTHER};
	const uint8_t *p = der.data;

	if (der.len == 0 || der.len > RV_PEM_BODY_MAX)
		return fail_key();
	RV_CLEANUP(pkey_freep) EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	if (pkey && p == der.data + der.len) {
		RV_TRY(from_pkey(pkey, &key));
	} else if (is_encrypted_pkcs8(der)) {
		key.is_encrypted = true;
	} else {
		return fail_key();
	}
	ERR_clear_error();
	*out = key;
	return RV_OK;
}

/* One length-prefixed field of the OpenSSH container (big-endian, PROTOCOL.key). */
static bool take_field(struct rv_str *rest, struct rv_str *out)
{
	if (rest->len < 4)
		return false;
	size_t len = (size_t)rest->data[0] << 24 | (size_t)rest->data[1] << 16 |
		     (size_t)rest->data[2] << 8 | rest->data[3];
	if (len > rest->len - 4)
		return false;
	*out = (struct rv_str){rest->data + 4, len};
	*rest = (struct rv_str){rest->data + 4 + len, rest->len - 4 - len};
	return true;
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *rsa_public(struct rv_str e, struct rv_str n)
{
	if (e.len == 0 || e.len > 16 || n.len < 32 || n.len > 4096)
		return NULL;
	BIGNUM *big_e = BN_bin2bn(e.data, (int)e.len, NULL);
	BIGNUM *big_n = BN_bin2bn(n.data, (int)n.len, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (big_e && big_n && build &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, big_n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, big_e) == 1)
		pkey = make_key("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(big_e);
	BN_free(big_n);
	return pkey;
}

static EVP_PKEY *ec_public(struct rv_str curve, struct rv_str point)
{
	const char *group = rv_str_is(curve, "nistp256")   ? "prime256v1"
			    : rv_str_is(curve, "nistp384") ? "secp384r1"
			    : rv_str_is(curve, "nistp521") ? "secp521r1"
							   : NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (build && group && point.len > 0 && point.len < 256 &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data,
					     point.len) == 1)
		pkey = make_key("EC", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

static EVP_PKEY *ssh_public(struct rv_str blob)
{
	struct rv_str type;
	struct rv_str a;
	struct rv_str b;

	if (!take_field(&blob, &type) || !take_field(&blob, &a))
		return NULL;
	if (rv_str_is(type, "ssh-ed25519"))
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, a.data, a.len);
	if (!take_field(&blob, &b))
		return NULL;
	if (rv_str_is(type, "ssh-rsa"))
		return rsa_public(a, b);
	return rv_str_starts_with(type, "ecdsa-sha2-") ? ec_public(a, b) : NULL;
}

static rv_status parse_openssh(struct rv_str bytes, struct rv_key *out)
{
	static const char magic[] = "openssh-key-v1"; /* its NUL belongs to it */
	struct rv_key key = {.is_openssh = true, .alg = RV_ALG_OTHER};
	struct rv_str cipher;
	struct rv_str kdf;
	struct rv_str options;
	struct rv_str blob;

	if (bytes.len < sizeof(magic) || memcmp(bytes.data, magic, sizeof(magic)) != 0)
		return fail_key();
	bytes.data += sizeof(magic);
	bytes.len -= sizeof(magic);
	if (!take_field(&bytes, &cipher) || !take_field(&bytes, &kdf) ||
	    !take_field(&bytes, &options) || bytes.len < 4)
		return fail_key();
	bytes.data += 4; /* number of keys: always 1 so far */
	bytes.len -= 4;
	if (!take_field(&bytes, &blob))
		return fail_key();
	key.is_encrypted = !rv_str_is(cipher, "none");
	RV_CLEANUP(pkey_freep) EVP_PKEY *pkey = ssh_public(blob);
	if (pkey)
		RV_TRY(from_pkey(pkey, &key));
	ERR_clear_error();
	*out = key;
	return RV_OK;
}

rv_status rv_key_parse(enum rv_pem_label label, bool is_encrypted, struct rv_str der,
		       struct rv_key *out)
{
	switch (label) {
	case RV_PEM_OPENSSH_PRIVATE_KEY:
		return parse_openssh(der, out);
	case RV_PEM_ENCRYPTED_PRIVATE_KEY:
		if (!is_encrypted_pkcs8(der))
			return fail_key();
		*out = (struct rv_key){.is_encrypted = true, .alg = RV_ALG_OTHER};
		return RV_OK;
	case RV_PEM_PRIVATE_KEY:
	case RV_PEM_RSA_PRIVATE_KEY:
	case RV_PEM_EC_PRIVATE_KEY:
	case RV_PEM_DSA_PRIVATE_KEY:
		if (!is_encrypted)
			return rv_key_parse_der(der, out);
		*out = (struct rv_key){.is_encrypted = true,
				       .alg = label == RV_PEM_RSA_PRIVATE_KEY  ? RV_ALG_RSA
					      : label == RV_PEM_EC_PRIVATE_KEY ? RV_ALG_EC_OTHER
									       : RV_ALG_OTHER};
		return RV_OK;
	case RV_PEM_CERTIFICATE:
	case RV_PEM_TRUSTED_CERTIFICATE:
		break;
	}
	return fail_key();
}
