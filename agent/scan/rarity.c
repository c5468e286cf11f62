/* scan: cost of character triples. Not here: words (words.c). */
#include "agent/scan/rarity.h"

#define CLASSES 32
#define DIGIT	27
/* Which of ten it is, on top of that it is one: less than 3.3 bits, as names end in 1, 2 and 64. */
#define DIGIT_COST 6
#define ROW	   64 /* of the table's text: the longest a literal is let grow */

/* Quarters of a bit, written as the 64 characters from '#' on without '?' and '\\'. */
static const char costs[CLASSES][CLASSES * CLASSES / ROW][ROW] = {
#include "policies/rarity/trigrams.inc"
};

static unsigned class_of(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - ('a' - 1U);
	if (c >= 'A' && c <= 'Z')
		return c - ('A' - 1U);
	if (c >= '0' && c <= '9')
		return DIGIT;
	switch (c) {
	case '_':
	case '-':
	case '.':
	case ' ':
	case '/':
	case ':':
	case '@':
	case '+':
		return 28;
	default:
		return c < 0x80 ? 29 : 30;
	}
}

static unsigned cost_of(unsigned a, unsigned b, unsigned c)
{
	unsigned at = b * CLASSES + c;
	unsigned code = (unsigned char)costs[a][at / ROW][at % ROW];

	return code - 35U - (code > '?') - (code > '\\');
}

unsigned rv_rarity(struct rv_str value)
{
	size_t len = value.len < RV_RARITY_MAX ? value.len : RV_RARITY_MAX;
	unsigned a = 0;
	unsigned b = 0;
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned c = class_of(value.data[i]);

		sum += cost_of(a, b, c) + (c == DIGIT ? DIGIT_COST : 0);
		a = b;
		b = c;
	}
	return len ? sum * 4 / (unsigned)len : 0;
}
