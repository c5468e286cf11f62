/* scan: names as words. Not here: values. */
#include "agent/scan/name.h"

#include "agent/scan/name_words.h"
#include "agent/scan/value_private.h"

/* How a keyword may go on in the same word, by family; a word that goes on otherwise is another. */
static const char *const endings[][14] = {
	[RV_FAMILY_PASSWORD] = {"words", "word", "wds", "wd", "phrases", "phrase", "wort", "code",
				"w"},
	[RV_FAMILY_SECRET] = {"s", "key", "token", "access"},
	[RV_FAMILY_TOKEN] = {"s", "secret", "key", "value"},
	[RV_FAMILY_KEY] = {"s", "secret", "pass", "value", "data"},
	[RV_FAMILY_AUTH] = {"orization", "entication", "token", "key", "pass", "secret", "code",
			    "s"},
	[RV_FAMILY_CREDENTIAL] = {"entials", "ential", "s"},
	[RV_FAMILY_SALT] = {"s"},
};

#define WORD_MAX 24

/* The word of `name` that ends before `end`, small letters, between blanks; its start is returned.
 */
static size_t word_before(struct rv_str name, size_t end, char out[WORD_MAX + 3])
{
	size_t start = end;

	while (start > 0 &&
	       (rv_is_letter(name.data[start - 1]) || rv_is_digit(name.data[start - 1]))) {
		start--;
		bool begins = rv_is_upper(name.data[start]) &&
			      (start == 0 || !rv_is_upper(name.data[start - 1]));

		if (begins)
			break;
	}
	size_t len = end - start < WORD_MAX ? end - start : WORD_MAX;

	out[0] = ' ';
	for (size_t i = 0; i < len; i++) {
		uint8_t c = name.data[end - len + i];

		out[i + 1] = (char)(rv_is_upper(c) ? c | 0x20 : c);
	}
	out[len + 1] = ' ';
	out[len + 2] = '\0';
	return start;
}

static bool is_listed(rv_wordlist list, const char *word)
{
	return rv_wordlist_has(list, word);
}

/* Calls that ask for a secret or do something with it; what they are given is another thing. */
bool rv_name_is_asking(struct rv_str name, size_t key_at, size_t key_end)
{
	char word[WORD_MAX + 3];
	size_t start = 0;

	if (key_end - key_at == 4 && rv_says_at(name, key_at, "pass") && key_end == name.len &&
	    key_at > 0)
		return !rv_says(name, "set") &&
		       !rv_says(name, "with"); /* "t.pass(", "ANALYSIS_PASS(" */
	/* A method of it, "password.sendKeys(", not "token.decode(" */
	for (size_t i = key_end; i < name.len; i++) {
		if (name.data[i] == '.')
			return !rv_says_at(name, i, ".sendkeys") && !rv_says_at(name, i, ".set") &&
			       !rv_says_at(name, i, ".fill") && !rv_says_at(name, i, ".type") &&
			       !rv_says_at(name, i, ".val");
	}
	for (size_t i = 0; i < key_at; i++) {
		if (name.data[i] == '.')
			start = i + 1;
	}
	size_t end = start;

	while (end < key_at && rv_is_letter(name.data[end]) &&
	       (end == start || !rv_is_upper(name.data[end])))
		end++;
	if (end == start)
		return false;
	word_before(name, end, word);
	return is_listed(asking_verbs, word);
}

/* A run of letters without a join, as "apikey" before "key": does it end with a listed word? */
static bool ends_listed(rv_wordlist list, const char *word)
{
	char tail[WORD_MAX + 3];
	size_t len = strlen(word);

	for (size_t i = 1; i + 3 < len; i++) {
		tail[0] = ' ';
		memcpy(tail + 1, word + i, len - i + 1);
		if (rv_wordlist_has(list, tail))
			return true;
	}
	return false;
}

static bool any_word_listed(struct rv_str name, rv_wordlist list)
{
	char word[WORD_MAX + 3];
	size_t end = name.len;

	while (end > 0) {
		size_t start = word_before(name, end, word);

		if (is_listed(list, word))
			return true;
		end = start < end ? start : end - 1;
	}
	return false;
}

/* Bytes of `rest` that still belong to the keyword's word; SIZE_MAX when it is another word. */
static size_t ending_len(struct rv_str rest, unsigned family, bool is_upper)
{
	for (size_t i = 0; i < RV_LEN(endings[family]) && endings[family][i]; i++) {
		size_t len = strlen(endings[family][i]);

		if (!rv_says_at(rest, 0, endings[family][i]))
			continue;
		bool more = len < rest.len && rv_is_letter(rest.data[len]) &&
			    rv_is_upper(rest.data[len]) == is_upper;

		/* "password" goes on as it likes ("passwordhash"); the others do not. */
		if (!more || len >= 4)
			return len;
	}
	if (rest.len == 0 || !rv_is_letter(rest.data[0]) || rv_is_upper(rest.data[0]) != is_upper)
		return 0;
	return SIZE_MAX;
}

/* Bare "pass" and "key" at the end of another word: "bypass", "monkey". */
static bool head_fits(struct rv_str name, size_t key_at, unsigned family, bool has_ending)
{
	char word[WORD_MAX + 3];

	if (key_at == 0 || !rv_is_letter(name.data[key_at - 1]) || has_ending)
		return true;
	if (rv_is_upper(name.data[key_at]) && rv_is_lower(name.data[key_at - 1]))
		return true;
	word_before(name, key_at, word);
	if (family == RV_FAMILY_PASSWORD)
		return !is_listed(pass_heads, word);
	if (family == RV_FAMILY_KEY)
		return ends_listed(key_heads_secret, word) || is_listed(key_heads_secret, word);
	if (family == RV_FAMILY_AUTH)
		return is_listed(auth_heads, word);
	return true;
}

/* Words behind the keyword: the last says what the value is. False: no secret. */
static bool tail_fits(struct rv_str name, size_t end, uint64_t *bits)
{
	char word[WORD_MAX + 3];
	struct rv_str tail = {name.data + end, name.len - end};
	size_t stop = tail.len;

	while (stop > 0 && (rv_is_digit(tail.data[stop - 1]) || !rv_is_letter(tail.data[stop - 1])))
		stop--;
	if (stop == 0) {
		*bits |= RV_BIT(NAME_LAST);
		return true;
	}
	tail.len = stop;
	word_before(tail, stop, word);
	if (is_listed(other_tails, word) || ends_listed(run_on_tails, word))
		return false;
	if (is_listed(same_tails, word))
		*bits |= RV_BIT(NAME_LAST);
	else if (!is_listed(near_tails, word))
		*bits |= RV_BIT(NAME_OTHER);
	return true;
}

static bool key_fits(struct rv_str name, size_t key_at, unsigned family, uint64_t *bits)
{
	char word[WORD_MAX + 3];
	size_t end = key_at;

	while (end > 0 && !rv_is_letter(name.data[end - 1]))
		end--;
	word_before(name, end, word);
	if (family == RV_FAMILY_TOKEN)
		return !is_listed(token_heads_other, word);
	if (family != RV_FAMILY_KEY)
		return true;
	if (is_listed(key_heads_secret, word) || ends_listed(key_heads_secret, word)) {
		*bits = (*bits & ~RV_BIT(NAME_KEY)) | RV_BIT(NAME_API_KEY);
		return true;
	}
	return !is_listed(key_heads_other, word);
}

static uint64_t family_bit(unsigned family, uint8_t *kind)
{
	static const struct {
		uint64_t bit;
		uint8_t kind;
	} of[] = {
		[RV_FAMILY_PASSWORD] = {RV_BIT(NAME_PASSWORD), RV_KIND_PASSWORD},
		[RV_FAMILY_SECRET] = {RV_BIT(NAME_SECRET), RV_KIND_API_KEY},
		[RV_FAMILY_TOKEN] = {RV_BIT(NAME_TOKEN), RV_KIND_TOKEN},
		[RV_FAMILY_KEY] = {RV_BIT(NAME_KEY), RV_KIND_API_KEY},
		[RV_FAMILY_AUTH] = {RV_BIT(NAME_AUTH), RV_KIND_TOKEN},
		[RV_FAMILY_CREDENTIAL] = {RV_BIT(NAME_CREDENTIAL), RV_KIND_PASSWORD},
		[RV_FAMILY_SALT] = {RV_BIT(NAME_SALT), RV_KIND_API_KEY},
	};

	*kind = of[family].kind;
	return of[family].bit;
}

bool rv_name_judge(struct rv_str name, size_t key_at, size_t key_len, unsigned family,
		   uint64_t *out_bits, uint8_t *out_kind)
{
	size_t end = key_at + key_len;
	bool is_upper = rv_is_upper(name.data[end - 1]);
	size_t more =
		ending_len((struct rv_str){name.data + end, name.len - end}, family, is_upper);

	if (more == SIZE_MAX || !head_fits(name, key_at, family, more > 1))
		return false;
	uint8_t kind;
	uint64_t bits = family_bit(family, &kind);

	end += more;
	if (any_word_listed(name, no_secrets))
		return false;
	if (!tail_fits(name, end, &bits) || !key_fits(name, key_at, family, &bits))
		return false;
	if (key_at == 0 && end == name.len)
		bits |= RV_BIT(NAME_EXACT);
	if (any_word_listed(name, about))
		bits = (bits & ~(RV_BIT(NAME_LAST) | RV_BIT(NAME_EXACT))) | RV_BIT(NAME_OTHER);
	if (any_word_listed(name, unreal))
		bits |= RV_BIT(NAME_UNREAL);
	*out_bits |= bits;
	*out_kind = kind;
	return true;
}
