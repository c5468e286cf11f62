/* discover: certificates, by libcrypto. Not here: files, PEM. */
#include "agent/discover/cert.h"

#include "agent/model/kinds.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

static void x509_freep(X509 **cert)
{
	X509_free(*cert);
}

static void general_names_freep(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

static void akid_freep(AUTHORITY_KEYID **akid)
{
	AUTHORITY_KEYID_free(*akid);
}

unsigned rv_alg_of_key(const void *evp_pkey, unsigned *out_bits)
{
	const EVP_PKEY *key = evp_pkey;
	char group[64] = "";

	*out_bits = 0;
	if (!key)
		return RV_ALG_OTHER;
	int bits = EVP_PKEY_get_bits(key);
	*out_bits = bits > 0 && bits <= 65535 ? (unsigned)bits : 0;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return RV_ALG_RSA;
	case EVP_PKEY_ED25519:
		return RV_ALG_ED25519;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
			return RV_ALG_EC_OTHER;
		if (strcmp(group, "prime256v1") == 0)
			return RV_ALG_EC_P256;
		return strcmp(group, "secp384r1") == 0 ? RV_ALG_EC_P384 : RV_ALG_EC_OTHER;
	default:
		return RV_ALG_OTHER;
	}
}

static void name_text(const X509_NAME *name, char out[RV_DN_MAX + 1])
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	out[0] = '\0';
	if (!bio)
		return;
	/* RFC 4514, but UTF-8 stays UTF-8. */
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		long len = BIO_get_mem_data(bio, &text);
		size_t n = len < 0 ? 0 : (size_t)len;

		n = n > RV_DN_MAX ? RV_DN_MAX : n;
		memcpy(out, text, n);
		out[n] = '\0';
	}
	BIO_free(bio);
}

static bool time_us(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm = {0};

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm) * INT64_C(1000000);
	return true;
}

/* Adds one name; what does not fit is left out (the list has its stated limit). */
static void add_name(struct rv_cert *cert, const void *bytes, size_t len)
{
	size_t at = 0;

	if (cert->name_count > 0) {
		at = cert->name_at[cert->name_count - 1];
		at += strlen(cert->names + at) + 1;
	}
	if (cert->name_count == RV_CERT_NAMES || len == 0 || len > RV_SANS_MAX - at - 1 ||
	    memchr(bytes, 0, len))
		return;
	memcpy(cert->names + at, bytes, len);
	cert->names[at + len] = '\0';
	cert->name_at[cert->name_count++] = (uint16_t)at;
}

static void add_general_name(struct rv_cert *cert, const GENERAL_NAME *name)
{
	char text[INET6_ADDRSTRLEN];
	const ASN1_STRING *string = NULL;
	int len = 0;

	switch (name->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		string = name->d.ia5;
		if (string && ASN1_STRING_length(string) > 0)
			add_name(cert, ASN1_STRING_get0_data(string),
				 (size_t)ASN1_STRING_length(string));
		break;
	case GEN_IPADD:
		string = name->d.iPAddress;
		len = ASN1_STRING_length(string);
		if ((len == 4 || len == 16) &&
		    inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(string), text,
			      sizeof(text)))
			add_name(cert, text, strlen(text));
		break;
	default: /* outside data: other forms have no use here */
		break;
	}
}

static void read_names(const X509 *x, struct rv_cert *cert)
{
	RV_CLEANUP(general_names_freep)
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_general_name(cert, sk_GENERAL_NAME_value(names, i));
}

static void read_issuer_key_id(const X509 *x, struct rv_cert *cert)
{
	RV_CLEANUP(akid_freep)
	AUTHORITY_KEYID *akid = X509_get_ext_d2i(x, NID_authority_key_identifier, NULL, NULL);

	if (!akid || !akid->keyid)
		return;
	int len = ASN1_STRING_length(akid->keyid);
	if (len <= 0 || (size_t)len > sizeof(cert->issuer_key_id))
		return;
	memcpy(cert->issuer_key_id, ASN1_STRING_get0_data(akid->keyid), (size_t)len);
	cert->issuer_key_id_len = (size_t)len;
}

static bool read_key(X509 *x, struct rv_cert *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	if (len <= 0)
		return false;
	cert->spki_sha256 = rv_sha256(der, (size_t)len);
	OPENSSL_free(der);
	cert->alg = rv_alg_of_key(X509_get0_pubkey(x), &cert->bits);
	return true;
}

static void read_serial(const X509 *x, struct rv_cert *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	int len = ASN1_STRING_length(serial);

	if (len <= 0 || (size_t)len > sizeof(cert->serial))
		return;
	memcpy(cert->serial, ASN1_STRING_get0_data(serial), (size_t)len);
	cert->serial_len = (size_t)len;
}

static rv_status fill_cert(X509 *x, struct rv_cert *cert)
{
	if (!read_key(x, cert) || !time_us(X509_get0_notBefore(x), &cert->not_before_us) ||
	    !time_us(X509_get0_notAfter(x), &cert->not_after_us))
		return rv_fail(RV_CLASS_MALFORMED, NULL, "not a usable certificate");
	read_serial(x, cert);
	name_text(X509_get_subject_name(x), cert->subject);
	name_text(X509_get_issuer_name(x), cert->issuer);
	read_names(x, cert);
	read_issuer_key_id(x, cert);
	cert->is_ca = X509_check_ca(x) == 1;
	cert->is_self_issued =
		X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
	return RV_OK;
}

rv_status rv_cert_parse(struct rv_str der, bool with_trust, struct rv_cert *out)
{
	const uint8_t *p = der.data;

	if (der.len == 0 || der.len > INT32_MAX)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no certificate");
	RV_CLEANUP(x509_freep)
	X509 *x = with_trust ? d2i_X509_AUX(NULL, &p, (long)der.len)
			     : d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	if (!x || p != der.data + der.len)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "not a certificate");
	RV_CLEANUP(rv_freep) struct rv_cert *cert = calloc(1, sizeof(*cert));
	unsigned char *plain = NULL;
	int len = i2d_X509(x, &plain); /* without a trust tail */
	if (!cert || len <= 0) {
		OPENSSL_free(plain);
		return rv_fail_nomem(NULL);
	}
	cert->cert_sha256 = rv_sha256(plain, (size_t)len);
	OPENSSL_free(plain);
	rv_status status = fill_cert(x, cert);
	ERR_clear_error();
	RV_TRY(status);
	*out = *cert;
	return RV_OK;
}
