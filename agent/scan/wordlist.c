/* scan: looking up words. Not here: the lists. */
#include "agent/scan/wordlist.h"

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The words that may begin with this byte; NULL: none. */
static inline const char *words_of(rv_wordlist list, uint8_t first)
{
	unsigned letter = (first | 0x20U) - (unsigned)'a';

	return letter < RV_WORDLIST_LETTERS ? list[letter] : NULL;
}

/* Length of the longest of the words. */
static size_t longest_at(const char *words, struct rv_str text, size_t at)
{
	size_t best = 0;

	for (const char *word = words + 1; *word;) {
		size_t len = 1; /* the first letter is known to fit */

		while (word[len] != ' ' && at + len < text.len &&
		       fold(text.data[at + len]) == (uint8_t)word[len])
			len++;
		if (word[len] == ' ' && len > best)
			best = len;
		while (*word++ != ' ')
			;
	}
	return best;
}

size_t rv_wordlist_at(rv_wordlist list, struct rv_str text, size_t at)
{
	const char *words = at < text.len ? words_of(list, text.data[at]) : NULL;

	return words ? longest_at(words, text, at) : 0;
}

bool rv_wordlist_within(rv_wordlist list, struct rv_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *words = words_of(list, text.data[i]);

		if (words && longest_at(words, text, i))
			return true;
	}
	return false;
}
