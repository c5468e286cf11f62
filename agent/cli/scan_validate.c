/* cli: see scan_validate.h. */
#include "agent/cli/scan_validate.h"

#include "agent/base/fd.h"
#include "agent/cli/ask_link.h"
#include "agent/cli/ask_request.h"
#include "agent/cli/scan_consent.h"
#include "agent/cli/scan_signal.h"

#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_MAX (64 + RV_ASK_ID_MAX)

/* One distinct value of a rule (and public id, where the request takes one). */
struct kept {
	char key[KEY_MAX]; /* its fingerprint: an HMAC of rule and value; then the id */
	uint16_t rule;	   /* number in the consent */
	size_t len;
	uint8_t *value; /* wiped */
	bool is_asked;
	int8_t alive; /* enum rv_leak_alive */
};

struct rv_validation {
	struct rv_ask_link link;
	struct rv_consent *consent;
	const char *const *never; /* borrowed; or NULL */
	uint32_t max;
	bool is_dry;
	pthread_mutex_t lock; /* of what follows, while the scan runs */
	void *tree;	      /* struct kept, by key */
	size_t kept_count;
	uint32_t asked, over; /* questions sent, or shown; values beyond what is kept */
	uint32_t left_out;    /* of what would be shown: beyond the maximum */
	uint32_t lives, refused, unsent;
	uint32_t reasons[RV_ASK_REASON__COUNT]; /* of what stays unknown */
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->key, ((const struct kept *)b)->key);
}

static void kept_free(void *p)
{
	struct kept *kept = p;

	if (kept->value)
		explicit_bzero(kept->value, kept->len);
	free(kept->value);
	free(kept);
}

rv_status rv_validation_open(const struct rv_scan_ask *ask, const char *libexec,
			     struct rv_validation **out, struct rv_diag *diag)
{
	struct rv_validation *v = calloc(1, sizeof(*v));

	if (!v)
		return rv_fail_nomem(diag);
	v->link.fd = -1;
	v->max = ask->validate_max;
	v->is_dry = ask->is_dry;
	pthread_mutex_init(&v->lock, NULL);
	*out = v;
	return v->is_dry ? RV_OK : rv_ask_link_open(libexec, ask->may_be_open, &v->link, diag);
}

void rv_validation_free(struct rv_validation *validation)
{
	if (!validation)
		return;
	rv_ask_link_close(&validation->link);
	rv_consent_free(validation->consent);
	tdestroy(validation->tree, kept_free);
	pthread_mutex_destroy(&validation->lock);
	free(validation);
}

rv_status rv_validation_seal(struct rv_validation *validation, const struct rv_scan_ask *ask,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf ca = {0};
	struct rv_ask_start start = {.max_questions = validation->max,
				     .agent = "reeve/" RV_VERSION};

	RV_TRY(rv_consent_new(ask, &validation->consent, diag));
	if (validation->is_dry)
		return RV_OK;
	rv_buf_init(&ca, RV_ASK_CA_MAX + 1);
	if (ask->validate_ca) {
		RV_TRY(rv_file_read(ask->validate_ca, RV_ASK_CA_MAX, &ca, diag));
		start.ca_pem = rv_buf_cstr(&ca);
		if (!start.ca_pem || strlen(start.ca_pem) != ca.len || ca.len == 0)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: no certificate in PEM",
				       ask->validate_ca);
	}
	const size_t count = rv_consent_count(validation->consent);
	RV_CLEANUP(rv_freep)
	const struct rv_rule_request **requests = calloc(count + 1, sizeof(*requests));
	if (!requests)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++)
		requests[i] = rv_consent_rule(validation->consent, i)->request;
	return rv_ask_link_seal(&validation->link, &start, requests, count, diag);
}

void rv_validation_settle(struct rv_validation *validation, const struct rv_scan_settings *settings)
{
	rv_consent_settle(validation->consent, settings->allow_validate);
	validation->never = settings->never_ask;
}

static bool is_never(const struct rv_validation *v, const struct rv_leak *leak)
{
	for (const char *const *never = v->never; never && *never; never++) {
		if (strcmp(*never, leak->fingerprint) == 0 ||
		    (leak->public_id && strcmp(*never, leak->public_id) == 0))
			return true;
	}
	return false;
}

static bool takes_id(const struct rv_rule_request *request)
{
	bool takes =
		strstr(request->url, "{id}") || (request->user && strstr(request->user, "{id}"));

	takes = takes || (request->body && strstr(request->body, "{id}"));
	for (const char *const *line = request->headers; line && *line && !takes; line++)
		takes = strstr(*line, "{id}") != NULL;
	return takes;
}

/* Of a finding as far as its request wants one; or NULL. */
static const char *id_of(const struct rv_leak *leak)
{
	return takes_id(leak->rule->request) ? leak->public_id : NULL;
}

/* False: a public id too long to be one. */
static bool key_of(const struct rv_leak *leak, char key[KEY_MAX])
{
	const char *id = id_of(leak);
	int n = snprintf(key, KEY_MAX, "%s %s", leak->fingerprint, id ? id : "");

	return n > 0 && n < KEY_MAX;
}

/* --- while the scan runs --- */

static rv_status keep(struct rv_validation *v, int rule, const char *key, struct rv_str value)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return rv_fail_nomem(NULL);
	(void)snprintf(kept->key, sizeof(kept->key), "%s", key); /* as long */
	kept->rule = (uint16_t)rule;
	kept->alive = RV_ALIVE_NOT_ASKED;
	kept->len = value.len;
	kept->value = malloc(value.len + 1);
	if (!kept->value || !tsearch(kept, &v->tree, by_key)) {
		kept_free(kept);
		return rv_fail_nomem(NULL);
	}
	memcpy(kept->value, value.data, value.len);
	v->kept_count++;
	return RV_OK;
}

rv_status rv_validation_note(struct rv_validation *validation, const struct rv_leak *leak,
			     struct rv_str value)
{
	struct kept like;
	rv_status status = RV_OK;

	if (leak->state != RV_LEAK_OPEN || !leak->rule->request || is_never(validation, leak))
		return RV_OK;
	const int rule = rv_consent_of(validation->consent, leak->rule);
	if (rule < 0 || value.len == 0 || value.len > RV_ASK_SECRET_MAX || !key_of(leak, like.key))
		return RV_OK;
	pthread_mutex_lock(&validation->lock);
	if (!tfind(&like, &validation->tree, by_key)) {
		if (validation->kept_count < RV_VALIDATE_MAX_MOST)
			status = keep(validation, rule, like.key, value);
	}
	pthread_mutex_unlock(&validation->lock);
	return status;
}

/* --- afterwards --- */

static void show_request(const struct rv_ask_request *request, size_t body_len)
{
	const char *path = request->url + strlen("https://") + request->host.len;

	/* As it goes out: the host of the first line's target stands in its own line. */
	(void)fprintf(stderr, "%s %s%s HTTP/1.1\nHost: %.*s\n", request->method,
		      *path == '/' ? "" : "/", path, (int)request->host.len,
		      (const char *)request->host.data);
	for (const char *const *line = request->headers; *line; line++)
		(void)fprintf(stderr, "%s\n", *line);
	if (request->body.data)
		(void)fprintf(stderr, "Content-Length: %zu\n\n%.*s", body_len,
			      (int)request->body.len, (const char *)request->body.data);
	(void)fputc('\n', stderr);
}

/* Made once with the value, to know that it can be, and once with its mask. */
static rv_status show(struct rv_validation *v, const struct rv_leak *leak, const struct kept *kept,
		      struct rv_str id)
{
	RV_CLEANUP(rv_ask_request_done) struct rv_ask_request real = {0};
	RV_CLEANUP(rv_ask_request_done) struct rv_ask_request shown = {0};
	const struct rv_rule *rule = rv_consent_rule(v->consent, kept->rule);
	const struct rv_ask_values values = {id, {kept->value, kept->len}, false};
	const char *masked = *leak->masked ? leak->masked : "...";
	const struct rv_ask_values masks = {id, rv_str_of(masked), true};

	rv_status status = rv_ask_request_make(rule->request, "reeve/" RV_VERSION, &values, &real);
	if (rv_is_ok(status))
		status = rv_ask_request_make(rule->request, "reeve/" RV_VERSION, &masks, &shown);
	if (rv_class_of(status) == RV_CLASS_MALFORMED) {
		v->unsent++;
		return RV_OK;
	}
	RV_TRY(status);
	if (v->asked == v->max) {
		v->left_out++;
		return RV_OK;
	}
	v->asked++;
	(void)fprintf(stderr, "--- %s would be sent to %.*s for %s\n", rule->id,
		      (int)shown.host.len, (const char *)shown.host.data, masked);
	show_request(&shown, real.body.len);
	return RV_OK;
}

static void count_answer(struct rv_validation *v, struct kept *kept,
			 const struct rv_ask_answer *answer)
{
	const bool was_sent = answer->reason < RV_ASK_UNSENDABLE;

	kept->alive = was_sent ? RV_ALIVE_UNKNOWN : RV_ALIVE_NOT_ASKED;
	v->asked += was_sent;
	if (answer->outcome == RV_ASK_LIVES) {
		kept->alive = RV_ALIVE_LIVES;
		v->lives++;
	} else if (answer->outcome == RV_ASK_REFUSED) {
		kept->alive = RV_ALIVE_REFUSED;
		v->refused++;
	} else {
		v->reasons[answer->reason]++;
	}
}

static rv_status ask_about(struct rv_validation *v, const struct rv_leak *leak, struct kept *kept,
			   struct rv_diag *diag)
{
	struct rv_ask_question question = {.secret = {kept->value, kept->len}};
	struct rv_ask_answer answer;

	kept->is_asked = true;
	if (id_of(leak))
		question.id = rv_str_of(id_of(leak));
	if (v->is_dry)
		return show(v, leak, kept, question.id);
	RV_TRY(rv_ask_link_ask(&v->link, kept->rule, &question, &answer, diag));
	count_answer(v, kept, &answer);
	return RV_OK;
}

static rv_status settle_leak(struct rv_validation *v, struct rv_out *out, struct rv_leak *leak,
			     struct rv_diag *diag)
{
	struct kept like;
	char line[64];

	if (leak->state != RV_LEAK_OPEN || !leak->rule->request || is_never(v, leak))
		return RV_OK;
	if (rv_consent_of(v->consent, leak->rule) < 0) {
		leak->alive = RV_ALIVE_NO_CONSENT;
		return RV_OK;
	}
	void *found = key_of(leak, like.key) ? tfind(&like, &v->tree, by_key) : NULL;
	if (!found) {
		v->over++;
		return RV_OK;
	}
	struct kept *kept = *(struct kept **)found;
	if (!kept->is_asked) {
		(void)snprintf(line, sizeof(line), "asking providers: %u", v->asked + 1); /* fits */
		if (!v->is_dry && out->err_is_tty)
			rv_out_progress(out, line);
		RV_TRY(ask_about(v, leak, kept, diag));
	}
	leak->alive = kept->alive;
	return RV_OK;
}

static void tell(const struct rv_validation *v, const struct rv_out *out)
{
	if (v->unsent + v->over > 0)
		rv_out_hint(out,
			    "validate: %u not asked about: the value cannot be sent, or there "
			    "were too many",
			    v->unsent + v->over);
	if (v->left_out > 0)
		rv_out_hint(out,
			    "validate: %u requests shown, %u left out, which would not be sent: "
			    "--validate-max is %u",
			    v->asked, v->left_out, v->max);
	if (v->is_dry)
		return;
	rv_out_hint(out, "validate: %u asked: %u live, %u refused, %u without a clear answer",
		    v->asked, v->lives, v->refused, v->asked - v->lives - v->refused);
	for (unsigned i = 0; i < RV_ASK_REASON__COUNT; i++) {
		if (v->reasons[i] > 0)
			rv_out_hint(out, "validate: %u: %s", v->reasons[i], rv_ask_reason_text(i));
	}
}

rv_status rv_validation_run(struct rv_validation *validation, struct rv_out *out,
			    struct rv_leaks *leaks, struct rv_diag *diag)
{
	struct rv_diag why = {0};
	rv_status status = RV_OK;

	for (size_t i = 0; i < leaks->count && rv_is_ok(status) && !rv_scan_signal_name(); i++)
		status = settle_leak(validation, out, &leaks->items[i], &why);
	rv_out_progress_end(out);
	if (rv_class_of(status) == RV_CLASS_RETRY) {
		(void)fprintf(stderr, "reeve: validate: %s: the rest is not asked about\n",
			      why.text);
		status = RV_OK;
	}
	if (!rv_is_ok(status))
		rv_diag_set(diag, "%s", why.text);
	tell(validation, out);
	return status;
}
