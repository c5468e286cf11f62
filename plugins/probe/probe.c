/* probe: one full TLS handshake over a socket the host has connected, and what was served. It
 * reports and does not judge: no certificate is trusted or refused here. A fresh context for every
 * call, without session cache or tickets, so that nothing can be resumed. Only the public ABI and
 * libssl; it opens nothing. */
#include <reeve/plugin.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define US_PER_MS	INT64_C(1000)
#define DEFAULT_WAIT_MS 3000 /* a listener that is not TLS often just waits for more */

struct probe {
	const struct reeve_host *host;
};

struct attempt {
	struct probe *probe;
	const struct reeve_request *request;
	struct reeve_result *result;
	SSL_CTX *ctx;
	SSL *ssl;
	int64_t until_us;
};

static void say(struct attempt *attempt, int32_t outcome, const char *text)
{
	attempt->result->outcome = outcome;
	snprintf(attempt->result->text, sizeof(attempt->result->text), "%s", text);
}

static struct reeve_view field(const struct reeve_request *request, uint32_t tag)
{
	for (size_t i = 0; i < request->field_count; i++)
		if (request->fields[i].tag == tag)
			return request->fields[i].bytes;
	return (struct reeve_view){NULL, 0};
}

/* --- what was served ------------------------------------------------------------------------- */
static bool emit(const struct attempt *attempt, uint32_t tag, const void *bytes, size_t len)
{
	const struct reeve_host *host = attempt->probe->host;
	return host->emit(host->ctx, tag, bytes, len) == 0;
}

static bool emit_digest(const struct attempt *attempt, uint32_t tag, const void *der, int len)
{
	uint8_t digest[32];
	return len > 0 && EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1 &&
	       emit(attempt, tag, digest, sizeof(digest));
}

static bool emit_cert(const struct attempt *attempt, uint32_t tag, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	bool ok = len > 0 && emit(attempt, tag, der, (size_t)len);
	if (ok && tag == REEVE_F_CERT_DER)
		ok = emit_digest(attempt, REEVE_F_CERT_SHA256, der, len);
	OPENSSL_free(der);
	return ok;
}

static bool emit_leaf(struct attempt *attempt, X509 *leaf)
{
	unsigned char *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &spki);
	bool ok = emit_cert(attempt, REEVE_F_CERT_DER, leaf) &&
		  emit_digest(attempt, REEVE_F_SPKI_SHA256, spki, len);
	OPENSSL_free(spki);
	return ok;
}

/* The chain is told as far as it fits; the leaf must. */
static bool emit_served(struct attempt *attempt)
{
	X509 *leaf = SSL_get0_peer_certificate(attempt->ssl);
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(attempt->ssl);
	const char *version = SSL_get_version(attempt->ssl);
	uint8_t resumed = SSL_session_reused(attempt->ssl) ? 1 : 0;
	if (!leaf)
		return false;
	bool ok = emit_leaf(attempt, leaf) &&
		  emit(attempt, REEVE_F_TLS_VERSION, version, strlen(version)) &&
		  emit(attempt, REEVE_F_RESUMED, &resumed, 1);
	for (int i = 1; ok && chain && i < sk_X509_num(chain) && i <= 8; i++)
		if (!emit_cert(attempt, REEVE_F_CHAIN_DER, sk_X509_value(chain, i)))
			break;
	return ok;
}

/* --- the handshake --------------------------------------------------------------------------- */
static int left_ms(const struct attempt *attempt)
{
	const struct reeve_host *host = attempt->probe->host;
	int64_t left = (attempt->until_us - host->now_us(host->ctx)) / US_PER_MS;
	return left > 0 ? (int)left : 0;
}

/* 1 ready, 0 out of time. */
static int wait_for(const struct attempt *attempt, short events)
{
	struct pollfd pfd = {.fd = attempt->request->fd, .events = events};
	int n = 0;
	do
		n = poll(&pfd, 1, left_ms(attempt));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool set_up(struct attempt *attempt)
{
	attempt->ctx = SSL_CTX_new(TLS_client_method());
	if (!attempt->ctx)
		return false;
	/* An observer must see old and weak servers too: nothing secret is sent to them. */
	SSL_CTX_set_security_level(attempt->ctx, 0);
	SSL_CTX_set_verify(attempt->ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(attempt->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(attempt->ctx, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (SSL_CTX_set_min_proto_version(attempt->ctx, TLS1_VERSION) != 1)
		return false;
	attempt->ssl = SSL_new(attempt->ctx);
	return attempt->ssl && SSL_set_fd(attempt->ssl, attempt->request->fd) == 1;
}

static bool set_server_name(struct attempt *attempt)
{
	struct reeve_view name = field(attempt->request, REEVE_F_SERVER_NAME);
	char text[256];
	if (name.len == 0)
		return true;
	if (name.len >= sizeof(text) || memchr(name.data, 0, name.len))
		return false;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	return SSL_set_tlsext_host_name(attempt->ssl, text) == 1;
}

/* Why the library stopped, in our own words. */
static void say_failure(struct attempt *attempt, int error, int errno_was)
{
	unsigned long code = ERR_peek_error();
	int reason = ERR_GET_REASON(code);
	if (error == SSL_ERROR_SYSCALL && errno_was != 0) {
		say(attempt, REEVE_UNKNOWN, "the connection broke during the handshake");
		return;
	}
	if (error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN ||
	    reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		say(attempt, REEVE_REJECTED, "the peer closed instead of answering: not TLS");
		return;
	}
	/* 1000 and up are alerts the peer sent (SSL_R_SSLV3_ALERT_...). */
	if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
		snprintf(attempt->result->text, sizeof(attempt->result->text),
			 "the peer refused the handshake with alert %d",
			 reason - SSL_AD_REASON_OFFSET);
		attempt->result->outcome = REEVE_REJECTED;
		return;
	}
	if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
	    reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
	    reason == SSL_R_RECORD_LENGTH_MISMATCH || reason == SSL_R_UNEXPECTED_MESSAGE ||
	    reason == SSL_R_UNEXPECTED_RECORD || reason == SSL_R_UNKNOWN_PROTOCOL) {
		say(attempt, REEVE_REJECTED, "the peer answered with something that is not TLS");
		return;
	}
	snprintf(attempt->result->text, sizeof(attempt->result->text),
		 "the handshake failed (TLS library reason %d)", reason);
	attempt->result->outcome = REEVE_REJECTED;
}

static bool shake_hands(struct attempt *attempt)
{
	for (;;) {
		ERR_clear_error();
		errno = 0;
		int done = SSL_connect(attempt->ssl);
		int errno_was = errno;
		if (done == 1)
			return true;
		int error = SSL_get_error(attempt->ssl, done);
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			say_failure(attempt, error, errno_was);
			return false;
		}
		if (!wait_for(attempt, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) {
			say(attempt, REEVE_UNKNOWN, "no answer to the TLS greeting in time");
			return false;
		}
	}
}

static void run(struct attempt *attempt)
{
	if (!set_up(attempt)) {
		say(attempt, REEVE_LIMIT, "the TLS library could not be set up");
		return;
	}
	if (!set_server_name(attempt)) {
		say(attempt, REEVE_REJECTED, "that is not a server name");
		return;
	}
	bool shook = shake_hands(attempt);
	/* A server may show its certificate and then refuse us: that is still what it serves. */
	bool served = emit_served(attempt);
	if (shook && served)
		say(attempt, REEVE_DONE, "a full handshake");
	else if (shook)
		say(attempt, REEVE_REJECTED, "the handshake came without a usable certificate");
	if (shook)
		SSL_shutdown(attempt->ssl);
}

static void probe_peer(struct probe *probe, const struct reeve_request *request,
		       struct reeve_result *result)
{
	const struct reeve_host *host = probe->host;
	struct attempt attempt = {.probe = probe, .request = request, .result = result};
	attempt.until_us = host->now_us(host->ctx) + DEFAULT_WAIT_MS * US_PER_MS;
	if (request->deadline_us != 0 && request->deadline_us < attempt.until_us)
		attempt.until_us = request->deadline_us;
	if (host->cancelled(host->ctx))
		say(&attempt, REEVE_UNREACHABLE, "the deadline has passed");
	else if (request->fd < 0)
		say(&attempt, REEVE_REJECTED, "a probe needs a connected socket");
	else if (request->dry_run)
		say(&attempt, REEVE_DONE, "would shake hands");
	else
		run(&attempt);
	SSL_free(attempt.ssl);
	SSL_CTX_free(attempt.ctx);
	ERR_clear_error();
}

/* --- the plugin ------------------------------------------------------------------------------ */
static int32_t probe_open(const struct reeve_host *host, void **out_handle)
{
	struct probe *probe = OPENSSL_zalloc(sizeof(*probe));
	if (!probe)
		return -1;
	probe->host = host;
	*out_handle = probe;
	return 0;
}

static int32_t probe_config(void *handle, struct reeve_view key, struct reeve_view value)
{
	(void)handle; /* no settings: every key is unknown */
	(void)key;
	(void)value;
	return -1;
}

static int32_t probe_secret(void *handle, struct reeve_view key, struct reeve_view bytes)
{
	return probe_config(handle, key, bytes); /* and no secret */
}

static int32_t probe_config_complete(void *handle, char *text, size_t text_size)
{
	(void)handle; /* nothing can be missing */
	if (text_size > 0)
		text[0] = '\0';
	return 0;
}

static int32_t probe_call(void *handle, const struct reeve_request *request,
			  struct reeve_result *result)
{
	struct attempt said = {.probe = handle, .request = request, .result = result};
	if (request->verb == REEVE_VERB_PROBE)
		probe_peer(handle, request, result);
	else if (request->verb == REEVE_VERB_DESCRIBE)
		say(&said, REEVE_DONE, "sees which certificate a TLS listener serves");
	else
		say(&said, REEVE_UNSUPPORTED, "a probe has no such verb");
	return 0;
}

static void probe_close(void *handle)
{
	OPENSSL_free(handle);
}

static const struct reeve_plugin plugin = {
	.struct_size = sizeof(plugin),
	.abi = REEVE_PLUGIN_ABI,
	.name = "probe",
	.version = "0.1.0",
	.verbs = UINT64_C(1) << REEVE_VERB_DESCRIBE | UINT64_C(1) << REEVE_VERB_PROBE,
	.kind = REEVE_KIND_PROBE,
	.open = probe_open,
	.config = probe_config,
	.secret = probe_secret,
	.config_complete = probe_config_complete,
	.call = probe_call,
	.close = probe_close,
};

const struct reeve_plugin *reeve_plugin_entry(void)
{
	return &plugin;
}
