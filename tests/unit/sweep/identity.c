/* tests: the identity of a finding: stable under a salt, apart by rule and value. Values are made.
 */
#include "agent/sweep/identity.h"

#include "agent/base/digest.h"
#include "tests/support/unit.h"

#include <pthread.h>

static const struct rv_rule one = {.id = "one"};
static const struct rv_rule two = {.id = "two"};
static const uint8_t salt[RV_IDENTITY_SALT] = {1, 2, 3};

/* 48 characters that look random and are not. */
static struct rv_str strong(char out[49])
{
	uint64_t seed = 7;

	for (size_t i = 0; i < 48; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1;
		out[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[(seed >>
											   33) %
											  62];
	}
	out[48] = '\0';
	return (struct rv_str){(const uint8_t *)out, 48};
}

static void of(struct rv_identity *identity, const struct rv_rule *rule, struct rv_str value,
	       char out[RV_IDENTITY_TEXT], bool *is_stable)
{
	assert_ok(rv_identity_of(identity, rule, value, out, is_stable));
	assert_int_equal(strlen(out), 36);
	assert_memory_equal(out, "rv1:", 4);
}

static void differs_by_rule_value_and_salt(void **state)
{
	static const uint8_t other[RV_IDENTITY_SALT] = {9};
	RV_CLEANUP(rv_identity_freep) struct rv_identity *a = NULL;
	RV_CLEANUP(rv_identity_freep) struct rv_identity *b = NULL;
	RV_CLEANUP(rv_identity_freep) struct rv_identity *again = NULL;
	char text[49], prints[6][RV_IDENTITY_TEXT];
	bool is_stable = false;

	(void)state;
	assert_ok(rv_identity_new(salt, &a));
	assert_ok(rv_identity_new(other, &b));
	assert_ok(rv_identity_new(salt, &again));
	of(a, &one, strong(text), prints[0], &is_stable);
	assert_true(is_stable);
	of(a, &two, strong(text), prints[1], NULL);
	of(b, &one, strong(text), prints[2], NULL);
	of(a, &one, RV_STR_LIT("weak pass"), prints[3], &is_stable);
	assert_true(is_stable);
	of(b, &one, RV_STR_LIT("weak pass"), prints[4], NULL);
	of(a, &one, RV_STR_NONE, prints[5], NULL);
	for (size_t i = 0; i < RV_LEN(prints); i++) {
		for (size_t k = i + 1; k < RV_LEN(prints); k++)
			assert_string_not_equal(prints[i], prints[k]);
	}
	of(again, &one, strong(text), prints[1], NULL);
	assert_string_equal(prints[0], prints[1]);
	of(again, &one, RV_STR_LIT("weak pass"), prints[1], NULL);
	assert_string_equal(prints[3], prints[1]);
	of(a, &one, RV_STR_LIT("weak pass"), prints[1], NULL); /* remembered */
	assert_string_equal(prints[3], prints[1]);
}

static void is_an_hmac_for_strong_values_and_not_for_weak_ones(void **state)
{
	RV_CLEANUP(rv_identity_freep) struct rv_identity *identity = NULL;
	char text[49], print[RV_IDENTITY_TEXT], hex[65];
	char message[64] = "one";

	(void)state;
	assert_ok(rv_identity_new(salt, &identity));
	memcpy(message + 4, strong(text).data, 48);
	struct rv_digest digest = rv_hmac_sha256(salt, sizeof(salt), message, 52);
	rv_hex(digest.bytes, 16, hex);
	of(identity, &one, strong(text), print, NULL);
	assert_string_equal(print + 4, hex);
	memcpy(message + 4, "summer", 6);
	digest = rv_hmac_sha256(salt, sizeof(salt), message, 10);
	rv_hex(digest.bytes, 16, hex);
	of(identity, &one, RV_STR_LIT("summer"), print, NULL);
	assert_string_not_equal(print + 4, hex);
}

static void tells_weak_values_apart_from_run_to_run_without_a_baseline(void **state)
{
	RV_CLEANUP(rv_identity_freep) struct rv_identity *a = NULL;
	RV_CLEANUP(rv_identity_freep) struct rv_identity *b = NULL;
	char text[49], first[RV_IDENTITY_TEXT], second[RV_IDENTITY_TEXT];
	bool is_stable = true;

	(void)state;
	assert_ok(rv_identity_new(NULL, &a));
	assert_ok(rv_identity_new(NULL, &b));
	of(a, &one, RV_STR_LIT("summer2026"), first, &is_stable);
	assert_false(is_stable);
	of(b, &one, RV_STR_LIT("summer2026"), second, NULL);
	assert_string_not_equal(first, second);
	of(a, &one, strong(text), first, &is_stable);
	assert_true(is_stable);
	of(b, &one, strong(text), second, NULL);
	assert_string_equal(first, second);
}

/* Past the limit a finding keeps a name of its own, under the salt of the run. */
static void tells_what_is_past_the_limit_under_a_salt_of_the_run(void **state)
{
	RV_CLEANUP(rv_identity_freep) struct rv_identity *a = NULL;
	RV_CLEANUP(rv_identity_freep) struct rv_identity *b = NULL;
	char text[49], known[RV_IDENTITY_TEXT], prints[4][RV_IDENTITY_TEXT],
		again[RV_IDENTITY_TEXT];
	bool is_stable = true;

	(void)state;
	assert_ok(rv_identity_new(salt, &a));
	assert_ok(rv_identity_new(salt, &b));
	rv_identity_limit(a, 1);
	rv_identity_limit(b, 0);
	of(a, &one, RV_STR_LIT("summer"), known, &is_stable);
	assert_true(is_stable);
	assert_false(rv_identity_is_spent(a));
	of(a, &one, RV_STR_LIT("winter"), prints[0], &is_stable);
	assert_false(is_stable);
	assert_true(rv_identity_is_spent(a));
	of(a, &two, RV_STR_LIT("winter"), prints[1], &is_stable);
	of(a, &one, RV_STR_LIT("autumn"), prints[2], &is_stable);
	assert_false(is_stable);
	of(b, &one, RV_STR_LIT("winter"), prints[3], &is_stable);
	assert_false(is_stable);
	for (size_t i = 0; i < RV_LEN(prints); i++) {
		for (size_t k = i + 1; k < RV_LEN(prints); k++)
			assert_string_not_equal(prints[i], prints[k]);
	}
	of(a, &one, RV_STR_LIT("winter"), again, NULL); /* the same within a run */
	assert_string_equal(again, prints[0]);
	/* What is known stays known, and strong values have no limit. */
	of(a, &one, RV_STR_LIT("summer"), again, &is_stable);
	assert_string_equal(again, known);
	assert_true(is_stable);
	of(a, &one, strong(text), again, &is_stable);
	assert_true(is_stable);
}

/* Never the fast hash under the salt that lies in the baseline. */
static void is_no_hmac_under_the_salt_past_the_limit(void **state)
{
	RV_CLEANUP(rv_identity_freep) struct rv_identity *identity = NULL;
	char print[RV_IDENTITY_TEXT], hex[65];
	struct rv_digest digest = rv_hmac_sha256(salt, sizeof(salt), "one\0summer", 10);

	(void)state;
	assert_ok(rv_identity_new(salt, &identity));
	rv_identity_limit(identity, 0);
	rv_hex(digest.bytes, 16, hex);
	of(identity, &one, RV_STR_LIT("summer"), print, NULL);
	assert_string_not_equal(print + 4, hex);
}

struct asking {
	struct rv_identity *identity;
	char prints[6][RV_IDENTITY_TEXT];
	bool is_stable[6];
	rv_status status;
};

static void *ask_all(void *user)
{
	static const char *const words[6] = {"spring", "summer", "autumn",
					     "winter", "monday", "sunday"};
	struct asking *a = user;

	for (size_t i = 0; i < RV_LEN(words) && rv_is_ok(a->status); i++)
		a->status = rv_identity_of(a->identity, &one, rv_str_of(words[i]), a->prints[i],
					   &a->is_stable[i]);
	return NULL;
}

/* Each value is counted once, whoever asks first. */
static void threads_agree_and_spend_the_limit_once(void **state)
{
	RV_CLEANUP(rv_identity_freep) struct rv_identity *identity = NULL;
	struct asking asking[4];
	pthread_t threads[4];

	(void)state;
	assert_ok(rv_identity_new(salt, &identity));
	rv_identity_limit(identity, 6);
	for (size_t i = 0; i < RV_LEN(threads); i++) {
		asking[i] = (struct asking){.identity = identity, .status = RV_OK};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_all, &asking[i]), 0);
	}
	for (size_t i = 0; i < RV_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_ok(asking[i].status);
	}
	assert_false(rv_identity_is_spent(identity));
	for (size_t i = 0; i < RV_LEN(asking); i++) {
		for (size_t k = 0; k < 6; k++) {
			assert_string_equal(asking[i].prints[k], asking[0].prints[k]);
			assert_true(asking[i].is_stable[k]);
		}
	}
}

/* Which ones are derived is the same, whoever was asked for first in the first pass. */
static void chooses_the_same_values_in_any_order(void **state)
{
	static const char *const words[6] = {"spring", "summer", "autumn",
					     "winter", "monday", "sunday"};
	bool chosen[6] = {0};

	(void)state;
	for (size_t first = 0; first < 6; first++) {
		RV_CLEANUP(rv_identity_freep) struct rv_identity *identity = NULL;
		char print[RV_IDENTITY_TEXT];
		bool is_stable = false;
		size_t count = 0;

		assert_ok(rv_identity_new(salt, &identity));
		rv_identity_limit(identity, 2);
		assert_false(rv_identity_choose(identity)); /* none was too many */
		for (size_t i = 0; i < 12; i++)
			of(identity, &one, rv_str_of(words[(first + i) % 6]), print, &is_stable);
		assert_true(rv_identity_choose(identity));
		assert_false(rv_identity_choose(identity));
		for (size_t i = 0; i < 6; i++) {
			of(identity, &one, rv_str_of(words[i]), print, &is_stable);
			assert_true(first == 0 || is_stable == chosen[i]);
			chosen[i] = is_stable;
			count += is_stable;
		}
		assert_int_equal(count, 2);
	}
}

static void calls_weak_what_people_choose(void **state)
{
	static const char *const weak[] = {"",
					   "hunter2",
					   "Summer2026!",
					   "correcthorsebatterystaple",
					   "the quick brown fox jumps",
					   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
					   "1234567890123456789"};
	char text[49];

	(void)state;
	for (size_t i = 0; i < RV_LEN(weak); i++)
		assert_true(rv_identity_bits(rv_str_of(weak[i])) < RV_IDENTITY_WEAK_BITS);
	assert_true(rv_identity_bits(strong(text)) >= RV_IDENTITY_WEAK_BITS);
	assert_true(rv_identity_bits((struct rv_str){strong(text).data, 24}) >=
		    RV_IDENTITY_WEAK_BITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differs_by_rule_value_and_salt),
		cmocka_unit_test(is_an_hmac_for_strong_values_and_not_for_weak_ones),
		cmocka_unit_test(tells_weak_values_apart_from_run_to_run_without_a_baseline),
		cmocka_unit_test(tells_what_is_past_the_limit_under_a_salt_of_the_run),
		cmocka_unit_test(is_no_hmac_under_the_salt_past_the_limit),
		cmocka_unit_test(threads_agree_and_spend_the_limit_once),
		cmocka_unit_test(chooses_the_same_values_in_any_order),
		cmocka_unit_test(calls_weak_what_people_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
