/* cli: see ask_link.h. */
#include "agent/cli/ask_link.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define START_MS  10000
#define ANSWER_MS 30000 /* more than a request may take, and its pause before */

static RV_NORETURN void become_asker(const char *libexec, bool may_be_open, int fd)
{
	char program[PATH_MAX + 32];
	char self[PATH_MAX];
	char name[] = "reeve-ask";
	char open_option[] = "--no-confine";
	char *argv[] = {name, may_be_open ? open_option : NULL, NULL};
	char *envp[] = {NULL};
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
	    dup2(fd, RV_ASK_FD) < 0 || close_range(RV_ASK_FD + 1, ~0U, 0) != 0)
		_exit(127);
	if (libexec) {
		(void)snprintf(program, sizeof(program), "%s/reeve-ask", libexec); /* cut: none */
		execve(program, argv, envp);
		_exit(127);
	}
	if (n > 0) {
		self[n] = '\0';
		(void)snprintf(program, sizeof(program), "%s-ask", self); /* fits */
		execve(program, argv, envp);
	}
	execve(RV_LIBEXEC_DIR "/reeve-ask", argv, envp);
	_exit(127);
}

rv_status rv_ask_link_open(const char *libexec, bool may_be_open, struct rv_ask_link *link,
			   struct rv_diag *diag)
{
	int pair[2];

	*link = (struct rv_ask_link){.fd = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return rv_fail_errno(diag, "a socket for reeve-ask");
	/* dup2() onto itself would keep O_CLOEXEC. */
	RV_CLEANUP(rv_fd_closep) int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, RV_ASK_FD + 1);
	RV_CLEANUP(rv_fd_closep) int ours = pair[0];
	(void)close(pair[1]); /* its copy goes on */
	if (theirs < 0)
		return rv_fail_errno(diag, "a socket for reeve-ask");
	const pid_t pid = fork();
	if (pid < 0)
		return rv_fail_errno(diag, "starting reeve-ask");
	if (pid == 0)
		become_asker(libexec, may_be_open, theirs);
	link->fd = RV_TAKE_FD(ours);
	return RV_OK;
}

void rv_ask_link_close(struct rv_ask_link *link)
{
	rv_fd_closep(&link->fd);
	explicit_bzero(link->room, sizeof(link->room));
}

static rv_status gone(struct rv_ask_link *link, const char *what, struct rv_diag *diag)
{
	rv_ask_link_close(link);
	rv_diag_next(diag, "reeve --libexec DIR scan ..., where reeve-ask is");
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve-ask %s", what);
}

rv_status rv_ask_link_seal(struct rv_ask_link *link, const struct rv_ask_start *start,
			   const struct rv_rule_request *const *rules, size_t count,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf out = {0};
	struct rv_ask_frame frame;

	RV_TRY(rv_ask_put_start(start, &out));
	rv_status status = rv_ask_send(link->fd, &out);
	for (size_t i = 0; i < count && rv_is_ok(status); i++) {
		RV_TRY(rv_ask_put_allow((uint16_t)i, rules[i], &out));
		status = rv_ask_send(link->fd, &out);
	}
	if (!rv_is_ok(status))
		return gone(link, "cannot be started, or ended at once", diag);
	RV_TRY(rv_ask_put_plain(RV_ASK_SEAL, &out));
	if (!rv_is_ok(rv_ask_send(link->fd, &out)) ||
	    !rv_is_ok(rv_ask_receive(link->fd, START_MS, link->room, &frame)) ||
	    frame.type != RV_ASK_READY)
		return gone(link, "cannot be started, or does not begin", diag);
	return RV_OK;
}

rv_status rv_ask_link_ask(struct rv_ask_link *link, uint16_t rule,
			  const struct rv_ask_question *question, struct rv_ask_answer *out,
			  struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf bytes = {0};
	struct rv_ask_frame frame;

	if (link->fd < 0)
		return rv_fail(RV_CLASS_RETRY, diag, "reeve-ask has ended");
	RV_TRY(rv_ask_put_question(rule, ++link->number, question, &bytes));
	if (!rv_is_ok(rv_ask_send(link->fd, &bytes)) ||
	    !rv_is_ok(rv_ask_receive(link->fd, ANSWER_MS, link->room, &frame)) ||
	    frame.number != link->number || !rv_is_ok(rv_ask_answer_of(&frame, out))) {
		rv_ask_link_close(link);
		return rv_fail(RV_CLASS_RETRY, diag, "reeve-ask has ended");
	}
	return RV_OK;
}
