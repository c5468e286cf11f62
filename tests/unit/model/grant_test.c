/* tests: the grants file, and what its grants match. */
#include "agent/model/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void good_lines_are_taken_and_said_back_canonically(void **state)
{
	static const char text[] =
		"# what policy may touch\n"
		"write /etc/nginx/tls   # certificates\n"
		"\thook 0\t/usr/sbin/nginx  -t\n"
		"\n"
		"reload nginx.service\n"
		"reload web.service signal HUP pidfile /run/web.pid exe /usr/sbin/web\n"
		"plugin localca none " HEX64;
	static const char *const canonical[] = {
		"write /etc/nginx/tls",
		"hook 0 /usr/sbin/nginx -t",
		"reload nginx.service",
		"reload web.service signal HUP pidfile /run/web.pid exe /usr/sbin/web",
		("plugin localca none " HEX64),
	};
	struct rv_grants g;
	struct rv_buf line;

	(void)state;
	assert_true(rv_is_ok(rv_grants_parse(rv_str_of(text), "grants", &g, NULL)));
	assert_int_equal(g.count, RV_LEN(canonical));
	rv_buf_init(&line, 1024);
	for (size_t i = 0; i < g.count; i++) {
		rv_buf_reset(&line);
		assert_true(rv_is_ok(rv_grant_line(&g.list[i], &line)));
		assert_string_equal(rv_buf_cstr(&line), canonical[i]);
	}
	assert_int_equal(g.list[1].line, 3);
	assert_int_equal(g.list[1].uid, 0);
	assert_string_equal(rv_grant_pidfile(&g.list[3]), "/run/web.pid");
	assert_null(rv_grant_pidfile(&g.list[2]));
	rv_buf_done(&line);
	rv_grants_done(&g);
}

static void bad_lines_are_named_with_their_number(void **state)
{
	static const char *const bad[] = {
		"wrote /etc",
		"write",
		"write relative",
		"write /etc/../shadow",
		"write /etc//x",
		"write /etc /usr",
		"hook /usr/sbin/nginx -t",
		"hook root /usr/sbin/nginx",
		"hook -1 /bin/true",
		"hook 4294967295 /bin/true",
		"hook 0 nginx",
		"hook 0",
		"reload",
		"reload -H",
		"reload a/b",
		"reload a b",
		"reload a signal TERM pidfile /p exe /e",
		"reload a signal HUP pidfile p exe /e",
		"plugin x none",
		("plugin x all " HEX64),
		("plugin X none " HEX64),
		("plugin ../x none " HEX64),
		"plugin x none 0123",
		("plugin x none " HEX64 "0"),
		"hook 0 /bin/a 1 2 3 4 5 6 7 8 9 10 11 12 13 14",
		"write /etc\x01",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		char text[512];
		struct rv_grants g = {.count = 77};
		struct rv_diag diag = {0};

		(void)snprintf(text, sizeof(text), "write /ok\n%s\nwrite /ok\n", bad[i]);
		if (rv_class_of(rv_grants_parse(rv_str_of(text), "grants", &g, &diag)) !=
		    RV_CLASS_MALFORMED)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(strstr(diag.text, "grants:2: "));
		assert_int_equal(g.count, 77); /* untouched */
	}
}

static void zero_bytes_and_size_limits_are_refused(void **state)
{
	static uint8_t large[RV_GRANTS_BYTES + 1];
	struct rv_grants g;

	(void)state;
	assert_int_equal(rv_class_of(rv_grants_parse((struct rv_str){(const uint8_t *)"a\0b", 3},
						     "g", &g, NULL)),
			 RV_CLASS_MALFORMED);
	assert_int_equal(
		rv_class_of(rv_grants_parse((struct rv_str){large, sizeof(large)}, "g", &g, NULL)),
		RV_CLASS_EXHAUSTED);
	memset(large, 'a', sizeof(large));
	for (size_t i = 0; i + 9 <= RV_GRANTS_BYTES; i += 9)
		memcpy(large + i, "write /a\n", 9);
	assert_int_equal(
		rv_class_of(rv_grants_parse((struct rv_str){large, 9 * 513}, "g", &g, NULL)),
		RV_CLASS_EXHAUSTED);
	assert_true(rv_is_ok(rv_grants_parse((struct rv_str){large, 9 * 512}, "g", &g, NULL)));
	assert_int_equal(g.count, 512);
	rv_grants_done(&g);
}

static void an_empty_file_grants_nothing(void **state)
{
	struct rv_grants g;

	(void)state;
	assert_true(rv_is_ok(rv_grants_parse(RV_STR_NONE, "g", &g, NULL)));
	assert_int_equal(g.count, 0);
	assert_null(rv_grants_write(&g, RV_STR_LIT("/etc")));
	assert_null(rv_grants_hook(&g, RV_STR_LIT("nginx -t")));
	rv_grants_done(&g);
}

static void a_hook_matches_by_base_name_and_equal_arguments(void **state)
{
	static const char *const yes[] = {"nginx -t", "/usr/sbin/nginx -t", " nginx   -t "};
	static const char *const no[] = {"nginx",
					 "nginx -t -q",
					 "nginx -T",
					 "",
					 "nginx\t-t",
					 "/usr/bin/nginx -t",
					 "sbin/nginx -t",
					 "ngin -t",
					 "nginx -t; touch /tmp/x"};
	struct rv_grants g;

	(void)state;
	assert_true(rv_is_ok(
		rv_grants_parse(RV_STR_LIT("hook 0 /usr/sbin/nginx -t\n"), "g", &g, NULL)));
	for (size_t i = 0; i < RV_LEN(yes); i++)
		assert_non_null(rv_grants_hook(&g, rv_str_of(yes[i])));
	for (size_t i = 0; i < RV_LEN(no); i++)
		assert_null(rv_grants_hook(&g, rv_str_of(no[i])));
	rv_grants_done(&g);
}

static void look_ups_want_the_exact_subject(void **state)
{
	struct rv_grants g;

	(void)state;
	assert_true(rv_is_ok(
		rv_grants_parse(RV_STR_LIT("write /etc/tls\nreload a.service\nplugin p net " HEX64),
				"g", &g, NULL)));
	assert_non_null(rv_grants_write(&g, RV_STR_LIT("/etc/tls")));
	assert_null(rv_grants_write(&g, RV_STR_LIT("/etc/tls/sub")));
	assert_null(rv_grants_write(&g, RV_STR_LIT("/etc")));
	assert_null(rv_grants_write(&g, RV_STR_LIT("a.service")));
	assert_non_null(rv_grants_reload(&g, RV_STR_LIT("a.service")));
	assert_null(rv_grants_reload(&g, RV_STR_LIT("a")));
	assert_string_equal(rv_grant_profile(rv_grants_plugin(&g, RV_STR_LIT("p"))), "net");
	rv_grants_done(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_are_taken_and_said_back_canonically),
		cmocka_unit_test(bad_lines_are_named_with_their_number),
		cmocka_unit_test(zero_bytes_and_size_limits_are_refused),
		cmocka_unit_test(an_empty_file_grants_nothing),
		cmocka_unit_test(a_hook_matches_by_base_name_and_equal_arguments),
		cmocka_unit_test(look_ups_want_the_exact_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
