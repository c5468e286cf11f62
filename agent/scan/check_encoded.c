/* scan: checks that decode the value: JSON, macaroons, bech32, curve keys. Not here: keys whose
 * checksum is Microsoft's (check_azure.c). */
#include "agent/scan/check_bytes.h"

#include <ctype.h>
#include <stdio.h>

#define JSON_PART_MAX	   4096
#define LOGIN_MAX	   1024
#define MACAROON_MAX	   2048
#define MACAROON_SIGNATURE 32
#define CAVEATS_MAX	   64
#define JFROG_MAX	   128
#define BECH32_MAX	   256
#define BECH32_DIGITS	   6
#define CURVE_BYTES	   32
#define AWS_ID_LEN	   20
#define AWS_ID_PREFIX	   4  /* AKIA, ASIA */
#define AWS_ACCOUNT_DIGITS 10 /* of base32: 50 bits, of which the second to the 41st count */
#define CURVE_BODY	   40

/* Is the part base64url of printable text that opens with {" and ends with }? */
static bool is_json_part(struct rv_str part)
{
	uint8_t text[JSON_PART_MAX * 3 / 4];
	size_t len =
		part.len > JSON_PART_MAX ? SIZE_MAX : rv_base64_decode(part, text, sizeof(text));

	if (len == SIZE_MAX || len < 3 || text[0] != '{')
		return false;
	if (text[1] != '"' && !isspace(text[1]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 && !isspace(text[i]))
			return false;
	}
	return text[len - 1] == '}' || isspace(text[len - 1]);
}

bool rv_check_jwt(struct rv_str value)
{
	const uint8_t *dot =
		value.len > RV_CHECK_VALUE_MAX ? NULL : memchr(value.data, '.', value.len);

	if (!dot)
		return false;
	size_t first = (size_t)(dot - value.data);
	struct rv_str rest = {dot + 1, value.len - first - 1};
	dot = memchr(rest.data, '.', rest.len);
	return dot && is_json_part((struct rv_str){value.data, first}) &&
	       is_json_part((struct rv_str){rest.data, (size_t)(dot - rest.data)});
}

bool rv_check_base64_json(struct rv_str value)
{
	size_t at = 0;

	while (at + 3 <= value.len && memcmp(value.data + at, "eyJ", 3) != 0)
		at++;
	if (at + 3 > value.len || value.len > RV_CHECK_VALUE_MAX)
		return false;
	size_t end = at;
	/* '_' ends it: Sentry puts one behind, and no standard base64 has it. */
	while (end < value.len && value.data[end] != '_' && rv_base64_digit(value.data[end]) >= 0)
		end++;
	if (is_json_part((struct rv_str){value.data + at, end - at}))
		return true;
	return is_json_part((struct rv_str){value.data + at, value.len - at});
}

size_t rv_check_base64_json_make(struct rv_str body, char *out, size_t room)
{
	char text[64];
	uint32_t id = rv_crc32(body.data, body.len);
	int len = snprintf(text, sizeof(text), "{\"iat\":%u.5,\"org\":\"o-%08x\"}",
			   1700000000U + (id >> 8), id);

	return rv_base64_append(RV_STR_NONE, (const uint8_t *)text, (size_t)len, true, out, room);
}

bool rv_check_base64_login(struct rv_str value)
{
	uint8_t text[LOGIN_MAX];
	size_t len = rv_base64_decode(value, text, sizeof(text));
	const uint8_t *colon = len == SIZE_MAX ? NULL : memchr(text, ':', len);

	if (!colon || colon == text || colon == text + len - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] >= 0x7f)
			return false;
	}
	return true;
}

size_t rv_check_base64_login_make(struct rv_str body, char *out, size_t room)
{
	char text[64];
	uint32_t id = rv_crc32(body.data, body.len);
	int len =
		snprintf(text, sizeof(text), "robot-%08x:Kw%08xTq", id, id * UINT32_C(2654435761));

	return rv_base64_append(RV_STR_NONE, (const uint8_t *)text, (size_t)len, true, out, room);
}

struct reader {
	const uint8_t *data;
	size_t len;
	size_t at;
};

/* One field of the given type with its content's length; false when another stands there. */
static bool take_field(struct reader *r, uint8_t type, size_t *out_len)
{
	size_t at = r->at;
	size_t len = 0;

	if (at >= r->len || r->data[at] != type)
		return false;
	at++;
	for (unsigned shift = 0; at < r->len && shift <= 14; shift += 7) {
		uint8_t byte = r->data[at++];

		len |= (size_t)(byte & 0x7f) << shift;
		if (byte >= 0x80)
			continue;
		if (len > r->len - at)
			return false;
		r->at = at + len;
		*out_len = len;
		return true;
	}
	return false;
}

static bool take_end(struct reader *r)
{
	if (r->at >= r->len || r->data[r->at] != 0)
		return false;
	r->at++;
	return true;
}

/* [location] identifier [verification id] end */
static bool take_section(struct reader *r)
{
	size_t len = 0;

	(void)take_field(r, 1, &len); /* optional */
	if (!take_field(r, 2, &len) || len == 0)
		return false;
	(void)take_field(r, 4, &len); /* optional */
	return take_end(r);
}

bool rv_check_macaroon(struct rv_str value)
{
	uint8_t bytes[MACAROON_MAX];
	size_t prefix = rv_str_starts_with(value, "pypi-") ? 5 : 0;
	size_t len = rv_base64_decode((struct rv_str){value.data + prefix, value.len - prefix},
				      bytes, sizeof(bytes));
	size_t signature = 0;

	if (len == SIZE_MAX || len < 2 || bytes[0] != 2)
		return false;
	struct reader r = {bytes, len, 1};
	if (!take_section(&r))
		return false;
	for (size_t i = 0; i < CAVEATS_MAX && !take_end(&r); i++) {
		if (!take_section(&r))
			return false;
	}
	return take_field(&r, 6, &signature) && signature == MACAROON_SIGNATURE && r.at == r.len;
}

size_t rv_check_macaroon_make(struct rv_str body, char *out, size_t room)
{
	uint8_t tail[4 + MACAROON_SIGNATURE] = {0, 0, 6, MACAROON_SIGNATURE};
	uint32_t seed = rv_crc32(body.data, body.len);

	if (!rv_str_starts_with(body, "pypi-"))
		return 0;
	for (size_t i = 4; i < sizeof(tail); i++) {
		seed = seed * UINT32_C(1664525) + UINT32_C(1013904223);
		tail[i] = (uint8_t)(seed >> 24);
	}
	return rv_base64_append((struct rv_str){body.data + 5, body.len - 5}, tail, sizeof(tail),
				false, out, room);
}

bool rv_check_jfrog_reference(struct rv_str value)
{
	static const char shape[] = "reftkn:NN:NNNNNNNNNN:";
	uint8_t text[JFROG_MAX];
	size_t len = rv_base64_decode(value, text, sizeof(text));

	if (len == SIZE_MAX || len <= sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++) {
		if (shape[i] == 'N' ? !isdigit(text[i]) : text[i] != (uint8_t)shape[i])
			return false;
	}
	for (size_t i = sizeof(shape) - 1; i < len; i++) {
		if (!isgraph(text[i]))
			return false;
	}
	return true;
}

size_t rv_check_jfrog_reference_make(struct rv_str body, char *out, size_t room)
{
	char text[64];
	uint32_t id = rv_crc32(body.data, body.len);

	(void)snprintf(text, sizeof(text), "reftkn:01:%010u:%08xKwLmQpRtVxZbDfHjNsB", id,
		       id * UINT32_C(2654435761)); /* 48 characters, 64 of base64 */
	return rv_base64_append(RV_STR_NONE, (const uint8_t *)text, 48, true, out, room);
}

static uint32_t bech32_step(uint32_t sum, uint32_t digit)
{
	static const uint32_t generators[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
					       0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ digit;
	for (size_t i = 0; i < 5; i++)
		sum ^= top >> i & 1 ? generators[i] : 0;
	return sum;
}

static const char bech32_digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* The sum over the expanded prefix and the digits after the last '1'; false: no bech32. */
static bool bech32_sum(struct rv_str s, uint32_t *out_sum)
{
	size_t one = s.len;
	uint32_t sum = 1;

	while (one > 0 && s.data[one - 1] != '1')
		one--;
	if (one < 2 || s.len > BECH32_MAX)
		return false;
	for (size_t i = 0; i + 1 < one; i++)
		sum = bech32_step(sum, (uint32_t)tolower(s.data[i]) >> 5);
	sum = bech32_step(sum, 0);
	for (size_t i = 0; i + 1 < one; i++)
		sum = bech32_step(sum, (uint32_t)tolower(s.data[i]) & 31);
	for (size_t i = one; i < s.len; i++) {
		const char *digit = memchr(bech32_digits, tolower(s.data[i]), 32);

		if (!digit)
			return false;
		sum = bech32_step(sum, (uint32_t)(digit - bech32_digits));
	}
	*out_sum = sum;
	return true;
}

static bool has_upper(struct rv_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (isupper(s.data[i]))
			return true;
	}
	return false;
}

static bool is_one_case(struct rv_str s)
{
	bool upper = has_upper(s);

	for (size_t i = 0; i < s.len; i++) {
		if (upper && islower(s.data[i]))
			return false;
	}
	return true;
}

bool rv_check_bech32(struct rv_str value)
{
	uint32_t sum = 0;

	return is_one_case(value) && bech32_sum(value, &sum) && sum == 1;
}

size_t rv_check_bech32_make(struct rv_str body, char *out, size_t room)
{
	uint32_t sum = 0;
	bool upper = has_upper(body);

	if (room < BECH32_DIGITS || body.len > BECH32_MAX - BECH32_DIGITS || !is_one_case(body) ||
	    !bech32_sum(body, &sum))
		return 0;
	for (size_t i = 0; i < BECH32_DIGITS; i++)
		sum = bech32_step(sum, 0);
	sum ^= 1;
	for (size_t i = 0; i < BECH32_DIGITS; i++) {
		unsigned char digit = (unsigned char)bech32_digits[sum >> (25 - 5 * i) & 31];

		out[i] = (char)(upper ? toupper(digit) : digit);
	}
	return BECH32_DIGITS;
}

bool rv_check_curve25519(struct rv_str value)
{
	uint8_t key[CURVE_BYTES];

	return rv_base64_decode(value, key, sizeof(key)) == CURVE_BYTES && (key[0] & 7) == 0 &&
	       (key[CURVE_BYTES - 1] & 0xc0) == 0x40;
}

size_t rv_check_curve25519_make(struct rv_str body, char *out, size_t room)
{
	uint8_t first[1];
	uint32_t id = rv_crc32(body.data, body.len);
	uint8_t tail[2] = {(uint8_t)id, (uint8_t)(0x40 | (id >> 8 & 0x3f))};

	if (body.len != CURVE_BODY ||
	    rv_base64_decode((struct rv_str){body.data, 2}, first, sizeof(first)) != 1 ||
	    (first[0] & 7) != 0)
		return 0;
	return rv_base64_append(body, tail, sizeof(tail), true, out, room);
}

bool rv_aws_account_of(struct rv_str key_id, char out[13])
{
	uint64_t bits = 0;

	if (key_id.len != AWS_ID_LEN)
		return false;
	for (size_t i = 0; i < AWS_ACCOUNT_DIGITS; i++) {
		uint8_t c = key_id.data[AWS_ID_PREFIX + i];

		if (c >= 'A' && c <= 'Z')
			bits = bits << 5 | (uint64_t)(c - 'A');
		else if (c >= '2' && c <= '7')
			bits = bits << 5 | (uint64_t)(c - '2' + 26);
		else
			return false;
	}
	/* The first bit is not set in the older IDs, which hold no account. */
	if (bits >> 49 == 0)
		return false;
	uint64_t account = bits >> 9 & UINT64_C(0xffffffffff);
	if (account > UINT64_C(999999999999))
		return false;
	(void)snprintf(out, 13, "%012llu", (unsigned long long)account); /* fits: 12 digits */
	return true;
}
