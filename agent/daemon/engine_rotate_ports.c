/* daemon: act's ports over the engine: roles, tables, judges. Not here: the commit
 * (engine_rotate_commit.c). */
#include "agent/base/clock.h"
#include "agent/daemon/engine_instances.h"
#include "agent/daemon/engine_rotate.h"

#include "agent/store/ledger.h"
#include "agent/store/sealed.h"
#include "agent/verify/gate.h"
#include "agent/verify/judge.h"

#define SKEW_US (INT64_C(60) * 1000000) /* not-before may lie so far ahead */

static struct rv_engine *engine_of(void *ctx)
{
	return ((struct rv_rotate_ctx *)ctx)->engine;
}

static rv_status port_spawn(void *ctx, const struct rv_act_spawn *ask, struct rv_act_peer **out,
			    uint64_t *out_job, struct rv_diag *diag)
{
	struct rv_spawn_opts opts = {
		.role = ask->role,
		.broker_job = ask->broker_job,
		.plugin = ask->plugin,
		.dirs = ask->dirs,
		.dir_count = ask->dir_count,
		.uid = ask->uid,
		.gid = ask->gid,
	};
	struct rv_peer *peer = NULL;

	RV_TRY(rv_engine_spawn(engine_of(ctx), &opts, &peer, diag));
	*out = (struct rv_act_peer *)peer;
	*out_job = peer->job;
	return RV_OK;
}

static rv_status port_call(void *ctx, struct rv_act_peer *peer, enum rv_msg type, const void *body,
			   int fd, enum rv_msg answer, int timeout_ms, struct rv_frame *out,
			   struct rv_diag *diag)
{
	if (!peer)
		return rv_engine_sup_call(engine_of(ctx), type, 0, body, answer, timeout_ms, out,
					  diag);
	return rv_engine_call_fds(engine_of(ctx), (struct rv_peer *)peer, type, body, &fd,
				  fd >= 0 ? 1 : 0, answer, timeout_ms, out, diag);
}

static void port_stop(void *ctx, struct rv_act_peer *peer)
{
	rv_engine_stop_job(engine_of(ctx), (struct rv_peer *)peer);
}

static rv_status port_wait(void *ctx, int64_t us)
{
	return rv_engine_wait(engine_of(ctx), us);
}

static rv_status add_record(int64_t seq, struct rv_str record, void *user)
{
	(void)seq; /* they come in order */
	return rv_buf_put(user, record.data, record.len);
}

static rv_status port_provider(void *ctx, const char *instance, struct rv_act_provider *out,
			       struct rv_diag *diag)
{
	struct rv_engine *e = engine_of(ctx);

	rv_buf_init(&out->settings, 32768);
	rv_buf_init(&out->sealed, 60000);
	rv_buf_init(&out->ledger, 4194304); /* what a plughost maps at most */
	RV_TRY(rv_instance_load(e, instance, out, diag));
	if (out->secret_name[0])
		RV_TRY(rv_sealed_get(e->db, out->purpose, &out->sealed, diag));
	return rv_ledger_each(e->db, instance, add_record, &out->ledger, diag);
}

static rv_status port_sealed(void *ctx, const char *purpose, struct rv_buf *out,
			     struct rv_diag *diag)
{
	return rv_sealed_get(engine_of(ctx)->db, purpose, out, diag);
}

static rv_status port_listeners(void *ctx, const uint16_t *ports, size_t port_count,
				struct rv_holder *out, size_t max, size_t *out_count,
				struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep)
	struct rv_rotate_listener *seen = calloc(1024, sizeof(*seen));
	size_t count = 0, kept = 0;

	if (!seen)
		return rv_fail_nomem(diag);
	RV_TRY(rv_rotate_look(engine_of(ctx), port_count == 1 ? ports[0] : 0, seen, 1024, &count,
			      diag));
	for (size_t i = 0; i < count && kept < max; i++) {
		bool is_wanted = false;
		for (size_t k = 0; !is_wanted && k < port_count; k++)
			is_wanted = seen[i].holder.port == ports[k];
		if (is_wanted)
			out[kept++] = seen[i].holder;
	}
	*out_count = kept;
	return RV_OK;
}

static rv_status port_may_start(void *ctx, struct rv_diag *diag)
{
	return rv_engine_check_pause(engine_of(ctx), diag);
}

static rv_status port_judge_gate(void *ctx, const struct rv_run *run, struct rv_diag *diag)
{
	(void)ctx; /* a pure judge */
	struct rv_gate gate = {
		.old_der = run->r.old_der,
		.new_der = run->r.new_der,
		.chain = run->chain,
		.chain_count = run->chain_count,
		.spki_sha256 = run->r.spki_sha256,
		.now_us = rv_now_utc_us(),
		.skew_us = SKEW_US,
	};

	return rv_gate_certificate(&gate, diag);
}

static enum rv_grade port_judge_grade(bool issuer_was_asked, bool issuer_lists,
				      enum rv_proof served, bool is_held_here)
{
	struct rv_death death = {.issuer_was_asked = issuer_was_asked,
				 .issuer_lists = issuer_lists,
				 .served = served,
				 .is_held_here = is_held_here};

	return rv_judge_grade(&death);
}

void rv_rotate_ports(struct rv_rotate_ctx *ctx, struct rv_act_ports *out)
{
	*out = (struct rv_act_ports){
		.ctx = ctx,
		.spawn = port_spawn,
		.call = port_call,
		.stop = port_stop,
		.wait = port_wait,
		.provider = port_provider,
		.sealed = port_sealed,
		.listeners = port_listeners,
		.may_start = port_may_start,
		.commit = rv_rotate_commit,
		.judge_gate = port_judge_gate,
		.judge_handshakes = rv_judge_handshakes,
		.judge_holders = rv_judge_holders,
		.judge_grade = port_judge_grade,
	};
}
