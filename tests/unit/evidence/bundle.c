/* Bundles that were meddled with: every way is found, and the good one is not refused. */
#include "sample.h"

#include "agent/verify/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LINES_MAX 128

struct lines {
	struct rv_str at[LINES_MAX]; /* with their newline */
	size_t count;
};

static struct lines split(const struct rv_buf *bundle)
{
	struct lines out = {.count = 0};
	size_t begin = 0;
	for (size_t i = 0; i < bundle->len; i++) {
		if (bundle->data[i] != '\n')
			continue;
		assert_true(out.count < LINES_MAX);
		out.at[out.count++] = (struct rv_str){bundle->data + begin, i + 1 - begin};
		begin = i + 1;
	}
	return out;
}

static struct rv_buf join(const struct lines *lines)
{
	struct rv_buf out;
	rv_buf_init(&out, 1 << 20);
	for (size_t i = 0; i < lines->count; i++)
		assert_true(rv_is_ok(rv_buf_put(&out, lines->at[i].data, lines->at[i].len)));
	return out;
}

static bool verifies(const struct rv_buf *bytes, const struct rv_digest *key,
		     struct rv_bundle_report *report)
{
	struct rv_diag diag = {0};
	rv_status st = rv_bundle_check(rv_buf_view(bytes), key, NULL, NULL, report, &diag);
	if (!rv_is_ok(st))
		assert_true(diag.text[0] != '\0');
	return rv_is_ok(st);
}

static bool lines_verify(const struct lines *lines, const struct rv_digest *key)
{
	struct rv_bundle_report report;
	struct rv_buf bytes = join(lines);
	bool ok = verifies(&bytes, key, &report);
	rv_buf_done(&bytes);
	return ok;
}

static void a_whole_bundle_verifies(void **state)
{
	const struct sample *s = *state;
	struct rv_bundle_report report;
	assert_true(verifies(&s->bundle, &s->key_name, &report));
	assert_int_equal(report.events, 7);
	assert_int_equal(report.heads, 3);
	assert_int_equal(report.signed_to, 7);
	assert_true(verifies(&s->bundle, NULL, &report));
}

static void any_flipped_bit_is_found(void **state)
{
	const struct sample *s = *state;
	struct rv_bundle_report report;
	for (size_t i = 0; i < s->bundle.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			s->bundle.data[i] ^= (uint8_t)(1U << bit);
			if (verifies(&s->bundle, &s->key_name, &report))
				fail_msg("bit %u of byte %zu changes unseen", bit, i);
			s->bundle.data[i] ^= (uint8_t)(1U << bit);
		}
}

static void any_removed_line_is_found(void **state)
{
	const struct sample *s = *state;
	struct lines all = split(&s->bundle);
	for (size_t gone = 0; gone < all.count; gone++) {
		struct lines some = all;
		memmove(some.at + gone, some.at + gone + 1,
			(some.count - gone - 1) * sizeof(some.at[0]));
		some.count--;
		/* An earlier head may be left out: a later one covers the same events. */
		bool is_early_head = all.at[gone].data[2] == 'h' && gone + 1 < all.count;
		assert_int_equal(lines_verify(&some, &s->key_name), is_early_head);
	}
}

static void any_two_lines_exchanged_are_found(void **state)
{
	const struct sample *s = *state;
	struct lines all = split(&s->bundle);
	for (size_t i = 0; i < all.count; i++)
		for (size_t j = i + 1; j < all.count; j++) {
			struct lines other = all;
			other.at[i] = all.at[j];
			other.at[j] = all.at[i];
			assert_false(lines_verify(&other, &s->key_name));
		}
}

static void any_line_told_twice_is_found(void **state)
{
	const struct sample *s = *state;
	struct lines all = split(&s->bundle);
	for (size_t i = 0; i < all.count; i++) {
		struct lines more = all;
		memmove(more.at + i + 1, more.at + i, (more.count - i) * sizeof(more.at[0]));
		more.count++;
		bool is_head = all.at[i].data[2] == 'h'; /* the same signature twice says no more */
		assert_int_equal(lines_verify(&more, &s->key_name), is_head);
	}
}

static void any_cut_tail_is_found(void **state)
{
	const struct sample *s = *state;
	struct rv_bundle_report report;
	for (size_t len = 0; len < s->bundle.len; len++) {
		struct rv_buf cut = s->bundle;
		cut.len = len;
		assert_false(verifies(&cut, &s->key_name, &report));
	}
}

/* A forger with the bundle but without the key: an event of their own, all hashes recomputed. */
static void a_forged_event_needs_the_key(void **state)
{
	const struct sample *s = *state;
	struct sample forged;
	struct rv_bundle_report report;
	sample_make(&forged, 7, 3);
	assert_false(verifies(&forged.bundle, &s->key_name, &report));
	assert_true(verifies(&forged.bundle, &forged.key_name, &report));
	/* Good events under somebody else's heads. */
	struct lines ours = split(&s->bundle);
	struct lines theirs = split(&forged.bundle);
	for (size_t i = 0; i < ours.count; i++)
		if (ours.at[i].data[2] == 'h')
			ours.at[i] = theirs.at[i];
	assert_false(lines_verify(&ours, &s->key_name));
	assert_false(lines_verify(&ours, NULL));
	sample_done(&forged);
}

static void the_wrong_key_is_said(void **state)
{
	const struct sample *s = *state;
	struct rv_bundle_report report;
	struct rv_diag diag = {0};
	struct rv_digest other = s->key_name;
	other.bytes[31] ^= 1;
	rv_status st = rv_bundle_check(rv_buf_view(&s->bundle), &other, NULL, NULL, &report, &diag);
	assert_int_equal(rv_class_of(st), RV_CLASS_CONFLICT);
	assert_non_null(strstr(diag.text, "another key"));
}

static void an_unsigned_tail_is_found(void **state)
{
	(void)state; /* its own chain */
	struct sample s;
	struct rv_bundle_report report;
	sample_make(&s, 4, 4);
	assert_true(rv_is_ok(
		rv_audit_append(s.db, &(struct rv_audit_event){.type = "after"}, NULL, NULL)));
	rv_buf_reset(&s.bundle);
	assert_true(rv_is_ok(rv_evidence_bundle(s.db, 1, 0, &s.bundle, NULL)));
	assert_false(verifies(&s.bundle, &s.key_name, &report));
	assert_int_equal(report.signed_to, 4);
	sample_sign(&s, s.seed);
	rv_buf_reset(&s.bundle);
	assert_true(rv_is_ok(rv_evidence_bundle(s.db, 1, 0, &s.bundle, NULL)));
	assert_true(verifies(&s.bundle, &s.key_name, &report));
	/* A range is whole too, and says where it begins. */
	rv_buf_reset(&s.bundle);
	assert_true(rv_is_ok(rv_evidence_bundle(s.db, 3, 0, &s.bundle, NULL)));
	assert_true(verifies(&s.bundle, &s.key_name, &report));
	assert_int_equal(report.first, 3);
	sample_done(&s);
}

static void hostile_bundles_are_only_refused(void **state)
{
	const struct sample *s = *state;
	static const char *const texts[] = {
		"",
		"\n",
		"{}\n",
		"[]\n",
		"null\n",
		"{\"event\":{},\"hash\":\"00\"}\n",
		"{\"reeve_evidence\":{\"first\":0,\"last\":0,\"previous\":\"\",\"v\":1}}\n",
		"{\"reeve_evidence\":{\"first\":2,\"last\":1,\"previous\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\",\"v\":1}}\n",
		"{\"reeve_evidence\":{\"first\":1,\"last\":1,\"previous\":"
		"\"0000000000000000000000000000000000000000000000000000000000000001\",\"v\":1}}\n",
		"{\"reeve_evidence\":{\"first\":1,\"last\":9223372036854775807,\"previous\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\",\"v\":1}}\n",
		"{\"head\":{\"seq\":1}}\n",
	};
	struct rv_bundle_report report;
	for (size_t i = 0; i < RV_LEN(texts); i++)
		assert_false(rv_is_ok(rv_bundle_check(rv_str_of(texts[i]), &s->key_name, NULL, NULL,
						      &report, NULL)));
}

static int make(void **state)
{
	struct sample *s = malloc(sizeof(*s));
	sample_make(s, 7, 3);
	*state = s;
	return 0;
}

static int done(void **state)
{
	sample_done(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_bundle_verifies),
		cmocka_unit_test(any_flipped_bit_is_found),
		cmocka_unit_test(any_removed_line_is_found),
		cmocka_unit_test(any_two_lines_exchanged_are_found),
		cmocka_unit_test(any_line_told_twice_is_found),
		cmocka_unit_test(any_cut_tail_is_found),
		cmocka_unit_test(a_forged_event_needs_the_key),
		cmocka_unit_test(the_wrong_key_is_said),
		cmocka_unit_test(an_unsigned_tail_is_found),
		cmocka_unit_test(hostile_bundles_are_only_refused),
	};
	return cmocka_run_group_tests(tests, make, done);
}
