/* tests: what is read before the rules are settled, and what only behind that: while a cache of
 * compiled rules is open, nothing of a stranger's may be read. */
#include "agent/cli/scan_policy.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <stdlib.h>

struct place {
	struct rvt_dir dir;
	char tree[RVT_PATH], config[RVT_PATH];
	const char *paths[2];
	struct rv_scan_ask ask;
	bool is_ready;
	unsigned named;		/* files, read before */
	unsigned foreign_early; /* .. of the tree's */
	unsigned foreign_late;	/* .. read behind it */
};

static void reading(void *user, const char *path)
{
	struct place *p = user;

	p->named += path && !p->is_ready;
	p->foreign_early += !path && !p->is_ready;
	p->foreign_late += !path && p->is_ready;
}

static rv_status ready(void *user, const struct rv_ruleset *rules, struct rv_diag *diag)
{
	struct place *p = user;

	(void)diag;
	assert_non_null(rules);
	assert_false(p->is_ready);
	p->is_ready = true;
	return RV_OK;
}

static void load(struct place *p)
{
	const struct rv_scan_policy_watch watch = {reading, ready, p};
	struct rv_scan_policy policy = {0};
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_scan_policy_load(&policy, &p->ask, &watch, &diag)))
		fail_msg("%s", diag.text);
	rv_scan_policy_done(&policy);
	assert_true(p->is_ready);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)unsetenv("GITLEAKS_CONFIG");	/* cannot fail for these names */
	(void)unsetenv("GITLEAKS_CONFIG_TOML"); /* likewise */
	rvt_dir_init(&p->dir);
	rvt_dir_write_text(&p->dir, "tree/.reeveignore", "vendor/\n");
	rvt_dir_write_text(&p->dir, "tree/.gitleaksignore", "# none\n");
	rvt_dir_path(&p->dir, "tree", p->tree);
	rvt_dir_path(&p->dir, "own.yaml", p->config);
	p->paths[0] = p->tree;
	p->ask.sweep.source = RV_SWEEP_PATHS;
	p->ask.sweep.paths = p->paths;
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	rvt_dir_done(&p->dir);
	free(p);
	return 0;
}

static void reads_nothing_of_the_tree_before_named_rules_are_settled(void **state)
{
	struct place *p = *state;

	rvt_dir_write_text(&p->dir, "own.yaml", "scan:\n  strict: true\n");
	rvt_dir_write_text(&p->dir, "tree/.reeve.yaml", "scan:\n  strict: true\n");
	p->ask.config = p->config;
	load(p);
	assert_int_equal(p->named, 1);
	assert_int_equal(p->foreign_early, 0);
	assert_int_equal(p->foreign_late, 2); /* the ignore files */
}

static void tells_before_it_reads_the_rules_of_the_tree(void **state)
{
	struct place *p = *state;

	rvt_dir_write_text(&p->dir, "tree/.reeve.yaml", "scan:\n  strict: true\n");
	load(p);
	assert_int_equal(p->foreign_early, 1);
}

static void looks_for_files_of_the_tree_without_reading_any(void **state)
{
	struct place *p = *state;

	load(p);
	assert_int_equal(p->foreign_early, 0);
	assert_int_equal(p->foreign_late, 2);
}

static void tells_before_a_named_file_leads_into_the_tree(void **state)
{
	struct place *p = *state;

	rvt_dir_write_text(&p->dir, "own.toml", "[extend]\npath = \"more.toml\"\n");
	rvt_dir_write_text(&p->dir, "tree/more.toml", "[extend]\nuseDefault = true\n");
	rvt_dir_path(&p->dir, "own.toml", p->config);
	p->ask.config = p->config;
	load(p);
	assert_int_equal(p->named, 1);
	assert_int_equal(p->foreign_early, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_nothing_of_the_tree_before_named_rules_are_settled),
		TEST(tells_before_it_reads_the_rules_of_the_tree),
		TEST(looks_for_files_of_the_tree_without_reading_any),
		TEST(tells_before_a_named_file_leads_into_the_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
