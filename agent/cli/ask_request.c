/* cli: see ask_request.h. */
#include "agent/cli/ask_request.h"

#include "agent/base/url.h"
#include "agent/cli/ask_wire.h"

#include <strings.h>

#define TEXTS_MAX ((size_t)256 * 1024)
#define AGENT	  "User-Agent:"

enum encoding { AS_IS, AS_PATH, AS_QUERY, AS_JSON };

struct maker {
	const struct rv_ask_values *values;
	struct rv_buf *out;
};

void rv_ask_request_done(struct rv_ask_request *request)
{
	rv_buf_done(&request->texts);
	rv_buf_done(&request->body_bytes);
}

static rv_status unsendable(const char *why)
{
	return rv_fail(RV_CLASS_MALFORMED, NULL, "%s", why);
}

static rv_status check_value(struct rv_str v, size_t max)
{
	if (v.len == 0 || v.len > max)
		return unsendable("a value that is empty or too long");
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] < ' ' || v.data[i] >= 0x7f)
			return unsendable("a value with a byte that is not printable ASCII");
	}
	if (v.data[0] == ' ' || v.data[v.len - 1] == ' ' || rv_str_is(v, ".") || rv_str_is(v, ".."))
		return unsendable("a value that would change the request around it");
	return RV_OK;
}

static bool is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static rv_status put_byte(struct rv_buf *out, uint8_t c, enum encoding encoding)
{
	switch (encoding) {
	case AS_IS:
		break;
	case AS_JSON:
		if (c == '"' || c == '\\')
			RV_TRY(rv_buf_put_byte(out, '\\'));
		break;
	case AS_PATH:
	case AS_QUERY:
		if (!is_unreserved(c) && !(c == ':' && encoding == AS_PATH))
			return rv_buf_printf(out, "%%%02X", c);
		break;
	}
	return rv_buf_put_byte(out, c);
}

static rv_status put_value(const struct maker *m, bool is_id, enum encoding encoding)
{
	const struct rv_str v = is_id ? m->values->id : m->values->secret;

	if (is_id && !v.data)
		return unsendable("no public id stands near it");
	for (size_t i = 0; i < v.len; i++)
		RV_TRY(put_byte(m->out, v.data[i],
				m->values->is_shown && !is_id ? AS_IS : encoding));
	return RV_OK;
}

/* Writes the template with its values. In a url the query begins at the first '?'. */
static rv_status fill(const struct maker *m, const char *text, enum encoding encoding)
{
	while (*text) {
		const bool is_id = strncmp(text, "{id}", 4) == 0;

		if (is_id || strncmp(text, "{secret}", 8) == 0) {
			RV_TRY(put_value(m, is_id, encoding));
			text += is_id ? 4 : 8;
			continue;
		}
		if (*text == '?' && encoding == AS_PATH)
			encoding = AS_QUERY;
		RV_TRY(rv_buf_put_byte(m->out, (uint8_t)*text++));
	}
	return RV_OK;
}

static rv_status put_base64(struct rv_buf *out, struct rv_str in)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < in.len; i += 3) {
		const size_t left = in.len - i;
		const uint32_t bits = (uint32_t)in.data[i] << 16 |
				      (left > 1 ? (uint32_t)in.data[i + 1] << 8 : 0) |
				      (left > 2 ? (uint32_t)in.data[i + 2] : 0);

		RV_TRY(rv_buf_put_byte(out, (uint8_t)digits[bits >> 18]));
		RV_TRY(rv_buf_put_byte(out, (uint8_t)digits[bits >> 12 & 63]));
		RV_TRY(rv_buf_put_byte(out,
				       left > 1 ? (uint8_t)digits[bits >> 6 & 63] : (uint8_t)'='));
		RV_TRY(rv_buf_put_byte(out, left > 2 ? (uint8_t)digits[bits & 63] : (uint8_t)'='));
	}
	return RV_OK;
}

static rv_status put_user(const struct maker *m, const char *user)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf pair = {0};
	const struct maker inner = {m->values, &pair};

	rv_buf_init(&pair, TEXTS_MAX);
	RV_TRY(fill(&inner, user, AS_IS));
	if (!m->values->is_shown) {
		RV_TRY(rv_buf_put_str(m->out, "Authorization: Basic "));
		return put_base64(m->out, rv_buf_view(&pair));
	}
	RV_TRY(rv_buf_put_str(m->out, "Authorization: Basic <base64 of "));
	RV_TRY(rv_buf_put(m->out, pair.data, pair.len));
	return rv_buf_put_byte(m->out, '>');
}

static const char *line_of(const struct rv_rule_request *rule, const char *name)
{
	for (const char *const *h = rule->headers; h && *h; h++) {
		if (strncasecmp(*h, name, strlen(name)) == 0)
			return *h;
	}
	return NULL;
}

static bool is_json(const struct rv_rule_request *rule)
{
	const char *type = line_of(rule, "Content-Type:");

	if (type)
		return strcasestr(type, "json") != NULL;
	return rule->body && (rule->body[0] == '{' || rule->body[0] == '[');
}

static rv_status end_line(const struct maker *m, size_t *count)
{
	if (*count >= RV_ASK_REQUEST_LINES)
		return unsendable("more lines than a request may have");
	(*count)++;
	return rv_buf_put_byte(m->out, 0);
}

static rv_status put_own_lines(const struct maker *m, const struct rv_rule_request *rule,
			       const char *agent, size_t *count)
{
	if (rule->user && !line_of(rule, "Authorization:")) {
		RV_TRY(put_user(m, rule->user));
		RV_TRY(end_line(m, count));
	}
	if (!line_of(rule, "Accept:")) {
		RV_TRY(rv_buf_put_str(m->out, "Accept: */*"));
		RV_TRY(end_line(m, count));
	}
	RV_TRY(rv_buf_printf(m->out, AGENT " %s", agent));
	RV_TRY(end_line(m, count));
	if (rule->body && !line_of(rule, "Content-Type:")) {
		RV_TRY(rv_buf_printf(m->out, "Content-Type: application/%s",
				     is_json(rule) ? "json" : "x-www-form-urlencoded"));
		RV_TRY(end_line(m, count));
	}
	return RV_OK;
}

/* The url and each line, one NUL behind each. */
static rv_status put_texts(const struct maker *m, const struct rv_rule_request *rule,
			   const char *agent, size_t *count)
{
	RV_TRY(fill(m, rule->url, AS_PATH));
	RV_TRY(rv_buf_put_byte(m->out, 0));
	for (const char *const *h = rule->headers; h && *h; h++) {
		if (strncasecmp(*h, AGENT, strlen(AGENT)) == 0)
			continue;
		RV_TRY(fill(m, *h, AS_IS));
		RV_TRY(end_line(m, count));
	}
	return put_own_lines(m, rule, agent, count);
}

rv_status rv_ask_request_make(const struct rv_rule_request *rule, const char *agent,
			      const struct rv_ask_values *values, struct rv_ask_request *out)
{
	const struct maker texts = {values, &out->texts};
	const struct maker body = {values, &out->body_bytes};
	struct rv_str host;
	size_t count = 0;

	*out = (struct rv_ask_request){.method = rule->method};
	rv_buf_init(&out->texts, TEXTS_MAX);
	rv_buf_init(&out->body_bytes, TEXTS_MAX);
	RV_TRY(check_value(values->secret, RV_ASK_SECRET_MAX));
	if (values->id.data)
		RV_TRY(check_value(values->id, RV_ASK_ID_MAX));
	RV_TRY(put_texts(&texts, rule, agent, &count));
	if (rule->body) {
		RV_TRY(fill(&body, rule->body, is_json(rule) ? AS_JSON : AS_QUERY));
		out->body = rv_buf_view(&out->body_bytes);
	}
	/* The texts have stopped moving. */
	const char *text = (const char *)out->texts.data;
	out->url = text;
	for (size_t i = 0; i < count; i++) {
		text += strlen(text) + 1;
		out->headers[i] = text;
	}
	if (!rv_url_host(rv_str_of(rule->url), &host) ||
	    (!values->is_shown && !rv_url_host(rv_str_of(out->url), NULL)))
		return unsendable("not an address to send to");
	/* Nothing is filled in before the path: the host is the rule's own. */
	out->host = (struct rv_str){(const uint8_t *)out->url + strlen("https://"), host.len};
	return RV_OK;
}
