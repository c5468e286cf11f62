/* tests: what of a blob is looked at again, and which values come over from its base. */
#include "agent/sweep/carry.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/unit.h"

#include <stdlib.h>

#define LEN 10000

struct carried {
	struct rv_parts parts;
	struct rv_carry out;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct carried));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct carried *c = *state;

	rv_parts_done(&c->parts);
	rv_carry_done(&c->out);
	free(c);
	return 0;
}

static void carry_bytes(struct carried *c, const struct rv_git_segment *segments, size_t count,
			struct rv_str bytes, size_t base_len, const struct rv_carry *base)
{
	c->out.count = 0;
	assert_ok(rv_carry_over(segments, count, bytes, base_len, base, &c->parts, &c->out));
	for (size_t i = 0; i < c->parts.count; i++) {
		assert_true(c->parts.items[i].start <= c->parts.items[i].end);
		assert_true(c->parts.items[i].end <= bytes.len);
		assert_true(i == 0 || c->parts.items[i].start > c->parts.items[i - 1].end);
	}
}

/* The result's length is what the segments hold; no byte of it is of a word. */
static void carry(struct carried *c, const struct rv_git_segment *segments, size_t count,
		  size_t base_len, const struct rv_carry *base)
{
	size_t len = count > 0 ? (size_t)segments[count - 1].at + segments[count - 1].len : 0;
	uint8_t *bytes = calloc(len + 1, 1);

	assert_non_null(bytes);
	carry_bytes(c, segments, count, (struct rv_str){bytes, len}, base_len, base);
	free(bytes);
}

static void assert_part(const struct carried *c, size_t i, size_t start, size_t end)
{
	assert_true(i < c->parts.count);
	assert_int_equal(c->parts.items[i].start, start);
	assert_int_equal(c->parts.items[i].end, end);
}

static bool is_in_parts(const struct carried *c, size_t start, size_t end)
{
	for (size_t i = 0; i < c->parts.count; i++) {
		if (c->parts.items[i].start <= start && c->parts.items[i].end >= end)
			return true;
	}
	return false;
}

static void looks_nowhere_in_a_plain_copy(void **state)
{
	const struct rv_git_segment whole[] = {{0, LEN, 0}};
	const struct rv_git_segment continued[] = {{0, 100, 0}, {100, LEN - 100, 100}};

	carry(*state, whole, 1, LEN, NULL);
	assert_int_equal(((struct carried *)*state)->parts.count, 0);
	carry(*state, continued, 2, LEN, NULL);
	assert_int_equal(((struct carried *)*state)->parts.count, 0);
	carry(*state, NULL, 0, 0, NULL);
	assert_int_equal(((struct carried *)*state)->parts.count, 0);
}

static void looks_around_what_is_inserted(void **state)
{
	struct carried *c = *state;
	const struct rv_git_segment first[] = {{0, 10, RV_GIT_INSERTED}, {10, LEN, 0}};
	const struct rv_git_segment middle[] = {
		{0, 5000, 0}, {5000, 10, RV_GIT_INSERTED}, {5010, LEN - 5000, 5000}};
	const struct rv_git_segment last[] = {{0, LEN, 0}, {LEN, 10, RV_GIT_INSERTED}};
	const struct rv_git_segment all[] = {{0, 50, RV_GIT_INSERTED}};

	carry(c, first, 2, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 0, 10 + RV_CARRY_ON);
	carry(c, middle, 3, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 5000 - RV_CARRY_REACH, 5010 + RV_CARRY_ON);
	carry(c, last, 2, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, LEN - RV_CARRY_REACH, LEN + 10);
	carry(c, all, 1, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 0, 50);
}

static void joins_parts_that_touch(void **state)
{
	struct carried *c = *state;
	const struct rv_git_segment near[] = {{0, 5000, 0},
					      {5000, 10, RV_GIT_INSERTED},
					      {5010, 200, 5000},
					      {5210, 10, RV_GIT_INSERTED},
					      {5220, LEN - 5200, 5200}};

	carry(c, near, 5, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 5000 - RV_CARRY_REACH, 5220 + RV_CARRY_ON);
}

static void looks_where_copies_meet_that_did_not(void **state)
{
	struct carried *c = *state;
	const struct rv_git_segment swapped[] = {{0, 5000, 5000}, {5000, 5000, 0}};
	const struct rv_git_segment without[] = {{0, 4000, 0}, {4000, 5000, 5000}};

	carry(c, swapped, 2, LEN, NULL);
	assert_int_equal(c->parts.count, 3);
	assert_part(c, 0, 0, RV_CARRY_ON);
	assert_part(c, 1, 5000 - RV_CARRY_REACH, 5000 + RV_CARRY_ON);
	assert_part(c, 2, LEN - RV_CARRY_REACH, LEN);
	carry(c, without, 2, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 4000 - RV_CARRY_REACH, 4000 + RV_CARRY_ON);
}

static void looks_at_an_end_and_a_start_that_were_not(void **state)
{
	struct carried *c = *state;
	const struct rv_git_segment head[] = {{0, 9000, 0}};
	const struct rv_git_segment tail[] = {{0, 9000, 1000}};

	carry(c, head, 1, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 9000 - RV_CARRY_REACH, 9000);
	carry(c, tail, 1, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 0, RV_CARRY_ON);
}

/* LEN bytes in which [from, until) is one word. */
static struct rv_str with_word(size_t from, size_t until)
{
	uint8_t *bytes = malloc(LEN);

	assert_non_null(bytes);
	memset(bytes, ' ', LEN);
	memset(bytes + from, 'Q', until - from);
	return (struct rv_str){bytes, LEN};
}

static void looks_at_the_whole_of_a_word_that_a_change_lies_in(void **state)
{
	struct carried *c = *state;
	struct rv_str bytes = with_word(1000, 9001);
	const struct rv_git_segment changed[] = {
		{0, 5000, 0}, {5000, 10, RV_GIT_INSERTED}, {5010, LEN - 5010, 5010}};
	const struct rv_git_segment beside[] = {
		{0, 9300, 0}, {9300, 10, RV_GIT_INSERTED}, {9310, LEN - 9310, 9310}};

	carry_bytes(c, changed, 3, bytes, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_in_range(c->parts.items[0].start, 1000 - RV_CARRY_REACH, 1000);
	assert_in_range(c->parts.items[0].end, 9001, 9001 + RV_CARRY_ON);
	carry_bytes(c, beside, 3, bytes, LEN, NULL);
	assert_int_equal(c->parts.count, 1);
	assert_part(c, 0, 9300 - RV_CARRY_REACH, 9310 + RV_CARRY_ON);
	free((uint8_t *)(uintptr_t)bytes.data);
}

/* It is not carried over, for it is near; found it is with all of the word alone. */
static void looks_at_the_whole_of_a_word_whose_value_is_near_a_change(void **state)
{
	struct carried *c = *state;
	struct rv_str bytes = with_word(1000, 4990);
	const struct rv_git_segment changed[] = {
		{0, 5000, 0}, {5000, 10, RV_GIT_INSERTED}, {5010, LEN - 5010, 5010}};
	struct rv_carried item = {
		.hash = 7, .start = 4900, .len = 60, .match_start = 4900, .match_len = 60};
	const struct rv_carry base = {.items = &item, .count = 1, .room = 1};

	carry_bytes(c, changed, 3, bytes, LEN, &base);
	assert_int_equal(c->out.count, 0);
	assert_true(is_in_parts(c, 1000, 5010));
	free((uint8_t *)(uintptr_t)bytes.data);
}

static void carries_a_whole_value_to_its_place(void **state)
{
	struct carried *c = *state;
	struct rv_carried item = {
		.hash = 7, .start = 2010, .len = 40, .match_start = 2000, .match_len = 50};
	struct rv_carry base = {.items = &item, .count = 1, .room = 1};
	const struct rv_git_segment moved[] = {{0, 300, RV_GIT_INSERTED}, {300, LEN - 1500, 1500}};
	const struct rv_git_segment twice[] = {{0, 5000, 0}, {5000, LEN, 0}};

	carry(c, moved, 2, LEN, &base);
	assert_int_equal(c->out.count, 1);
	assert_int_equal(c->out.items[0].hash, 7);
	assert_int_equal(c->out.items[0].start, 2010 - 1500 + 300);
	assert_int_equal(c->out.items[0].len, 40);
	assert_int_equal(c->out.items[0].match_start, 2000 - 1500 + 300);
	assert_int_equal(c->out.items[0].match_len, 50);
	assert_false(is_in_parts(c, 810, 850));
	carry(c, twice, 2, LEN, &base);
	assert_int_equal(c->out.count, 2);
	assert_int_equal(c->out.items[1].start, 7010);
}

static void carries_a_value_with_just_its_margin_and_no_less(void **state)
{
	struct carried *c = *state;
	struct rv_carried item = {
		.hash = 7, .start = 2000, .len = 40, .match_start = 2000, .match_len = 40};
	struct rv_carry base = {.items = &item, .count = 1, .room = 1};
	struct rv_git_segment one = {0, 40 + 2 * RV_CARRY_REACH, 2000 - RV_CARRY_REACH};

	carry(c, &one, 1, LEN, &base);
	assert_int_equal(c->out.count, 1);
	assert_int_equal(c->out.items[0].start, RV_CARRY_REACH);
	one.len--;
	carry(c, &one, 1, LEN, &base);
	assert_int_equal(c->out.count, 0);
	assert_true(is_in_parts(c, RV_CARRY_REACH, RV_CARRY_REACH + 40));
	one = (struct rv_git_segment){0, 40 + 2 * RV_CARRY_REACH, 2001 - RV_CARRY_REACH};
	carry(c, &one, 1, LEN, &base);
	assert_int_equal(c->out.count, 0);
	assert_true(is_in_parts(c, RV_CARRY_REACH - 1, RV_CARRY_REACH + 39));
}

static void needs_no_margin_past_the_ends_of_the_base(void **state)
{
	struct carried *c = *state;
	struct rv_carried items[] = {
		{.hash = 1, .start = 0, .len = 40, .match_start = 0, .match_len = 40},
		{.hash = 2, .start = 960, .len = 40, .match_start = 960, .match_len = 40},
	};
	struct rv_carry base = {.items = items, .count = 2, .room = 2};
	const struct rv_git_segment whole[] = {{0, 1000, 0}};

	carry(c, whole, 1, 1000, &base);
	assert_int_equal(c->out.count, 2);
	assert_int_equal(c->parts.count, 0);
}

static void looks_again_at_a_value_that_is_cut(void **state)
{
	struct carried *c = *state;
	struct rv_carried item = {
		.hash = 7, .start = 2000, .len = 100, .match_start = 1990, .match_len = 120};
	struct rv_carry base = {.items = &item, .count = 1, .room = 1};
	const struct rv_git_segment cut[] = {
		{0, 2050, 0}, {2050, 5, RV_GIT_INSERTED}, {2055, LEN - 2050, 2050}};
	const struct rv_git_segment gone[] = {{0, 1000, 0}, {1000, 5000, 5000}};

	carry(c, cut, 3, LEN, &base);
	assert_int_equal(c->out.count, 0);
	assert_true(is_in_parts(c, 1990, 2115));
	carry(c, gone, 2, LEN, &base);
	assert_int_equal(c->out.count, 0);
}

static void counts_the_value_where_it_leaves_the_match(void **state)
{
	struct carried *c = *state;
	struct rv_carried item = {
		.hash = 7, .start = 2000, .len = 300, .match_start = 1990, .match_len = 20};
	struct rv_carry base = {.items = &item, .count = 1, .room = 1};
	const struct rv_git_segment cut[] = {{0, 2250, 0}};

	carry(c, cut, 1, LEN, &base);
	assert_int_equal(c->out.count, 0);
	assert_true(is_in_parts(c, 1990, 2250));
}

struct dice {
	uint64_t state;
};

static size_t roll(struct dice *d, size_t below)
{
	d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)((d->state >> 33) % below);
}

#define SEGMENTS_MAX 12

static size_t make_delta(struct dice *d, size_t base_len, struct rv_git_segment *out)
{
	const size_t count = 1 + roll(d, SEGMENTS_MAX);
	uint32_t at = 0;

	for (size_t i = 0; i < count; i++) {
		bool goes_on = i > 0 && out[i - 1].base_at != RV_GIT_INSERTED && roll(d, 4) == 0;
		uint32_t from =
			goes_on ? out[i - 1].base_at + out[i - 1].len : (uint32_t)roll(d, base_len);

		if (from >= base_len)
			from = 0;
		out[i] = (struct rv_git_segment){.at = at, .base_at = from};
		out[i].len = (uint32_t)(1 + roll(d, base_len - from));
		if (roll(d, 3) == 0)
			out[i].base_at = RV_GIT_INSERTED;
		at += out[i].len;
	}
	return count;
}

/* What stands at a byte of the result, in the base; RV_GIT_INSERTED for what is new; `past` for
 * what lies before the start or past the end. */
static int64_t origin(const struct rv_git_segment *s, size_t count, int64_t at, int64_t before,
		      int64_t past)
{
	if (at < 0)
		return before;
	for (size_t i = 0; i < count; i++) {
		if (at < (int64_t)s[i].at + s[i].len)
			return s[i].base_at == RV_GIT_INSERTED ? RV_GIT_INSERTED
							       : s[i].base_at + (at - s[i].at);
	}
	return past;
}

/* A byte that is new, or next to what it did not stand next to in the base. */
static bool is_change(const struct rv_git_segment *s, size_t count, int64_t at, int64_t base_len)
{
	int64_t here = origin(s, count, at, -1, base_len);

	return here == RV_GIT_INSERTED || origin(s, count, at - 1, -1, base_len) != here - 1 ||
	       origin(s, count, at + 1, -1, base_len) != here + 1;
}

static void assert_looks_around(const struct carried *c, int64_t at, int64_t len)
{
	int64_t from = at > RV_CARRY_REACH - 1 ? at - (RV_CARRY_REACH - 1) : 0;
	int64_t until = at + RV_CARRY_ON < len ? at + RV_CARRY_ON : len;

	if (!is_in_parts(c, (size_t)from, (size_t)until))
		fail_msg("byte %lld of %lld is not looked around", (long long)at, (long long)len);
}

/* Carried whole to where the same bytes stand, or looked at wherever a byte of it stands. */
static void check_value(const struct carried *c, const struct rv_git_segment *s, size_t count,
			const struct rv_carried *item)
{
	int64_t len = (int64_t)s[count - 1].at + s[count - 1].len;

	for (int64_t at = 0; at < len; at++) {
		int64_t from = origin(s, count, at, -1, -1);
		bool is_carried = false;

		if (from == RV_GIT_INSERTED || from < item->start ||
		    from >= (int64_t)item->start + item->len)
			continue;
		for (size_t i = 0; i < c->out.count && !is_carried; i++)
			is_carried = c->out.items[i].start <= at &&
				     at < (int64_t)c->out.items[i].start + c->out.items[i].len;
		if (!is_carried && !is_in_parts(c, (size_t)at, (size_t)at + 1))
			fail_msg("byte %lld of a value is lost", (long long)at);
	}
	for (size_t i = 0; i < c->out.count; i++) {
		for (int64_t k = -RV_CARRY_REACH; k < (int64_t)item->len + RV_CARRY_REACH; k++) {
			int64_t want = item->start + k;
			int64_t at = c->out.items[i].start + k;

			if (want >= 0 && want < LEN / 10)
				assert_int_equal(origin(s, count, at, -1, -1), want);
		}
	}
}

static void looks_at_every_change_of_random_deltas(void **state)
{
	struct carried *c = *state;
	const size_t base_len = LEN / 10;
	struct dice d = {20261127};

	for (int round = 0; round < 400; round++) {
		struct rv_git_segment s[SEGMENTS_MAX];
		const size_t count = make_delta(&d, base_len, s);
		const uint32_t start = (uint32_t)roll(&d, base_len - 60);
		struct rv_carried item = {.hash = 1,
					  .start = start,
					  .len = 1 + (uint32_t)roll(&d, 60),
					  .match_start = start};
		struct rv_carry base = {.items = &item, .count = 1, .room = 1};
		const int64_t len = (int64_t)s[count - 1].at + s[count - 1].len;

		item.match_len = item.len;
		carry(c, s, count, base_len, &base);
		for (int64_t at = 0; at < len; at++) {
			if (is_change(s, count, at, (int64_t)base_len))
				assert_looks_around(c, at, len);
		}
		check_value(c, s, count, &item);
	}
}

#define MANY 80

static rv_status carry_many(void *user)
{
	static const uint8_t zeros[MANY * 1000];
	struct rv_git_segment s[MANY];
	struct rv_carry base = {0};
	struct carried c = {0};
	rv_status status = RV_OK;

	(void)user;
	for (uint32_t i = 0; i < MANY; i++)
		s[i] = (struct rv_git_segment){i * 1000, 1000, i % 2 ? RV_GIT_INSERTED : i * 1000};
	for (uint32_t i = 0; i < MANY && rv_is_ok(status); i++) {
		struct rv_carried item = {.hash = i,
					  .start = i * 1000 + 500,
					  .len = 40,
					  .match_start = i * 1000 + 500,
					  .match_len = 40};

		status = rv_carry_add(&base, &item);
	}
	if (rv_is_ok(status))
		status = rv_carry_over(s, MANY, (struct rv_str){zeros, sizeof(zeros)},
				       sizeof(zeros), &base, &c.parts, &c.out);
	if (rv_is_ok(status))
		assert_int_equal(c.out.count, MANY / 2);
	rv_carry_done(&base);
	rv_carry_done(&c.out);
	rv_parts_done(&c.parts);
	return status;
}

static void survives_that_any_allocation_fails(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("carry", carry_many, NULL) > 6);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* By value and place, among few and many, of one blob after another. */
static void knows_a_value_that_comes_again(void **state)
{
	struct carried *c = *state;
	struct rv_carry_index index = {0};

	for (unsigned count = 20; count <= 5000; count *= 5) {
		c->out.count = 0;
		index.count = 0;
		for (unsigned i = 0; i < 2 * count; i++) {
			struct rv_carried item = {.hash = i % count / 3,
						  .start = i % count,
						  .forms = (uint16_t)(i < count ? 1 : 2)};

			assert_ok(rv_carry_join(&c->out, &index, &item));
		}
		assert_int_equal(c->out.count, count);
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(c->out.items[i].start, i);
			assert_int_equal(c->out.items[i].forms, 3);
		}
	}
	rv_carry_index_done(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(looks_nowhere_in_a_plain_copy),
		TEST(looks_around_what_is_inserted),
		TEST(joins_parts_that_touch),
		TEST(looks_where_copies_meet_that_did_not),
		TEST(looks_at_the_whole_of_a_word_that_a_change_lies_in),
		TEST(looks_at_the_whole_of_a_word_whose_value_is_near_a_change),
		TEST(looks_at_an_end_and_a_start_that_were_not),
		TEST(carries_a_whole_value_to_its_place),
		TEST(carries_a_value_with_just_its_margin_and_no_less),
		TEST(needs_no_margin_past_the_ends_of_the_base),
		TEST(looks_again_at_a_value_that_is_cut),
		TEST(counts_the_value_where_it_leaves_the_match),
		TEST(looks_at_every_change_of_random_deltas),
		TEST(knows_a_value_that_comes_again),
		TEST(survives_that_any_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
