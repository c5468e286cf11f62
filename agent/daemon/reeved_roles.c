/* daemon: the life of a role as reeved sees it: SPAWN, HELLO, its end. */
#include "agent/daemon/reeved.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/ipc/role.h"

#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

struct sup_child *sup_child_by_job(const struct sup *sup, uint64_t job)
{
	for (size_t i = 0; job != 0 && i < SUP_CHILDREN; i++) {
		if (sup->children[i] && sup->children[i]->job == job)
			return sup->children[i];
	}
	return NULL;
}

static void say_spawned(struct sup *sup, uint64_t req, uint64_t job, rv_status s, const char *text)
{
	struct rv_rec_spawned no = {.outcome = s.class_id, .text = rv_str_of(text)};

	sup_answer(sup, RV_MSG_spawned, req, job, &no, -1);
}

/* The arguments every role gets. fds[0] is kept for the channel to us. */
static void begin(struct sup *sup, struct sup_launch *l, enum rv_role role)
{
	char name[32];

	l->role = role;
	l->fds[l->fd_count++] = -1;
	(void)snprintf(name, sizeof(name), "reeve-%s", rv_role_name(role)); /* always fits */
	l->argv[l->argc] = strdup(name);
	l->has_failed = !l->argv[l->argc];
	l->argc += l->has_failed ? 0 : 1;
	sup_launch_arg(l, "--sup", "3");
	if (sup->opt.root[0] != '\0')
		sup_launch_arg(l, "--root", "%s", sup->opt.root);
	if (sup->opt.abi != 0)
		sup_launch_arg(l, "--abi", "%u", sup->opt.abi);
}

static rv_status engine_pair(struct sup_launch *l, int *out_engine_end)
{
	int pair[2];

	RV_TRY(sup_pair(pair));
	sup_launch_arg(l, "--engine", "%d", sup_launch_fd(l, pair[1]));
	*out_engine_end = pair[0];
	return RV_OK;
}

/* broker <-> place, plughost: a fresh pair; the broker's end waits for HELLO. discover: the end of
 * the open that will feed it waits in the child. open: gets that end. */
static rv_status pair_up(struct sup *sup, struct sup_launch *l, const struct rv_rec_spawn *ask,
			 int *out_peer_end, struct rv_diag *diag)
{
	int pair[2];

	if (l->role == RV_ROLE_OPEN) {
		struct sup_child *discover = sup_child_by_job(sup, ask->peer_job);

		if (!discover || discover->role != RV_ROLE_DISCOVER || discover->peer_end < 0)
			return rv_fail(RV_CLASS_CONFLICT, diag,
				       "job %llu is no discover that waits for an open",
				       (unsigned long long)ask->peer_job);
		sup_launch_named(l, "discover", RV_TAKE_FD(discover->peer_end));
		return RV_OK;
	}
	if (l->role == RV_ROLE_DISCOVER) {
		RV_TRY(sup_pair(pair));
		sup_launch_named(l, "open", pair[1]);
		*out_peer_end = pair[0];
		return RV_OK;
	}
	if (ask->broker_job == 0)
		return RV_OK;
	struct sup_child *broker = sup_child_by_job(sup, ask->broker_job);

	if (!broker || broker->role != RV_ROLE_BROKER || !broker->has_said_hello ||
	    (l->role != RV_ROLE_PLACE && l->role != RV_ROLE_PLUGHOST))
		return rv_fail(RV_CLASS_CONFLICT, diag, "job %llu is no broker for a %s",
			       (unsigned long long)ask->broker_job, rv_role_name(l->role));
	RV_TRY(sup_pair(pair));
	sup_launch_named(l, "broker", pair[1]);
	*out_peer_end = pair[0];
	return RV_OK;
}

static rv_status spawn(struct sup *sup, const struct rv_frame *frame,
		       const struct rv_rec_spawn *ask, struct rv_diag *diag)
{
	__attribute__((cleanup(sup_launch_done))) struct sup_launch l = {0};
	RV_CLEANUP(rv_fd_closep) int engine_end = -1;
	RV_CLEANUP(rv_fd_closep) int peer_end = -1;
	struct sup_child *child = NULL;

	if (frame->header.job == 0 || sup_child_by_job(sup, frame->header.job))
		return rv_fail(RV_CLASS_CONFLICT, diag, "the job's number is in use");
	if (ask->role <= RV_ROLE_ENGINE || ask->role > RV_ROLE_REPORT)
		return rv_fail(RV_CLASS_DENIED, diag, "role %llu is not for spawning",
			       (unsigned long long)ask->role);
	begin(sup, &l, (enum rv_role)ask->role);
	RV_TRY(engine_pair(&l, &engine_end));
	RV_TRY(pair_up(sup, &l, ask, &peer_end, diag));
	RV_TRY(sup_role_fit(sup, &l, ask, diag));
	RV_TRY(sup_launch_run(sup, &l, frame->header.job, &child, diag));
	child->req = frame->header.req;
	child->engine_end = RV_TAKE_FD(engine_end);
	child->peer_end = RV_TAKE_FD(peer_end);
	child->broker_job = ask->broker_job;
	return RV_OK;
}

void sup_spawn_asked(struct sup *sup, const struct rv_frame *frame)
{
	struct rv_rec_spawn ask = {0}; /* of a broken frame nothing is decoded */
	struct rv_diag diag = {0};
	rv_status s = rv_frame_body(frame, RV_MSG_spawn, &ask, &diag);

	if (rv_is_ok(s))
		s = spawn(sup, frame, &ask, &diag);
	if (!rv_is_ok(s)) {
		rv_log(RV_WARNING, "spawn refused", "role", rv_role_name((unsigned)ask.role), "why",
		       diag.text, NULL);
		say_spawned(sup, frame->header.req, frame->header.job, s, diag.text);
	}
}

rv_status sup_engine_start(struct sup *sup, struct rv_diag *diag)
{
	__attribute__((cleanup(sup_launch_done))) struct sup_launch l = {0};
	const struct rv_rec_spawn none = {.role = RV_ROLE_ENGINE};

	begin(sup, &l, RV_ROLE_ENGINE);
	RV_TRY(sup_role_fit(sup, &l, &none, diag));
	RV_TRY(sup_launch_run(sup, &l, 0, &sup->engine, diag));
	sup->engine_started_us = rv_boot_us();
	return RV_OK;
}

/* The peer is ready: the broker gets its end first, then the engine learns. */
static void introduce(struct sup_child *child)
{
	struct sup *sup = child->sup;
	struct sup_child *broker = sup_child_by_job(sup, child->broker_job);

	if (child->role == RV_ROLE_DISCOVER || child->peer_end < 0)
		return;
	if (broker) {
		struct rv_rec_peer peer = {.job = child->job, .role = child->role};

		if (!rv_is_ok(rv_channel_send_fds(broker->channel, RV_MSG_peer, 0, broker->job,
						  &peer, &child->peer_end, 1)))
			sup_child_end(broker);
	}
	rv_fd_closep(&child->peer_end);
}

static void greet(struct sup_child *child, const struct rv_rec_hello *hello)
{
	struct sup *sup = child->sup;

	child->has_said_hello = true;
	child->walls = hello->walls;
	rv_loop_cancel(sup->loop, child->hello_timer);
	if (child == sup->engine) {
		if (!sup->is_ready)
			sup_notify(sup, "READY=1");
		sup->is_ready = true;
		return;
	}
	introduce(child);
	struct rv_rec_spawned yes = {.pid = (uint64_t)child->pid, .walls = child->walls};

	sup_answer(sup, RV_MSG_spawned, child->req, child->job, &yes, child->engine_end);
	rv_fd_closep(&child->engine_end);
}

static rv_status check_hello(const struct sup_child *child, const struct rv_frame *frame,
			     struct rv_rec_hello *out, struct rv_diag *diag)
{
	RV_TRY(rv_frame_body(frame, RV_MSG_hello, out, diag));
	if (out->role != (uint64_t)child->role || out->pid != (uint64_t)child->pid)
		return rv_fail(RV_CLASS_MALFORMED, diag, "HELLO of another role");
	if (!rv_str_is(out->build, rv_build_id())) {
		rv_diag_next(diag, "install all of Reeve from one build");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "build id differs from reeved's");
	}
	return RV_OK;
}

void sup_channel_readable(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct sup_child *child = user;
	struct sup *sup = child->sup;
	struct rv_frame frame = {0};
	struct rv_rec_hello hello;
	struct rv_diag diag = {0};
	rv_status s = rv_channel_receive(child->channel, 0, &frame, &diag);

	(void)events; /* receiving tells the same */
	if (rv_class_of(s) == RV_CLASS_RETRY)
		return;
	if (rv_is_ok(s) && child == sup->engine && child->has_said_hello) {
		sup_engine_frame(sup, &frame);
		rv_frame_done(&frame);
		return;
	}
	if (rv_is_ok(s) && child->has_said_hello)
		s = rv_fail(RV_CLASS_MALFORMED, &diag, "a second HELLO");
	if (rv_is_ok(s))
		s = check_hello(child, &frame, &hello, &diag);
	if (rv_is_ok(s)) {
		greet(child, &hello);
	} else {
		rv_loop_remove(loop, fd);
		if (rv_class_of(s) != RV_CLASS_NOT_FOUND) {
			rv_log(RV_ERROR, "role broke the protocol", "role",
			       rv_role_name(child->role), "why", diag.text, "next", diag.next,
			       NULL);
			sup_child_end(child);
		}
	}
	rv_frame_done(&frame);
}

void sup_hello_late(struct rv_loop *loop, void *user)
{
	struct sup_child *child = user;

	(void)loop; /* the child knows its supervisor */
	rv_log(RV_ERROR, "role did not start in 15 s", "role", rv_role_name(child->role), NULL);
	sup_child_end(child);
}

void sup_child_end(struct sup_child *child)
{
	child->is_ended = true;
	/* Not reaped yet, so the number is still its own. One that is to die by its own hand gets
	 * another signal, so that its SIGKILL can be told from ours. */
	(void)kill(child->pid, child->has_fault ? SIGUSR1 : SIGKILL);
}

static void log_end(const struct sup_child *child, unsigned code)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", code); /* always fits */
	if (child->has_fault && code == 128 + SIGKILL)
		rv_log(RV_WARNING, "fault fired", "role", rv_role_name(child->role), NULL);
	if (child->is_ended || (child->sup->is_stopping && code == 128 + SIGTERM))
		return;
	if (code == 128 + SIGSYS)
		rv_log(RV_ERROR, "role was killed by its own filter", "role",
		       rv_role_name(child->role), NULL);
	else if (code != 0)
		rv_log(RV_WARNING, "role ended", "role", rv_role_name(child->role), "code", text,
		       NULL);
}

/* The role that was to die took itself; with "all" the rest of the set goes now, we last. */
static void take_all(struct sup *sup)
{
	for (size_t i = 0; i < SUP_CHILDREN; i++) {
		if (sup->children[i])
			sup_child_end(sup->children[i]);
	}
	(void)kill(getpid(), SIGKILL); /* no return to look at */
}

void sup_child_exited(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct sup_child *child = user;
	struct sup *sup = child->sup;
	unsigned code = sup_reap(child->pid);
	bool was_engine = child == sup->engine;

	(void)events; /* a pidfd has one */
	log_end(child, code);
	if (child->has_fault && code == 128 + SIGKILL && sup->opt.fault.takes_all)
		take_all(sup);
	rv_loop_remove(loop, fd);
	rv_loop_remove(loop, rv_channel_fd(child->channel));
	rv_loop_cancel(loop, child->hello_timer);
	if (was_engine)
		sup->engine = NULL;
	else if (!child->has_said_hello)
		say_spawned(sup, child->req, child->job,
			    rv_fail(RV_CLASS_MISCONFIGURED, NULL, "no HELLO"),
			    "the role ended before it was ready; its message is in reeved's log");
	else {
		struct rv_rec_exited gone = {
			.role = child->role, .pid = (uint64_t)child->pid, .code = code};

		sup_answer(sup, RV_MSG_exited, 0, child->job, &gone, -1);
	}
	sup_child_gone(child);
	if (was_engine)
		sup_engine_lost(sup, code);
	else if (sup->is_stopping)
		sup_stop(sup, sup->exit_code);
}

void sup_child_gone(struct sup_child *child)
{
	struct sup *sup = child->sup;

	for (size_t i = 0; i < SUP_CHILDREN; i++) {
		if (sup->children[i] == child)
			sup->children[i] = NULL;
	}
	rv_fd_closep(&child->pidfd);
	rv_fd_closep(&child->engine_end);
	rv_fd_closep(&child->peer_end);
	rv_channel_free(child->channel);
	free(child);
}
