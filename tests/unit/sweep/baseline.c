/* tests: the baseline: what cannot be read is said, what is known hides, ends, merges. */
#include "agent/sweep/baseline.h"

#include "tests/unit/sweep/sift.h"

#include <stdio.h>

#define SALT  "00000000000000000000000000000000000000000000000000000000000000ff"
#define HEAD  "{\"schema\": \"reeve-baseline/1\", \"salt\": \"" SALT "\", \"entries\": ["
#define PRINT "rv1:0123456789abcdef0123456789abcdef"

static const char *const aliases[] = {"acme-api-token", NULL};
static const struct rv_rule acme = {.id = "acme-key", .aliases = aliases};

static struct rv_baseline *parse(const char *text)
{
	struct rv_baseline *baseline = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_baseline_parse(rv_str_of(text), "b", NOW_US, &baseline, &diag)))
		fail_msg("%s", diag.text);
	return baseline;
}

static void refuses_what_it_cannot_read_whole(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {
		{"", "the baseline b: "},
		{"nothing", "the baseline b: "},
		{HEAD, "the baseline b: "},
		{"1", "the baseline b: "},
		{"\"a\"", "the baseline b: "},
		{"<<<<<<< ours\n{}", "b:1: a conflict marker"},
		{"{\n>>>>>>>\n}", "b:2: a conflict marker"},
		{"{\n<<<<<<<< ours\n}", "the baseline b: 2:"},
		{"{\n  \"salt\": \"1\",\n  \"salt\": \"2\",\n}", "b:3: a second salt"},
		{"{\n<<<<<<< a\n  \"salt\": \"1\",\n=======\n  \"salt\": \"2\",\n",
		 "b:5: a second"},
		{"{\n  \"rules_day\": \"1\",\n  \"rules_day\": \"2\",\n}", "the baseline b: "},
		{"{\n  \"rules_day\": \"2026-11-27\",\n  \"rules_day\": \"2026-11-27\",\n  x",
		 "the baseline b: 4:"},
		{"{\n  \"rules_day\": \"2026-11-27\",\n  \"salt\": \"1\",\n  \"salt\": \"2\",\n"
		 "  \"rules_day\": \"2026-11-28\",\n}",
		 "b:4: a second salt"},
		{"{}", "schema is \"\""},
		{"{\"schema\": \"reeve-baseline/2\"}", "schema is \"reeve-baseline/2\""},
		{"{\"schema\": \"reeve-baseline/1\", \"entries\": []}", "salt is 64"},
		{"{\"schema\": \"reeve-baseline/1\", \"salt\": \"" SALT "\"}", "entries is a list"},
		{HEAD "1]}", "entry 1: an entry is an object"},
		{HEAD "{\"fingerprint\": 1}]}", "entry 1: fingerprint is text"},
		{HEAD "{\"secret\": \"x\"}]}", "entry 1: unknown key secret"},
		{HEAD "{\"fingerprint\": \"rv1:12\", \"rule\": \"a\"}]}", "a fingerprint is"},
		{HEAD "{\"fingerprint\": \"" PRINT "\"}]}", "an entry has a rule"},
		{HEAD "{\"fingerprint\": \"" PRINT "\", \"rule\": \"a\", \"until\": \"x\"}]}",
		 "are days"},
		{"[1]", "finding 1 has no RuleID"},
		{"[{\"RuleID\": \"a\"}]", "not a JSON report of gitleaks"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_baseline *baseline = NULL;
		struct rv_diag diag = {0};

		assert_class(
			rv_baseline_parse(rv_str_of(bad[i].text), "b", NOW_US, &baseline, &diag),
			RV_CLASS_MALFORMED);
		assert_null(baseline);
		if (!strstr(diag.text, bad[i].says) && strncmp(diag.text, "b is no", 7) != 0)
			fail_msg("%s gives %s", bad[i].text, diag.text);
	}
}

static struct rv_baseline_entry entry(unsigned n, char print[40])
{
	(void)snprintf(print, 40, "rv1:%02x00000000000000000000000000%04x", n * 37 % 256,
		       n); /* it fits */
	return (struct rv_baseline_entry){print, "acme-key",   "a/b\\x0a", "a \"test\"",
					  "me",	 "2026-11-27", ""};
}

static void knows_again_what_it_wrote(void **state)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *made = NULL;
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *read = NULL;
	struct rv_buf text, again;
	char print[40];
	size_t count;

	(void)state;
	rv_buf_init(&text, 1 << 20);
	rv_buf_init(&again, 1 << 20);
	assert_ok(rv_baseline_new(20261127, NOW_US, &made));
	for (unsigned i = 0; i < 40; i++) {
		struct rv_baseline_entry e = entry(i, print);

		e.until = i == 3 ? "2026-11-27" : i == 4 ? "2026-11-28" : "";
		assert_ok(rv_baseline_add(made, &e, NULL));
		assert_ok(rv_baseline_add(made, &e, NULL)); /* replaces */
	}
	assert_ok(rv_baseline_print(made, &text));
	assert_ok(rv_baseline_parse(rv_buf_view(&text), "b", NOW_US, &read, NULL));
	assert_ok(rv_baseline_print(read, &again));
	assert_true(rv_str_equal(rv_buf_view(&text), rv_buf_view(&again)));
	assert_memory_equal(rv_baseline_salt(made), rv_baseline_salt(read), RV_IDENTITY_SALT);
	assert_int_equal(rv_baseline_rules_day(read), 20261127);
	const struct rv_baseline_entry *all = rv_baseline_entries(read, &count);
	assert_int_equal(count, 40);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(all[i - 1].fingerprint, all[i].fingerprint) < 0);
	assert_string_equal(all[0].reason, "a \"test\"");
	assert_string_equal(all[0].path, "a/b\\x0a");
	rv_buf_done(&text);
	rv_buf_done(&again);
}

static void the_last_addition_holds(void **state)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *made = NULL;
	static const char *const days[] = {"2026-11-27", "2026-11-25", "2026-11-26"};
	char print[40];
	size_t count;

	(void)state;
	assert_ok(rv_baseline_new(20261127, NOW_US, &made));
	for (size_t round = 0; round < RV_LEN(days); round++) {
		for (unsigned i = 0; i < 9; i++) {
			struct rv_baseline_entry e = entry(8 - i, print);

			e.added = days[round];
			assert_ok(rv_baseline_add(made, &e, NULL));
		}
		const struct rv_baseline_entry *all = rv_baseline_entries(made, &count);
		assert_int_equal(count, 9);
		for (size_t i = 0; i < count; i++)
			assert_string_equal(all[i].added, days[round]);
	}
}

static enum rv_baseline_answer ask(struct rv_baseline *baseline, unsigned n,
				   const struct rv_baseline_entry **out)
{
	char print[40];
	const struct rv_baseline_entry e = entry(n, print);
	const struct rv_baseline_question q = {.rule = &acme, .fingerprint = e.fingerprint};

	return rv_baseline_match(baseline, &q, out);
}

static void hides_until_the_day_and_lists_after_it(void **state)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	const struct rv_baseline_entry *found;
	char print[40];

	(void)state;
	assert_ok(rv_baseline_new(0, NOW_US, &baseline));
	for (unsigned i = 0; i < 3; i++) {
		struct rv_baseline_entry e = entry(i, print);

		e.until = i == 0 ? "2026-11-27" : i == 1 ? "2026-11-28" : "";
		assert_ok(rv_baseline_add(baseline, &e, NULL));
	}
	assert_int_equal(ask(baseline, 0, &found), RV_BASELINE_ENDED);
	assert_true(rv_baseline_has_ended(baseline, found));
	assert_int_equal(ask(baseline, 1, &found), RV_BASELINE_KNOWN);
	assert_false(rv_baseline_has_ended(baseline, found));
	assert_int_equal(ask(baseline, 2, NULL), RV_BASELINE_KNOWN);
	assert_int_equal(ask(baseline, 3, &found), RV_BASELINE_UNKNOWN);
	assert_null(found);
	assert_int_equal(rv_baseline_drop_ended(baseline), 1);
	assert_int_equal(ask(baseline, 0, NULL), RV_BASELINE_UNKNOWN);
}

static bool keeps_two(void *user, const struct rv_baseline_entry *one)
{
	size_t *asked = user;
	char print[40];

	(*asked)++;
	(void)entry(2, print);
	return strcmp(one->fingerprint, print) == 0;
}

static void prunes_what_was_not_found_again(void **state)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *made = NULL;
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *read = NULL;
	struct rv_buf text;
	char print[40];

	(void)state;
	rv_buf_init(&text, 1 << 20);
	assert_ok(rv_baseline_new(0, NOW_US, &made));
	for (unsigned i = 0; i < 3; i++) {
		const struct rv_baseline_entry e = entry(i, print);

		assert_ok(rv_baseline_add(made, &e, NULL));
	}
	assert_ok(rv_baseline_print(made, &text));
	assert_ok(rv_baseline_parse(rv_buf_view(&text), "b", NOW_US, &read, NULL));
	rv_buf_done(&text);
	assert_int_equal(ask(read, 1, NULL), RV_BASELINE_KNOWN);
	const struct rv_baseline_entry fresh = entry(7, print);
	assert_ok(rv_baseline_add(read, &fresh, NULL));
	size_t asked = 0;
	assert_int_equal(rv_baseline_prune(read, keeps_two, &asked), 1);
	assert_int_equal(asked, 2); /* what was found is not asked about */
	assert_int_equal(rv_baseline_prune(read, NULL, NULL), 1);
	assert_int_equal(ask(read, 1, NULL), RV_BASELINE_KNOWN);
	assert_int_equal(ask(read, 7, NULL), RV_BASELINE_KNOWN);
	assert_int_equal(ask(read, 2, NULL), RV_BASELINE_UNKNOWN);
	assert_int_equal(ask(read, 0, NULL), RV_BASELINE_UNKNOWN);
}

static void takes_what_a_union_merge_leaves(void **state)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	const struct rv_baseline_entry *all;
	size_t count;

	(void)state;
	baseline = parse(
		HEAD "{\"fingerprint\": \"rv1:ff23456789abcdef0123456789abcdef\", \"rule\": \"a\"},"
		     "{\"fingerprint\": \"" PRINT "\", \"rule\": \"a\", \"reason\": \"new\", "
		     "\"added\": \"2026-11-27\"},"
		     "{\"bucket\": \"00\"},"
		     "{\"fingerprint\": \"" PRINT "\", \"rule\": \"a\", \"reason\": \"old\", "
		     "\"added\": \"2026-11-26\"},"
		     "{\"fingerprint\": \"rv1:ff23456789abcdef0123456789abcdef\", \"rule\": "
		     "\"a\", \"reason\": \"last\"},{\"bucket\": \"end\"}]}");
	all = rv_baseline_entries(baseline, &count);
	assert_int_equal(count, 2);
	assert_string_equal(all[1].reason, "last"); /* of one day */
	assert_string_equal(all[0].fingerprint, PRINT);
	assert_string_equal(all[0].reason, "new");
}

/* The two lines near new entries: git takes what is between as part of either side. */
static void of_two_rules_days_the_later_holds(void **state)
{
#define TOP	"{\n  \"schema\": \"reeve-baseline/1\",\n  \"salt\": \"" SALT "\",\n"
#define DAY(at) "  \"rules_day\": \"" at "\",\n"
#define BEGIN	"  \"entries\": [\n    {\"bucket\": \"00\"},\n"
#define END	"    {\"bucket\": \"end\"}\n  ]\n}\n"
#define ENTRY(with)                                                                        \
	"    {\"fingerprint\": \"rv1:" with "000000000000000000000000000000\", \"rule\": " \
	"\"a\"},\n"
	static const struct {
		const char *text;
		size_t count;
		uint32_t day;
	} merged[] = {
		{TOP DAY("2026-03-01") BEGIN END, 0, 20260301},
		{TOP DAY("2026-03-01") DAY("2026-02-01") BEGIN END, 0, 20260301},
		{TOP DAY("2026-02-01") DAY("2026-03-01") DAY("2025-12-31") BEGIN END, 0, 20260301},
		{TOP DAY("2026-02-01") BEGIN ENTRY("01") DAY("2026-10-01") BEGIN ENTRY("02") END, 2,
		 20261001},
		{TOP "  \"rules_day\": \"2026-02-01\",\r\n  \"rules_day\": \"2026-02-02\",\r\n"
		     "  \"entries\": [\r\n]}",
		 0, 20260202},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(merged); i++) {
		RV_CLEANUP(rv_baseline_freep) struct rv_baseline *b = parse(merged[i].text);
		size_t count;

		(void)rv_baseline_entries(b, &count); /* only how many */
		assert_int_equal(count, merged[i].count);
		assert_int_equal(rv_baseline_rules_day(b), merged[i].day);
		assert_int_equal(rv_baseline_had_two_days(b), i > 0);
	}
}

static void of_one_day_what_ends_earlier_holds_after_a_merge(void **state)
{
	static const char *const ends[] = {"2026-11-26", "2026-11-30", ""};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < RV_LEN(ends); i++) {
		for (size_t j = 0; j < RV_LEN(ends); j++) {
			RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
			static const char one[] =
				"{\"fingerprint\": \"" PRINT "\", \"rule\": \"a\", \"added\": "
				"\"2026-11-20\", \"until\": \"";
			size_t count;

			(void)snprintf(text, sizeof(text), HEAD "%s%s\"},%s%s\"}]}", one, ends[i],
				       one, ends[j]); /* it fits */
			baseline = parse(text);
			const struct rv_baseline_entry *all = rv_baseline_entries(baseline, &count);
			assert_int_equal(count, 1);
			assert_string_equal(all[0].until, ends[i < j ? i : j]);
		}
	}
}

static enum rv_baseline_answer ask_foreign(struct rv_baseline *baseline, const char *path,
					   const char *value, uint32_t line, const char *commit)
{
	const struct rv_baseline_question q = {.rule = &acme,
					       .path = rv_str_of(path),
					       .value = rv_str_of(value),
					       .line = line,
					       .commit = commit};

	return rv_baseline_match(baseline, &q, NULL);
}

static void reads_a_report_of_gitleaks(void **state)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *b = NULL;

	(void)state;
	b = parse("[{\"RuleID\": \"acme-api-token\", \"File\": \"./a\\\\b.txt\", \"StartLine\": 3, "
		  "\"Secret\": \"VALUE-1\", \"Match\": \"k=VALUE-1\", \"Commit\": \"\", "
		  "\"Entropy\": 3.5, \"Tags\": []},"
		  "{\"RuleID\": \"acme-key\", \"File\": \"c\", \"StartLine\": 9, "
		  "\"Secret\": \"REDACTED\", \"Commit\": \"AB12\"},"
		  "{\"RuleID\": \"other\", \"File\": \"d\", \"StartLine\": 1, "
		  "\"Secret\": \"VALUE-1\"}]");
	assert_null(rv_baseline_salt(b));
	assert_int_equal(ask_foreign(b, "a/b.txt", "VALUE-1", 99, NULL), RV_BASELINE_KNOWN);
	assert_int_equal(ask_foreign(b, "a/b.txt", "VALUE-2", 3, NULL), RV_BASELINE_UNKNOWN);
	assert_int_equal(ask_foreign(b, "a/c.txt", "VALUE-1", 3, NULL), RV_BASELINE_UNKNOWN);
	assert_int_equal(ask_foreign(b, "./c", "any", 9, "ab12"), RV_BASELINE_KNOWN);
	assert_int_equal(ask_foreign(b, "c", "any", 9, NULL), RV_BASELINE_KNOWN);
	assert_int_equal(ask_foreign(b, "c", "any", 9, "cd34"), RV_BASELINE_UNKNOWN);
	assert_int_equal(ask_foreign(b, "c", "any", 8, "ab12"), RV_BASELINE_UNKNOWN);
	assert_int_equal(ask_foreign(b, "d", "VALUE-1", 1, NULL), RV_BASELINE_UNKNOWN);
	char print[40];
	const struct rv_baseline_entry e = entry(1, print);
	assert_class(rv_baseline_add(b, &e, NULL), RV_CLASS_MISCONFIGURED);
	assert_class(rv_baseline_save(b, "/nowhere", NULL), RV_CLASS_MISCONFIGURED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_it_cannot_read_whole),
		cmocka_unit_test(knows_again_what_it_wrote),
		cmocka_unit_test(the_last_addition_holds),
		cmocka_unit_test(hides_until_the_day_and_lists_after_it),
		cmocka_unit_test(prunes_what_was_not_found_again),
		cmocka_unit_test(takes_what_a_union_merge_leaves),
		cmocka_unit_test(of_two_rules_days_the_later_holds),
		cmocka_unit_test(of_one_day_what_ends_earlier_holds_after_a_merge),
		cmocka_unit_test(reads_a_report_of_gitleaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
