/* daemon: fork and exec with exact descriptors and an empty environment. */
#include "agent/daemon/reeved.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3
#define ASIDE	 200 /* above every number a role is given */

void sup_launch_done(struct sup_launch *l)
{
	for (size_t i = 0; i < l->argc; i++)
		free(l->argv[i]);
	for (size_t i = 0; i < l->fd_count; i++)
		rv_fd_closep(&l->fds[i]);
	l->argc = 0;
	l->fd_count = 0;
}

static void put_arg(struct sup_launch *l, char *text)
{
	if (!text || l->argc == SUP_ARGS) {
		free(text);
		l->has_failed = true;
		return;
	}
	l->argv[l->argc++] = text;
}

void sup_launch_arg(struct sup_launch *l, const char *option, const char *fmt, ...)
{
	va_list ap;
	char *value = NULL;

	va_start(ap, fmt);
	if (vasprintf(&value, fmt, ap) < 0)
		value = NULL;
	va_end(ap);
	put_arg(l, strdup(option));
	put_arg(l, value);
}

int sup_launch_fd(struct sup_launch *l, int fd)
{
	if (fd < 0 || l->fd_count == SUP_FDS) {
		rv_fd_closep(&fd);
		l->has_failed = true;
		return -1;
	}
	l->fds[l->fd_count] = fd;
	return FIRST_FD + (int)l->fd_count++;
}

void sup_launch_named(struct sup_launch *l, const char *name, int fd)
{
	int number = sup_launch_fd(l, fd);

	sup_launch_arg(l, "--fd", "%s=%d", name, number);
}

rv_status sup_pair(int out[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) != 0)
		return rv_fail_errno(NULL, "socketpair");
	return RV_OK;
}

/* --- in the child, before exec: only what is safe after fork --- */

static void child_signals(pid_t parent)
{
	sigset_t none;

	(void)sigemptyset(&none); /* cannot fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
		_exit(126);
}

/* fds become 3, 4, ..; everything else is closed; stdin is /dev/null. */
static void child_fds(const int *fds, size_t count)
{
	int aside[SUP_FDS];

	for (size_t i = 0; i < count; i++) {
		aside[i] = fcntl(fds[i], F_DUPFD, ASIDE);
		if (aside[i] < 0)
			_exit(126);
	}
	for (size_t i = 0; i < count; i++) {
		if (dup2(aside[i], FIRST_FD + (int)i) < 0)
			_exit(126);
	}
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(2, 1) < 0 ||
	    syscall(SYS_close_range, FIRST_FD + (unsigned)count, ~0U, 0) != 0)
		_exit(126);
}

static struct sup_child *adopt(struct sup *sup, struct sup_launch *l, uint64_t job)
{
	for (size_t i = 0; i < SUP_CHILDREN; i++) {
		if (sup->children[i])
			continue;
		struct sup_child *c = calloc(1, sizeof(*c));

		if (!c)
			return NULL;
		c->sup = sup;
		c->role = l->role;
		c->job = job;
		c->pidfd = c->engine_end = c->peer_end = -1;
		sup->children[i] = c;
		return c;
	}
	return NULL;
}

static void disown(struct sup *sup, struct sup_child *child)
{
	for (size_t i = 0; i < SUP_CHILDREN; i++) {
		if (sup->children[i] == child)
			sup->children[i] = NULL;
	}
	rv_channel_free(child->channel);
	free(child);
}

static void add_fault(struct sup *sup, struct sup_launch *l, struct sup_child *child)
{
	unsigned nth = ++sup->spawned[l->role];

	if (sup->opt.fault.role == l->role && sup->opt.fault.instance == nth) {
		sup_launch_arg(l, "--fault", "%llu", (unsigned long long)sup->opt.fault.event);
		child->has_fault = true;
	}
}

static rv_status fork_role(struct sup *sup, struct sup_launch *l, struct sup_child *child,
			   struct rv_diag *diag)
{
	static char *const no_environment[] = {NULL};
	char path[4096];
	pid_t self = getpid();

	if ((size_t)snprintf(path, sizeof(path), "%s/reeve-%s", sup->opt.libexec,
			     rv_role_name(l->role)) >= sizeof(path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--libexec is too long");
	if (access(path, X_OK) != 0)
		return rv_fail_errno(diag, "%s", path);
	child->pid = fork();
	if (child->pid < 0)
		return rv_fail_errno(diag, "fork");
	if (child->pid == 0) {
		child_signals(self);
		child_fds(l->fds, l->fd_count);
		(void)execve(path, l->argv, no_environment);
		_exit(127);
	}
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	RV_BUG_ON(child->pidfd < 0);
	return RV_OK;
}

static rv_status watch(struct sup *sup, struct sup_child *child)
{
	RV_TRY(rv_loop_add(sup->loop, child->pidfd, 1 /* EPOLLIN */, sup_child_exited, child));
	RV_TRY(rv_loop_add(sup->loop, rv_channel_fd(child->channel), 1, sup_channel_readable,
			   child));
	return rv_loop_after(sup->loop, 15 * INT64_C(1000000), sup_hello_late, child,
			     &child->hello_timer);
}

rv_status sup_launch_run(struct sup *sup, struct sup_launch *l, uint64_t job,
			 struct sup_child **out, struct rv_diag *diag)
{
	int pair[2];
	struct sup_child *child = adopt(sup, l, job);

	if (!child)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d roles at once",
			       SUP_CHILDREN);
	add_fault(sup, l, child);
	rv_status s = l->has_failed ? rv_fail_nomem(diag) : sup_pair(pair);

	if (rv_is_ok(s)) {
		RV_BUG_ON(l->fds[0] != -1); /* the place kept for the channel to us */
		l->fds[0] = pair[1];
		s = rv_channel_new(pair[0], RV_ROLE_REEVED, l->role, &child->channel);
	}
	if (rv_is_ok(s))
		s = fork_role(sup, l, child, diag);
	if (!rv_is_ok(s)) {
		disown(sup, child);
		return s;
	}
	s = watch(sup, child);
	if (!rv_is_ok(s))
		sup_child_end(child); /* EXHAUSTED: never watched; ends with us at the latest */
	*out = child;
	return s;
}

/* --- commands: hooks and systemctl --- */

static void child_becomes(const struct sup_user *user)
{
	if (user->uid == UINT32_MAX || (geteuid() != 0 && user->uid == geteuid()))
		return;
	if (setgroups(user->gid == UINT32_MAX ? 0 : 1, &user->gid) != 0 ||
	    setresgid(user->gid, user->gid, user->gid) != 0 ||
	    setresuid(user->uid, user->uid, user->uid) != 0)
		_exit(126);
}

rv_status sup_command_run(const char *const *argv, const struct sup_user *user, pid_t *out_pid,
			  int *out_pidfd, int *out_pipe, struct rv_diag *diag)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = {path, NULL};
	char *args[RV_GRANT_WORDS + 1] = {NULL};
	int p[2];

	for (size_t i = 0; i < RV_GRANT_WORDS && argv[i]; i++)
		memcpy(&args[i], &argv[i], sizeof(args[i])); /* execve() reads them only */
	if (pipe2(p, O_CLOEXEC) != 0)
		return rv_fail_errno(diag, "pipe");
	pid_t self = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		if (dup2(p[1], 2) < 0 || setsid() < 0 || chdir("/") != 0)
			_exit(126);
		child_becomes(user); /* clears the death signal, so before it */
		child_signals(self);
		child_fds(NULL, 0);
		(void)execve(args[0], args, environment);
		_exit(127);
	}
	(void)close(p[1]); /* ours of the two */
	if (pid < 0) {
		(void)close(p[0]);
		return rv_fail_errno(diag, "fork");
	}
	*out_pid = pid;
	*out_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	RV_BUG_ON(*out_pidfd < 0);
	(void)fcntl(p[0], F_SETFL, O_NONBLOCK); /* a pipe takes it */
	*out_pipe = p[0];
	return RV_OK;
}

unsigned sup_reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 255;
	}
	return WIFSIGNALED(status) ? 128U + (unsigned)WTERMSIG(status)
				   : (unsigned)WEXITSTATUS(status);
}
