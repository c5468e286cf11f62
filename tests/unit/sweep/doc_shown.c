/* tests: what people see of a document's values, which is never the value. */
#include "agent/sweep/mask.h"
#include "tests/unit/scan/encode.h"
#include "tests/unit/sweep/doc_look.h"

#define SHOWN_MAX RV_MASK_CONTEXT /* with all marks */

static rv_status ask(void *user, struct rv_leaks *leaks, struct rv_leak *leak,
		     const struct rv_judging *about)
{
	struct desk *d = user;

	(void)leaks;
	(void)leak;
	d->line_len = about->line.len;
	d->value_end = about->value_end;
	d->is_value_there =
		about->value.len == VALUE_LEN && about->value_end >= VALUE_LEN &&
		about->value_end <= about->line.len &&
		memcmp(about->line.data + about->value_end - VALUE_LEN, d->value, VALUE_LEN) == 0;
	return RV_OK;
}

static void asks_with_a_line_that_holds_the_value(void **state)
{
	static const size_t leads[] = {0, 10, RV_LINE_MAX / 2, RV_LINE_MAX, 5 * RV_LINE_MAX};
	struct desk *d = *state;

	d->shared.judge = ask;
	d->shared.judge_user = d;
	for (size_t i = 0; i < RV_LEN(leads); i++) {
		desk_put(d, "before\n");
		desk_fill(d, 'x', leads[i]);
		desk_put(d, " ");
		desk_put(d, d->value);
		desk_put(d, " ");
		desk_fill(d, 'y', 5 * (size_t)RV_LINE_MAX);
		desk_scan(d);
		assert_place(desk_only(d), 2, leads[i] + 2, 2, leads[i] + 2 + VALUE_LEN);
		assert_true(d->is_value_there);
		assert_true(d->line_len <= RV_LINE_MAX);
		assert_true(strlen(desk_only(d)->context) <= SHOWN_MAX);
	}
}

/* No six bytes of the value's own in a row. */
static void assert_hidden(const char *shown, const char *value)
{
	char piece[7] = {0};

	for (size_t i = strlen("acme_"); i + 6 <= strlen(value); i++) {
		memcpy(piece, value + i, 6);
		if (strstr(shown, piece))
			fail_msg("%s shows a piece of a value", shown);
	}
}

static void shows_no_value_whatever_it_is(void **state)
{
	struct desk *d = *state;
	char line[512];

	for (uint64_t seed = 0; seed < 300; seed++) {
		desk_make("acme_{alnum:30}", 2 * seed, d->value);
		desk_make("acme_{alnum:30}", 2 * seed + 1, d->other);
		(void)snprintf(line, sizeof(line), "%.*s %s,%s;\x1b[1m \xff %s", (int)(seed % 7),
			       "a = b ' ", d->value, d->other, d->value); /* has room */
		desk_put(d, seed % 3 == 0 ? "key = " : "line\n");
		desk_put(d, seed % 3 == 2 ? encode_base64(rv_str_of(line), "+/", true, 0) : line);
		desk_scan(d);
		assert_int_equal(d->w.leaks.count, 3);
		for (size_t i = 0; i < d->w.leaks.count; i++) {
			const struct rv_leak *leak = &d->w.leaks.items[i];

			assert_hidden(leak->masked, d->value);
			assert_hidden(leak->masked, d->other);
			assert_hidden(leak->context, d->value);
			assert_hidden(leak->context, d->other);
			assert_true(strlen(leak->masked) <= 6 + 5);
			assert_true(strlen(leak->context) <= SHOWN_MAX);
			assert_null(strpbrk(leak->context, "\x1b\xff\n\r"));
		}
	}
}

/* A value is in sight where it ends on the line, too: which lines are near is looked for by halves.
 */
static void shows_no_value_of_a_line_among_many_values(void **state)
{
	struct desk *d = *state;
	char value[64];

	for (uint64_t seed = 0; seed < 600; seed++) {
		desk_make("acme_{alnum:30}", seed, value);
		desk_put(d, value);
		desk_put(d, seed % 3 == 2 ? "\n" : " and ");
	}
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 600);
	for (size_t i = 0; i < d->w.leaks.count; i++)
		assert_string_equal(d->w.leaks.items[i].context, "***** and ***** and *****");
}

/* Each shape of a line with a value that is plain and one that is encoded: neither is seen in the
 * context, nor what the other is encoded as. */
static void assert_runs_hidden(struct desk *d, const char *run)
{
	assert_true(d->w.leaks.count >= 1);
	for (size_t i = 0; i < d->w.leaks.count; i++) {
		const char *context = d->w.leaks.items[i].context;

		assert_hidden(context, d->value);
		assert_hidden(context, d->other);
		for (size_t at = 0; at + 12 <= strlen(run); at++) {
			char piece[13] = {0};

			memcpy(piece, run + at, 12);
			if (strstr(context, piece))
				fail_msg("%s shows what a value is encoded as", context);
		}
		assert_true(strlen(context) <= SHOWN_MAX);
	}
}

static void shows_no_value_that_is_encoded_beside_another(void **state)
{
	struct desk *d = *state;
	char text[128];

	for (size_t i = 0; i < 8; i++) {
		(void)snprintf(text, sizeof(text), "token=%s", d->other); /* has room */
		const char *run = i < 4 ? encode_base64(rv_str_of(text), "+/", i < 2, 0)
					: encode_each(rv_str_of(text), i < 6 ? "%02x" : "%%%02x");

		desk_put(d, "{\"data\":{\"a\":\"");
		desk_put(d, i % 2 ? run : d->value);
		desk_put(d, "\",\"b\":\"");
		desk_put(d, i % 2 ? d->value : run);
		desk_put(d, "\"}}");
		desk_scan(d);
		assert_runs_hidden(d, run);
		assert_non_null(strstr(d->w.leaks.items[0].context, "\"b\":\"*****"));
	}
}

/* The line is cut before the value, within a run that begins far before: at every offset. */
static void shows_no_end_of_a_run_that_the_line_cuts(void **state)
{
	struct desk *d = *state;
	char text[2048];
	size_t len = 0;

	while (len + 40 < sizeof(text))
		len += (size_t)snprintf(text + len, sizeof(text) - len, "some text, ");
	(void)snprintf(text + len, sizeof(text) - len, "%s", d->other);
	for (size_t lead = 0; lead < 4; lead++) {
		const char *run = encode_base64(rv_str_of(text), "+/", true, 0);

		desk_fill(d, ' ', lead);
		desk_put(d, run);
		desk_put(d, " ");
		desk_put(d, d->value);
		desk_scan(d);
		assert_runs_hidden(d, run);
	}
}

/* A run makes one mark, behind which the end of what was looked at comes into sight. */
static void shows_no_half_of_a_value_that_the_line_cuts(void **state)
{
	struct desk *d = *state;
	const struct rv_span part = {0, VALUE_LEN}; /* the other is not found */
	char text[3072];

	for (size_t shown = 0; shown < 36; shown += 3) {
		memset(text, 0, sizeof(text));
		for (size_t at = 0; at < 3000; at += 10)
			memcpy(text + at, "some text,", 10);
		desk_put(d, d->value);
		desk_put(d, " ");
		desk_put(d, encode_base64(rv_str_of(text), "+/", true, 0));
		desk_fill(d, ' ', RV_LINE_MAX - shown - d->len);
		desk_put(d, d->other);
		desk_fill(d, ' ', 100);
		struct rv_doc doc = desk_doc(d);
		doc.parts = &part;
		doc.part_count = 1;
		desk_scan_as(d, &doc);
		assert_hidden(d->w.leaks.items[0].context, d->other);
	}
}

static void shows_the_mark_alone_when_runs_are_too_many(void **state)
{
	struct desk *d = *state;

	desk_put(d, d->value);
	for (size_t i = 0; i < 260; i++)
		desk_put(d, " %67%68%70%5f");
	desk_scan(d);
	assert_string_equal(d->w.leaks.items[0].context, "*****");
}

static void tells_of_a_rule_that_gives_up(void **state)
{
	struct desk *d = *state;

	desk_put(d, "slow_");
	desk_fill(d, 'a', 3000);
	desk_put(d, "!z\n");
	desk_put(d, d->value);
	desk_scan(d);
	assert_place(desk_only(d), 2, 1, 2, 1 + VALUE_LEN); /* the others go on */
	assert_int_equal(d->w.leaks.gap_total, 1);
	assert_string_equal(d->w.leaks.gaps[0].reason, "rule-limit");
	assert_non_null(strstr(d->w.leaks.gaps[0].detail, "slow-key"));
	desk_put(d, "slow_");
	desk_scan(d);
	assert_int_equal(d->w.leaks.gap_total, 0);
	desk_put(d, d->value);
	desk_put(d, " slow_");
	desk_fill(d, 'a', 3000);
	desk_put(d, "!z\n");
	desk_scan(d);
	assert_int_equal(d->w.leaks.gap_total, 1);
	desk_put(d, "nothing");
	desk_scan(d);
	assert_int_equal(d->w.leaks.gap_total, 0); /* masking gave up too, on the line before */
}

static void counts_what_is_weak(void **state)
{
	struct desk *d = *state;
	char weak[64];

	desk_make("weak_{alnum:30}", 3, weak);
	desk_put(d, weak);
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 0);
	assert_int_equal(d->w.leaks.weak, 1);
	d->shared.shows_all = true;
	desk_put(d, weak);
	desk_scan(d);
	assert_string_equal(desk_only(d)->rule->id, "weak-key");
}

static rv_status see(void *user, const struct rv_sighting *sighting)
{
	struct desk *d = user;

	assert_true(d->seen_count < RV_LEN(d->seen));
	d->seen[d->seen_count++] = *sighting;
	return RV_OK;
}

static void tells_sightings_with_equal_marks_for_equal_values(void **state)
{
	struct desk *d = *state;

	d->w.on_sighting = see;
	d->w.sighting_user = d;
	desk_put(d, d->value);
	desk_put(d, "\n");
	desk_put(d, d->other);
	desk_put(d, "\nx=");
	desk_put(d, encode_base64(rv_str_of(d->value), "+/", true, 0));
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 0);
	assert_int_equal(d->seen_count, 3);
	assert_int_equal(d->seen[1].start, VALUE_LEN + 1);
	assert_int_equal(d->seen[1].len, VALUE_LEN);
	assert_true(d->seen[0].value_hash == d->seen[2].value_hash);
	assert_true(d->seen[0].value_hash != d->seen[1].value_hash);
	assert_false(d->seen[0].is_encoded);
	assert_true(d->seen[2].is_encoded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(asks_with_a_line_that_holds_the_value),
		DESK_TEST(shows_no_value_whatever_it_is),
		DESK_TEST(shows_no_value_of_a_line_among_many_values),
		DESK_TEST(shows_no_value_that_is_encoded_beside_another),
		DESK_TEST(shows_no_end_of_a_run_that_the_line_cuts),
		DESK_TEST(shows_no_half_of_a_value_that_the_line_cuts),
		DESK_TEST(shows_the_mark_alone_when_runs_are_too_many),
		DESK_TEST(tells_of_a_rule_that_gives_up),
		DESK_TEST(counts_what_is_weak),
		DESK_TEST(tells_sightings_with_equal_marks_for_equal_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
