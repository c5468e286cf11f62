/* tests: processes with a deadline. Not here: ports and waiting (wait.c). */
#include "tests/support/run.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "tests/support/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)16 << 20)

struct pipes {
	int in, out, err; /* our ends */
	int child_in, child_out, child_err;
};

static void make_pipe(int *out_read, int *out_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		rvt_die("cannot make a pipe");
	*out_read = fds[0];
	*out_write = fds[1];
}

/* In the child: never returns. */
static RV_NORETURN void become(const char *const *argv, int in, int out, int err, pid_t parent)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* a loop under test may have blocked some */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(126);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static pid_t spawn(const char *const *argv, int in, int out, int err)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		rvt_die("cannot fork for %s", argv[0]);
	if (pid == 0)
		become(argv, in, out, err, parent);
	return pid;
}

static int code_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int left_ms(int64_t until_us)
{
	int64_t left = until_us - rv_boot_us();

	return left <= 0 ? 0 : (int)(left / 1000 + 1);
}

int rvt_wait(pid_t pid, int deadline_ms)
{
	int64_t until_us = rv_boot_us() + (int64_t)deadline_ms * 1000;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};
	int status = 0;
	pid_t got;

	if (pidfd < 0)
		rvt_die("cannot watch process %d", (int)pid);
	while (poll(&poller, 1, left_ms(until_us)) < 0 && errno == EINTR)
		;
	rv_fd_closep(&pidfd);
	got = waitpid(pid, &status, WNOHANG);
	return got == pid ? code_of(status) : -1;
}

int rvt_stop(pid_t pid, int deadline_ms)
{
	int code;

	(void)kill(pid, SIGTERM); /* it may be gone already; then rvt_wait has its code */
	code = rvt_wait(pid, deadline_ms);
	if (code >= 0)
		return code;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0); /* the answer is -1 anyway */
	return -1;
}

pid_t rvt_start(const char *const *argv, int out_fd)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (null < 0)
		rvt_die("cannot open /dev/null");
	pid = spawn(argv, null, out_fd >= 0 ? out_fd : 1, out_fd >= 0 ? out_fd : 2);
	rv_fd_closep(&null);
	return pid;
}

/* One read of what is there; closes at the end. */
static void drain(int *fd, struct rv_buf *buf)
{
	uint8_t *place = rv_buf_reserve(buf, 65536);
	ssize_t n;

	if (!place)
		rvt_die("too much output");
	n = read(*fd, place, 65536);
	if (n > 0)
		buf->len += (size_t)n;
	else if (n == 0 || errno != EINTR)
		rv_fd_closep(fd);
}

static void feed(int *fd, struct rv_str *input)
{
	ssize_t n = input->len ? write(*fd, input->data, input->len) : 0;

	if (n > 0) {
		input->data += n;
		input->len -= (size_t)n;
	}
	if (input->len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		rv_fd_closep(fd);
}

/* Talks until both outputs ended or the time is over. */
static void talk(struct pipes *pipes, struct rv_str input, struct rvt_result *result,
		 int64_t until_us)
{
	while (pipes->out >= 0 || pipes->err >= 0) {
		struct pollfd polls[3] = {{.fd = pipes->in, .events = POLLOUT},
					  {.fd = pipes->out, .events = POLLIN},
					  {.fd = pipes->err, .events = POLLIN}};
		int n = poll(polls, 3, left_ms(until_us));

		if (n == 0)
			return;
		if (n < 0)
			continue;
		if (polls[0].revents)
			feed(&pipes->in, &input);
		if (polls[1].revents)
			drain(&pipes->out, &result->out);
		if (polls[2].revents)
			drain(&pipes->err, &result->err);
	}
}

struct rvt_result rvt_run(const char *const *argv, struct rv_str input, int deadline_ms)
{
	int64_t until_us = rv_boot_us() + (int64_t)deadline_ms * 1000;
	struct rvt_result result = {0};
	struct pipes pipes;
	void (*old)(int);
	pid_t pid;

	rv_buf_init(&result.out, OUTPUT_MAX);
	rv_buf_init(&result.err, OUTPUT_MAX);
	make_pipe(&pipes.child_in, &pipes.in);
	make_pipe(&pipes.out, &pipes.child_out);
	make_pipe(&pipes.err, &pipes.child_err);
	if (fcntl(pipes.in, F_SETFL, O_NONBLOCK) != 0)
		rvt_die("cannot make a pipe non-blocking");
	pid = spawn(argv, pipes.child_in, pipes.child_out, pipes.child_err);
	rv_fd_closep(&pipes.child_in);
	rv_fd_closep(&pipes.child_out);
	rv_fd_closep(&pipes.child_err);
	old = signal(SIGPIPE, SIG_IGN);
	talk(&pipes, input, &result, until_us);
	(void)signal(SIGPIPE, old);
	rv_fd_closep(&pipes.in);
	result.code = rvt_wait(pid, left_ms(until_us));
	if (result.code < 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	rv_fd_closep(&pipes.out);
	rv_fd_closep(&pipes.err);
	return result;
}

void rvt_result_done(struct rvt_result *result)
{
	rv_buf_done(&result->out);
	rv_buf_done(&result->err);
}

const char *rvt_text(struct rv_buf *buf)
{
	const char *text = rv_buf_cstr(buf);

	if (!text)
		rvt_die("no memory");
	return text;
}
