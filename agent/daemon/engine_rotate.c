/* daemon: the verbs rotate, revoke, undo, and going on with what was under way. Not here: making
 * plans (engine_rotate_plan.c), the steps (act/). */
#include "agent/daemon/engine_rotate.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/daemon/engine_evidence.h"
#include "agent/model/plan.h"
#include "agent/store/credentials.h"
#include "agent/store/journal.h"

#include <stdio.h>

/* --- carrying a run on -------------------------------------------------------------------------
 */
static rv_status go(struct rv_engine *e, struct rv_ctl *ctl, struct rv_run *run, bool is_resumed,
		    struct rv_diag *diag)
{
	struct rv_rotate_ctx ctx = {.engine = e, .ctl = ctl};
	struct rv_act_ports ports;
	int64_t until = 0;

	rv_rotate_ports(&ctx, &ports);
	RV_TRY(rv_rotation_go(run, &ports, is_resumed, &until, diag));
	/* What the run did is done; an unsigned head is signed later by itself. */
	struct rv_diag why = {0};
	if (run->r.state != RV_RUN_RUNNING && !rv_is_ok(rv_evidence_sign(e, &why)))
		rv_log(RV_WARNING, "audit head not signed", "why", why.text, NULL);
	return RV_OK;
}

/* A refusal is a failure with its reason; everything else is a document. */
static rv_status reply(struct rv_engine *e, struct rv_ctl *ctl, const struct rv_run *run,
		       json_t **out, struct rv_diag *diag)
{
	char text[1025], next[257], id[37];

	rv_run_text(run->r.reason, text, sizeof(text));
	rv_run_text(run->r.next, next, sizeof(next));
	rv_run_text(run->r.id, id, sizeof(id));
	if (run->r.state == RV_RUN_REFUSED) {
		rv_diag_next(diag, "%s", next[0] ? next : "reeve doctor");
		return rv_fail(RV_CLASS_DENIED, diag, "%s", text);
	}
	bool is_pending = run->r.state == RV_RUN_RUNNING && run->r.step != RV_AT_GRACE;
	/* A plan has many runs, the command one exit: stuck beats pending beats done. */
	if (ctl && run->r.state == RV_RUN_STUCK)
		ctl->exit_code = 1;
	else if (ctl && is_pending && ctl->exit_code == 0)
		ctl->exit_code = 3;
	return rv_rotate_doc(e, run, out, diag);
}

/* By hand a stuck credential is taken up again: whoever orders it has looked. */
static rv_status clear_stuck(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	struct rv_credential_row row = {0};

	RV_TRY(rv_credential_load(e->db, id, &row, diag));
	rv_status s = RV_OK;
	if (row.c.hold == RV_HOLD_STUCK)
		s = rv_credential_set_state(e->db, id, row.c.life, RV_HOLD_NONE, "", RV_TIME_NONE,
					    diag);
	if (rv_is_ok(s) && row.c.hold == RV_HOLD_STUCK)
		s = rv_engine_audit(e, "hold_cleared", id, "", NULL, diag);
	rv_credential_row_done(&row);
	return s;
}

rv_status rv_rotate_apply(struct rv_engine *e, struct rv_ctl *ctl, const json_t *plan,
			  const char *id, json_t **out_run, struct rv_diag *diag)
{
	RV_CLEANUP(rv_run_freep) struct rv_run *run = NULL;

	RV_TRY(rv_engine_check_pause(e, diag));
	RV_TRY(rv_rotate_run_of(e, plan, id, &run, diag));
	RV_TRY(go(e, ctl, run, false, diag));
	return reply(e, ctl, run, out_run, diag);
}

/* --- verbs --------------------------------------------------------------------------------------
 */

/* An id or path; a path may be a symbolic link to the file that is known. */
static rv_status id_of(struct rv_engine *e, const struct rv_ctl *ctl, char out[RV_ID_TEXT],
		       struct rv_diag *diag)
{
	const char *given = rv_json_text(ctl->args, "id", "");
	struct rv_diag why = {0};
	struct rv_buf path;

	rv_status s = rv_ctl_id(e, ctl, out, given[0] == '/' ? &why : diag);
	if (rv_class_of(s) != RV_CLASS_NOT_FOUND || given[0] != '/')
		return s;
	rv_buf_init(&path, 4096);
	if (rv_is_ok(rv_rotate_follow(e, given, &path, NULL)))
		s = rv_credential_resolve(e->db, rv_buf_cstr(&path), out, diag);
	else
		rv_diag_set(diag, "%s", why.text);
	rv_diag_next(diag, "reeve discover");
	rv_buf_done(&path);
	return s;
}

static rv_status plan_and_do(struct rv_engine *e, struct rv_ctl *ctl, const char *verb,
			     json_t **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *plan = NULL;
	RV_CLEANUP(rv_jsonp) json_t *run = NULL;
	char id[RV_ID_TEXT];
	const char *ids[] = {id};
	bool is_dry = rv_json_bool(ctl->args, "dry_run", false);

	RV_TRY(rv_ctl_need(ctl, is_dry ? RV_RIGHT_PLAN : RV_RIGHT_APPLY, diag));
	RV_TRY(id_of(e, ctl, id, diag));
	if (!is_dry) {
		RV_TRY(rv_engine_check_pause(e, diag)); /* first: a refusal clears nothing */
		RV_TRY(clear_stuck(e, id, diag));
	}
	RV_TRY(rv_rotate_plan(e, ids, 1, verb, true, &plan, diag));
	if (is_dry)
		*out = json_pack("{s:O}", "plan", plan);
	else
		RV_TRY(rv_rotate_apply(e, ctl, plan, id, &run, diag));
	if (!is_dry)
		*out = json_pack("{s:O}", "run", run);
	return *out ? RV_OK : rv_fail_nomem(diag);
}

static rv_status verb_rotate(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			     struct rv_diag *diag)
{
	return plan_and_do(e, ctl, "rotate", out, diag);
}

static rv_status verb_revoke(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			     struct rv_diag *diag)
{
	return plan_and_do(e, ctl, "revoke", out, diag);
}

static rv_status check_undo(const struct rv_run *run, struct rv_diag *diag)
{
	if (run->r.verb != RV_RUN_VERB_ROTATE) {
		rv_diag_next(diag, "reeve rotate %.*s", (int)run->r.cred.len,
			     (const char *)run->r.cred.data);
		return rv_fail(RV_CLASS_DENIED, diag, "only a rotation can be undone");
	}
	if (run->r.state == RV_RUN_RUNNING && run->r.step == RV_AT_GRACE)
		return RV_OK;
	if (run->r.state == RV_RUN_DONE || run->r.step > RV_AT_GRACE) {
		rv_diag_next(diag, "reeve rotate %.*s makes a new one", (int)run->r.cred.len,
			     (const char *)run->r.cred.data);
		return rv_fail(RV_CLASS_DENIED, diag,
			       "the old certificate of this run is revoked and its key erased");
	}
	return rv_fail(RV_CLASS_DENIED, diag, "this run is %s: there is nothing to take back",
		       rv_run_state_name(run->r.state));
}

/* The files, the service and the versions of a rotation, with old and new exchanged. */
static rv_status reverse(const struct rv_run *from, struct rv_run *to)
{
	RV_TRY(rv_run_keep(to, &to->r.parent, from->r.id));
	RV_TRY(rv_run_keep(to, &to->r.policy, from->r.policy));
	RV_TRY(rv_run_keep(to, &to->r.instance, from->r.instance));
	RV_TRY(rv_run_keep(to, &to->r.test, from->r.test));
	RV_TRY(rv_run_keep(to, &to->r.new_der, from->r.old_der));
	RV_TRY(rv_run_keep(to, &to->r.new_version, from->r.old_version));
	for (size_t i = 0; i < from->unit_count; i++)
		RV_TRY(rv_run_keep(to, &to->units[to->unit_count++], from->units[i]));
	for (size_t i = 0; i < from->target_count; i++) {
		struct rv_rec_run_target *slot = &to->targets[to->target_count++];
		slot->port = from->targets[i].port;
		RV_TRY(rv_run_keep(to, &slot->addr, from->targets[i].addr));
		RV_TRY(rv_run_keep(to, &slot->name, from->targets[i].name));
	}
	for (size_t i = 0; i < from->item_count; i++) {
		struct rv_rec_run_item *slot = &to->items[to->item_count++];
		slot->part = from->items[i].part;
		slot->uid = from->items[i].uid;
		slot->gid = from->items[i].gid;
		RV_TRY(rv_run_keep(to, &slot->dir, from->items[i].dir));
		RV_TRY(rv_run_keep(to, &slot->name, from->items[i].name));
	}
	return RV_OK;
}

/* The rotation ends as undone and the undo begins, in one transaction: never both live. */
static rv_status hand_over(struct rv_engine *e, struct rv_run *from, struct rv_run *to,
			   struct rv_diag *diag)
{
	struct rv_rotate_ctx ctx = {.engine = e};
	struct rv_act_event event = {.step = RV_AT_ADMIT, .outcome = "note", .text = "begun"};
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	from->r.state = RV_RUN_UNDONE;
	from->r.step = RV_AT_END;
	from->r.retry_at_us = 0;
	from->r.ended_us = rv_now_utc_us();
	RV_TRY(rv_rotate_save(e, from, diag));
	RV_TRY(rv_rotate_commit(&ctx, to, &event, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status verb_undo(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_run_freep) struct rv_run *from = NULL;
	RV_CLEANUP(rv_run_freep) struct rv_run *to = NULL;
	RV_CLEANUP(rv_jsonp) json_t *run = NULL;
	char cred[65];

	RV_TRY(rv_ctl_need(ctl, RV_RIGHT_APPLY, diag));
	RV_TRY(rv_engine_check_pause(e, diag));
	RV_TRY(rv_rotate_load(e, rv_json_text(ctl->args, "run", ""), &from, diag));
	RV_TRY(check_undo(from, diag));
	rv_run_text(from->r.cred, cred, sizeof(cred));
	RV_TRY(rv_run_new(RV_RUN_VERB_UNDO, cred, &to));
	RV_TRY(reverse(from, to));
	RV_TRY(hand_over(e, from, to, diag));
	RV_TRY(go(e, ctl, to, true, diag));
	RV_TRY(reply(e, ctl, to, &run, diag));
	*out = json_pack("{s:O}", "run", run);
	return *out ? RV_OK : rv_fail_nomem(diag);
}

/* --- going on ------------------------------------------------------------------------------------
 */
struct waiting {
	char ids[64][37];
	size_t count;
	bool with_all; /* at start: whatever runs; later: whose time has come */
	int64_t now_us;
};

static rv_status take_waiting(const struct rv_run_row *row, void *user)
{
	struct waiting *w = user;
	bool is_due = row->wait_until_us <= w->now_us; /* 0: its job could not go on */

	if ((w->with_all || is_due) && w->count < RV_LEN(w->ids))
		(void)snprintf(w->ids[w->count++], sizeof(w->ids[0]), "%s",
			       row->id); /* an id fits */
	return RV_OK;
}

static void go_on(struct rv_engine *e, void *user)
{
	struct waiting *w = user;

	for (size_t i = 0; i < w->count; i++) {
		struct rv_run *run = NULL;
		struct rv_diag diag = {0};
		rv_status s = rv_rotate_load(e, w->ids[i], &run, &diag);
		if (rv_is_ok(s) && run->r.state == RV_RUN_RUNNING)
			s = go(e, NULL, run, true, &diag);
		if (rv_is_ok(s))
			rv_log(RV_INFO, "run went on", "run", w->ids[i], "state",
			       rv_run_state_name(run->r.state), "step",
			       rv_run_step_name(run->r.step), NULL);
		else
			rv_log(RV_ERROR, "run cannot go on", "run", w->ids[i], "why", diag.text,
			       NULL);
		rv_run_free(run);
	}
	free(w);
}

static rv_status queue_waiting(struct rv_engine *e, bool with_all, struct rv_diag *diag)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w)
		return rv_fail_nomem(diag);
	w->with_all = with_all;
	w->now_us = rv_now_utc_us();
	rv_status s = rv_run_rows_each(e->db, "running", "", take_waiting, w, diag);
	if (rv_is_ok(s) && w->count)
		s = rv_engine_submit(e, "go on with runs", go_on, w);
	else
		free(w);
	return s;
}

static rv_status start(struct rv_engine *e, struct rv_diag *diag)
{
	return e->is_session ? RV_OK : queue_waiting(e, true, diag);
}

/* --- looking again: 1 h, 24 h, 5 d after the close ---------------------------------------------
 */
static rv_status look_again(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	RV_CLEANUP(rv_run_freep) struct rv_run *run = NULL;
	struct rv_rotate_ctx ctx = {.engine = e};
	struct rv_act_ports ports;
	struct rv_diag why = {0};
	unsigned grade = RV_GRADE_UNKNOWN; /* what cannot be asked is not known */
	char cred[65];

	RV_TRY(rv_rotate_load(e, id, &run, diag));
	unsigned was = (unsigned)run->r.grade;
	rv_rotate_ports(&ctx, &ports);
	if (!rv_is_ok(rv_rotation_look_again(run, &ports, &grade, &why)))
		grade = RV_GRADE_UNKNOWN;
	rv_run_text(run->r.cred, cred, sizeof(cred));
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:s,s:s,s:s}", "grade", rv_grade_name(grade), "was",
				 rv_grade_name(was), "text", why.text);
	if (!data)
		return rv_fail_nomem(diag);
	return rv_engine_audit(e, "looked_again", cred, id, data, diag);
}

static void look_again_job(struct rv_engine *e, void *user)
{
	struct rv_diag diag = {0};
	char id[37];

	(void)user;
	while (rv_is_ok(rv_reprobe_take(e->db, rv_now_utc_us(), id, &diag)))
		if (!rv_is_ok(look_again(e, id, &diag)))
			rv_log(RV_WARNING, "could not look again", "run", id, "why", diag.text,
			       NULL);
}

static void tick(struct rv_engine *e)
{
	rv_status s = e->is_session ? RV_OK : queue_waiting(e, false, NULL);

	if (!rv_is_ok(s) && rv_class_of(s) != RV_CLASS_CONFLICT)
		rv_log(RV_WARNING, "runs that wait could not be queued", NULL);
	if (!e->is_session && rv_reprobe_is_due(e->db, rv_now_utc_us()))
		(void)rv_is_ok(rv_engine_submit(e, "look again", look_again_job,
						NULL)); /* queued already: good */
}

static rv_status add_running(const struct rv_run_row *row, void *user)
{
	json_t *one = json_pack("{s:s,s:s,s:s,s:s}", "run", row->id, "id", row->cred, "verb",
				row->verb, "step", row->step);

	return one && json_array_append_new(user, one) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status status(struct rv_engine *e, json_t *data)
{
	json_t *running = json_array();

	if (!running || json_object_set_new(data, "running", running) != 0)
		return rv_fail_nomem(NULL);
	return rv_run_rows_each(e->db, "running", "", add_running, running, NULL);
}

static const struct rv_verb verbs[] = {
	{"rotate", RV_RIGHT_PLAN, RV_VERB_JOB, verb_rotate},
	{"revoke", RV_RIGHT_PLAN, RV_VERB_JOB, verb_revoke},
	{"undo", RV_RIGHT_APPLY, RV_VERB_JOB, verb_undo},
	{.name = NULL},
};

const struct rv_module rv_module_rotate = {
	.name = "rotate",
	.verbs = verbs,
	.start = start,
	.tick = tick,
	.status = status,
};
