/* tests: what a kill at each event leaves, and what a full or read-only file system does. */
#include "support/run.h"
#include "unit/act/world.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int recover(const struct world *w)
{
	char text[2 * RVT_PATH + 64], path[RVT_PATH];

	snprintf(text, sizeof(text), "write %s\nwrite %s\n", w->path[0], w->path[1]);
	rvt_dir_write(&w->dir, "grants", text, strlen(text), 0600);
	rvt_dir_path(&w->dir, "grants", path);
	const char *const argv[] = {RV_RECOVER, "--grants", path, NULL};
	struct rvt_result result = rvt_run(argv, RV_STR_NONE, 10000);
	int code = result.code;
	if (code)
		print_message("reeve-recover: %s", rvt_text(&result.err));
	rvt_result_done(&result);
	return code;
}

/* --- crashes ------------------------------------------------------------------------------------
 */
typedef enum rv_class act_fn(struct world *w);

static enum rv_class forth(struct world *w)
{
	return world_swap_all(w, false);
}

static enum rv_class back(struct world *w)
{
	return world_swap_all(w, true);
}

/* The act in a child that dies at event `at`; true when it died. */
static bool dies(struct world *w, act_fn *act, uint64_t at)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		rv_fault_arm(at);
		_exit(act(w) == RV_CLASS_OK ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static void never_mixed_without_a_window(const struct world *w)
{
	if (w->count > 1 && !world_all_hold(w, world_old_text) &&
	    !world_all_hold(w, world_new_text))
		assert_true(world_is_window_there(w));
}

static unsigned crash_everywhere(bool has_two_dirs, size_t count, act_fn *prepare, act_fn *act)
{
	unsigned points = 0;

	for (uint64_t at = 1;; at++) {
		struct world w;
		world_init(&w, has_two_dirs, count);
		if (prepare != world_stage_all)
			assert_int_equal(world_stage_all(&w), RV_CLASS_OK);
		if (prepare && prepare != world_stage_all)
			assert_int_equal(prepare(&w), RV_CLASS_OK);
		bool died = dies(&w, act, at);
		never_mixed_without_a_window(&w);
		assert_int_equal(recover(&w), 0);
		assert_true(world_all_hold(&w, world_old_text) ||
			    world_all_hold(&w, world_new_text));
		assert_false(world_is_window_there(&w));
		assert_int_equal(recover(&w), 0); /* again: nothing to do */
		if (world_all_hold(&w, world_old_text)) {
			assert_int_equal(world_stage_all(&w), RV_CLASS_OK);
			assert_int_equal(world_swap_all(&w, false), RV_CLASS_OK);
		}
		assert_true(world_all_hold(&w, world_new_text));
		assert_int_equal(world_clean_all(&w), RV_CLASS_OK);
		assert_int_equal(world_names_in(&w), count);
		world_done(&w);
		if (!died)
			return points;
		points++;
	}
}

static void survives_a_kill_at_every_event(void **state)
{
	unsigned points = 0;

	(void)state;
	rv_fault_point("probe");
	if (!rv_fault_count()) {
		print_message("skipped: built without crash points\n");
		skip();
	}
	for (size_t two = 0; two < 2; two++) {
		points += crash_everywhere(two, 2, world_stage_all, world_stage_all);
		points += crash_everywhere(two, 2, NULL, forth);
		points += crash_everywhere(two, 2, forth, back);
		points += crash_everywhere(two, 2, forth, world_clean_all);
	}
	points += crash_everywhere(false, 1, world_stage_all, world_stage_all);
	points += crash_everywhere(false, 1, NULL, forth);
	points += crash_everywhere(false, 1, forth, world_clean_all);
	print_message("crash points tried: %u\n", points);
	assert_true(points > 60);
}

static void recover_leaves_a_set_with_a_foreign_file_alone(void **state)
{
	struct world w;
	bool found = false;

	(void)state;
	rv_fault_point("probe");
	if (!rv_fault_count())
		skip();
	for (uint64_t at = 1; !found; at++) {
		world_init(&w, true, 2);
		assert_int_equal(world_stage_all(&w), RV_CLASS_OK);
		assert_true(dies(&w, forth, at));
		found = world_holds(&w, 0, world_new_text[0]) &&
			world_holds(&w, 1, world_old_text[1]);
		if (found) {
			rvt_dir_write(&w.dir, "b/site.key", "someone else's\n", 15, 0600);
			assert_int_equal(recover(&w), 4);
			assert_true(world_holds(&w, 0, world_new_text[0]));
			assert_true(world_holds(&w, 1, "someone else's\n"));
			assert_true(world_is_window_there(&w));
		}
		world_done(&w);
	}
}

/* --- no room, no writing -------------------------------------------------------------------------
 */
static void mount_small(const struct world *w, const char *options)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", w->path[0], "tmpfs", 0, options) != 0)
		_exit(RVT_SKIP);
}

/* In a child with mounts of its own: a full, then a read-only file system. */
static int full_and_read_only(void)
{
	static char filler[65536];
	struct world w;

	world_init(&w, false, 2);
	mount_small(&w, "size=32k,mode=0755");
	close(w.args.dirs[0].fd);
	w.args.dirs[0].fd = open(w.path[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < 2; i++) {
		char rel[64];
		snprintf(rel, sizeof(rel), "a/%s", world_names[i]);
		rvt_dir_write(&w.dir, rel, world_old_text[i], strlen(world_old_text[i]), 0600);
	}
	char path[RVT_PATH];
	rvt_dir_path(&w.dir, "a/filler", path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (size_t room = 6; room-- > 0;) { /* pages left, down to none */
		if (ftruncate(fd, 0) != 0)
			return 10;
		ssize_t put = pwrite(fd, filler, 32768 - 8192 - room * 4096, 0);
		if (put < 0)
			return 11;
		enum rv_class c = world_stage_all(&w);
		if (c != RV_CLASS_OK && c != RV_CLASS_EXHAUSTED)
			return 12;
		if (c == RV_CLASS_OK) {
			c = world_swap_all(&w, false);
			if (c == RV_CLASS_OK && world_swap_all(&w, true) != RV_CLASS_OK)
				return 13;
			if (c != RV_CLASS_OK && c != RV_CLASS_EXHAUSTED)
				return 14;
		}
		if (!world_all_hold(&w, world_old_text) || world_is_window_there(&w))
			return 15;
		if (world_clean_all(&w) != RV_CLASS_OK || rvt_dir_count(w.path[0]) != 3)
			return 16;
	}
	close(fd);
	if (mount("none", w.path[0], NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
		return 17;
	if (world_stage_one(&w, 0) != RV_CLASS_DENIED || !world_all_hold(&w, world_old_text))
		return 18;
	return 0;
}

static void leaves_nothing_when_full_or_read_only(void **state)
{
	int status = 0;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: mounting a small file system needs root\n");
		skip();
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(full_and_read_only());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == RVT_SKIP) {
		print_message("skipped: this root may not mount\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int start(void **state)
{
	struct rv_diag diag = {0};

	(void)state;
	return rv_is_ok(rv_secret_heap_init(&diag)) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_a_kill_at_every_event),
		cmocka_unit_test(recover_leaves_a_set_with_a_foreign_file_alone),
		cmocka_unit_test(leaves_nothing_when_full_or_read_only),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
