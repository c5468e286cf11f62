/* daemon: connected sockets for probes: TCP to loopback addresses, nothing else. */
#include "agent/daemon/reeved.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void answer(struct sup *sup, uint64_t req, uint64_t job, rv_status s, const char *text,
		   int fd)
{
	struct rv_rec_connected body = {.outcome = s.class_id, .text = rv_str_of(text)};

	sup_answer(sup, RV_MSG_connected, req, job, &body, fd);
}

static bool is_loopback(struct rv_str addr)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8_t six[16] = {[15] = 1};

	if (addr.len == 4)
		return addr.data[0] == 127;
	return addr.len == 16 && (memcmp(addr.data, six, 16) == 0 ||
				  (memcmp(addr.data, mapped, 12) == 0 && addr.data[12] == 127));
}

static socklen_t fill(struct sockaddr_storage *out, const struct rv_rec_connect *ask)
{
	if (ask->addr.len == 4) {
		struct sockaddr_in a = {.sin_family = AF_INET,
					.sin_port = htons((uint16_t)ask->port)};

		memcpy(&a.sin_addr, ask->addr.data, 4);
		memcpy(out, &a, sizeof(a));
		return sizeof(a);
	}
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)ask->port)};

	memcpy(&a.sin6_addr, ask->addr.data, 16);
	memcpy(out, &a, sizeof(a));
	return sizeof(a);
}

/* For a prober that blocks: no wait longer than the one asked for. */
static void hand_over(struct sup_task *task)
{
	struct timeval limit = {.tv_sec = task->timeout_ms / 1000,
				.tv_usec = (task->timeout_ms % 1000) * 1000};

	(void)fcntl(task->fd, F_SETFL, 0); /* a socket takes it */
	(void)setsockopt(task->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(task->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	answer(task->sup, task->req, task->job, RV_OK, "", task->fd);
}

static void on_connected(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct sup_task *task = user;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)loop, (void)events; /* SO_ERROR tells more */
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0)
		hand_over(task);
	else
		answer(task->sup, task->req, task->job,
		       rv_fail(RV_CLASS_NOT_FOUND, NULL, "connect"), strerror(error), -1);
	sup_task_free(task);
}

static void on_late(struct rv_loop *loop, void *user)
{
	struct sup_task *task = user;

	(void)loop; /* the task knows */
	task->timer = 0;
	answer(task->sup, task->req, task->job, rv_fail(RV_CLASS_RETRY, NULL, "connect"),
	       "no answer in time", -1);
	sup_task_free(task);
}

static rv_status begin(struct sup_task *task, const struct rv_rec_connect *ask,
		       struct rv_diag *diag)
{
	struct sockaddr_storage to = {0};
	socklen_t len = fill(&to, ask);

	task->timeout_ms = ask->timeout_ms == 0 ? 5000 : (uint32_t)ask->timeout_ms;
	task->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (task->fd < 0)
		return rv_fail_errno(diag, "socket");
	if (connect(task->fd, (const struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s", strerror(errno));
	RV_TRY(rv_loop_add(task->sup->loop, task->fd, EPOLLOUT, on_connected, task));
	return rv_loop_after(task->sup->loop, (int64_t)task->timeout_ms * 1000, on_late, task,
			     &task->timer);
}

static rv_status ask_connect(struct sup *sup, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_connect ask;

	RV_TRY(rv_frame_body(frame, RV_MSG_connect, &ask, diag));
	if (!is_loopback(ask.addr))
		return rv_fail(RV_CLASS_DENIED, diag, "probes connect to loopback addresses only");
	struct sup_task *task = sup_task_new(sup, frame, RV_MSG_connected);

	if (!task)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "too many connections at once");
	rv_status s = begin(task, &ask, diag);

	if (!rv_is_ok(s))
		sup_task_free(task);
	return s;
}

void sup_connect_asked(struct sup *sup, const struct rv_frame *frame)
{
	struct rv_diag diag = {0};
	rv_status s = ask_connect(sup, frame, &diag);

	if (!rv_is_ok(s))
		answer(sup, frame->header.req, frame->header.job, s, diag.text, -1);
}
