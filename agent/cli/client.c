/* cli: see client.h. Not here: rendering. */
#include "agent/cli/client.h"

#include "agent/base/fd.h"
#include "agent/ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RV_REPLY_MAX ((size_t)256 << 20)

void rv_reply_done(struct rv_reply *reply)
{
	json_decref(reply->document);
	reply->document = NULL;
	rv_fd_closep(&reply->fd);
}

rv_status rv_client_connect(const char *socket_path, int *out_fd, struct rv_diag *diag)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t path_len = strlen(socket_path);
	if (path_len >= sizeof(address.sun_path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--socket: the path is too long");
	memcpy(address.sun_path, socket_path, path_len + 1);
	RV_CLEANUP(rv_fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return rv_fail_errno(diag, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		*out_fd = RV_TAKE_FD(fd);
		return RV_OK;
	}
	if (errno == EACCES || errno == EPERM) {
		rv_diag_next(diag, "sudo reeve ..., or be in the group reeve (reads) or "
				   "reeve-operators (plans)");
		return rv_fail(RV_CLASS_DENIED, diag, "the agent at %s does not talk to you",
			       socket_path);
	}
	rv_diag_next(diag, "systemctl start reeved, or without an agent: reeve discover --once");
	return rv_fail(RV_CLASS_NOT_FOUND, diag, "no agent answers at %s", socket_path);
}

/* The reply's document: in the frame, or in one memfd when it is large. With a document in the
 * frame, a descriptor is what was asked for (a bundle). */
static rv_status read_reply(struct rv_frame *frame, struct rv_reply *reply, struct rv_diag *diag)
{
	struct rv_rec_ctl_reply body;
	RV_TRY(rv_frame_body(frame, RV_MSG_ctl_reply, &body, diag));
	RV_CLEANUP(rv_buf_done) struct rv_buf large = {0};
	rv_buf_init(&large, RV_REPLY_MAX);
	struct rv_str text = body.json;
	if (frame->fd_count == 1 && lseek(frame->fds[0], 0, SEEK_SET) < 0)
		return rv_fail_errno(diag, "cannot read the agent's answer");
	if (frame->fd_count == 1 && text.len == 0) {
		RV_TRY(rv_fd_read_all(frame->fds[0], &large, diag));
		text = rv_buf_view(&large);
	}
	RV_TRY(rv_json_parse(text, &reply->document, diag));
	reply->exit_code = (int)body.exit_code;
	if (frame->fd_count == 1 && body.json.len > 0)
		reply->fd = RV_TAKE_FD(frame->fds[0]);
	return RV_OK;
}

static void show_progress(const struct rv_frame *frame, struct rv_out *out)
{
	struct rv_rec_ctl_progress body;
	RV_CLEANUP(rv_jsonp) json_t *document = NULL;
	if (!rv_is_ok(rv_frame_body(frame, RV_MSG_ctl_progress, &body, NULL)) ||
	    !rv_is_ok(rv_json_parse(body.json, &document, NULL)))
		return;
	const char *step = rv_out_safe(rv_json_text(document, "step", "..."));
	const char *text = rv_out_safe(rv_json_text(document, "text", ""));
	if (!*text)
		return; /* a step by its name alone tells nobody anything */
	char line[512];
	snprintf(line, sizeof(line), "%.100s: %.390s", step, text);
	if (strcmp(line, out->last_progress) == 0)
		return;
	memcpy(out->last_progress, line, sizeof(line));
	rv_out_progress(out, line);
}

static rv_status send_request(struct rv_channel *channel, const char *verb, const json_t *args,
			      int args_fd, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp)
	json_t *document = json_pack("{s:i, s:s, s:O}", "v", 1, "verb", verb, "args", args);
	if (!document)
		return rv_fail_nomem(diag);
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, 59000);
	if (!rv_is_ok(rv_json_canonical(document, &text)))
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "the request is too large to send");
	struct rv_rec_ctl_request body = {.json = rv_buf_view(&text)};
	return rv_channel_send_fds(channel, RV_MSG_ctl_request, rv_channel_next_req(channel), 0,
				   &body, &args_fd, args_fd >= 0 ? 1 : 0);
}

static rv_status wait_reply(struct rv_channel *channel, struct rv_out *out, struct rv_reply *reply,
			    struct rv_diag *diag)
{
	for (;;) {
		RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};
		rv_status status = rv_channel_receive(channel, -1, &frame, diag);
		if (rv_class_of(status) == RV_CLASS_NOT_FOUND) {
			rv_diag_next(diag, "reeve status, then reeve history X: the journal says "
					   "what was done");
			return rv_fail(RV_CLASS_UNSURE, diag,
				       "the agent went away before it answered");
		}
		RV_TRY(status);
		if (frame.header.type == RV_MSG_ctl_reply)
			return read_reply(&frame, reply, diag);
		show_progress(&frame, out);
	}
}

rv_status rv_client_call(int fd, const char *verb, const json_t *args, int args_fd,
			 struct rv_out *out, struct rv_reply *reply, struct rv_diag *diag)
{
	RV_CLEANUP(rv_channel_freep) struct rv_channel *channel = NULL;
	RV_TRY(rv_channel_new(fd, RV_ROLE_CLI, RV_ROLE_ENGINE, &channel));
	RV_TRY(send_request(channel, verb, args, args_fd, diag));
	rv_status status = wait_reply(channel, out, reply, diag);
	rv_out_progress_end(out);
	return status;
}

static RV_NORETURN void become_agent(const char *libexec, const char *root, int fd)
{
	char program[4096];
	char number[16];
	snprintf(program, sizeof(program), "%s/reeved", libexec);
	snprintf(number, sizeof(number), "%d", fd);
	(void)fcntl(fd, F_SETFD, 0); /* a failure shows as exec'ed without its fd */
	char *const environment[] = {NULL};
	if (root)
		execle(program, program, "--foreground", "--once-fd", number, "--libexec", libexec,
		       "--root", root, (char *)NULL, environment);
	else
		execle(program, program, "--foreground", "--once-fd", number, "--libexec", libexec,
		       (char *)NULL, environment);
	fprintf(stderr, "reeve: cannot start %s: %s\n", program, strerror(errno));
	_exit(2);
}

rv_status rv_client_once(const char *libexec, const char *root, int *out_fd, struct rv_diag *diag)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return rv_fail_errno(diag, "cannot make a socket pair");
	pid_t child = fork();
	if (child < 0) {
		close(pair[0]);
		close(pair[1]);
		return rv_fail_errno(diag, "cannot start a process");
	}
	if (child == 0)
		become_agent(libexec ? libexec : RV_LIBEXEC_DIR, root, pair[1]);
	close(pair[1]);
	*out_fd = pair[0];
	return RV_OK;
}
