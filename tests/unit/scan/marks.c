/* tests: runs that a mark tells: slashes of addresses, colours, lists of numbers. */
#include "agent/scan/scan.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

static struct rv_scanner *scanner;
static struct rv_lane *lane;

static int set_up(void **state)
{
	(void)state; /* the scanner is shared */
	assert_ok(rv_scanner_new_builtin(&scanner, NULL));
	assert_ok(rv_lane_new(scanner, &lane));
	return 0;
}

static int tear_down(void **state)
{
	(void)state; /* as above */
	rv_lane_free(lane);
	rv_scanner_free(scanner);
	return 0;
}

static rv_status on_hit(const struct rv_hit *hit, void *user)
{
	(void)hit;  /* runs are looked at */
	(void)user; /* as above */
	return RV_OK;
}

static const struct rv_decode_run *runs_of(struct rv_str text, unsigned flags, size_t *out_count)
{
	bool is_cut = false;

	assert_ok(rv_scan_buffer(lane, text, flags | RV_SCAN_RUNS, on_hit, NULL));
	const struct rv_decode_run *runs = rv_lane_runs(lane, out_count, &is_cut);
	assert_false(is_cut);
	return runs;
}

/* Exactly one run is told, and it says `said`; of that, `part` stands where `source` does. */
static void assert_run(const char *text, enum rv_decode_kind kind, const char *said,
		       const char *part, const char *source)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf out = {0};
	struct rv_decode_map map = {0};
	struct rv_str bytes = rv_str_of(text);
	size_t count = 0, at = 0, len = 0;
	const struct rv_decode_run *runs = runs_of(bytes, 0, &count);

	rv_buf_init(&out, (size_t)1 << 20);
	assert_int_equal(count, 1);
	assert_int_equal(runs[0].kind, kind);
	assert_ok(rv_decode_run(bytes, &runs[0], &out, &map));
	assert_int_equal(out.len, strlen(said));
	assert_memory_equal(out.data, said, out.len);
	rv_decode_source(&map, (size_t)(strstr(said, part) - said), strlen(part), &at, &len);
	assert_int_equal(at, strstr(text, source) - text);
	assert_int_equal(len, strlen(source));
	rv_decode_map_done(&map);
}

static void assert_none(const char *text)
{
	size_t count = 0;

	(void)runs_of(rv_str_of(text), 0, &count);
	assert_int_equal(count, 0);
}

static void text_without_a_mark_tells_no_run(void **state)
{
	(void)state; /* no state */
	assert_none("a = \"https://example.org/a\\/b\"\n");
	assert_none("s/\\/usr\\/lib/x/ and http:\\/ and :\\n\\n\n");
	assert_none("a[0] = {0x01, 0x02, 0x61};\n");
	assert_none("\033 [31m and \033]0;title\007\n");
	assert_none("");
}

static void escaped_slashes_of_an_address_are_slashes(void **state)
{
	static const char *const slashes[] = {"\\/",   "\\\\/", "\\\\\\/", "\\u002f", "\\u002F",
					      "\\x2f", "\\x2F", "&#x2F;",  "&#47;"};

	(void)state; /* no state */
	for (size_t i = 0; i < RV_LEN(slashes); i++) {
		const char *s = slashes[i];
		char text[256], source[128];

		(void)snprintf(text, sizeof(text), "{\"u\":\"db:%s%shost%spart\\n\", \"v\": 1}\nx",
			       s, s, s);				 /* fits */
		(void)snprintf(source, sizeof(source), "host%spart", s); /* fits */
		assert_run(text, RV_DECODE_SLASH, "{\"u\":\"db://host/part\\n\", \"v\": 1}",
			   "host/part", source);
	}
}

static void colours_are_left_out(void **state)
{
	(void)state; /* no state */
	assert_run("first\n\033[36mname\033[0m: \"va\033[1;4mlue\033[0m\"\nlast\n",
		   RV_DECODE_COLOUR, "name: \"value\"", "value", "va\033[1;4mlue");
	assert_run("\\u001b[1mname\\x1b[0m\\033[K: \\e[3mx", RV_DECODE_COLOUR, "name: x", "name",
		   "name");
	/* What moves the cursor parts words. */
	assert_run("a\033[2Kb\033[1Ac\033[0m", RV_DECODE_COLOUR, "ab c", "c", "c");
	/* What is none stays. */
	assert_run("\033[31mx \033[ \033", RV_DECODE_COLOUR, "x \033[ \033", "x", "x");
}

static void colours_in_a_binary_file_are_none(void **state)
{
	static const char text[] = "\0\033[36mname\033[0m: x\n";
	size_t count = 0;

	(void)state; /* no state */
	(void)runs_of((struct rv_str){(const uint8_t *)text, sizeof(text) - 1}, 0, &count);
	assert_int_equal(count, 0);
}

/* A log of any length has few runs; what is far from colours is in none. */
static void lines_that_are_near_each_other_are_one_run(void **state)
{
	static const char line[] = "\033[32mok\033[0m a line of a log\n";
	size_t room = (size_t)9000 * (sizeof(line) - 1);
	char *text = malloc(room);
	size_t count = 0;

	(void)state; /* no state */
	assert_non_null(text);
	for (size_t i = 0; i < 9000; i++)
		memcpy(text + i * (sizeof(line) - 1), line, sizeof(line) - 1);
	const struct rv_decode_run *runs =
		runs_of((struct rv_str){(uint8_t *)text, room}, 0, &count);
	assert_int_equal(count, 1);
	assert_int_equal(runs[0].len, room - 1);
	memset(text + 100000, 'a', 50000);
	(void)runs_of((struct rv_str){(uint8_t *)text, room}, 0, &count);
	assert_int_equal(count, 2);
	free(text);
}

static void masking_takes_only_what_a_mark_may_hide(void **state)
{
	static const char text[] = "before \"https:\\/\\/u:pw@host\" then \033[31mx: y";
	size_t count = 0;

	(void)state; /* no state */
	const struct rv_decode_run *runs = runs_of(rv_str_of(text), RV_SCAN_MASK, &count);
	assert_int_equal(count, 2);
	assert_int_equal(runs[0].at, strlen("before \""));
	assert_int_equal(runs[0].len, strlen("https:\\/\\/u:pw@host"));
	assert_int_equal(runs[1].at, strchr(text, '\033') - text);
	assert_int_equal(runs[1].at + runs[1].len, strlen(text));
}

/* Each byte of `said`, `before` it and `behind` it. */
static void list_bytes(char *out, size_t room, const char *before, const char *behind,
		       const char *said)
{
	size_t len = 0;

	for (; *said; said++)
		len += (size_t)snprintf(out + len, room - len, "%s%02x%s", before,
					(unsigned)(uint8_t)*said, behind);
	assert_true(len < room);
}

static const char said[] = "the quick brown fox jumps over a dog";

static void lists_of_numbers_are_their_bytes(void **state)
{
	char list[1024], text[1100];

	(void)state; /* no state */
	list_bytes(list, sizeof(list), "0x", ", ", said);
	(void)snprintf(text, sizeof(text), "char k[] = {%s};", list); /* fits */
	assert_run(text, RV_DECODE_HEX, said, "he", "68, 0x65");
	list_bytes(list, sizeof(list), "0x", ",", said);
	(void)snprintf(text, sizeof(text), "%s", list); /* fits */
	assert_run(text, RV_DECODE_HEX, said, "he", "68,0x65");
}

static void lists_of_other_bytes_or_few_are_none(void **state)
{
	char list[1024];

	(void)state; /* no state */
	list_bytes(list, sizeof(list), "0x", ", ", "the quick brown fox jumps");
	assert_none(list);
	list_bytes(list, sizeof(list), "0x", ", ",
		   "knew\001\002 the quick brown fox jumps over it");
	assert_none(list);
}

static void values_of_registry_files_are_their_bytes(void **state)
{
	char list[1024], text[1100];

	(void)state; /* no state */
	list_bytes(list, sizeof(list), "", ",", said);
	memcpy(list + 60, ",\\\n  ", 5); /* a line's end, and a number less or two */
	(void)snprintf(text, sizeof(text), "\"k\"=hex:%s\n", list); /* fits */
	size_t count = 0;
	const struct rv_decode_run *runs = runs_of(rv_str_of(text), 0, &count);
	assert_int_equal(count, 1);
	assert_int_equal(runs[0].at, strlen("\"k\"=hex:"));
	assert_int_equal(runs[0].kind, RV_DECODE_HEX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_without_a_mark_tells_no_run),
		cmocka_unit_test(escaped_slashes_of_an_address_are_slashes),
		cmocka_unit_test(colours_are_left_out),
		cmocka_unit_test(colours_in_a_binary_file_are_none),
		cmocka_unit_test(lines_that_are_near_each_other_are_one_run),
		cmocka_unit_test(masking_takes_only_what_a_mark_may_hide),
		cmocka_unit_test(lists_of_numbers_are_their_bytes),
		cmocka_unit_test(lists_of_other_bytes_or_few_are_none),
		cmocka_unit_test(values_of_registry_files_are_their_bytes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
