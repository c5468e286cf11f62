/* scan: values as words. Not here: words that stand for "put yours here" (value.c). */
#include "agent/scan/rarity.h"

#include <pthread.h>
#include <string.h>

#include "policies/rarity/words.inc"

#define WORD_MIN 3
#define WORD_MAX 12
#define RUN_MAX	 64
#define LETTERS	 ((size_t)26)

static const struct {
	const char *text;
	size_t count;
} by_length[] = {
	{NULL, 0},
	{NULL, 0},
	{NULL, 0},
	{words_3[0], RV_LEN(words_3)},
	{words_4[0], RV_LEN(words_4)},
	{words_5[0], RV_LEN(words_5)},
	{words_6[0], RV_LEN(words_6)},
	{words_7[0], RV_LEN(words_7)},
	{words_8[0], RV_LEN(words_8)},
	{words_9[0], RV_LEN(words_9)},
	{words_10[0], RV_LEN(words_10)},
	{words_11[0], RV_LEN(words_11)},
	{words_12[0], RV_LEN(words_12)},
};

static bool is_word(const char *text, size_t len)
{
	size_t low = 0;
	size_t high = by_length[len].count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = memcmp(text, by_length[len].text + mid * len, len);

		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

/* How long the longest word is that begins with three letters; 0: none does. */
static uint8_t longest[LETTERS * LETTERS * LETTERS];
static pthread_once_t longest_once = PTHREAD_ONCE_INIT;

static size_t begin_of(const char *text)
{
	return ((size_t)(text[0] - 'a') * LETTERS + (size_t)(text[1] - 'a')) * LETTERS +
	       (size_t)(text[2] - 'a');
}

static void fill_longest(void)
{
	for (size_t len = WORD_MIN; len <= WORD_MAX; len++) {
		for (size_t n = 0; n < by_length[len].count; n++)
			longest[begin_of(by_length[len].text + n * len)] = (uint8_t)len;
	}
}

/* Letters of one run without a change of case that words cover, longest word first. */
static unsigned cover_run(const char *run, size_t len)
{
	unsigned covered = 0;
	size_t at = 0;

	while (at + WORD_MIN <= len) {
		size_t most = longest[begin_of(run + at)];
		size_t take = len - at < most ? len - at : most;

		while (take >= WORD_MIN && !is_word(run + at, take))
			take--;
		if (take < WORD_MIN) {
			at++;
			continue;
		}
		/* A short word in the midst of other letters is chance, not meaning. */
		if (take > WORD_MIN || len <= WORD_MIN + 1)
			covered += (unsigned)take;
		at += take;
	}
	return covered;
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

unsigned rv_words_cover(struct rv_str value)
{
	char run[RUN_MAX] = {0};
	size_t run_len = 0;
	unsigned letters = 0;
	unsigned covered = 0;

	(void)pthread_once(&longest_once, fill_longest); /* cannot fail */
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];
		bool upper = c >= 'A' && c <= 'Z';
		bool starts = upper && i > 0 && value.data[i - 1] >= 'a';

		if (!is_letter(c) || starts || run_len == RUN_MAX) {
			covered += cover_run(run, run_len);
			run_len = 0;
		}
		if (!is_letter(c))
			continue;
		run[run_len++] = (char)(c | 0x20);
		letters++;
	}
	covered += cover_run(run, run_len);
	return letters ? covered * 100 / letters : 0;
}
