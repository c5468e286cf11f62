/* sweep: what providers write into their tokens, each as its provider documents it. Not here: JSON
 * Web Tokens, keys; whether a checksum is right (scan/check.h). */
#include "agent/sweep/facts_private.h"

#include "agent/base/clock.h"
#include "agent/scan/check_bytes.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdio.h>

#define ID_MAX	      32
#define HOST_BACK     256
#define ACCOUNT_REACH 8192 /* bytes around a key in which its account file lies */
#define SIGNED_MAX    3072

static struct rv_str run_of(const uint8_t *at, const uint8_t *end, bool (*is_in)(uint8_t c))
{
	size_t len = 0;

	while (at + len < end && is_in(at[len]))
		len++;
	return (struct rv_str){at, len};
}

static bool is_alnum(uint8_t c)
{
	return isalnum(c) && c < 128;
}

static bool is_name_byte(uint8_t c)
{
	return is_alnum(c) || c == '.' || c == '-' || c == '_';
}

static bool is_account_byte(uint8_t c)
{
	return is_name_byte(c) || c == '@';
}

/* The account's number is in the key's ID (scan/check.h). ASIA: temporary, by STS
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html). */
static void of_key_id(struct rv_str id, struct rv_fact *fact)
{
	char account[13];

	if (rv_aws_account_of(id, account)) {
		rv_fact_say(fact, "account %s", account);
		fact->is_proven = true;
	}
	if (rv_str_starts_with(id, "ASIA"))
		rv_fact_say(fact, "temporary");
}

/* "20260101T000000Z" plus the seconds. */
static void say_signed_end(struct rv_str url, int64_t now_utc_us, struct rv_fact *fact)
{
	const uint8_t *date = rv_fact_find(url, "X-Amz-Date=");
	const uint8_t *expires = rv_fact_find(url, "X-Amz-Expires=");
	const uint8_t *end = url.data + url.len;
	char text[RV_TIME_TEXT];
	int64_t at = 0, seconds = 0;

	if (!date || !expires || end - date < 11 + 16)
		return;
	const char *d = (const char *)date + 11;
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, d + 9,
		       d + 11, d + 13); /* fits */
	for (const uint8_t *p = expires + 14; p < end && *p >= '0' && *p <= '9'; p++)
		seconds = seconds < 10000000 ? seconds * 10 + (*p - '0') : seconds;
	if (seconds > 0 && rv_is_ok(rv_time_parse(rv_str_of(text), &at, NULL)))
		rv_fact_say_end(fact, at + seconds * RV_US_PER_S, now_utc_us);
}

/* Short-term Bedrock keys are a presigned URL in base64
 * (docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html). */
static void of_signed_url(struct rv_str value, int64_t now_utc_us, struct rv_fact *fact)
{
	static const char mark[] = "bedrock-api-key-";
	uint8_t text[SIGNED_MAX];
	struct rv_str base64 = {value.data + sizeof(mark) - 1, value.len - (sizeof(mark) - 1)};

	base64.len = rv_base64_len(base64);
	size_t len = rv_base64_decode(base64, text, sizeof(text));
	if (len != SIZE_MAX) {
		struct rv_str url = {text, len};
		const uint8_t *id = rv_fact_find(url, "X-Amz-Credential=");

		say_signed_end(url, now_utc_us, fact);
		if (id)
			of_key_id(run_of(id + 17, text + len, is_alnum), fact);
	}
	OPENSSL_cleanse(text, sizeof(text));
}

static void aws(const struct rv_fact_about *about, struct rv_fact *fact)
{
	struct rv_str value = rv_fact_value(about);

	if (rv_str_starts_with(value, "bedrock-api-key-"))
		of_signed_url(value, about->now_utc_us, fact);
	else if (about->public_id)
		of_key_id(rv_str_of(about->public_id), fact);
	else
		of_key_id(value, fact);
}

/* Lines "o:1" of base-36 numbers before the random bytes: cell, group, organization, project, user,
 * type (lib/authn/token_field/generator/routable_token.rb). */
static void gitlab(const struct rv_fact_about *about, struct rv_fact *fact)
{
	static const struct {
		char key;
		const char *name;
	} names[] = {{'c', "cell"},
		     {'o', "organization"},
		     {'g', "group"},
		     {'p', "project"},
		     {'u', "user"}};
	struct rv_str value = rv_fact_value(about);
	const uint8_t *dash = value.len ? memchr(value.data, '-', value.len) : NULL;
	const uint8_t *dot = value.len ? memchr(value.data, '.', value.len) : NULL;
	uint8_t payload[256];

	if (!rv_check_crc32_base36(value) || !dash || !dot || dot < dash)
		return;
	size_t len = rv_base64_decode((struct rv_str){dash + 1, (size_t)(dot - dash) - 1}, payload,
				      sizeof(payload));
	/* The last byte tells how many random ones stand before it. */
	size_t tail = len > 0 && len <= sizeof(payload) ? (size_t)payload[len - 1] + 1 : 0;
	const uint8_t *at = payload;
	const uint8_t *end = payload + (tail > 0 && tail < len ? len - tail : 0);
	while (end - at > 2 && at[1] == ':') {
		struct rv_str digits = run_of(at + 2, end, is_alnum);
		char text[14];

		if (digits.len == 0 || digits.len > 12)
			break;
		memcpy(text, digits.data, digits.len);
		text[digits.len] = '\0';
		for (size_t i = 0; i < RV_LEN(names); i++) {
			if (names[i].key == (char)at[0])
				rv_fact_say(fact, "%s %llu", names[i].name,
					    strtoull(text, NULL, 36));
		}
		at = digits.data + digits.len;
		at += at < end && *at == '\n' ? 1 : 0;
	}
	OPENSSL_cleanse(payload, sizeof(payload));
}

/* The value of a parameter in the query string, with %3A as ':'. */
static bool take_parameter(struct rv_str query, const char *name, char out[ID_MAX])
{
	const uint8_t *at = rv_fact_find(query, name);
	const uint8_t *end = query.data + query.len;
	size_t len = 0;

	if (!at || at == query.data || (at[-1] != '&' && at[-1] != '?'))
		return false;
	for (at += strlen(name); at < end && *at != '&' && len + 1 < ID_MAX; at++) {
		bool is_colon =
			end - at > 2 && at[0] == '%' && at[1] == '3' && (at[2] | 0x20) == 'a';

		out[len++] = is_colon ? ':' : (char)*at;
		at += is_colon ? 2 : 0;
	}
	out[len] = '\0';
	return len > 0;
}

/* The host of the URL that goes on at `at`. */
static struct rv_str host_before(struct rv_str bytes, size_t at)
{
	size_t start = at > HOST_BACK ? at - HOST_BACK : 0;
	const uint8_t *host = NULL;

	for (size_t i = start; i + 3 <= at; i++) {
		if (memcmp(bytes.data + i, "://", 3) == 0)
			host = bytes.data + i + 3;
	}
	if (!host)
		return RV_STR_NONE;
	struct rv_str name = run_of(host, bytes.data + at, is_name_byte);
	for (const uint8_t *p = host; p < bytes.data + at; p++) {
		if (*p <= ' ' || *p == '"')
			return RV_STR_NONE; /* another URL */
	}
	return name;
}

/* learn.microsoft.com/rest/api/storageservices/create-service-sas: se: expiry, sp: permissions. */
static void azure(const struct rv_fact_about *about, struct rv_fact *fact)
{
	struct rv_str query = rv_fact_match(about);
	char end[ID_MAX], permits[ID_MAX];
	int64_t at = 0;

	if (!rv_fact_find(query, "sig=") || !rv_fact_find(query, "sv="))
		return;
	if (take_parameter(query, "se=", end) && rv_is_ok(rv_time_parse(rv_str_of(end), &at, NULL)))
		rv_fact_say_end(fact, at, about->now_utc_us);
	if (take_parameter(query, "sp=", permits) &&
	    strspn(permits, "abcdefghijklmnopqrstuvwxyz") == strlen(permits))
		rv_fact_say(fact, "permits %s", permits);
	struct rv_str host = host_before(about->bytes, about->match_start);
	if (host.len > 0 && host.len < 128)
		rv_fact_say(fact, "at %.*s", (int)host.len, (const char *)host.data);
}

/* services/T..workspace../B..webhook../secret (api.slack.com/messaging/webhooks). */
static void slack(const struct rv_fact_about *about, struct rv_fact *fact)
{
	struct rv_str match = rv_fact_match(about);
	const uint8_t *at = rv_fact_find(match, "/services/T");

	if (!at)
		return;
	struct rv_str team = run_of(at + 10, match.data + match.len, is_alnum);
	if (team.len <= ID_MAX)
		rv_fact_say(fact, "workspace %.*s", (int)team.len, (const char *)team.data);
}

/* docs.stripe.com/keys */
static void stripe(const struct rv_fact_about *about, struct rv_fact *fact)
{
	struct rv_str value = rv_fact_value(about);

	if (value.len < 8 || value.data[2] != '_')
		return;
	if (memcmp(value.data + 3, "live_", 5) == 0)
		rv_fact_say(fact, "live mode");
	else if (memcmp(value.data + 3, "test_", 5) == 0)
		rv_fact_say(fact, "test mode");
	if (value.data[0] == 'r')
		rv_fact_say(fact, "restricted");
}

/* webhooks/{id}/{token} (discord.com/developers/docs/resources/webhook). */
static void discord(const struct rv_fact_about *about, struct rv_fact *fact)
{
	struct rv_str match = rv_fact_match(about);
	const uint8_t *at = rv_fact_find(match, "/webhooks/");

	if (!at)
		return;
	struct rv_str id = run_of(at + 10, match.data + match.len, is_alnum);
	if (id.len > 0 && id.len <= ID_MAX)
		rv_fact_say(fact, "webhook %.*s", (int)id.len, (const char *)id.data);
}

void rv_fact_token(const struct rv_fact_about *about, struct rv_fact *fact)
{
	static const struct {
		const char *provider;
		void (*look)(const struct rv_fact_about *about, struct rv_fact *fact);
	} table[] = {
		{"aws", aws},	    {"azure", azure}, {"discord", discord},
		{"gitlab", gitlab}, {"slack", slack}, {"stripe", stripe},
	};

	for (size_t i = 0; i < RV_LEN(table); i++) {
		if (about->rule->provider && strcmp(about->rule->provider, table[i].provider) == 0)
			table[i].look(about, fact);
	}
}

/* "client_email" beside "private_key" (cloud.google.com/iam/docs/keys-create-delete). Other
 * addresses than a service account's are persons'. */
void rv_fact_key_account(const struct rv_fact_about *about, struct rv_fact *fact)
{
	static const char name[] = "client_email";
	static const char tail[] = ".iam.gserviceaccount.com";
	size_t start = about->match_start > ACCOUNT_REACH ? about->match_start - ACCOUNT_REACH : 0;
	size_t last = about->start + about->len;
	size_t end =
		about->bytes.len - last > ACCOUNT_REACH ? last + ACCOUNT_REACH : about->bytes.len;
	struct rv_str parts[] = {{about->bytes.data + last, end - last},
				 {about->bytes.data + start, about->match_start - start}};

	for (size_t i = 0; i < RV_LEN(parts); i++) {
		const uint8_t *at = rv_fact_find(parts[i], name);
		const uint8_t *stop = parts[i].data + parts[i].len;

		if (!at)
			continue;
		at += sizeof(name) - 1;
		while (at < stop && memchr("\\\": \t", *at, 5))
			at++;
		struct rv_str account = run_of(at, stop, is_account_byte);
		if (account.len < 120 && memchr(account.data, '@', account.len) &&
		    rv_str_ends_with(account, tail)) {
			rv_fact_say(fact, "of %.*s", (int)account.len, (const char *)account.data);
			return;
		}
	}
}
