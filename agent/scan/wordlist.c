/* scan: looking up words. Not here: the lists. */
#include "agent/scan/wordlist.h"

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

size_t rv_wordlist_at(rv_wordlist list, struct rv_str text, size_t at)
{
	unsigned letter = at < text.len ? fold(text.data[at]) - (unsigned)'a' : RV_WORDLIST_LETTERS;
	size_t best = 0;

	if (letter >= RV_WORDLIST_LETTERS || !list[letter])
		return 0;
	for (const char *word = list[letter] + 1; *word;) {
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

bool rv_wordlist_within(rv_wordlist list, struct rv_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (rv_wordlist_at(list, text, i))
			return true;
	}
	return false;
}
