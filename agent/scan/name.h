/* scan: the name a value is given: does it say that the value is a secret? Not here: finding name
 * and value (assign.h). */
#pragma once

#include "agent/scan/assign.h"

/* May a name go on like this after the keyword? One look at the byte behind it: "passed", "author",
 * "keyboard" and "tokenizer" end here. */
bool rv_name_may_go_on(unsigned family, const uint8_t *after, size_t len);

/* Of a name before a bracket: does the call ask for a secret, or do something with one? */
bool rv_name_is_asking(struct rv_str name, size_t key_at, size_t key_end);

/* `key_at` and `key_len`: the keyword in the name. False: the name is of something else
 * ("token_type", "public_key"). Else adds NAME_ bits and tells the kind. */
bool rv_name_judge(struct rv_str name, size_t key_at, size_t key_len, unsigned family,
		   uint64_t *out_bits, uint8_t *out_kind);
