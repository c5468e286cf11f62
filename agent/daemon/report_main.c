/* daemon: reeve-report, the role that has the network. It reads its own identity directory, the
 * token file it is handed, and what the inventory answers; nothing else. Ends when the engine's
 * channel closes. */
#include "agent/base/fd.h"
#include "agent/report/courier.h"
#include "agent/role/start.h"

#include <stdio.h>

#define BODY_MAX ((size_t)8 * 1024 * 1024)

struct report {
	struct rv_courier courier;
	struct rv_channel *engine;
};

/* The reply's text: what happened, and what to do about it. */
static void text_of(const struct rv_diag *diag, char out[512])
{
	snprintf(out, 512, "%.300s%s%.180s", diag->text, diag->next[0] ? "; next: " : "",
		 diag->next);
}

static rv_status on_enrol(struct report *r, struct rv_frame *frame, struct rv_diag *diag)
{
	RV_CLEANUP(rv_courier_result_done) struct rv_courier_result result = {0};
	RV_CLEANUP(rv_freep) char *url = NULL;
	RV_CLEANUP(rv_freep) char *pin = NULL;
	RV_CLEANUP(rv_freep) char *facts = NULL;
	struct rv_rec_enrol ask;
	struct rv_diag why = {0};
	char text[512];

	RV_TRY(rv_frame_body(frame, RV_MSG_enrol, &ask, diag));
	if (frame->fd_count != 1)
		return rv_fail(RV_CLASS_MALFORMED, diag, "enrol without a token file");
	url = rv_str_dup(ask.url);
	pin = rv_str_dup(ask.ca_pin);
	facts = rv_str_dup(ask.facts);
	if (!url || !pin || !facts)
		return rv_fail(RV_CLASS_MALFORMED, diag, "enrol: a text with NUL");
	rv_status done =
		rv_courier_enrol(&r->courier, url, pin, frame->fds[0], facts, &result, &why);
	text_of(&why, text);
	const struct rv_rec_enrolled answer = {
		.outcome = (uint64_t)rv_class_of(done),
		.code = rv_str_of(result.code),
		.text = rv_str_of(text),
		.host_id = rv_str_of(rv_is_ok(done) ? r->courier.id.host_id : ""),
		.expires_at_us = rv_is_ok(done) ? r->courier.id.not_after_us : 0,
	};
	return rv_channel_send(r->engine, RV_MSG_enrolled, frame->header.req, frame->header.job,
			       &answer);
}

/* A body too large for a frame comes as a sealed memfd. */
static rv_status body_of(const struct rv_frame *frame, const struct rv_rec_post *ask,
			 struct rv_buf *out, struct rv_diag *diag)
{
	if (frame->fd_count == 0)
		return rv_buf_put(out, ask->body.data, ask->body.len);
	return rv_fd_read_all(frame->fds[0], out, diag);
}

static rv_status on_post(struct report *r, struct rv_frame *frame, struct rv_diag *diag)
{
	RV_CLEANUP(rv_courier_result_done) struct rv_courier_result result = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf body = {0};
	RV_CLEANUP(rv_freep) char *path = NULL;
	struct rv_rec_post ask;
	struct rv_diag why = {0};
	char text[512];

	rv_buf_init(&body, BODY_MAX);
	RV_TRY(rv_frame_body(frame, RV_MSG_post, &ask, diag));
	RV_TRY(body_of(frame, &ask, &body, diag));
	path = rv_str_dup(ask.path);
	if (!path)
		return rv_fail(RV_CLASS_MALFORMED, diag, "post: a path with NUL");
	rv_status done = rv_courier_post(&r->courier, path, rv_buf_view(&body), &result, &why);
	text_of(&why, text);
	const struct rv_rec_posted answer = {
		.outcome = (uint64_t)rv_class_of(done),
		.http_status = result.http_status,
		.code = rv_str_of(result.code),
		.retry_after_s = result.retry_after_s,
		.body = rv_buf_view(&result.body),
		.text = rv_str_of(text),
	};
	return rv_channel_send(r->engine, RV_MSG_posted, frame->header.req, frame->header.job,
			       &answer);
}

static rv_status on_unenrol(struct report *r, struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_diag why = {0};
	rv_status done = rv_courier_forget(&r->courier, &why);
	const struct rv_rec_unenrolled answer = {
		.outcome = (uint64_t)rv_class_of(done),
		.text = rv_str_of(why.text),
	};

	(void)diag;
	return rv_channel_send(r->engine, RV_MSG_unenrolled, frame->header.req, frame->header.job,
			       &answer);
}

static rv_status serve(struct report *r, struct rv_diag *diag)
{
	for (;;) {
		struct rv_frame frame = {0};
		rv_status status = rv_channel_receive(r->engine, -1, &frame, diag);

		if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
			return RV_OK;
		RV_TRY(status);
		switch (frame.header.type) {
		case RV_MSG_enrol:
			status = on_enrol(r, &frame, diag);
			break;
		case RV_MSG_post:
			status = on_post(r, &frame, diag);
			break;
		case RV_MSG_unenrol:
			status = on_unenrol(r, &frame, diag);
			break;
		default:
			status = rv_fail(RV_CLASS_MALFORMED, diag, "no such request");
			break;
		}
		rv_frame_done(&frame);
		RV_TRY(status);
	}
}

int main(int argc, char **argv)
{
	struct rv_role_args args;
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
	struct report report = {0};
	rv_status r = rv_http_init();

	if (rv_is_ok(r))
		r = rv_role_start(argc, argv, RV_ROLE_REPORT, &args, &sup, &report.engine, &diag);
	const char *dir = rv_is_ok(r) ? rv_role_set(&args, "identity", NULL) : NULL;
	if (rv_is_ok(r) && !dir)
		r = rv_fail(RV_CLASS_MISCONFIGURED, &diag, "no --set identity=DIR");
	if (rv_is_ok(r))
		r = rv_courier_open(dir, &report.courier, &diag);
	if (rv_is_ok(r))
		r = serve(&report, &diag);
	rv_courier_done(&report.courier);
	rv_channel_freep(&report.engine);
	return rv_is_ok(r) ? 0 : rv_role_failed(r, &diag);
}
