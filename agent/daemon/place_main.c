/* daemon: reeve-place, a one-shot role that stages, swaps and observes files in the directories it
 * was given, as their owner. It decides nothing (act/deploy.h). Ends when the engine's channel
 * closes. */
#include "agent/act/deploy.h"
#include "agent/role/start.h"

#include <errno.h>
#include <poll.h>

struct place {
	struct rv_deploy deploy;
	struct rv_channel *engine;
	struct rv_channel *broker; /* NULL when only looking was asked for */
};

static rv_status answer(struct place *p, const struct rv_frame *to, enum rv_msg type,
			const void *body)
{
	return rv_channel_send(p->engine, type, to->header.req, to->header.job, body);
}

static rv_status on_survey(struct place *p, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_survey ask;
	struct rv_rec_surveyed out;

	RV_TRY(rv_frame_body(frame, RV_MSG_survey, &ask, diag));
	rv_deploy_survey(&p->deploy, &ask, &out);
	return answer(p, frame, RV_MSG_surveyed, &out);
}

static rv_status on_capture(struct place *p, const struct rv_frame *frame, struct rv_diag *diag)
{
	RV_CLEANUP(rv_secret_freep) struct rv_secret *content = NULL;
	struct rv_rec_capture ask;
	struct rv_rec_captured out;

	RV_TRY(rv_frame_body(frame, RV_MSG_capture, &ask, diag));
	if (!p->broker)
		return rv_fail(RV_CLASS_MALFORMED, diag, "capture without a broker");
	rv_deploy_capture(&p->deploy, &ask, &out, &content);
	if (content) {
		struct rv_rec_secret_back back = {
			.ref = ask.ref,
			.bytes = {rv_secret_reveal(content), rv_secret_len(content)},
		};
		/* Not waited for: the broker acknowledges while the engine asks it to keep. */
		RV_TRY(rv_channel_send(p->broker, RV_MSG_secret_back,
				       rv_channel_next_req(p->broker), 0, &back));
	}
	return answer(p, frame, RV_MSG_captured, &out);
}

static rv_status on_stage(struct place *p, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_stage ask;
	struct rv_rec_staged out;

	RV_TRY(rv_frame_body(frame, RV_MSG_stage, &ask, diag));
	rv_deploy_stage(&p->deploy, &ask, &out);
	return answer(p, frame, RV_MSG_staged, &out);
}

static rv_status on_swap(struct place *p, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_swap ask;
	struct rv_rec_swapped out;

	RV_TRY(rv_frame_body(frame, RV_MSG_swap, &ask, diag));
	rv_deploy_swap(&p->deploy, &ask, &out);
	return answer(p, frame, RV_MSG_swapped, &out);
}

static rv_status on_observe(struct place *p, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_observe ask;
	struct rv_rec_observed out;

	RV_TRY(rv_frame_body(frame, RV_MSG_observe, &ask, diag));
	rv_deploy_observe(&p->deploy, &ask, &out);
	return answer(p, frame, RV_MSG_observed, &out);
}

static rv_status on_clean(struct place *p, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_clean ask;
	struct rv_rec_cleaned out;

	RV_TRY(rv_frame_body(frame, RV_MSG_clean, &ask, diag));
	rv_deploy_clean(&p->deploy, &ask, &out);
	return answer(p, frame, RV_MSG_cleaned, &out);
}

static const struct {
	enum rv_msg type;
	rv_status (*fn)(struct place *p, const struct rv_frame *frame, struct rv_diag *diag);
} handlers[] = {
	{RV_MSG_survey, on_survey}, {RV_MSG_capture, on_capture}, {RV_MSG_stage, on_stage},
	{RV_MSG_swap, on_swap},	    {RV_MSG_observe, on_observe}, {RV_MSG_clean, on_clean},
};

static rv_status hear_engine(struct place *p, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	rv_status r = rv_channel_receive(p->engine, 0, &frame, diag);

	if (!rv_is_ok(r))
		return r;
	r = rv_fail(RV_CLASS_MALFORMED, NULL, "no such request");
	for (size_t i = 0; i < RV_LEN(handlers); i++)
		if ((enum rv_msg)frame.header.type == handlers[i].type)
			r = handlers[i].fn(p, &frame, diag);
	rv_frame_done(&frame);
	return r;
}

static rv_status on_secret(struct place *p, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_secret secret;

	RV_TRY(rv_frame_body(frame, RV_MSG_secret, &secret, diag));
	RV_TRY(rv_deploy_secret(&p->deploy, secret.ref, secret.bytes));
	struct rv_rec_secret_ack ack = {.ref = secret.ref};
	return rv_channel_send(p->broker, RV_MSG_secret_ack, frame->header.req, frame->header.job,
			       &ack);
}

static rv_status hear_broker(struct place *p, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	rv_status r = rv_channel_receive(p->broker, 0, &frame, diag);

	if (!rv_is_ok(r))
		return r;
	if (frame.header.type == RV_MSG_secret)
		r = on_secret(p, &frame, diag);
	rv_frame_done(&frame); /* a secret_back_ack needs nothing */
	return r;
}

/* OK when the engine is gone: then there is nothing left to do. */
static rv_status serve(struct place *p, struct rv_diag *diag)
{
	for (;;) {
		struct pollfd fds[2] = {
			{.fd = rv_channel_fd(p->engine), .events = POLLIN},
			{.fd = p->broker ? rv_channel_fd(p->broker) : -1, .events = POLLIN},
		};
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return rv_fail_errno(diag, "poll");
		if (fds[1].revents) {
			rv_status r = hear_broker(p, diag);
			if (rv_class_of(r) == RV_CLASS_NOT_FOUND)
				rv_channel_freep(&p->broker); /* the engine notices by itself */
			else if (!rv_is_ok(r) && rv_class_of(r) != RV_CLASS_RETRY)
				return r;
		}
		if (fds[0].revents) {
			rv_status r = hear_engine(p, diag);
			if (rv_class_of(r) == RV_CLASS_NOT_FOUND)
				return RV_OK;
			if (!rv_is_ok(r) && rv_class_of(r) != RV_CLASS_RETRY)
				return r;
		}
	}
}

int main(int argc, char **argv)
{
	struct rv_role_args args;
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
	static struct place place; /* large; one per process */
	rv_status r = rv_secret_heap_init(&diag);

	if (rv_is_ok(r))
		r = rv_role_start(argc, argv, RV_ROLE_PLACE, &args, &sup, &place.engine, &diag);
	int broker = rv_is_ok(r) ? rv_role_fd(&args, "broker") : -1;
	if (broker >= 0)
		r = rv_channel_new(broker, RV_ROLE_PLACE, RV_ROLE_BROKER, &place.broker);
	if (!rv_is_ok(r))
		return rv_role_failed(r, &diag);
	rv_deploy_init(&place.deploy, &args);
	r = serve(&place, &diag);
	rv_deploy_done(&place.deploy);
	rv_channel_freep(&place.broker);
	rv_channel_freep(&place.engine);
	return rv_is_ok(r) ? 0 : rv_role_failed(r, &diag);
}
