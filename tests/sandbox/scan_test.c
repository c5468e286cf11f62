/* tests: the jail of `reeve scan`: what it may not do, each act in a process of its own, without
 * walls first, where it must succeed (or the test would prove nothing). */
#include "agent/sandbox/confine.h"
#include "support/dir.h"
#include "support/run.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_WALLS  200 /* the jail did not come up */
#define NOT_HERE  201 /* cannot be done here even without walls */
#define ANSWER_MS 10000

/* What the acts work on, made anew before each. */
static struct {
	struct rvt_dir dir;
	char granted[RVT_PATH], inside[RVT_PATH], inside_new[RVT_PATH];
	char outside[RVT_PATH], there[RVT_PATH], fresh[RVT_PATH], fresh_dir[RVT_PATH];
	uint16_t port;
	pid_t sibling;
} ground;

static int result(int r)
{
	return r >= 0 ? 0 : errno;
}

static int write_a_file(void)
{
	return result(open(ground.there, O_WRONLY | O_CLOEXEC));
}

static int append_to_a_file(void)
{
	return result(open(ground.there, O_RDWR | O_APPEND | O_CLOEXEC));
}

static int empty_a_file(void)
{
	return result(open(ground.there, O_WRONLY | O_TRUNC | O_CLOEXEC));
}

/* Opened for reading, and emptied all the same. */
static int empty_what_it_reads(void)
{
	return result(open(ground.there, O_RDONLY | O_TRUNC | O_CLOEXEC));
}

/* The access mode 3 asks for neither reading nor writing. */
static int empty_without_access(void)
{
	return result(open(ground.there, O_ACCMODE | O_TRUNC | O_CLOEXEC));
}

static int empty_by_path(void)
{
	return result(truncate(ground.there, 0));
}

static int create_a_file(void)
{
	return result(open(ground.fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static int create_for_reading(void)
{
	return result(open(ground.fresh, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static int create_a_nameless_file(void)
{
	return result(open(ground.outside, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
}

static int create_a_directory(void)
{
	return result(mkdir(ground.fresh, 0700));
}

static int create_a_symlink(void)
{
	return result(symlink("there", ground.fresh));
}

static int create_a_link(void)
{
	return result(linkat(AT_FDCWD, ground.there, AT_FDCWD, ground.fresh, 0));
}

static int create_a_fifo(void)
{
	return result(mkfifo(ground.fresh, 0600));
}

static int unlink_a_file(void)
{
	return result(unlink(ground.there));
}

static int remove_a_directory(void)
{
	return result(rmdir(ground.fresh_dir));
}

static int rename_a_file(void)
{
	return result(rename(ground.there, ground.fresh));
}

static int take_a_file_in(void)
{
	return result(rename(ground.there, ground.inside_new));
}

static int put_a_file_out(void)
{
	return result(rename(ground.inside, ground.fresh));
}

static int link_a_file_in(void)
{
	return result(linkat(AT_FDCWD, ground.there, AT_FDCWD, ground.inside_new, 0));
}

static int change_a_mode(void)
{
	return result(chmod(ground.there, 0644));
}

/* By what the file is afterwards: the call may say yes and do nothing. */
static int change_a_mode_of_what_it_reads(void)
{
	struct stat st;
	const int fd = open(ground.there, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fchmod(fd, 0755) != 0 || fstat(fd, &st) != 0)
		return errno;
	return (st.st_mode & 07777) == 0755 ? 0 : EPERM;
}

static int change_an_owner(void)
{
	return result(chown(ground.there, geteuid(), (gid_t)-1));
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

static int make_an_internet_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_a_datagram_socket(void)
{
	return result(socket(AF_INET, SOCK_DGRAM, 0));
}

static int make_a_local_socket(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int make_a_socket_pair(void)
{
	int pair[2];

	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static int trace_itself(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

static int signal_another(void)
{
	return result(kill(ground.sibling, 0));
}

static int mount_a_directory(void)
{
	const int r = result(unshare(CLONE_NEWNS));

	if (r == EPERM)
		return r;
	return result(mount(ground.outside, ground.outside, NULL, MS_BIND, NULL));
}

static int map_a_file_as_code(void)
{
	const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NOT_HERE;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno
											 : 0;
}

static int map_memory_as_code(void)
{
	return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? errno
		       : 0;
}

static int make_memory_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NOT_HERE;
	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int change_user(void)
{
	return result(setuid(getuid()));
}

static int read_a_file(void)
{
	char text[16];
	const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : read(fd, text, sizeof(text)) > 0 ? 0 : EIO;
}

static int read_outside(void)
{
	return result(open(ground.there, O_RDONLY | O_CLOEXEC));
}

static int write_inside(void)
{
	char other[RVT_PATH + 2];
	const int fd = open(ground.inside_new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "text", 4) != 4 || ftruncate(fd, 2) != 0 || fsync(fd) != 0)
		return errno;
	(void)snprintf(other, sizeof(other), "%s-2", ground.inside_new); /* has room */
	if (rename(ground.inside_new, other) != 0)
		return errno;
	return result(unlink(other));
}

static void *set_flag(void *flag)
{
	*(bool *)flag = true;
	return NULL;
}

static int run_threads(void)
{
	pthread_t threads[8];
	bool flags[RV_LEN(threads)] = {false};

	for (size_t i = 0; i < RV_LEN(threads); i++) {
		if (pthread_create(&threads[i], NULL, set_flag, &flags[i]) != 0)
			return ECHILD;
	}
	for (size_t i = 0; i < RV_LEN(threads); i++) {
		if (pthread_join(threads[i], NULL) != 0 || !flags[i])
			return ESRCH;
	}
	return 0;
}

static void put_file(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "some text\n", 10), 10);
	assert_int_equal(close(fd), 0);
}

static void renew_ground(void)
{
	(void)unlink(ground.fresh); /* as far as the act before left it */
	(void)rmdir(ground.fresh);
	(void)unlink(ground.inside_new);
	(void)mkdir(ground.fresh_dir, 0700);
	put_file(ground.there);
	(void)chmod(ground.there, 0600); /* it is ours */
	put_file(ground.inside);
}

/* The act's result; 128 + signal when it was killed. */
static int try_it(int (*act)(void), bool with_walls)
{
	const struct rv_confine_path paths[] = {{.path = ground.granted, .is_writable = true}};

	renew_ground();
	(void)fflush(stdout); /* a child must not print it again */
	const pid_t pid = fork();

	if (pid == 0) {
		uint64_t walls = 0;

		if (with_walls && !rv_is_ok(rv_confine_scan(paths, RV_LEN(paths), &walls, NULL)))
			_exit(NO_WALLS);
		_exit(act());
	}
	return rvt_wait(pid, ANSWER_MS);
}

static void writes_nowhere_starts_nothing_and_talks_to_nobody(void **state)
{
	static const struct {
		const char *name;
		int (*act)(void);
		int wanted; /* 0: any failure */
		bool needs_power;
	} acts[] = {
		{"write a file", write_a_file, EACCES, false},
		{"append to a file", append_to_a_file, EACCES, false},
		{"empty a file", empty_a_file, EACCES, false},
		{"empty what it reads", empty_what_it_reads, 0, false},
		{"empty without access", empty_without_access, 0, false},
		{"empty by path", empty_by_path, 0, false},
		{"create a file", create_a_file, EACCES, false},
		{"create for reading", create_for_reading, EACCES, false},
		{"create a nameless file", create_a_nameless_file, EACCES, false},
		{"create a directory", create_a_directory, EACCES, false},
		{"create a symlink", create_a_symlink, EACCES, false},
		{"create a link", create_a_link, 0, false},
		{"create a fifo", create_a_fifo, 0, false},
		{"unlink a file", unlink_a_file, EACCES, false},
		{"remove a directory", remove_a_directory, EACCES, false},
		{"rename a file", rename_a_file, 0, false},
		{"take a file in", take_a_file_in, 0, false},
		{"put a file out", put_a_file_out, 0, false},
		{"link a file in", link_a_file_in, 0, false},
		{"change a mode", change_a_mode, 0, false},
		{"change a mode it reads", change_a_mode_of_what_it_reads, 0, false},
		{"change an owner", change_an_owner, 0, false},
		{"start a program", start_a_program, 0, false},
		{"make a child", make_a_child, 0, false},
		{"make an internet socket", make_an_internet_socket, 0, false},
		{"make a datagram socket", make_a_datagram_socket, 0, false},
		{"make a local socket", make_a_local_socket, 0, false},
		{"make a socket pair", make_a_socket_pair, 0, false},
		{"trace itself", trace_itself, 0, false},
		{"signal another", signal_another, 0, false},
		{"mount a directory", mount_a_directory, 0, true},
		{"map a file as code", map_a_file_as_code, EACCES, false},
		{"map memory as code", map_memory_as_code, EACCES, false},
		{"make memory code", make_memory_code, 0, false},
		{"change user", change_user, 0, false},
	};
	size_t broken = 0;

	(void)state;
	for (size_t i = 0; i < RV_LEN(acts); i++) {
		const int free = try_it(acts[i].act, false);
		const int jailed = try_it(acts[i].act, true);

		printf("%-24s without walls %d, with walls %d\n", acts[i].name, free, jailed);
		if (free != 0 && acts[i].needs_power && jailed != 0)
			continue; /* not ours to do anyway */
		if (free != 0 || jailed <= 0 || jailed >= NO_WALLS ||
		    (acts[i].wanted != 0 && jailed != acts[i].wanted)) {
			print_error("not as it must be: %s\n", acts[i].name);
			broken++;
		}
	}
	assert_int_equal(broken, 0);
}

static int connected = -1; /* made before the walls */

static int connect_what_it_was_given(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(ground.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return result(connect(connected, (struct sockaddr *)&to, sizeof(to)));
}

static void connects_no_socket_that_it_was_given(void **state)
{
	const int listener = rvt_listen(&ground.port);

	(void)state;
	connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(connected >= 0);
	const int jailed = try_it(connect_what_it_was_given, true);
	assert_true(jailed > 0 && jailed < NO_WALLS);
	assert_int_equal(try_it(connect_what_it_was_given, false), 0);
	(void)close(connected); /* nothing was sent */
	(void)close(listener);
}

static void reads_runs_threads_and_writes_where_it_was_told(void **state)
{
	(void)state;
	assert_int_equal(try_it(read_a_file, true), 0);
	assert_int_equal(try_it(read_outside, true), 0);
	assert_int_equal(try_it(run_threads, true), 0);
	assert_int_equal(try_it(write_inside, true), 0);
}

static void make_ground(void)
{
	rvt_dir_init(&ground.dir);
	rvt_dir_path(&ground.dir, "granted", ground.granted);
	rvt_dir_path(&ground.dir, "granted/there", ground.inside);
	rvt_dir_path(&ground.dir, "granted/new", ground.inside_new);
	rvt_dir_path(&ground.dir, "outside", ground.outside);
	rvt_dir_path(&ground.dir, "outside/there", ground.there);
	rvt_dir_path(&ground.dir, "outside/new", ground.fresh);
	rvt_dir_path(&ground.dir, "outside/dir", ground.fresh_dir);
	assert_int_equal(mkdir(ground.granted, 0700), 0);
	assert_int_equal(mkdir(ground.outside, 0700), 0);
	ground.sibling = getpid();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_nowhere_starts_nothing_and_talks_to_nobody),
		cmocka_unit_test(connects_no_socket_that_it_was_given),
		cmocka_unit_test(reads_runs_threads_and_writes_where_it_was_told),
	};
	int code = 77;

	make_ground();
	if (try_it(read_a_file, true) == NO_WALLS)
		puts("SKIPPED: this kernel lacks Landlock or refuses a filter");
	else
		code = cmocka_run_group_tests(tests, NULL, NULL);
	rvt_dir_done(&ground.dir);
	return code;
}
