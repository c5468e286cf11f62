/* tests: what reeved grants, refuses and survives. The test speaks as the engine. */
#include "supervisor/stage.h"

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

static struct stage st;

static int set_up(void **state)
{
	(void)state;
	stage_init(&st);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stage_done(&st);
	return 0;
}

/* --- small helpers --- */

static void ask(enum rv_msg type, uint64_t job, const void *body, enum rv_msg answer,
		struct rv_frame *out, void *out_body)
{
	struct rv_diag diag = {0};

	if (!rv_is_ok(
		    rv_channel_call(st.engine, type, job, body, answer, PATIENCE_MS, out, &diag)) ||
	    !rv_is_ok(rv_frame_body(out, answer, out_body, &diag)))
		fail_msg("%s", diag.text);
}

static struct rv_rec_exited next_exit(uint64_t *out_job)
{
	struct rv_frame frame = {0};
	struct rv_rec_exited gone = {0};
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_channel_receive(st.engine, PATIENCE_MS, &frame, &diag)) ||
	    !rv_is_ok(rv_frame_body(&frame, RV_MSG_exited, &gone, &diag)))
		fail_msg("%s", diag.text);
	*out_job = frame.header.job;
	rv_frame_done(&frame);
	return gone;
}

static bool is_gone(void *user)
{
	const pid_t *pid = user;

	return kill(*pid, 0) != 0;
}

static void assert_text(struct rv_str text, const char *part)
{
	char z[512];

	stage_text(text, z);
	if (!strstr(z, part))
		fail_msg("\"%s\" does not say \"%s\"", z, part);
}

static struct rv_rec_spawned spawn_simple(uint64_t job, enum rv_role role)
{
	struct rv_rec_spawn want = {.role = role, .uid = UINT32_MAX, .gid = UINT32_MAX};

	return stage_spawn(&st, job, &want, NULL);
}

static const uint64_t mandatory =
	RV_WALL_NO_NEW_PRIVS | RV_WALL_SECCOMP | RV_WALL_NODUMP | RV_WALL_CAPS;

/* --- roles --- */

static void starts_roles_with_their_walls_up(void **state)
{
	static const enum rv_role roles[] = {RV_ROLE_DISCOVER, RV_ROLE_BROKER, RV_ROLE_REPORT};
	uint64_t want = mandatory | RV_WALL_LANDLOCK;

	(void)state;
	if (st.is_root)
		want |= RV_WALL_UID;
	stage_start(&st, NULL);
	for (size_t i = 0; i < RV_LEN(roles); i++) {
		struct rv_rec_spawned got = spawn_simple(i + 1, roles[i]);

		assert_int_equal(got.outcome, RV_CLASS_OK);
		assert_int_equal(got.walls & want, want);
	}
	assert_int_equal(stage_stop(&st), 0);
}

static void says_when_a_role_ended_and_how(void **state)
{
	uint64_t job = 0;

	(void)state;
	stage_behaviour(&st, "broker", "leave");
	stage_start(&st, NULL);
	struct rv_rec_spawned got = spawn_simple(7, RV_ROLE_BROKER);

	assert_int_equal(got.outcome, RV_CLASS_OK);
	struct rv_rec_exited gone = next_exit(&job);

	assert_int_equal(job, 7);
	assert_int_equal(gone.code, 5);
	assert_int_equal(gone.pid, got.pid);
}

static void refuses_a_role_of_another_build(void **state)
{
	(void)state;
	stage_behaviour(&st, "broker", "stranger");
	stage_start(&st, NULL);
	assert_int_not_equal(spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	/* And goes on serving. */
	assert_int_equal(spawn_simple(2, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
}

static void survives_a_role_that_crashes_at_start(void **state)
{
	(void)state;
	stage_behaviour(&st, "report", "crash");
	stage_start(&st, NULL);
	assert_int_not_equal(spawn_simple(1, RV_ROLE_REPORT).outcome, RV_CLASS_OK);
	assert_int_equal(spawn_simple(2, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
}

static void kills_a_role_that_breaks_the_protocol(void **state)
{
	uint64_t job = 0;

	(void)state;
	stage_behaviour(&st, "broker", "twice");
	stage_start(&st, NULL);
	assert_int_equal(spawn_simple(3, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_int_equal(next_exit(&job).code, 128 + SIGKILL);
	assert_int_equal(job, 3);
}

static void refuses_to_start_supervisor_engine_or_stranger_roles(void **state)
{
	static const unsigned roles[] = {RV_ROLE_ANY, RV_ROLE_REEVED, RV_ROLE_ENGINE,
					 RV_ROLE_CLI, RV_ROLE_PEER,   200};

	(void)state;
	stage_start(&st, NULL);
	for (size_t i = 0; i < RV_LEN(roles); i++) {
		struct rv_rec_spawn want = {.role = roles[i]};

		assert_int_equal(stage_spawn(&st, i + 1, &want, NULL).outcome, RV_CLASS_DENIED);
	}
}

static void ends_a_job_on_request(void **state)
{
	uint64_t job = 0;
	const struct rv_rec_stop_job none = {0};

	(void)state;
	stage_start(&st, NULL);
	assert_int_equal(spawn_simple(9, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_true(rv_is_ok(rv_channel_send(st.engine, RV_MSG_stop_job, 1, 9, &none)));
	assert_int_equal(next_exit(&job).code, 128 + SIGKILL);
	assert_int_equal(job, 9);
}

static void pairs_open_with_the_discover_that_waits(void **state)
{
	struct rv_rec_spawn want = {.role = RV_ROLE_OPEN, .peer_job = 1};

	(void)state;
	stage_start(&st, NULL);
	assert_int_equal(stage_spawn(&st, 2, &want, NULL).outcome, RV_CLASS_CONFLICT);
	assert_int_equal(spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
	assert_int_equal(stage_spawn(&st, 2, &want, NULL).outcome, RV_CLASS_OK);
	/* One open feeds one discover. */
	assert_int_equal(stage_spawn(&st, 3, &want, NULL).outcome, RV_CLASS_CONFLICT);
}

/* --- grants --- */

static struct rv_rec_spawned spawn_place_as(uint64_t job, const char *dir, uint32_t uid,
					    uint32_t gid, char text[512])
{
	struct rv_buf list;
	struct rv_rec_text_item item = {.text = rv_str_of(dir)};

	rv_buf_init(&list, 8192);
	assert_true(rv_is_ok(rv_list_add(&list, &rv_desc_text_item, &item)));
	struct rv_rec_spawn want = {
		.role = RV_ROLE_PLACE, .dirs = rv_buf_view(&list), .uid = uid, .gid = gid};
	struct rv_rec_spawned got = stage_spawn(&st, job, &want, text);

	rv_buf_done(&list);
	return got;
}

static struct rv_rec_spawned spawn_place(uint64_t job, const char *dir, char text[512])
{
	return spawn_place_as(job, dir, UINT32_MAX, UINT32_MAX, text);
}

static void grant(const char *fmt, ...) RV_PRINTF(1, 2);
static void grant(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	stage_grants(&st, text);
}

static void place_gets_granted_directories_only(void **state)
{
	char in[RVT_PATH], out[RVT_PATH], text[512];

	(void)state;
	rvt_dir_make(&st.dir, "in", 0755);
	rvt_dir_make(&st.dir, "out", 0755);
	rvt_dir_path(&st.dir, "in", in);
	rvt_dir_path(&st.dir, "out", out);
	grant("write %s\n", in);
	stage_start(&st, NULL);
	assert_int_equal(spawn_place(1, in, NULL).outcome, RV_CLASS_OK);
	assert_int_equal(spawn_place(2, out, text).outcome, RV_CLASS_DENIED);
	assert_non_null(strstr(text, "no grant"));
	/* Not below it, not above it, not by another spelling. */
	rvt_dir_path(&st.dir, "in/sub", out);
	assert_int_equal(spawn_place(3, out, NULL).outcome, RV_CLASS_DENIED);
	rvt_dir_path(&st.dir, "out/../in", out);
	assert_int_equal(spawn_place(4, out, NULL).outcome, RV_CLASS_DENIED);
}

static void place_does_not_follow_a_link_in_a_granted_path(void **state)
{
	char real[RVT_PATH], link[RVT_PATH];

	(void)state;
	rvt_dir_make(&st.dir, "real", 0755);
	rvt_dir_path(&st.dir, "real", real);
	rvt_dir_path(&st.dir, "link", link);
	assert_int_equal(symlink(real, link), 0);
	grant("write %s\n", link);
	stage_start(&st, NULL);
	assert_int_not_equal(spawn_place(1, link, NULL).outcome, RV_CLASS_OK);
}

static struct rv_rec_grants ask_grants(struct rv_frame *frame)
{
	const struct rv_rec_ask_grants none = {0};
	struct rv_rec_grants got;

	ask(RV_MSG_ask_grants, 0, &none, RV_MSG_grants, frame, &got);
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
	rvt_dir_make(&st.dir, "in", 0755);
	rvt_dir_path(&st.dir, "in", in);
	grant("write %s\n\n# a comment\nwrote %s\n", in, in);
	stage_start(&st, NULL);
	struct rv_rec_grants got = ask_grants(&frame);

	assert_int_equal(count_lines(&got), 0);
	assert_text(got.error, "grants:4:");
	assert_int_equal(spawn_place(1, in, NULL).outcome, RV_CLASS_DENIED);
}

static void grants_that_others_can_write_are_refused(void **state)
{
	char in[RVT_PATH], path[RVT_PATH];
	struct rv_frame frame = {0};

	(void)state;
	rvt_dir_make(&st.dir, "in", 0755);
	rvt_dir_path(&st.dir, "in", in);
	grant("write %s\n", in);
	rvt_dir_path(&st.dir, "config/grants", path);
	assert_int_equal(chmod(path, 0664), 0);
	stage_start(&st, NULL);
	struct rv_rec_grants got = ask_grants(&frame);

	assert_int_equal(count_lines(&got), 0);
	assert_text(got.error, "written by others");
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
	stage_start(&st, NULL);
	assert_true(rvt_eventually(grants_count_is, &none, PATIENCE_MS));
	grant("write /srv/a\nreload nginx.service\n");
	assert_int_equal(kill(st.reeved, SIGHUP), 0);
	assert_true(rvt_eventually(grants_count_is, &two, PATIENCE_MS));
}

/* --- plugins --- */

static struct rv_rec_spawned spawn_plugin(uint64_t job, const char *name, char text[512])
{
	struct rv_rec_spawn want = {.role = RV_ROLE_PLUGHOST, .plugin = rv_str_of(name)};

	return stage_spawn(&st, job, &want, text);
}

static void plugin_runs_only_with_the_granted_digest(void **state)
{
	static const char image[] = "not a plugin, but with a digest";
	struct rv_digest d = rv_sha256(image, sizeof(image) - 1);
	char hex[65], text[512];

	(void)state;
	rv_hex(d.bytes, sizeof(d.bytes), hex);
	rvt_dir_write_text(&st.dir, "plugins/good.so", image);
	rvt_dir_write_text(&st.dir, "plugins/changed.so", "another file");
	rvt_dir_write_text(&st.dir, "plugins/unknown.so", image);
	grant("plugin good none %s\nplugin changed none %s\nplugin bus user-bus %s\n", hex, hex,
	      hex);
	stage_start(&st, NULL);
	assert_int_equal(spawn_plugin(1, "good", NULL).outcome, RV_CLASS_OK);
	assert_int_equal(spawn_plugin(2, "changed", text).outcome, RV_CLASS_DENIED);
	assert_non_null(strstr(text, "not the file that was granted"));
	assert_int_equal(spawn_plugin(3, "unknown", NULL).outcome, RV_CLASS_DENIED);
	assert_int_equal(spawn_plugin(4, "../good", NULL).outcome, RV_CLASS_DENIED);
	assert_int_equal(spawn_plugin(5, "bus", NULL).outcome, RV_CLASS_MISCONFIGURED);
}

/* --- hooks, reloads, connections --- */

static struct rv_rec_hook_done run_hook(const char *command, unsigned timeout_ms,
					struct rv_frame *frame)
{
	struct rv_rec_hook want = {.command = rv_str_of(command), .timeout_ms = timeout_ms};
	struct rv_rec_hook_done got;

	ask(RV_MSG_hook, 1, &want, RV_MSG_hook_done, frame, &got);
	return got;
}

static void only_granted_hooks_run(void **state)
{
	struct rv_frame frame = {0};

	(void)state;
	grant("hook %u /bin/echo one two\nhook %u /bin/ls /nowhere-at-all\nhook %u /bin/env\n",
	      geteuid(), geteuid(), geteuid());
	stage_start(&st, NULL);
	struct rv_rec_hook_done got = run_hook("echo one two", 5000, &frame);

	assert_int_equal(got.outcome, RV_CLASS_OK);
	assert_int_equal(got.code, 0);
	assert_text(got.output, "one two");
	got = run_hook("/bin/echo one two", 5000, &frame);
	assert_int_equal(got.outcome, RV_CLASS_OK);
	got = run_hook("ls /nowhere-at-all", 5000, &frame);
	assert_int_equal(got.outcome, RV_CLASS_OK);
	assert_int_equal(got.code, 2);
	assert_text(got.output, "nowhere-at-all");
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
	grant("hook %u /bin/cat /dev/zero\n", geteuid());
	stage_start(&st, NULL);
	struct rv_rec_hook_done got = run_hook("cat /dev/zero", 50, &frame);

	assert_int_equal(got.outcome, RV_CLASS_UNSURE);
	assert_int_equal(got.output.len, 4096);
	assert_text(got.text, "50 ms");
}

static struct rv_rec_reload_done reload(const char *unit, struct rv_frame *frame)
{
	struct rv_rec_reload want = {.unit = rv_str_of(unit), .timeout_ms = 5000};
	struct rv_rec_reload_done got;

	ask(RV_MSG_reload, 1, &want, RV_MSG_reload_done, frame, &got);
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
	rvt_dir_write_text(&st.dir, "server.pid", text);
	rvt_dir_path(&st.dir, "server.pid", pidfile);
	grant("reload good.service signal HUP pidfile %s exe %s\n"
	      "reload other.service signal HUP pidfile %s exe /usr/bin/another\n",
	      pidfile, exe, pidfile);
	stage_start(&st, NULL);
	assert_int_equal(reload("other.service", &frame).outcome, RV_CLASS_CONFLICT);
	assert_int_equal(kill(server, 0), 0);
	assert_int_equal(reload("unknown.service", &frame).outcome, RV_CLASS_DENIED);
	assert_int_equal(reload("good.service", &frame).outcome, RV_CLASS_OK);
	assert_int_equal(rvt_wait(server, PATIENCE_MS), 128 + SIGHUP);
	rvt_dir_write_text(&st.dir, "server.pid", "not a number");
	assert_int_equal(reload("good.service", &frame).outcome, RV_CLASS_MALFORMED);
}

static struct rv_rec_connected connect_to(const void *addr, size_t len, uint16_t port, int *out_fd)
{
	struct rv_frame frame = {0};
	struct rv_rec_connect want = {.addr = {addr, len}, .port = port, .timeout_ms = 2000};
	struct rv_rec_connected got;

	ask(RV_MSG_connect, 1, &want, RV_MSG_connected, &frame, &got);
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
	stage_start(&st, NULL);
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

static pid_t child_of(pid_t parent)
{
	char path[64], text[64] = {0};

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	FILE *f = fopen(path, "re");

	if (f) {
		if (!fgets(text, sizeof(text), f))
			text[0] = '\0';
		(void)fclose(f);
	}
	if (text[0] == '\0')
		rvt_skip("this kernel lists no children of a process");
	return (pid_t)strtol(text, NULL, 10);
}

/* --- as whom --- */

static long uid_of(uint64_t pid)
{
	char path[64], line[256];
	long uid = -1;

	(void)snprintf(path, sizeof(path), "/proc/%llu/status", (unsigned long long)pid);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Uid:", 4) == 0)
			uid = strtol(line + 4, NULL, 10);
	}
	if (f)
		(void)fclose(f);
	return uid;
}

static void place_runs_as_the_owner_of_its_directories(void **state)
{
	char mine[RVT_PATH], theirs[RVT_PATH], text[512];

	(void)state;
	if (!st.is_root)
		skip(); /* only root can be two owners */
	rvt_dir_make(&st.dir, "mine", 0755);
	rvt_dir_make(&st.dir, "theirs", 0755);
	rvt_dir_path(&st.dir, "mine", mine);
	rvt_dir_path(&st.dir, "theirs", theirs);
	assert_int_equal(chown(theirs, 60650, 60651), 0);
	grant("write %s\nwrite %s\n", mine, theirs);
	stage_start(&st, NULL);
	struct rv_rec_spawned got = spawn_place(1, mine, NULL);

	assert_int_equal(uid_of(got.pid), 0);
	assert_int_equal(got.walls & RV_WALL_UID, 0);
	got = spawn_place(2, theirs, NULL);
	assert_int_equal(uid_of(got.pid), 60650);
	assert_true((got.walls & RV_WALL_UID) != 0);
	assert_int_equal(spawn_place_as(3, theirs, 0, 0, text).outcome, RV_CLASS_DENIED);
	assert_non_null(strstr(text, "belongs to uid 60650"));
	/* Nor may the engine give it a group of its choice. */
	assert_int_equal(spawn_place_as(4, theirs, 60650, 0, text).outcome, RV_CLASS_DENIED);
	assert_int_equal(spawn_place_as(5, theirs, 60650, 60651, NULL).outcome, RV_CLASS_OK);
}

static void each_role_has_a_user_of_its_own(void **state)
{
	long seen[3];

	(void)state;
	if (!st.is_root)
		skip(); /* without root there is one user */
	stage_start(&st, NULL);
	seen[0] = uid_of(spawn_simple(1, RV_ROLE_DISCOVER).pid);
	seen[1] = uid_of(spawn_simple(2, RV_ROLE_BROKER).pid);
	seen[2] = uid_of((uint64_t)child_of(st.reeved));
	assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
	assert_true(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
}

static void a_hook_runs_as_its_granted_user(void **state)
{
	struct rv_frame frame = {0};

	(void)state;
	grant("hook 60650 /usr/bin/id -u\n");
	stage_start(&st, NULL);
	struct rv_rec_hook_done got = run_hook("id -u", 5000, &frame);

	assert_int_equal(got.outcome, st.is_root ? RV_CLASS_OK : RV_CLASS_DENIED);
	if (st.is_root)
		assert_text(got.output, "60650");
}

static void says_ready_to_the_service_manager(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char path[RVT_PATH], got[64] = {0};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	rvt_dir_path(&st.dir, "notify", path);
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	stage_start(&st, NULL);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
	assert_true(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(got, "READY=1");
	(void)close(fd);
}

/* --- the set --- */

static void engine_killed_means_the_set_restarts(void **state)
{
	(void)state;
	stage_start(&st, NULL);
	struct rv_rec_spawned broker = spawn_simple(1, RV_ROLE_BROKER);
	pid_t pid = (pid_t)broker.pid, engine = child_of(st.reeved);

	assert_int_equal(broker.outcome, RV_CLASS_OK);
	assert_int_equal(kill(engine, SIGKILL), 0);
	assert_true(rvt_eventually(is_gone, &pid, PATIENCE_MS));
	stage_connect(&st); /* the new engine accepts */
	assert_int_equal(spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_int_equal(stage_stop(&st), 0);
}

static void an_engine_that_breaks_the_protocol_is_ended_and_restarted(void **state)
{
	(void)state;
	stage_start(&st, NULL);
	assert_int_equal(spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	pid_t engine = child_of(st.reeved);

	assert_int_equal(send(rv_channel_fd(st.engine), "nonsense", 8, 0), 8);
	assert_true(rvt_eventually(is_gone, &engine, PATIENCE_MS));
	stage_connect(&st);
	assert_int_equal(spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
}

static void an_engine_that_cannot_start_stops_reeved(void **state)
{
	(void)state;
	stage_behaviour(&st, "engine", "crash");
	st.reeved = stage_launch(&st);
	assert_int_equal(rvt_wait(st.reeved, PATIENCE_MS), 2);
	st.reeved = 0;
}

static void reeved_killed_means_everything_ends(void **state)
{
	(void)state;
	stage_start(&st, NULL);
	struct rv_rec_spawned broker = spawn_simple(1, RV_ROLE_BROKER);
	pid_t pid = (pid_t)broker.pid, engine = child_of(st.reeved);

	assert_int_equal(broker.outcome, RV_CLASS_OK);
	assert_int_equal(kill(st.reeved, SIGKILL), 0);
	assert_true(rvt_eventually(is_gone, &pid, PATIENCE_MS));
	assert_true(rvt_eventually(is_gone, &engine, PATIENCE_MS));
	(void)rvt_wait(st.reeved, PATIENCE_MS);
	st.reeved = 0;
}

static void a_session_ends_with_its_connection_and_leaves_nothing(void **state)
{
	char path[RVT_PATH];

	(void)state;
	stage_start_session(&st);
	assert_int_equal(spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
	rv_channel_freep(&st.engine);
	assert_int_equal(rvt_wait(st.reeved, PATIENCE_MS), 0);
	st.reeved = 0;
	rvt_dir_path(&st.dir, "state", path);
	assert_false(rvt_file_exists(path));
	rvt_dir_path(&st.dir, "run", path);
	assert_false(rvt_file_exists(path));
}

static void keys_are_made_once_and_closed_to_others(void **state)
{
	static const char *const names[] = {"host", "fleet", "sealing", "evidence"};
	struct rv_buf first[4];
	char name[64], path[RVT_PATH];
	struct stat s;

	(void)state;
	stage_start(&st, NULL);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "state/keys/%s.key", names[i]);
		rvt_dir_path(&st.dir, name, path);
		assert_int_equal(stat(path, &s), 0);
		assert_int_equal(s.st_mode & 07777, 0400);
		assert_int_equal(s.st_size, 32);
		first[i] = rvt_file_read(path);
		assert_true(i == 0 || memcmp(first[i].data, first[0].data, 32) != 0);
	}
	assert_int_equal(stage_stop(&st), 0);
	stage_start(&st, NULL);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "state/keys/%s.key", names[i]);
		rvt_dir_path(&st.dir, name, path);
		struct rv_buf again = rvt_file_read(path);

		assert_memory_equal(again.data, first[i].data, 32);
		rv_buf_done(&again);
		rv_buf_done(&first[i]);
	}
}

static void a_key_open_to_others_stops_the_start(void **state)
{
	char path[RVT_PATH];

	(void)state;
	stage_start(&st, NULL);
	assert_int_equal(stage_stop(&st), 0);
	rvt_dir_path(&st.dir, "state/keys/sealing.key", path);
	assert_int_equal(chmod(path, 0444), 0);
	stage_start_session(&st); /* a session has keys of its own */
	assert_int_equal(spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	rv_channel_freep(&st.engine);
	assert_int_equal(rvt_wait(st.reeved, PATIENCE_MS), 0);
	st.reeved = stage_launch(&st);
	assert_int_equal(rvt_wait(st.reeved, PATIENCE_MS), 2);
	st.reeved = 0;
}

static void a_key_cut_short_stops_the_start(void **state)
{
	(void)state;
	rvt_dir_write(&st.dir, "state/keys/fleet.key", "0123456789abcdef0123456789abcde", 31, 0400);
	st.reeved = stage_launch(&st);
	assert_int_equal(rvt_wait(st.reeved, PATIENCE_MS), 2);
	st.reeved = 0;
}

static void a_second_reeved_on_the_same_state_is_refused(void **state)
{
	(void)state;
	stage_start(&st, NULL);
	pid_t second = stage_launch(&st);

	assert_int_equal(rvt_wait(second, PATIENCE_MS), 2);
	assert_int_equal(spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
}

/* Fuzz and release builds carry no crash points. */
static void need_crash_points(void)
{
	rv_fault_point("probe");
	if (rv_fault_count() == 0)
		skip();
}

static void a_fault_kills_that_instance_at_that_event(void **state)
{
	static const char *const extra[] = {"--fault", "broker:2:1", NULL};

	(void)state;
	need_crash_points();
	stage_start(&st, extra);
	assert_int_equal(spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	/* The first event of a role is its HELLO. */
	assert_int_not_equal(spawn_simple(2, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_int_equal(spawn_simple(3, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
}

static void a_fault_with_all_takes_the_whole_set(void **state)
{
	static const char *const extra[] = {"--fault", "broker:1:1:all", NULL};
	const struct rv_rec_spawn want = {.role = RV_ROLE_BROKER};

	(void)state;
	need_crash_points();
	stage_start(&st, extra);
	assert_true(rv_is_ok(rv_channel_send(st.engine, RV_MSG_spawn, 1, 1, &want)));
	assert_int_equal(rvt_wait(st.reeved, PATIENCE_MS), 128 + SIGKILL);
	st.reeved = 0;
}

static void a_fault_in_reeved_ends_everything(void **state)
{
	static const char *const extra[] = {"--fault", "reeved:1:3", NULL};
	const struct rv_rec_ask_grants none = {0};

	(void)state;
	need_crash_points();
	stage_start(&st, extra); /* 1: the engine's HELLO, 2: the question, 3: before the answer */
	assert_true(rv_is_ok(rv_channel_send(st.engine, RV_MSG_ask_grants, 1, 0, &none)));
	assert_int_equal(rvt_wait(st.reeved, PATIENCE_MS), 128 + SIGKILL);
	st.reeved = 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(starts_roles_with_their_walls_up),
		T(says_when_a_role_ended_and_how),
		T(refuses_a_role_of_another_build),
		T(survives_a_role_that_crashes_at_start),
		T(kills_a_role_that_breaks_the_protocol),
		T(refuses_to_start_supervisor_engine_or_stranger_roles),
		T(ends_a_job_on_request),
		T(pairs_open_with_the_discover_that_waits),
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
		T(each_role_has_a_user_of_its_own),
		T(a_hook_runs_as_its_granted_user),
		T(says_ready_to_the_service_manager),
		T(an_engine_that_breaks_the_protocol_is_ended_and_restarted),
		T(an_engine_that_cannot_start_stops_reeved),
		T(a_key_cut_short_stops_the_start),
		T(a_fault_in_reeved_ends_everything),
		T(engine_killed_means_the_set_restarts),
		T(reeved_killed_means_everything_ends),
		T(a_session_ends_with_its_connection_and_leaves_nothing),
		T(keys_are_made_once_and_closed_to_others),
		T(a_key_open_to_others_stops_the_start),
		T(a_second_reeved_on_the_same_state_is_refused),
		T(a_fault_kills_that_instance_at_that_event),
		T(a_fault_with_all_takes_the_whole_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
