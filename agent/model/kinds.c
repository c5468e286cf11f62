/* model: names of the closed word lists. Not here: what the words mean (docs/states.md). */
#include "agent/model/kinds.h"

struct word {
	unsigned number;
	const char *text;
};

#define WORD(symbol, number, text) {number, text},

static const char *name_of(const struct word *words, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].number == number)
			return words[i].text;
	}
	return "invalid";
}

static unsigned number_of(const struct word *words, size_t count, struct rv_str name)
{
	for (size_t i = 0; i < count; i++) {
		if (rv_str_is(name, words[i].text))
			return words[i].number;
	}
	return 0;
}

#define WORD_LIST(noun, LIST)                                               \
	static const struct word noun##_words[] = {LIST(WORD)};             \
	const char *rv_##noun##_name(unsigned n)                            \
	{                                                                   \
		return name_of(noun##_words, RV_LEN(noun##_words), n);      \
	}                                                                   \
	unsigned rv_##noun##_of(struct rv_str name)                         \
	{                                                                   \
		return number_of(noun##_words, RV_LEN(noun##_words), name); \
	}

WORD_LIST(kind, RV_KINDS)
WORD_LIST(skip, RV_SKIPS)
WORD_LIST(alg, RV_ALGS)
WORD_LIST(grade, RV_GRADES)
WORD_LIST(outcome, RV_OUTCOMES)
WORD_LIST(ownership, RV_OWNERSHIPS)
WORD_LIST(life, RV_LIVES)
WORD_LIST(hold, RV_HOLDS)
