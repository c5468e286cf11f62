/* tests: argv of a role. */
#include "agent/ipc/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Parses a copy of the words (the parser cuts them in place). */
static rv_status parse(const char *const *words, struct rv_role_args *out, struct rv_diag *diag)
{
	static char room[80][64];
	char *argv[81] = {NULL};
	int argc = 0;

	for (; words[argc]; argc++) {
		(void)snprintf(room[argc], sizeof(room[argc]), "%s", words[argc]);
		argv[argc] = room[argc];
	}
	return rv_role_args_parse(argc, argv, RV_ROLE_PLACE, out, diag);
}

static void every_option_is_understood(void **state)
{
	static const char *const words[] = {
		"reeve-place", "--sup", "3",  "--engine", "4",	  "--fd",  "broker=5",	 "--uid",
		"33",	       "--gid", "34", "--root",	  "/srv", "--dir", "6:/etc/tls", "--set",
		"a=b=c",       "--abi", "2",  "--fault",  "9",	  NULL};
	struct rv_role_args a;

	(void)state;
	assert_true(rv_is_ok(parse(words, &a, NULL)));
	assert_true(a.role == RV_ROLE_PLACE && a.sup_fd == 3 && a.engine_fd == 4);
	assert_int_equal(rv_role_fd(&a, "broker"), 5);
	assert_int_equal(rv_role_fd(&a, "other"), -1);
	assert_true(a.uid == 33 && a.gid == 34 && a.landlock_abi_cap == 2 && a.fault_at == 9);
	assert_string_equal(a.root, "/srv");
	assert_true(a.dir_count == 1 && a.dirs[0].fd == 6);
	assert_string_equal(a.dirs[0].path, "/etc/tls");
	assert_string_equal(rv_role_set(&a, "a", NULL), "b=c");
	assert_string_equal(rv_role_set(&a, "b", "else"), "else");
}

static void what_is_not_given_has_a_safe_value(void **state)
{
	static const char *const words[] = {"reeve-place", "--sup", "3", NULL};
	struct rv_role_args a;

	(void)state;
	assert_true(rv_is_ok(parse(words, &a, NULL)));
	assert_true(a.engine_fd == -1 && a.uid == UINT32_MAX && a.gid == UINT32_MAX);
	assert_true(a.fault_at == 0 && a.landlock_abi_cap == 0 && a.root[0] == '\0');
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[][2] = {{"--sup", "x"},
					     {"--sup", "-1"},
					     {"--sup", "5000000000"},
					     {"--uid", "4294967296"},
					     {"--gid", ""},
					     {"--abi", "2x"},
					     {"--fd", "broker"},
					     {"--fd", "=3"},
					     {"--fd", "a=b"},
					     {"--fd", "a=99999"},
					     {"--dir", "6"},
					     {"--dir", "6:relative"},
					     {"--dir", "x:/abs"},
					     {"--set", "novalue"},
					     {"--set", "=v"},
					     {"--fault", "-1"},
					     {"--unknown", "1"},
					     {"stray", "1"},
					     {"--fault", "99999999999999999999"}};
	struct rv_role_args a = {.sup_fd = 77};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		const char *words[] = {"reeve-place", "--sup", "3", bad[i][0], bad[i][1], NULL};
		struct rv_diag diag = {0};

		if (rv_class_of(parse(words, &a, &diag)) != RV_CLASS_MISCONFIGURED)
			fail_msg("%s %s was taken", bad[i][0], bad[i][1]);
		assert_non_null(strstr(diag.text, bad[i][0]));
		assert_int_equal(a.sup_fd, 77); /* untouched */
	}
}

static void too_many_of_a_kind_are_refused(void **state)
{
	const char *words[80] = {"reeve-place", "--sup", "3"};
	struct rv_role_args a;
	size_t n = 3;

	(void)state;
	for (size_t i = 0; i < RV_ROLE_FDS + 1; i++) {
		words[n++] = "--fd";
		words[n++] = "a=5";
	}
	words[n] = NULL;
	assert_int_equal(rv_class_of(parse(words, &a, NULL)), RV_CLASS_MISCONFIGURED);
	words[n - 2] = NULL;
	assert_true(rv_is_ok(parse(words, &a, NULL)));
}

static void without_a_supervisor_it_says_who_starts_it(void **state)
{
	static const char *const words[] = {"reeve-place", NULL};
	struct rv_role_args a;
	struct rv_diag diag = {0};

	(void)state;
	assert_int_equal(rv_class_of(parse(words, &a, &diag)), RV_CLASS_MISCONFIGURED);
	assert_non_null(strstr(diag.next, "reeved"));
}

static void the_build_id_carries_version_and_wire(void **state)
{
	(void)state;
	assert_non_null(strchr(rv_build_id(), '-'));
	assert_true(strlen(rv_build_id()) <= 64); /* fits hello */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_is_understood),
		cmocka_unit_test(what_is_not_given_has_a_safe_value),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(too_many_of_a_kind_are_refused),
		cmocka_unit_test(without_a_supervisor_it_says_who_starts_it),
		cmocka_unit_test(the_build_id_carries_version_and_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
