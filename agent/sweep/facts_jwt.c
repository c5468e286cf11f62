/* sweep: JSON Web Tokens: when one ends, and the host that issued it. Claims that name persons are
 * not told. */
#include "agent/sweep/facts_private.h"

#include "agent/base/clock.h"
#include "agent/base/json.h"
#include "agent/scan/check_bytes.h"

#include <math.h>

#define ISSUER_MAX 80
#define YEAR_9999  253402300800.0
#define SERVICE	   "system:serviceaccount:" /* kubernetes.io/docs/reference/access-authn-authz */

/* Up to the next '.', or to the end. */
static struct rv_str take_part(struct rv_str *token)
{
	const uint8_t *dot = token->len ? memchr(token->data, '.', token->len) : NULL;
	struct rv_str part = {token->data, dot ? (size_t)(dot - token->data) : token->len};

	token->data += part.len + (dot ? 1 : 0);
	token->len -= part.len + (dot ? 1 : 0);
	return part;
}

/* *out NULL: not an object of JSON. */
static rv_status parse_part(struct rv_str part, json_t **out)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, RV_CHECK_VALUE_MAX + 1);
	uint8_t *room = rv_buf_reserve(&text, part.len + 1);
	if (!room)
		return rv_fail_nomem(NULL);
	text.len = rv_base64_decode((struct rv_str){part.data, rv_base64_len(part)}, room,
				    part.len + 1);
	if (text.len > part.len) {
		text.len = 0;
		return RV_OK;
	}
	rv_status status = rv_json_parse(rv_buf_view(&text), out, NULL);
	if (!rv_is_ok(status) && rv_class_of(status) != RV_CLASS_EXHAUSTED)
		return RV_OK;
	if (rv_is_ok(status) && !json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
	}
	return status;
}

static void tell_end(const json_t *claims, int64_t now_utc_us, struct rv_fact *fact)
{
	const json_t *exp = json_object_get(claims, "exp");

	if (!exp)
		rv_fact_say(fact, "no expiry");
	if (!json_is_number(exp))
		return;
	double seconds = floor(json_number_value(exp));
	if (seconds > 0 && seconds < YEAR_9999)
		rv_fact_say_end(fact, (int64_t)seconds * RV_US_PER_S, now_utc_us);
}

static bool is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

/* The host of a URL, of "name@host", or a plain word. */
static void tell_issuer(const json_t *claims, struct rv_fact *fact)
{
	const char *at = rv_json_text(claims, "iss", "");
	const char *scheme = strstr(at, "://");
	size_t len = 0;

	at = scheme ? scheme + 3 : at;
	size_t authority = strcspn(at, "/?#");
	const char *user = memchr(at, '@', authority);
	at = user ? user + 1 : at;
	while (is_host_byte(at[len]))
		len++;
	if (len > 0 && len <= ISSUER_MAX && (!at[len] || strchr("/?#:", at[len])))
		rv_fact_say(fact, "issued by %.*s", (int)len, at);
}

/* Service accounts are nobody's name. */
static void tell_account(const json_t *claims, struct rv_fact *fact)
{
	const char *subject = rv_json_text(claims, "sub", "");
	const char *role = rv_json_text(claims, "role", "");

	if (strncmp(subject, SERVICE, strlen(SERVICE)) == 0)
		rv_fact_name(fact, rv_str_of(subject));
	/* supabase.com/docs/guides/api/api-keys */
	if (strcmp(rv_json_text(claims, "iss", ""), "supabase") == 0 &&
	    (strcmp(role, "anon") == 0 || strcmp(role, "service_role") == 0))
		rv_fact_say(fact, "role %s", role);
}

rv_status rv_fact_jwt(const struct rv_fact_about *about, struct rv_fact *fact)
{
	struct rv_str token = rv_fact_value(about);
	const uint8_t *start = rv_fact_find(token, "eyJ");
	RV_CLEANUP(rv_jsonp) json_t *header = NULL;
	RV_CLEANUP(rv_jsonp) json_t *claims = NULL;

	if (!start || token.len > RV_CHECK_VALUE_MAX)
		return RV_OK;
	token.len -= (size_t)(start - token.data);
	token.data = start;
	struct rv_str first = take_part(&token);
	struct rv_str second = take_part(&token);
	/* A JWE has five parts, and its claims are sealed. */
	if (token.len == 0 || memchr(token.data, '.', token.len))
		return RV_OK;
	RV_TRY(parse_part(first, &header));
	if (header)
		RV_TRY(parse_part(second, &claims));
	if (!claims)
		return RV_OK;
	tell_end(claims, about->now_utc_us, fact);
	tell_issuer(claims, fact);
	tell_account(claims, fact);
	if (strcasecmp(rv_json_text(header, "alg", ""), "none") == 0)
		rv_fact_say(fact, "unsigned (alg none)");
	return RV_OK;
}
