/* tests: what reeved grants and refuses: directories, plugins, hooks, reloads, connections. The
 * test speaks as the engine. */
#include "supervisor/talk.h"

#include "agent/base/digest.h"
#include "agent/base/fd.h"
#include "agent/ipc/role.h"
#include "agent/sandbox/confine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

static struct rv_rec_spawned spawn_place_as(uint64_t job, const char *dir, uint32_t uid,
					    uint32_t gid, char text[512])
{
	struct rv_buf list;
	struct rv_rec_text_item item = {.text = rv_str_of(dir)};

	rv_buf_init(&list, 8192);
	assert_true(rv_is_ok(rv_list_add(&list, &rv_desc_text_item, &item)));
	struct rv_rec_spawn want = {
		.role = RV_ROLE_PLACE, .dirs = rv_buf_view(&list), .uid = uid, .gid = gid};
	struct rv_rec_spawned got = stage_spawn(&stage, job, &want, text);

	rv_buf_done(&list);
	return got;
}

static struct rv_rec_spawned spawn_place(uint64_t job, const char *dir, char text[512])
{
	return spawn_place_as(job, dir, UINT32_MAX, UINT32_MAX, text);
}

static void place_gets_granted_directories_only(void **state)
{
	char in[RVT_PATH], out[RVT_PATH], text[512];

	(void)state;
	rvt_dir_make(&stage.dir, "in", 0755);
	rvt_dir_make(&stage.dir, "out", 0755);
	rvt_dir_path(&stage.dir, "in", in);
	rvt_dir_path(&stage.dir, "out", out);
	stage_grant("write %s\n", in);
	stage_start(&stage, NULL);
	assert_int_equal(spawn_place(1, in, NULL).outcome, RV_CLASS_OK);
	assert_int_equal(spawn_place(2, out, text).outcome, RV_CLASS_DENIED);
	assert_non_null(strstr(text, "no grant"));
	/* Not below it, not above it, not by another spelling. */
	rvt_dir_path(&stage.dir, "in/sub", out);
	assert_int_equal(spawn_place(3, out, NULL).outcome, RV_CLASS_DENIED);
	rvt_dir_path(&stage.dir, "out/../in", out);
	assert_int_equal(spawn_place(4, out, NULL).outcome, RV_CLASS_DENIED);
}

static void place_does_not_follow_a_link_in_a_granted_path(void **state)
{
	char real[RVT_PATH], link[RVT_PATH];

	(void)state;
	rvt_dir_make(&stage.dir, "real", 0755);
	rvt_dir_path(&stage.dir, "real", real);
	rvt_dir_path(&stage.dir, "link", link);
	assert_int_equal(symlink(real, link), 0);
	stage_grant("write %s\n", link);
	stage_start(&stage, NULL);
	assert_int_not_equal(spawn_place(1, link, NULL).outcome, RV_CLASS_OK);
}

static struct rv_rec_grants ask_grants(struct rv_frame *frame)
{
	const struct rv_rec_ask_grants none = {0};
	struct rv_rec_grants got;

	stage_ask(RV_MSG_ask_grants, 0, &none, RV_MSG_grants, frame, &got);
	return got;
}

static size_t count_lines(const struct rv_rec_grants *g)
{
	struct rv_str rest = g->lines;
	struct rv_rec_text_item item;
	size_t n = 0;
	bool ok = true;

	while (rv_list_next(&rest, &rv_desc_text_item, &item, &ok))
		n++;
	assert_true(ok);
	return n;
}

static void broken_grants_leave_none_in_force(void **state)
{
	char in[RVT_PATH];
	struct rv_frame frame = {0};

	(void)state;
	rvt_dir_make(&stage.dir, "in", 0755);
	rvt_dir_path(&stage.dir, "in", in);
	stage_grant("write %s\n\n# a comment\nwrote %s\n", in, in);
	stage_start(&stage, NULL);
	struct rv_rec_grants got = ask_grants(&frame);

	assert_int_equal(count_lines(&got), 0);
	stage_assert_text(got.error, "grants:4:");
	assert_int_equal(spawn_place(1, in, NULL).outcome, RV_CLASS_DENIED);
}

static void grants_that_others_can_write_are_refused(void **state)
{
	char in[RVT_PATH], path[RVT_PATH];
	struct rv_frame frame = {0};

	(void)state;
	rvt_dir_make(&stage.dir, "in", 0755);
	rvt_dir_path(&stage.dir, "in", in);
	stage_grant("write %s\n", in);
	rvt_dir_path(&stage.dir, "config/grants", path);
	assert_int_equal(chmod(path, 0664), 0);
	stage_start(&stage, NULL);
	struct rv_rec_grants got = ask_grants(&frame);

	assert_int_equal(count_lines(&got), 0);
	stage_assert_text(got.error, "written by others");
}

struct count_is {
	size_t want;
};

static bool grants_count_is(void *user)
{
	const struct count_is *c = user;
	struct rv_frame frame = {0};
	struct rv_rec_grants got = ask_grants(&frame);

	return count_lines(&got) == c->want;
}

static void hangup_reads_the_grants_again(void **state)
{
	struct count_is none = {0}, two = {2};

	(void)state;
	stage_start(&stage, NULL);
	assert_true(rvt_eventually(grants_count_is, &none, PATIENCE_MS));
	stage_grant("write /srv/a\nreload nginx.service\n");
	assert_int_equal(kill(stage.reeved, SIGHUP), 0);
	assert_true(rvt_eventually(grants_count_is, &two, PATIENCE_MS));
}

static struct rv_rec_spawned spawn_plugin(uint64_t job, const char *name, char text[512])
{
	struct rv_rec_spawn want = {.role = RV_ROLE_PLUGHOST, .plugin = rv_str_of(name)};

	return stage_spawn(&stage, job, &want, text);
}

static void plugin_runs_only_with_the_granted_digest(void **state)
{
	static const char image[] = "not a plugin, but with a digest";
	struct rv_digest d = rv_sha256(image, sizeof(image) - 1);
	char hex[65], text[512];

	(void)state;
	rv_hex(d.bytes, sizeof(d.bytes), hex);
	rvt_dir_write_text(&stage.dir, "plugins/good.so", image);
	rvt_dir_write_text(&stage.dir, "plugins/changed.so", "another file");
	rvt_dir_write_text(&stage.dir, "plugins/unknown.so", image);
	stage_grant("plugin good none %s\nplugin changed none %s\nplugin bus user-bus %s\n", hex,
		    hex, hex);
	stage_start(&stage, NULL);
	assert_int_equal(spawn_plugin(1, "good", NULL).outcome, RV_CLASS_OK);
	assert_int_equal(spawn_plugin(2, "changed", text).outcome, RV_CLASS_DENIED);
	assert_non_null(strstr(text, "not the file that was granted"));
	assert_int_equal(spawn_plugin(3, "unknown", NULL).outcome, RV_CLASS_DENIED);
	assert_int_equal(spawn_plugin(4, "../good", NULL).outcome, RV_CLASS_DENIED);
	assert_int_equal(spawn_plugin(5, "bus", NULL).outcome, RV_CLASS_MISCONFIGURED);
}

static struct rv_rec_hook_done run_hook(const char *command, unsigned timeout_ms,
					struct rv_frame *frame)
{
	struct rv_rec_hook want = {.command = rv_str_of(command), .timeout_ms = timeout_ms};
	struct rv_rec_hook_done got;

	stage_ask(RV_MSG_hook, 1, &want, RV_MSG_hook_done, frame, &got);
	return got;
}

static void only_granted_hooks_run(void **state)
{
	struct rv_frame frame = {0};

	(void)state;
	stage_grant(
		"hook %u /bin/echo one two\nhook %u /bin/ls /nowhere-at-all\nhook %u /bin/env\n",
		geteuid(), geteuid(), geteuid());
	stage_start(&stage, NULL);
	struct rv_rec_hook_done got = run_hook("echo one two", 5000, &frame);

	assert_int_equal(got.outcome, RV_CLASS_OK);
	assert_int_equal(got.code, 0);
	stage_assert_text(got.output, "one two");
	got = run_hook("/bin/echo one two", 5000, &frame);
	assert_int_equal(got.outcome, RV_CLASS_OK);
	got = run_hook("ls /nowhere-at-all", 5000, &frame);
	assert_int_equal(got.outcome, RV_CLASS_OK);
	assert_int_equal(got.code, 2);
	stage_assert_text(got.output, "nowhere-at-all");
	assert_int_equal(run_hook("echo one", 5000, &frame).outcome, RV_CLASS_DENIED);
	assert_int_equal(run_hook("echo one two three", 5000, &frame).outcome, RV_CLASS_DENIED);
	assert_int_equal(run_hook("/usr/local/bin/echo one two", 5000, &frame).outcome,
			 RV_CLASS_DENIED);
	assert_int_equal(run_hook("rm -rf /", 5000, &frame).outcome, RV_CLASS_DENIED);
	assert_int_equal(run_hook("", 5000, &frame).outcome, RV_CLASS_DENIED);
	/* Nothing of our environment, nothing of our descriptors. */
	got = run_hook("env", 5000, &frame);
	assert_int_equal(got.output.len, strlen("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
						"/usr/bin:/sbin:/bin\n"));
}

static void a_hook_past_its_deadline_is_killed(void **state)
{
	struct rv_frame frame = {0};

	(void)state;
	stage_grant("hook %u /bin/cat /dev/zero\n", geteuid());
	stage_start(&stage, NULL);
	struct rv_rec_hook_done got = run_hook("cat /dev/zero", 50, &frame);

	assert_int_equal(got.outcome, RV_CLASS_UNSURE);
	assert_int_equal(got.output.len, 4096);
	stage_assert_text(got.text, "50 ms");
}

static struct rv_rec_reload_done reload(const char *unit, struct rv_frame *frame)
{
	struct rv_rec_reload want = {.unit = rv_str_of(unit), .timeout_ms = 5000};
	struct rv_rec_reload_done got;

	stage_ask(RV_MSG_reload, 1, &want, RV_MSG_reload_done, frame, &got);
	return got;
}

static void reload_signals_the_program_of_the_pidfile_and_no_other(void **state)
{
	static const char *const cat[] = {"/bin/cat", "/dev/zero", NULL};
	char pidfile[RVT_PATH], exe[4096], text[32];
	struct rv_frame frame = {0};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t server = rvt_start(cat, null);

	(void)state;
	(void)close(null);
	if (!realpath("/bin/cat", exe))
		fail_msg("no cat");
	(void)snprintf(text, sizeof(text), "%d\n", (int)server);
	rvt_dir_write_text(&stage.dir, "server.pid", text);
	rvt_dir_path(&stage.dir, "server.pid", pidfile);
	stage_grant("reload good.service signal HUP pidfile %s exe %s\n"
		    "reload other.service signal HUP pidfile %s exe /usr/bin/another\n",
		    pidfile, exe, pidfile);
	stage_start(&stage, NULL);
	assert_int_equal(reload("other.service", &frame).outcome, RV_CLASS_CONFLICT);
	assert_int_equal(kill(server, 0), 0);
	assert_int_equal(reload("unknown.service", &frame).outcome, RV_CLASS_DENIED);
	assert_int_equal(reload("good.service", &frame).outcome, RV_CLASS_OK);
	assert_int_equal(rvt_wait(server, PATIENCE_MS), 128 + SIGHUP);
	rvt_dir_write_text(&stage.dir, "server.pid", "not a number");
	assert_int_equal(reload("good.service", &frame).outcome, RV_CLASS_MALFORMED);
}

static struct rv_rec_connected connect_to(const void *addr, size_t len, uint16_t port, int *out_fd)
{
	struct rv_frame frame = {0};
	struct rv_rec_connect want = {.addr = {addr, len}, .port = port, .timeout_ms = 2000};
	struct rv_rec_connected got;

	stage_ask(RV_MSG_connect, 1, &want, RV_MSG_connected, &frame, &got);
	if (out_fd)
		*out_fd = frame.fd_count == 1 ? RV_TAKE_FD(frame.fds[0]) : -1;
	rv_frame_done(&frame);
	return got;
}

static void connects_to_loopback_only(void **state)
{
	static const uint8_t home[4] = {127, 0, 0, 1}, far[4] = {192, 0, 2, 1}, any[4] = {0};
	static const uint8_t mapped[16] = {
		[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};
	uint16_t port = 0;
	int listener = rvt_listen(&port), fd = -1;

	(void)state;
	stage_start(&stage, NULL);
	assert_int_equal(connect_to(home, 4, port, &fd).outcome, RV_CLASS_OK);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(connect_to(far, 4, port, &fd).outcome, RV_CLASS_DENIED);
	assert_int_equal(fd, -1);
	assert_int_equal(connect_to(any, 4, port, NULL).outcome, RV_CLASS_DENIED);
	assert_int_equal(connect_to(mapped, 16, port, NULL).outcome, RV_CLASS_DENIED);
	assert_int_equal(connect_to(home, 3, port, NULL).outcome, RV_CLASS_DENIED);
	(void)close(listener);
	assert_int_equal(connect_to(home, 4, rvt_free_port(), NULL).outcome, RV_CLASS_NOT_FOUND);
}

static void place_runs_as_the_owner_of_its_directories(void **state)
{
	char mine[RVT_PATH], theirs[RVT_PATH], text[512];

	(void)state;
	if (!stage.is_root)
		skip(); /* only root can be two owners */
	rvt_dir_make(&stage.dir, "mine", 0755);
	rvt_dir_make(&stage.dir, "theirs", 0755);
	rvt_dir_path(&stage.dir, "mine", mine);
	rvt_dir_path(&stage.dir, "theirs", theirs);
	assert_int_equal(chown(theirs, 60650, 60651), 0);
	stage_grant("write %s\nwrite %s\n", mine, theirs);
	stage_start(&stage, NULL);
	struct rv_rec_spawned got = spawn_place(1, mine, NULL);

	assert_int_equal(stage_uid_of(got.pid), 0);
	assert_int_equal(got.walls & RV_WALL_UID, 0);
	got = spawn_place(2, theirs, NULL);
	assert_int_equal(stage_uid_of(got.pid), 60650);
	assert_true((got.walls & RV_WALL_UID) != 0);
	assert_int_equal(spawn_place_as(3, theirs, 0, 0, text).outcome, RV_CLASS_DENIED);
	assert_non_null(strstr(text, "belongs to uid 60650"));
	/* Nor may the engine give it a group of its choice. */
	assert_int_equal(spawn_place_as(4, theirs, 60650, 0, text).outcome, RV_CLASS_DENIED);
	assert_int_equal(spawn_place_as(5, theirs, 60650, 60651, NULL).outcome, RV_CLASS_OK);
}

static void a_hook_runs_as_its_granted_user(void **state)
{
	struct rv_frame frame = {0};

	(void)state;
	stage_grant("hook 60650 /usr/bin/id -u\n");
	stage_start(&stage, NULL);
	struct rv_rec_hook_done got = run_hook("id -u", 5000, &frame);

	assert_int_equal(got.outcome, stage.is_root ? RV_CLASS_OK : RV_CLASS_DENIED);
	if (stage.is_root)
		stage_assert_text(got.output, "60650");
}

#define T(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(place_gets_granted_directories_only),
		T(place_does_not_follow_a_link_in_a_granted_path),
		T(broken_grants_leave_none_in_force),
		T(grants_that_others_can_write_are_refused),
		T(hangup_reads_the_grants_again),
		T(plugin_runs_only_with_the_granted_digest),
		T(only_granted_hooks_run),
		T(a_hook_past_its_deadline_is_killed),
		T(reload_signals_the_program_of_the_pidfile_and_no_other),
		T(connects_to_loopback_only),
		T(place_runs_as_the_owner_of_its_directories),
		T(a_hook_runs_as_its_granted_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
