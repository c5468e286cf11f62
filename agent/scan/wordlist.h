/* scan: lists of small words written out by their first letter, so that looking one up touches a
 * few dozen bytes. Not here: the lists. */
#pragma once

#include "agent/base/buf.h"

/* A list: for each letter from 'a' on the words that begin with it, a blank before and behind each;
 * NULL where there is none. Words are of small letters, digits and signs. */
#define RV_WORDLIST_LETTERS 26
typedef const char *const rv_wordlist[RV_WORDLIST_LETTERS];

/* Is the word (" word ", blanks and all) in the list? */
static inline bool rv_wordlist_has(rv_wordlist list, const char *word)
{
	unsigned letter = (unsigned char)word[1] - (unsigned)'a';

	return letter < RV_WORDLIST_LETTERS && list[letter] && strstr(list[letter], word) != NULL;
}

/* Length of the longest word of the list that text goes on with at `at` (capitals folded), or 0. */
size_t rv_wordlist_at(rv_wordlist list, struct rv_str text, size_t at);
/* Does the text hold a word of the list, anywhere? */
bool rv_wordlist_within(rv_wordlist list, struct rv_str text);
