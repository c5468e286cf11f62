/* ipc: one datagram per message over SOCK_SEQPACKET, descriptors by SCM_RIGHTS. Whatever breaks the
 * table or the framing kills the channel. Not here: what a message means. */
#include "agent/ipc/channel.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/ipc/role.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEND_TIMEOUT_MS 30000
#define NO_FDS		0

struct rv_channel {
	int fd;
	enum rv_role self;
	enum rv_role other;
	uint64_t next_req;
	int timeout_ms; /* of a send */
	bool is_dead;
	size_t used; /* bytes of the last frame: wiped before the next */
	struct rv_buf out;
	uint8_t in[RV_FRAME_MAX];
};

static bool role_fits(unsigned in_table, enum rv_role actual)
{
	if (in_table == RV_ROLE_ANY)
		return actual != RV_ROLE_CLI;
	if (in_table == RV_ROLE_PEER)
		return actual == RV_ROLE_PEER || actual == RV_ROLE_PLACE ||
		       actual == RV_ROLE_PLUGHOST;
	return in_table == (unsigned)actual;
}

rv_status rv_channel_new(int fd, enum rv_role self, enum rv_role other, struct rv_channel **out)
{
	struct rv_channel *ch = calloc(1, sizeof(*ch));

	if (!ch) {
		rv_fd_closep(&fd);
		return rv_fail_nomem(NULL);
	}
	ch->fd = fd;
	ch->self = self;
	ch->other = other;
	ch->timeout_ms = SEND_TIMEOUT_MS;
	rv_buf_init(&ch->out, RV_FRAME_MAX);
	*out = ch;
	return RV_OK;
}

void rv_channel_wipe(struct rv_channel *ch)
{
	explicit_bzero(ch->in, ch->used);
	ch->used = 0;
}

void rv_channel_free(struct rv_channel *ch)
{
	if (!ch)
		return;
	rv_channel_wipe(ch);
	rv_buf_done(&ch->out);
	rv_fd_closep(&ch->fd);
	free(ch);
}

void rv_channel_freep(struct rv_channel **ch)
{
	rv_channel_free(*ch);
	*ch = NULL;
}

int rv_channel_fd(const struct rv_channel *ch)
{
	return ch->fd;
}

void rv_channel_set_timeout(struct rv_channel *ch, int timeout_ms)
{
	ch->timeout_ms = timeout_ms;
}

uint64_t rv_channel_next_req(struct rv_channel *ch)
{
	return ++ch->next_req;
}

void rv_frame_done(struct rv_frame *frame)
{
	for (size_t i = 0; i < frame->fd_count && i < RV_FRAME_FDS; i++)
		rv_fd_closep(&frame->fds[i]);
	frame->fd_count = 0;
}

/* Waits until the socket is ready. OK, RETRY on the timeout; an error or hang-up counts as ready:
 * the call that follows names it. deadline_us < 0: for ever. */
static rv_status wait_ready(int fd, short events, int64_t deadline_us)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int wait_ms = -1;

		if (deadline_us >= 0) {
			int64_t left = deadline_us - rv_boot_us();

			wait_ms = left <= 0 ? 0 : (int)((left + 999) / 1000);
		}
		int n = poll(&p, 1, wait_ms);

		if (n > 0)
			return RV_OK;
		if (n == 0)
			return rv_fail(RV_CLASS_RETRY, NULL, "nothing yet");
		if (errno != EINTR)
			return rv_fail_errno(NULL, "poll");
	}
}

static rv_status send_once(struct rv_channel *ch, const struct msghdr *msg)
{
	int64_t deadline = rv_boot_us() + (int64_t)ch->timeout_ms * 1000;

	for (;;) {
		if (sendmsg(ch->fd, msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return RV_OK;
		if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) {
			ch->is_dead = true;
			return rv_fail(RV_CLASS_NOT_FOUND, NULL, "the peer is gone");
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS)
			return rv_fail_errno(NULL, "sendmsg");
		rv_status ready = wait_ready(ch->fd, POLLOUT, deadline);

		if (rv_class_of(ready) == RV_CLASS_RETRY)
			return rv_fail(RV_CLASS_UNSURE, NULL, "the peer does not read");
		RV_TRY(ready);
	}
}

static rv_status encode(struct rv_channel *ch, const struct rv_msg_desc *desc, struct rv_header *h,
			const void *body)
{
	rv_buf_reset(&ch->out);
	if (!rv_buf_reserve(&ch->out, RV_FRAME_HEADER))
		return rv_fail_nomem(NULL);
	ch->out.len = RV_FRAME_HEADER;
	if (desc->body->count > 0)
		RV_TRY(rv_record_encode(desc->body, body, &ch->out));
	h->len = (uint32_t)(ch->out.len - RV_FRAME_HEADER);
	rv_header_encode(h, ch->out.data);
	return RV_OK;
}

rv_status rv_channel_send_frame(struct rv_channel *ch, const struct rv_header *header,
				const void *body_record, const int *fds, size_t fd_count)
{
	const struct rv_msg_desc *desc = rv_msg_desc(header->type);

	if (ch->is_dead)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "the channel is dead");
	if (!desc || !role_fits(desc->from, ch->self) || !role_fits(desc->to, ch->other) ||
	    fd_count > desc->max_fds)
		return rv_fail(RV_CLASS_BUG, NULL, "message %u may not go from %s to %s",
			       header->type, rv_role_name(ch->self), rv_role_name(ch->other));
	struct rv_header h = *header;

	RV_TRY(encode(ch, desc, &h, body_record));
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * RV_FRAME_FDS)];
	} control = {0};
	struct iovec iov = {.iov_base = ch->out.data, .iov_len = ch->out.len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd_count > 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	rv_fault_point(desc->name);
	rv_status sent = send_once(ch, &msg);

	explicit_bzero(ch->out.data, ch->out.len);
	rv_buf_reset(&ch->out);
	return sent;
}

rv_status rv_channel_send_fds(struct rv_channel *ch, enum rv_msg type, uint64_t req, uint64_t job,
			      const void *body_record, const int *fds, size_t fd_count)
{
	struct rv_header h = {.type = (uint16_t)type, .req = req, .job = job};

	return rv_channel_send_frame(ch, &h, body_record, fds, fd_count);
}

rv_status rv_channel_send(struct rv_channel *ch, enum rv_msg type, uint64_t req, uint64_t job,
			  const void *body_record)
{
	return rv_channel_send_fds(ch, type, req, job, body_record, NULL, NO_FDS);
}

/* Takes every descriptor of every control message; what does not fit is closed and counts. */
static bool collect_fds(struct msghdr *msg, struct rv_frame *frame)
{
	bool ok = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			ok = false;
			continue;
		}
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int fd = -1;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (frame->fd_count < RV_FRAME_FDS) {
				frame->fds[frame->fd_count++] = fd;
			} else {
				rv_fd_closep(&fd);
				ok = false;
			}
		}
	}
	return ok;
}

static rv_status check_frame(const struct rv_channel *ch, struct rv_frame *frame, size_t len,
			     struct rv_diag *diag)
{
	RV_TRY(rv_header_decode((struct rv_str){ch->in, len}, &frame->header, diag));
	frame->desc = rv_msg_desc(frame->header.type);
	frame->body = (struct rv_str){ch->in + RV_FRAME_HEADER, frame->header.len};
	if (!role_fits(frame->desc->from, ch->other) || !role_fits(frame->desc->to, ch->self))
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s may not be sent here",
			       frame->desc->name);
	if (frame->fd_count > frame->desc->max_fds)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s with %zu descriptors",
			       frame->desc->name, frame->fd_count);
	return RV_OK;
}

static rv_status receive_one(struct rv_channel *ch, struct rv_frame *frame, struct rv_diag *diag)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * RV_FRAME_FDS)];
	} control;
	struct iovec iov = {.iov_base = ch->in, .iov_len = sizeof(ch->in)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.room,
			     .msg_controllen = sizeof(control.room)};
	ssize_t n = recvmsg(ch->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return rv_fail(RV_CLASS_RETRY, NULL, "nothing yet");
	if (n == 0 || (n < 0 && errno == ECONNRESET)) {
		ch->is_dead = true;
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s closed the channel",
			       rv_role_name(ch->other));
	}
	if (n < 0)
		return rv_fail_errno(diag, "receiving from %s", rv_role_name(ch->other));
	ch->used = (size_t)n;
	bool fds_ok = collect_fds(&msg, frame);

	if (!fds_ok || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "truncated frame or surplus descriptors");
	return check_frame(ch, frame, (size_t)n, diag);
}

rv_status rv_channel_receive(struct rv_channel *ch, int timeout_ms, struct rv_frame *out,
			     struct rv_diag *diag)
{
	int64_t deadline = timeout_ms < 0 ? -1 : rv_boot_us() + (int64_t)timeout_ms * 1000;
	struct rv_frame frame = {0};

	if (ch->is_dead)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "the channel to %s is dead",
			       rv_role_name(ch->other));
	rv_channel_wipe(ch);
	rv_status s;

	do {
		RV_TRY(wait_ready(ch->fd, POLLIN, deadline));
		s = receive_one(ch, &frame, diag);
	} while (rv_class_of(s) == RV_CLASS_RETRY);
	if (!rv_is_ok(s)) {
		rv_frame_done(&frame);
		ch->is_dead = true;
		rv_diag_prefix(diag, "from %s", rv_role_name(ch->other));
		return s;
	}
	rv_fault_point(frame.desc->name);
	*out = frame;
	return RV_OK;
}

rv_status rv_frame_body(const struct rv_frame *frame, enum rv_msg expected, void *out,
			struct rv_diag *diag)
{
	if (frame->header.type != (uint16_t)expected)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s where %s was due", frame->desc->name,
			       rv_msg_desc((uint16_t)expected)->name);
	return rv_record_decode(frame->desc->body, frame->body, out, diag);
}

rv_status rv_channel_call(struct rv_channel *ch, enum rv_msg type, uint64_t job, const void *body,
			  enum rv_msg answer, int timeout_ms, struct rv_frame *out,
			  struct rv_diag *diag)
{
	uint64_t req = rv_channel_next_req(ch);
	struct rv_header h = {.type = (uint16_t)type, .req = req, .job = job};
	struct rv_frame frame = {0};

	if (timeout_ms > 0)
		h.deadline_ms = (uint32_t)timeout_ms;
	RV_TRY(rv_channel_send_frame(ch, &h, body, NULL, NO_FDS));
	rv_status got = rv_channel_receive(ch, timeout_ms, &frame, diag);

	if (rv_class_of(got) == RV_CLASS_RETRY)
		return rv_fail(RV_CLASS_UNSURE, diag, "%s did not answer in %d ms",
			       rv_msg_desc((uint16_t)type)->name, timeout_ms);
	RV_TRY(got);
	if (frame.header.type != (uint16_t)answer || frame.header.req != req) {
		const char *name = frame.desc->name;

		rv_frame_done(&frame);
		ch->is_dead = true;
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s answered by %s",
			       rv_msg_desc((uint16_t)type)->name, name);
	}
	*out = frame;
	return RV_OK;
}
