/* daemon: what the engine may ask, as a table; and what happens when it is lost. */
#include "agent/daemon/reeved.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"

#include <stdio.h>

#define BACKOFF_MAX_MS	60000
#define STEADY_AFTER_US (60 * RV_US_PER_S)

void sup_answer(struct sup *sup, enum rv_msg type, uint64_t req, uint64_t job, const void *body,
		int fd)
{
	if (!sup->engine)
		return;
	if (!rv_is_ok(rv_channel_send_fds(sup->engine->channel, type, req, job, body, &fd,
					  fd >= 0 ? 1 : 0)))
		sup_child_end(sup->engine);
}

static void stop_asked(struct sup *sup, const struct rv_frame *frame)
{
	struct sup_child *child = sup_child_by_job(sup, frame->header.job);

	if (child)
		sup_child_end(child);
}

static const struct {
	enum rv_msg type;
	void (*handle)(struct sup *sup, const struct rv_frame *frame);
} handlers[] = {
	{RV_MSG_spawn, sup_spawn_asked},	{RV_MSG_stop_job, stop_asked},
	{RV_MSG_ask_grants, sup_grants_answer}, {RV_MSG_hook, sup_hook_asked},
	{RV_MSG_reload, sup_reload_asked},	{RV_MSG_connect, sup_connect_asked},
};

void sup_engine_frame(struct sup *sup, const struct rv_frame *frame)
{
	for (size_t i = 0; i < RV_LEN(handlers); i++) {
		if (frame->header.type == (uint16_t)handlers[i].type) {
			handlers[i].handle(sup, frame);
			return;
		}
	}
	rv_log(RV_ERROR, "the engine sent what it may not", "message", frame->desc->name, NULL);
	sup_child_end(sup->engine);
}

static void start_again(struct rv_loop *loop, void *user)
{
	struct sup *sup = user;
	struct rv_diag diag = {0};

	(void)loop; /* the supervisor knows its loop */
	if (sup->is_stopping || sup->engine)
		return;
	if (!rv_is_ok(sup_engine_start(sup, &diag))) {
		rv_log(RV_ERROR, "engine does not start", "why", diag.text, NULL);
		sup_engine_lost(sup, 255);
	}
}

void sup_engine_lost(struct sup *sup, unsigned code)
{
	uint64_t id;
	char text[32];

	for (size_t i = 0; i < SUP_CHILDREN; i++) {
		if (sup->children[i])
			sup_child_end(sup->children[i]);
	}
	sup_tasks_drop(sup);
	if (sup->opt.once_fd >= 0 || sup->is_stopping || !sup->is_ready) {
		/* A session ends with its engine; and one that never said HELLO will not. */
		sup_stop(sup, sup->is_stopping ? sup->exit_code : sup->is_ready ? (int)code : 2);
		return;
	}
	if (rv_boot_us() - sup->engine_started_us > STEADY_AFTER_US)
		sup->restarts = 0;
	int64_t wait_ms = sup->restarts < 10 ? INT64_C(100) << sup->restarts : BACKOFF_MAX_MS;

	sup->restarts++;
	(void)snprintf(text, sizeof(text), "%u", sup->restarts); /* always fits */
	rv_log(RV_ERROR, "engine lost, the whole set restarts", "times", text, NULL);
	if (!rv_is_ok(rv_loop_after(sup->loop,
				    (wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS) * 1000,
				    start_again, sup, &id)))
		sup_stop(sup, 2);
}
