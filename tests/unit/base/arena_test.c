/* tests: memory that lives and dies together. */
#include "agent/base/arena.h"
#include "tests/support/unit.h"

static void gives_nothing_past_its_maximum(void **state)
{
	struct rv_arena arena;

	(void)state;
	rv_arena_init(&arena, 100);
	assert_null(rv_arena_alloc(&arena, 101));
	assert_null(rv_arena_array(&arena, SIZE_MAX / 2, 4));
	assert_non_null(rv_arena_alloc(&arena, 60));
	assert_null(rv_arena_alloc(&arena, 41));
	assert_non_null(rv_arena_alloc(&arena, 40));
	assert_int_equal(arena.used_bytes, 100);
	rv_arena_done(&arena);
}

static void keeps_what_it_gave_zeroed_and_apart(void **state)
{
	struct rv_arena arena;
	uint8_t *all[600];

	(void)state;
	rv_arena_init(&arena, (size_t)4 << 20);
	for (size_t i = 0; i < RV_LEN(all); i++) {
		size_t size = i % 50 == 49 ? 20000 : i % 70;

		all[i] = rv_arena_alloc(&arena, size);
		assert_non_null(all[i]);
		assert_int_equal((uintptr_t)all[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < size; k++)
			assert_int_equal(all[i][k], 0);
		memset(all[i], (int)i & 0xff, size);
	}
	for (size_t i = 0; i < RV_LEN(all); i++) {
		if (i % 70 != 0 && i % 50 != 49)
			assert_int_equal(all[i][i % 70 - 1], i & 0xff);
	}
	assert_string_equal(rv_arena_text(&arena, RV_STR_LIT("abc")), "abc");
	assert_string_equal(rv_arena_text(&arena, RV_STR_NONE), "");
	rv_arena_done(&arena);
	rv_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_nothing_past_its_maximum),
		cmocka_unit_test(keeps_what_it_gave_zeroed_and_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
