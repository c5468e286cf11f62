/* scan: checks that are a CRC-32 (or one XOR) in the token's own text. Not here: CRCs within
 * encoded bytes (check_azure.c). */
#include "agent/scan/check_bytes.h"

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char base62_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char hex[] = "0123456789abcdef";

#define BASE62_DIGITS 6
#define BASE36_DIGITS 7
#define HEX_DIGITS    8
#define LENGTH_DIGITS 2 /* GitLab's length of the payload */

/* `count` digits of n, highest first. */
static void put_digits(uint32_t n, const char *digits, uint32_t base, size_t count, char *out)
{
	for (size_t i = count; i > 0; i--) {
		out[i - 1] = digits[n % base];
		n /= base;
	}
}

/* Where the run after the last '_' begins; 0 without one. */
static size_t last_run(struct rv_str s)
{
	for (size_t i = s.len; i > 0; i--) {
		if (s.data[i - 1] == '_')
			return i;
	}
	return 0;
}

size_t rv_check_crc32_base62_make(struct rv_str body, char *out, size_t room)
{
	size_t start = last_run(body);

	if (room < BASE62_DIGITS || body.len == start)
		return 0;
	put_digits(rv_crc32(body.data + start, body.len - start), base62, 62, BASE62_DIGITS, out);
	return BASE62_DIGITS;
}

bool rv_check_crc32_base62(struct rv_str value)
{
	char want[BASE62_DIGITS];

	if (value.len <= BASE62_DIGITS || value.len > RV_CHECK_VALUE_MAX)
		return false;
	size_t body = value.len - BASE62_DIGITS;
	if (last_run(value) > body)
		return false;
	return rv_check_crc32_base62_make((struct rv_str){value.data, body}, want, sizeof(want)) &&
	       memcmp(want, value.data + body, BASE62_DIGITS) == 0;
}

size_t rv_check_crc32_base36_make(struct rv_str body, char *out, size_t room)
{
	if (room < BASE36_DIGITS)
		return 0;
	put_digits(rv_crc32(body.data, body.len), base36, 36, BASE36_DIGITS, out);
	return BASE36_DIGITS;
}

static int base36_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
}

/* Does the length fit what stands before the first '.' and after a prefix? */
static bool payload_fits(struct rv_str value, size_t length_at)
{
	const uint8_t *dot = memchr(value.data, '.', value.len);
	int high = base36_digit(value.data[length_at]);
	int low = base36_digit(value.data[length_at + 1]);

	if (!dot || high < 0 || low < 0)
		return false;
	size_t payload = (size_t)high * 36 + (size_t)low;
	return payload > 0 && payload < (size_t)(dot - value.data);
}

bool rv_check_crc32_base36(struct rv_str value)
{
	char want[BASE36_DIGITS];

	if (value.len <= LENGTH_DIGITS + BASE36_DIGITS || value.len > RV_CHECK_VALUE_MAX)
		return false;
	size_t body = value.len - BASE36_DIGITS;
	(void)rv_check_crc32_base36_make((struct rv_str){value.data, body}, want,
					 sizeof(want)); /* the room is right */
	return memcmp(want, value.data + body, BASE36_DIGITS) == 0 &&
	       payload_fits(value, body - LENGTH_DIGITS);
}

/* Upper case, as Atlassian writes it. */
size_t rv_check_crc32_hex_make(struct rv_str body, char *out, size_t room)
{
	if (room < HEX_DIGITS || body.len == 0)
		return 0;
	put_digits(rv_crc32(body.data, body.len), "0123456789ABCDEF", 16, HEX_DIGITS, out);
	return HEX_DIGITS;
}

static bool same_hex(const char *upper, const uint8_t *text)
{
	for (size_t i = 0; i < HEX_DIGITS; i++) {
		uint8_t c = text[i] >= 'a' && text[i] <= 'f' ? (uint8_t)(text[i] - 32) : text[i];

		if (c != (uint8_t)upper[i])
			return false;
	}
	return true;
}

bool rv_check_crc32_hex(struct rv_str value)
{
	char want[HEX_DIGITS];

	if (value.len <= HEX_DIGITS || value.len > RV_CHECK_VALUE_MAX)
		return false;
	size_t body = value.len - HEX_DIGITS;
	return rv_check_crc32_hex_make((struct rv_str){value.data, body}, want, sizeof(want)) &&
	       same_hex(want, value.data + body);
}

size_t rv_check_crc32_hex_le_make(struct rv_str body, char *out, size_t room)
{
	size_t len = body.len > 0 && body.data[body.len - 1] == '_' ? body.len - 1 : body.len;

	if (room < HEX_DIGITS || len == 0)
		return 0;
	uint32_t crc = rv_crc32(body.data, len);
	for (size_t i = 0; i < HEX_DIGITS / 2; i++) {
		out[2 * i] = hex[crc >> (8 * i + 4) & 15];
		out[2 * i + 1] = hex[crc >> 8 * i & 15];
	}
	return HEX_DIGITS;
}

bool rv_check_crc32_hex_le(struct rv_str value)
{
	char want[HEX_DIGITS];

	if (value.len <= HEX_DIGITS + 1 || value.len > RV_CHECK_VALUE_MAX)
		return false;
	size_t start = value.len - HEX_DIGITS;
	if (last_run(value) != start)
		return false;
	return rv_check_crc32_hex_le_make((struct rv_str){value.data, start}, want, sizeof(want)) &&
	       memcmp(want, value.data + start, HEX_DIGITS) == 0;
}

size_t rv_check_xor_base62_make(struct rv_str body, char *out, size_t room)
{
	uint8_t sum = 0;

	if (room < 1)
		return 0;
	for (size_t i = last_run(body); i < body.len; i++)
		sum ^= body.data[i];
	out[0] = base62_letters[sum % 62];
	return 1;
}

bool rv_check_xor_base62(struct rv_str value)
{
	char want[1];

	if (value.len < 2 || value.len > RV_CHECK_VALUE_MAX || last_run(value) == value.len)
		return false;
	size_t body = value.len - 1;
	(void)rv_check_xor_base62_make((struct rv_str){value.data, body}, want,
				       sizeof(want)); /* the room is right */
	return (uint8_t)want[0] == value.data[body];
}
