/* sweep: what a finding is, without line or commit: "rv1:" and 32 hexadecimal digits of
 * HMAC-SHA-256 under a salt over the rule's id, a zero byte and the value. A value that could be
 * guessed (below RV_IDENTITY_WEAK_BITS) first goes through scrypt, N=2^14 r=8 p=1 (about 40 ms,
 * once for a value and run). It resists guessing; it is not secret
 * (docs/decisions/finding-identity.md). Not here: where the salt is kept (baseline.h). */
#pragma once

#include "agent/scan/rule.h"

#define RV_IDENTITY_TEXT      40 /* 37 with the NUL */
#define RV_IDENTITY_SALT      32
#define RV_IDENTITY_WEAK_BITS 64
/* Distinct weak values of one run that go through scrypt, some three minutes of one processor; and
 * how many at once, of 16 MiB each. */
#define RV_IDENTITY_SLOW_MAX 4096
#define RV_IDENTITY_AT_ONCE  8

struct rv_identity;
/* salt NULL: there is no baseline. Then strong values are told under a salt that everybody knows,
 * so that they are the same in every run and place, and weak ones under a random one of this run.
 * So are weak ones past RV_IDENTITY_SLOW_MAX: they have a name, by which no baseline knows them and
 * nobody can guess them. May be shared by threads; each value is derived once. */
RV_NODISCARD rv_status rv_identity_new(const uint8_t salt[RV_IDENTITY_SALT],
				       struct rv_identity **out);
void rv_identity_free(struct rv_identity *identity);
void rv_identity_freep(struct rv_identity **identity);
/* Fewer than RV_IDENTITY_SLOW_MAX; before it is used. */
void rv_identity_limit(struct rv_identity *identity, size_t slow_max);
/* Was a value told under the salt of this run because there were too many? Any thread. */
bool rv_identity_is_spent(const struct rv_identity *identity);
/* Between two passes over the same values, while nobody asks. In the first those get a name first
 * that are asked for first, which is chance; in the second those whose keyed hash is least among
 * all of the first, so that it is the same ones in any order. False: there were not too many, and
 * no second pass is needed. */
bool rv_identity_choose(struct rv_identity *identity);
/* is_stable (may be NULL): another run gives the same. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_identity_of(struct rv_identity *identity, const struct rv_rule *rule,
				      struct rv_str value, char out[RV_IDENTITY_TEXT],
				      bool *out_is_stable);
/* How many bits a guesser would have to guess, roughly and rather too few: Shannon's entropy times
 * length, half of it when the value reads like words. */
unsigned rv_identity_bits(struct rv_str value);
/* Has it the form of a fingerprint: "rv1:" and 32 lower-case hexadecimal digits? */
bool rv_identity_is_text(struct rv_str text);
