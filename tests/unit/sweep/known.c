/* tests: values that were found are known again where they stand escaped, at the place where they
 * do. */
#include "agent/sweep/known.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define VALUE "Kx7&one/two\"three"

struct places {
	size_t start, end; /* of the longest */
	size_t count;
	bool is_whole;
};

static void on_place(void *user, size_t start, size_t end)
{
	struct places *p = user;

	if (p->count == 0 || end - start > p->end - p->start) {
		p->start = start;
		p->end = end;
	}
	p->count++;
}

static struct places look(const char *text, unsigned cut)
{
	struct rv_values values = {.seed = 7};
	struct places p = {.count = 0};

	assert_ok(rv_values_add(&values, rv_str_of(VALUE)));
	p.is_whole = rv_known_find(&values, rv_str_of(text), cut, on_place, &p);
	rv_values_done(&values);
	return p;
}

static void assert_at(struct places p, size_t start, size_t end)
{
	assert_true(p.is_whole);
	assert_true(p.count > 0);
	assert_int_equal(p.start, start);
	assert_int_equal(p.end, end);
}

static void knows_nothing_in_other_texts(void **state)
{
	static const char *const texts[] = {
		"",
		"%",
		"&",
		"\\",
		"%2",
		"&#x",
		"\\u00",
		"a %26 b &amp; c \\n d",
		"Kx7%26one%2Ftwo%22thre",
		"Kx7&one\\\\/two\"thre%",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(texts); i++) {
		struct places p = look(texts[i], 0);

		assert_true(p.is_whole);
		assert_int_equal(p.count, 0);
	}
}

static void knows_a_value_however_it_is_escaped(void **state)
{
	static const char *const forms[] = {
		VALUE,
		"Kx7%26one%2Ftwo%22three",
		"Kx7%26one/two\"three",
		"Kx7%2526one%252Ftwo%2522three",
		"Kx7&amp;one/two&quot;three",
		"Kx7&#38;one&#x2F;two&#34;three",
		"Kx7&amp;amp;one/two&amp;quot;three",
		"Kx7&one\\/two\\\"three",
		"Kx7\\u0026one/two\\\"three",
		"Kx7\\\\u0026one/two\\\\\\\"three",
		"Kx7\\&one/two\\\"three",
		"Kx7%26amp;one/two%26quot;three",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		(void)snprintf(text, sizeof(text), "%%41 q=%s&x=\\n", forms[i]); /* fits */
		assert_at(look(text, 0), 6, 6 + strlen(forms[i]));
	}
}

/* An escape that is cut itself is none of the value's bytes. */
static void knows_a_piece_of_an_escaped_value_where_the_text_is_cut(void **state)
{
	static const char form[] = "Kx7&#x26;one&#x2F;two&#x22;three";
	char text[64];

	(void)state;
	for (size_t len = strlen("Kx7&#x26;on"); len < strlen(form); len++) {
		(void)snprintf(text, sizeof(text), "a %.*s", (int)len, form); /* fits */
		struct places p = look(text, RV_CUT_BACK);
		struct rv_span inner = rv_known_inner(rv_str_of(text), RV_CUT_BACK);

		assert_true(p.is_whole);
		if (p.count > 0 && p.start == 2)
			assert_true(p.end >= inner.end);
		else /* what is left is not shown, but its usual beginning */
			assert_true(inner.end <= 2 + strlen("Kx"));
	}
}

static void an_end_that_was_cut_is_kept_as_long_as_it_may_be_a_value(void **state)
{
	struct rv_span inner = rv_known_inner(rv_str_of("some text"), 0);

	(void)state;
	assert_int_equal(inner.start, 0);
	assert_int_equal(inner.end, 9);
	inner = rv_known_inner(rv_str_of("some text"), RV_CUT_BACK);
	assert_int_equal(inner.end, 4);
	inner = rv_known_inner(rv_str_of("abc%41%42%43%44%45"), RV_CUT_BACK);
	assert_int_equal(inner.end, 3);
	inner = rv_known_inner(rv_str_of("abc"), RV_CUT_BACK | RV_CUT_FRONT);
	assert_true(inner.start == inner.end);
	inner = rv_known_inner(RV_STR_NONE, RV_CUT_BACK | RV_CUT_FRONT);
	assert_true(inner.start == 0 && inner.end == 0);
}

static void no_memory_is_not_said_to_be_clean(void **state)
{
	struct rv_values values = {.seed = 7};
	struct places p = {.count = 0};
	bool is_whole = false;
	unsigned failures = 0;

	(void)state;
	assert_ok(rv_values_add(&values, rv_str_of(VALUE)));
	for (unsigned n = 1; !is_whole && n < 100; n++) {
		rvt_alloc_fail_at(n);
		is_whole = rv_known_find(&values, rv_str_of("a%26b&amp;c\\/"), 0, on_place, &p);
		rvt_alloc_fail_at(0);
		failures += !is_whole;
	}
	assert_true(is_whole);
	assert_true(failures > 0);
	rv_values_done(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_nothing_in_other_texts),
		cmocka_unit_test(knows_a_value_however_it_is_escaped),
		cmocka_unit_test(knows_a_piece_of_an_escaped_value_where_the_text_is_cut),
		cmocka_unit_test(an_end_that_was_cut_is_kept_as_long_as_it_may_be_a_value),
		cmocka_unit_test(no_memory_is_not_said_to_be_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
