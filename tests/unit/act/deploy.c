/* tests: sets of files staged, swapped and cleaned; what a crash at each event leaves; what is
 * refused. */
#include "agent/act/deploy.h"
#include "support/dir.h"
#include "support/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#define TAG "0123456789abcdef"

static const uint8_t salt_bytes[32] = {7};
static const struct rv_str salt = {salt_bytes, sizeof(salt_bytes)};
static const char *const old_text[2] = {"old certificate\n", "old key\n"};
static const char *const new_text[2] = {"new certificate, longer\n", "new key\n"};
static const char *const names[2] = {"site.crt", "site.key"};

struct world {
	struct rvt_dir dir;
	struct rv_role_args args;
	struct rv_deploy deploy;
	char path[2][RVT_PATH]; /* of the directories */
	size_t dir_of[2];	/* of each file */
	size_t count;		/* files of the set */
};

static struct rv_digest keyed(const char *text)
{
	return rv_hmac_sha256(salt.data, salt.len, text, strlen(text));
}

static void live(const struct world *w, size_t i, char out[RVT_PATH + 64])
{
	snprintf(out, RVT_PATH + 64, "%s/%s", w->path[w->dir_of[i]], names[i]);
}

static void world_init(struct world *w, bool has_two_dirs, size_t count)
{
	*w = (struct world){.count = count, .dir_of = {0, has_two_dirs ? 1 : 0}};
	rvt_dir_init(&w->dir);
	rvt_dir_make(&w->dir, "a", 0755);
	rvt_dir_make(&w->dir, "b", 0755);
	rvt_dir_path(&w->dir, "a", w->path[0]);
	rvt_dir_path(&w->dir, "b", w->path[1]);
	for (size_t i = 0; i < 2; i++) {
		w->args.dirs[i].path = w->path[i];
		w->args.dirs[i].fd = open(w->path[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(w->args.dirs[i].fd >= 0);
	}
	w->args.dir_count = 2;
	for (size_t i = 0; i < count; i++) {
		char rel[64];
		snprintf(rel, sizeof(rel), "%s/%s", w->dir_of[i] ? "b" : "a", names[i]);
		rvt_dir_write(&w->dir, rel, old_text[i], strlen(old_text[i]), i ? 0600 : 0640);
	}
	rv_deploy_init(&w->deploy, &w->args);
}

static void world_done(struct world *w)
{
	rv_deploy_done(&w->deploy);
	close(w->args.dirs[0].fd);
	close(w->args.dirs[1].fd);
	rvt_dir_done(&w->dir);
}

static enum rv_class stage_one(struct world *w, size_t i)
{
	struct rv_rec_stage_part part = {.bytes = rv_str_of(new_text[i])};
	struct rv_digest old_keyed = keyed(old_text[i]);
	struct rv_rec_staged out;
	struct rv_buf parts;

	rv_buf_init(&parts, 4096);
	assert_true(rv_is_ok(rv_list_add(&parts, &rv_desc_stage_part, &part)));
	struct rv_rec_stage ask = {.dir = w->dir_of[i],
				   .name = rv_str_of(names[i]),
				   .tag = RV_STR_LIT(TAG),
				   .parts = rv_buf_view(&parts),
				   .old_keyed = {old_keyed.bytes, RV_SHA256_LEN},
				   .salt = salt};
	rv_deploy_stage(&w->deploy, &ask, &out);
	rv_buf_done(&parts);
	return (enum rv_class)out.outcome;
}

static enum rv_class stage_all(struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		enum rv_class c = stage_one(w, i);
		if (c != RV_CLASS_OK)
			return c;
	}
	return RV_CLASS_OK;
}

static void items_of(const struct world *w, struct rv_buf *list, struct rv_digest digests[4])
{
	rv_buf_init(list, 8192);
	for (size_t i = 0; i < w->count; i++) {
		digests[2 * i] = keyed(old_text[i]);
		digests[2 * i + 1] = keyed(new_text[i]);
		struct rv_rec_swap_item item = {
			.dir = w->dir_of[i],
			.name = rv_str_of(names[i]),
			.old_keyed = {digests[2 * i].bytes, RV_SHA256_LEN},
			.new_keyed = {digests[2 * i + 1].bytes, RV_SHA256_LEN},
		};
		assert_true(rv_is_ok(rv_list_add(list, &rv_desc_swap_item, &item)));
	}
}

static enum rv_class swap_all(struct world *w, bool back)
{
	struct rv_digest digests[4];
	struct rv_rec_swapped out;
	struct rv_buf list;

	items_of(w, &list, digests);
	struct rv_rec_swap ask = {
		.items = rv_buf_view(&list), .tag = RV_STR_LIT(TAG), .salt = salt, .back = back};
	rv_deploy_swap(&w->deploy, &ask, &out);
	rv_buf_done(&list);
	return (enum rv_class)out.outcome;
}

static enum rv_class clean_all(struct world *w)
{
	struct rv_digest digests[4];
	struct rv_rec_cleaned out;
	struct rv_buf list;

	items_of(w, &list, digests);
	struct rv_rec_clean ask = {
		.items = rv_buf_view(&list), .tag = RV_STR_LIT(TAG), .salt = salt};
	rv_deploy_clean(&w->deploy, &ask, &out);
	rv_buf_done(&list);
	return (enum rv_class)out.outcome;
}

static bool holds(const struct world *w, size_t i, const char *text)
{
	char path[RVT_PATH + 64];

	live(w, i, path);
	struct rv_buf bytes = rvt_file_read(path);
	bool same = rv_str_is(rv_buf_view(&bytes), text);
	rv_buf_done(&bytes);
	return same;
}

static bool all_hold(const struct world *w, const char *const texts[2])
{
	for (size_t i = 0; i < w->count; i++)
		if (!holds(w, i, texts[i]))
			return false;
	return true;
}

static size_t names_in(const struct world *w)
{
	return rvt_dir_count(w->path[0]) + rvt_dir_count(w->path[1]);
}

static bool is_window_there(const struct world *w)
{
	return rv_swap_window_exists(w->args.dirs[0].fd, RV_SWAP_WINDOW_PREFIX, TAG);
}

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

/* --- the ordinary way --------------------------------------------------------------------------
 */
static void swaps_and_keeps_rights_and_attributes(void **state)
{
	struct world w;
	struct stat st;
	char path[RVT_PATH + 64], value[16];

	(void)state;
	world_init(&w, false, 2);
	live(&w, 0, path);
	bool has_attributes = setxattr(path, "user.reeve-test", "kept", 4, 0) == 0;
	if (geteuid() == 0)
		assert_int_equal(chown(path, 4321, 1234), 0);
	assert_int_equal(stage_all(&w), RV_CLASS_OK);
	assert_true(all_hold(&w, old_text));
	assert_int_equal(swap_all(&w, false), RV_CLASS_OK);
	assert_true(all_hold(&w, new_text));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (geteuid() == 0)
		assert_true(st.st_uid == 4321 && st.st_gid == 1234);
	if (has_attributes) {
		assert_int_equal(getxattr(path, "user.reeve-test", value, sizeof(value)), 4);
		assert_memory_equal(value, "kept", 4);
	}
	assert_false(is_window_there(&w));
	assert_int_equal(clean_all(&w), RV_CLASS_OK);
	assert_int_equal(names_in(&w), 2);
	world_done(&w);
}

static void swaps_back_what_was_swapped(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true, 2);
	assert_int_equal(stage_all(&w), RV_CLASS_OK);
	assert_int_equal(swap_all(&w, false), RV_CLASS_OK);
	assert_int_equal(swap_all(&w, false), RV_CLASS_OK); /* again: nothing left to do */
	assert_int_equal(swap_all(&w, true), RV_CLASS_OK);
	assert_true(all_hold(&w, old_text));
	assert_int_equal(clean_all(&w), RV_CLASS_OK);
	assert_int_equal(names_in(&w), 2);
	world_done(&w);
}

/* --- what is refused ----------------------------------------------------------------------------
 */
static void leaves_a_foreign_file_alone(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, false, 2);
	rvt_dir_write(&w.dir, "a/site.key", "someone else's\n", 15, 0600);
	assert_int_equal(stage_all(&w), RV_CLASS_CONFLICT);
	rvt_dir_write(&w.dir, "a/site.key", old_text[1], strlen(old_text[1]), 0600);
	assert_int_equal(stage_all(&w), RV_CLASS_OK);
	rvt_dir_write(&w.dir, "a/site.key", "someone else's\n", 15, 0600);
	assert_int_equal(swap_all(&w, false), RV_CLASS_CONFLICT);
	assert_true(holds(&w, 0, old_text[0]));
	assert_true(holds(&w, 1, "someone else's\n"));
	assert_false(is_window_there(&w));
	assert_int_equal(clean_all(&w), RV_CLASS_OK);
	assert_true(holds(&w, 1, "someone else's\n"));
	assert_int_equal(names_in(&w), 2);
	world_done(&w);
}

static void refuses_links_and_names_that_lead_elsewhere(void **state)
{
	char path[RVT_PATH + 64], other[RVT_PATH];
	struct world w;

	(void)state;
	world_init(&w, false, 1);
	rvt_dir_path(&w.dir, "other", other);
	live(&w, 0, path);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(stage_one(&w, 0), RV_CLASS_CONFLICT); /* hard links */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(stage_one(&w, 0), RV_CLASS_CONFLICT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(stage_one(&w, 0), RV_CLASS_CONFLICT);
	char out[RV_PLACE_NAME];
	assert_false(rv_is_ok(rv_place_name(RV_STR_LIT("../x"), out, NULL)));
	assert_false(rv_is_ok(rv_place_name(RV_STR_LIT(".."), out, NULL)));
	assert_false(rv_is_ok(rv_place_name(RV_STR_LIT(""), out, NULL)));
	assert_int_equal(names_in(&w), 1);
	world_done(&w);
}

static void manager_is(const struct world *w, const char *dir, const char *name,
		       const char *expected)
{
	char path[RVT_PATH], who[256] = "";

	rvt_dir_path(&w->dir, dir, path);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	bool found = rv_deploy_manager(path, fd, name, NULL, who, sizeof(who));
	close(fd);
	assert_int_equal(found, expected != NULL);
	if (expected)
		assert_non_null(strstr(who, expected));
}

static void recognises_other_managers(void **state)
{
	char path[RVT_PATH];
	struct world w;

	(void)state;
	world_init(&w, false, 1);
	rvt_dir_make(&w.dir, "live/x", 0755);
	rvt_dir_path(&w.dir, "live/x/cert.pem", path);
	assert_int_equal(symlink("../../archive/x/cert1.pem", path), 0);
	manager_is(&w, "live/x", "cert.pem", "certbot");
	rvt_dir_make(&w.dir, "letsencrypt/archive/x", 0755);
	manager_is(&w, "letsencrypt/archive/x", "cert1.pem", "certbot");
	rvt_dir_make(&w.dir, "pod", 0755);
	rvt_dir_path(&w.dir, "pod/..data", path);
	assert_int_equal(symlink("..2026", path), 0);
	manager_is(&w, "pod", "tls.crt", "Kubernetes");
	rvt_dir_make(&w.dir, ".acme.sh/x_ecc", 0755);
	manager_is(&w, ".acme.sh/x_ecc", "x.cer", "acme.sh");
	manager_is(&w, "a", "site.crt", NULL);
	world_done(&w);
}

/* --- crashes ------------------------------------------------------------------------------------
 */
typedef enum rv_class act_fn(struct world *w);

static enum rv_class forth(struct world *w)
{
	return swap_all(w, false);
}

static enum rv_class back(struct world *w)
{
	return swap_all(w, true);
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
	if (w->count > 1 && !all_hold(w, old_text) && !all_hold(w, new_text))
		assert_true(is_window_there(w));
}

static unsigned crash_everywhere(bool has_two_dirs, size_t count, act_fn *prepare, act_fn *act)
{
	unsigned points = 0;

	for (uint64_t at = 1;; at++) {
		struct world w;
		world_init(&w, has_two_dirs, count);
		if (prepare != stage_all)
			assert_int_equal(stage_all(&w), RV_CLASS_OK);
		if (prepare && prepare != stage_all)
			assert_int_equal(prepare(&w), RV_CLASS_OK);
		bool died = dies(&w, act, at);
		never_mixed_without_a_window(&w);
		assert_int_equal(recover(&w), 0);
		assert_true(all_hold(&w, old_text) || all_hold(&w, new_text));
		assert_false(is_window_there(&w));
		assert_int_equal(recover(&w), 0); /* again: nothing to do */
		if (all_hold(&w, old_text)) {
			assert_int_equal(stage_all(&w), RV_CLASS_OK);
			assert_int_equal(swap_all(&w, false), RV_CLASS_OK);
		}
		assert_true(all_hold(&w, new_text));
		assert_int_equal(clean_all(&w), RV_CLASS_OK);
		assert_int_equal(names_in(&w), count);
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
		points += crash_everywhere(two, 2, stage_all, stage_all);
		points += crash_everywhere(two, 2, NULL, forth);
		points += crash_everywhere(two, 2, forth, back);
		points += crash_everywhere(two, 2, forth, clean_all);
	}
	points += crash_everywhere(false, 1, stage_all, stage_all);
	points += crash_everywhere(false, 1, NULL, forth);
	points += crash_everywhere(false, 1, forth, clean_all);
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
		assert_int_equal(stage_all(&w), RV_CLASS_OK);
		assert_true(dies(&w, forth, at));
		found = holds(&w, 0, new_text[0]) && holds(&w, 1, old_text[1]);
		if (found) {
			rvt_dir_write(&w.dir, "b/site.key", "someone else's\n", 15, 0600);
			assert_int_equal(recover(&w), 4);
			assert_true(holds(&w, 0, new_text[0]));
			assert_true(holds(&w, 1, "someone else's\n"));
			assert_true(is_window_there(&w));
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
		snprintf(rel, sizeof(rel), "a/%s", names[i]);
		rvt_dir_write(&w.dir, rel, old_text[i], strlen(old_text[i]), 0600);
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
		enum rv_class c = stage_all(&w);
		if (c != RV_CLASS_OK && c != RV_CLASS_EXHAUSTED)
			return 12;
		if (c == RV_CLASS_OK) {
			c = swap_all(&w, false);
			if (c == RV_CLASS_OK && swap_all(&w, true) != RV_CLASS_OK)
				return 13;
			if (c != RV_CLASS_OK && c != RV_CLASS_EXHAUSTED)
				return 14;
		}
		if (!all_hold(&w, old_text) || is_window_there(&w))
			return 15;
		if (clean_all(&w) != RV_CLASS_OK || rvt_dir_count(w.path[0]) != 3)
			return 16;
	}
	close(fd);
	if (mount("none", w.path[0], NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
		return 17;
	if (stage_one(&w, 0) != RV_CLASS_DENIED || !all_hold(&w, old_text))
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
		cmocka_unit_test(swaps_and_keeps_rights_and_attributes),
		cmocka_unit_test(swaps_back_what_was_swapped),
		cmocka_unit_test(leaves_a_foreign_file_alone),
		cmocka_unit_test(refuses_links_and_names_that_lead_elsewhere),
		cmocka_unit_test(recognises_other_managers),
		cmocka_unit_test(survives_a_kill_at_every_event),
		cmocka_unit_test(recover_leaves_a_set_with_a_foreign_file_alone),
		cmocka_unit_test(leaves_nothing_when_full_or_read_only),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
