/* net: a certificate authority is believed because of its pin, given by a person. */
#include "agent/net/http.h"

#include "agent/base/digest.h"
#include "agent/base/json.h"

#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#define CA_REPLY_MAX 65536

rv_status rv_pin_of(const char *cert_pem, char out[RV_PIN_BYTES], struct rv_diag *diag)
{
	const size_t len = strlen(cert_pem);
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(cert_pem, (int)len) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	unsigned char *der = NULL;
	const int der_len = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : -1;

	X509_free(cert);
	BIO_free(bio);
	if (der_len <= 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a certificate");
	const struct rv_digest digest = rv_sha256(der, (size_t)der_len);
	OPENSSL_free(der);
	memcpy(out, "sha256:", 7);
	rv_hex(digest.bytes, sizeof(digest.bytes), out + 7);
	return RV_OK;
}

static rv_status compare(const char *url, const char *pem, const char *pin, struct rv_diag *diag)
{
	char found[RV_PIN_BYTES];

	RV_TRY(rv_pin_of(pem, found, diag));
	if (strcasecmp(found, pin) == 0)
		return RV_OK;
	rv_diag_next(diag,
		     "ask the server's administrator for the pin; do not go on if they differ");
	return rv_fail(RV_CLASS_DENIED, diag, "%s: its authority is %.80s, not the pinned %.80s",
		       url, found, pin);
}

rv_status rv_pin_fetch_ca(const char *base_url, const char *pin, char **out_pem,
			  struct rv_diag *diag)
{
	RV_CLEANUP(rv_http_reply_done) struct rv_http_reply reply = {0};
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;
	char url[1100];

	snprintf(url, sizeof(url), "%s/v1/ca", base_url);
	const struct rv_http_ask ask = {
		.method = "GET", .url = url, .tls = {.is_blind = true}, .max_reply = CA_REPLY_MAX};
	RV_TRY(rv_http_call(&ask, &reply, diag));
	if (reply.status != 200)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: answers %u: not an inventory's door",
			       url, reply.status);
	RV_TRY(rv_json_parse(rv_buf_view(&reply.body), &doc, diag));
	const char *pem = rv_json_text(doc, "ca_pem", NULL);
	if (!pem)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: no ca_pem in the answer", url);
	RV_TRY(compare(url, pem, pin, diag));
	*out_pem = strdup(pem);
	return *out_pem ? RV_OK : rv_fail_nomem(diag);
}
