/* Reports of a scan: golden texts (RVT_UPDATE=1 writes them anew), and what must hold in each
 * format. Parsing them with other people's parsers: report_parse.py, report_schema.py. */
#include "tests/support/unit.h"

#include "tests/support/alloc_fail.h"
#include "tests/support/dir.h"
#include "tests/unit/sweep/sample.h"

#include "agent/base/json.h"
#include "agent/base/path.h"

#include <errno.h>
#include <stdio.h>

#ifndef RVT_GOLDEN
#error "RVT_GOLDEN: folder of the golden files"
#endif

struct text {
	char *bytes;
	size_t len;
};

static void text_done(struct text *text)
{
	free(text->bytes);
}
#define TEXT RV_CLEANUP(text_done) struct text

static struct text written(enum rv_report_format format, const struct rv_report_facts *facts,
			   const struct rv_report_look *look)
{
	struct text text = {0};
	struct rv_diag diag = {0};
	FILE *out = open_memstream(&text.bytes, &text.len);

	assert_non_null(out);
	assert_ok(rv_report_write(format, facts, look, out, &diag));
	assert_int_equal(fclose(out), 0);
	return text;
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		count++;
	return count;
}

/* --- what goes wrong */

static void a_gate_does_not_advise_what_has_no_effect_there(void **state)
{
	static const enum rv_report_format formats[] = {RV_REPORT_TEXT, RV_REPORT_GITHUB,
							RV_REPORT_HTML};
	static const struct rv_report_look look = {0};
	struct rv_report_facts facts = *sample_facts("all");

	(void)state;
	facts.command = "diff";
	facts.suppression_count = 0;
	for (size_t i = 0; i < RV_LEN(formats); i++) {
		TEXT text = written(formats[i], &facts, &look);

		assert_null(strstr(text.bytes, "reeve:allow"));
		assert_non_null(strstr(text.bytes, "in the base first"));
	}
}

static void suppressions_past_what_is_listed_are_counted(void **state)
{
	(void)state;
	static const struct rv_report_look look = {0};
	struct rv_suppression many[60];
	struct rv_report_facts facts = *sample_facts("all");

	for (size_t i = 0; i < RV_LEN(many); i++)
		many[i] = (struct rv_suppression){RV_STR_LIT("a"), (uint32_t)i + 1, "reeve:allow"};
	facts.suppressions = many;
	facts.suppression_count = RV_LEN(many);
	facts.suppression_total = 90;
	TEXT text = written(RV_REPORT_TEXT, &facts, &look);
	TEXT json = written(RV_REPORT_JSON, &facts, &look);
	TEXT html = written(RV_REPORT_HTML, &facts, &look);

	assert_non_null(strstr(text.bytes, "adds 90 suppressions"));
	assert_non_null(strstr(text.bytes, "and 40 more: --format json lists most\n"));
	assert_non_null(strstr(json.bytes, "\"suppressions\": 90"));
	assert_non_null(strstr(html.bytes, "and 30 more, which are not listed"));
}

static void a_full_disk_is_reported_in_each_format(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		struct rv_diag diag = {0};
		FILE *full = fopen("/dev/full", "we");

		assert_non_null(full);
		rv_status status = rv_report_write((enum rv_report_format)i, sample_facts("all"),
						   NULL, full, &diag);
		assert_class(status, RV_CLASS_EXHAUSTED);
		assert_int_equal(status.errno_was, ENOSPC);
		assert_non_null(strstr(diag.text, "cannot write the report"));
		(void)fclose(full); /* full */
	}
}

static void a_full_disk_is_reported_also_for_a_report_larger_than_the_buffer(void **state)
{
	(void)state;
	struct rv_report_facts facts = sample_many(2000);
	FILE *full = fopen("/dev/full", "we");

	assert_non_null(full);
	assert_class(rv_report_write(RV_REPORT_JSON, &facts, NULL, full, NULL), RV_CLASS_EXHAUSTED);
	(void)fclose(full); /* full */
	sample_many_done(&facts);
}

static rv_status attempt(void *user)
{
	const enum rv_report_format *format = user;
	static char room[1 << 20];
	FILE *out = fmemopen(room, sizeof(room), "w");

	if (!out)
		rvt_die("fmemopen");
	rv_status status = rv_report_write(*format, sample_facts("all"), NULL, out, NULL);
	(void)fclose(out);
	return status;
}

static void each_failing_allocation_is_reported(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		enum rv_report_format format = (enum rv_report_format)i;

		assert_true(rvt_alloc_loop(rv_report_format_name(format), attempt, &format) > 0);
	}
}

static rv_status attempt_many(void *user)
{
	const struct rv_report_facts *facts = user;
	FILE *out = fopen("/dev/null", "we");

	if (!out)
		rvt_die("/dev/null");
	rv_status status = rv_report_write(RV_REPORT_HTML, facts, NULL, out, NULL);
	(void)fclose(out);
	return status;
}

static void memory_does_not_grow_with_the_findings(void **state)
{
	(void)state;
	struct rv_report_facts few = sample_many(10), many = sample_many(5000);
	size_t for_few = rvt_alloc_loop("ten findings", attempt_many, &few);
	size_t for_many = rvt_alloc_loop("5000 findings", attempt_many, &many);

	assert_int_equal(for_few, for_many);
	sample_many_done(&few);
	sample_many_done(&many);
}

static void an_unknown_format_is_told(void **state)
{
	(void)state;
	assert_int_equal(rv_report_format_of("yaml"), RV_REPORT__COUNT);
	assert_int_equal(rv_report_format_of(""), RV_REPORT__COUNT);
	assert_int_equal(rv_report_format_of("JSON"), RV_REPORT__COUNT);
	assert_int_equal(rv_report_format_of_file("report"), RV_REPORT__COUNT);
	assert_int_equal(rv_report_format_of_file("json"), RV_REPORT__COUNT);
	assert_string_equal(rv_report_format_name(RV_REPORT__COUNT), "invalid");
	assert_string_equal(rv_leak_state_name(RV_LEAK__COUNT), "invalid");
	assert_string_equal(rv_leak_reach_name(RV_REACH__COUNT), "invalid");
}

/* --- names */

static void each_format_has_a_name_and_most_an_ending(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		const char *name = rv_report_format_name((enum rv_report_format)i);

		assert_int_equal(rv_report_format_of(name), i);
	}
	assert_int_equal(rv_report_format_of_file("out/a.json"), RV_REPORT_JSON);
	assert_int_equal(rv_report_format_of_file("a.jsonl"), RV_REPORT_JSONL);
	assert_int_equal(rv_report_format_of_file("a.ndjson"), RV_REPORT_JSONL);
	assert_int_equal(rv_report_format_of_file("a.sarif"), RV_REPORT_SARIF);
	assert_int_equal(rv_report_format_of_file("a.sarif.json"), RV_REPORT_SARIF);
	assert_int_equal(rv_report_format_of_file("a.csv"), RV_REPORT_CSV);
	assert_int_equal(rv_report_format_of_file("junit.xml"), RV_REPORT_JUNIT);
	assert_int_equal(rv_report_format_of_file("a.html"), RV_REPORT_HTML);
	assert_int_equal(rv_report_format_of_file("a.txt"), RV_REPORT_TEXT);
	assert_int_equal(rv_report_format_of_file("x/gl-secret-detection-report.json"),
			 RV_REPORT_GITLAB);
}

/* --- golden */

static size_t compare(const char *path, const struct text *got)
{
	if (getenv("RVT_UPDATE")) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		assert_int_equal(fwrite(got->bytes, 1, got->len, f), got->len);
		assert_int_equal(fclose(f), 0);
		return 0;
	}
	struct rv_buf expected = rvt_file_read(path);
	bool is_same = expected.len == got->len && memcmp(expected.data, got->bytes, got->len) == 0;
	if (!is_same)
		print_error("%s differs; it is now:\n%.*s\n", path, (int)got->len, got->bytes);
	rv_buf_done(&expected);
	return !is_same;
}

static void golden_reports_stay_as_reviewed(void **state)
{
	(void)state;
	const struct rv_report_look look = {.shows_all = true, .width = 80};
	size_t different = 0;

	for (size_t n = 0; sample_names[n]; n++) {
		for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
			enum rv_report_format format = (enum rv_report_format)i;
			char path[RVT_PATH];
			TEXT got = written(format, sample_facts(sample_names[n]), &look);

			snprintf(path, sizeof(path), RVT_GOLDEN "/%s.%s", sample_names[n],
				 rv_report_format_name(format));
			different += compare(path, &got);
		}
	}
	assert_int_equal(different, 0);
}

static void golden_text_in_colour_and_narrow_and_wide(void **state)
{
	(void)state;
	const struct rv_report_look color = {.has_color = true, .width = 120};
	const struct rv_report_look narrow = {.width = 40};
	const struct rv_report_look quiet = {.is_quiet = true};
	TEXT in_color = written(RV_REPORT_TEXT, sample_facts("all"), &color);
	TEXT is_narrow = written(RV_REPORT_TEXT, sample_facts("all"), &narrow);
	TEXT is_quiet = written(RV_REPORT_TEXT, sample_facts("all"), &quiet);

	assert_int_equal(compare(RVT_GOLDEN "/all-color.text", &in_color), 0);
	assert_int_equal(compare(RVT_GOLDEN "/all-narrow.text", &is_narrow), 0);
	assert_int_equal(count_of(is_quiet.bytes, "\n"), 1);
	assert_null(strchr(is_quiet.bytes, '\033'));
}

/* --- what is told */

static void the_same_facts_give_the_same_bytes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		TEXT first = written((enum rv_report_format)i, sample_facts("all"), NULL);
		TEXT second = written((enum rv_report_format)i, sample_facts("all"), NULL);

		assert_string_equal(first.bytes, second.bytes);
	}
}

static void what_is_known_allowed_or_weak_is_told_on_request_only(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		TEXT got = written((enum rv_report_format)i, sample_facts("all"), NULL);

		assert_null(strstr(got.bytes, "tests/keys.c"));
		assert_null(strstr(got.bytes, "old/deploy.sh"));
		assert_null(strstr(got.bytes, "tools/blob.bin"));
		assert_non_null(strstr(got.bytes, "config/settings.env"));
	}
}

/* Whole: the finding, what is to be done, how it went. */
static void assert_block_fits(const struct rv_leak *leak, unsigned width)
{
	static const char *const commands[] = {"staged", "git", "diff"};

	for (size_t i = 0; i < RV_LEN(commands); i++) {
		struct rv_report_facts one = {.version = "0.1.0",
					      .command = commands[i],
					      .target = ".",
					      .files = 1,
					      .leaks = leak,
					      .leak_count = 1,
					      .exit_code = 1};
		const struct rv_report_look look = {.shows_all = true, .width = width};
		TEXT got = written(RV_REPORT_TEXT, &one, &look);

		assert_in_range(count_of(got.bytes, "\n"), 1, 10);
	}
}

static void a_block_message_fits_ten_lines(void **state)
{
	(void)state;
	const struct rv_report_facts *all = sample_facts("all");

	for (size_t i = 0; i < all->leak_count; i++) {
		assert_block_fits(&all->leaks[i], 40);
		assert_block_fits(&all->leaks[i], 80);
		assert_block_fits(&all->leaks[i], 120);
	}
}

/* With all there may be to say of one, who added it is said, and the rest as far as it fits. */
static void a_block_message_of_many_words_names_who_added_it(void **state)
{
	(void)state;
	struct rv_leak leak = sample_facts("all")->leaks[0];

	leak.alive = 1;
	leak.layers = "percent>base64";
	leak.note = "reeve:allow allows nothing: no reason=\"..\" is given";
	leak.facts =
		"issued 2025-01-01, expires 2027-01-01, by https://issuer.example.org/realms/a";
	assert_block_fits(&leak, 40);
	assert_block_fits(&leak, 80);
	struct rv_report_facts one = {
		.command = "git", .target = ".", .leaks = &leak, .leak_count = 1, .exit_code = 1};
	TEXT got = written(RV_REPORT_TEXT, &one, &(struct rv_report_look){.width = 80});

	assert_non_null(strstr(got.bytes, "ALIVE"));
	assert_non_null(strstr(got.bytes, "added by Jo Doe <jo@example.org> in 3fa9c1d2e4b5"));
	assert_non_null(strstr(got.bytes, "; …\n"));
}

static void no_line_of_a_log_can_be_a_build_services_command(void **state)
{
	(void)state;
	static const enum rv_report_format logs[] = {RV_REPORT_TEXT, RV_REPORT_JSON,
						     RV_REPORT_JSONL, RV_REPORT_SARIF};

	for (size_t i = 0; i < RV_LEN(logs); i++) {
		TEXT got = written(logs[i], sample_facts("hostile"),
				   &(struct rv_report_look){.shows_all = true});
		char *rest = got.bytes;

		assert_null(strstr(got.bytes, "##["));
		assert_null(strstr(got.bytes, "##vso["));
		for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
			while (*line && (*line <= ' ' || (unsigned char)*line >= 0x7f))
				line++;
			assert_false(strncmp(line, "::", 2) == 0);
		}
	}
}

static void only_our_own_commands_reach_github(void **state)
{
	(void)state;
	TEXT got = written(RV_REPORT_GITHUB, sample_facts("hostile"),
			   &(struct rv_report_look){.shows_all = true});
	char *rest = got.bytes;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (strncmp(line, "::", 2) != 0)
			continue;
		assert_true(strncmp(line, "::error file=", 13) == 0 ||
			    strncmp(line, "::notice file=", 14) == 0);
		assert_int_equal(count_of(line, "%0AThe same check"), line[2] == 'e');
		assert_null(strchr(line, '\r'));
	}
}

static void github_gets_ten_of_a_kind_and_a_line_for_the_rest(void **state)
{
	(void)state;
	struct rv_report_facts facts = sample_many(100);
	TEXT got = written(RV_REPORT_GITHUB, &facts, NULL);

	assert_int_equal(count_of(got.bytes, "::error "), 10);
	assert_int_equal(count_of(got.bytes, "::warning "), 10);
	assert_int_equal(count_of(got.bytes, "::notice "), 0);
	assert_non_null(strstr(got.bytes, "\n80 more are not annotated"));
	sample_many_done(&facts);
}

static void at_most_five_gaps_are_named_and_the_rest_counted(void **state)
{
	(void)state;
	struct rv_gap gaps[7];
	struct rv_report_facts facts = *sample_facts("clean");

	for (size_t i = 0; i < RV_LEN(gaps); i++)
		gaps[i] = (struct rv_gap){.path = RV_STR_LIT("x/y"), .reason = "unreadable"};
	facts.gaps = gaps;
	facts.gap_count = RV_LEN(gaps);
	TEXT got = written(RV_REPORT_TEXT, &facts, NULL);
	assert_int_equal(count_of(got.bytes, "x/y: unreadable\n"), 5);
	assert_non_null(strstr(got.bytes, "7 things were not scanned whole (reeve scan --json"));
	assert_non_null(strstr(got.bytes, "INCOMPLETE: 7 not scanned whole"));
}

static void an_exit_code_of_ones_own_is_no_failed_run(void **state)
{
	(void)state;
	struct rv_report_facts facts = *sample_facts("all");

	facts.exit_code = 42;
	TEXT found = written(RV_REPORT_SARIF, &facts, NULL);
	TEXT strict = written(RV_REPORT_SARIF, sample_facts("partial"), NULL);
	assert_non_null(strstr(found.bytes, "\"executionSuccessful\": true"));
	assert_non_null(strstr(strict.bytes, "\"executionSuccessful\": false"));
}

static void what_only_warns_is_not_called_a_clean_scan(void **state)
{
	(void)state;
	struct rv_report_facts facts = *sample_facts("clean");

	facts.leaks = &sample_facts("all")->leaks[2];
	facts.leak_count = 1;
	TEXT warned = written(RV_REPORT_TEXT, &facts, &(struct rv_report_look){.is_quiet = true});
	assert_int_equal(strncmp(warned.bytes, "Nothing that fails the check; 1 by new rules", 44),
			 0);
	facts.leak_count = 0;
	facts.known = 4;
	TEXT known = written(RV_REPORT_TEXT, &facts, NULL);
	assert_int_equal(strncmp(known.bytes, "No new secrets found; 4 known. ", 31), 0);
}

static void a_long_line_shows_the_masked_value(void **state)
{
	(void)state;
	char context[201];
	struct rv_leak leak = sample_facts("all")->leaks[0];
	struct rv_report_facts facts = *sample_facts("clean");

	memset(context, 'x', sizeof(context) - 1);
	context[200] = '\0';
	memcpy(context + 150, leak.masked, strlen(leak.masked));
	leak.context = context;
	facts.leaks = &leak;
	facts.leak_count = 1;
	TEXT got = written(RV_REPORT_TEXT, &facts, &(struct rv_report_look){.width = 80});
	char *rest = strchr(got.bytes, '\n') + 1;
	char *line = strsep(&rest, "\n");

	assert_non_null(strstr(line, leak.masked));
	assert_non_null(strstr(line, "…x"));
	/* Each "…" is three bytes and one column. */
	assert_in_range(strlen(line), 1, 80 + 4);
}

static void paths_come_without_a_dot_before_them_but_in_json(void **state)
{
	(void)state;
	struct rv_leak leak = sample_facts("all")->leaks[1];
	struct rv_gap gap = {.path = RV_STR_LIT("././b.iso"), .reason = "too-large"};
	struct rv_report_facts facts = *sample_facts("clean");

	leak.path = RV_STR_LIT("./=a.env");
	facts.leaks = &leak;
	facts.leak_count = 1;
	facts.gaps = &gap;
	facts.gap_count = 1;
	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		TEXT got = written((enum rv_report_format)i, &facts, NULL);
		bool is_ours = i == RV_REPORT_JSON || i == RV_REPORT_JSONL;

		assert_int_equal(strstr(got.bytes, "./=a") != NULL, is_ours);
		assert_int_equal(strstr(got.bytes, "./b.iso") != NULL, is_ours);
	}
	TEXT csv = written(RV_REPORT_CSV, &facts, NULL);
	assert_non_null(strstr(csv.bytes, "\"'=a.env\""));
}

static void a_value_masked_whole_in_its_line_is_marked(void **state)
{
	(void)state;
	struct rv_leak leak = sample_facts("all")->leaks[1];
	struct rv_report_facts facts = *sample_facts("clean");

	leak.context = "password = \"*****\" # old";
	facts.leaks = &leak;
	facts.leak_count = 1;
	TEXT got = written(RV_REPORT_HTML, &facts, NULL);
	assert_non_null(strstr(got.bytes, "&quot;<mark>*****</mark>&quot; # old</code>"));
}

static void a_path_of_many_pieces_is_whole(void **state)
{
	(void)state;
	/* Characters of three bytes do not end where a piece does. */
	char *path = calloc(3, 10001);
	struct rv_leak leak = sample_facts("all")->leaks[0];
	struct rv_report_facts facts = *sample_facts("clean");
	struct rv_diag diag = {0};
	json_t *j = NULL;

	assert_non_null(path);
	for (size_t i = 0; i < 10000; i++)
		memcpy(path + 3 * i, "\xe4\xb8\xad", 3);
	leak.path = rv_str_of(path);
	facts.leaks = &leak;
	facts.leak_count = 1;
	TEXT got = written(RV_REPORT_JSON, &facts, NULL);
	assert_ok(rv_json_parse((struct rv_str){(uint8_t *)got.bytes, got.len}, &j, &diag));
	assert_string_equal(
		rv_json_text(json_array_get(json_object_get(j, "leaks"), 0), "path", ""), path);
	json_decref(j);
	free(path);
}

static void json_says_what_the_facts_say(void **state)
{
	(void)state;
	struct rv_diag diag = {0};
	json_t *j = NULL;
	TEXT got = written(RV_REPORT_JSON, sample_facts("hostile"),
			   &(struct rv_report_look){.shows_all = true});

	assert_ok(rv_json_parse((struct rv_str){(uint8_t *)got.bytes, got.len}, &j, &diag));
	assert_string_equal(rv_json_text(j, "schema", ""), "reeve.scan/1");
	assert_int_equal(json_array_size(json_object_get(j, "leaks")),
			 sample_facts("hostile")->leak_count);
	json_t *leak = json_array_get(json_object_get(j, "leaks"), 1);
	struct rv_buf path;
	rv_buf_init(&path, 4096);
	assert_ok(rv_path_unescape(rv_str_of(rv_json_text(leak, "path", "")), &path));
	assert_true(rv_str_equal(rv_buf_view(&path), sample_facts("hostile")->leaks[1].path));
	rv_buf_done(&path);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gate_does_not_advise_what_has_no_effect_there),
		cmocka_unit_test(suppressions_past_what_is_listed_are_counted),
		cmocka_unit_test(a_full_disk_is_reported_in_each_format),
		cmocka_unit_test(suppressions_past_what_is_listed_are_counted),
		cmocka_unit_test(a_full_disk_is_reported_also_for_a_report_larger_than_the_buffer),
		cmocka_unit_test(each_failing_allocation_is_reported),
		cmocka_unit_test(memory_does_not_grow_with_the_findings),
		cmocka_unit_test(an_unknown_format_is_told),
		cmocka_unit_test(each_format_has_a_name_and_most_an_ending),
		cmocka_unit_test(golden_reports_stay_as_reviewed),
		cmocka_unit_test(golden_text_in_colour_and_narrow_and_wide),
		cmocka_unit_test(the_same_facts_give_the_same_bytes),
		cmocka_unit_test(what_is_known_allowed_or_weak_is_told_on_request_only),
		cmocka_unit_test(a_block_message_fits_ten_lines),
		cmocka_unit_test(a_block_message_of_many_words_names_who_added_it),
		cmocka_unit_test(no_line_of_a_log_can_be_a_build_services_command),
		cmocka_unit_test(only_our_own_commands_reach_github),
		cmocka_unit_test(github_gets_ten_of_a_kind_and_a_line_for_the_rest),
		cmocka_unit_test(at_most_five_gaps_are_named_and_the_rest_counted),
		cmocka_unit_test(an_exit_code_of_ones_own_is_no_failed_run),
		cmocka_unit_test(what_only_warns_is_not_called_a_clean_scan),
		cmocka_unit_test(a_long_line_shows_the_masked_value),
		cmocka_unit_test(paths_come_without_a_dot_before_them_but_in_json),
		cmocka_unit_test(a_value_masked_whole_in_its_line_is_marked),
		cmocka_unit_test(a_path_of_many_pieces_is_whole),
		cmocka_unit_test(json_says_what_the_facts_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
