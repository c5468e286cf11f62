/* daemon: spawned roles and reeved, as a job speaks to them: send, then step the loop until the
 * answer is there. Not here: what is said. */
#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/daemon/engine_core.h"

#include <stdio.h>
#include <sys/epoll.h>

#define SPAWN_TIMEOUT_MS 15000

rv_status rv_engine_outcome(uint64_t outcome, struct rv_str text, struct rv_diag *diag)
{
	if (outcome == RV_CLASS_OK)
		return RV_OK;
	if (outcome >= RV_CLASS__COUNT)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a role answered with class %u",
			       (unsigned)outcome);
	return rv_fail((enum rv_class)outcome, diag, "%.*s", (int)text.len,
		       text.len ? (const char *)text.data : "");
}

/* --- reeved ------------------------------------------------------------------------------------
 */
static struct rv_peer_node *node_of(struct rv_engine *e, uint64_t job)
{
	struct rv_peer_node *n = e->core->peers;

	while (n && n->peer.job != job)
		n = n->next;
	return n;
}

static void on_exited(struct rv_engine *e, const struct rv_frame *frame)
{
	struct rv_rec_exited body;
	struct rv_peer_node *n = node_of(e, frame->header.job);

	if (!n || !rv_is_ok(rv_frame_body(frame, RV_MSG_exited, &body, NULL)))
		return;
	n->peer.is_dead = true;
	n->peer.exit_code = (unsigned)body.code;
	if (body.code != 0)
		rv_log(RV_WARNING, "a role ended badly", "role", rv_role_name(n->peer.role), NULL);
}

/* The body moves out of the channel's buffer: other frames may arrive before it is read. */
static void deliver(struct rv_sup_waiter *w, struct rv_frame *frame)
{
	memcpy(w->body, frame->body.data, frame->body.len);
	w->frame = *frame;
	w->frame.body = (struct rv_str){w->body, frame->body.len};
	frame->fd_count = 0; /* moved */
	w->is_done = true;
}

static void route(struct rv_engine *e, struct rv_frame *frame)
{
	struct rv_sup_waiter *w = e->core->waiter;

	if (frame->header.type == RV_MSG_exited) {
		on_exited(e, frame);
		return;
	}
	if (w && !w->is_done && w->req == frame->header.req) {
		deliver(w, frame);
		return;
	}
	/* An answer nobody waits for any more: a role that came up too late must not stay. */
	if (frame->header.type == RV_MSG_spawned) {
		struct rv_rec_stop_job stop = {0};
		rv_status s = rv_channel_send(e->sup, RV_MSG_stop_job, rv_channel_next_req(e->sup),
					      frame->header.job, &stop);
		(void)s; /* reeved gone: seen at once */
	}
}

void rv_engine_on_sup(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct rv_engine *e = user;

	(void)loop;
	(void)fd;
	(void)events;
	for (;;) {
		struct rv_diag diag = {0};
		RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};
		rv_status s = rv_channel_receive(e->sup, 0, &frame, &diag);

		if (rv_class_of(s) == RV_CLASS_RETRY)
			return;
		if (!rv_is_ok(s)) {
			if (rv_class_of(s) != RV_CLASS_NOT_FOUND)
				rv_log(RV_ERROR, "reeved broke the protocol", "why", diag.text,
				       NULL);
			rv_loop_remove(e->loop, rv_channel_fd(e->sup));
			rv_engine_stop(e, rv_class_of(s) == RV_CLASS_NOT_FOUND ? 0 : 2);
			return;
		}
		route(e, &frame);
	}
}

/* Turns the loop until *done, the deadline or the stop. */
static rv_status turn(struct rv_engine *e, const bool *done, int64_t deadline_us)
{
	RV_BUG_ON(rv_db_in_transaction(e->db));
	RV_BUG_ON(e->core->waiting > 0); /* a handler inside a step must not call roles */
	e->core->waiting++;
	rv_status s = RV_OK;
	while (!*done) {
		int64_t left = deadline_us - rv_boot_us();
		if (e->core->is_stopping) {
			s = rv_fail(RV_CLASS_UNSURE, NULL, "stopping");
			break;
		}
		if (left <= 0) {
			s = rv_fail(RV_CLASS_UNSURE, NULL, "no answer in time");
			break;
		}
		s = rv_loop_step(e->loop, left);
		if (!rv_is_ok(s))
			break;
	}
	e->core->waiting--;
	return s;
}

rv_status rv_engine_sup_call(struct rv_engine *e, enum rv_msg type, uint64_t job, const void *body,
			     enum rv_msg answer, int timeout_ms, struct rv_frame *out,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct rv_sup_waiter *w = calloc(1, sizeof(*w));

	if (!w)
		return rv_fail_nomem(diag);
	RV_BUG_ON(e->core->waiter);
	w->req = rv_channel_next_req(e->sup);
	rv_status s = rv_channel_send(e->sup, type, w->req, job, body);
	if (!rv_is_ok(s)) {
		rv_diag_set(diag, "reeved does not take %s", rv_msg_desc((uint16_t)type)->name);
		return s;
	}
	e->core->waiter = w;
	s = turn(e, &w->is_done, rv_boot_us() + (int64_t)timeout_ms * 1000);
	e->core->waiter = NULL;
	if (!rv_is_ok(s)) {
		rv_diag_set(diag, "reeved did not answer %s within %d ms",
			    rv_msg_desc((uint16_t)type)->name, timeout_ms);
		return s;
	}
	if (w->frame.header.type != answer) {
		rv_frame_done(&w->frame);
		return rv_fail(RV_CLASS_MALFORMED, diag, "reeved answered %s with %s",
			       rv_msg_desc((uint16_t)type)->name, w->frame.desc->name);
	}
	/* The last answer of reeved stays readable until the next one. */
	free(e->core->sup_answer);
	e->core->sup_answer = RV_TAKE(w);
	*out = e->core->sup_answer->frame;
	e->core->sup_answer->frame.fd_count = 0;
	return RV_OK;
}

rv_status rv_engine_wait(struct rv_engine *e, int64_t wait_us)
{
	const bool never = false;
	rv_status s = turn(e, &never, rv_boot_us() + wait_us);

	if (e->core->is_stopping)
		return rv_fail(RV_CLASS_RETRY, NULL, "the engine stops");
	return rv_class_of(s) == RV_CLASS_UNSURE ? RV_OK : s;
}

rv_status rv_engine_refresh_grants(struct rv_engine *e, struct rv_diag *diag)
{
	bool ok = true;
	struct rv_rec_grants body;
	struct rv_rec_text_item item;
	struct rv_rec_ask_grants ask = {0};
	RV_CLEANUP(rv_jsonp) json_t *lines = json_array();
	RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};

	if (!lines)
		return rv_fail_nomem(diag);
	RV_TRY(rv_engine_sup_call(e, RV_MSG_ask_grants, 0, &ask, RV_MSG_grants, 5000, &frame,
				  diag));
	RV_TRY(rv_frame_body(&frame, RV_MSG_grants, &body, diag));
	struct rv_str cursor = body.lines;
	while (rv_list_next(&cursor, &rv_desc_text_item, &item, &ok))
		if (json_array_append_new(
			    lines, json_stringn((const char *)item.text.data, item.text.len)) != 0)
			return rv_fail(RV_CLASS_MALFORMED, diag, "a grant is not UTF-8");
	if (!ok)
		return rv_fail(RV_CLASS_MALFORMED, diag, "the list of grants does not decode");
	e->is_root = body.is_root != 0;
	e->sup_pid = (uint32_t)body.pid;
	(void)snprintf(e->grants_error, sizeof(e->grants_error), "%.*s", (int)body.error.len,
		       body.error.len ? (const char *)body.error.data : "");
	json_decref(e->grants);
	e->grants = RV_TAKE(lines);
	return RV_OK;
}

/* --- spawned roles -------------------------------------------------------------------------------
 */
static rv_status dir_list(const struct rv_spawn_opts *opts, struct rv_buf *list)
{
	for (size_t i = 0; i < opts->dir_count; i++) {
		struct rv_rec_text_item item = {.text = rv_str_of(opts->dirs[i])};
		RV_TRY(rv_list_add(list, &rv_desc_text_item, &item));
	}
	return RV_OK;
}

static rv_status adopt(struct rv_engine *e, const struct rv_spawn_opts *opts, uint64_t job,
		       struct rv_frame *frame, const struct rv_rec_spawned *body,
		       struct rv_peer **out, struct rv_diag *diag)
{
	if (frame->fd_count != 1)
		return rv_fail(RV_CLASS_MALFORMED, diag, "reeved sent no channel to the new role");
	RV_CLEANUP(rv_freep) struct rv_peer_node *node = calloc(1, sizeof(*node));
	if (!node)
		return rv_fail_nomem(diag);
	node->peer.job = job;
	node->peer.role = opts->role;
	node->peer.pid = (uint32_t)body->pid;
	node->peer.walls = body->walls;
	RV_TRY(rv_channel_new(RV_TAKE_FD(frame->fds[0]), RV_ROLE_ENGINE, opts->role,
			      &node->peer.channel));
	node->next = e->core->peers;
	e->core->peers = node;
	*out = &RV_TAKE(node)->peer;
	return RV_OK;
}

rv_status rv_engine_spawn(struct rv_engine *e, const struct rv_spawn_opts *opts,
			  struct rv_peer **out, struct rv_diag *diag)
{
	struct rv_rec_spawned answer;
	RV_CLEANUP(rv_buf_done) struct rv_buf dirs = {0};
	RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};

	rv_buf_init(&dirs, 16384);
	RV_TRY(dir_list(opts, &dirs));
	const struct rv_rec_spawn body = {
		.role = opts->role,
		.broker_job = opts->broker_job,
		.peer_job = opts->peer_job,
		.plugin = rv_str_of(opts->plugin ? opts->plugin : ""),
		.dirs = rv_buf_view(&dirs),
		.uid = opts->uid,
		.gid = opts->gid,
	};
	uint64_t job = ++e->core->next_job;
	RV_TRY(rv_engine_sup_call(e, RV_MSG_spawn, job, &body, RV_MSG_spawned, SPAWN_TIMEOUT_MS,
				  &frame, diag));
	RV_TRY(rv_frame_body(&frame, RV_MSG_spawned, &answer, diag));
	rv_status s = rv_engine_outcome(answer.outcome, answer.text, diag);
	if (!rv_is_ok(s)) {
		rv_diag_prefix(diag, "cannot start reeve-%s", rv_role_name(opts->role));
		return s;
	}
	return adopt(e, opts, job, &frame, &answer, out, diag);
}

void rv_engine_stop_job(struct rv_engine *e, struct rv_peer *peer)
{
	struct rv_peer_node **slot = &e->core->peers;
	const struct rv_rec_stop_job stop = {0};

	if (!peer)
		return;
	if (!peer->is_dead) {
		rv_status s = rv_channel_send(e->sup, RV_MSG_stop_job, rv_channel_next_req(e->sup),
					      peer->job, &stop);
		(void)s; /* reeved gone: everything ends */
	}
	while (*slot && &(*slot)->peer != peer)
		slot = &(*slot)->next;
	RV_BUG_ON(!*slot);
	struct rv_peer_node *node = *slot;
	*slot = node->next;
	rv_channel_free(node->peer.channel);
	free(node);
}

void rv_engine_stop_peers(struct rv_engine *e)
{
	while (e->core->peers)
		rv_engine_stop_job(e, &e->core->peers->peer);
	free(e->core->sup_answer);
	e->core->sup_answer = NULL;
}

static void on_ready(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	(void)loop;
	(void)fd;
	(void)events;
	*(bool *)user = true;
}

rv_status rv_engine_receive(struct rv_engine *e, struct rv_peer *peer, int timeout_ms,
			    struct rv_frame *out, struct rv_diag *diag)
{
	int fd = rv_channel_fd(peer->channel);
	int64_t deadline = rv_boot_us() + (int64_t)timeout_ms * 1000;

	for (;;) {
		bool ready = false;
		rv_status s = rv_channel_receive(peer->channel, 0, out, diag);
		if (rv_class_of(s) == RV_CLASS_NOT_FOUND) {
			peer->is_dead = true;
			rv_diag_set(diag, "reeve-%s (pid %u) ended", rv_role_name(peer->role),
				    peer->pid);
		}
		if (rv_class_of(s) != RV_CLASS_RETRY)
			return s;
		RV_TRY(rv_loop_add(e->loop, fd, EPOLLIN, on_ready, &ready));
		s = turn(e, &ready, deadline);
		rv_loop_remove(e->loop, fd);
		if (!rv_is_ok(s)) {
			rv_diag_set(diag, "reeve-%s (pid %u) did not answer within %d ms",
				    rv_role_name(peer->role), peer->pid, timeout_ms);
			return s;
		}
	}
}

rv_status rv_engine_call_fds(struct rv_engine *e, struct rv_peer *peer, enum rv_msg type,
			     const void *body, const int *fds, size_t fd_count, enum rv_msg answer,
			     int timeout_ms, struct rv_frame *out, struct rv_diag *diag)
{
	const struct rv_header header = {
		.type = (uint16_t)type,
		.req = rv_channel_next_req(peer->channel),
		.job = peer->job,
		.deadline_ms = (uint32_t)timeout_ms,
	};

	RV_BUG_ON(rv_db_in_transaction(e->db));
	rv_status s = rv_channel_send_frame(peer->channel, &header, body, fds, fd_count);
	if (!rv_is_ok(s)) {
		rv_diag_set(diag, "reeve-%s (pid %u) does not take %s", rv_role_name(peer->role),
			    peer->pid, rv_msg_desc((uint16_t)type)->name);
		return s;
	}
	s = rv_engine_receive(e, peer, timeout_ms, out, diag);
	/* It died with the request in its hands: it may have done it. */
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
		return rv_fail(RV_CLASS_UNSURE, diag, "reeve-%s ended before it answered",
			       rv_role_name(peer->role));
	RV_TRY(s);
	if (out->header.type == (uint16_t)answer && out->header.req == header.req)
		return RV_OK;
	s = rv_fail(RV_CLASS_MALFORMED, diag, "reeve-%s answered %s with %s",
		    rv_role_name(peer->role), rv_msg_desc((uint16_t)type)->name, out->desc->name);
	rv_frame_done(out);
	return s;
}

rv_status rv_engine_call(struct rv_engine *e, struct rv_peer *peer, enum rv_msg type,
			 const void *body, enum rv_msg answer, int timeout_ms, struct rv_frame *out,
			 struct rv_diag *diag)
{
	return rv_engine_call_fds(e, peer, type, body, NULL, 0, answer, timeout_ms, out, diag);
}
