/* tests: reeved and its roles: which start, which are ended, what a death means. The test speaks as
 * the engine. What the engine may ask for is in requests_test.c. */
#include "supervisor/talk.h"

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

static const uint64_t mandatory =
	RV_WALL_NO_NEW_PRIVS | RV_WALL_SECCOMP | RV_WALL_NODUMP | RV_WALL_CAPS;

/* --- roles --- */

static void starts_roles_with_their_walls_up(void **state)
{
	static const enum rv_role roles[] = {RV_ROLE_DISCOVER, RV_ROLE_BROKER, RV_ROLE_REPORT};
	uint64_t want = mandatory | RV_WALL_LANDLOCK;

	(void)state;
	if (stage.is_root)
		want |= RV_WALL_UID;
	stage_start(&stage, NULL);
	for (size_t i = 0; i < RV_LEN(roles); i++) {
		struct rv_rec_spawned got = stage_spawn_simple(i + 1, roles[i]);

		assert_int_equal(got.outcome, RV_CLASS_OK);
		assert_int_equal(got.walls & want, want);
	}
	assert_int_equal(stage_stop(&stage), 0);
}

static void says_when_a_role_ended_and_how(void **state)
{
	uint64_t job = 0;

	(void)state;
	stage_behaviour(&stage, "broker", "leave");
	stage_start(&stage, NULL);
	struct rv_rec_spawned got = stage_spawn_simple(7, RV_ROLE_BROKER);

	assert_int_equal(got.outcome, RV_CLASS_OK);
	struct rv_rec_exited gone = stage_next_exit(&job);

	assert_int_equal(job, 7);
	assert_int_equal(gone.code, 5);
	assert_int_equal(gone.pid, got.pid);
}

static void refuses_a_role_of_another_build(void **state)
{
	(void)state;
	stage_behaviour(&stage, "broker", "stranger");
	stage_start(&stage, NULL);
	assert_int_not_equal(stage_spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	/* And goes on serving. */
	assert_int_equal(stage_spawn_simple(2, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
}

static void survives_a_role_that_crashes_at_start(void **state)
{
	(void)state;
	stage_behaviour(&stage, "report", "crash");
	stage_start(&stage, NULL);
	assert_int_not_equal(stage_spawn_simple(1, RV_ROLE_REPORT).outcome, RV_CLASS_OK);
	assert_int_equal(stage_spawn_simple(2, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
}

static void kills_a_role_that_breaks_the_protocol(void **state)
{
	uint64_t job = 0;

	(void)state;
	stage_behaviour(&stage, "broker", "twice");
	stage_start(&stage, NULL);
	assert_int_equal(stage_spawn_simple(3, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_int_equal(stage_next_exit(&job).code, 128 + SIGKILL);
	assert_int_equal(job, 3);
}

static void refuses_to_start_supervisor_engine_or_stranger_roles(void **state)
{
	static const unsigned roles[] = {RV_ROLE_ANY, RV_ROLE_REEVED, RV_ROLE_ENGINE,
					 RV_ROLE_CLI, RV_ROLE_PEER,   200};

	(void)state;
	stage_start(&stage, NULL);
	for (size_t i = 0; i < RV_LEN(roles); i++) {
		struct rv_rec_spawn want = {.role = roles[i]};

		assert_int_equal(stage_spawn(&stage, i + 1, &want, NULL).outcome, RV_CLASS_DENIED);
	}
}

static void ends_a_job_on_request(void **state)
{
	uint64_t job = 0;
	const struct rv_rec_stop_job none = {0};

	(void)state;
	stage_start(&stage, NULL);
	assert_int_equal(stage_spawn_simple(9, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_true(rv_is_ok(rv_channel_send(stage.engine, RV_MSG_stop_job, 1, 9, &none)));
	assert_int_equal(stage_next_exit(&job).code, 128 + SIGKILL);
	assert_int_equal(job, 9);
}

static void pairs_open_with_the_discover_that_waits(void **state)
{
	struct rv_rec_spawn want = {.role = RV_ROLE_OPEN, .peer_job = 1};

	(void)state;
	stage_start(&stage, NULL);
	assert_int_equal(stage_spawn(&stage, 2, &want, NULL).outcome, RV_CLASS_CONFLICT);
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
	assert_int_equal(stage_spawn(&stage, 2, &want, NULL).outcome, RV_CLASS_OK);
	/* One open feeds one discover. */
	assert_int_equal(stage_spawn(&stage, 3, &want, NULL).outcome, RV_CLASS_CONFLICT);
}

static void each_role_has_a_user_of_its_own(void **state)
{
	long seen[3];

	(void)state;
	if (!stage.is_root)
		skip(); /* without root there is one user */
	stage_start(&stage, NULL);
	seen[0] = stage_uid_of(stage_spawn_simple(1, RV_ROLE_DISCOVER).pid);
	seen[1] = stage_uid_of(stage_spawn_simple(2, RV_ROLE_BROKER).pid);
	seen[2] = stage_uid_of((uint64_t)stage_child_of(stage.reeved));
	assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
	assert_true(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
}

static void says_ready_to_the_service_manager(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char path[RVT_PATH], got[64] = {0};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	rvt_dir_path(&stage.dir, "notify", path);
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	stage_start(&stage, NULL);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
	assert_true(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(got, "READY=1");
	(void)close(fd);
}

static void engine_killed_means_the_set_restarts(void **state)
{
	(void)state;
	stage_start(&stage, NULL);
	struct rv_rec_spawned broker = stage_spawn_simple(1, RV_ROLE_BROKER);
	pid_t pid = (pid_t)broker.pid, engine = stage_child_of(stage.reeved);

	assert_int_equal(broker.outcome, RV_CLASS_OK);
	assert_int_equal(kill(engine, SIGKILL), 0);
	assert_true(rvt_eventually(stage_is_gone, &pid, PATIENCE_MS));
	stage_connect(&stage); /* the new engine accepts */
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_int_equal(stage_stop(&stage), 0);
}

static void an_engine_that_breaks_the_protocol_is_ended_and_restarted(void **state)
{
	(void)state;
	stage_start(&stage, NULL);
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	pid_t engine = stage_child_of(stage.reeved);

	assert_int_equal(send(rv_channel_fd(stage.engine), "nonsense", 8, 0), 8);
	assert_true(rvt_eventually(stage_is_gone, &engine, PATIENCE_MS));
	stage_connect(&stage);
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
}

static void an_engine_that_cannot_start_stops_reeved(void **state)
{
	(void)state;
	stage_behaviour(&stage, "engine", "crash");
	stage.reeved = stage_launch(&stage);
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 2);
	stage.reeved = 0;
}

static void reeved_killed_means_everything_ends(void **state)
{
	(void)state;
	stage_start(&stage, NULL);
	struct rv_rec_spawned broker = stage_spawn_simple(1, RV_ROLE_BROKER);
	pid_t pid = (pid_t)broker.pid, engine = stage_child_of(stage.reeved);

	assert_int_equal(broker.outcome, RV_CLASS_OK);
	assert_int_equal(kill(stage.reeved, SIGKILL), 0);
	assert_true(rvt_eventually(stage_is_gone, &pid, PATIENCE_MS));
	assert_true(rvt_eventually(stage_is_gone, &engine, PATIENCE_MS));
	(void)rvt_wait(stage.reeved, PATIENCE_MS);
	stage.reeved = 0;
}

static void a_session_ends_with_its_connection_and_leaves_nothing(void **state)
{
	char path[RVT_PATH];

	(void)state;
	stage_start_session(&stage);
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
	rv_channel_freep(&stage.engine);
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 0);
	stage.reeved = 0;
	rvt_dir_path(&stage.dir, "state", path);
	assert_false(rvt_file_exists(path));
	rvt_dir_path(&stage.dir, "run", path);
	assert_false(rvt_file_exists(path));
}

static void keys_are_made_once_and_closed_to_others(void **state)
{
	static const char *const names[] = {"host", "fleet", "sealing", "evidence"};
	struct rv_buf first[4];
	char name[64], path[RVT_PATH];
	struct stat s;

	(void)state;
	stage_start(&stage, NULL);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "state/keys/%s.key", names[i]);
		rvt_dir_path(&stage.dir, name, path);
		assert_int_equal(stat(path, &s), 0);
		assert_int_equal(s.st_mode & 07777, 0400);
		assert_int_equal(s.st_size, 32);
		first[i] = rvt_file_read(path);
		assert_true(i == 0 || memcmp(first[i].data, first[0].data, 32) != 0);
	}
	assert_int_equal(stage_stop(&stage), 0);
	stage_start(&stage, NULL);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "state/keys/%s.key", names[i]);
		rvt_dir_path(&stage.dir, name, path);
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
	stage_start(&stage, NULL);
	assert_int_equal(stage_stop(&stage), 0);
	rvt_dir_path(&stage.dir, "state/keys/sealing.key", path);
	assert_int_equal(chmod(path, 0444), 0);
	stage_start_session(&stage); /* a session has keys of its own */
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	rv_channel_freep(&stage.engine);
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 0);
	stage.reeved = stage_launch(&stage);
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 2);
	stage.reeved = 0;
}

static void a_key_cut_short_stops_the_start(void **state)
{
	(void)state;
	rvt_dir_write(&stage.dir, "state/keys/fleet.key", "0123456789abcdef0123456789abcde", 31,
		      0400);
	stage.reeved = stage_launch(&stage);
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 2);
	stage.reeved = 0;
}

/* As root: whoever owns the directory could exchange the keys below it. */
static void a_state_directory_of_another_user_stops_the_start(void **state)
{
	char path[RVT_PATH];

	(void)state;
	if (!stage.is_root)
		skip(); /* only root can give a directory away */
	rvt_dir_make(&stage.dir, "state", 0711);
	rvt_dir_path(&stage.dir, "state", path);
	assert_int_equal(chown(path, 60650, 60650), 0);
	stage.reeved = stage_launch(&stage);
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 2);
	stage.reeved = 0;
}

static void a_second_reeved_on_the_same_state_is_refused(void **state)
{
	(void)state;
	stage_start(&stage, NULL);
	pid_t second = stage_launch(&stage);

	assert_int_equal(rvt_wait(second, PATIENCE_MS), 2);
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_DISCOVER).outcome, RV_CLASS_OK);
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
	stage_start(&stage, extra);
	assert_int_equal(stage_spawn_simple(1, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	/* The first event of a role is its HELLO. */
	assert_int_not_equal(stage_spawn_simple(2, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
	assert_int_equal(stage_spawn_simple(3, RV_ROLE_BROKER).outcome, RV_CLASS_OK);
}

static void a_fault_with_all_takes_the_whole_set(void **state)
{
	static const char *const extra[] = {"--fault", "broker:1:1:all", NULL};
	const struct rv_rec_spawn want = {.role = RV_ROLE_BROKER};

	(void)state;
	need_crash_points();
	stage_start(&stage, extra);
	assert_true(rv_is_ok(rv_channel_send(stage.engine, RV_MSG_spawn, 1, 1, &want)));
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 128 + SIGKILL);
	stage.reeved = 0;
}

static void a_fault_in_reeved_ends_everything(void **state)
{
	static const char *const extra[] = {"--fault", "reeved:1:3", NULL};
	const struct rv_rec_ask_grants none = {0};

	(void)state;
	need_crash_points();
	stage_start(&stage,
		    extra); /* 1: the engine's HELLO, 2: the question, 3: before the answer */
	assert_true(rv_is_ok(rv_channel_send(stage.engine, RV_MSG_ask_grants, 1, 0, &none)));
	assert_int_equal(rvt_wait(stage.reeved, PATIENCE_MS), 128 + SIGKILL);
	stage.reeved = 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

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
		T(each_role_has_a_user_of_its_own),
		T(says_ready_to_the_service_manager),
		T(engine_killed_means_the_set_restarts),
		T(an_engine_that_breaks_the_protocol_is_ended_and_restarted),
		T(an_engine_that_cannot_start_stops_reeved),
		T(reeved_killed_means_everything_ends),
		T(a_session_ends_with_its_connection_and_leaves_nothing),
		T(keys_are_made_once_and_closed_to_others),
		T(a_key_open_to_others_stops_the_start),
		T(a_key_cut_short_stops_the_start),
		T(a_state_directory_of_another_user_stops_the_start),
		T(a_second_reeved_on_the_same_state_is_refused),
		T(a_fault_kills_that_instance_at_that_event),
		T(a_fault_with_all_takes_the_whole_set),
		T(a_fault_in_reeved_ends_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
