/* scan: values that their makers print in their own documentation, or build into an emulator, for
 * everybody to see. Kept as digests: the values do not lie in our tree. Not here: words that people
 * put there (value_words.h). */
#pragma once

#include "agent/base/buf.h"

/* Is it one of them, or a token of parts joined by dots that ends in one (a JSON Web Token with the
 * signature of another cannot be valid)? Costs a SHA-256: ask last. */
bool rv_value_is_published(struct rv_str value);
