/* tests: the host of an address is fixed, or the address is refused. */
#include "agent/base/url.h"
#include "tests/support/unit.h"

static void addresses_without_a_fixed_host_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"https://",
		"http://a/",
		"HTTPS://a/",
		"https:///x",
		"https://{id}/x",
		"https://a{id}/x",
		"https://a.{id}.b/x",
		"https://a:{id}/x",
		"https://user@a/x",
		"https://user:word@a/x",
		"https://a:/x",
		"https://a:0/x",
		"https://a:65536/x",
		"https://a:123456/x",
		"https://a:1a/x",
		"https://.a/x",
		"https://-a/x",
		"https://[::1]/x",
		"https://a\\b/x",
		"https://a#b/x",
		"https://a/x#y",
		"https://a/x y",
		"https://a/x\r\nB: c",
		"https://a/\x80",
		"https://a_b/x",
		"https://a%2eb/x",
		"//a/x",
	};
	struct rv_str host = RV_STR_LIT("untouched");
	char longest[300] = "https://";

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		if (rv_url_host(rv_str_of(bad[i]), &host))
			fail_msg("%s was taken", bad[i]);
	}
	memset(longest + 8, 'a', 254);
	assert_false(rv_url_host(rv_str_of(longest), &host));
	assert_true(rv_str_is(host, "untouched"));
}

static void the_host_is_what_stands_before_the_path(void **state)
{
	static const struct {
		const char *url, *host;
	} good[] = {
		{"https://api.acme.com/v1/{id}?k={secret}", "api.acme.com"},
		{"https://localhost:4443/", "localhost:4443"},
		{"https://a", "a"},
		{"https://a?x={secret}", "a"},
		{"https://a/users/@me", "a"},
		{"https://127.0.0.1:65535/x", "127.0.0.1:65535"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(good); i++) {
		struct rv_str host = RV_STR_NONE;

		assert_true(rv_url_host(rv_str_of(good[i].url), &host));
		assert_true(rv_str_is(host, good[i].host));
		assert_true(rv_url_host(rv_str_of(good[i].url), NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_without_a_fixed_host_are_refused),
		cmocka_unit_test(the_host_is_what_stands_before_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
