/* tests: what reads like words and what does not. */
#include "agent/scan/rarity.h"
#include "tests/unit/scan/assign_look.h"

static void words_and_names_are_common(void **state)
{
	(void)state;
	static const char *const names[] = {"password",	       "connection",	"getUserName",
					    "secret_key_base", "Authorization", "application",
					    "request_token",   "default"};

	for (size_t i = 0; i < RV_LEN(names); i++) {
		if (rv_rarity(rv_str_of(names[i])) > 60)
			fail_msg("%s: %u", names[i], rv_rarity(rv_str_of(names[i])));
	}
}

static void made_values_are_rare(void **state)
{
	(void)state;
	char value[MADE_MAX];

	for (uint64_t seed = 1; seed <= 200; seed++) {
		make_value(MADE_ALNUM, 24, seed, value);
		if (rv_rarity(rv_str_of(value)) < 75)
			fail_msg("%s: %u", value, rv_rarity(rv_str_of(value)));
	}
}

static void nothing_costs_nothing_and_long_values_cost_what_their_start_does(void **state)
{
	(void)state;
	uint8_t text[RV_RARITY_MAX * 2];

	memset(text, 'q', sizeof(text));
	assert_int_equal(rv_rarity(RV_STR_NONE), 0);
	assert_int_equal(rv_rarity((struct rv_str){text, sizeof(text)}),
			 rv_rarity((struct rv_str){text, RV_RARITY_MAX}));
}

static void every_byte_has_a_cost(void **state)
{
	(void)state;
	uint8_t text[256];

	for (unsigned i = 0; i < 256; i++)
		text[i] = (uint8_t)i;
	for (size_t at = 0; at + 3 <= sizeof(text); at++)
		assert_true(rv_rarity((struct rv_str){text + at, 3}) <= 63 * 4 + 24);
}

static void words_cover_names_of_words_alone(void **state)
{
	(void)state;
	char value[MADE_MAX];

	assert_int_equal(rv_words_cover(rv_str_of("getUserName")), 100);
	assert_int_equal(rv_words_cover(rv_str_of("secret_key")), 100);
	assert_int_equal(rv_words_cover(rv_str_of("passwordfield")), 100);
	assert_int_equal(rv_words_cover(rv_str_of("")), 0);
	assert_int_equal(rv_words_cover(rv_str_of("12345")), 0);
	assert_true(rv_words_cover(rv_str_of(make_value(MADE_ALNUM, 40, 8, value))) < 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_names_are_common),
		cmocka_unit_test(made_values_are_rare),
		cmocka_unit_test(nothing_costs_nothing_and_long_values_cost_what_their_start_does),
		cmocka_unit_test(every_byte_has_a_cost),
		cmocka_unit_test(words_cover_names_of_words_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
