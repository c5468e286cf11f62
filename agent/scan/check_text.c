/* scan: plausibility of a value without a format of its own. Not here: formats. */
#include "agent/scan/check.h"

#include <ctype.h>
#include <strings.h>

#define LOG_BITS 16 /* fraction of the fixed-point logarithm */

#define SHORT_WORD 6 /* shorter ones come up in random text: "todo" in one key of 7,000 */

/* Digits and letters of both cases, as in what a machine made. */
static bool is_mixed(struct rv_str value)
{
	bool lower = false, upper = false, digit = false;

	for (size_t i = 0; i < value.len; i++) {
		lower |= islower(value.data[i]);
		upper |= isupper(value.data[i]);
		digit |= isdigit(value.data[i]);
	}
	return lower && upper && digit;
}

/* "your", "YOUR" or "Your", as a person writes it. */
static bool is_written(const uint8_t *word, size_t len)
{
	size_t upper = 0, lower = 0;

	for (size_t i = 0; i < len; i++) {
		upper += isupper(word[i]) != 0;
		lower += islower(word[i]) != 0;
	}
	return upper == 0 || lower == 0 || (upper == 1 && isupper(word[0]));
}

/* Does a word stand by itself: "your_key", "MyYourKey"? */
static bool stands_alone(struct rv_str value, size_t at, size_t len)
{
	const uint8_t *word = value.data + at;

	if (at == 0 || !isalnum(word[-1]))
		return true;
	return islower(word[-1]) && isupper(word[0]) &&
	       (at + len == value.len || isupper(word[len]) || !isalnum(word[len]));
}

static bool has_word(struct rv_str value, const char *word, bool value_is_mixed)
{
	size_t len = strlen(word);
	bool is_repeated = strspn(word, (const char[]){word[0], '\0'}) == len;

	for (size_t i = 0; i + len <= value.len; i++) {
		if (strncasecmp((const char *)value.data + i, word, len) != 0)
			continue;
		if (!value_is_mixed)
			return true;
		if (is_written(value.data + i, len) &&
		    (len >= SHORT_WORD || is_repeated || stands_alone(value, i, len)))
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

	bool mixed = is_mixed(value);

	if (value.len >= 4 && strncasecmp((const char *)value.data, "pass", 4) == 0 &&
	    (!mixed || is_written(value.data, 4)))
		return true; /* user:pass@host */
	for (size_t i = 0; i < RV_LEN(words); i++) {
		if (has_word(value, words[i], mixed))
			return true;
	}
	for (size_t i = 1; i < value.len; i++) {
		if (value.data[i] != value.data[0])
			return false;
	}
	return true;
}

bool rv_check_not_placeholder(struct rv_str value)
{
	return value.len <= RV_CHECK_VALUE_MAX && !is_placeholder(value);
}

bool rv_check_looks_random(struct rv_str value)
{
	size_t letters = 0;
	size_t digits = 0;
	size_t changes = 0;
	int before = 0;

	if (!rv_check_not_placeholder(value) || value.len == 0 || value.data[0] == '/')
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

/* log2(n) with LOG_BITS bits of fraction, rounded down; exact for powers of two. */
static uint64_t log2_fixed(uint32_t n)
{
	unsigned whole = 31 - (unsigned)__builtin_clz(n);
	uint64_t x = (uint64_t)n << (31 - whole); /* 1 <= x < 2 at 31 bits */
	uint64_t log = whole;

	for (int i = 0; i < LOG_BITS; i++) {
		x = x * x >> 31;
		log = log << 1 | (x >> 32 & 1);
		x >>= x >> 32 & 1;
	}
	return log;
}

/* All bits of it, with LOG_BITS bits of fraction. */
static uint64_t information_of(struct rv_str value)
{
	uint32_t counts[256] = {0};
	uint64_t sum = 0;

	if (value.len == 0 || value.len > UINT32_MAX >> 1)
		return 0;
	for (size_t i = 0; i < value.len; i++)
		counts[value.data[i]]++;
	for (size_t i = 0; i < RV_LEN(counts); i++) {
		if (counts[i] > 1)
			sum += counts[i] * log2_fixed(counts[i]);
	}
	/* H = log2(n) - sum(c * log2(c)) / n */
	return value.len * log2_fixed((uint32_t)value.len) - sum;
}

unsigned rv_entropy_tenths(struct rv_str value)
{
	uint64_t bits = information_of(value);

	return bits ? (unsigned)(bits * 10 / value.len >> LOG_BITS) : 0;
}

bool rv_entropy_is_above(struct rv_str value, unsigned thousandths)
{
	return information_of(value) * 1000 > (uint64_t)value.len * thousandths << LOG_BITS;
}
