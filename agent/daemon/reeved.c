/* daemon: reeved's main: prepare, start the engine, loop, end. */
#include "agent/daemon/reeved.h"

#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/ipc/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ORDERLY_US (10 * INT64_C(1000000))

void sup_notify(const struct sup *sup, const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (sup->opt.once_fd >= 0 || !path || strlen(path) >= sizeof(to.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, strlen(path));
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* an abstract name */
	RV_CLEANUP(rv_fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) /* nobody listening is nobody's trouble */
		(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
}

static size_t count_children(const struct sup *sup)
{
	size_t n = 0;

	for (size_t i = 0; i < SUP_CHILDREN; i++)
		n += sup->children[i] != NULL;
	return n;
}

static void end_all(struct rv_loop *loop, void *user)
{
	struct sup *sup = user;

	(void)loop; /* the supervisor knows its loop */
	for (size_t i = 0; i < SUP_CHILDREN; i++) {
		if (sup->children[i])
			sup_child_end(sup->children[i]);
	}
}

/* The engine is asked to end; the others see it go. Whoever stays is killed. */
void sup_stop(struct sup *sup, int code)
{
	bool is_first = !sup->is_stopping;
	uint64_t id;

	sup->is_stopping = true;
	sup->exit_code = code;
	if (count_children(sup) == 0) {
		rv_loop_stop(sup->loop, code);
		return;
	}
	if (!is_first)
		return;
	sup_notify(sup, "STOPPING=1");
	if (sup->engine)
		(void)kill(sup->engine->pid, SIGTERM); /* not reaped yet: its own number */
	if (!sup->engine || !rv_is_ok(rv_loop_after(sup->loop, ORDERLY_US, end_all, sup, &id)))
		end_all(sup->loop, sup);
}

static void on_signal(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct signalfd_siginfo info;
	struct sup *sup = user;

	(void)loop, (void)events; /* one kind */
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		sup_grants_load(sup);
		rv_log(RV_INFO, "grants read again", NULL);
		if (sup->engine && sup->engine->has_said_hello)
			(void)kill(sup->engine->pid, SIGHUP); /* policies; it lives: not reaped */
	} else {
		sup_stop(sup, 0);
	}
}

static rv_status harden(struct sup *sup, struct rv_diag *diag)
{
	struct rlimit none = {0, 0};

	(void)umask(077); /* returns the old one */
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return rv_fail_errno(diag, "forbidding dumps");
	if (sup->opt.once_fd >= 0 && fcntl(sup->opt.once_fd, F_SETFD, FD_CLOEXEC) != 0)
		return rv_fail_errno(diag, "--once-fd %d", sup->opt.once_fd);
	return RV_OK;
}

static rv_status start(struct sup *sup, struct rv_diag *diag)
{
	RV_TRY(harden(sup, diag));
	RV_TRY(rv_loop_new(&sup->loop));
	RV_TRY(sup_prepare(sup, diag));
	sup_grants_load(sup);
	RV_TRY(rv_signal_fd(false, &sup->signal_fd));
	RV_TRY(rv_loop_add(sup->loop, sup->signal_fd, EPOLLIN, on_signal, sup));
	if (sup->opt.fault.role == RV_ROLE_REEVED)
		rv_fault_arm(sup->opt.fault.event);
	return sup_engine_start(sup, diag);
}

int main(int argc, char **argv)
{
	static struct sup sup = {.listen_fd = -1, .lock_fd = -1, .signal_fd = -1, .state_fd = -1};
	struct rv_diag diag = {0};

	rv_log_name("reeved");
	sup.is_root = geteuid() == 0;
	rv_status s = sup_options_parse(argc, argv, &sup.opt, &diag);

	if (rv_is_ok(s))
		s = start(&sup, &diag);
	if (!rv_is_ok(s)) {
		rv_log(RV_ERROR, "reeved does not start", "why", diag.text, "next", diag.next,
		       NULL);
		return 2;
	}
	int code = rv_loop_run(sup.loop);

	sup_tasks_drop(&sup);
	rv_grants_done(&sup.grants);
	rv_loop_free(sup.loop);
	return code;
}
