/* tests: which files a walk hands on. Not here: windows of large ones, stopping (walk_large.c). */
#include "tests/unit/sweep/walk_look.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static void reads_every_file_once_at_any_number_of_threads(void **state)
{
	static const unsigned threads[] = {1, 2, 8, RV_WALK_THREADS_MAX};
	struct walk *w = *state;
	char name[64];

	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "%u/%u/f%u", i % 3, i % 7, i); /* has room */
		rvt_dir_write_text(&w->dir, name, "text");
		(void)snprintf(name, sizeof(name), "f%u", i); /* has room */
		rvt_dir_write_text(&w->dir, name, i % 2 ? "text" : "");
	}
	for (size_t t = 0; t < RV_LEN(threads); t++) {
		atomic_store(&w->file_count, 0);
		atomic_store(&w->byte_count, 0);
		assert_ok(walk_name(w, "", threads[t]));
		assert_int_equal(w->files.count, 2000);
		assert_int_equal(w->gaps.count, 0);
		assert_int_equal(atomic_load(&w->file_count), 2000);
		assert_int_equal(atomic_load(&w->byte_count), 4 * 1500);
		for (unsigned i = 0; i < 1000; i += 9) {
			(void)snprintf(name, sizeof(name), "%u/%u/f%u", i % 3, i % 7, i);
			assert_int_equal(walk_times(w, &w->files, name), 1);
			(void)snprintf(name, sizeof(name), "f%u", i); /* has room, as above */
			assert_int_equal(walk_times(w, &w->files, name), 1);
		}
	}
}

static void enters_no_repository_but_for_its_settings_and_no_link(void **state)
{
	struct walk *w = *state;
	char link[RVT_PATH], to[RVT_PATH];

	rvt_dir_write_text(&w->dir, "t/.git/config", "text");
	rvt_dir_write_text(&w->dir, "t/a/.git/config", "text");
	rvt_dir_write_text(&w->dir, "t/a/.git/HEAD", "text");
	rvt_dir_write_text(&w->dir, "t/b/.git", "gitdir: ..");
	rvt_dir_write_text(&w->dir, "t/.gitignore", "text");
	rvt_dir_write_text(&w->dir, "other/file", "text");
	rvt_dir_path(&w->dir, "other", to);
	rvt_dir_path(&w->dir, "t/link", link);
	assert_int_equal(symlink(to, link), 0);
	rvt_dir_path(&w->dir, "other/file", to);
	rvt_dir_path(&w->dir, "t/link-file", link);
	assert_int_equal(symlink(to, link), 0);
	rvt_dir_path(&w->dir, "t/loop", link);
	assert_int_equal(symlink(".", link), 0);
	rvt_dir_path(&w->dir, "t/fifo", link);
	assert_int_equal(mkfifo(link, 0600), 0);

	assert_ok(walk_name(w, "t", 1));
	assert_int_equal(w->files.count, 4);
	assert_int_equal(walk_times(w, &w->files, "t/.git/config"), 1);
	assert_int_equal(walk_times(w, &w->files, "t/a/.git/config"), 1);
	assert_int_equal(walk_times(w, &w->files, "t/b/.git"), 1);
	assert_int_equal(walk_times(w, &w->files, "t/.gitignore"), 1);
	assert_int_equal(w->gaps.count, 0);
	w->options.follows_links = true;
	assert_ok(walk_name(w, "t", 1));
	assert_int_equal(w->files.count, 5);
	assert_int_equal(walk_times(w, &w->files, "t/link-file"), 1);
	assert_int_equal(w->gaps.count, 0);
}

static void follows_a_link_that_it_was_given(void **state)
{
	struct walk *w = *state;
	char link[RVT_PATH];

	rvt_dir_write_text(&w->dir, "t/file", "text");
	rvt_dir_path(&w->dir, "to-dir", link);
	assert_int_equal(symlink("t", link), 0);
	rvt_dir_path(&w->dir, "to-file", link);
	assert_int_equal(symlink("t/file", link), 0);
	assert_ok(walk_name(w, "to-dir", 1));
	assert_int_equal(walk_times(w, &w->files, "to-dir/file"), 1);
	assert_ok(walk_name(w, "to-file", 1));
	assert_int_equal(walk_times(w, &w->files, "to-file"), 1);
}

static void takes_names_of_any_bytes(void **state)
{
	static const char *const names[] = {"t/a\nb",	  "t/\xff\xfe", "t/ ",	   "t/-n",
					    "t/\x1b[31m", "t/%s",	"t/d\n/f", "t/..."};
	struct walk *w = *state;

	for (size_t i = 0; i < RV_LEN(names); i++)
		rvt_dir_write_text(&w->dir, names[i], "text");
	assert_ok(walk_name(w, "t", 8));
	assert_int_equal(w->files.count, RV_LEN(names));
	for (size_t i = 0; i < RV_LEN(names); i++)
		assert_int_equal(walk_times(w, &w->files, names[i]), 1);
}

static void names_paths_as_they_were_given(void **state)
{
	static const char *const here[] = {".", NULL};
	struct walk *w = *state;
	char slashed[RVT_PATH + 1];
	const char *const given[] = {slashed, NULL};

	rvt_dir_write_text(&w->dir, "d/f", "text");
	(void)snprintf(slashed, sizeof(slashed), "%s/", w->dir.path); /* has room */
	assert_ok(walk_paths(w, given, 1));
	assert_int_equal(walk_times(w, &w->files, "d/f"), 1);
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(before >= 0);
	assert_int_equal(chdir(w->dir.path), 0);
	assert_ok(walk_paths(w, here, 1));
	assert_int_equal(fchdir(before), 0);
	assert_int_equal(close(before), 0);
	assert_int_equal(w->files.count, 1);
	assert_string_equal(w->files.items[0], "d/f");
}

static void tells_what_it_may_not_read(void **state)
{
	struct walk *w = *state;
	const bool is_root = geteuid() == 0;

	rvt_dir_write_text(&w->dir, "t/open", "text");
	rvt_dir_write_text(&w->dir, "t/shut/file", "text");
	rvt_dir_write(&w->dir, "t/file", "text", 4, 0);
	rvt_dir_make(&w->dir, "t/shut", 0);
	char path[RVT_PATH];
	rvt_dir_path(&w->dir, "t", path);
	assert_int_equal(chmod(w->dir.path, 0755), 0);
	assert_int_equal(chmod(path, 0755), 0);
	rvt_dir_path(&w->dir, "t/open", path);
	assert_int_equal(chmod(path, 0644), 0);
	rvt_dir_path(&w->dir, "t/shut", path);
	assert_int_equal(chmod(path, 0), 0);
	if (is_root)
		assert_int_equal(seteuid(NOBODY), 0);
	rv_status status = walk_name(w, "t", 1);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(path, 0700), 0);
	assert_ok(status);
	assert_int_equal(w->files.count, 1);
	assert_int_equal(w->gaps.count, 2);
	assert_int_equal(walk_times(w, &w->gaps, "t/shut|unreadable|Permission denied"), 1);
	assert_int_equal(walk_times(w, &w->gaps, "t/file|unreadable|Permission denied"), 1);
}

static void tells_what_is_no_file(void **state)
{
	struct walk *w = *state;
	char path[RVT_PATH];

	rvt_dir_path(&w->dir, "fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_ok(walk_name(w, "fifo", 1));
	assert_int_equal(w->files.count, 0);
	assert_int_equal(w->gaps.count, 1);
	assert_int_equal(walk_times(w, &w->gaps, "fifo|special|not a regular file"), 1);
	assert_ok(walk_name(w, "nowhere", 1));
	assert_int_equal(walk_times(w, &w->gaps, "nowhere|unreadable|No such file or directory"),
			 1);
}

static void tells_a_tree_that_is_too_deep(void **state)
{
	struct walk *w = *state;
	int at = open(w->dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 600; i++) {
		assert_int_equal(mkdirat(at, "d", 0700), 0);
		int below = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		(void)close(at); /* was only read */
		at = below;
	}
	int file = openat(at, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	(void)close(file); /* empty */
	(void)close(at);   /* was only read */
	assert_ok(walk_name(w, "", 8));
	assert_int_equal(w->files.count, 0);
	assert_int_equal(w->gaps.count, 1);
	assert_non_null(strstr(w->gaps.items[0], "|archive-limit|nested too deep"));
}

static void leaves_out_what_is_not_wanted(void **state)
{
	struct walk *w = *state;

	rvt_dir_write_text(&w->dir, "t/a/file", "text");
	rvt_dir_write_text(&w->dir, "t/b/file", "text");
	w->unwanted = "t/a";
	assert_ok(walk_name(w, "t", 1));
	assert_int_equal(w->files.count, 1);
	assert_int_equal(walk_times(w, &w->files, "t/b/file"), 1);
	w->unwanted = "/file";
	assert_ok(walk_name(w, "t", 1));
	assert_int_equal(w->files.count, 0);
}

static void passes_over_what_a_ledger_knows(void **state)
{
	struct walk *w = *state;

	rvt_dir_write_text(&w->dir, "t/a", "text");
	rvt_dir_write_text(&w->dir, "t/b", "other");
	w->look.is_known = walk_knows;
	w->look.done = walk_done;
	w->known = "t/a";
	assert_ok(walk_name(w, "t", 1));
	assert_int_equal(w->files.count, 1);
	assert_int_equal(walk_times(w, &w->files, "t/b"), 1);
	assert_int_equal(w->done.count, 1);
	assert_string_equal(w->done.items[0], "5");
}

static void ends_when_a_callback_fails(void **state)
{
	struct walk *w = *state;
	char name[64];

	for (unsigned i = 0; i < 500; i++) {
		(void)snprintf(name, sizeof(name), "t/%u/f%u", i % 20, i); /* has room */
		rvt_dir_write_text(&w->dir, name, "text");
	}
	w->answer = rv_fail(RV_CLASS_EXHAUSTED, NULL, "no more");
	assert_class(walk_name(w, "t", 1), RV_CLASS_EXHAUSTED);
	assert_int_equal(w->files.count, 1);
	assert_class(walk_name(w, "t", 8), RV_CLASS_EXHAUSTED);
	assert_true(w->files.count <= 8);
}

static rv_status see_root(void *user, const struct rv_walk_file *f)
{
	struct walk *w = user;

	w->size = f->path.len - f->root_len;
	return RV_OK;
}

static void tells_what_of_a_path_only_leads_there(void **state)
{
	struct walk *w = *state;
	char path[RVT_PATH];

	rvt_dir_write_text(&w->dir, "tests/a/b/file", "text");
	w->look.file = see_root;
	assert_ok(walk_name(w, "tests", 1));
	assert_int_equal(w->size, strlen("/a/b/file"));
	assert_ok(walk_name(w, "tests/a/b/file", 1));
	assert_int_equal(w->size, strlen("file"));
	/* From the working directory on all of it counts. */
	rvt_dir_path(&w->dir, "tests", path);
	assert_int_equal(chdir(path), 0);
	const char *const relative[] = {"a", NULL};
	assert_ok(walk_paths(w, relative, 1));
	assert_int_equal(w->size, strlen("a/b/file"));
	const char *const file[] = {"a/b/file", NULL};
	assert_ok(walk_paths(w, file, 1));
	assert_int_equal(w->size, strlen("a/b/file"));
	assert_int_equal(chdir("/"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WALK_TEST(reads_every_file_once_at_any_number_of_threads),
		WALK_TEST(enters_no_repository_but_for_its_settings_and_no_link),
		WALK_TEST(follows_a_link_that_it_was_given),
		WALK_TEST(takes_names_of_any_bytes),
		WALK_TEST(names_paths_as_they_were_given),
		WALK_TEST(tells_what_it_may_not_read),
		WALK_TEST(tells_what_is_no_file),
		WALK_TEST(tells_a_tree_that_is_too_deep),
		WALK_TEST(leaves_out_what_is_not_wanted),
		WALK_TEST(passes_over_what_a_ledger_knows),
		WALK_TEST(ends_when_a_callback_fails),
		WALK_TEST(tells_what_of_a_path_only_leads_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
