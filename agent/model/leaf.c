/* model: certificates as facts. */
#include "agent/model/leaf.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

static rv_status parse(struct rv_str der, X509 **out, struct rv_diag *diag)
{
	const uint8_t *p = der.data;

	if (!der.len || der.len > 65536)
		return rv_fail(RV_CLASS_MALFORMED, diag, "no certificate");
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	if (!x || p != der.data + der.len) {
		X509_free(x);
		return rv_fail(RV_CLASS_MALFORMED, diag, "a certificate does not parse");
	}
	*out = x;
	return RV_OK;
}

static rv_status spki_of(const X509 *x, uint8_t out[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	if (len <= 0)
		return (rv_status){RV_CLASS_MALFORMED, 0};
	struct rv_digest digest = rv_sha256(der, (size_t)len);
	OPENSSL_free(der);
	memcpy(out, digest.bytes, 32);
	return RV_OK;
}

static bool time_us(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm = {0};

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm) * RV_US_PER_S;
	return true;
}

static bool serial_text(const X509 *x, char out[72])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	BIGNUM *bn = serial ? ASN1_INTEGER_to_BN(serial, NULL) : NULL;
	uint8_t bytes[34];
	int len = bn ? BN_num_bytes(bn) : 0;

	if (!bn || len > (int)sizeof(bytes)) {
		BN_free(bn);
		return false;
	}
	BN_bn2bin(bn, bytes);
	BN_free(bn);
	rv_hex(bytes, (size_t)len, out);
	return true;
}

rv_status rv_leaf_of(struct rv_str der, struct rv_leaf *out, struct rv_diag *diag)
{
	RV_CLEANUP(x509_freep) X509 *x = NULL;
	struct rv_leaf leaf = {0};

	RV_TRY(parse(der, &x, diag));
	struct rv_digest digest = rv_sha256(der.data, der.len);
	memcpy(leaf.cert_sha256, digest.bytes, 32);
	RV_TRY(spki_of(x, leaf.spki_sha256));
	if (!serial_text(x, leaf.serial) || !time_us(X509_get0_notBefore(x), &leaf.not_before_us) ||
	    !time_us(X509_get0_notAfter(x), &leaf.not_after_us))
		return rv_fail(RV_CLASS_MALFORMED, diag, "a certificate has no serial or dates");
	*out = leaf;
	return RV_OK;
}

rv_status rv_pem_certificate(struct rv_str pem, size_t index, struct rv_buf *out,
			     struct rv_diag *diag)
{
	BIO *bio = pem.len && pem.len < INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
	RV_CLEANUP(x509_freep) X509 *x = NULL;
	unsigned char *der = NULL;

	for (size_t i = 0; bio && i <= index; i++) {
		X509_free(x);
		x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (!x)
			break;
	}
	BIO_free(bio);
	if (!x)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no certificate number %zu", index + 1);
	int len = i2d_X509(x, &der);
	if (len <= 0)
		return rv_fail_nomem(diag);
	rv_status r = rv_buf_put(out, der, (size_t)len);
	OPENSSL_free(der);
	return r;
}

rv_status rv_pem_put(struct rv_str der, struct rv_buf *out)
{
	RV_CLEANUP(x509_freep) X509 *x = NULL;
	char *text = NULL;

	RV_TRY(parse(der, &x, NULL));
	BIO *bio = BIO_new(BIO_s_mem());
	if (!bio || PEM_write_bio_X509(bio, x) != 1) {
		BIO_free(bio);
		return rv_fail_nomem(NULL);
	}
	long len = BIO_get_mem_data(bio, &text);
	rv_status r = rv_buf_put(out, text, (size_t)len);
	BIO_free(bio);
	return r;
}

bool rv_der_is_root(struct rv_str der)
{
	RV_CLEANUP(x509_freep) X509 *x = NULL;

	return rv_is_ok(parse(der, &x, NULL)) &&
	       X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
}
