/* tests: values that are nobody's secret: examples, fillers, made for a test. */
#include "agent/scan/value.h"
#include "tests/unit/scan/assign_look.h"

static void a_filler_is_one_also_in_a_login(void **state)
{
	(void)state;
	assert_false(rv_value_is_filler(RV_STR_LIT("mypq7xv2")));
	assert_false(rv_value_is_filler(RV_STR_LIT("")));
	assert_false(rv_value_is_filler(RV_STR_LIT("dXNlcg=="))); /* no colon */
	assert_false(rv_value_is_filler(RV_STR_LIT("dXNlcjo="))); /* user: */
	assert_true(rv_value_is_filler(RV_STR_LIT("mypass")));
	assert_true(rv_value_is_filler(RV_STR_LIT("dXNlcjpwYXNzd29yZA=="))); /* user:password */
	/* The password decides, not the name. */
	assert_true(rv_value_is_filler(RV_STR_LIT("a3ExeDpwYXNzd29yZA=="))); /* kq1x:password */
	assert_false(rv_value_is_filler(RV_STR_LIT("dXNlcjprcTF4M3p2")));    /* user:kq1x3zv */
}

static void a_line_in_base64_is_judged_by_its_words(void **state)
{
	(void)state;
	assert_quiet("a.yaml", "  password: ZGJwYXNzd29yZAo="); /* dbpassword and a line feed */
	assert_quiet("a.yaml", "  password: dmFsdWUtMg0K");	/* value-2, \r\n */
	assert_told("a.yaml", "  password: %s", "a3ExeDN6dnE3eAo="); /* kq1x3zvq7x and \n */
}

static void an_address_with_two_characters_has_no_password(void **state)
{
	(void)state;
	assert_quiet("a.conf", "url = http://me:%4d%5e%70@host.internal/");
	assert_told("a.conf", "url = http://me:%s@host.internal/", "%4d%5e%70kq3x9z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filler_is_one_also_in_a_login),
		cmocka_unit_test(a_line_in_base64_is_judged_by_its_words),
		cmocka_unit_test(an_address_with_two_characters_has_no_password),
	};

	return cmocka_run_group_tests_name("scan: nobody's secrets", tests, NULL, NULL);
}
