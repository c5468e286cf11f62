/* daemon: reeve-engine. Owns the database, decides, speaks to all; never sees a secret. */
#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/base/uuid.h"
#include "agent/daemon/engine_core.h"
#include "agent/role/start.h"
#include "agent/store/meta.h"

#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

void rv_engine_stop(struct rv_engine *e, int exit_code)
{
	if (!e->core->is_stopping)
		e->core->exit_code = exit_code;
	e->core->is_stopping = true;
	rv_loop_stop(e->loop, exit_code);
}

static void on_signal(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct signalfd_siginfo info;

	(void)loop;
	(void)events;
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP) {
		rv_engine_stop(user, 0);
		return;
	}
	for (const struct rv_module *const *m = rv_modules(); *m; m++)
		if ((*m)->reload)
			(*m)->reload(user);
}

static void on_tick(struct rv_loop *loop, void *user)
{
	struct rv_engine *e = user;
	uint64_t id;

	bool is_busy = e->core->running != NULL;
	for (const struct rv_module *const *m = rv_modules(); *m && !is_busy; m++)
		if ((*m)->tick)
			(*m)->tick(e);
	/* A running job puts the tick off, it does not lose it. */
	rv_status s = rv_loop_after(loop, is_busy ? RV_US_PER_S : RV_TICK_US, on_tick, e, &id);
	if (!rv_is_ok(s)) {
		rv_log(RV_ERROR, "no timer: the engine ends and is started again", NULL);
		rv_engine_stop(e, 2);
	}
}

/* Sighting ids name the host by a value of its own: a renamed host keeps its sightings. */
static rv_status host_label(struct rv_engine *e, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf buf = {0};

	if (e->is_session) {
		(void)snprintf(e->host_label, sizeof(e->host_label), "session");
		return RV_OK;
	}
	rv_buf_init(&buf, sizeof(e->host_label));
	rv_status s = rv_meta_get(e->db, "host_label", &buf, diag);
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND) {
		rv_uuid7(e->host_label);
		return rv_meta_set(e->db, "host_label", e->host_label, diag);
	}
	RV_TRY(s);
	const char *label = rv_buf_cstr(&buf);
	if (!label || !rv_uuid_is_valid(label))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the database holds no host label");
	memcpy(e->host_label, label, RV_UUID_TEXT);
	return RV_OK;
}

static rv_status open_state(struct rv_engine *e, struct rv_diag *diag)
{
	const struct rv_db_opts opts = {
		.path = rv_role_set(e->args, "db", ":memory:"),
		.at_commit = rv_fault_point,
	};

	e->state_dir = rv_role_set(e->args, "state", "");
	e->config_dir = rv_role_set(e->args, "config", "/etc/reeve");
	e->share_dir = rv_role_set(e->args, "share", "/usr/share/reeve");
	e->is_session = strcmp(rv_role_set(e->args, "session", "0"), "1") == 0;
	RV_TRY(rv_db_open(&opts, &e->db, diag));
	return host_label(e, diag);
}

static rv_status start(struct rv_engine *e, struct rv_diag *diag)
{
	uint64_t id;

	RV_TRY(rv_loop_new(&e->loop));
	RV_TRY(rv_signal_fd(false, &e->core->signal_fd));
	RV_TRY(rv_loop_add(e->loop, e->core->signal_fd, EPOLLIN, on_signal, e));
	RV_TRY(open_state(e, diag));
	RV_TRY(rv_loop_add(e->loop, rv_channel_fd(e->sup), EPOLLIN, rv_engine_on_sup, e));
	RV_TRY(rv_engine_refresh_grants(e, diag));
	for (const struct rv_module *const *m = rv_modules(); *m; m++) {
		rv_status s = (*m)->start ? (*m)->start(e, diag) : RV_OK;
		if (!rv_is_ok(s)) {
			rv_diag_prefix(diag, "%s", (*m)->name);
			return s;
		}
	}
	RV_TRY(rv_control_start(e, diag));
	return rv_loop_after(e->loop, RV_TICK_US, on_tick, e, &id);
}

static int run(struct rv_engine *e)
{
	while (!e->core->is_stopping) {
		if (rv_jobs_run_one(e))
			continue;
		rv_status s = rv_loop_step(e->loop, -1);
		if (!rv_is_ok(s)) {
			rv_log(RV_ERROR, "the loop failed", NULL);
			rv_engine_stop(e, 2);
		}
	}
	return e->core->exit_code;
}

static void stop(struct rv_engine *e)
{
	for (const struct rv_module *const *m = rv_modules(); *m; m++)
		if ((*m)->stop)
			(*m)->stop(e);
	rv_jobs_stop(e);
	rv_control_stop(e);
	rv_engine_stop_peers(e);
	rv_db_close(e->db);
	json_decref(e->grants);
	rv_loop_free(e->loop);
	rv_fd_closep(&e->core->signal_fd);
}

int main(int argc, char **argv)
{
	struct rv_role_args args;
	struct rv_diag diag = {0};
	struct rv_engine_core core = {.signal_fd = -1, .started_us = rv_now_utc_us()};
	struct rv_engine e = {.args = &args, .core = &core};
	RV_CLEANUP(rv_channel_freep) struct rv_channel *none = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;

	rv_log_name("reeve-engine");
	rv_status s = rv_role_start(argc, argv, RV_ROLE_ENGINE, &args, &sup, &none, &diag);
	if (!rv_is_ok(s))
		return rv_role_failed(s, &diag);
	e.sup = sup;
	s = start(&e, &diag);
	if (!rv_is_ok(s)) {
		rv_log(RV_ERROR, "the engine cannot start", "why", diag.text, "next", diag.next,
		       NULL);
		core.is_stopping = true;
		if (e.loop)
			stop(&e);
		return 2;
	}
	int code = run(&e);
	stop(&e);
	return code;
}
