/* scan: see reads.h. 64 bytes at a time, as sets of places. */
#include "agent/scan/reads.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* From so many turns and digits on a word is no name: one of both cases; one of small letters. */
#define CAMEL_TURNS  6
#define CAMEL_DIGITS 5
#define SMALL_TURNS  4
#define SMALL_DIGITS 12
#define COUNT_MAX    16384
#define AT_ONCE	     64

/* Bit i: of which kind byte i is; none: a sign, which keeps words apart. */
struct kinds {
	uint64_t lower, upper, digit;
};

#ifdef __SSE2__
static uint64_t are_within(__m128i bytes, char first, char count)
{
	__m128i from = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
	__m128i most = _mm_min_epu8(from, _mm_set1_epi8((char)(count - 1)));

	return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(from, most));
}

static struct kinds kinds_of(const uint8_t *word, size_t len)
{
	struct kinds k = {0};

	for (size_t at = 0; at < len; at += 16) {
		const uint8_t *from = word + at;
		uint8_t rest[16] = {0};

		if (len - at < 16)
			from = memcpy(rest, from, len - at);
		__m128i bytes = _mm_loadu_si128((const __m128i_u *)from);
		k.lower |= are_within(bytes, 'a', 26) << at;
		k.upper |= are_within(bytes, 'A', 26) << at;
		k.digit |= are_within(bytes, '0', 10) << at;
	}
	return k;
}
#else
static struct kinds kinds_of(const uint8_t *word, size_t len)
{
	struct kinds k = {0};

	for (size_t at = 0; at < len; at++) {
		uint8_t c = word[at];

		k.lower |= (uint64_t)(c >= 'a' && c <= 'z') << at;
		k.upper |= (uint64_t)(c >= 'A' && c <= 'Z') << at;
		k.digit |= (uint64_t)(c >= '0' && c <= '9') << at;
	}
	return k;
}
#endif

/* At most `most`: names have few. */
static unsigned count(uint64_t places, unsigned most)
{
	unsigned n = 0;

	for (; places && n < most; places &= places - 1)
		n++;
	return n;
}

/* The places that follow those of `now`, by `steps`. */
static uint64_t behind(uint64_t now, uint64_t before, unsigned steps)
{
	return now << steps | before >> (AT_ONCE - steps);
}

bool rv_reads_like_name(const uint8_t *word, size_t len)
{
	struct kinds before = {0};
	unsigned turns = 0;
	unsigned digits = 0;
	bool has_lower = false;
	bool has_upper = false;

	if (len > COUNT_MAX)
		return false;
	for (size_t at = 0; at < len; at += AT_ONCE) {
		struct kinds k = kinds_of(word + at, len - at < AT_ONCE ? len - at : AT_ONCE);
		uint64_t lower = behind(k.lower, before.lower, 1);
		uint64_t upper = behind(k.upper, before.upper, 1);
		uint64_t digit = behind(k.digit, before.digit, 1);
		uint64_t to_and_fro = ((lower | upper) & k.digit) | (digit & (k.lower | k.upper));
		uint64_t humps =
			(lower & k.upper) | (behind(k.upper, before.upper, 2) & upper & k.lower);

		turns += 2 * count(to_and_fro, CAMEL_TURNS) + count(humps, CAMEL_TURNS);
		digits += count(k.digit, SMALL_DIGITS);
		has_lower |= k.lower != 0;
		has_upper |= k.upper != 0;
		/* More of it makes it no name again. */
		if (turns >= CAMEL_TURNS || digits >= SMALL_DIGITS)
			return false;
		before = k;
	}
	if (has_lower && has_upper)
		return digits < CAMEL_DIGITS;
	return turns < (has_lower ? SMALL_TURNS : 1);
}
