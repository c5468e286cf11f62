/* tests: what is counted ahead is what the walk reads. */
#include "agent/sweep/scout.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

struct seen {
	uint64_t files, bytes;
};

/* Waits for it to end by itself. */
static struct seen count(const struct rv_sweep_options *options)
{
	struct rv_scout *scout = rv_scout_start(options);
	struct seen seen = {0};
	bool is_done = false;

	assert_non_null(scout);
	while (!is_done) {
		rv_scout_ask(scout, &seen.files, &seen.bytes, &is_done);
		(void)sched_yield(); /* cannot fail */
	}
	rv_scout_stop(scout);
	return seen;
}

static bool is_wanted(void *user, struct rv_str path, bool is_dir)
{
	(void)user;
	return !(is_dir && rv_str_ends_with(path, "vendor")) && !rv_str_ends_with(path, ".png");
}

static void make_tree(struct rvt_dir *dir)
{
	char path[RVT_PATH];

	rvt_dir_init(dir);
	rvt_dir_write_text(dir, "t/a.txt", "12345");
	rvt_dir_write_text(dir, "t/b/c/d.txt", "123");
	rvt_dir_write_text(dir, "t/b/large", "123456789012345678901234567890");
	rvt_dir_write_text(dir, "t/b/no.png", "1");
	rvt_dir_write_text(dir, "t/vendor/e.txt", "1");
	rvt_dir_write_text(dir, "t/.git/config", "1");
	rvt_dir_make(dir, "t/empty", 0700);
	rvt_dir_path(dir, "t/fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	rvt_dir_path(dir, "t/link", path);
	assert_int_equal(symlink("a.txt", path), 0);
	rvt_dir_path(dir, "t/up", path);
	assert_int_equal(symlink("..", path), 0);
}

static void counts_what_is_wanted_and_nothing_else(void **state)
{
	struct rvt_dir dir;
	char tree[RVT_PATH], file[RVT_PATH];
	const char *const paths[] = {tree, "/nowhere", file, NULL};
	struct rv_sweep_options options = {.paths = paths, .expects = is_wanted};

	(void)state;
	make_tree(&dir);
	rvt_dir_path(&dir, "t", tree);
	rvt_dir_path(&dir, "t/a.txt", file);
	struct seen seen = count(&options);
	assert_int_equal(seen.files, 4);
	assert_int_equal(seen.bytes, 5 + 3 + 30 + 5);
	options.follows_links = true; /* to files */
	options.max_file = 10;
	seen = count(&options);
	assert_int_equal(seen.files, 5);
	assert_int_equal(seen.bytes, 5 + 3 + 5 + 5);
	rvt_dir_done(&dir);
}

static void ends_when_it_is_told_to(void **state)
{
	const char *const paths[] = {"/usr", "/", NULL};
	const struct rv_sweep_options options = {.paths = paths};

	(void)state;
	rv_scout_stop(rv_scout_start(&options));
	rv_scout_stop(NULL);
}

/* Names may be chosen by whoever made the tree. */
static void holds_no_more_bytes_of_paths_than_it_may(void **state)
{
	struct rv_scout_dirs dirs = {0};
	char path[4000];
	size_t count = 0;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	while (rv_scout_dirs_put(&dirs, path))
		count++;
	assert_int_equal(count, RV_SCOUT_BYTES_MAX / sizeof(path));
	for (size_t i = 0; i < count; i++) {
		RV_CLEANUP(rv_freep) char *taken = rv_scout_dirs_take(&dirs);

		assert_string_equal(taken, path);
	}
	assert_null(rv_scout_dirs_take(&dirs));
	assert_true(rv_scout_dirs_put(&dirs, path)); /* there is room again */
	rv_scout_dirs_done(&dirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_no_more_bytes_of_paths_than_it_may),
		cmocka_unit_test(counts_what_is_wanted_and_nothing_else),
		cmocka_unit_test(ends_when_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
