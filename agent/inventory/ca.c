/* inventory: the authority's keys and signatures, over libcrypto. Not here: who may ask (tokens.c).
 */
#include "agent/inventory/ca.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <errno.h>
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#define CA_DAYS	       3650
#define SERVER_DAYS    397
#define SERVER_MARGIN  30
#define EARLY_S	       3600 /* notBefore lies this far back: clocks differ */
#define PEM_FILE_MAX   65536
#define PEM_KEY_MEMORY 8192

struct rv_ca {
	EVP_PKEY *key;
	X509 *cert;
	char *pem, *server_pem, *server_key_pem;
	char pin[RV_PIN_TEXT];
};

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

static void bio_freep(BIO **p)
{
	BIO_free(*p);
}

static rv_status crypto_fail(struct rv_diag *diag, const char *what)
{
	return rv_fail(RV_CLASS_EXHAUSTED, diag, "%s: libcrypto failed", what);
}

static bool fingerprint_of(X509_PUBKEY *pub, struct rv_digest *out)
{
	unsigned char *der = NULL;
	const int len = i2d_X509_PUBKEY(pub, &der);

	if (len <= 0)
		return false;
	*out = rv_sha256(der, (size_t)len);
	OPENSSL_free(der);
	return true;
}

static bool pin_of(X509 *cert, char out[RV_PIN_TEXT])
{
	struct rv_digest fp;

	if (!fingerprint_of(X509_get_X509_PUBKEY(cert), &fp))
		return false;
	memcpy(out, "sha256:", 7);
	rv_hex(fp.bytes, sizeof(fp.bytes), out + 7);
	return true;
}

static BIO *bio_of(struct rv_str text)
{
	return text.len > 0 && text.len <= INT_MAX ? BIO_new_mem_buf(text.data, (int)text.len)
						   : NULL;
}

static X509 *cert_of_pem(struct rv_str pem)
{
	RV_CLEANUP(bio_freep) BIO *bio = bio_of(pem);

	return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

rv_status rv_ca_pin_of_pem(struct rv_str pem, char out[RV_PIN_TEXT])
{
	RV_CLEANUP(x509_freep) X509 *cert = cert_of_pem(pem);

	if (!cert || !pin_of(cert, out))
		return rv_fail(RV_CLASS_MALFORMED, NULL, "not a certificate");
	return RV_OK;
}

static char *text_of(BIO *bio)
{
	char *bytes = NULL;
	const long len = BIO_get_mem_data(bio, &bytes);

	return len > 0 ? strndup(bytes, (size_t)len) : NULL;
}

static char *pem_of_cert(X509 *cert)
{
	RV_CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	return bio && PEM_write_bio_X509(bio, cert) == 1 ? text_of(bio) : NULL;
}

static rv_status write_key(const char *path, EVP_PKEY *key, struct rv_diag *diag)
{
	RV_CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_secmem());
	char *bytes = NULL;

	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return crypto_fail(diag, path);
	const long len = BIO_get_mem_data(bio, &bytes);
	return rv_file_replace(path, bytes, (size_t)len, 0600, diag);
}

static bool set_random_serial(X509 *cert)
{
	unsigned char bytes[16];
	BIGNUM *n;

	rv_random(bytes, sizeof(bytes));
	bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, full length */
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	const bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	const bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

struct ext {
	int nid;
	const char *value;
};

/* A certificate for `pub`, signed by `key` under `issuer` (NULL: itself). */
static X509 *make_cert(EVP_PKEY *pub, const char *name, long days, X509 *issuer, EVP_PKEY *key,
		       const struct ext *exts)
{
	RV_CLEANUP(x509_freep) X509 *cert = X509_new();
	const time_t now = (time_t)(rv_now_utc_us() / RV_US_PER_S);
	time_t base = now - EARLY_S;

	if (!cert || X509_set_version(cert, 2) != 1 || !set_random_serial(cert) ||
	    X509_set_pubkey(cert, pub) != 1)
		return NULL;
	if (!X509_time_adj_ex(X509_getm_notBefore(cert), 0, 0, &base))
		return NULL;
	base = now;
	if (!X509_time_adj_ex(X509_getm_notAfter(cert), (int)days, 0, &base))
		return NULL;
	X509_NAME *subject = X509_get_subject_name(cert);
	if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name,
				       -1, -1, 0) != 1)
		return NULL;
	X509 *by = issuer ? issuer : cert;
	if (X509_set_issuer_name(cert, X509_get_subject_name(by)) != 1)
		return NULL;
	for (size_t i = 0; exts[i].value; i++) {
		if (!add_extension(cert, by, exts[i].nid, exts[i].value))
			return NULL;
	}
	if (X509_sign(cert, key, EVP_sha256()) <= 0)
		return NULL;
	return RV_TAKE(cert);
}

/* "DNS:a,IP:1.2.3.4" from "a,1.2.3.4"; only characters of names and addresses pass. */
static rv_status alt_names(const char *names, struct rv_buf *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) char *copy = strdup(names);
	char *rest = copy;

	if (!copy)
		return rv_fail_nomem(diag);
	for (char *name; (name = strsep(&rest, ","));) {
		if (!*name || strlen(name) != strspn(name, "abcdefghijklmnopqrstuvwxyz"
							   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							   "0123456789.:-_"))
			return rv_fail(RV_CLASS_MISCONFIGURED, diag,
				       "--name %s: not a host name or address", names);
		const bool is_ip =
			strchr(name, ':') || !strpbrk(name, "abcdefghijklmnopqrstuvwxyz"
							    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");
		RV_TRY(rv_buf_printf(out, "%s%s:%s", out->len ? "," : "", is_ip ? "IP" : "DNS",
				     name));
	}
	return RV_OK;
}

static rv_status write_server(const char *dir, const char *names, EVP_PKEY *ca_key, X509 *ca_cert,
			      struct rv_diag *diag)
{
	RV_CLEANUP(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	RV_CLEANUP(rv_buf_done) struct rv_buf alt = {0};
	RV_CLEANUP(rv_freep) char *pem = NULL;
	char path[1024];

	rv_buf_init(&alt, 4096);
	RV_TRY(alt_names(names, &alt, diag));
	const struct ext exts[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "serverAuth"},
		{NID_subject_alt_name, rv_buf_cstr(&alt)},
		{0, NULL},
	};
	RV_CLEANUP(x509_freep)
	X509 *cert =
		key ? make_cert(key, "Reeve inventory", SERVER_DAYS, ca_cert, ca_key, exts) : NULL;
	if (!cert || !(pem = pem_of_cert(cert)))
		return crypto_fail(diag, "the server's certificate");
	snprintf(path, sizeof(path), "%s/server.key", dir);
	RV_TRY(write_key(path, key, diag));
	snprintf(path, sizeof(path), "%s/server.pem", dir);
	return rv_file_replace(path, pem, strlen(pem), 0644, diag);
}

rv_status rv_ca_create(const char *dir, const char *names, struct rv_diag *diag)
{
	RV_CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
	RV_CLEANUP(x509_freep) X509 *cert = NULL;
	RV_CLEANUP(rv_freep) char *pem = NULL;
	char path[1024];
	const struct ext exts[] = {
		{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
		{NID_key_usage, "critical,keyCertSign,cRLSign"},
		{NID_subject_key_identifier, "hash"},
		{0, NULL},
	};

	if (snprintf(path, sizeof(path), "%s/ca.key", dir) >= (int)sizeof(path) - 16)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: path too long", dir);
	if (access(path, F_OK) == 0)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s exists already", path);
	key = EVP_EC_gen("P-256");
	cert = key ? make_cert(key, "Reeve inventory CA", CA_DAYS, NULL, key, exts) : NULL;
	if (!cert || !(pem = pem_of_cert(cert)))
		return crypto_fail(diag, "the authority");
	RV_TRY(write_server(dir, names, key, cert, diag));
	RV_TRY(write_key(path, key, diag));
	snprintf(path, sizeof(path), "%s/ca.pem", dir);
	return rv_file_replace(path, pem, strlen(pem), 0644, diag);
}

static rv_status read_text(const char *dir, const char *name, char **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf buf = {0};
	char path[1024];

	rv_buf_init(&buf, PEM_FILE_MAX);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	RV_TRY(rv_file_read(path, PEM_FILE_MAX, &buf, diag));
	char *text = rv_str_dup(rv_buf_view(&buf));
	if (!text)
		return rv_fail_nomem(diag);
	free(*out);
	*out = text;
	return RV_OK;
}

static bool is_ending(struct rv_str pem)
{
	RV_CLEANUP(x509_freep) X509 *cert = cert_of_pem(pem);
	time_t limit = (time_t)(rv_now_utc_us() / RV_US_PER_S) + SERVER_MARGIN * 86400L;

	return !cert || X509_cmp_time(X509_get0_notAfter(cert), &limit) < 0;
}

static rv_status load(const char *dir, struct rv_ca *ca, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) char *key_pem = NULL;

	RV_TRY(read_text(dir, "ca.pem", &ca->pem, diag));
	RV_TRY(read_text(dir, "ca.key", &key_pem, diag));
	RV_CLEANUP(bio_freep) BIO *bio = bio_of(rv_str_of(key_pem));
	ca->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	explicit_bzero(key_pem, strlen(key_pem));
	ca->cert = cert_of_pem(rv_str_of(ca->pem));
	if (!ca->key || !ca->cert || X509_check_private_key(ca->cert, ca->key) != 1)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: ca.pem and ca.key are not a pair",
			       dir);
	if (!pin_of(ca->cert, ca->pin))
		return crypto_fail(diag, "ca.pem");
	return RV_OK;
}

rv_status rv_ca_open(const char *dir, const char *names, struct rv_ca **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_ca_freep) struct rv_ca *ca = calloc(1, sizeof(*ca));

	if (!ca)
		return rv_fail_nomem(diag);
	RV_TRY(load(dir, ca, diag));
	RV_TRY(read_text(dir, "server.pem", &ca->server_pem, diag));
	if (names && is_ending(rv_str_of(ca->server_pem))) {
		RV_TRY(write_server(dir, names, ca->key, ca->cert, diag));
		RV_TRY(read_text(dir, "server.pem", &ca->server_pem, diag));
	}
	RV_TRY(read_text(dir, "server.key", &ca->server_key_pem, diag));
	*out = RV_TAKE(ca);
	return RV_OK;
}

void rv_ca_free(struct rv_ca *ca)
{
	if (!ca)
		return;
	if (ca->server_key_pem)
		explicit_bzero(ca->server_key_pem, strlen(ca->server_key_pem));
	free(ca->server_key_pem);
	free(ca->server_pem);
	free(ca->pem);
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	free(ca);
}

void rv_ca_freep(struct rv_ca **ca)
{
	rv_ca_free(*ca);
	*ca = NULL;
}

const char *rv_ca_pem(const struct rv_ca *ca)
{
	return ca->pem;
}

const char *rv_ca_pin(const struct rv_ca *ca)
{
	return ca->pin;
}

const char *rv_ca_server_pem(const struct rv_ca *ca)
{
	return ca->server_pem;
}

const char *rv_ca_server_key_pem(const struct rv_ca *ca)
{
	return ca->server_key_pem;
}

static bool key_is_strong(EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ||
	       (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) >= 256) ||
	       (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048 &&
		EVP_PKEY_get_bits(key) <= 4096);
}

static X509_REQ *read_req(struct rv_str csr_pem)
{
	RV_CLEANUP(bio_freep) BIO *bio = bio_of(csr_pem);
	RV_CLEANUP(req_freep)
	X509_REQ *req = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = req ? X509_REQ_get0_pubkey(req) : NULL;

	if (!key || !key_is_strong(key) || X509_REQ_verify(req, key) != 1)
		return NULL;
	return RV_TAKE(req);
}

rv_status rv_ca_read_csr(struct rv_str csr_pem, struct rv_digest *out_key_fp, struct rv_diag *diag)
{
	RV_CLEANUP(req_freep) X509_REQ *req = read_req(csr_pem);

	if (!req || !fingerprint_of(X509_REQ_get_X509_PUBKEY(req), out_key_fp))
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "csr_pem: not a signed request with a key that is accepted");
	return RV_OK;
}

static int64_t time_of(const ASN1_TIME *at)
{
	struct tm tm;

	return ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) * RV_US_PER_S : 0;
}

rv_status rv_ca_sign(const struct rv_ca *ca, struct rv_str csr_pem, const char *host_id,
		     char **out_pem, int64_t *out_not_after_us, struct rv_diag *diag)
{
	RV_CLEANUP(req_freep) X509_REQ *req = read_req(csr_pem);
	char uri[128];
	const struct ext exts[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "clientAuth"},
		{NID_subject_alt_name, uri},
		{0, NULL},
	};

	if (!req)
		return rv_fail(RV_CLASS_MALFORMED, diag, "csr_pem: not a signed request");
	snprintf(uri, sizeof(uri), "URI:urn:uuid:%s", host_id);
	RV_CLEANUP(x509_freep)
	X509 *cert = make_cert(X509_REQ_get0_pubkey(req), host_id, RV_HOST_CERT_DAYS, ca->cert,
			       ca->key, exts);
	char *pem = cert ? pem_of_cert(cert) : NULL;
	if (!pem)
		return crypto_fail(diag, "signing");
	*out_not_after_us = time_of(X509_get0_notAfter(cert));
	*out_pem = pem;
	return RV_OK;
}

enum rv_ca_verdict rv_ca_judge_dates(const struct rv_ca_client *client, int64_t now_us)
{
	if (now_us < client->not_before_us)
		return RV_CA_EARLY;
	if (now_us <= client->not_after_us)
		return RV_CA_GOOD;
	return now_us <= client->not_after_us + RV_RENEW_GRACE_DAYS * RV_US_PER_DAY ? RV_CA_EXPIRED
										    : RV_CA_LAPSED;
}

enum rv_ca_verdict rv_ca_judge(const struct rv_ca *ca, struct rv_str der, int64_t now_us,
			       struct rv_ca_client *out)
{
	const unsigned char *at = der.data;
	RV_CLEANUP(x509_freep)
	X509 *cert = der.len <= PEM_KEY_MEMORY ? d2i_X509(NULL, &at, (long)der.len) : NULL;

	/* Our authority signs leaves only, so one signature under its key is the whole chain. */
	if (!cert || at != der.data + der.len ||
	    X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(ca->cert)) != 0 ||
	    X509_verify(cert, ca->key) != 1 || X509_check_ca(cert) != 0 ||
	    !(X509_get_extended_key_usage(cert) & XKU_SSL_CLIENT) ||
	    X509_get_extended_key_usage(cert) == UINT32_MAX)
		return RV_CA_FOREIGN;
	struct rv_ca_client client = {
		.not_before_us = time_of(X509_get0_notBefore(cert)),
		.not_after_us = time_of(X509_get0_notAfter(cert)),
	};
	if (!fingerprint_of(X509_get_X509_PUBKEY(cert), &client.key_fp) ||
	    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, client.host_id,
				      sizeof(client.host_id)) <= 0)
		return RV_CA_FOREIGN;
	*out = client;
	return rv_ca_judge_dates(out, now_us);
}
