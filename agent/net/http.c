/* net: libcurl, bounded. */
#include "agent/net/http.h"

#include "agent/base/clock.h"

#include <curl/curl.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <strings.h>

struct call {
	const struct rv_http_ask *ask;
	struct rv_http_reply *reply;
	bool is_too_large;
	int judged; /* X509_V_*: how the peer's chain was judged */
};

static void slist_freep(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static void easy_freep(CURL **easy)
{
	curl_easy_cleanup(*easy);
}

void rv_http_reply_done(struct rv_http_reply *reply)
{
	rv_buf_done(&reply->body);
}

rv_status rv_http_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "libcurl does not start");
	return RV_OK;
}

/* --- memory that is wiped --- */

static void wiping_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *wiping_realloc(void *p, size_t size)
{
	void *moved = malloc(size);
	size_t old = p ? malloc_usable_size(p) : 0;

	if (!moved)
		return NULL;
	if (old > 0)
		memcpy(moved, p, old < size ? old : size);
	wiping_free(p);
	return moved;
}

rv_status rv_http_init_wiping(void)
{
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup,
				 calloc) != CURLE_OK)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "libcurl does not start");
	return RV_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct call *call = user;

	if (rv_is_ok(rv_buf_put(&call->reply->body, bytes, size * count)))
		return size * count;
	call->is_too_large = true;
	return 0;
}

/* A header's value when the line is that header; leading space skipped. */
static bool header_is(const char *line, size_t len, const char *name, char *out, size_t out_size)
{
	const size_t name_len = strlen(name);

	if (len <= name_len || strncasecmp(line, name, name_len) != 0)
		return false;
	line += name_len;
	len -= name_len;
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	snprintf(out, out_size, "%.*s", (int)(len < out_size ? len : out_size - 1), line);
	return true;
}

static const char *cut(char *text, const char *at)
{
	text[strcspn(text, at)] = '\0';
	return text;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
	struct rv_http_reply *reply = ((struct call *)user)->reply;
	const size_t len = size * count;
	char value[128];

	if (header_is(bytes, len, "Content-Type:", value, sizeof(value)))
		snprintf(reply->content_type, sizeof(reply->content_type), "%.63s",
			 cut(value, "; "));
	else if (header_is(bytes, len, "Retry-After:", value, sizeof(value)))
		reply->retry_after_s = (unsigned)strtoul(value, NULL, 10);
	else if (header_is(bytes, len, "Date:", value, sizeof(value))) {
		const time_t at = curl_getdate(value, NULL);
		reply->date_us = at > 0 ? (int64_t)at * RV_US_PER_S : 0;
	}
	return len;
}

/* OpenSSL's own judgement, kept: libcurl's code for a bad signature is only "connect error". */
static int on_verify(X509_STORE_CTX *store, void *user)
{
	const int ok = X509_verify_cert(store);

	((struct call *)user)->judged = X509_STORE_CTX_get_error(store);
	return ok;
}

static CURLcode on_tls(CURL *easy, void *context, void *user)
{
	struct call *call = user;
	const struct rv_http_tls *tls = &call->ask->tls;
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);

	(void)easy;
	if (tls->ignores_dates)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
	else
		X509_VERIFY_PARAM_set_time(
			param, (time_t)((rv_now_utc_us() + tls->offset_us) / RV_US_PER_S));
	if (!tls->is_blind)
		SSL_CTX_set_cert_verify_callback(context, on_verify, call);
	return CURLE_OK;
}

static struct curl_blob blob_of(const char *text)
{
	return (struct curl_blob){
		.data = (void *)(uintptr_t)text, .len = strlen(text), .flags = CURL_BLOB_NOCOPY};
}

static bool set_tls(CURL *easy, struct call *call)
{
	const struct rv_http_tls *tls = &call->ask->tls;
	const long check = tls->is_blind ? 0 : 1;
	bool ok = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
		  CURLE_OK;

	ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, check) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, check * 2) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, call) == CURLE_OK;
	if (ok && tls->ca_pem) {
		struct curl_blob ca = blob_of(tls->ca_pem);
		/* Without this the system's directory would be believed as well. */
		ok = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
		     curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca) == CURLE_OK;
	}
	if (ok && tls->cert_pem && tls->key_pem) {
		struct curl_blob cert = blob_of(tls->cert_pem);
		struct curl_blob key = blob_of(tls->key_pem);
		ok = curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert) == CURLE_OK &&
		     curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key) == CURLE_OK;
	}
	return ok;
}

static bool set_bounds(CURL *easy, const struct rv_http_ask *ask)
{
	const long connect_ms = ask->connect_ms > 0 ? ask->connect_ms : 10000;
	const long total_ms = ask->total_ms > 0 ? ask->total_ms : 60000;

	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total_ms) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		       CURLE_OK;
}

/* The caller's own lines; an empty "Name:" keeps libcurl's line of that name away. */
static bool add_lines(struct curl_slist **list, const char *const *lines)
{
	static const char *const unwanted[] = {"Accept:", "Content-Type:", "Expect:"};
	struct curl_slist *more = NULL;

	for (const char *const *line = lines; *line; line++) {
		more = curl_slist_append(*list, *line);
		if (!more)
			return false;
		*list = more;
	}
	for (size_t i = 0; i < RV_LEN(unwanted); i++) {
		const char *const *line = lines;

		while (*line && strncasecmp(*line, unwanted[i], strlen(unwanted[i])) != 0)
			line++;
		more = *line ? *list : curl_slist_append(*list, unwanted[i]);
		if (!more)
			return false;
		*list = more;
	}
	return true;
}

/* The Authorization line is built here and wiped by us; libcurl keeps its copy until the end. */
static bool add_headers(struct curl_slist **list, const struct rv_http_ask *ask)
{
	char line[512];

	if (ask->headers)
		return add_lines(list, ask->headers);
	snprintf(line, sizeof(line), "Content-Type: %s",
		 ask->content_type ? ask->content_type : "application/json");
	struct curl_slist *more = curl_slist_append(*list, line);
	if (!more)
		return false;
	*list = more;
	if (!ask->bearer)
		return true;
	const int len = snprintf(line, sizeof(line), "Authorization: Bearer %s", ask->bearer);
	more = len < (int)sizeof(line) ? curl_slist_append(*list, line) : NULL;
	explicit_bzero(line, sizeof(line));
	if (!more)
		return false;
	*list = more;
	return true;
}

static bool set_request(CURL *easy, struct call *call, struct curl_slist *headers)
{
	const struct rv_http_ask *ask = call->ask;
	const bool is_post = strcmp(ask->method, "POST") == 0;

	if (is_post && (curl_easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK ||
			curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ask->body.data) != CURLE_OK ||
			curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
					 (curl_off_t)ask->body.len) != CURLE_OK))
		return false;
	if (strcmp(ask->method, "HEAD") == 0 &&
	    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) != CURLE_OK)
		return false;
	return curl_easy_setopt(easy, CURLOPT_URL, ask->url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK;
}

static bool was_sent(CURL *easy)
{
	curl_off_t at_us = 0;

	/* Set once the connection and its TLS are up and the request goes out. */
	return curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &at_us) == CURLE_OK &&
	       at_us > 0;
}

static rv_status certificate_failure(struct call *call, struct rv_diag *diag)
{
	const int reason = call->judged;

	if (reason == X509_V_ERR_CERT_NOT_YET_VALID || reason == X509_V_ERR_CERT_HAS_EXPIRED) {
		call->reply->is_clock_skew = true;
		rv_diag_next(diag, "compare this host's clock with the server's");
		return rv_fail(RV_CLASS_RETRY, diag,
			       "%s: by our clock the server's certificate is not valid now",
			       call->ask->url);
	}
	rv_diag_next(diag, "compare the CA pin with the one the server printed");
	return rv_fail(RV_CLASS_DENIED, diag, "%s: the server's certificate is not believed: %s",
		       call->ask->url,
		       reason ? X509_verify_cert_error_string(reason) : "it has another name");
}

static rv_status failure(CURL *easy, CURLcode code, struct call *call, struct rv_diag *diag)
{
	const char *url = call->ask->url;

	if (call->is_too_large)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: the answer is larger than %zu bytes",
			       url, call->reply->body.max);
	if (code == CURLE_PEER_FAILED_VERIFICATION || call->judged != X509_V_OK)
		return certificate_failure(call, diag);
	/* The same code for "ftp://" before and for "no HTTP" after the connection. */
	const bool is_wrong_protocol = code == CURLE_UNSUPPORTED_PROTOCOL;
	if (code == CURLE_URL_MALFORMAT || (is_wrong_protocol && !was_sent(easy)))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: not an https address", url);
	if (is_wrong_protocol || code == CURLE_WEIRD_SERVER_REPLY)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: the answer is not HTTP", url);
	if (was_sent(easy) && strcmp(call->ask->method, "POST") == 0)
		return rv_fail(RV_CLASS_UNSURE, diag, "%s: sent, but no answer came: %s", url,
			       curl_easy_strerror(code));
	return rv_fail(RV_CLASS_RETRY, diag, "%s: not reached: %s", url, curl_easy_strerror(code));
}

rv_status rv_http_call(const struct rv_http_ask *ask, struct rv_http_reply *reply,
		       struct rv_diag *diag)
{
	RV_CLEANUP(easy_freep) CURL *easy = curl_easy_init();
	RV_CLEANUP(slist_freep) struct curl_slist *headers = NULL;
	struct call call = {.ask = ask, .reply = reply};
	long status = 0;

	*reply = (struct rv_http_reply){0};
	rv_buf_init(&reply->body, ask->max_reply > 0 ? ask->max_reply : (size_t)1024 * 1024);
	if (!easy || !add_headers(&headers, ask))
		return rv_fail_nomem(diag);
	if (!set_bounds(easy, ask) || !set_tls(easy, &call) || !set_request(easy, &call, headers))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: libcurl does not take a setting",
			       ask->url);
	const CURLcode code = curl_easy_perform(easy);
	if (code != CURLE_OK)
		return failure(easy, code, &call, diag);
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status); /* 0 is judged below */
	reply->status = (unsigned)status;
	return RV_OK;
}
