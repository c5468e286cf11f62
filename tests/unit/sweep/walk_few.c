/* tests: a walk with few descriptors: every file all the same, and nothing behind a link that came
 * in the place of a directory. */
#include "tests/unit/sweep/walk_look.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 70
#define WIDTH 3

static struct rlimit before;

/* From here on the process may have only so many more. */
static void leave_descriptors(struct walk *w, unsigned count)
{
	int used = open("/", O_PATH | O_CLOEXEC);
	struct rlimit few;

	assert_true(used >= 0);
	assert_int_equal(close(used), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)used + count;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	w->options.open_files = few.rlim_cur;
}

static void restore_descriptors(void)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* A chain whose every directory has others beside the one that leads on, and more files than a
 * batch at some levels. */
static size_t make_tree(struct walk *w)
{
	char at[2 * DEPTH + 2] = "t";
	char name[RVT_PATH];
	size_t count = 0;

	for (unsigned depth = 0; depth < DEPTH; depth++) {
		for (unsigned i = 0; i < WIDTH; i++, count++) {
			(void)snprintf(name, sizeof(name), "%s/s%u/f", at, i); /* has room */
			rvt_dir_write_text(&w->dir, name, "text");
		}
		for (unsigned i = 0; i < (depth % 20 == 0 ? 150 : 1); i++, count++) {
			(void)snprintf(name, sizeof(name), "%s/f%u", at, i); /* has room */
			rvt_dir_write_text(&w->dir, name, "text");
		}
		memcpy(at + 1 + 2 * (size_t)depth, "/d", 3);
	}
	return count;
}

static void reads_every_file_with_few_descriptors(void **state)
{
	static const struct {
		unsigned descriptors, threads;
	} cases[] = {{5, 1}, {6, 8}, {12, 8}, {24, 2}, {40, 8}, {40, RV_WALK_THREADS_MAX}};
	struct walk *w = *state;
	size_t count = make_tree(w);

	for (size_t i = 0; i < RV_LEN(cases); i++) {
		leave_descriptors(w, cases[i].descriptors);
		rv_status status = walk_name(w, "t", cases[i].threads);
		restore_descriptors();
		assert_ok(status);
		if (w->gaps.count > 0)
			print_error("%u: %s\n", cases[i].descriptors, w->gaps.items[0]);
		assert_int_equal(w->gaps.count, 0);
		assert_int_equal(w->files.count, count);
	}
}

static struct walk *swapping;

/* When the first file is read, the directory above it moves away and another takes its name. */
static rv_status swap(void *user, const struct rv_walk_file *file)
{
	struct walk *w = user;
	char from[RVT_PATH], to[RVT_PATH], other[RVT_PATH];

	if (swapping) {
		rvt_dir_path(&w->dir, "t", from);
		rvt_dir_path(&w->dir, "moved", to);
		rvt_dir_path(&w->dir, "other", other);
		assert_int_equal(rename(from, to), 0);
		assert_int_equal(rename(other, from), 0);
		swapping = NULL;
	}
	(void)file;
	atomic_fetch_add(&w->file_count, 1);
	return RV_OK;
}

static void takes_no_other_directory_for_the_one_that_was_there(void **state)
{
	struct walk *w = *state;

	rvt_dir_write_text(&w->dir, "t/a/f", "text");
	rvt_dir_write_text(&w->dir, "t/first", "text");
	rvt_dir_write_text(&w->dir, "other/a/f", "text");
	swapping = w;
	w->look.file = swap;
	leave_descriptors(w, RV_WALK_FD_OF_THREAD); /* none waits open */
	rv_status status = walk_name(w, "t", 1);
	restore_descriptors();
	assert_ok(status);
	assert_int_equal(w->gaps.count, 1);
	assert_non_null(strstr(w->gaps.items[0], "t/a|changed|"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WALK_TEST(reads_every_file_with_few_descriptors),
		WALK_TEST(takes_no_other_directory_for_the_one_that_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
