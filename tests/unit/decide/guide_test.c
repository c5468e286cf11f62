/* The guide's examples do what the guide says; guide, manual and shipped policy keep up with the
 * table of keys. */
#include "unit/decide/support.h"

#include <stdio.h>

#if !defined(RVT_GUIDE) || !defined(RVT_MANUAL) || !defined(RVT_SHIPPED)
#error "RVT_GUIDE, RVT_MANUAL, RVT_SHIPPED: the files"
#endif

static struct rvt_dir dir;

static int set_up(void **state)
{
	(void)state;
	rvt_dir_init(&dir);
	rvt_zones_write(&dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rvt_dir_done(&dir);
	return 0;
}

/* The text of the fenced block with that info string after *cursor; false at the end. */
static bool next_block(const char **cursor, const char *info, struct rv_str *out)
{
	char fence[64];
	snprintf(fence, sizeof(fence), "\n```%s\n", info);
	const char *start = strstr(*cursor, fence);
	if (start == NULL)
		return false;
	start += strlen(fence);
	const char *end = strstr(start, "\n```");
	assert_non_null(end);
	*out = (struct rv_str){(const uint8_t *)start, (size_t)(end + 1 - start)};
	*cursor = end;
	return true;
}

static void every_example_loads_and_lints(void **state)
{
	(void)state;
	static const char *const instances[] = {"web-ca", NULL};
	struct rv_lint_world world = {instances,
				      "hook 0 /usr/sbin/nginx -t\nreload nginx.service\n"};
	struct rv_buf guide = rvt_file_read(RVT_GUIDE);
	const char *cursor = rv_buf_cstr(&guide);
	struct rv_str block;
	size_t count = 0;
	while (next_block(&cursor, "yaml", &block)) {
		struct rv_policy_set *set = NULL;
		struct rv_lint lint = {0};
		struct rv_diag diag = {0};
		if (!rv_is_ok(rv_policy_load_text(block, "guide", dir.path, &set, &diag)))
			rvt_die("%.*s\n%s", (int)block.len, (const char *)block.data, diag.text);
		assert_true(rv_is_ok(rv_policy_lint(set, &world, &lint)));
		for (size_t i = 0; i < lint.count; i++)
			if (lint.items[i].level != RV_LINT_NOTE)
				rvt_die("%.*s\n%s", (int)block.len, (const char *)block.data,
					lint.items[i].text);
		rv_lint_done(&lint);
		rv_policy_set_free(set);
		count++;
	}
	assert_true(count >= 5);
	rv_buf_done(&guide);
}

static void every_broken_example_is_refused_as_shown(void **state)
{
	(void)state;
	struct rv_buf guide = rvt_file_read(RVT_GUIDE);
	const char *cursor = rv_buf_cstr(&guide);
	struct rv_str block;
	struct rv_str shown;
	size_t count = 0;
	while (next_block(&cursor, "yaml broken", &block)) {
		struct rv_policy_set *set = NULL;
		struct rv_diag diag = {0};
		assert_true(next_block(&cursor, "text", &shown));
		assert_false(
			rv_is_ok(rv_policy_load_text(block, "policy.yaml", dir.path, &set, &diag)));
		shown.len--; /* its newline */
		if (!rv_str_is(shown, diag.text))
			rvt_die("the guide shows: %.*s\nit says: %s", (int)shown.len,
				(const char *)shown.data, diag.text);
		count++;
	}
	assert_true(count >= 2);
	rv_buf_done(&guide);
}

static void every_key_is_in_guide_and_manual(void **state)
{
	(void)state;
	struct rv_buf guide = rvt_file_read(RVT_GUIDE);
	struct rv_buf manual = rvt_file_read(RVT_MANUAL);
	for (unsigned i = 0; i < RV_PK__COUNT; i++) {
		char quoted[80];
		snprintf(quoted, sizeof(quoted), "`%s`", rv_policy_keys()[i].path);
		if (strstr(rv_buf_cstr(&guide), quoted) == NULL)
			rvt_die("the guide does not say %s", quoted);
		snprintf(quoted, sizeof(quoted), "*%s*", rv_policy_keys()[i].path);
		if (strstr(rv_buf_cstr(&manual), quoted) == NULL)
			rvt_die("the manual does not say %s", quoted);
	}
	rv_buf_done(&guide);
	rv_buf_done(&manual);
}

static void the_shipped_policy_rotates_nothing(void **state)
{
	(void)state;
	struct rv_buf text = rvt_file_read(RVT_SHIPPED);
	struct rv_policy_set *set = NULL;
	struct rv_lint_world world = {NULL, ""};
	struct rv_lint lint = {0};
	assert_true(rv_is_ok(
		rv_policy_load_text(rv_buf_view(&text), "defaults.yaml", dir.path, &set, NULL)));
	assert_true(rv_policy_count(set) > 0);
	for (size_t i = 0; i < rv_policy_count(set); i++) {
		const struct rv_policy *p = rv_policy_at(set, i);
		assert_false(rv_policy_acts(p));
		assert_int_equal(p->values[RV_PK_MODE].number, RV_MODE_OBSERVE);
	}
	assert_true(rv_is_ok(rv_policy_lint(set, &world, &lint)));
	assert_int_equal(lint.count, 0);
	rv_lint_done(&lint);
	rv_policy_set_free(set);
	rv_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_loads_and_lints),
		cmocka_unit_test(every_broken_example_is_refused_as_shown),
		cmocka_unit_test(every_key_is_in_guide_and_manual),
		cmocka_unit_test(the_shipped_policy_rotates_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
