/* discover (open side): frames of descriptors. */
#include "agent/discover/feed.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <errno.h>
#include <poll.h>

#define ITEMS_MAX 60000
/* A slow disk gives 10 MB a second; a channel waits 30 s for its other side. */
#define BYTES_MAX   (UINT64_C(32) << 20)
#define PATIENCE_US (INT64_C(30) * 1000000)

void rv_feed_init(struct rv_feed *feed, struct rv_channel *discover, uint64_t req, uint64_t job)
{
	*feed = (struct rv_feed){.discover = discover, .req = req, .job = job};
	rv_buf_init(&feed->items, ITEMS_MAX);
}

static void drop_fds(struct rv_feed *feed)
{
	for (size_t i = 0; i < feed->count; i++)
		rv_fd_closep(&feed->fds[i]);
	feed->count = 0;
	feed->bytes = 0;
	rv_buf_reset(&feed->items);
}

void rv_feed_done(struct rv_feed *feed)
{
	drop_fds(feed);
	rv_buf_done(&feed->items);
}

/* The kernel bounds descriptors in flight per user: past it (ETOOMANYREFS) wait for the other side
 * to take some. */
static rv_status send_patiently(struct rv_feed *feed, const struct rv_rec_files *files)
{
	int64_t deadline = rv_boot_us() + PATIENCE_US;

	for (;;) {
		rv_status s = rv_channel_send_fds(feed->discover, RV_MSG_files, feed->req,
						  feed->job, files, feed->fds, feed->count);

		if (rv_is_ok(s) || s.errno_was != ETOOMANYREFS || rv_boot_us() > deadline)
			return s;
		(void)poll(NULL, 0, 2); /* only waits */
	}
}

rv_status rv_feed_flush(struct rv_feed *feed)
{
	struct rv_rec_files files = {.items = rv_buf_view(&feed->items)};

	if (feed->count == 0)
		return RV_OK;
	rv_status s = send_patiently(feed, &files);
	drop_fds(feed);
	return s;
}

rv_status rv_feed_file(struct rv_feed *feed, const struct rv_rec_file_item *item, int fd)
{
	RV_CLEANUP(rv_fd_closep) int own = fd;
	size_t whole = feed->items.len;

	if (feed->count == RV_FRAME_FDS || feed->bytes >= BYTES_MAX) {
		RV_TRY(rv_feed_flush(feed));
		whole = 0;
	}
	rv_status s = rv_list_add(&feed->items, &rv_desc_file_item, item);
	if (rv_class_of(s) == RV_CLASS_EXHAUSTED && feed->count > 0) {
		feed->items.len = whole;
		RV_TRY(rv_feed_flush(feed));
		s = rv_list_add(&feed->items, &rv_desc_file_item, item);
	}
	RV_TRY(s);
	feed->fds[feed->count++] = RV_TAKE_FD(own);
	feed->bytes += item->size_bytes;
	feed->files++;
	return RV_OK;
}

rv_status rv_feed_skip(struct rv_feed *feed, struct rv_str path, enum rv_skip reason, uint64_t size)
{
	struct rv_rec_skipped_file rec = {.path = path, .reason = reason, .size_bytes = size};

	if (rec.path.len > RV_PATH_MAX)
		rec.path.len = RV_PATH_MAX;
	feed->skipped++;
	return rv_channel_send(feed->discover, RV_MSG_skipped_file, feed->req, feed->job, &rec);
}

rv_status rv_feed_listener(struct rv_feed *feed, const struct rv_rec_seen_listener *seen)
{
	return rv_channel_send(feed->discover, RV_MSG_seen_listener, feed->req, feed->job, seen);
}

rv_status rv_feed_end(struct rv_feed *feed)
{
	struct rv_rec_files_end end = {0};

	RV_TRY(rv_feed_flush(feed));
	return rv_channel_send(feed->discover, RV_MSG_files_end, feed->req, feed->job, &end);
}
