/* scan: the name a value is given: does it say that the value is a secret? Not here: finding name
 * and value (assign.h). */
#pragma once

#include "agent/scan/assign.h"
#include "agent/scan/value_private.h"

#define RV_LETTER(c) (UINT32_C(1) << ((c) - 'a'))

/* First bytes of those; a byte that is no small letter always may follow. */
static const uint32_t rv_first_letters[] = {
	[RV_FAMILY_PASSWORD] = RV_LETTER('w') | RV_LETTER('p') | RV_LETTER('c'),
	[RV_FAMILY_SECRET] = RV_LETTER('s') | RV_LETTER('k') | RV_LETTER('t') | RV_LETTER('a'),
	[RV_FAMILY_TOKEN] = RV_LETTER('s') | RV_LETTER('k') | RV_LETTER('v'),
	[RV_FAMILY_KEY] = RV_LETTER('s') | RV_LETTER('p') | RV_LETTER('v') | RV_LETTER('d'),
	[RV_FAMILY_AUTH] = RV_LETTER('o') | RV_LETTER('e') | RV_LETTER('t') | RV_LETTER('k') |
			   RV_LETTER('p') | RV_LETTER('s') | RV_LETTER('c'),
	[RV_FAMILY_CREDENTIAL] = RV_LETTER('e') | RV_LETTER('s'),
	[RV_FAMILY_SALT] = RV_LETTER('s'),
};

/* May a name go on like this after the keyword? One look at the byte behind it: "passed", "author",
 * "keyboard" and "tokenizer" end here. */
static inline bool rv_name_may_go_on(unsigned family, const uint8_t *after, size_t len)
{
	if (len == 0 || family > RV_FAMILY_SALT)
		return len > 0;
	uint8_t c = after[0];

	if (!rv_is_letter(c))
		return true;
	/* PASSWORD, passWord, apiKeyName: whether a capital begins a word is asked later. */
	return rv_is_upper(c) || (rv_first_letters[family] >> (c - 'a') & 1);
}

/* Of a name before a bracket: does the call ask for a secret, or do something with one? */
bool rv_name_is_asking(struct rv_str name, size_t key_at, size_t key_end);

/* `key_at` and `key_len`: the keyword in the name. False: the name is of something else
 * ("token_type", "public_key"). Else adds NAME_ bits and tells the kind. */
bool rv_name_judge(struct rv_str name, size_t key_at, size_t key_len, unsigned family,
		   uint64_t *out_bits, uint8_t *out_kind);
