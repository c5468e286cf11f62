/* tests: where the values of a document stand, once each. Not here: what is shown (doc_shown.c). */
#include "tests/unit/scan/encode.h"
#include "tests/unit/sweep/doc_look.h"

static void tells_nothing_of_nothing(void **state)
{
	struct desk *d = *state;

	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 0);
	desk_put(d, "acme_\nacme_short acme");
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 0);
	assert_int_equal(d->w.leaks.gap_total, 0);
}

static void places_a_value_by_line_and_column(void **state)
{
	struct desk *d = *state;

	desk_put(d, d->value);
	desk_scan(d);
	assert_place(desk_only(d), 1, 1, 1, 1 + VALUE_LEN);
	assert_int_equal(desk_only(d)->offset, 0);
	assert_bytes(desk_only(d)->path, "a/file");
	assert_null(desk_only(d)->layers);
	desk_put(d, "key = ");
	desk_put(d, d->value);
	desk_put(d, "\n");
	desk_scan(d);
	assert_place(desk_only(d), 1, 7, 1, 7 + VALUE_LEN);
	desk_put(d, "a\r\n\r\nkey: ");
	desk_put(d, d->value);
	desk_put(d, "\r\n");
	desk_scan(d);
	assert_place(desk_only(d), 3, 6, 3, 6 + VALUE_LEN);
	assert_int_equal(desk_only(d)->offset, 10);
	assert_null(strchr(desk_only(d)->context, '\r'));
}

static void places_each_of_several_values(void **state)
{
	struct desk *d = *state;

	desk_put(d, "\n");
	desk_put(d, d->value);
	desk_put(d, " ");
	desk_put(d, d->other);
	desk_put(d, "\n\n ");
	desk_put(d, d->value);
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 3);
	assert_place(&d->w.leaks.items[0], 2, 1, 2, 1 + VALUE_LEN);
	assert_place(&d->w.leaks.items[1], 2, 2 + VALUE_LEN, 2, 2 + 2 * VALUE_LEN);
	assert_place(&d->w.leaks.items[2], 4, 2, 4, 2 + VALUE_LEN);
}

static void places_a_value_of_a_window_in_the_file(void **state)
{
	struct desk *d = *state;

	desk_put(d, "1234");
	desk_put(d, " ");
	desk_put(d, d->value);
	desk_put(d, "\n");
	desk_put(d, d->other);
	struct rv_doc doc = desk_doc(d);
	doc.offset = 1000000;
	doc.line = 70;
	doc.column = 11;
	desk_scan_as(d, &doc);
	assert_int_equal(d->w.leaks.count, 2);
	assert_place(&d->w.leaks.items[0], 70, 16, 70, 16 + VALUE_LEN);
	assert_int_equal(d->w.leaks.items[0].offset, 1000005);
	assert_place(&d->w.leaks.items[1], 71, 1, 71, 1 + VALUE_LEN);
	assert_int_equal(d->w.leaks.items[1].offset, 1000006 + VALUE_LEN);
}

static void tells_only_what_starts_in_its_share(void **state)
{
	struct desk *d = *state;

	for (size_t from = 0; from < 3; from++) {
		desk_put(d, " ");
		desk_put(d, d->value);
		struct rv_doc doc = desk_doc(d);
		doc.from = from;
		desk_scan_as(d, &doc);
		assert_int_equal(d->w.leaks.count, from <= 1);
		desk_put(d, " ");
		desk_put(d, d->value);
		doc = desk_doc(d);
		doc.until = from + 1;
		desk_scan_as(d, &doc);
		assert_int_equal(d->w.leaks.count, from >= 1);
	}
}

static void places_a_value_behind_two_encodings(void **state)
{
	struct desk *d = *state;
	char plain[128];

	for (int lead = 0; lead < 3; lead++) {
		(void)snprintf(plain, sizeof(plain), "key=%.*s %s and more", lead, "abc",
			       d->value); /* has room */
		const size_t start = (size_t)5 + (size_t)lead;
		const size_t end = start + VALUE_LEN;

		desk_put(d, "line\nx = ");
		desk_put(d, encode_each(rv_str_of(encode_base64(rv_str_of(plain), "+/", true, 0)),
					"%%%02x"));
		desk_put(d, "\n");
		desk_scan(d);
		assert_string_equal(desk_only(d)->layers, "percent>base64");
		assert_place(desk_only(d), 2, 5 + 3 * (start * 8 / 6), 2,
			     5 + 3 * ((end * 8 + 5) / 6));
		assert_null(strstr(desk_only(d)->context, d->value));
	}
}

static void goes_no_deeper_than_told(void **state)
{
	struct desk *d = *state;

	d->shared.decode_depth = 1;
	desk_put(d, "x = ");
	desk_put(d, encode_each(rv_str_of(encode_base64(rv_str_of(d->value), "+/", true, 0)),
				"%%%02x"));
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 0);
	d->shared.decode_depth = 0;
	desk_put(d, encode_base64(rv_str_of(d->value), "+/", true, 0));
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 0);
	d->shared.decode_depth = 1;
	desk_put(d, encode_base64(rv_str_of(d->value), "+/", true, 0));
	desk_scan(d);
	assert_string_equal(desk_only(d)->layers, "base64");
}

static void reads_utf16(void **state)
{
	struct desk *d = *state;
	char plain[128];

	for (int is_big = 0; is_big < 2; is_big++) {
		int len = snprintf(plain, sizeof(plain), "a\nkey = %s\n", d->value);

		d->text[0] = is_big ? '\xfe' : '\xff';
		d->text[1] = is_big ? '\xff' : '\xfe';
		for (int i = 0; i < len; i++) {
			d->text[2 + 2 * i + !is_big] = 0;
			d->text[2 + 2 * i + is_big] = plain[i];
		}
		d->len = 2 + 2 * (size_t)len;
		desk_scan(d);
		assert_string_equal(desk_only(d)->layers, is_big ? "utf-16be" : "utf-16le");
		assert_int_equal(desk_only(d)->offset, 2 + 2 * 8);
		assert_int_equal(desk_only(d)->line, 2);
		assert_null(strstr(desk_only(d)->context, d->value));
	}
}

static void tells_a_value_once_that_two_layers_show(void **state)
{
	struct desk *d = *state;

	desk_put(d, "x = %41%42%43%44%45%46/acme%5f"); /* no anchor but behind the encoding */
	desk_put(d, d->value + strlen("acme_"));
	desk_scan(d);
	assert_string_equal(desk_only(d)->layers, "percent");
	desk_put(d, "x = %41%42%43%44%45%46/"); /* the same word, and plain too */
	desk_put(d, d->value);
	desk_scan(d);
	assert_null(desk_only(d)->layers);
}

static bool wants_all(void *user, uint64_t hash)
{
	(void)user; /* every value */
	(void)hash; /* as above */
	return true;
}

static rv_status complete_nothing(void *user, struct rv_leaks *leaks, struct rv_leak *leak)
{
	(void)user;  /* there is nothing to say */
	(void)leaks; /* as above */
	(void)leak;  /* as above */
	return RV_OK;
}

/* Two values, on a line each. */
static void scan_changed(struct desk *d, const struct rv_doc_added *added)
{
	const struct rv_doc_choice choice = {
		.wants = wants_all, .complete = complete_nothing, .added = added};

	desk_put(d, " ");
	desk_put(d, d->value);
	desk_put(d, "\n");
	desk_put(d, d->other);
	d->w.touched = 0;
	d->w.choice = &choice;
	desk_scan(d);
	d->w.choice = NULL;
}

static void tells_what_a_diff_adds(void **state)
{
	struct desk *d = *state;
	const struct rv_span spans[] = {{0, 1}, {VALUE_LEN + 1, VALUE_LEN + 2}};

	for (size_t count = 0; count <= RV_LEN(spans); count++) {
		const struct rv_doc_added added = {.spans = spans, .count = count};

		scan_changed(d, &added);
		assert_int_equal(d->w.leaks.count, 0); /* none touches a value */
	}
	for (size_t at = VALUE_LEN; at <= VALUE_LEN + 2; at += 2) {
		const struct rv_span touching = {at, at + 1};
		const struct rv_doc_added added = {.spans = &touching, .count = 1};

		scan_changed(d, &added);
		assert_int_equal(desk_only(d)->line, at == VALUE_LEN ? 1 : 2);
	}
}

static void tells_the_rest_of_what_has_moved_by_itself(void **state)
{
	struct desk *d = *state;
	const struct rv_span first = {0, VALUE_LEN};
	struct rv_doc_added added = {.spans = &first, .count = 1, .is_moved = true};

	scan_changed(d, &added);
	assert_int_equal(desk_only(d)->line, 1);
	assert_int_equal(d->w.touched, 1); /* the other one */
	added.is_rest = true;
	scan_changed(d, &added);
	assert_int_equal(desk_only(d)->line, 2);
}

static void touches_no_value_on_a_line_of_its_own(void **state)
{
	struct desk *d = *state;
	const struct rv_span first = {0, 1};
	const struct rv_doc_added added = {
		.spans = &first, .count = 1, .has_lost = true, .is_rest = true};

	scan_changed(d, &added);
	assert_int_equal(d->w.leaks.count, 0);
	assert_int_equal(d->w.touched, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(tells_nothing_of_nothing),
		DESK_TEST(places_a_value_by_line_and_column),
		DESK_TEST(places_each_of_several_values),
		DESK_TEST(places_a_value_of_a_window_in_the_file),
		DESK_TEST(tells_only_what_starts_in_its_share),
		DESK_TEST(places_a_value_behind_two_encodings),
		DESK_TEST(goes_no_deeper_than_told),
		DESK_TEST(reads_utf16),
		DESK_TEST(tells_a_value_once_that_two_layers_show),
		DESK_TEST(tells_what_a_diff_adds),
		DESK_TEST(tells_the_rest_of_what_has_moved_by_itself),
		DESK_TEST(touches_no_value_on_a_line_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
