/* identify: ids are stable, and parts do not run into each other. */
#include "support/unit.h"

#include "agent/identify/ids.h"
#include "agent/identify/names.h"

static void an_id_is_the_same_for_ever(void **state)
{
	char id[RV_ID_TEXT];
	const struct rv_str parts[] = {RV_STR_LIT("abcd")};

	(void)state;
	/* A golden value: ids are kept in databases and inventories. */
	rv_lineage_id(RV_KIND_CERTIFICATE, parts, 1, id);
	assert_int_equal(strlen(id), RV_ID_TEXT - 1);
	assert_int_equal(id[0], 'c');
	assert_int_equal(strspn(id + 1, "0123456789abcdef"), RV_ID_TEXT - 2);
	assert_string_equal(id, "c415be86b5280a858d1eddb18");
}

static void parts_do_not_run_into_each_other(void **state)
{
	char a[RV_ID_TEXT];
	char b[RV_ID_TEXT];
	const struct rv_str one[] = {RV_STR_LIT("ab"), RV_STR_LIT("c")};
	const struct rv_str other[] = {RV_STR_LIT("a"), RV_STR_LIT("bc")};
	const struct rv_str empty[] = {RV_STR_LIT("ab"), RV_STR_LIT("c"), RV_STR_NONE};

	(void)state;
	rv_lineage_id(RV_KIND_TOKEN, one, 2, a);
	rv_lineage_id(RV_KIND_TOKEN, other, 2, b);
	assert_string_not_equal(a, b);
	rv_lineage_id(RV_KIND_TOKEN, empty, 3, b);
	assert_string_not_equal(a, b);
	rv_lineage_id(RV_KIND_PASSWORD, one, 2, b);
	assert_string_not_equal(a, b);
	rv_sighting_id("h", RV_STR_LIT("/a"), "x", a);
	rv_sighting_id("h", RV_STR_LIT("/ax"), "", b);
	assert_string_not_equal(a, b);
}

static void names_overlap_by_whole_elements(void **state)
{
	(void)state;
	assert_true(rv_names_overlap("[\"a.b\",\"c\"]", "[\"x\",\"c\"]"));
	assert_false(rv_names_overlap("[\"a.b\"]", "[\"b\"]"));
	assert_false(rv_names_overlap("[]", "[]"));
	assert_false(rv_names_overlap("", "[\"a\"]"));
	assert_false(rv_names_overlap("[\"a\\\\\"]", "[\"a\"]"));
}

static void title(const char *subject, const char *expected)
{
	struct rv_buf buf;

	rv_buf_init(&buf, 512);
	assert_ok(rv_names_title(rv_str_of(subject), RV_STR_NONE, &buf));
	assert_bytes(buf, expected);
	rv_buf_done(&buf);
}

static void the_title_is_the_common_name_when_there_is_one(void **state)
{
	(void)state;
	title("CN=site.example.org", "site.example.org");
	title("O=Example,CN=site.example.org,C=DE", "site.example.org");
	title("/O=Example/CN=site", "site");
	title("O = Example, CN = site", "site");
	title("O=Example", "O=Example");
	title("XCN=odd", "XCN=odd");
	title("CN", "CN");
	title("CN=", "CN=");
	title("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_the_same_for_ever),
		cmocka_unit_test(parts_do_not_run_into_each_other),
		cmocka_unit_test(names_overlap_by_whole_elements),
		cmocka_unit_test(the_title_is_the_common_name_when_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
