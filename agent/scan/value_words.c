/* scan: words that people put where a secret goes. Not here: other looks (value.c). */
#include "agent/scan/value_words.h"
#include "agent/scan/check_bytes.h"
#include "agent/scan/rarity.h"
#include "agent/scan/value_private.h"

#define PLACEHOLDER_MAX 48
#define CHOSEN_MIN	8
#define CHOSEN_MAX	32
#define TELLING_MAX	1024
#define CODED_MIN	8

bool rv_says_at(struct rv_str s, size_t at, const char *word)
{
	size_t i = 0;

	for (; word[i]; i++) {
		if (at + i >= s.len)
			return false;
		uint8_t c = s.data[at + i];

		if ((rv_is_upper(c) ? c | 0x20 : c) != (uint8_t)word[i])
			return false;
	}
	return true;
}

bool rv_says(struct rv_str s, const char *word)
{
	uint8_t first = (uint8_t)word[0];

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if ((rv_is_upper(c) ? c | 0x20 : c) == first && rv_says_at(s, i, word))
			return true;
	}
	return false;
}

static bool is_filler(struct rv_str v)
{
	size_t at = 0;
	bool has_word = false;

	if (v.len > PLACEHOLDER_MAX)
		return false;
	while (at < v.len) {
		size_t len = rv_wordlist_at(fillers, v, at);

		if (len > 0) {
			has_word = true;
			at += len;
		} else if (rv_is_letter(v.data[at])) {
			return false;
		} else {
			at++;
		}
	}
	return has_word;
}

/* Does b follow a, or repeat it? By the alphabet, the digits or the keyboard. */
static inline bool is_step(uint8_t a, uint8_t b)
{
	static const char rows[] = "qwertyuiop asdfghjkl zxcvbnm 1234567890";

	if (b == a || b == a + 1 || b + 1 == a)
		return true;
	const char *key = memchr(rows, a | 0x20, sizeof(rows) - 1);
	return key && key[1] == (char)(b | 0x20);
}

/* Neighbours that are steps, in 3 of 4 places; or two rows in turn, "q1w2e3", in all. */
static bool is_sequence(struct rv_str v)
{
	size_t steps = 0;
	size_t at = 2;

	if (v.len < 3)
		return true;
	for (size_t i = 1; i < v.len; i++)
		steps += is_step(v.data[i - 1], v.data[i]);
	if (steps * 4 >= (v.len - 1) * 3)
		return true;
	while (at < v.len && is_step(v.data[at - 2] | 0x20, v.data[at] | 0x20))
		at++;
	return v.len >= 6 && at == v.len;
}

/* At most a quarter of the characters differ: "00000001", "abababab". */
static bool is_monotone(struct rv_str v)
{
	uint64_t seen[4] = {0};
	size_t kinds = 0;
	size_t len = v.len < 64 ? v.len : 64;

	for (size_t i = 0; i < len; i++) {
		uint64_t bit = UINT64_C(1) << (v.data[i] & 63);

		kinds += (seen[v.data[i] >> 6] & bit) == 0;
		seen[v.data[i] >> 6] |= bit;
	}
	return len >= 6 && kinds * 4 <= (len < 16 ? len : 16);
}

/* "p4$$w0rd" as "password"; empty: too long, or nothing was written so. */
static struct rv_str undisguise(struct rv_str v, uint8_t plain[PLACEHOLDER_MAX])
{
	static const char from[] = "013457@$!";
	static const char to[] = "oieastasi";
	bool is_changed = false;

	if (v.len > PLACEHOLDER_MAX)
		return RV_STR_NONE;
	for (size_t i = 0; i < v.len; i++) {
		const char *at = memchr(from, v.data[i], sizeof(from) - 1);
		bool is_sign = at && i > 0 && i + 1 < v.len;

		plain[i] = is_sign ? (uint8_t)to[at - from] : v.data[i];
		is_changed |= is_sign;
	}
	return is_changed ? (struct rv_str){plain, v.len} : RV_STR_NONE;
}

bool rv_value_is_disguised_word(struct rv_str v)
{
	uint8_t plain[PLACEHOLDER_MAX];
	struct rv_str word = undisguise(v, plain);

	return word.len > 0 && (rv_words_cover(word) >= 85 || rv_wordlist_within(telling, word));
}

struct rv_str rv_value_decode(struct rv_str v, uint8_t *plain, size_t room)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t made = 0;

	if (v.len > room || v.len < CODED_MIN)
		return RV_STR_NONE;
	for (size_t i = 0; i < v.len && v.data[i] != '='; i++) {
		int digit = rv_base64_digit(v.data[i]);

		if (digit < 0)
			return RV_STR_NONE;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		uint8_t c = (uint8_t)(bits >> have);

		if (c >= 0x7f || (c < ' ' && c != '\n' && c != '\r'))
			return RV_STR_NONE;
		plain[made++] = c;
	}
	return (struct rv_str){plain, made};
}

/* "dXNlcjpwYXNzd29yZA==": base64 of nothing but fillers, of words alone or of a row; or of a line
 * that holds a telling word. */
bool rv_value_is_coded_filler(struct rv_str v)
{
	uint8_t plain[PLACEHOLDER_MAX];
	struct rv_str text = rv_value_decode(v, plain, sizeof(plain));

	if (text.len == 0)
		return false;
	bool is_line = text.data[text.len - 1] == '\n';

	return is_filler(text) || is_sequence(text) || rv_words_cover(text) >= 85 ||
	       (is_line && rv_wordlist_within(telling, text));
}

bool rv_value_login(struct rv_str v, uint8_t plain[RV_LOGIN_MAX], struct rv_login *out)
{
	struct rv_str text = rv_value_decode(v, plain, RV_LOGIN_MAX);
	const uint8_t *colon = text.len ? memchr(text.data, ':', text.len) : NULL;

	if (!colon)
		return false;
	out->user = (struct rv_str){text.data, (size_t)(colon - text.data)};
	out->password = (struct rv_str){colon + 1, text.len - out->user.len - 1};
	return true;
}

bool rv_value_is_filler(struct rv_str v)
{
	uint8_t plain[RV_LOGIN_MAX];
	struct rv_login login;

	return is_filler(v) || (rv_value_login(v, plain, &login) && is_filler(login.password));
}

bool rv_value_is_chosen(struct rv_str v)
{
	size_t letters = 0;
	size_t digits = 0;
	size_t signs = 0;

	if (v.len < CHOSEN_MIN || v.len > CHOSEN_MAX || !rv_is_letter(v.data[0]))
		return false;
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		letters += rv_is_letter(c);
		digits += rv_is_digit(c);
		signs += c && strchr("!@#$%^&*?+~", c);
	}
	return letters >= 3 && digits > 0 && signs > 0 && letters + digits + signs == v.len &&
	       !rv_wordlist_within(asking, v);
}

/* What no letter begins: "-here", "....", "****", digits in a row. */
static bool has_telling_sign(struct rv_str v)
{
	static const char *const signs[] = {"-here",   "_here",	  "_pass",   "_key",
					    "-key",    "_auth",	  "...",     "****",
					    "0000000", "1234567", "00010203"};

	for (size_t i = 0; i + 3 < v.len; i++) {
		if (!strchr("-_.*01", v.data[i]))
			continue;
		for (size_t k = 0; k < RV_LEN(signs); k++) {
			if (rv_says_at(v, i, signs[k]))
				return true;
		}
	}
	return false;
}

uint64_t rv_value_placeholder(struct rv_str value)
{
	uint64_t bits = 0;

	uint8_t plain[PLACEHOLDER_MAX];

	if (is_filler(value))
		bits |= RV_BIT(PLACEHOLDER);
	else if (is_filler(undisguise(value, plain)))
		bits |= RV_BIT(HOLDS_PLACEHOLDER);
	if (value.len <= TELLING_MAX &&
	    (rv_wordlist_within(telling, value) || has_telling_sign(value)))
		bits |= RV_BIT(HOLDS_PLACEHOLDER);
	if (is_sequence(value) || is_monotone(value))
		bits |= RV_BIT(SEQUENCE);
	return bits;
}
