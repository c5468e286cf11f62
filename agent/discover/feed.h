/* discover (open side): batches descriptors and sends them to reeve-discover. Links no parser. Not
 * here: walking (walk.h). */
#pragma once

#include "agent/ipc/channel.h"
#include "agent/model/kinds.h"

struct rv_feed {
	struct rv_channel *discover; /* borrowed */
	uint64_t req;		     /* of the engine's request, repeated in every frame */
	uint64_t job;
	struct rv_buf items;
	int fds[RV_FRAME_FDS];
	size_t count;
	uint64_t bytes; /* of the files together */
	uint64_t files;
	uint64_t dirs;
	uint64_t skipped;
};

void rv_feed_init(struct rv_feed *feed, struct rv_channel *discover, uint64_t req, uint64_t job);
void rv_feed_done(struct rv_feed *feed); /* closes what was not sent */
/* takes fd, also on failure. Sends when 64 are together, the frame is full, or the files are so
 * large that the other side would keep us waiting too long. */
RV_NODISCARD rv_status rv_feed_file(struct rv_feed *feed, const struct rv_rec_file_item *item,
				    int fd);
RV_NODISCARD rv_status rv_feed_skip(struct rv_feed *feed, struct rv_str path, enum rv_skip reason,
				    uint64_t size);
RV_NODISCARD rv_status rv_feed_listener(struct rv_feed *feed,
					const struct rv_rec_seen_listener *seen);
RV_NODISCARD rv_status rv_feed_flush(struct rv_feed *feed);
/* Flushes and says files_end. */
RV_NODISCARD rv_status rv_feed_end(struct rv_feed *feed);
