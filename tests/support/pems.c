/* tests: keys and certificates. */
#include "tests/support/pems.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "pems: %s failed\n", what); /* to stderr */
	abort();
}

EVP_PKEY *pems_key(const char *type)
{
	EVP_PKEY *key = NULL;

	if (strcmp(type, "EC") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	else if (strcmp(type, "P-384") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	else if (strcmp(type, "RSA") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, type);
	must(key != NULL, type);
	return key;
}

X509 *pems_cert(EVP_PKEY *key, const char *cn, const char *names)
{
	X509 *cert = X509_new();

	must(cert != NULL, "X509_new");
	must(X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711) &&
		     X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
		     X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * 90) &&
		     X509_set_pubkey(cert, key),
	     "certificate");
	must(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
					(const unsigned char *)cn, -1, -1, 0) &&
		     X509_set_issuer_name(cert, X509_get_subject_name(cert)),
	     "subject");
	if (names) {
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

		must(ext && X509_add_ext(cert, ext, -1), "names");
		X509_EXTENSION_free(ext);
	}
	must(X509_sign(cert, key,
		       EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()) > 0,
	     "sign");
	return cert;
}

static char *text_of(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = len >= 0 ? malloc((size_t)len + 1) : NULL;

	must(text != NULL, "memory");
	memcpy(text, data, (size_t)len);
	text[len] = '\0';
	BIO_free(bio);
	return text;
}

char *pems_cert_text(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(bio && PEM_write_bio_X509(bio, cert), "PEM");
	return text_of(bio);
}

char *pems_key_text(EVP_PKEY *key, const char *pass)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = pass ? (int)strlen(pass) : 0;

	must(bio && PEM_write_bio_PKCS8PrivateKey(bio, key, pass ? EVP_aes_256_cbc() : NULL, pass,
						  len, NULL, NULL),
	     "PKCS#8");
	return text_of(bio);
}

char *pems_old_key_text(EVP_PKEY *key, const char *pass)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = pass ? (int)strlen(pass) : 0;

	must(bio && PEM_write_bio_PrivateKey_traditional(bio, key, pass ? EVP_aes_256_cbc() : NULL,
							 (const unsigned char *)pass, len, NULL,
							 NULL),
	     "old-style key");
	return text_of(bio);
}

struct wire {
	unsigned char bytes[1024];
	size_t len;
};

static void put_field(struct wire *w, const void *bytes, size_t len)
{
	w->bytes[w->len++] = 0;
	w->bytes[w->len++] = 0;
	w->bytes[w->len++] = (unsigned char)(len >> 8);
	w->bytes[w->len++] = (unsigned char)len;
	memcpy(w->bytes + w->len, bytes, len);
	w->len += len;
}

char *pems_ssh_text(EVP_PKEY *key, int is_encrypted)
{
	static const char magic[] = "openssh-key-v1";
	const char *cipher = is_encrypted ? "aes256-ctr" : "none";
	struct wire blob = {.len = 0};
	struct wire w = {.len = sizeof(magic)};
	unsigned char raw[32];
	unsigned char base64[2048];
	size_t raw_len = sizeof(raw);

	must(EVP_PKEY_get_raw_public_key(key, raw, &raw_len) == 1, "raw key");
	put_field(&blob, "ssh-ed25519", 11);
	put_field(&blob, raw, raw_len);
	memcpy(w.bytes, magic, sizeof(magic));
	put_field(&w, cipher, strlen(cipher));
	put_field(&w, is_encrypted ? "bcrypt" : "none", is_encrypted ? 6 : 4);
	put_field(&w, "", 0);
	memcpy(w.bytes + w.len, "\0\0\0\1", 4);
	w.len += 4;
	put_field(&w, blob.bytes, blob.len);
	put_field(&w, "private part, not looked at", 27);
	must(EVP_EncodeBlock(base64, w.bytes, (int)w.len) > 0, "base64");
	BIO *bio = BIO_new(BIO_s_mem());
	must(bio && BIO_printf(bio,
			       "-----BEGIN OPENSSH %s KEY-----\n%s\n-----END OPENSSH %s KEY-----\n",
			       "PRIVATE", base64, "PRIVATE") > 0,
	     "text");
	return text_of(bio);
}

void pems_spki(EVP_PKEY *key, unsigned char out[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	must(len > 0, "public key");
	(void)SHA256(der, (size_t)len, out); /* yields out */
	OPENSSL_free(der);
}
