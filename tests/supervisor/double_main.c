/* tests: stands in for any role under the real reeved. It starts as the real ones do
 * (rv_role_start, same walls). As the engine it is a puppet: it passes every frame and descriptor
 * between reeved and its control connection, so that the test itself speaks as the engine.
 * Behaviour is read, before confinement, from the file NAME.does beside the program's name. */
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/role/start.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

static char does[32] = "good";

static void read_behaviour(const char *exec_path)
{
	char path[4096];
	struct rv_buf text;

	(void)snprintf(path, sizeof(path), "%s.does", exec_path);
	rv_buf_init(&text, sizeof(does) - 1);
	if (rv_is_ok(rv_file_read(path, sizeof(does) - 1, &text, NULL)))
		(void)snprintf(does, sizeof(does), "%s", rv_buf_cstr(&text));
	rv_buf_done(&text);
}

static bool is_doing(const char *what)
{
	return strcmp(does, what) == 0;
}

/* One datagram with its descriptors from one socket to another; false at the end. */
static bool pass_on(int from, int to)
{
	static char bytes[RV_FRAME_MAX];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * RV_FRAME_FDS)];
	} control;
	struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.room,
			     .msg_controllen = sizeof(control.room)};
	ssize_t n = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);

	if (n <= 0)
		return false;
	iov.iov_len = (size_t)n;
	bool sent = sendmsg(to, &msg, MSG_NOSIGNAL) == n;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			(void)close(fd); /* the copy that went on is the other side's */
		}
	}
	return sent;
}

static int puppet(const struct rv_role_args *args, struct rv_channel *sup)
{
	int control = rv_role_fd(args, "control");
	int listener = rv_role_fd(args, "listen");

	while (control < 0) {
		struct pollfd p = {.fd = listener, .events = POLLIN};

		if (poll(&p, 1, -1) > 0)
			control = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	for (;;) {
		struct pollfd p[2] = {{.fd = control, .events = POLLIN},
				      {.fd = rv_channel_fd(sup), .events = POLLIN}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (p[0].revents != 0 && !pass_on(control, rv_channel_fd(sup)))
			return 0;
		if (p[1].revents != 0 && !pass_on(rv_channel_fd(sup), control))
			return 0;
	}
}

/* The others: answer nothing, end with the engine. A broker takes its peers. */
static int wait_for_the_end(struct rv_channel *sup, struct rv_channel *engine)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = rv_channel_fd(engine), .events = POLLIN},
				      {.fd = rv_channel_fd(sup), .events = POLLIN}};
		struct rv_frame frame = {0};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		struct rv_channel *from = p[1].revents != 0 ? sup : engine;

		if (!rv_is_ok(rv_channel_receive(from, 0, &frame, NULL)))
			return 0;
		rv_frame_done(&frame);
	}
}

static RV_NORETURN void say_wrong_build(const struct rv_role_args *args, struct rv_channel *sup)
{
	struct rv_rec_hello hello = {.role = args->role,
				     .build = RV_STR_LIT("0.0.0-another"),
				     .pid = (uint64_t)getpid()};

	(void)!rv_is_ok(rv_channel_send(sup, RV_MSG_hello, 1, 0, &hello));
	for (;;)
		(void)poll(NULL, 0, -1); /* until it is killed */
}

static enum rv_role role_of(const char *name)
{
	for (unsigned r = RV_ROLE_ENGINE; r <= RV_ROLE_REPORT; r++) {
		if (strcmp(name + strlen("reeve-"), rv_role_name(r)) == 0)
			return (enum rv_role)r;
	}
	return RV_ROLE_ANY;
}

int main(int argc, char **argv)
{
	struct rv_role_args args;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *engine = NULL;
	struct rv_diag diag = {0};
	const char *self =
		(const char *)getauxval(AT_EXECFN); /* NOLINT(performance-no-int-to-ptr) */
	enum rv_role role = role_of(argv[0]);

	read_behaviour(self);
	if (is_doing("crash"))
		return 3;
	if (is_doing("stranger")) {
		if (!rv_is_ok(rv_role_args_parse(argc, argv, role, &args, &diag)) ||
		    !rv_is_ok(rv_channel_new(args.sup_fd, role, RV_ROLE_REEVED, &sup)))
			return 2;
		say_wrong_build(&args, sup);
	}
	rv_status s = rv_role_start(argc, argv, role, &args, &sup, &engine, &diag);

	if (!rv_is_ok(s))
		return rv_role_failed(s, &diag);
	if (is_doing("leave"))
		return 5;
	if (is_doing("twice"))
		(void)!rv_is_ok(rv_role_hello(&args, sup, args.walls));
	return role == RV_ROLE_ENGINE ? puppet(&args, sup) : wait_for_the_end(sup, engine);
}
