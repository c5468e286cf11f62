/* scan: see reads.h. One pass, one addition a byte. */
#include "agent/scan/reads.h"

/* From so many turns and digits on a word is no name: one of both cases; one of small letters. */
#define CAMEL_TURNS  6
#define CAMEL_DIGITS 5
#define SMALL_TURNS  4
#define SMALL_DIGITS 12
#define COUNT_MAX    16384 /* twice that fits a count */
#define STRIDE	     16

/* What a byte is in a word; signs are what keeps words apart. */
enum { SIGN, LOWER, UPPER, DIGIT };
#define FIVE(first, class)                                                     \
	[(first)] = (class), [(first) + 1] = (class), [(first) + 2] = (class), \
	[(first) + 3] = (class), [(first) + 4] = (class)
static const uint8_t class_of[256] =
	{
		FIVE('a', LOWER), FIVE('f', LOWER), FIVE('k', LOWER), FIVE('p', LOWER),
		FIVE('u', LOWER), ['z'] = LOWER,    FIVE('A', UPPER), FIVE('F', UPPER),
		FIVE('K', UPPER), FIVE('P', UPPER), FIVE('U', UPPER), ['Z'] = UPPER,
		FIVE('0', DIGIT), FIVE('5', DIGIT),
};

/* Counted in one sum, 16 bits each. */
#define TURNS(n)       ((uint64_t)(n) << 48)
#define IS_DIGIT       ((uint64_t)1 << 32)
#define IS_UPPER       ((uint64_t)1 << 16)
#define IS_LOWER       ((uint64_t)1)
#define THREE(a, b, c) ((a) << 4 | (b) << 2 | (c))

/* By the classes of a byte and of the two before it. */
#define ROW(a)                                                                                   \
	[THREE(a, SIGN, LOWER)] = IS_LOWER, [THREE(a, SIGN, UPPER)] = IS_UPPER,                  \
			[THREE(a, SIGN, DIGIT)] = IS_DIGIT, [THREE(a, LOWER, LOWER)] = IS_LOWER, \
			[THREE(a, LOWER, UPPER)] = IS_UPPER | TURNS(1),                          \
			[THREE(a, LOWER, DIGIT)] = IS_DIGIT | TURNS(2),                          \
			[THREE(a, UPPER, LOWER)] = IS_LOWER | TURNS((a) == UPPER),               \
			[THREE(a, UPPER, UPPER)] = IS_UPPER,                                     \
			[THREE(a, UPPER, DIGIT)] = IS_DIGIT | TURNS(2),                          \
			[THREE(a, DIGIT, LOWER)] = IS_LOWER | TURNS(2),                          \
			[THREE(a, DIGIT, UPPER)] = IS_UPPER | TURNS(2),                          \
			[THREE(a, DIGIT, DIGIT)] = IS_DIGIT
static const uint64_t counts_of[64] = {ROW(SIGN), ROW(LOWER), ROW(UPPER), ROW(DIGIT)};

bool rv_reads_like_name(const uint8_t *word, size_t len)
{
	uint64_t sum = 0;
	unsigned a = SIGN;
	unsigned b = SIGN;

	if (len > COUNT_MAX)
		return false;
	for (size_t i = 0; i < len;) {
		size_t stop = len - i > STRIDE ? i + STRIDE : len;

		for (; i < stop; i++) {
			unsigned c = class_of[word[i]];

			sum += counts_of[THREE(a, b, c)];
			a = b;
			b = c;
		}
		/* More of it makes it no name again. */
		if (sum >= TURNS(CAMEL_TURNS) || (sum >> 32 & 0xffff) >= SMALL_DIGITS)
			return false;
	}
	unsigned turns = (unsigned)(sum >> 48) & 0xffff;
	unsigned digits = (unsigned)(sum >> 32) & 0xffff;
	bool has_lower = (sum & 0xffff) != 0;

	if (has_lower && (sum >> 16 & 0xffff))
		return turns < CAMEL_TURNS && digits < CAMEL_DIGITS;
	return turns < (has_lower ? SMALL_TURNS : 1) && digits < SMALL_DIGITS;
}
