/* discover: frames in, findings out. Not here: what is found. */
#include "agent/discover/look.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <poll.h>

struct look {
	struct rv_channel *engine;
	struct rv_channel *open;
	struct rv_intake *in;
	uint64_t req;
	uint64_t job;
};

static rv_status to_engine(void *user, enum rv_msg type, const void *record)
{
	struct look *l = user;

	return rv_channel_send(l->engine, type, l->req, l->job, record);
}

static rv_status take_files(struct look *l, struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_files files;
	struct rv_rec_file_item item;
	bool is_ok = true;
	size_t n = 0;

	RV_TRY(rv_frame_body(frame, RV_MSG_files, &files, diag));
	struct rv_str cursor = files.items;
	while (rv_list_next(&cursor, &rv_desc_file_item, &item, &is_ok)) {
		if (n == frame->fd_count)
			return rv_fail(RV_CLASS_MALFORMED, diag, "more files than descriptors");
		RV_TRY(rv_intake_file(l->in, frame->fds[n], &item));
		rv_fd_closep(&frame->fds[n]);
		n++;
	}
	if (!is_ok || n != frame->fd_count)
		return rv_fail(RV_CLASS_MALFORMED, diag, "files and descriptors do not match");
	return RV_OK;
}

static rv_status end_walk(struct look *l)
{
	struct rv_rec_discovered done;

	RV_TRY(rv_intake_end(l->in, &done));
	return rv_channel_send(l->engine, RV_MSG_discovered, l->req, l->job, &done);
}

static rv_status from_open(struct look *l, struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_skipped_file skipped;
	struct rv_rec_seen_listener listener;
	struct rv_rec_files_end end;

	switch (frame->header.type) {
	case RV_MSG_files:
		return take_files(l, frame, diag);
	case RV_MSG_skipped_file:
		RV_TRY(rv_frame_body(frame, RV_MSG_skipped_file, &skipped, diag));
		return rv_intake_skipped(l->in, &skipped);
	case RV_MSG_seen_listener:
		RV_TRY(rv_frame_body(frame, RV_MSG_seen_listener, &listener, diag));
		return rv_intake_listener(l->in, &listener);
	case RV_MSG_files_end:
		RV_TRY(rv_frame_body(frame, RV_MSG_files_end, &end, diag));
		return end_walk(l);
	default: /* outside data */
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s from open", frame->desc->name);
	}
}

static rv_status from_engine(struct look *l, struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_parse_served served;
	struct rv_rec_parsed parsed;
	uint64_t before = rv_intake_findings(l->in);

	RV_TRY(rv_frame_body(frame, RV_MSG_parse_served, &served, diag));
	RV_TRY(rv_intake_served(l->in, &served));
	parsed = (struct rv_rec_parsed){.findings = rv_intake_findings(l->in) - before};
	return rv_channel_send(l->engine, RV_MSG_parsed, l->req, l->job, &parsed);
}

typedef rv_status take_fn(struct look *l, struct rv_frame *frame, struct rv_diag *diag);

/* One frame. NOT_FOUND: that peer is gone. */
static rv_status take_one(struct look *l, struct rv_channel *from, take_fn *take,
			  struct rv_diag *diag)
{
	struct rv_frame frame;

	RV_TRY(rv_channel_receive(from, 0, &frame, diag));
	l->req = frame.header.req;
	l->job = frame.header.job;
	rv_status s = take(l, &frame, diag);
	rv_frame_done(&frame);
	/* The engine gone while we answer ends the role, as its hang-up does. */
	return s;
}

static rv_status loop(struct look *l, struct rv_diag *diag)
{
	for (;;) {
		struct pollfd fds[2] = {
			{.fd = rv_channel_fd(l->engine), .events = POLLIN},
			{.fd = l->open ? rv_channel_fd(l->open) : -1, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return rv_fail_errno(diag, "poll");
		}
		if (fds[0].revents) {
			rv_status s = take_one(l, l->engine, from_engine, diag);

			if (!rv_is_ok(s) && rv_class_of(s) != RV_CLASS_RETRY)
				return s;
		}
		if (fds[1].revents) {
			rv_status s = take_one(l, l->open, from_open, diag);

			if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
				l->open = NULL; /* its walks are over; the engine hears of it */
			else if (!rv_is_ok(s) && rv_class_of(s) != RV_CLASS_RETRY)
				return s;
		}
	}
}

rv_status rv_look_run(struct rv_channel *engine, struct rv_channel *open,
		      struct rv_scanner *scanner, const struct rv_secret *fleet,
		      const struct rv_secret *host, struct rv_diag *diag)
{
	struct look l = {.engine = engine, .open = open};

	RV_TRY(rv_intake_new(scanner, fleet, host, (struct rv_sink){to_engine, &l}, &l.in));
	rv_status s = loop(&l, diag);
	rv_intake_free(l.in);
	return rv_class_of(s) == RV_CLASS_NOT_FOUND ? RV_OK : s;
}
