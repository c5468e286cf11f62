/* localca: entry, settings, dispatch. Not here: issuing (issue.c), revoking (revoke.c). */
#include "localca.h"

#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string.h>

struct reeve_view lca_field(const struct lca_call *call, uint32_t tag)
{
	for (size_t i = 0; i < call->request->field_count; i++)
		if (call->request->fields[i].tag == tag)
			return call->request->fields[i].bytes;
	return (struct reeve_view){NULL, 0};
}

bool lca_time_field(const struct lca_call *call, uint32_t tag, int64_t *out_us)
{
	struct reeve_view bytes = lca_field(call, tag);
	uint64_t v = 0;
	if (bytes.len != 8)
		return false;
	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)bytes.data[i] << (8 * i);
	*out_us = (int64_t)v;
	return true;
}

void lca_say(struct lca_call *call, int32_t outcome, const char *text)
{
	call->result->outcome = outcome;
	size_t len = strnlen(text, sizeof(call->result->text) - 1);
	memcpy(call->result->text, text, len);
	call->result->text[len] = '\0';
}

bool lca_emit(struct lca_call *call, uint32_t tag, const uint8_t *bytes, size_t len)
{
	const struct reeve_host *host = call->ca->host;
	if (host->emit(host->ctx, tag, bytes, len) == 0)
		return true;
	lca_say(call, REEVE_LIMIT, "the answer is larger than a result may be");
	return false;
}

bool lca_emit_time(struct lca_call *call, uint32_t tag, int64_t us)
{
	uint8_t bytes[8];
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)((uint64_t)us >> (8 * i));
	return lca_emit(call, tag, bytes, sizeof(bytes));
}

/* --- life ---------------------------------------------------------------------------------- */
static int32_t lca_open(const struct reeve_host *host, void **out_handle)
{
	struct localca *ca = OPENSSL_zalloc(sizeof(*ca));
	if (!ca)
		return -1;
	ca->host = host;
	ca->lifetime_days = 90;
	*out_handle = ca;
	return 0;
}

static void lca_close(void *handle)
{
	struct localca *ca = handle;
	if (!ca)
		return;
	EVP_PKEY_free(ca->root_key); /* libcrypto clears the private numbers */
	X509_free(ca->root_cert);
	OPENSSL_clear_free(ca, sizeof(*ca));
}

static bool key_is(struct reeve_view key, const char *name)
{
	return key.len == strlen(name) && memcmp(key.data, name, key.len) == 0;
}

static int32_t set_root_cert(struct localca *ca, struct reeve_view pem)
{
	BIO *bio = pem.len > 0 && pem.len < 65536 ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	ERR_clear_error();
	if (!cert)
		return -1;
	X509_free(ca->root_cert);
	ca->root_cert = cert;
	return 0;
}

static int32_t set_lifetime(struct localca *ca, struct reeve_view value)
{
	int64_t days = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9' || i >= 4)
			return -1;
		days = days * 10 + (value.data[i] - '0');
	}
	if (days < 1 || days > 825)
		return -1;
	ca->lifetime_days = days;
	return 0;
}

static int32_t lca_config(void *handle, struct reeve_view key, struct reeve_view value)
{
	if (key_is(key, "root_cert"))
		return set_root_cert(handle, value);
	if (key_is(key, "lifetime_days"))
		return set_lifetime(handle, value);
	return -1;
}

static int32_t lca_secret(void *handle, struct reeve_view key, struct reeve_view bytes)
{
	static const uint8_t purpose[] = "reeve localca serial v1";
	struct localca *ca = handle;
	const unsigned char *p = bytes.data;
	if (!key_is(key, "root_key") || bytes.len == 0 || bytes.len > 65536)
		return -1;
	EVP_PKEY *root = d2i_AutoPrivateKey(NULL, &p, (long)bytes.len);
	ERR_clear_error();
	if (!root || !HMAC(EVP_sha256(), bytes.data, (int)bytes.len, purpose, sizeof(purpose) - 1,
			   ca->serial_key, NULL)) {
		EVP_PKEY_free(root);
		return -1;
	}
	EVP_PKEY_free(ca->root_key);
	ca->root_key = root;
	return 0;
}

static int32_t refuse(char *text, size_t text_size, const char *why)
{
	size_t len = strnlen(why, text_size - 1);
	memcpy(text, why, len);
	text[len] = '\0';
	return -1;
}

static int32_t lca_config_complete(void *handle, char *text, size_t text_size)
{
	const struct localca *ca = handle;
	if (text_size == 0)
		return -1;
	text[0] = '\0';
	if (!ca->root_cert)
		return refuse(text, text_size, "setting root_cert (PEM) is missing");
	if (!ca->root_key)
		return refuse(text, text_size, "secret root_key is missing");
	if (X509_check_private_key(ca->root_cert, ca->root_key) != 1) {
		ERR_clear_error();
		return refuse(text, text_size, "root_key does not belong to root_cert");
	}
	if (X509_check_ca(ca->root_cert) < 1)
		return refuse(text, text_size, "root_cert is not a certificate authority");
	return 0;
}

/* --- verbs --------------------------------------------------------------------------------- */
static void describe(struct lca_call *call)
{
	lca_say(call, REEVE_DONE, "a certificate authority held by this host");
}

static void cleanup_nothing(struct lca_call *call)
{
	lca_say(call, REEVE_DONE, "this provider leaves nothing behind");
}

static const struct {
	uint32_t verb;
	bool needs_ledger;
	void (*fn)(struct lca_call *call);
} verbs[] = {
	{REEVE_VERB_DESCRIBE, false, describe},
	{REEVE_VERB_STATUS, true, lca_status},
	{REEVE_VERB_PREFLIGHT, true, lca_preflight},
	{REEVE_VERB_CREATE, true, lca_create},
	{REEVE_VERB_READ_BACK, true, lca_read_back},
	{REEVE_VERB_PROBE, true, lca_status},
	{REEVE_VERB_IDENTIFY, false, lca_identify},
	{REEVE_VERB_REVOKE, true, lca_revoke},
	{REEVE_VERB_LIST_VERSIONS, true, lca_list_versions},
	{REEVE_VERB_CLEANUP, false, cleanup_nothing},
};

static int32_t lca_run(void *handle, const struct reeve_request *request,
		       struct reeve_result *result)
{
	struct lca_call call = {.ca = handle, .request = request, .result = result};
	call.ledger = lca_field(&call, REEVE_F_LEDGER);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (verbs[i].verb != request->verb)
			continue;
		/* Everything is computed here: before it began, nothing has happened. */
		if (call.ca->host->cancelled(call.ca->host->ctx))
			lca_say(&call, REEVE_UNREACHABLE, "the deadline has passed");
		else if (verbs[i].needs_ledger && !lca_ledger_is_sound(call.ledger))
			lca_say(&call, REEVE_REJECTED, "the ledger is damaged: nothing was done");
		else
			verbs[i].fn(&call);
		ERR_clear_error();
		return 0;
	}
	lca_say(&call, REEVE_UNSUPPORTED, "this provider has no such verb");
	return 0;
}

static const struct reeve_plugin plugin = {
	.struct_size = sizeof(plugin),
	.abi = REEVE_PLUGIN_ABI,
	.name = "localca",
	.version = "0.1.0",
	.verbs = UINT64_C(1) << REEVE_VERB_DESCRIBE | UINT64_C(1) << REEVE_VERB_STATUS |
		 UINT64_C(1) << REEVE_VERB_PREFLIGHT | UINT64_C(1) << REEVE_VERB_CREATE |
		 UINT64_C(1) << REEVE_VERB_READ_BACK | UINT64_C(1) << REEVE_VERB_PROBE |
		 UINT64_C(1) << REEVE_VERB_IDENTIFY | UINT64_C(1) << REEVE_VERB_REVOKE |
		 UINT64_C(1) << REEVE_VERB_LIST_VERSIONS | UINT64_C(1) << REEVE_VERB_CLEANUP,
	.kind = REEVE_KIND_PROVIDER,
	.open = lca_open,
	.config = lca_config,
	.secret = lca_secret,
	.config_complete = lca_config_complete,
	.call = lca_run,
	.close = lca_close,
};

const struct reeve_plugin *reeve_plugin_entry(void)
{
	return &plugin;
}
