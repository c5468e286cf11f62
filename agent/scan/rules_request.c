/* scan: a rule's `validate`: the one harmless request. Not here: sending it. */
#include "agent/base/url.h"
#include "agent/scan/rules_row.h"

#include <strings.h>

#define URL_MAX	   1024
#define BODY_MAX   4096
#define HEADER_MAX 16
#define CODES_MAX  3

static rv_status fail_in(const struct rv_rules_reader *r, const json_t *node, const char *key,
			 const char *what)
{
	return rv_yaml_fail(r->y, node, key, r->diag, "%s", what);
}

static rv_status read_text(const struct rv_rules_reader *r, const json_t *from, const char *key,
			   size_t max, const char **out)
{
	const json_t *value = json_object_get(from, key);

	*out = NULL;
	if (!value)
		return RV_OK;
	size_t len = json_string_length(value);
	if (!json_is_string(value) || len == 0 || len > max)
		return rv_yaml_fail(r->y, from, key, r->diag, "%s is text of 1 to %zu bytes", key,
				    max);
	*out = rv_arena_text(r->arena, rv_str_of(json_string_value(value)));
	return *out ? RV_OK : rv_fail_nomem(r->diag);
}

static rv_status read_codes(const struct rv_rules_reader *r, const json_t *from, const char *key,
			    uint16_t out[4])
{
	const json_t *list = json_object_get(from, key);
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count == 0 || count > CODES_MAX)
		return fail_in(r, from, key, "a list of 1 to 3 status codes is wanted");
	for (size_t i = 0; i < count; i++) {
		json_int_t code = json_integer_value(json_array_get(list, i));

		if (code < 100 || code > 599)
			return fail_in(r, from, key, "status codes are 100 to 599");
		out[i] = (uint16_t)code;
	}
	return RV_OK;
}

/* Letters, digits, '-' and '_'; and none that says where or how much is sent. */
static bool is_header_name(const char *name)
{
	static const char *const ours[] = {
		"host",	   "content-length", "transfer-encoding",   "connection", "upgrade", "te",
		"trailer", "expect",	     "proxy-authorization", "cookie",	  NULL};
	size_t len = strlen(name);

	for (const char *const *o = ours; *o; o++) {
		if (strcasecmp(name, *o) == 0)
			return false;
	}
	return len > 0 && len <= 64 &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
		       len;
}

static bool is_header_text(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			return false;
	}
	return true;
}

static rv_status read_headers(const struct rv_rules_reader *r, const json_t *request,
			      const char *const **out)
{
	json_t *headers = json_object_get(request, "headers");
	const char *name;
	json_t *value;
	size_t n = 0;

	*out = NULL;
	if (!headers)
		return RV_OK;
	if (!json_is_object(headers) || json_object_size(headers) > HEADER_MAX)
		return fail_in(r, request, "headers", "headers is a map of at most 16 texts");
	const char **list = rv_arena_array(r->arena, HEADER_MAX + 1, sizeof(*list));
	if (!list)
		return rv_fail_nomem(r->diag);
	json_object_foreach (headers, name, value) {
		struct rv_buf line;

		if (!json_is_string(value) || !is_header_text(json_string_value(value)))
			return fail_in(r, headers, name,
				       "a header is a name and one line of ASCII");
		if (!is_header_name(name))
			return fail_in(
				r, headers, name,
				"a header of this name is not sent: letters, digits, - and _; "
				"not Host, Cookie or what frames a message");
		rv_buf_init(&line, BODY_MAX);
		rv_status status = rv_buf_printf(&line, "%s: %s", name, json_string_value(value));
		if (rv_is_ok(status))
			list[n] = rv_arena_text(r->arena, rv_buf_view(&line));
		rv_buf_done(&line);
		RV_TRY(status);
		if (!list[n++])
			return rv_fail_nomem(r->diag);
	}
	*out = list;
	return RV_OK;
}

static bool has_secret(const struct rv_rule_request *q)
{
	bool has = strstr(q->url, "{secret}") || (q->body && strstr(q->body, "{secret}")) ||
		   (q->user && strstr(q->user, "{secret}"));

	for (const char *const *h = q->headers; h && *h; h++)
		has = has || strstr(*h, "{secret}");
	return has;
}

static rv_status read_parts(const struct rv_rules_reader *r, const json_t *request,
			    struct rv_rule_request *q)
{
	static const char *const keys[] = {"method", "url", "headers", "body", "user", NULL};

	if (!json_is_object(request))
		return fail_in(r, request, NULL, "request is a map");
	RV_TRY(rv_rules_check_keys(r, request, keys));
	RV_TRY(read_text(r, request, "method", 8, &q->method));
	RV_TRY(read_text(r, request, "url", URL_MAX, &q->url));
	RV_TRY(read_text(r, request, "body", BODY_MAX, &q->body));
	RV_TRY(read_text(r, request, "user", URL_MAX, &q->user));
	RV_TRY(read_headers(r, request, &q->headers));
	if (!q->method)
		q->method = "GET";
	if (strcmp(q->method, "GET") != 0 && strcmp(q->method, "HEAD") != 0 &&
	    strcmp(q->method, "POST") != 0)
		return fail_in(r, request, "method", "GET, HEAD or POST is wanted");
	if (!q->url || !rv_url_host(rv_str_of(q->url), NULL))
		return fail_in(r, request, "url",
			       "the url begins with https:// and a host name as it is: nothing is "
			       "filled in before its path; no user, no #, no spaces");
	if (q->body && strcmp(q->method, "POST") != 0)
		return fail_in(r, request, "body", "only a POST has a body");
	if (!has_secret(q))
		return fail_in(r, request, NULL, "{secret} stands nowhere in the request");
	return RV_OK;
}

rv_status rv_rules_read_request(const struct rv_rules_reader *r, const json_t *rule,
				const struct rv_rule_request **out)
{
	static const char *const keys[] = {"request", "valid", "invalid", NULL};
	const json_t *validate = json_object_get(rule, "validate");

	*out = NULL;
	if (!validate)
		return RV_OK;
	if (!json_is_object(validate))
		return fail_in(r, rule, "validate", "validate has request, valid and invalid");
	RV_TRY(rv_rules_check_keys(r, validate, keys));
	struct rv_rule_request *q = rv_arena_alloc(r->arena, sizeof(*q));
	if (!q)
		return rv_fail_nomem(r->diag);
	const json_t *request = json_object_get(validate, "request");
	if (!request)
		return fail_in(r, rule, "validate", "validate has no request");
	RV_TRY(read_parts(r, request, q));
	RV_TRY(read_codes(r, validate, "valid", q->valid));
	RV_TRY(read_codes(r, validate, "invalid", q->invalid));
	*out = q;
	return RV_OK;
}
