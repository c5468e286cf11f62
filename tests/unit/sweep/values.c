/* tests: values that were found are known again in any text, and nothing else is. */
#include "agent/sweep/values.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define PLACES 64

struct places {
	size_t starts[PLACES], ends[PLACES];
	size_t count;
	bool is_whole;
};

static void on_place(void *user, size_t start, size_t end)
{
	struct places *p = user;

	if (p->count < PLACES) {
		p->starts[p->count] = start;
		p->ends[p->count] = end;
	}
	p->count++;
}

static struct places look_at(const struct rv_values *values, struct rv_str text, unsigned cut)
{
	struct places p = {.count = 0};

	p.is_whole = rv_values_find(values, text, cut, on_place, &p);
	return p;
}

static struct places look(const struct rv_values *values, struct rv_str text)
{
	return look_at(values, text, 0);
}

static void nothing_is_known_of_an_empty_list(void **state)
{
	struct rv_values values = {.seed = 7};

	(void)state;
	struct places p = look(&values, rv_str_of("any text"));
	assert_true(p.is_whole);
	assert_int_equal(p.count, 0);
	rv_values_done(&values);
}

static void words_and_beginnings_are_not_known(void **state)
{
	struct rv_values values = {.seed = 7};

	(void)state;
	assert_ok(rv_values_add(&values, rv_str_of("short")));
	assert_ok(rv_values_add(&values, rv_str_of("Kx7-one-two")));
	assert_int_equal(look(&values, rv_str_of("short Kx7-one-tw Kx7-one Kx7-On")).count, 0);
	rv_values_done(&values);
}

static void a_value_is_known_at_each_place(void **state)
{
	struct rv_values values = {.seed = 7};

	(void)state;
	assert_ok(rv_values_add(&values, rv_str_of("Kx7-one-two")));
	assert_ok(rv_values_add(&values, rv_str_of("Kx7-one-two-three")));
	struct places p = look(&values, rv_str_of("Kx7-one-two,xKx7-one-two-three"));
	assert_true(p.is_whole);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.starts[0], 0);
	assert_int_equal(p.ends[0], 11);
	assert_int_equal(p.starts[1], 13);
	assert_int_equal(p.ends[1], 30);
	rv_values_done(&values);
}

static void assert_one_place(struct places p, size_t start, size_t end)
{
	assert_true(p.is_whole);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.starts[0], start);
	assert_int_equal(p.ends[0], end);
}

/* Of six bytes and more; where the text was not cut there is none. */
static void a_piece_of_a_value_is_known_where_the_text_is_cut(void **state)
{
	static const char value[] = "Kx7-one-two-three-four-five-six";
	struct rv_values values = {.seed = 7};
	char text[64];

	(void)state;
	assert_ok(rv_values_add(&values, rv_str_of(value)));
	for (int len = RV_VALUES_LEAST; len < (int)strlen(value); len++) {
		(void)snprintf(text, sizeof(text), "a %.*s", len, value); /* fits */
		assert_one_place(look_at(&values, rv_str_of(text), RV_CUT_BACK), 2,
				 2 + (size_t)len);
		assert_int_equal(look_at(&values, rv_str_of(text), RV_CUT_FRONT).count, 0);
		(void)snprintf(text, sizeof(text), "%s b", value + strlen(value) - len); /* fits */
		assert_one_place(look_at(&values, rv_str_of(text), RV_CUT_FRONT), 0, (size_t)len);
		assert_int_equal(look_at(&values, rv_str_of(text), RV_CUT_BACK).count, 0);
	}
	assert_int_equal(
		look_at(&values, rv_str_of("Kx7-one-two-three-four-other"), RV_CUT_BACK).count, 0);
	rv_values_done(&values);
}

static void a_whole_value_is_no_piece_of_another(void **state)
{
	struct rv_values values = {.seed = 7};

	(void)state;
	assert_ok(rv_values_add(&values, rv_str_of("Kx7-one-two")));
	assert_ok(rv_values_add(&values, rv_str_of("Kx7-one-two-and-many-more-bytes-of-it-two")));
	struct places p =
		look_at(&values, rv_str_of("a Kx7-one-two b"), RV_CUT_FRONT | RV_CUT_BACK);
	assert_one_place(p, 2, 13);
	p = look_at(&values, rv_str_of("a Kx7-one-two-and"), RV_CUT_BACK);
	assert_one_place(p, 2, 17);
	rv_values_done(&values);
}

static void joined_lists_know_what_each_knew(void **state)
{
	struct rv_values a = {.seed = 7}, b = {.seed = 7}, all = {.seed = 0};
	char value[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(value, sizeof(value), "%d-value-of-it", i * 37); /* fits */
		assert_ok(rv_values_add(i % 2 ? &a : &b, rv_str_of(value)));
	}
	assert_ok(rv_values_join(&all, &a));
	assert_ok(rv_values_join(&all, &b));
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(value, sizeof(value), "<%d-value-of-it>", i * 37); /* fits */
		assert_true(look(&all, rv_str_of(value)).count > 0);
	}
	assert_int_equal(look(&all, rv_str_of("<1-value-of-it>")).count, 0);
	rv_values_done(&a);
	rv_values_done(&b);
	rv_values_done(&all);
}

static void a_text_that_costs_too_much_is_not_said_to_be_clean(void **state)
{
	struct rv_values values = {.seed = 7};
	uint8_t same[RV_VALUES_LONGEST];

	(void)state;
	memset(same, 'a', sizeof(same));
	assert_ok(rv_values_add(&values, (struct rv_str){same, sizeof(same) - 1}));
	assert_false(look(&values, (struct rv_str){same, sizeof(same)}).is_whole);
	rv_values_done(&values);
}

static void a_full_list_says_nothing_is_clean(void **state)
{
	struct rv_values values = {.seed = 7, .is_full = true};

	(void)state;
	assert_ok(rv_values_add(&values, rv_str_of("Kx7-one-two")));
	assert_int_equal(values.count, 0);
	assert_false(look(&values, rv_str_of("any text")).is_whole);
}

static void no_memory_is_said(void **state)
{
	struct rv_values values = {.seed = 7};

	(void)state;
	rvt_alloc_fail_at(1);
	rv_status s = rv_values_add(&values, rv_str_of("Kx7-one-two"));
	rvt_alloc_fail_at(0);
	assert_class(s, RV_CLASS_EXHAUSTED);
	rv_values_done(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_of_an_empty_list),
		cmocka_unit_test(words_and_beginnings_are_not_known),
		cmocka_unit_test(a_value_is_known_at_each_place),
		cmocka_unit_test(a_piece_of_a_value_is_known_where_the_text_is_cut),
		cmocka_unit_test(a_whole_value_is_no_piece_of_another),
		cmocka_unit_test(joined_lists_know_what_each_knew),
		cmocka_unit_test(a_text_that_costs_too_much_is_not_said_to_be_clean),
		cmocka_unit_test(a_full_list_says_nothing_is_clean),
		cmocka_unit_test(no_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
