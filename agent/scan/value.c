/* scan: the looks of a value. Not here: words for "put yours here" (value_words.c), references
 * (value_reference.c). */
#include "agent/scan/rarity.h"
#include "agent/scan/value_private.h"

#define SHUFFLED_MIN 24

/* What the value is made of, counted once. */
struct tally {
	size_t lower;
	size_t upper;
	size_t digits;
	size_t hex;
	size_t blanks;
	size_t joins;	/* - _ */
	size_t dots;	/* . : */
	size_t slashes; /* / \ */
	size_t base64;	/* + / = */
	size_t signs;	/* ! @ # $ % ^ & * and the rest */
	size_t turns;	/* from letters to digits and back */
	size_t bumps;	/* small letter before a capital */
};

static void tally_sign(struct tally *t, uint8_t c)
{
	switch (c) {
	case ' ':
	case '\t':
		t->blanks++;
		break;
	case '-':
	case '_':
		t->joins++;
		break;
	case '.':
	case ':':
		t->dots++;
		break;
	case '/':
	case '\\':
		t->slashes++;
		t->base64 += c == '/';
		break;
	case '+':
	case '=':
		t->base64++;
		break;
	default:
		t->signs++;
	}
}

static struct tally tally_of(struct rv_str v)
{
	struct tally t = {0};

	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		t.lower += rv_is_lower(c);
		t.upper += rv_is_upper(c);
		t.digits += rv_is_digit(c);
		t.hex += rv_is_hex(c);
		if (!rv_is_letter(c) && !rv_is_digit(c))
			tally_sign(&t, c);
		if (i == 0)
			continue;
		t.turns += rv_is_digit(c) != rv_is_digit(v.data[i - 1]);
		t.bumps += rv_is_upper(c) && rv_is_lower(v.data[i - 1]);
	}
	return t;
}

static unsigned kind_of(uint8_t c)
{
	return rv_is_lower(c) ? 1 : rv_is_upper(c) ? 2 : 3;
}

/* Small letters, capitals and digits in no order: two neighbours in five are of different kinds. Of
 * random ones three in five are; names of code change where words meet. Short words come up there
 * by chance, and triples that other texts have. */
static bool is_shuffled(struct rv_str v, const struct tally *t)
{
	size_t changes = 0;

	if (v.len < SHUFFLED_MIN || t->lower + t->upper + t->digits != v.len || t->lower == 0 ||
	    t->upper == 0 || t->digits < 2)
		return false;
	for (size_t i = 1; i < v.len; i++)
		changes += kind_of(v.data[i]) != kind_of(v.data[i - 1]);
	return changes * 5 >= v.len * 2;
}

static uint64_t length_bit(size_t len)
{
	if (len < 5)
		return RV_BIT(LEN_4);
	if (len < 8)
		return RV_BIT(LEN_7);
	if (len < 12)
		return RV_BIT(LEN_11);
	if (len < 20)
		return RV_BIT(LEN_19);
	return len < 40 ? RV_BIT(LEN_39) : RV_BIT(LEN_MORE);
}

static uint64_t rarity_bit(struct rv_str v, bool is_made)
{
	/* Triples say nothing of six letters and ten digits, nor of what no person wrote. */
	if (is_made)
		return RV_BIT(RARE_5);
	unsigned cost = rv_rarity(v);

	if (cost < 58)
		return RV_BIT(RARE_1);
	if (cost < 70)
		return RV_BIT(RARE_2);
	if (cost < 83)
		return RV_BIT(RARE_3);
	return cost < 99 ? RV_BIT(RARE_4) : RV_BIT(RARE_5);
}

static bool is_uuid(struct rv_str v)
{
	if (v.len != 36)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		bool joint = i == 8 || i == 13 || i == 18 || i == 23;

		if (joint ? v.data[i] != '-' : !rv_is_hex(v.data[i]))
			return false;
	}
	return true;
}

static uint64_t class_bits(struct rv_str v, const struct tally *t)
{
	size_t letters = t->lower + t->upper;
	bool plain = letters + t->digits == v.len;
	uint64_t bits = 0;

	if (t->digits == v.len)
		return RV_BIT(DIGITS);
	if (v.len >= 16 && t->hex == v.len && t->digits > 0)
		return RV_BIT(HEX);
	if (plain && t->digits == 0)
		return t->upper == 0 ? RV_BIT(LOWER) : RV_BIT(LETTERS);
	if (t->digits > 0 && letters > 0)
		bits |= t->turns > 1 || rv_is_digit(v.data[0]) ? RV_BIT(MIXED) : RV_BIT(TAILED);
	if (t->signs > 0 && letters + t->digits > 0 && t->blanks == 0)
		bits |= RV_BIT(SIGNS);
	return bits;
}

static uint64_t shape_bits(struct rv_str v, const struct tally *t, unsigned words)
{
	uint64_t bits = 0;
	size_t letters = t->lower + t->upper;

	if (t->blanks)
		bits |= RV_BIT(BLANKS);
	if (is_uuid(v))
		return bits | RV_BIT(UUID);
	if (t->joins > 0 && t->lower == 0 && letters > 0 && t->signs + t->blanks + t->base64 == 0)
		bits |= RV_BIT(IDENTIFIER);
	if ((t->joins || t->bumps) && t->signs + t->blanks == 0 && words > 60 && t->turns < 3)
		bits |= RV_BIT(IDENTIFIER);
	if (t->dots && t->signs + t->blanks == 0)
		bits |= RV_BIT(DOTTED);
	if (t->slashes && words > 30)
		bits |= RV_BIT(DOTTED);
	if (t->base64 && t->signs + t->blanks + t->dots + t->joins == 0 && v.len >= 8 && words < 40)
		bits |= RV_BIT(BASE64);
	return bits;
}

uint64_t rv_value_features(struct rv_str value)
{
	struct tally t = tally_of(value);
	unsigned words = rv_words_cover(value);
	uint64_t bits = length_bit(value.len) | class_bits(value, &t) |
			shape_bits(value, &t, words) | rv_value_placeholder(value);

	bool shuffled = is_shuffled(value, &t);

	bits |= rarity_bit(value, shuffled || bits & (RV_BIT(HEX) | RV_BIT(UUID)));

	if (rv_value_hash_len(value))
		bits |= RV_BIT(HASHED);
	if (t.lower + t.upper == 0)
		return bits;
	if (words >= 85)
		return bits | RV_BIT(WORDS_ALL);
	if (words >= 50)
		return bits | RV_BIT(WORDS_MOST);
	return bits | (words < 20 || shuffled ? RV_BIT(WORDS_NONE) : 0);
}
