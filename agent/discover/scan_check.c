/* discover: check digits and plausibility. Not here: which rule asks for what (policies/detectors).
 */
#include "agent/discover/scan_check.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#define JWT_PART_MAX 4096

static uint32_t crc32_of(struct rv_str s)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= s.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xedb88320) : crc >> 1;
	}
	return ~crc;
}

void rv_check_crc32_base62(struct rv_str body, char out[7])
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t rest = crc32_of(body);

	for (int i = 5; i >= 0; i--) {
		out[i] = digits[rest % 62];
		rest /= 62;
	}
	out[6] = '\0';
}

static bool has_crc32_base62(struct rv_str value)
{
	size_t start = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '_')
			start = i + 1;
	}
	if (value.len < start + 7)
		return false;
	char want[7];
	rv_check_crc32_base62((struct rv_str){value.data + start, value.len - start - 6}, want);
	return memcmp(want, value.data + value.len - 6, 6) == 0;
}

static int base64url_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '+')
		return 62;
	return c == '_' || c == '/' ? 63 : -1;
}

/* Is the part base64url of printable text that opens with {" and ends with }? */
static bool is_json_part(struct rv_str part)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t made = 0;
	uint8_t last = 0;

	if (part.len > JWT_PART_MAX)
		return false;
	for (size_t i = 0; i < part.len; i++) {
		int digit = base64url_digit(part.data[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		last = (uint8_t)(bits >> have);
		if (last < 0x20 && !isspace(last))
			return false;
		if (made == 0 && last != '{')
			return false;
		if (made == 1 && last != '"' && !isspace(last))
			return false;
		made++;
	}
	return made > 2 && (last == '}' || isspace(last));
}

static bool is_jwt(struct rv_str value)
{
	const uint8_t *dot = memchr(value.data, '.', value.len);

	if (!dot)
		return false;
	size_t first = (size_t)(dot - value.data);
	struct rv_str rest = {dot + 1, value.len - first - 1};
	dot = memchr(rest.data, '.', rest.len);
	if (!dot)
		return false;
	return is_json_part((struct rv_str){value.data, first}) &&
	       is_json_part((struct rv_str){rest.data, (size_t)(dot - rest.data)});
}

static bool has_word(struct rv_str value, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= value.len; i++) {
		if (strncasecmp((const char *)value.data + i, word, len) == 0)
			return true;
	}
	return false;
}

static bool is_placeholder(struct rv_str value)
{
	static const char *const words[] = {
		"example", "changeme", "change-me", "change_me",   "password", "passwd", "secret",
		"your",	   "dummy",    "sample",    "placeholder", "redacted", "xxxx",	 "****",
		"....",	   "1234567",  "abcdef",    "foobar",	   "insert",   "todo"};

	if (value.len >= 4 && strncasecmp((const char *)value.data, "pass", 4) == 0)
		return true; /* user:pass@host */
	for (size_t i = 0; i < RV_LEN(words); i++) {
		if (has_word(value, words[i]))
			return true;
	}
	for (size_t i = 1; i < value.len; i++) {
		if (value.data[i] != value.data[0])
			return false;
	}
	return true;
}

static bool looks_random(struct rv_str value)
{
	size_t letters = 0;
	size_t digits = 0;
	size_t changes = 0;
	int before = 0;

	if (is_placeholder(value) || value.len == 0 || value.data[0] == '/')
		return false;
	for (size_t i = 0; i < value.len; i++) {
		int kind = isdigit(value.data[i]) ? 1 : isalpha(value.data[i]) ? 2 : 3;

		letters += kind == 2;
		digits += kind == 1;
		changes += kind != 3 && before != 0 && kind != before;
		before = kind == 3 ? before : kind;
	}
	/* "some_function_v2" changes once; a random string of ten does so more often. */
	return letters >= 2 && digits >= 2 && changes >= 2;
}

bool rv_check_value(enum rv_check check, struct rv_str value)
{
	switch (check) {
	case RV_CHECK_NONE:
		return true;
	case RV_CHECK_CRC32_BASE62:
		return has_crc32_base62(value);
	case RV_CHECK_JWT:
		return is_jwt(value);
	case RV_CHECK_NOT_PLACEHOLDER:
		return !is_placeholder(value);
	case RV_CHECK_LOOKS_RANDOM:
		return looks_random(value);
	}
	return false;
}

bool rv_check_identifies(enum rv_check check)
{
	return check == RV_CHECK_CRC32_BASE62;
}

unsigned rv_entropy_tenths(struct rv_str value)
{
	uint32_t counts[256] = {0};
	double sum = 0;

	if (value.len == 0)
		return 0;
	for (size_t i = 0; i < value.len; i++)
		counts[value.data[i]]++;
	for (size_t i = 0; i < RV_LEN(counts); i++) {
		if (counts[i] == 0)
			continue;
		double share = (double)counts[i] / (double)value.len;
		sum -= share * log2(share);
	}
	return (unsigned)(sum * 10);
}
