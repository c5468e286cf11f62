/* report: the identity file: a head of text, then key, certificate and authority in PEM. */
#include "agent/report/identity.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <errno.h>
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <unistd.h>

#define HEAD \
	"# Reeve's identity on this host. Made by reeve-report; do not copy it to another host.\n"

void rv_key_text_freep(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void rv_identity_done(struct rv_identity *id)
{
	rv_key_text_freep(&id->key_pem);
	free(id->cert_pem);
	free(id->ca_pem);
	id->cert_pem = NULL;
	id->ca_pem = NULL;
}

static bool path_of(const char *dir, const char *name, char out[1200])
{
	return snprintf(out, 1200, "%s/%s", dir, name) < 1200;
}

/* The first block of that kind at or after *at, copied; *at moves behind it. */
static char *take_block(const char **at, const char *label)
{
	char begin[64];
	char end[64];

	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	snprintf(end, sizeof(end), "-----END %s-----\n", label);
	const char *from = strstr(*at, begin);
	const char *to = from ? strstr(from, end) : NULL;
	if (!to)
		return NULL;
	to += strlen(end);
	*at = to;
	return strndup(from, (size_t)(to - from));
}

static bool head_text(const char *text, const char *key, char *out, size_t size)
{
	const char *at = strstr(text, key);

	if (!at)
		return false;
	at += strlen(key);
	const size_t len = strcspn(at, "\n");
	if (len >= size)
		return false;
	memcpy(out, at, len);
	out[len] = '\0';
	return true;
}

static bool head_int(const char *text, const char *key, int64_t *out)
{
	char value[32];
	char *end;

	if (!head_text(text, key, value, sizeof(value)))
		return false;
	*out = strtoll(value, &end, 10);
	return *end == '\0' && end != value;
}

rv_status rv_identity_load(const char *dir, struct rv_identity *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	RV_CLEANUP(rv_identity_done) struct rv_identity id = {0};
	char path[1200];

	rv_buf_init(&text, RV_IDENTITY_MAX);
	if (!path_of(dir, RV_IDENTITY_FILE, path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the state directory's name is too long");
	rv_status read = rv_file_read(path, RV_IDENTITY_MAX, &text, diag);
	if (rv_class_of(read) == RV_CLASS_NOT_FOUND)
		rv_diag_next(diag, "reeve enroll URL --token-file F --ca-pin P");
	RV_TRY(read);
	const char *at = rv_buf_cstr(&text);
	if (!at)
		return rv_fail_nomem(diag);
	const bool has_head = head_text(at, "host: ", id.host_id, sizeof(id.host_id)) &&
			      head_text(at, "url: ", id.url, sizeof(id.url)) &&
			      head_int(at, "issued: ", &id.issued_us) &&
			      head_int(at, "until: ", &id.not_after_us) &&
			      head_int(at, "offset: ", &id.offset_us);
	id.key_pem = take_block(&at, "PRIVATE KEY");
	id.cert_pem = id.key_pem ? take_block(&at, "CERTIFICATE") : NULL;
	id.ca_pem = id.cert_pem ? take_block(&at, "CERTIFICATE") : NULL;
	if (!has_head || !id.ca_pem) {
		rv_diag_next(diag, "reeve unenroll, then reeve enroll with a new token");
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not an identity of ours", path);
	}
	*out = id;
	id = (struct rv_identity){0};
	return RV_OK;
}

rv_status rv_identity_save(const char *dir, const struct rv_identity *id, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	char path[1200];

	rv_buf_init(&text, RV_IDENTITY_MAX);
	if (!path_of(dir, RV_IDENTITY_FILE, path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the state directory's name is too long");
	RV_TRY(rv_buf_printf(
		&text, HEAD "host: %s\nurl: %s\nissued: %lld\nuntil: %lld\noffset: %lld\n%s%s%s",
		id->host_id, id->url, (long long)id->issued_us, (long long)id->not_after_us,
		(long long)id->offset_us, id->key_pem, id->cert_pem, id->ca_pem));
	return rv_file_replace(path, text.data, text.len, 0600, diag);
}

static rv_status remove_file(const char *dir, const char *name, struct rv_diag *diag)
{
	char path[1200];

	if (!path_of(dir, name, path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the state directory's name is too long");
	if (unlink(path) < 0 && errno != ENOENT)
		return rv_fail_errno(diag, "%s", path);
	return RV_OK;
}

rv_status rv_identity_forget(const char *dir, struct rv_diag *diag)
{
	RV_TRY(remove_file(dir, RV_IDENTITY_FILE, diag));
	return remove_file(dir, RV_IDENTITY_NEXT, diag);
}

rv_status rv_identity_drop_next(const char *dir, struct rv_diag *diag)
{
	return remove_file(dir, RV_IDENTITY_NEXT, diag);
}

static rv_status make_key(char **out, struct rv_diag *diag)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_secmem());
	char *bytes = NULL;

	*out = NULL;
	if (key && bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		const long len = BIO_get_mem_data(bio, &bytes);
		*out = strndup(bytes, (size_t)len);
	}
	BIO_free(bio);
	EVP_PKEY_free(key);
	return *out ? RV_OK : rv_fail(RV_CLASS_EXHAUSTED, diag, "no key could be made");
}

rv_status rv_identity_next_key(const char *dir, char **out_key_pem, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	RV_CLEANUP(rv_key_text_freep) char *key = NULL;
	char path[1200];

	rv_buf_init(&text, RV_IDENTITY_MAX);
	if (!path_of(dir, RV_IDENTITY_NEXT, path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the state directory's name is too long");
	rv_status read = rv_file_read(path, RV_IDENTITY_MAX, &text, NULL);
	if (rv_is_ok(read)) {
		key = rv_str_dup(rv_buf_view(&text));
		if (!key)
			return rv_fail_nomem(diag);
	} else {
		RV_TRY(make_key(&key, diag));
		RV_TRY(rv_file_replace(path, key, strlen(key), 0600, diag));
	}
	*out_key_pem = RV_TAKE(key);
	return RV_OK;
}

static char *csr_text(X509_REQ *req)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	char *text = NULL;

	if (bio && PEM_write_bio_X509_REQ(bio, req) == 1) {
		const long len = BIO_get_mem_data(bio, &bytes);
		text = strndup(bytes, (size_t)len);
	}
	BIO_free(bio);
	return text;
}

rv_status rv_identity_csr(const char *key_pem, char **out_csr_pem, struct rv_diag *diag)
{
	BIO *bio = BIO_new_mem_buf(key_pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	X509_REQ *req = X509_REQ_new();
	char *text = NULL;

	/* The server gives the name; ours would not be believed. */
	if (key && req && X509_REQ_set_pubkey(req, key) == 1 &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0)
		text = csr_text(req);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	BIO_free(bio);
	if (!text)
		return rv_fail(RV_CLASS_MALFORMED, diag, "the identity's key does not work");
	*out_csr_pem = text;
	return RV_OK;
}
