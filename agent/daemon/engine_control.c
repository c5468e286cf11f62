/* daemon: the control socket: who calls, what they may, one request after the other. Not here: what
 * a verb does. */
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/daemon/engine_core.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_IN_FRAME 59000
#define REPLY_MAX      ((size_t)256 << 20)
#define GROUPS_MAX     256

/* --- rights ------------------------------------------------------------------------------------
 */
static uint32_t set_number(const struct rv_role_args *args, const char *key)
{
	const char *z = rv_role_set(args, key, NULL);
	char *end = NULL;
	unsigned long v = z ? strtoul(z, &end, 10) : UINT32_MAX;

	return z && end != z && *end == '\0' && v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static bool in_group(const gid_t *groups, size_t count, uint32_t gid)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i] == gid)
			return gid != UINT32_MAX;
	return false;
}

/* 0 when the caller may not even read. */
static unsigned right_of(struct rv_engine *e, int fd, uint32_t *out_uid)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	gid_t groups[GROUPS_MAX + 1] = {0};
	socklen_t groups_len = GROUPS_MAX * sizeof(gid_t);

	*out_uid = UINT32_MAX;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return 0;
	*out_uid = cred.uid;
	if (cred.uid == 0 || (!e->is_root && cred.uid == geteuid()))
		return RV_RIGHT_APPLY;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_len) != 0)
		groups_len = 0;
	size_t count = groups_len / sizeof(gid_t);
	groups[count++] = cred.gid;
	if (in_group(groups, count, set_number(e->args, "gid_operators")))
		return RV_RIGHT_PLAN;
	if (in_group(groups, count, set_number(e->args, "gid_reeve")))
		return RV_RIGHT_READ;
	return 0;
}

rv_status rv_ctl_need(const struct rv_ctl *ctl, enum rv_right right, struct rv_diag *diag)
{
	if (ctl->right >= right)
		return RV_OK;
	rv_diag_next(diag, "%s",
		     right == RV_RIGHT_APPLY
			     ? "sudo reeve ... (only root applies)"
			     : "be in the group reeve-operators, or sudo reeve ...");
	return rv_fail(RV_CLASS_DENIED, diag, "uid %u may not do this (%s)", ctl->uid, ctl->verb);
}

/* --- answers -----------------------------------------------------------------------------------
 */
static int exit_code_of(enum rv_class class_id)
{
	switch (class_id) {
	case RV_CLASS_OK:
		return 0;
	case RV_CLASS_RETRY:
	case RV_CLASS_EXHAUSTED:
	case RV_CLASS_UNSURE:
		return 3;
	case RV_CLASS_DENIED:
	case RV_CLASS_CONFLICT:
		return 4;
	case RV_CLASS_MISCONFIGURED:
	case RV_CLASS_NOT_FOUND:
	case RV_CLASS_MALFORMED:
	case RV_CLASS_BUG:
	case RV_CLASS__COUNT:
		return 2;
	}
	return 2;
}

/* A failure: its class, sentence and way out, and whatever the handler put in data beside them. */
static json_t *error_document(rv_status s, const struct rv_diag *diag, const json_t *data)
{
	const char *class_name = rv_class_name(rv_class_of(s));
	RV_CLEANUP(rv_jsonp)
	json_t *error = json_pack("{s:s, s:s}", "class", class_name, "text",
				  diag->text[0] ? diag->text : class_name);

	if (!error ||
	    json_object_set_new(error, "next",
				diag->next[0] ? json_string(diag->next) : json_null()) != 0)
		return NULL;
	if (json_is_object(data) &&
	    json_object_update_missing(error, (json_t *)(uintptr_t)data) != 0)
		return NULL;
	return json_pack("{s:i, s:O}", "v", 1, "error", error);
}

/* The engine never waits for a caller: one that leaves its answers unread is cut off, and the loop
 * sees its end. */
static bool is_reading(struct rv_client *client)
{
	int fd = rv_channel_fd(client->channel);
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0)
		return true;
	(void)shutdown(fd, SHUT_RDWR); /* fails only when it is gone already */
	return false;
}

static rv_status send_reply(struct rv_client *client, uint64_t req, int exit_code,
			    const json_t *document, int reply_fd)
{
	RV_CLEANUP(rv_fd_closep) int large = -1;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	struct rv_rec_ctl_reply body = {.exit_code = (uint64_t)exit_code};
	int fd = reply_fd;

	rv_buf_init(&text, REPLY_MAX);
	RV_TRY(rv_json_canonical(document, &text));
	if (text.len <= REPLY_IN_FRAME) {
		body.json = rv_buf_view(&text);
	} else {
		RV_TRY(rv_memfd_sealed("reply", text.data, text.len, &large));
		fd = large;
	}
	return rv_channel_send_fds(client->channel, RV_MSG_ctl_reply, req, 0, &body, &fd,
				   fd >= 0 ? 1 : 0);
}

static void answer(struct rv_client *client, uint64_t req, rv_status s, const struct rv_ctl *ctl,
		   const json_t *data, const struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *document = NULL;
	int exit_code = exit_code_of(rv_class_of(s));

	if (!client || !is_reading(client))
		return;
	if (rv_is_ok(s)) {
		document = json_pack("{s:i, s:O?}", "v", 1, "data", data);
		exit_code = ctl ? ctl->exit_code : 0;
	} else {
		document = error_document(s, diag, data);
	}
	rv_status sent =
		document ? send_reply(client, req, exit_code, document, ctl ? ctl->reply_fd : -1)
			 : rv_fail_nomem(NULL);
	if (!rv_is_ok(sent) && rv_class_of(sent) != RV_CLASS_NOT_FOUND)
		rv_log(RV_WARNING, "a reply was not sent", "class",
		       rv_class_name(rv_class_of(sent)), NULL);
}

void rv_ctl_progress(struct rv_ctl *ctl, const json_t *doc)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, 8192);
	if (!ctl->client || !rv_is_ok(rv_json_canonical(doc, &text)) || !is_reading(ctl->client))
		return;
	const struct rv_rec_ctl_progress body = {.json = rv_buf_view(&text)};
	rv_status s = rv_channel_send(ctl->client->channel, RV_MSG_ctl_progress, 0, 0, &body);
	(void)s; /* a courtesy: a caller that is gone is noticed by its channel */
}

/* --- requests ------------------------------------------------------------------------------------
 */
static rv_status parse(const struct rv_frame *frame, struct rv_job *job, struct rv_diag *diag)
{
	struct rv_rec_ctl_request body;

	RV_TRY(rv_frame_body(frame, RV_MSG_ctl_request, &body, diag));
	RV_TRY(rv_json_parse(body.json, &job->document, diag));
	if (!json_is_object(job->document) || rv_json_int(job->document, "v", 0) != 1)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a request is an object with \"v\":1");
	const char *verb = rv_json_text(job->document, "verb", "");
	job->verb = rv_verb_named(verb);
	if (!job->verb) {
		rv_diag_next(diag, "reeve --help");
		return rv_fail(RV_CLASS_MALFORMED, diag, "the agent knows no verb \"%.64s\"", verb);
	}
	job->name = job->verb->name;
	job->ctl.verb = job->verb->name;
	json_t *args = json_object_get(job->document, "args");
	if (!args && json_object_set_new(job->document, "args", json_object()) != 0)
		return rv_fail_nomem(diag);
	job->ctl.args = json_object_get(job->document, "args");
	if (!json_is_object(job->ctl.args))
		return rv_fail(RV_CLASS_MALFORMED, diag, "\"args\" is an object");
	return RV_OK;
}

void rv_control_serve(struct rv_engine *e, struct rv_job *job)
{
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_jsonp) json_t *data = NULL;
	rv_status s = rv_ctl_need(&job->ctl, job->verb->right, &diag);

	if (rv_is_ok(s))
		s = job->verb->handler(e, &job->ctl, &data, &diag);
	else
		rv_log(RV_WARNING, "a request was refused", "verb", job->verb->name, NULL);
	answer(job->ctl.client, job->req, s, &job->ctl, data, &diag);
	if (job->ctl.reply_fd >= 0)
		rv_fd_closep(&job->ctl.reply_fd);
}

static bool must_queue(const struct rv_engine *e, const struct rv_verb *verb)
{
	if (verb->flags & RV_VERB_JOB)
		return true;
	if (verb->flags & RV_VERB_NOW)
		return false;
	return verb->right > RV_RIGHT_READ && (e->core->running || e->core->queued > 0);
}

static void on_request(struct rv_client *client, struct rv_frame *frame)
{
	struct rv_engine *e = client->engine;
	struct rv_diag diag = {0};
	struct rv_job *job = calloc(1, sizeof(*job));

	if (!job)
		return; /* the caller's deadline tells it */
	job->req = frame->header.req;
	job->ctl = (struct rv_ctl){.verb = "",
				   .uid = client->uid,
				   .right = client->right,
				   .fd = -1,
				   .reply_fd = -1,
				   .client = client};
	if (frame->fd_count == 1)
		job->ctl.fd = RV_TAKE_FD(frame->fds[0]);
	rv_status s = parse(frame, job, &diag);
	if (rv_is_ok(s) && must_queue(e, job->verb)) {
		s = rv_jobs_put(e, job);
		if (rv_is_ok(s))
			return;
		rv_diag_next(&diag, "wait for the running job: reeve status");
		rv_diag_set(&diag, "%d requests wait already", RV_QUEUE_MAX);
	}
	if (rv_is_ok(s))
		rv_control_serve(e, job);
	else
		answer(client, job->req, s, NULL, NULL, &diag);
	rv_job_free(job);
}

/* --- connections
 * ----------------------------------------------------------------------------------- */
static void drop_client(struct rv_client *client)
{
	struct rv_engine *e = client->engine;
	struct rv_client **slot = &e->core->clients;

	while (*slot != client)
		slot = &(*slot)->next;
	*slot = client->next;
	e->core->client_count--;
	rv_jobs_forget_client(e, client);
	rv_loop_remove(e->loop, rv_channel_fd(client->channel));
	rv_channel_free(client->channel);
	free(client);
	if (e->is_session && e->core->client_count == 0)
		rv_engine_stop(e, 0);
}

/* One request per event: an impatient caller does not keep the others waiting. */
static void on_client(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct rv_client *client = user;
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};

	(void)loop;
	(void)fd;
	(void)events;
	rv_status s = rv_channel_receive(client->channel, 0, &frame, &diag);
	if (rv_class_of(s) == RV_CLASS_RETRY)
		return;
	if (rv_is_ok(s) && frame.header.type == RV_MSG_ctl_request && frame.fd_count <= 1) {
		on_request(client, &frame);
		return;
	}
	if (rv_class_of(s) != RV_CLASS_NOT_FOUND)
		rv_log(RV_WARNING, "a caller broke the protocol", "why", diag.text, NULL);
	drop_client(client);
}

static rv_status add_client(struct rv_engine *e, int fd)
{
	uint32_t uid = 0;
	unsigned right = right_of(e, fd, &uid);

	if (right == 0 || e->core->client_count >= RV_CLIENTS_MAX) {
		rv_fd_closep(&fd);
		return rv_fail(RV_CLASS_DENIED, NULL, "refused");
	}
	struct rv_client *client = calloc(1, sizeof(*client));
	if (!client) {
		rv_fd_closep(&fd);
		return rv_fail_nomem(NULL);
	}
	*client = (struct rv_client){.engine = e, .uid = uid, .right = (enum rv_right)right};
	rv_status s = rv_channel_new(fd, RV_ROLE_ENGINE, RV_ROLE_CLI, &client->channel);
	if (rv_is_ok(s))
		s = rv_loop_add(e->loop, fd, EPOLLIN, on_client, client);
	if (!rv_is_ok(s)) {
		rv_channel_free(client->channel);
		free(client);
		return s;
	}
	client->next = e->core->clients;
	e->core->clients = client;
	e->core->client_count++;
	return RV_OK;
}

static void on_listen(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct rv_engine *e = user;

	(void)loop;
	(void)events;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return; /* gone again, or out of descriptors: the next event tells */
	rv_status s = add_client(e, client);
	if (!rv_is_ok(s))
		rv_log(RV_WARNING, "a caller was turned away", "class",
		       rv_class_name(rv_class_of(s)), NULL);
}

rv_status rv_control_start(struct rv_engine *e, struct rv_diag *diag)
{
	int listen_fd = rv_role_fd(e->args, "listen");
	int control_fd = rv_role_fd(e->args, "control");

	if (control_fd >= 0)
		return add_client(e, control_fd);
	if (listen_fd < 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeved passed no control socket");
	return rv_loop_add(e->loop, listen_fd, EPOLLIN, on_listen, e);
}

void rv_control_stop(struct rv_engine *e)
{
	bool was_session = e->is_session;

	e->is_session = false; /* the end of the last caller is no news now */
	while (e->core->clients)
		drop_client(e->core->clients);
	e->is_session = was_session;
}
