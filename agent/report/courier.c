/* report: enrolment, renewal and posting. */
#include "agent/report/courier.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/json.h"

#include <stdio.h>
#include <strings.h>

#define BODY_MAX 49152

struct code_class {
	const char *code;
	enum rv_class class_id;
};

/* Only unknown_host (NOT_FOUND) means: enrol again. */
static const struct code_class code_classes[] = {
	{"token_unknown", RV_CLASS_DENIED},
	{"token_used", RV_CLASS_DENIED},
	{"token_expired", RV_CLASS_DENIED},
	{"cert_required", RV_CLASS_DENIED},
	{"cert_foreign", RV_CLASS_DENIED},
	{"cert_expired", RV_CLASS_DENIED},
	{"host_denied", RV_CLASS_DENIED},
	{"unknown_host", RV_CLASS_NOT_FOUND},
	{"need_full", RV_CLASS_CONFLICT},
	{"busy", RV_CLASS_RETRY},
	{"too_large", RV_CLASS_EXHAUSTED},
	{"malformed", RV_CLASS_MALFORMED},
	{"version_too_old", RV_CLASS_MISCONFIGURED},
	{"clock_skew", RV_CLASS_RETRY},
};

enum rv_class rv_courier_class(unsigned http_status, const char *code)
{
	if (http_status == 200 || http_status == 204)
		return RV_CLASS_OK;
	for (size_t i = 0; i < RV_LEN(code_classes); i++) {
		if (strcmp(code_classes[i].code, code) == 0)
			return code_classes[i].class_id;
	}
	/* No code of ours: something else answers there, or the server is in trouble. */
	return http_status == 429 || http_status >= 500 ? RV_CLASS_RETRY : RV_CLASS_MISCONFIGURED;
}

void rv_courier_result_done(struct rv_courier_result *r)
{
	rv_buf_done(&r->body);
}

rv_status rv_courier_open(const char *dir, struct rv_courier *out, struct rv_diag *diag)
{
	*out = (struct rv_courier){.dir = dir};
	rv_status loaded = rv_identity_load(dir, &out->id, diag);
	if (rv_class_of(loaded) == RV_CLASS_NOT_FOUND)
		return RV_OK;
	RV_TRY(loaded);
	out->is_enrolled = true;
	out->offset_us = out->id.offset_us;
	return RV_OK;
}

void rv_courier_done(struct rv_courier *courier)
{
	rv_identity_done(&courier->id);
	courier->is_enrolled = false;
}

/* One exchange; the refusal's code and the class that follows from it. */
static rv_status exchange(struct rv_courier *courier, const struct rv_http_ask *ask,
			  struct rv_courier_result *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_http_reply_done) struct rv_http_reply reply = {0};
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;

	*out = (struct rv_courier_result){0};
	rv_buf_init(&out->body, BODY_MAX);
	rv_status called = rv_http_call(ask, &reply, diag);
	if (!rv_is_ok(called)) {
		snprintf(out->code, sizeof(out->code), "%s",
			 reply.is_clock_skew ? "clock_skew" : "");
		return called;
	}
	/* The connection was verified: its clock is worth knowing. Whole seconds: below two is
	 * noise. */
	const int64_t offset = reply.date_us ? reply.date_us - rv_now_utc_us() : 0;
	courier->offset_us = offset > -2 * RV_US_PER_S && offset < 2 * RV_US_PER_S ? 0 : offset;
	out->http_status = reply.status;
	out->retry_after_s = reply.retry_after_s;
	RV_TRY(rv_buf_put(&out->body, reply.body.data, reply.body.len));
	if (reply.status == 200 || reply.status == 204)
		return RV_OK;
	if (strcmp(reply.content_type, "application/problem+json") == 0)
		(void)!rv_is_ok(rv_json_parse(rv_buf_view(&reply.body), &doc, NULL)); /* else "" */
	snprintf(out->code, sizeof(out->code), "%s", rv_json_text(doc, "code", ""));
	const char *detail = rv_json_text(doc, "detail", rv_json_text(doc, "title", ""));
	return rv_fail(rv_courier_class(reply.status, out->code), diag, "%s: %u %s %s", ask->url,
		       reply.status, out->code, detail);
}

/* "URL PIN TOKEN" as the server prints it, or the token alone. */
struct token_file {
	struct rv_buf text;
	const char *url, *pin, *token;
};

static void token_file_done(struct token_file *t)
{
	rv_buf_done(&t->text); /* wiped */
}

static rv_status token_file_read(int fd, struct token_file *out, struct rv_diag *diag)
{
	char *word[4] = {0};
	size_t words = 0;

	rv_buf_init(&out->text, RV_TOKEN_FILE_MAX);
	RV_TRY(rv_fd_read_all(fd, &out->text, diag));
	char *rest = (char *)(uintptr_t)rv_buf_cstr(&out->text);
	for (char *w; rest && words < RV_LEN(word) && (w = strsep(&rest, " \t\r\n"));) {
		if (*w)
			word[words++] = w;
	}
	if (words != 1 && words != 3)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the token file does not hold one line \"URL PIN TOKEN\"");
	out->token = word[words - 1];
	out->url = words == 3 ? word[0] : NULL;
	out->pin = words == 3 ? word[1] : NULL;
	return RV_OK;
}

/* What the operator typed and what the file says must not differ: one of them is another server. */
static rv_status agree(const char *what, const char **typed, const char *filed,
		       struct rv_diag *diag)
{
	if (*typed && **typed && filed && strcasecmp(*typed, filed) != 0)
		return rv_fail(RV_CLASS_DENIED, diag,
			       "the token file is for another %s than the one given", what);
	if (!*typed || !**typed)
		*typed = filed;
	if (!*typed)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no %s is given", what);
	return RV_OK;
}

static rv_status take_grant(struct rv_courier *courier, const json_t *doc, const char *key_pem,
			    const char *ca_pem, struct rv_diag *diag)
{
	RV_CLEANUP(rv_identity_done) struct rv_identity fresh = {0};
	const char *host = rv_json_text(doc, "host_id", "");
	const char *url = rv_json_text(doc, "report_url", "");
	const char *cert = rv_json_text(doc, "cert_pem", "");

	if (!*host || strlen(host) >= sizeof(fresh.host_id) || strpbrk(host, "\n\r") ||
	    strncmp(url, "https://", 8) != 0 || strlen(url) >= sizeof(fresh.url) ||
	    strpbrk(url, "\n\r") || !strstr(cert, "-----BEGIN CERTIFICATE-----"))
		return rv_fail(RV_CLASS_MALFORMED, diag, "the inventory's answer is not a grant");
	RV_TRY(rv_time_parse(rv_str_of(rv_json_text(doc, "not_after", "")), &fresh.not_after_us,
			     diag));
	snprintf(fresh.host_id, sizeof(fresh.host_id), "%s", host);
	snprintf(fresh.url, sizeof(fresh.url), "%s", url);
	fresh.issued_us = rv_now_utc_us() + courier->offset_us;
	fresh.offset_us = courier->offset_us;
	fresh.key_pem = strdup(key_pem);
	fresh.cert_pem = strdup(cert);
	fresh.ca_pem = strdup(ca_pem);
	if (!fresh.key_pem || !fresh.cert_pem || !fresh.ca_pem)
		return rv_fail_nomem(diag);
	RV_TRY(rv_identity_save(courier->dir, &fresh, diag));
	rv_identity_done(&courier->id);
	courier->id = fresh;
	courier->is_enrolled = true;
	fresh = (struct rv_identity){0};
	return RV_OK;
}

static rv_status enrol_body(const char *token, const char *csr, const char *facts,
			    struct rv_buf *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *known = NULL;

	RV_TRY(rv_json_parse(rv_str_of(facts), &known, diag));
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:s, s:s, s:O}", "token", token, "csr_pem", csr, "facts", known);
	return doc ? rv_json_canonical(doc, out) : rv_fail_nomem(diag);
}

static rv_status ask_grant(struct rv_courier *courier, const struct token_file *file,
			   const char *url, const char *ca_pem, const char *facts,
			   struct rv_courier_result *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_key_text_freep) char *key = NULL;
	RV_CLEANUP(rv_freep) char *csr = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf body = {0};
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;
	char where[1100];

	rv_buf_init(&body, 32768);
	RV_TRY(rv_identity_next_key(courier->dir, &key, diag));
	RV_TRY(rv_identity_csr(key, &csr, diag));
	RV_TRY(enrol_body(file->token, csr, facts, &body, diag));
	snprintf(where, sizeof(where), "%s/v1/enroll", url);
	/* Our clock may be badly wrong before we have ever spoken; the pin is what we believe. */
	const struct rv_http_ask ask = {.method = "POST",
					.url = where,
					.body = rv_buf_view(&body),
					.tls = {.ca_pem = ca_pem, .ignores_dates = true}};
	RV_TRY(exchange(courier, &ask, out, diag));
	RV_TRY(rv_json_parse(rv_buf_view(&out->body), &doc, diag));
	RV_TRY(take_grant(courier, doc, key, ca_pem, diag));
	return rv_identity_drop_next(courier->dir, diag);
}

rv_status rv_courier_enrol(struct rv_courier *courier, const char *url, const char *ca_pin,
			   int token_fd, const char *facts, struct rv_courier_result *out,
			   struct rv_diag *diag)
{
	RV_CLEANUP(token_file_done) struct token_file file = {0};
	RV_CLEANUP(rv_freep) char *ca_pem = NULL;
	RV_CLEANUP(rv_freep) char *base = NULL;

	*out = (struct rv_courier_result){0};
	RV_TRY(token_file_read(token_fd, &file, diag));
	/* The file was written by the server; a trailing slash is no other server. */
	base = url && *url ? strdup(url) : NULL;
	for (size_t len = base ? strlen(base) : 0; len > 0 && base[len - 1] == '/'; len--)
		base[len - 1] = '\0';
	const char *typed = base;
	RV_TRY(agree("address", &typed, file.url, diag));
	RV_TRY(agree("CA pin", &ca_pin, file.pin, diag));
	if (strlen(typed) > 1000)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the address is too long");
	RV_TRY(rv_pin_fetch_ca(typed, ca_pin, &ca_pem, diag));
	return ask_grant(courier, &file, typed, ca_pem, facts, out, diag);
}

static rv_status post_as(struct rv_courier *courier, const char *path, struct rv_str body,
			 struct rv_courier_result *out, struct rv_diag *diag)
{
	const struct rv_identity *id = &courier->id;
	char where[1200];

	snprintf(where, sizeof(where), "%s%s", id->url, path);
	const struct rv_http_ask ask = {.method = "POST",
					.url = where,
					.body = body,
					.tls = {.ca_pem = id->ca_pem,
						.cert_pem = id->cert_pem,
						.key_pem = id->key_pem,
						.offset_us = courier->offset_us}};
	return exchange(courier, &ask, out, diag);
}

static bool is_half_over(const struct rv_courier *courier)
{
	const struct rv_identity *id = &courier->id;
	const int64_t now_us = rv_now_utc_us() + courier->offset_us;

	return now_us > id->issued_us + (id->not_after_us - id->issued_us) / 2;
}

/* The next certificate, for the next key. Until its answer is saved the old pair stays in use. */
static rv_status renew(struct rv_courier *courier, struct rv_courier_result *out,
		       struct rv_diag *diag)
{
	RV_CLEANUP(rv_key_text_freep) char *key = NULL;
	RV_CLEANUP(rv_freep) char *csr = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf body = {0};
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;
	RV_CLEANUP(rv_freep) char *ca_pem = strdup(courier->id.ca_pem);

	rv_buf_init(&body, 16384);
	RV_TRY(rv_identity_next_key(courier->dir, &key, diag));
	RV_TRY(rv_identity_csr(key, &csr, diag));
	RV_CLEANUP(rv_jsonp) json_t *ask = json_pack("{s:s}", "csr_pem", csr);
	if (!ask || !ca_pem)
		return rv_fail_nomem(diag);
	RV_TRY(rv_json_canonical(ask, &body));
	RV_TRY(post_as(courier, "/v1/renew", rv_buf_view(&body), out, diag));
	RV_TRY(rv_json_parse(rv_buf_view(&out->body), &doc, diag));
	RV_TRY(take_grant(courier, doc, key, ca_pem, diag));
	return rv_identity_drop_next(courier->dir, diag);
}

rv_status rv_courier_post(struct rv_courier *courier, const char *path, struct rv_str body,
			  struct rv_courier_result *out, struct rv_diag *diag)
{
	*out = (struct rv_courier_result){0};
	if (!courier->is_enrolled) {
		rv_diag_next(diag, "reeve enroll URL --token-file F --ca-pin P");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "this host is not enrolled");
	}
	if (is_half_over(courier)) {
		struct rv_courier_result renewal = {0};
		/* A failure is no reason not to report: the old certificate may still be good, and
		 * if it is not, the answer to the report says so. */
		(void)!rv_is_ok(renew(courier, &renewal, NULL));
		rv_courier_result_done(&renewal);
	}
	return post_as(courier, path, body, out, diag);
}

rv_status rv_courier_forget(struct rv_courier *courier, struct rv_diag *diag)
{
	RV_TRY(rv_identity_forget(courier->dir, diag));
	rv_identity_done(&courier->id);
	courier->is_enrolled = false;
	return RV_OK;
}
