/* act: the driver: which step follows, and what a failure leads to. Not here: the steps. */
#include "agent/act/rotation.h"

#include "agent/base/clock.h"

#include <stdarg.h>
#include <stdio.h>

#define TRIES_MAX 4 /* of a step whose role died or did not answer */

/* on_failure: where a definite refusal leads. AGAIN: the step is tried again, later and later. */
enum on_failure { GIVE_UP, GO_BACK, DROP_NEW, AGAIN, SKIP };

static const struct step {
	uint64_t at;
	uint64_t next;
	rv_step_fn *fn;
	enum on_failure on_failure;
} steps[] = {
	{RV_AT_ADMIT, RV_AT_PREFLIGHT, rv_step_admit, GIVE_UP},
	{RV_AT_PREFLIGHT, RV_AT_INTENT, rv_step_preflight, GIVE_UP},
	{RV_AT_INTENT, RV_AT_CREATE, rv_step_intent, GIVE_UP},
	{RV_AT_CREATE, RV_AT_GATE, rv_step_create, DROP_NEW},
	{RV_AT_GATE, RV_AT_STAGE, rv_step_gate, DROP_NEW},
	{RV_AT_STAGE, RV_AT_SWAP, rv_step_stage, DROP_NEW},
	{RV_AT_SWAP, RV_AT_TEST, rv_step_swap, GO_BACK},
	{RV_AT_TEST, RV_AT_RELOAD, rv_step_test, GO_BACK},
	{RV_AT_RELOAD, RV_AT_PROVE, rv_step_reload, GO_BACK},
	{RV_AT_PROVE, RV_AT_PROMOTE, rv_step_prove, GO_BACK},
	{RV_AT_PROMOTE, RV_AT_TIDY, rv_step_promote, AGAIN},
	{RV_AT_TIDY, RV_AT_GRACE, rv_step_tidy, SKIP},
	{RV_AT_GRACE, RV_AT_REVOKE, rv_step_grace, AGAIN},
	{RV_AT_REVOKE, RV_AT_SHOW_DEAD, rv_step_revoke, SKIP},
	{RV_AT_SHOW_DEAD, RV_AT_CLOSE, rv_step_show_dead, AGAIN},
	{RV_AT_CLOSE, RV_AT_END, rv_step_close, AGAIN},
	{RV_AT_UNSWAP, RV_AT_RELOAD_OLD, rv_step_unswap, GIVE_UP},
	{RV_AT_RELOAD_OLD, RV_AT_PROVE_OLD, rv_step_reload_old, SKIP},
	{RV_AT_PROVE_OLD, RV_AT_REVOKE_NEW, rv_step_prove_old, SKIP},
	{RV_AT_REVOKE_NEW, RV_AT_TIDY_BACK, rv_step_revoke_new, SKIP},
	{RV_AT_TIDY_BACK, RV_AT_END, rv_step_tidy, SKIP},
};

static const struct step *step_at(uint64_t at)
{
	for (size_t i = 0; i < RV_LEN(steps); i++)
		if (steps[i].at == at)
			return &steps[i];
	return NULL;
}

rv_status rv_rotation_commit(struct rv_rotation *rot, const struct rv_act_event *event,
			     struct rv_diag *diag)
{
	return rot->ports->commit(rot->ports->ctx, rot->run, event, diag);
}

rv_status rv_rotation_note(struct rv_rotation *rot, const char *text, struct rv_diag *diag)
{
	struct rv_diag note = {0};
	struct rv_act_event event = {
		.step = rot->run->r.step, .outcome = "note", .text = note.text};

	rv_diag_set(&note, "%s", text);
	rv_rotation_say(rot, "%s", text);
	return rv_rotation_commit(rot, &event, diag);
}

void rv_rotation_say(struct rv_rotation *rot, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(rot->said, sizeof(rot->said), fmt, args); /* cut: for people */
	rv_text_tame(rot->said);
	va_end(args);
}

static void end(struct rv_run *run, enum rv_run_state state)
{
	run->r.state = state;
	run->r.step = RV_AT_END;
	run->r.ended_us = rv_now_utc_us();
}

/* The first reason is the one that is kept: what follows is its consequence. */
static rv_status give_reason(struct rv_run *run, const char *text, const char *next)
{
	if (!run->r.reason.len) {
		struct rv_str reason = rv_str_of(text);
		reason.len = reason.len < 1024 ? reason.len : 1024;
		RV_TRY(rv_run_keep(run, &run->r.reason, reason));
	}
	if (!run->r.next.len)
		RV_TRY(rv_run_keep(run, &run->r.next, rv_str_of(next)));
	return RV_OK;
}

/* 1 s, 2 s, 4 s .. 1 h, with a spread that the run's own id fixes. */
static void back_off(struct rv_run *run)
{
	unsigned shift = run->r.retries < 12 ? (unsigned)run->r.retries : 12;
	int64_t wait = RV_US_PER_S << shift;

	if (wait > 3600 * RV_US_PER_S)
		wait = 3600 * RV_US_PER_S;
	wait += wait / 256 * run->r.salt.data[0] / 4;
	run->r.retry_at_us = rv_now_utc_us() + wait;
	run->r.retries += run->r.retries < 65535 ? 1 : 0;
}

static rv_status succeed(struct rv_rotation *rot, const struct step *step, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	struct rv_act_event event = {.step = step->at, .outcome = "done", .text = rot->said};

	if (run->r.step == step->at) /* else the step chose its successor */
		run->r.step = step->next;
	run->r.retries = 0;
	run->r.retry_at_us = 0;
	if (run->r.step == RV_AT_END)
		end(run, step->at == RV_AT_TIDY_BACK ? RV_RUN_STUCK : RV_RUN_DONE);
	rot->is_resumed = false;
	return rv_rotation_commit(rot, &event, diag);
}

static uint64_t after_failure(const struct rv_run *run, const struct step *step)
{
	switch (step->on_failure) {
	case GIVE_UP:
		return RV_AT_END;
	case DROP_NEW:
		return RV_AT_REVOKE_NEW;
	case GO_BACK:
		return RV_AT_UNSWAP;
	case AGAIN:
		return run->r.step;
	case SKIP:
		return step->next;
	}
	return RV_AT_END;
}

static rv_status fail(struct rv_rotation *rot, const struct step *step, rv_status why,
		      struct rv_diag *said, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	const char *text = said->text[0] ? said->text : rv_class_name(rv_class_of(why));
	struct rv_act_event event = {.step = step->at, .outcome = "failed", .text = text};
	bool may_retry = rv_class_of(why) == RV_CLASS_RETRY ||
			 (rv_class_of(why) == RV_CLASS_UNSURE && run->r.retries < TRIES_MAX) ||
			 step->on_failure == AGAIN;

	rv_crew_done(&rot->crew); /* a fresh start for whatever follows */
	/* When the whole set goes down, the step is not to blame: the next start goes on from it.
	 */
	if (!rv_is_ok(rot->ports->wait(rot->ports->ctx, 1000)))
		return rv_fail(RV_CLASS_RETRY, diag, "the agent stops; the run goes on later");
	if (may_retry) {
		event.outcome = "note";
		bool at_once = rv_class_of(why) == RV_CLASS_UNSURE && run->r.retries < 2;
		back_off(run);
		run->r.retry_at_us = at_once ? 0 : run->r.retry_at_us;
		rot->is_resumed = true;
		return rv_rotation_commit(rot, &event, diag);
	}
	if (step->on_failure != SKIP || step->at >= RV_AT_UNSWAP)
		RV_TRY(give_reason(run, text, said->next));
	run->r.step = after_failure(run, step);
	run->r.retries = 0;
	rot->is_resumed = false;
	if (run->r.step == RV_AT_END)
		end(run, step->at < RV_AT_CREATE ? RV_RUN_REFUSED : RV_RUN_STUCK);
	return rv_rotation_commit(rot, &event, diag);
}

static rv_status one_step(struct rv_rotation *rot, struct rv_diag *diag)
{
	const struct step *step = step_at(rot->run->r.step);
	struct rv_diag said = {0};

	if (!step)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a stored run stands at no known step");
	rot->said[0] = '\0';
	rv_status r = step->fn(rot, &said);
	if (rv_is_ok(r))
		return succeed(rot, step, diag);
	if (rv_class_of(r) == RV_CLASS_RETRY && rot->run->r.retry_at_us)
		return RV_OK; /* the step itself said until when to wait */
	return fail(rot, step, r, &said, diag);
}

rv_status rv_rotation_go(struct rv_run *run, const struct rv_act_ports *ports, bool is_resumed,
			 int64_t *out_wait_until_us, struct rv_diag *diag)
{
	struct rv_rotation rot = {.run = run,
				  .ports = ports,
				  .crew = {.ports = ports, .run = run},
				  .is_resumed = is_resumed};
	struct rv_act_event first = {.step = run->r.step, .outcome = "note", .text = "begun"};
	rv_status r = is_resumed ? RV_OK : rv_rotation_commit(&rot, &first, diag);

	*out_wait_until_us = 0;
	while (rv_is_ok(r) && run->r.state == RV_RUN_RUNNING) {
		if (run->r.retry_at_us > rv_now_utc_us()) {
			*out_wait_until_us = run->r.retry_at_us;
			break;
		}
		run->r.retry_at_us = 0;
		r = one_step(&rot, diag);
	}
	rv_crew_done(&rot.crew);
	return r;
}
