/* tests: Go's regexes as PCRE2: what Go refuses, and what comes out. */
#include "agent/sweep/re2.h"
#include "agent/scan/rules_compose.h"
#include "agent/sweep/pattern.h"
#include "tests/support/unit.h"

static rv_status translate(const char *regex, char out[512], struct rv_re2_facts *facts,
			   struct rv_diag *diag)
{
	struct rv_buf text;

	rv_buf_init(&text, 512);
	rv_status status = rv_re2_translate(rv_str_of(regex), &text, facts, diag);
	if (rv_is_ok(status))
		memcpy(out, rv_buf_cstr(&text), text.len + 1);
	rv_buf_done(&text);
	return status;
}

static void refuses_what_go_refuses(void **state)
{
	static const struct {
		const char *regex;
		const char *says;
	} bad[] = {
		{"(?=a)", "no such group"},
		{"(?!a)", "no such group"},
		{"(?<=a)b", "lookbehind"},
		{"(?<!a)b", "lookbehind"},
		{"(?>a)", "no such group"},
		{"(?P=a)", "no such group"},
		{"(?x)a", "no such group"},
		{"(?i-)a", "flag is wanted"},
		{"(a)\\1", "backreferences"},
		{"\\C", "no such escape"},
		{"\\Z", "no such escape"},
		{"\\K", "no such escape"},
		{"\\h", "no such escape"},
		{"[\\b]", "no such escape"},
		{"a\\", "at the end"},
		{"a**", "repeat of a repeat"},
		{"a*+", "repeat of a repeat"},
		{"a++", "repeat of a repeat"},
		{"*a", "nothing to repeat"},
		{"(*a)", "nothing to repeat"},
		{"(?i)*", "nothing to repeat"},
		{"|*", "nothing to repeat"},
		{"a{1001}", "at most 1000"},
		{"a{3,2}", "at most 1000"},
		{"(a", "not closed"},
		{"a)", "closes nothing"},
		{"[a", "has no ]"},
		{"[z-a]", "wrong way round"},
		{"\\x{110000}", "\\x is"},
		{"\\x1", "\\x is"},
		{"\\pX", "Unicode's classes"},
		{"\\p{Greek}", "Unicode's classes"},
		{"(?P<a-b>c)", "a name and >"},
		{"[\\d\xff]", "UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_re2_facts facts;
		struct rv_diag diag = {0};
		char out[512];

		assert_class(translate(bad[i].regex, out, &facts, &diag), RV_CLASS_MALFORMED);
		if (!strstr(diag.text, bad[i].says) || !strstr(diag.text, "at byte "))
			fail_msg("%s gives %s", bad[i].regex, diag.text);
	}
}

static void keeps_the_meaning(void **state)
{
	static const struct {
		const char *regex;
		const char *yes;
		const char *no;
	} good[] = {
		{"^ab$", "ab", "ab\n"},
		{"(?m)^ab$", "x\nab\ny", "x\nabc"},
		{"(?m:a$)\\nb$", "a\nb", "a\nb\n"},
		{"a\\z", "ba", "ab"},
		{"\\Aa", "ab", "ba"},
		{"(?i)abc", "xABc", "xAb"},
		{"a(?i)b|c", "C", "AB"},
		{"(?i:a)b", "Ab", "AB"},
		{"(?s)a.b", "a\nb", "ab"},
		{"(?U)a+$", "aa", "b"},
		{"(?i-s:a.b)", "AxB", "a\nb"},
		{"\\Qa.b*\\E+", "a.b**", "axb*"},
		{"(?P<n>ab)(?<m>c)", "abc", "ab"},
		{"a{2}", "aa", "a"},
		{"a{2,}", "aaa", "a"},
		{"a{,2}", "a{,2}", "aa"},
		{"^{a}$", "{a}", "a"},
		{"a{x", "a{x", "a"},
		{"[]a]b", "]b", "b"},
		{"[^]a]b", "xb", "]b"},
		{"[[:alpha:]]1", "z1", "11"},
		{"[[:^alpha:]]1", "11", "z1"},
		{"[[a]1", "[1", "b1"},
		{"[\\w.-]1", "-1", "/1"},
		{"[a-c-e]1", "-1", "d1"},
		{"^[\\s]$", "\t", "x"},
		{"^\\s$", "\n", "\v"},
		{"^[\\S]$", "\v", "\f"},
		{"\\v", "\v", "\n"},
		{"\\x41\\x{42}\\103", "ABC", "abc"},
		{"\\pL+1", "z1", "-1"},
		{"^\\PL$", "1", "z"},
		{"\\_\\-\\/", "_-/", "_-"},
		{"^\xc3\xa4+$", "\xc3\xa4\xc3\xa4", "\xc3\xa4\xa4"},
		{"^[x\xc3\xa4]{2}$", "\xc3\xa4x", "\xc3x"},
		{"^[\xd0\xb0-\xd1\x8f]+$", "\xd0\xbf\xd1\x80", "ab"},
		{"^[^\xe2\x80\x9c]$", "a", "\xe2"},
		{"^[ -\\x{10ffff}]+$", "a\xc3\xa4", "\x01"},
		{"^(?:a|b||c)$", "", "d"},
		{"#\\ a", "# a", "#a"},
		{"a*?b", "aab", "c"},
		{"\\bab\\b", "x ab.", "xab"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(good); i++) {
		RV_CLEANUP(rv_pattern_freep) struct rv_pattern *pattern = NULL;
		struct rv_re2_facts facts;
		struct rv_diag diag = {0};
		char out[512];

		if (!rv_is_ok(translate(good[i].regex, out, &facts, &diag)))
			fail_msg("%s: %s", good[i].regex, diag.text);
		assert_ok(rv_pattern_new(&pattern));
		if (!rv_is_ok(rv_pattern_add(pattern, out, &diag)))
			fail_msg("%s -> %s: %s", good[i].regex, out, diag.text);
		if (!rv_pattern_matches(pattern, rv_str_of(good[i].yes)))
			fail_msg("%s -> %s does not match", good[i].regex, out);
		if (rv_pattern_matches(pattern, rv_str_of(good[i].no)))
			fail_msg("%s -> %s matches what it should not", good[i].regex, out);
	}
}

static void knows_groups_and_a_text_every_match_holds(void **state)
{
	static const struct {
		const char *regex;
		uint32_t groups;
		const char *literal;
	} facts_of[] = {
		{"acme_[0-9]{4}", 0, "acme_"},
		{"(?i)(ACME_[a-z]+)", 1, "acme_"},
		{"a|acme_", 0, ""},
		{"(acme|other)_key", 1, "_key"},
		{"(acme_)?x{3}", 1, ""},
		{"(acme_)+x", 1, "acme_"},
		{"acme?x", 0, "acm"},
		{"ab[0]cd", 0, ""},
		{"(?:(?P<a>abcd)|e)fgh", 1, "fgh"},
		{"a.bcd\\.efg", 0, "bcd.efg"},
		{"abc{0,3}", 0, ""},
		{"\\Qa.bc\\E", 0, "a.bc"},
		{"^abc$", 0, "abc"},
		{"", 0, ""},
		{"abcdefghijklmnopqrstuvwxyzabcdefghijkl", 0, "abcdefghijklmnopqrstuvwxyzabcdef"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(facts_of); i++) {
		struct rv_re2_facts facts;
		char out[512];

		assert_ok(translate(facts_of[i].regex, out, &facts, NULL));
		assert_int_equal(facts.groups, facts_of[i].groups);
		assert_string_equal(facts.literal, facts_of[i].literal);
	}
}

static void refuses_what_is_past_a_limit(void **state)
{
	static char deep[RV_RE2_TEXT_MAX + 2];
	struct rv_re2_facts facts;
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, RV_RE2_TEXT_MAX);
	memset(deep, '(', RV_RE2_DEPTH_MAX + 1);
	assert_class(rv_re2_translate(rv_str_of(deep), &out, &facts, NULL), RV_CLASS_MALFORMED);
	memset(deep, 'a', sizeof(deep) - 1);
	assert_class(rv_re2_translate(rv_str_of(deep), &out, &facts, NULL), RV_CLASS_MALFORMED);
	memset(deep, '-', sizeof(deep) - 1);
	deep[RV_RE2_TEXT_MAX] = '\0';
	rv_buf_reset(&out);
	assert_class(rv_re2_translate(rv_str_of(deep), &out, &facts, NULL), RV_CLASS_MALFORMED);
	assert_class(
		rv_re2_translate((struct rv_str){(const uint8_t *)"a\0b", 3}, &out, &facts, NULL),
		RV_CLASS_MALFORMED);
	rv_buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_go_refuses),
		cmocka_unit_test(keeps_the_meaning),
		cmocka_unit_test(knows_groups_and_a_text_every_match_holds),
		cmocka_unit_test(refuses_what_is_past_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
