/* tests: sets of files staged and swapped, and what is refused. */
#include "unit/act/world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the ordinary way --------------------------------------------------------------------------
 */
static void swaps_and_keeps_rights_and_attributes(void **state)
{
	struct world w;
	struct stat st;
	char path[RVT_PATH + 64], value[16];

	(void)state;
	world_init(&w, false, 2);
	world_live(&w, 0, path);
	bool has_attributes = setxattr(path, "user.reeve-test", "kept", 4, 0) == 0;
	if (geteuid() == 0)
		assert_int_equal(chown(path, 4321, 1234), 0);
	assert_int_equal(world_stage_all(&w), RV_CLASS_OK);
	assert_true(world_all_hold(&w, world_old_text));
	assert_int_equal(world_swap_all(&w, false), RV_CLASS_OK);
	assert_true(world_all_hold(&w, world_new_text));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (geteuid() == 0)
		assert_true(st.st_uid == 4321 && st.st_gid == 1234);
	if (has_attributes) {
		assert_int_equal(getxattr(path, "user.reeve-test", value, sizeof(value)), 4);
		assert_memory_equal(value, "kept", 4);
	}
	assert_false(world_is_window_there(&w));
	assert_int_equal(world_clean_all(&w), RV_CLASS_OK);
	assert_int_equal(world_names_in(&w), 2);
	world_done(&w);
}

static void swaps_back_what_was_swapped(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true, 2);
	assert_int_equal(world_stage_all(&w), RV_CLASS_OK);
	assert_int_equal(world_swap_all(&w, false), RV_CLASS_OK);
	assert_int_equal(world_swap_all(&w, false), RV_CLASS_OK); /* again: nothing left to do */
	assert_int_equal(world_swap_all(&w, true), RV_CLASS_OK);
	assert_true(world_all_hold(&w, world_old_text));
	assert_int_equal(world_clean_all(&w), RV_CLASS_OK);
	assert_int_equal(world_names_in(&w), 2);
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
	assert_int_equal(world_stage_all(&w), RV_CLASS_CONFLICT);
	rvt_dir_write(&w.dir, "a/site.key", world_old_text[1], strlen(world_old_text[1]), 0600);
	assert_int_equal(world_stage_all(&w), RV_CLASS_OK);
	rvt_dir_write(&w.dir, "a/site.key", "someone else's\n", 15, 0600);
	assert_int_equal(world_swap_all(&w, false), RV_CLASS_CONFLICT);
	assert_true(world_holds(&w, 0, world_old_text[0]));
	assert_true(world_holds(&w, 1, "someone else's\n"));
	assert_false(world_is_window_there(&w));
	assert_int_equal(world_clean_all(&w), RV_CLASS_OK);
	assert_true(world_holds(&w, 1, "someone else's\n"));
	assert_int_equal(world_names_in(&w), 2);
	world_done(&w);
}

static void refuses_links_and_names_that_lead_elsewhere(void **state)
{
	char path[RVT_PATH + 64], other[RVT_PATH];
	struct world w;

	(void)state;
	world_init(&w, false, 1);
	rvt_dir_path(&w.dir, "other", other);
	world_live(&w, 0, path);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(world_stage_one(&w, 0), RV_CLASS_CONFLICT); /* hard links */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(world_stage_one(&w, 0), RV_CLASS_CONFLICT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(world_stage_one(&w, 0), RV_CLASS_CONFLICT);
	char out[RV_PLACE_NAME];
	assert_false(rv_is_ok(rv_place_name(RV_STR_LIT("../x"), out, NULL)));
	assert_false(rv_is_ok(rv_place_name(RV_STR_LIT(".."), out, NULL)));
	assert_false(rv_is_ok(rv_place_name(RV_STR_LIT(""), out, NULL)));
	assert_int_equal(world_names_in(&w), 1);
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
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
