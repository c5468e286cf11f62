/* sweep: what stands in a baseline itself and looks like a secret: its salt, and a key of an entry
 * behind a rule's name ("rule": "acme-token", "path"). Told by what the file begins with, whatever
 * it is called. Not here: reading a baseline (baseline.c). */
#include "agent/base/digest.h"
#include "agent/sweep/baseline_private.h"

static void skip_space(struct rv_str *rest)
{
	while (rest->len > 0 && memchr(" \t\r\n", *rest->data, 4)) {
		rest->data++;
		rest->len--;
	}
}

/* The token, after space, or false. */
static bool take(struct rv_str *rest, const char *token)
{
	size_t len = strlen(token);

	skip_space(rest);
	if (rest->len < len || memcmp(rest->data, token, len) != 0)
		return false;
	rest->data += len;
	rest->len -= len;
	return true;
}

/* Where the salt's digits are; false: the file is none of ours. */
static bool find_salt(struct rv_str text, size_t *out_salt)
{
	static const char *const head[] = {"{",	 "\"schema\"", ":",	   "\"", RV_BASELINE_SCHEMA,
					   "\"", ",",	       "\"salt\"", ":",	 "\""};
	struct rv_str rest = text;
	size_t len = 0;

	for (size_t i = 0; i < RV_LEN(head); i++) {
		if (!take(&rest, head[i]))
			return false;
	}
	*out_salt = (size_t)(rest.data - text.data);
	while (len < rest.len && memchr("0123456789abcdef", rest.data[len], 16))
		len++;
	rest.data += len;
	rest.len -= len;
	return len == 2 * (size_t)RV_IDENTITY_SALT && take(&rest, "\"") && take(&rest, ",") &&
	       (take(&rest, "\"rules_day\"") || take(&rest, "\"entries\"")) && take(&rest, ":");
}

/* One of an entry's keys, between quotes and before a colon. */
static bool is_key(struct rv_str text, size_t start, size_t end)
{
	static const char *const keys[] = {"path", "reason", "by", "added", "until"};
	struct rv_str value = {text.data + start, end - start};
	bool is_one = false;

	for (size_t i = 0; i < RV_LEN(keys) && !is_one; i++)
		is_one = rv_str_is(value, keys[i]);
	return is_one && start > 0 && text.data[start - 1] == '"' && text.len - end >= 2 &&
	       memcmp(text.data + end, "\":", 2) == 0;
}

bool rv_baseline_is_salt(struct rv_str text, size_t start, size_t end)
{
	size_t salt = 0;

	return start <= end && end <= text.len && find_salt(text, &salt) && start >= salt &&
	       end <= salt + 2 * (size_t)RV_IDENTITY_SALT;
}

bool rv_baseline_is_own(struct rv_str text, size_t start, size_t end, const uint8_t *salt)
{
	char hex[2 * RV_IDENTITY_SALT + 1];
	size_t at = 0;

	if (end < start || end > text.len || !find_salt(text, &at))
		return false;
	if (!rv_baseline_is_salt(text, start, end) || !salt)
		return is_key(text, start, end);
	rv_hex(salt, RV_IDENTITY_SALT, hex);
	return memcmp(hex, text.data + at, sizeof(hex) - 1) == 0;
}
