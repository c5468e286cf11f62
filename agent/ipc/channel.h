/* ipc: one end of a SOCK_SEQPACKET pair between two known roles. Receivers trust lengths, ids and
 * order as much as a stranger's. Not here: spawning (daemon/). */
#pragma once

#include "agent/ipc/frame.h"

struct rv_channel; /* owns its fd */

/* takes fd. `self` and `other` fix which messages may be sent and received here. */
RV_NODISCARD rv_status rv_channel_new(int fd, enum rv_role self, enum rv_role other,
				      struct rv_channel **out);
void rv_channel_free(struct rv_channel *ch);
void rv_channel_freep(struct rv_channel **ch);
int rv_channel_fd(const struct rv_channel *ch); /* for rv_loop */
/* How long a send waits for a peer that does not read; 30000 from the start. */
void rv_channel_set_timeout(struct rv_channel *ch, int timeout_ms);

/* A received frame. The body borrows from the channel's buffer until the next receive; fds are
 * owned by the frame until taken (RV_TAKE_FD on frame->fds[i]). */
struct rv_frame {
	struct rv_header header;
	const struct rv_msg_desc *desc;
	struct rv_str body;
	int fds[RV_FRAME_FDS];
	size_t fd_count;
};
void rv_frame_done(struct rv_frame *frame); /* closes what was not taken */

/* Encodes and sends one message; blocks until the socket takes it (at most `timeout_ms` of the
 * channel, default 30 s, then UNSURE). fds are borrowed. RETRY is never returned.
 * NOT_FOUND: the peer is gone. BUG: the table does not allow this message here. */
RV_NODISCARD rv_status rv_channel_send(struct rv_channel *ch, enum rv_msg type, uint64_t req,
				       uint64_t job, const void *body_record);
RV_NODISCARD rv_status rv_channel_send_fds(struct rv_channel *ch, enum rv_msg type, uint64_t req,
					   uint64_t job, const void *body_record, const int *fds,
					   size_t fd_count);
/* The same with the whole header: for `flags` (RV_FRAME_LAST) and `deadline_ms`; len is filled in.
 */
RV_NODISCARD rv_status rv_channel_send_frame(struct rv_channel *ch, const struct rv_header *header,
					     const void *body_record, const int *fds,
					     size_t fd_count);
/* Wipes the last received frame now (its body is gone). The next receive and _free do it too. */
void rv_channel_wipe(struct rv_channel *ch);
/* Receives one frame. timeout_ms: -1 waits for ever, 0 polls (RETRY when nothing is there).
 * NOT_FOUND: the peer closed. MALFORMED: the peer broke the protocol; the channel is then dead and
 * the caller drops the peer. */
RV_NODISCARD rv_status rv_channel_receive(struct rv_channel *ch, int timeout_ms,
					  struct rv_frame *out, struct rv_diag *diag);
/* Decodes a frame's body into the struct of its message. */
RV_NODISCARD rv_status rv_frame_body(const struct rv_frame *frame, enum rv_msg expected, void *out,
				     struct rv_diag *diag);
/* Sends `type` and waits for `answer` with the same req. Other frames meanwhile: MALFORMED. On a
 * timeout after sending: UNSURE. The caller gets the frame (for its fds and body). */
RV_NODISCARD rv_status rv_channel_call(struct rv_channel *ch, enum rv_msg type, uint64_t job,
				       const void *body, enum rv_msg answer, int timeout_ms,
				       struct rv_frame *out, struct rv_diag *diag);
uint64_t rv_channel_next_req(struct rv_channel *ch);
