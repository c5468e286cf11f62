/* base: what a message says of a word of a file: the word, and "did you mean". Not here: which
 * words are known. */
#include "agent/base/yaml.h"

#define WORD_MAX     64
#define DISTANCE_MAX 2

static const char not_shown[] = "(not shown)";

/* The length of the plain name that stands here; 0: none, or a longer one. */
static size_t plain_len(const char *text, size_t max)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "_.-");

	return len <= max ? len : 0;
}

const char *rv_yaml_quoted(const char *got)
{
	size_t len = plain_len(got, RV_YAML_QUOTED_MAX);

	return len > 0 && got[len] == '\0' ? got : not_shown;
}

const char *rv_yaml_path_quoted(const char *got)
{
	const char *at = got;

	if (strlen(got) > RV_YAML_PATH_QUOTED_MAX)
		return not_shown;
	do {
		at += *at == '/';
		size_t len = plain_len(at, WORD_MAX);

		if (len == 0 || (at[len] != '/' && at[len] != '\0'))
			return not_shown;
		at += len;
	} while (*at);
	return got;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Levenshtein with one row; words of at most WORD_MAX bytes. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);

			diagonal = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

const char *rv_suggest(const char *got, const char *const *words)
{
	const char *best = NULL;
	unsigned best_distance = DISTANCE_MAX + 1;
	size_t got_len = strlen(got);

	if (got_len == 0 || got_len > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		size_t len = strlen(*words);
		unsigned d = len <= WORD_MAX ? distance(got, got_len, *words, len) : UINT32_MAX;

		/* A word that would be changed whole is not near. */
		if (d < best_distance && d < got_len) {
			best = *words;
			best_distance = d;
		}
	}
	return best;
}
