/* sweep: what stands in a baseline itself and looks like a secret: its salt, and a key of an entry
 * behind a rule's name ("rule": "acme-token", "path"). Told by what the file begins with, whatever
 * it is called. Not here: reading a baseline (baseline.c). */
#include "agent/base/digest.h"
#include "agent/sweep/baseline_private.h"

#define KEYS_MAX 8 /* before the entries: salts and days of some branches */

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

/* A line that a merge left: <<<<<<<, |||||||, ======= or >>>>>>>. */
static void skip_marker(struct rv_str *rest)
{
	skip_space(rest);
	if (rest->len < 7 || !memchr("<|=>", rest->data[0], 4))
		return;
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->data) : rest->len;

	rest->data += len;
	rest->len -= len;
}

/* A key with a text, and what comes behind it: where the text stands. */
static bool take_text(struct rv_str *rest, const char *key, struct rv_str *out)
{
	struct rv_str at = *rest;

	if (!take(&at, key) || !take(&at, ":") || !take(&at, "\""))
		return false;
	const uint8_t *end = memchr(at.data, '"', at.len);
	if (!end)
		return false;
	*out = (struct rv_str){at.data, (size_t)(end - at.data)};
	at.data += out->len + 1;
	at.len -= out->len + 1;
	if (!take(&at, ","))
		return false;
	*rest = at;
	return true;
}

static bool is_salt_text(struct rv_str text)
{
	size_t len = 0;

	while (len < text.len && memchr("0123456789abcdef", text.data[len], 16))
		len++;
	return len == text.len && len == 2 * (size_t)RV_IDENTITY_SALT;
}

/* Where the digits are of the salt that holds start to end, or else of the last one: a merge may
 * leave two. False: the file is none of ours. */
static bool find_salt(struct rv_str text, size_t start, size_t end, size_t *out_salt)
{
	static const char schema[] = "\"schema\"";
	struct rv_str rest = text;
	struct rv_str value;
	bool has_one = false;
	bool is_it = false;

	if (!take(&rest, "{") || !take_text(&rest, schema, &value) ||
	    !rv_str_is(value, RV_BASELINE_SCHEMA))
		return false;
	for (unsigned keys = 0; keys < KEYS_MAX; keys++) {
		skip_marker(&rest);
		if (take_text(&rest, "\"salt\"", &value)) {
			if (!is_salt_text(value))
				return false;
			has_one = true;
			if (!is_it)
				*out_salt = (size_t)(value.data - text.data);
			is_it |= start >= *out_salt && end <= *out_salt + value.len;
		} else if (!take_text(&rest, "\"rules_day\"", &value)) {
			return has_one && take(&rest, "\"entries\"") && take(&rest, ":");
		}
	}
	return false;
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

	return start <= end && end <= text.len && find_salt(text, start, end, &salt) &&
	       start >= salt && end <= salt + 2 * (size_t)RV_IDENTITY_SALT;
}

bool rv_baseline_is_own(struct rv_str text, size_t start, size_t end, const uint8_t *salt)
{
	char hex[2 * RV_IDENTITY_SALT + 1];
	size_t at = 0;

	if (end < start || end > text.len || !find_salt(text, start, end, &at))
		return false;
	if (!rv_baseline_is_salt(text, start, end) || !salt)
		return is_key(text, start, end);
	rv_hex(salt, RV_IDENTITY_SALT, hex);
	return memcmp(hex, text.data + at, sizeof(hex) - 1) == 0;
}

bool rv_baseline_is_salt_in_use(struct rv_str value, const uint8_t *salt)
{
	char hex[2 * RV_IDENTITY_SALT + 1];

	if (!salt || value.len != sizeof(hex) - 1)
		return false;
	rv_hex(salt, RV_IDENTITY_SALT, hex);
	return memcmp(hex, value.data, value.len) == 0;
}
