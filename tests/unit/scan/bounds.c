/* tests: where a value ends that touches other bytes: colours, proven values, counted texts. */
#include "agent/scan/bounds.h"
#include "tests/support/sample.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 4096

struct fixture {
	struct rv_scanner *scanner;
	struct rv_lane *lane;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_ok(rv_scanner_new_builtin(&f->scanner, NULL));
	assert_ok(rv_lane_new(f->scanner, &f->lane));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rv_lane_free(f->lane);
	rv_scanner_free(f->scanner);
	free(f);
	return 0;
}

static rv_status keep(const struct rv_hit *hit, void *user)
{
	struct rv_span *found = user;

	if (hit->confidence >= 50)
		*found = (struct rv_span){hit->start, hit->start + hit->len};
	return RV_OK;
}

/* `before`, the token, `behind`: is exactly the token found? */
static bool finds(void **state, const char *template_text, struct rv_str before,
		  struct rv_str behind, unsigned flags)
{
	struct fixture *f = *state;
	struct rv_span found = {0, 0};
	char token[TEXT_MAX / 2];
	uint8_t text[TEXT_MAX];

	assert_true(sample_render_for(template_text, "crc32-base62", 11, token, sizeof(token)));
	size_t len = strlen(token);
	assert_true(before.len + len + behind.len <= sizeof(text));
	memcpy(text, before.data, before.len);
	memcpy(text + before.len, token, len);
	memcpy(text + before.len + len, behind.data, behind.len);
	assert_ok(rv_scan_buffer(f->lane, (struct rv_str){text, before.len + len + behind.len},
				 flags, keep, &found));
	return found.start == before.len && found.end == before.len + len;
}

#define BYTES(z) ((struct rv_str){(const uint8_t *)(z), sizeof(z) - 1})
static const char proven[] = "ghp_{start}{alnum:30}{check}";	/* 40 bytes */
static const char plain[] = "github_pat_{alnum:22}_{alnum:59}"; /* 93 */
static const char open_ended[] = "sk_live_{alnum:24}";		/* 32, and may be longer */

static void what_no_check_proves_needs_its_bounds(void **state)
{
	assert_true(finds(state, plain, BYTES("t="), BYTES("\n"), 0));
	assert_false(finds(state, plain, BYTES("tx"), BYTES("\n"), 0));
	assert_false(finds(state, plain, BYTES("t="), BYTES("x\n"), 0));
	assert_false(finds(state, plain, BYTES("t=\0"), BYTES("x\n"), RV_SCAN_BINARY));
}

static void what_its_check_proves_needs_none(void **state)
{
	assert_true(finds(state, proven, BYTES("078125"), BYTES("template"), RV_SCAN_BINARY));
	assert_true(finds(state, proven, BYTES("MYTOKEN"), BYTES("END"), 0));
	assert_true(finds(state, proven, BYTES("user"), BYTES("\n"), 0));
	assert_false(finds(state, "ghp_{alnum:36}", BYTES("user"), BYTES("\n"), 0));
}

static void a_command_to_a_terminal_is_no_part_of_the_word(void **state)
{
	static const char *const before[] = {
		"\033[31m",	"TOKEN=\033[36;1m", "\033[01;31m\033[K",
		"\"\\u001b[1m", "\\033[0m",	    "\\x1b[32m",
		"\\e[m",	"\033[38;5;208m"};

	for (size_t i = 0; i < RV_LEN(before); i++)
		assert_true(finds(state, plain, rv_str_of(before[i]), BYTES("\033[0m\n"), 0));
	assert_false(finds(state, plain, BYTES("[31m"), BYTES("\n"), 0));
	assert_false(finds(state, plain, BYTES("\033[3"), BYTES("\n"), 0));
	assert_false(finds(state, plain, BYTES("x033[31m"), BYTES("\n"), 0));
	assert_false(finds(state, plain, BYTES("m"), BYTES("\n"), 0));
	assert_false(finds(state, plain, BYTES("[m"), BYTES("\n"), 0));
}

static void a_length_before_a_text_bounds_it(void **state)
{
	/* Python's marshal, Java, CBOR, Avro, a varint, pickle. */
	assert_true(finds(state, plain, BYTES("\xe3\0\0)\2z\x5d"), BYTES("N)\1"), RV_SCAN_BINARY));
	assert_true(
		finds(state, plain, BYTES("\xac\xed\0\5t\0\x5d"), BYTES("t\0\3"), RV_SCAN_BINARY));
	assert_true(finds(state, plain, BYTES("\xa1\x65token\x78\x5d"), BYTES("duser"),
			  RV_SCAN_BINARY));
	assert_true(finds(state, plain, BYTES("Obj\1\0\xba\1"), BYTES("P"), RV_SCAN_BINARY));
	assert_true(finds(state, open_ended, BYTES("Obj\1\0@"), BYTES("P\0"), RV_SCAN_BINARY));
	assert_true(finds(state, plain, BYTES("X\x5d\0\0\0"), BYTES("q\1"), RV_SCAN_BINARY));
	/* Also where the rule would take more. */
	assert_true(
		finds(state, open_ended, BYTES("\xe3\0\0)\2z "), BYTES("N)\1"), RV_SCAN_BINARY));
}

static void a_length_that_is_another_bounds_nothing(void **state)
{
	assert_false(finds(state, plain, BYTES("\xe3\0\0)\2z\x5c"), BYTES("N)\1"), RV_SCAN_BINARY));
	assert_false(finds(state, plain, BYTES("\0f(]"), BYTES("N)\1"), RV_SCAN_BINARY));
	assert_false(finds(state, plain, BYTES("z]"), BYTES("N)\1"), 0));
}

static void lengths_are_read_within_the_bytes(void **state)
{
	static const struct rv_span nothing;
	size_t lens[RV_COUNTS_MAX];
	uint8_t *bytes = calloc(1, 41);

	(void)state; /* none is needed */
	assert_non_null(bytes);
	bytes[0] = 40;
	for (size_t at = 0; at <= 41; at++)
		(void)rv_counts_before((struct rv_str){bytes, 41}, false, at, nothing,
				       lens); /* asan */
	assert_int_equal(rv_counts_before((struct rv_str){bytes, 41}, false, 0, nothing, lens), 0);
	assert_int_equal(rv_counts_before((struct rv_str){bytes, 41}, false, 1, nothing, lens), 2);
	assert_int_equal(lens[0], 40);
	assert_int_equal(lens[1], 20);
	assert_int_equal(rv_counts_before((struct rv_str){bytes, 40}, false, 1, nothing, lens), 1);
	for (size_t at = 0; at <= 41; at++)
		assert_false(rv_decode_ends_colour((struct rv_str){bytes, 41}, at));
	free(bytes);
}

static void a_sign_before_a_value_that_ends_by_itself_is_no_length(void **state)
{
	static const char text[] = "\n'0123456789012345678901234567890123456789'";
	const struct rv_str bytes = {(const uint8_t *)text, sizeof(text) - 1};
	const struct rv_span whole = {2, 42}; /* of 40 bytes, behind a sign that is a 39 */
	size_t lens[RV_COUNTS_MAX];

	(void)state;
	assert_int_equal(rv_counts_before(bytes, false, 2, whole, lens), 0);
	assert_int_equal(rv_counts_before(bytes, false, 2, (struct rv_span){0, 0}, lens), 1);
	/* No quote: the last letter is the mark of what follows. */
	uint8_t copy[sizeof(text)];
	memcpy(copy, text, sizeof(text));
	copy[1] = 0x80 + 39;
	assert_int_equal(rv_counts_before((struct rv_str){copy, bytes.len}, false, 2, whole, lens),
			 0);
	copy[1] = 7;
	assert_int_equal(rv_counts_before((struct rv_str){copy, bytes.len}, false, 2, whole, lens),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_check_proves_needs_its_bounds),
		cmocka_unit_test(what_its_check_proves_needs_none),
		cmocka_unit_test(a_command_to_a_terminal_is_no_part_of_the_word),
		cmocka_unit_test(a_length_before_a_text_bounds_it),
		cmocka_unit_test(a_length_that_is_another_bounds_nothing),
		cmocka_unit_test(lengths_are_read_within_the_bytes),
		cmocka_unit_test(a_sign_before_a_value_that_ends_by_itself_is_no_length),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
