/* discover (open side): requests in, descriptors out. */
#include "agent/discover/opening.h"

#include "agent/discover/feed.h"
#include "agent/discover/filter.h"
#include "agent/discover/listeners.h"
#include "agent/discover/sources.h"
#include "agent/discover/walk.h"

static rv_status walk_roots(struct rv_walk *walk, struct rv_str roots)
{
	struct rv_rec_text_item item;
	bool is_ok = true;

	walk->is_default = roots.len == 0;
	for (const char *const *root = rv_default_roots; walk->is_default && *root; root++)
		RV_TRY(rv_walk_root(walk, rv_str_of(*root)));
	while (rv_list_next(&roots, &rv_desc_text_item, &item, &is_ok))
		RV_TRY(rv_walk_root(walk, item.text));
	return is_ok ? RV_OK : rv_fail(RV_CLASS_MALFORMED, NULL, "list of roots");
}

/* Order matters: sources first (they are then not looked at twice), package lists last (they are
 * only asked about what was found). */
static rv_status walk_all(const struct rv_opening *o, const struct rv_rec_walk *req,
			  struct rv_feed *feed, struct rv_diag *diag)
{
	struct rv_walk walk;

	RV_TRY(rv_walk_init(&walk, o->root, feed, diag));
	walk.excludes = req->excludes;
	if (req->max_file_bytes > 0)
		walk.max_file_bytes = req->max_file_bytes;
	rv_status s = req->want_accounts ? rv_sources_accounts(&walk) : RV_OK;
	if (rv_is_ok(s))
		s = walk_roots(&walk, req->roots);
	if (rv_is_ok(s) && req->want_listeners) {
		s = rv_feed_flush(feed);
		/* No answer of the kernel is no reason to lose the files. */
		if (rv_is_ok(s))
			s = rv_listeners_tell(o->diag_fd, 0, feed, NULL);
		if (rv_class_of(s) == RV_CLASS_RETRY || rv_class_of(s) == RV_CLASS_MISCONFIGURED)
			s = RV_OK;
	}
	if (rv_is_ok(s) && req->want_accounts)
		s = rv_sources_packages(&walk);
	rv_walk_done(&walk);
	return s;
}

static rv_status finish(const struct rv_opening *o, struct rv_feed *feed)
{
	struct rv_rec_walked walked;

	RV_TRY(rv_feed_end(feed));
	walked = (struct rv_rec_walked){
		.files = feed->files, .dirs = feed->dirs, .skipped = feed->skipped};
	return rv_channel_send(o->engine, RV_MSG_walked, feed->req, feed->job, &walked);
}

static rv_status on_walk(const struct rv_opening *o, const struct rv_frame *frame,
			 struct rv_feed *feed, struct rv_diag *diag)
{
	struct rv_rec_walk req;

	RV_TRY(rv_frame_body(frame, RV_MSG_walk, &req, diag));
	return walk_all(o, &req, feed, diag);
}

static rv_status on_listeners(const struct rv_opening *o, const struct rv_frame *frame,
			      struct rv_feed *feed, struct rv_diag *diag)
{
	struct rv_rec_look_listeners req;

	RV_TRY(rv_frame_body(frame, RV_MSG_look_listeners, &req, diag));
	return rv_listeners_tell(o->diag_fd, (uint16_t)req.port, feed, diag);
}

static rv_status answer(const struct rv_opening *o, const struct rv_frame *frame,
			struct rv_diag *diag)
{
	struct rv_feed feed;
	rv_status s;

	rv_feed_init(&feed, o->discover, frame->header.req, frame->header.job);
	if (frame->header.type == RV_MSG_walk)
		s = on_walk(o, frame, &feed, diag);
	else if (frame->header.type == RV_MSG_look_listeners)
		s = on_listeners(o, frame, &feed, diag);
	else
		s = rv_fail(RV_CLASS_MALFORMED, diag, "%s from engine", frame->desc->name);
	if (rv_is_ok(s))
		s = finish(o, &feed);
	rv_feed_done(&feed);
	return s;
}

rv_status rv_opening_run(const struct rv_opening *o, struct rv_diag *diag)
{
	for (;;) {
		struct rv_frame frame;
		rv_status s = rv_channel_receive(o->engine, -1, &frame, diag);

		if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
			return RV_OK;
		RV_TRY(s);
		s = answer(o, &frame, diag);
		rv_frame_done(&frame);
		RV_TRY(s);
	}
}
