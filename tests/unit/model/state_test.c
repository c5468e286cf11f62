/* The tables of the three axes: every pair of values, every guard. */
#include "agent/model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* cmocka wants the four above it */
#include <cmocka.h>

static const unsigned last_of[] = {0, RV_OWNERSHIP_ORPHANED, RV_LIFE_GONE, RV_HOLD_STUCK};

static unsigned value_of(struct rv_state s, enum rv_axis axis)
{
	return axis == RV_AXIS_OWNERSHIP ? s.ownership : axis == RV_AXIS_LIFE ? s.life : s.hold;
}

/* Every state, every axis, every target: moves exactly where the table says so. */
static void moves_only_along_edges_with_their_guards(void **state)
{
	(void)state;
	size_t moved = 0;
	for (uint8_t o = 1; o <= RV_OWNERSHIP_ORPHANED; o++)
		for (uint8_t l = 1; l <= RV_LIFE_GONE; l++)
			for (uint8_t h = 1; h <= RV_HOLD_STUCK; h++)
				for (unsigned axis = 1; axis <= 3; axis++)
					for (unsigned to = 1; to <= last_of[axis]; to++) {
						const struct rv_state from = {o, l, h};
						struct rv_state s = from;
						const char *event = NULL;
						struct rv_diag diag = {0};
						rv_status r =
							rv_state_move(&s, axis, to, &event, &diag);
						const struct rv_edge *e = rv_state_edge(
							axis, value_of(from, axis), to);
						if (!rv_is_ok(r)) {
							assert_int_equal(rv_class_of(r),
									 RV_CLASS_CONFLICT);
							assert_memory_equal(&s, &from, sizeof(s));
							assert_null(event);
							assert_true(diag.text[0] != 0);
							continue;
						}
						moved++;
						assert_non_null(e);
						assert_string_equal(event, e->event);
						assert_int_equal(value_of(s, axis), to);
						assert_true(rv_state_is_legal(s));
					}
	assert_true(moved > 100);
}

static void rotates_only_what_is_free_and_undisputed(void **state)
{
	(void)state;
	for (uint8_t o = 1; o <= RV_OWNERSHIP_ORPHANED; o++)
		for (uint8_t h = 1; h <= RV_HOLD_STUCK; h++) {
			struct rv_state s = {o, RV_LIFE_DUE, h};
			const char *event = NULL;
			bool may = h == RV_HOLD_NONE &&
				   (o == RV_OWNERSHIP_OWNED || o == RV_OWNERSHIP_UNKNOWN);
			assert_int_equal(rv_is_ok(rv_state_move(&s, RV_AXIS_LIFE, RV_LIFE_ROTATING,
								&event, NULL)),
					 may);
		}
}

static void a_pause_never_falls_on_what_runs(void **state)
{
	(void)state;
	static const uint8_t running[] = {RV_LIFE_ROTATING, RV_LIFE_GRACE, RV_LIFE_REVOKING};
	for (size_t i = 0; i < RV_LEN(running); i++) {
		struct rv_state s = {RV_OWNERSHIP_OWNED, running[i], RV_HOLD_NONE};
		const char *event = NULL;
		struct rv_diag diag = {0};
		assert_false(
			rv_is_ok(rv_state_move(&s, RV_AXIS_HOLD, RV_HOLD_PAUSED, &event, &diag)));
		assert_non_null(strstr(diag.text, "hold cannot go from none to paused while life"));
	}
}

static void a_revoked_credential_never_comes_back_to_life(void **state)
{
	(void)state;
	size_t count = 0;
	const struct rv_edge *edges = rv_state_edges(&count);
	for (size_t i = 0; i < count; i++)
		if (edges[i].axis == RV_AXIS_LIFE && edges[i].from == RV_LIFE_REVOKED)
			assert_int_equal(edges[i].to, RV_LIFE_GONE);
}

static void the_table_is_well_formed(void **state)
{
	(void)state;
	size_t count = 0;
	const struct rv_edge *edges = rv_state_edges(&count);
	for (size_t i = 0; i < count; i++) {
		assert_true(edges[i].event[0] != 0 && strlen(edges[i].event) <= 32);
		assert_ptr_equal(rv_state_edge(edges[i].axis, edges[i].from, edges[i].to),
				 &edges[i]); /* no edge twice */
	}
	/* Every life is reached and, but for none, left. */
	for (unsigned l = 1; l <= RV_LIFE_GONE; l++) {
		bool is_reached = false;
		bool is_left = false;
		for (size_t i = 0; i < count; i++) {
			is_reached |= edges[i].axis == RV_AXIS_LIFE && edges[i].to == l;
			is_left |= edges[i].axis == RV_AXIS_LIFE && edges[i].from == l;
		}
		assert_true(is_reached && is_left);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_only_along_edges_with_their_guards),
		cmocka_unit_test(rotates_only_what_is_free_and_undisputed),
		cmocka_unit_test(a_pause_never_falls_on_what_runs),
		cmocka_unit_test(a_revoked_credential_never_comes_back_to_life),
		cmocka_unit_test(the_table_is_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
