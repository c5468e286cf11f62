/* tests: markers in the source, each as its own tool reads it. */
#include "agent/sweep/marker.h"

#include "tests/unit/sweep/sift.h"

static const char *const aliases[] = {"acme-api-token", NULL};
static const struct rv_rule acme = {.id = "acme-key", .aliases = aliases};

/* What allows VALUE in the lines; "" for nothing. Problems go to `problem`, if it is given. */
static const char *name_of(const char *before, const char *lines, char problem[160])
{
	const char *value = strstr(lines, "VALUE");
	const struct rv_marker_place place = {
		.rule = &acme,
		.lines = rv_str_of(lines),
		.value_end = value ? (size_t)(value - lines) + 5 : 0,
		.before = rv_str_of(before),
		.now_utc_us = NOW_US,
	};
	struct rv_marker marker;

	rv_marker_find(&place, &marker);
	if (problem)
		memcpy(problem, marker.problem, 160);
	return marker.name ? marker.name : "";
}

static void allows_nothing_where_a_marker_is_not_one(void **state)
{
	static const char *const lines[] = {
		"k = VALUE # nosec",
		"k = VALUE # reeve: allow reason=\"x\"",
		"k = VALUE # xreeve:allow reason=\"x\"",
		"k = VALUE # reeve:allowed reason=\"x\"",
		"k = VALUE # gitleaks: allow",
		"k = VALUE # GITLEAKS:ALLOW",
		"trufflehog:ignore k = VALUE",
		"k = VALUE # TruffleHog:Ignore",
		"k = VALUE pragma: allowlist secret",
		"k = VALUE # pragma:  allowlist secret",
		"k = VALUE# pragma: allowlist secret",
		"k = VALUE /* pragma: allowlist secret",
		"k = VALUE /* pragma: allowlist secret */ more",
		"k = VALUE <!-- pragma: allowlist secret",
		"k = VALUE # pragma: allowlist nextline secret",
		"k = VALUE # nosemgrep",
	};
	static const char *const before[] = {
		"x = 1 # reeve:allow reason=\"other line\"",
		"# gitleaks:allow",
		"# betterleaks:allow",
		"# trufflehog:ignore",
		"# pragma: allowlist secret",
		"x # pragma: allowlist nextline secret",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(lines); i++) {
		if (*name_of("", lines[i], NULL))
			fail_msg("allowed: %s", lines[i]);
	}
	for (size_t i = 0; i < RV_LEN(before); i++) {
		if (*name_of(before[i], "k = VALUE", NULL))
			fail_msg("allowed by the line above: %s", before[i]);
	}
	assert_string_equal(name_of("", "", NULL), "");
}

static void says_why_a_marker_of_ours_allows_nothing(void **state)
{
	static const struct {
		const char *line;
		const char *says;
	} bad[] = {
		{"VALUE # reeve:allow", "no reason"},
		{"VALUE # reeve:allow because it is a test", "no reason"},
		{"VALUE # reeve:allow reason=", "1 to 200 bytes"},
		{"VALUE # reeve:allow reason=\"\"", "1 to 200 bytes"},
		{"VALUE # reeve:allow reason=\"x", "not closed"},
		{"VALUE # reeve:allow reason=\"x\" reason=\"y\"", "two reasons"},
		{"VALUE # reeve:allow reason=\"x\" till=2027-01-01", "unknown field till"},
		{"VALUE # reeve:allow reason=\"x\" until=tomorrow", "until is one day"},
		{"VALUE # reeve:allow reason=\"x\" until=2026-11-27", "has passed"},
		{"VALUE # reeve:allow reason=\"x\" rule=", "one rule=ID"},
	};
	char problem[160];

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		assert_string_equal(name_of("", bad[i].line, problem), "");
		if (!strstr(problem, bad[i].says))
			fail_msg("%s gives %s", bad[i].line, problem);
	}
	assert_string_equal(name_of("", "VALUE # reeve:allow reason=\"x\" rule=other", problem),
			    "");
	assert_string_equal(problem, "");
}

static void allows_as_each_tool_does(void **state)
{
	static const struct {
		const char *before;
		const char *lines;
		const char *name;
	} good[] = {
		{"", "k = VALUE # reeve:allow reason=\"a test\"", "reeve:allow"},
		{"", "k = VALUE # reeve:allow reason='a test' until=2026-11-28", "reeve:allow"},
		{"", "k = VALUE /* reeve:allow reason=test rule=acme-key */", "reeve:allow"},
		{"", "k = VALUE # reeve:allow rule=acme-api-token, reason=\"x\"", "reeve:allow"},
		{"", "\"# reeve:allow reason=\\\"x\\\"\": \"VALUE\"", "reeve:allow"},
		{"  // reeve:allow reason=\"x\"", "k = VALUE", "reeve:allow"},
		{"<!-- reeve:allow reason=\"x\" -->", "k = VALUE", "reeve:allow"},
		{"", "VALUE # reeve:allow rule=other reason=a reeve:allow rule=acme-key reason=b",
		 "reeve:allow"},
		{"", "one\ntwo VALUE\nthree # gitleaks:allow", "gitleaks:allow"},
		{"", "gitleaks:allow VALUE", "gitleaks:allow"},
		{"", "VALUE//betterleaks:allow", "betterleaks:allow"},
		{"", "VALUE # trufflehog:ignore (a test)", "trufflehog:ignore"},
		{"", "VALUE # Kingfisher:Ignore", "kingfisher:ignore"},
		{"# kingfisher:ignore", "VALUE", "kingfisher:ignore"},
		{"", "VALUE # kingfisher:allow", "kingfisher:allow"},
		{"", "k = VALUE  # pragma: allowlist secret", "pragma: allowlist secret"},
		{"", "k = VALUE #pragma:allowlist-secret why  ", "pragma: allowlist secret"},
		{"", "k = VALUE // pragma: whitelist secret", "pragma: allowlist secret"},
		{"", "k = VALUE /* pragma: allowlist secret */", "pragma: allowlist secret"},
		{"", "k = VALUE -- pragma: allowlist secret", "pragma: allowlist secret"},
		{"", "k = VALUE ' pragma: allowlist secret", "pragma: allowlist secret"},
		{"", "<a>VALUE</a> <!-- pragma: allowlist secret -->", "pragma: allowlist secret"},
		{"\t# pragma: allowlist nextline secret", "VALUE",
		 "pragma: allowlist nextline secret"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(good); i++) {
		const char *name = name_of(good[i].before, good[i].lines, NULL);

		if (strcmp(name, good[i].name) != 0)
			fail_msg("%s gives %s", good[i].lines, name);
	}
}

static void gives_the_reason(void **state)
{
	const struct rv_marker_place place = {
		.rule = &acme,
		.lines = RV_STR_LIT("VALUE # reeve:allow reason=\"a test key\" rule=acme-key"),
		.value_end = 5,
	};
	struct rv_marker marker;

	(void)state;
	rv_marker_find(&place, &marker);
	assert_string_equal(marker.name, "reeve:allow");
	assert_bytes(marker.reason, "a test key");
}

static void sees_every_sort_of_marker_a_change_adds(void **state)
{
	static const char *const lines[] = {
		"# reeve:allow",	"// GitLeaks:Allow", "betterleaks:allow",
		"x trufflehog:ignore",	"KINGFISHER:IGNORE", "# pragma: allowlist secret",
		"# pragma:whitelist x",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(lines); i++)
		assert_non_null(rv_marker_in_line(rv_str_of(lines[i])));
	assert_null(rv_marker_in_line(RV_STR_LIT("# allow this")));
	assert_null(rv_marker_in_line(RV_STR_NONE));
}

static void sees_a_marker_in_utf16_that_nobody_decoded(void **state)
{
	static const char word[] = "reeve:allow reason";
	uint8_t wide[2 * sizeof(word)] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(word) - 1; i++)
		wide[2 * i + 1] = (uint8_t)word[i];
	for (size_t shift = 0; shift < 2; shift++) {
		const struct rv_str line = {wide + shift, 2 * (sizeof(word) - 1)};

		assert_non_null(rv_marker_in_line(line));
		assert_true(rv_marker_reaches_below(line));
	}
	assert_null(rv_marker_in_line((struct rv_str){wide, 12}));
}

static void knows_which_markers_hold_for_the_line_below(void **state)
{
	static const char *const below[] = {"# reeve:allow reason=\"x\"", "  // Kingfisher:ignore",
					    "x = 1 # kingfisher:allow",
					    "# pragma: allowlist nextline secret"};
	static const char *const beside[] = {"x = 1 # reeve:allow reason=\"x\"", "# gitleaks:allow",
					     "# pragma: allowlist secret", "# allow", ""};

	(void)state;
	for (size_t i = 0; i < RV_LEN(below); i++)
		assert_true(rv_marker_reaches_below(rv_str_of(below[i])));
	for (size_t i = 0; i < RV_LEN(beside); i++)
		assert_false(rv_marker_reaches_below(rv_str_of(beside[i])));
}

static void tells_how_a_misspelt_one_is_written(void **state)
{
	static const char *const meant[] = {
		"k = VALUE # reeve: allow reason=\"x\"",
		"k = VALUE # reeve:alow reason=\"x\"",
		"k = VALUE # reeve:allowed",
		"k = VALUE # Reeve:allow reason=\"x\"",
		"k = VALUE # reeve:ignore",
	};
	static const char *const other[] = {
		"k = VALUE # the reeve: he",
		"k = VALUE # reeve:",
		"k = VALUE # reeve",
		"k = VALUE # xreeve:alow",
		"reeve_allow = VALUE",
		"k = VALUE # reeve allow",
		"k = VALUE # reeve:allow rule=other-key reason=\"x\"",
	};
	char problem[160];

	(void)state;
	for (size_t i = 0; i < RV_LEN(meant); i++) {
		assert_string_equal(name_of("", meant[i], problem), "");
		if (!strstr(problem, "\" allows nothing: it is written reeve:allow reason=\"..\""))
			fail_msg("%s: %s", meant[i], problem);
	}
	for (size_t i = 0; i < RV_LEN(other); i++) {
		assert_string_equal(name_of("", other[i], problem), "");
		assert_string_equal(problem, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allows_nothing_where_a_marker_is_not_one),
		cmocka_unit_test(says_why_a_marker_of_ours_allows_nothing),
		cmocka_unit_test(allows_as_each_tool_does),
		cmocka_unit_test(gives_the_reason),
		cmocka_unit_test(sees_every_sort_of_marker_a_change_adds),
		cmocka_unit_test(sees_a_marker_in_utf16_that_nobody_decoded),
		cmocka_unit_test(knows_which_markers_hold_for_the_line_below),
		cmocka_unit_test(tells_how_a_misspelt_one_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
