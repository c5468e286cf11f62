/* scan: private JSON Web Keys. Not here: PEM (pem_key.c). */
#include "agent/scan/pem_key.h"

#include "agent/scan/rarity.h"
#include "agent/scan/value_private.h"

#define PRIVATE_MIN 20 /* base64url characters: 120 bits of an oct key */
#define PRIVATE_MAX 4096

/* The brace that opens the object `at` stands in, or SIZE_MAX. */
static size_t open_brace(struct rv_str b, size_t at)
{
	size_t stop = at > RV_JWK_REACH ? at - RV_JWK_REACH : 0;
	unsigned depth = 0;

	while (at > stop) {
		uint8_t c = b.data[--at];

		if (c == '}')
			depth++;
		else if (c == '{' && depth-- == 0)
			return at;
	}
	return SIZE_MAX;
}

static bool is_key_byte(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || c == '-' || c == '_';
}

static size_t skip_marks(struct rv_str b, size_t at, const char *marks)
{
	while (at < b.len && b.data[at] && strchr(marks, b.data[at]))
		at++;
	return at;
}

/* Is `at` the name d or k of a member? Then where its value begins, behind the quote; else 0. */
static size_t member_value(struct rv_str b, size_t at)
{
	if ((b.data[at] != 'd' && b.data[at] != 'k') || at == 0 ||
	    !strchr("\"' \t\n{,", b.data[at - 1]))
		return 0;
	size_t colon = skip_marks(b, at + 1, "\\\"' ");

	if (colon >= b.len || b.data[colon] != ':')
		return 0;
	size_t value = skip_marks(b, colon + 1, "\\ ");

	return value < b.len && (b.data[value] == '"' || b.data[value] == '\'') ? value + 1 : 0;
}

/* Most words that hold these letters are other words, and the way to the brace is long. */
static bool is_member_name(struct rv_str b, size_t at)
{
	size_t colon = skip_marks(b, at + strlen("kty"), "\\\"' ");

	return colon < b.len && b.data[colon] == ':';
}

bool rv_jwk_private_at(struct rv_str bytes, size_t at, struct rv_pem_key *out)
{
	size_t from =
		at < bytes.len && is_member_name(bytes, at) ? open_brace(bytes, at) : SIZE_MAX;

	if (from == SIZE_MAX)
		return false;
	size_t stop = bytes.len - at > RV_JWK_REACH ? at + RV_JWK_REACH : bytes.len;

	for (size_t i = from + 1; i < stop && bytes.data[i] != '}'; i++) {
		size_t value = member_value(bytes, i);
		size_t end = value;

		while (value && end < bytes.len && end - value < PRIVATE_MAX &&
		       is_key_byte(bytes.data[end]))
			end++;
		struct rv_str text = {bytes.data + value, end - value};

		if (text.len < PRIVATE_MIN || rv_words_cover(text) > 35 || rv_rarity(text) < 70)
			continue;
		*out = (struct rv_pem_key){
			.start = value, .len = text.len, .end = end, .confidence = 92};
		return true;
	}
	return false;
}
