/* inventory: who may read: Bearer tokens for programs, a session cookie for browsers. */
#include "agent/inventory/ask.h"
#include "agent/inventory/html.h"
#include "agent/inventory/pages.h"
#include "agent/inventory/token.h"

#include "agent/base/clock.h"

#include <stdio.h>

#define COOKIE "__Host-reeve" /* the prefix binds it to this host, https and path / */

rv_status rv_ask(const struct rv_request *req, int64_t default_limit, struct rv_query *out,
		 struct rv_diag *diag)
{
	const char *limit = rv_request_query(req, "limit");
	const char *within = rv_request_query(req, "within");
	int64_t span_us = 0;

	*out = (struct rv_query){
		.after = rv_request_query(req, "after"),
		.host = rv_request_query(req, "host"),
		.limit = default_limit,
		.now_us = req->now_us,
		.until_us = INT64_MAX,
		.silent_us = 2 * (req->server->pace.next_checkin_s + req->server->pace.spread_s) *
			     RV_US_PER_S,
	};
	if (limit) {
		char *end;
		const long n = strtol(limit, &end, 10);
		if (*end || n < 1 || n > RV_PAGE_MAX)
			return rv_fail(RV_CLASS_MALFORMED, diag, "limit: 1 to %d", RV_PAGE_MAX);
		out->limit = n;
	}
	if (within) {
		RV_TRY(rv_duration_parse(rv_str_of(within), &span_us, diag));
		if (__builtin_add_overflow(req->now_us, span_us, &out->until_us))
			out->until_us = INT64_MAX;
	}
	return RV_OK;
}

static bool has_bearer(struct rv_request *req)
{
	const char *header = rv_request_header(req, "Authorization");
	char id[RV_TOKEN_ID_TEXT];

	return header && strncasecmp(header, "Bearer ", 7) == 0 &&
	       rv_token_reads(req->listener->reader, header + 7, req->now_us, id);
}

static bool has_session(struct rv_request *req)
{
	const char *value = rv_request_cookie(req, COOKIE);

	return value && rv_session_is_live(req->listener->reader, value, req->now_us);
}

bool rv_auth_reader(struct rv_request *req)
{
	switch (req->route->access) {
	case RV_ACCESS_NONE:
		return true;
	case RV_ACCESS_BEARER:
		if (has_bearer(req))
			return true;
		rv_answer_problem(req, RV_PROBLEM_LOGIN_REQUIRED,
				  "send Authorization: Bearer with a reader token");
		return false;
	case RV_ACCESS_SESSION:
		if (has_session(req))
			return true;
		rv_answer_empty(req, 303);
		rv_answer_header(req, "Location", "/login");
		return false;
	}
	return false;
}

/* A form from another site must not log anyone in or out. */
static bool is_own_form(struct rv_request *req)
{
	const char *origin = rv_request_header(req, "Origin");
	const char *host = rv_request_header(req, "Host");

	if (!origin)
		return true;
	return host && strncmp(origin, "https://", 8) == 0 && strcmp(origin + 8, host) == 0;
}

static void login_page(struct rv_request *req, unsigned status, const char *error)
{
	struct rv_page page;

	rv_page_begin(&page, req, status, "Sign in", false);
	rv_page_raw(&page, "<h1>Sign in</h1>");
	if (error) {
		rv_page_raw(&page, "<p class=\"alert\" role=\"alert\">");
		rv_page_text(&page, error);
		rv_page_raw(&page, "</p>");
	}
	rv_page_raw(&page,
		    "<form method=\"post\" action=\"/login\"><p><label for=\"token\">Reader token"
		    "</label><br><input id=\"token\" name=\"token\" type=\"password\" required "
		    "autocomplete=\"off\" size=\"48\"></p><p><button>Sign in</button></p></form>"
		    "<p>An administrator makes one with <code>reeve-inventory token create --role "
		    "reader</code>.</p>");
	rv_page_end(&page);
}

void rv_people_login_page(struct rv_request *req)
{
	login_page(req, 200, NULL);
}

/* The field `token` of a form; tokens need no percent-encoding, so none is decoded. */
static bool form_token(const struct rv_request *req, char out[RV_TOKEN_TEXT])
{
	const char *body = (const char *)req->body.data;
	const size_t prefix = strlen("token=");

	if (req->body.len <= prefix || memcmp(body, "token=", prefix) != 0)
		return false;
	size_t len = 0;
	while (prefix + len < req->body.len && body[prefix + len] != '&')
		len++;
	if (len == 0 || len >= RV_TOKEN_TEXT)
		return false;
	memcpy(out, body + prefix, len);
	out[len] = '\0';
	return true;
}

static rv_status login_write(struct rv_invdb *db, struct rv_request *req, bool *out_keep)
{
	char text[RV_TOKEN_TEXT] = "";
	char value[RV_TOKEN_TEXT];
	char id[RV_TOKEN_ID_TEXT];

	(void)out_keep;
	if (!form_token(req, text) || !rv_token_reads(db, text, req->now_us, id)) {
		explicit_bzero(text, sizeof(text));
		login_page(req, 403, "That token is not known, or no longer in force.");
		return RV_OK;
	}
	explicit_bzero(text, sizeof(text));
	RV_TRY(rv_session_create(db, id, req->now_us, value));
	rv_answer_empty(req, 303);
	rv_answer_header(req, "Location", "/");
	rv_answer_header(req, "Set-Cookie",
			 COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%lld",
			 value, (long long)(RV_SESSION_TTL_US / RV_US_PER_S));
	return RV_OK;
}

void rv_people_login(struct rv_request *req)
{
	if (!is_own_form(req))
		login_page(req, 403, "The form came from another site.");
	else
		rv_request_write(req, login_write);
}

static rv_status logout_write(struct rv_invdb *db, struct rv_request *req, bool *out_keep)
{
	(void)out_keep;
	RV_TRY(rv_session_end(db, rv_request_cookie(req, COOKIE)));
	rv_answer_empty(req, 303);
	rv_answer_header(req, "Location", "/login");
	rv_answer_header(req, "Set-Cookie",
			 COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
	return RV_OK;
}

void rv_people_logout(struct rv_request *req)
{
	if (!is_own_form(req))
		rv_answer_problem(req, RV_PROBLEM_MALFORMED, "the form came from another site");
	else
		rv_request_write(req, logout_write);
}
