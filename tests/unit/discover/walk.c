/* tests: the walk of reeve-open: file systems by name, default filters, and files that vanish or
 * turn into something else between being seen and being opened. */
#include "agent/discover/walk.h"

#include "agent/discover/filter.h"
#include "agent/discover/procs.h"
#include "agent/discover/walk_link.h"
#include "tests/support/dir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
/* cmocka wants setjmp.h and stdarg.h first */
#include <cmocka.h>

/* What happens before an open of a name, for tests in which the world moves. */
static void (*before_open)(int dir_fd, const char *name);

/* NOLINTBEGIN(readability-identifier-naming): the linker gives these names */
int __real_openat(int dir_fd, const char *name, int flags, ...);
int __wrap_openat(int dir_fd, const char *name, int flags, ...);
int __wrap_openat(int dir_fd, const char *name, int flags, ...)
{
	if (before_open)
		before_open(dir_fd, name);
	return __real_openat(dir_fd, name, flags); /* nothing here creates files */
}
/* NOLINTEND(readability-identifier-naming) */

struct told {
	struct rv_channel *ours;
	struct rv_channel *theirs;
	struct rvt_dir dir;
	struct rv_feed feed;
};

static int set_up(void **state)
{
	struct told *t = calloc(1, sizeof(*t));
	int fds[2];

	assert_non_null(t);
	before_open = NULL;
	rvt_dir_init(&t->dir);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_true(rv_is_ok(rv_channel_new(fds[0], RV_ROLE_OPEN, RV_ROLE_DISCOVER, &t->ours)));
	assert_true(rv_is_ok(rv_channel_new(fds[1], RV_ROLE_DISCOVER, RV_ROLE_OPEN, &t->theirs)));
	rv_feed_init(&t->feed, t->ours, 1, 1);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct told *t = *state;

	rv_feed_done(&t->feed);
	rv_channel_free(t->ours);
	rv_channel_free(t->theirs);
	rvt_dir_done(&t->dir);
	free(t);
	return 0;
}

static void walk(struct told *t, const char *root)
{
	struct rv_walk w;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_walk_init(&w, t->dir.path, &t->feed, &diag)))
		fail_msg("%s", diag.text);
	assert_true(rv_is_ok(rv_walk_root(&w, rv_str_of(root))));
	assert_true(rv_is_ok(rv_feed_flush(&t->feed)));
	rv_walk_done(&w);
}

/* The next frame: the reason of a skipped file (0: files), and its path. */
static unsigned next_told(struct told *t, char path[RVT_PATH])
{
	struct rv_frame frame;
	struct rv_rec_skipped_file skipped;
	struct rv_rec_files files;
	struct rv_rec_file_item item;
	bool is_ok = true;
	unsigned reason = 0;
	struct rv_str text;

	assert_true(rv_is_ok(rv_channel_receive(t->theirs, 1000, &frame, NULL)));
	if (frame.header.type == RV_MSG_skipped_file) {
		assert_true(rv_is_ok(rv_frame_body(&frame, RV_MSG_skipped_file, &skipped, NULL)));
		reason = (unsigned)skipped.reason;
		text = skipped.path;
	} else {
		assert_true(rv_is_ok(rv_frame_body(&frame, RV_MSG_files, &files, NULL)));
		assert_true(rv_list_next(&files.items, &rv_desc_file_item, &item, &is_ok));
		text = item.path;
	}
	assert_true(text.len < RVT_PATH);
	memcpy(path, text.data, text.len);
	path[text.len] = '\0';
	rv_frame_done(&frame);
	return reason;
}

static bool is_victim(const char *name)
{
	return strcmp(name, "victim.pem") == 0;
}

static void vanish(int dir_fd, const char *name)
{
	if (is_victim(name))
		(void)unlinkat(dir_fd, name, 0); /* the second time it is gone */
}

static void become_fifo(int dir_fd, const char *name)
{
	if (!is_victim(name) || unlinkat(dir_fd, name, 0) != 0)
		return;
	assert_int_equal(mkfifoat(dir_fd, name, 0600), 0);
}

static void become_link(int dir_fd, const char *name)
{
	if (!is_victim(name) || unlinkat(dir_fd, name, 0) != 0)
		return;
	assert_int_equal(symlinkat("/etc/passwd", dir_fd, name), 0);
}

static void become_another(int dir_fd, const char *name)
{
	if (!is_victim(name) || linkat(dir_fd, name, dir_fd, "kept", 0) != 0)
		return;
	assert_int_equal(unlinkat(dir_fd, name, 0), 0);
	int fd = __real_openat(dir_fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "other", 5), 5);
	assert_int_equal(close(fd), 0);
}

static void file_that_moves_under_our_hands_is_vanished(void **state)
{
	struct told *t = *state;
	void (*const moves[])(int, const char *) = {vanish, become_fifo, become_link,
						    become_another};
	char path[RVT_PATH];

	for (size_t i = 0; i < RV_LEN(moves); i++) {
		char folder[32];
		char name[64];

		(void)snprintf(folder, sizeof(folder), "/d%zu", i);	  /* fits */
		(void)snprintf(name, sizeof(name), "d%zu/victim.pem", i); /* fits */
		rvt_dir_write_text(&t->dir, name, "text");
		before_open = moves[i];
		walk(t, folder);
		before_open = NULL;
		assert_int_equal(next_told(t, path), RV_SKIP_VANISHED);
		assert_string_equal(path + 4, "victim.pem");
	}
}

static void root_that_is_a_file_or_a_link_is_handed_over(void **state)
{
	struct told *t = *state;
	char path[RVT_PATH];

	rvt_dir_write_text(&t->dir, "etc/real.pem", "text");
	rvt_dir_path(&t->dir, "etc/link.pem", path);
	/* Absolute links stay inside the root. */
	assert_int_equal(symlink("/etc/../../etc/real.pem", path), 0);
	walk(t, "/etc/link.pem");
	assert_int_equal(next_told(t, path), 0);
	assert_string_equal(path, "/etc/real.pem");
	rvt_dir_path(&t->dir, "etc/self", path);
	assert_int_equal(symlink("self", path), 0);
	walk(t, "/etc/self");
	assert_int_equal(next_told(t, path), RV_SKIP_LOOP);
}

static void deep_folders_end_with_a_reason(void **state)
{
	struct told *t = *state;
	struct rv_buf name;
	char path[RVT_PATH];

	rv_buf_init(&name, 4096);
	for (int i = 0; i < RV_WALK_DEPTH + 2; i++)
		assert_true(rv_is_ok(rv_buf_put_str(&name, "d/")));
	assert_true(rv_is_ok(rv_buf_put_str(&name, "x.pem")));
	rvt_dir_write_text(&t->dir, rv_buf_cstr(&name), "text");
	rv_buf_done(&name);
	walk(t, "/d");
	assert_int_equal(next_told(t, path), RV_SKIP_TOO_DEEP);
}

static void file_systems_are_told_apart(void **state)
{
	(void)state; /* none needed */
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("ext4")), RV_FS_LOCAL);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("overlay")), RV_FS_LOCAL);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("tmpfs")), RV_FS_LOCAL);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("nfs4")), RV_FS_REMOTE);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("cifs")), RV_FS_REMOTE);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("autofs")), RV_FS_REMOTE);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("fuse.sshfs")), RV_FS_FUSE);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("fuseblk")), RV_FS_FUSE);
	assert_int_equal(rv_fs_of_name(RV_STR_LIT("proc")), RV_FS_PSEUDO);
	assert_int_equal(rv_fs_of_magic(0x6969), RV_FS_REMOTE);
	assert_int_equal(rv_fs_of_magic(0x65735546), RV_FS_FUSE);
	assert_int_equal(rv_fs_of_magic(0x9fa0), RV_FS_PSEUDO);
	assert_int_equal(rv_fs_of_magic(0xef53), RV_FS_LOCAL);
}

static void mountinfo_is_read(void **state)
{
	struct rv_mounts m;

	(void)state; /* none needed */
	assert_true(rv_is_ok(rv_mounts_parse(
		RV_STR_LIT("22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
			   "garbage\n30 22 0:45 / /mnt/data rw - nfs4 host:/export rw\n"
			   "31 22 0:46 / /mnt/a\\040b rw shared:9 master:2 - fuse.x x rw\n"
			   "32 22 0:47 / /mnt rw\n"),
		&m)));
	assert_int_equal(m.count, 3);
	assert_int_equal(rv_mounts_fs(&m, makedev(254, 1)), RV_FS_LOCAL);
	assert_int_equal(rv_mounts_fs(&m, makedev(0, 45)), RV_FS_REMOTE);
	assert_int_equal(rv_mounts_fs(&m, makedev(0, 46)), RV_FS_FUSE);
	assert_int_equal(rv_mounts_fs(&m, makedev(0, 47)), RV_FS_UNKNOWN);
	rv_mounts_done(&m);
}

/* Roots are not entered when they lie on a file system that may keep us waiting. */
static void root_on_a_network_file_system_is_not_entered(void **state)
{
	struct told *t = *state;
	struct rv_walk w;
	struct stat st;
	char path[RVT_PATH];

	rvt_dir_write_text(&t->dir, "mnt/x.pem", "text");
	assert_true(rv_is_ok(rv_walk_init(&w, t->dir.path, &t->feed, NULL)));
	assert_int_equal(stat(t->dir.path, &st), 0);
	/* As if this disk were a server's. */
	for (size_t i = 0; i < w.mounts.count; i++) {
		if (w.mounts.list[i].dev == st.st_dev)
			w.mounts.list[i].fs = RV_FS_REMOTE;
	}
	if (rv_mounts_fs(&w.mounts, st.st_dev) == RV_FS_UNKNOWN)
		skip();
	assert_true(rv_is_ok(rv_walk_root(&w, RV_STR_LIT("/mnt"))));
	assert_int_equal(next_told(t, path), RV_SKIP_REMOTE_FS);
	assert_string_equal(path, "/mnt");
	rv_walk_done(&w);
}

static void default_filters_leave_out_what_they_name(void **state)
{
	(void)state; /* none needed */
	assert_true(rv_filter_leaves_out(RV_STR_LIT("/var/lib/docker")));
	assert_true(rv_filter_leaves_out(RV_STR_LIT("/srv/app/node_modules")));
	assert_true(rv_filter_leaves_out(RV_STR_LIT("/var/lib/postgresql/15/main/base")));
	assert_false(rv_filter_leaves_out(RV_STR_LIT("/var/lib/dockerfiles")));
	assert_false(rv_filter_leaves_out(RV_STR_LIT("/srv/base")));
	assert_true(rv_filter_is_dull(RV_STR_LIT("a.PNG")));
	assert_true(rv_filter_is_dull(RV_STR_LIT("libc.so.6")));
	assert_false(rv_filter_is_dull(RV_STR_LIT(".png")));
	assert_false(rv_filter_is_dull(RV_STR_LIT("server.key")));
	assert_false(rv_filter_is_dull(RV_STR_LIT("notes.so.txt")));
	assert_true(rv_filter_matches(RV_STR_LIT("/srv/cache/**"), RV_STR_LIT("/srv/cache"), true));
	assert_false(
		rv_filter_matches(RV_STR_LIT("/srv/cache/**"), RV_STR_LIT("/srv/cache"), false));
}

static void inode_set_tells_the_first_time(void **state)
{
	struct rv_seen seen = {0};

	(void)state; /* none needed */
	for (ino_t i = 1; i < 5000; i++) {
		assert_false(rv_seen_has(&seen, 1, i));
		assert_true(rv_seen_first(&seen, 1, i));
		assert_false(rv_seen_first(&seen, 1, i));
	}
	assert_true(rv_seen_first(&seen, 2, 7));
	assert_true(rv_seen_has(&seen, 1, 7));
	rv_seen_done(&seen);
}

static bool may_accept_in(long call, unsigned first, int fd)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%ld 0x%x 0x0 0x0\n", call, first); /* fits */
	return rv_proc_may_accept(rv_str_of(text), fd);
}

static void process_texts_are_read(void **state)
{
	uint32_t ppid = 0;
	uint64_t ticks = 0;

	(void)state; /* none needed */
	assert_true(rv_proc_parse_stat(
		RV_STR_LIT("71 (a) b) S 12 71 71 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 2\n"),
		&ppid, &ticks));
	assert_int_equal(ppid, 12);
	assert_int_equal(ticks, 4711);
	assert_false(rv_proc_parse_stat(RV_STR_LIT("71 (a S 12"), &ppid, &ticks));
	assert_true(rv_str_is(
		rv_proc_parse_cgroup(RV_STR_LIT("0::/system.slice/nginx.service/worker\n")),
		"nginx.service"));
	assert_true(rv_str_is(rv_proc_parse_cgroup(RV_STR_LIT(
				      "12:cpu:/\n1:name=systemd:/system.slice/ssh.service\n")),
			      "ssh.service"));
	assert_int_equal(rv_proc_parse_cgroup(RV_STR_LIT("0::/\n")).len, 0);
	struct rv_str epoll = RV_STR_LIT("pos:\t0\ntfd:        6 events:       19 data: 1  pos:0 "
					 "ino:1267 sdev:8\n");
	assert_true(rv_proc_epoll_has(epoll, 0x1267));
	assert_false(rv_proc_epoll_has(epoll, 0x126));
	assert_true(rv_proc_may_accept(RV_STR_LIT("running\n"), 3));
	assert_true(may_accept_in(SYS_accept4, 3, 3));
	assert_false(may_accept_in(SYS_accept4, 4, 3));
	assert_false(may_accept_in(SYS_rt_sigsuspend, 1, 3)); /* nginx's master */
	assert_false(may_accept_in(SYS_epoll_pwait, 3, 3));
	assert_true(may_accept_in(SYS_ppoll, 1, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
		CASE(file_that_moves_under_our_hands_is_vanished),
		CASE(root_that_is_a_file_or_a_link_is_handed_over),
		CASE(deep_folders_end_with_a_reason),
		CASE(root_on_a_network_file_system_is_not_entered),
		cmocka_unit_test(file_systems_are_told_apart),
		cmocka_unit_test(mountinfo_is_read),
		cmocka_unit_test(default_filters_leave_out_what_they_name),
		cmocka_unit_test(inode_set_tells_the_first_time),
		cmocka_unit_test(process_texts_are_read),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
