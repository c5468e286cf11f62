/* tests: the jail of reeve-ask: what it may not do, each act in a process of its own, without walls
 * first, where it must succeed (or the test would prove nothing). */
#include "agent/sandbox/confine.h"
#include "support/run.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static uint16_t port;

static int result(int r)
{
	return r >= 0 ? 0 : errno;
}

static int read_a_file(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int read_our_program(void)
{
	return result(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

static int write_a_file(void)
{
	return result(open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
}

static int write_where_it_may_read(void)
{
	return result(open("/etc/hosts", O_RDWR | O_CLOEXEC));
}

static int start_a_program(void)
{
	char name[] = "/bin/true";
	char *argv[] = {name, NULL};

	return result(execv(name, argv));
}

static int make_a_child(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int make_a_local_socket(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int signal_the_parent(void)
{
	return result(kill(getppid(), 0));
}

static int listen_to_others(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? errno : result(bind(fd, (struct sockaddr *)&any, sizeof(any)));
}

static int connect_out(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int resolve_a_name(void)
{
	struct addrinfo *list = NULL;
	const int r = getaddrinfo("localhost", "443", NULL, &list);

	if (r == 0)
		freeaddrinfo(list);
	return r == 0 ? 0 : EHOSTUNREACH;
}

/* The act's result; 128 + signal when it was killed. */
static int try_it(int (*act)(void), bool with_walls)
{
	const pid_t pid = fork();

	if (pid == 0) {
		uint64_t walls = 0;

		if (with_walls && !rv_is_ok(rv_confine_ask(&walls, NULL)))
			_exit(200);
		_exit(act());
	}
	return rvt_wait(pid, 10000);
}

static void has_no_files_no_programs_and_no_neighbours(void **state)
{
	static const struct {
		const char *name;
		int (*act)(void);
	} acts[] = {
		{"read a file", read_a_file},
		{"read our program", read_our_program},
		{"write a file", write_a_file},
		{"start a program", start_a_program},
		{"make a child", make_a_child},
		{"make a local socket", make_a_local_socket},
		{"signal the parent", signal_the_parent},
		{"listen to others", listen_to_others},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(acts); i++) {
		const int free = try_it(acts[i].act, false);
		const int jailed = try_it(acts[i].act, true);

		printf("%-22s without walls %d, with walls %d\n", acts[i].name, free, jailed);
		assert_int_equal(free, 0);
		assert_int_not_equal(jailed, 0);
		assert_int_not_equal(jailed, 200);
	}
	assert_int_not_equal(try_it(write_where_it_may_read, true), 0);
}

static void can_find_a_host_and_reach_it(void **state)
{
	const int fd = rvt_listen(&port);

	(void)state;
	assert_int_equal(try_it(resolve_a_name, true), 0);
	assert_int_equal(try_it(connect_out, true), 0);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_no_files_no_programs_and_no_neighbours),
		cmocka_unit_test(can_find_a_host_and_reach_it),
	};
	const int jailed = try_it(resolve_a_name, true);

	if (jailed == 200) {
		puts("SKIPPED: this kernel lacks Landlock or refuses a filter");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
