/* scan: a value by itself: is it a reference to something else, and how does it read? Not here:
 * where it stands (assign.h). */
#pragma once

#include "agent/base/buf.h"

#define RV_VALUE_MIN 4 /* shorter ones are no secrets */

/* A variable, template, call, path, address, type or "none": what stands where a value would, and
 * is none. `is_bare`: not quoted, so that names of variables count too. */
bool rv_value_is_reference(struct rv_str value, bool is_bare);

/* RV_BIT()s of assign_features.def that the value alone decides. */
uint64_t rv_value_features(struct rv_str value);

/* Nothing but words that people put where a password goes ("mypass"), or a login in base64 with
 * such a password ("user:password"). */
bool rv_value_is_filler(struct rv_str value);

/* Such words with digits and a sign behind or between, as people choose where digits and signs are
 * demanded ("Secret2024!"): a weak password, but where a configuration holds it one in use. Words
 * that ask for another value ("changeme", "your", "example") do not count. */
bool rv_value_is_chosen(struct rv_str value);

/* A password's hash as written in shadow, htpasswd and their like ("$6$..", "{SSHA}..", "*" + 40
 * hex digits): its length within the value, or 0. */
size_t rv_value_hash_len(struct rv_str value);
