/* daemon: what one event of a run changes, in one transaction: row, journal line, sealed blob,
 * ledger record, states, versions, audit. Not here: when it is called (act/rotation.c). */
#include "agent/daemon/engine_rotate.h"

#include "agent/base/clock.h"
#include "agent/model/leaf.h"
#include "agent/model/state.h"
#include "agent/store/credentials.h"
#include "agent/store/journal.h"
#include "agent/store/ledger.h"
#include "agent/store/sealed.h"

#include <stdio.h>

rv_status rv_rotate_save(struct rv_engine *e, const struct rv_run *run, struct rv_diag *diag)
{
	char id[37], cred[65], version[129], parent[37];
	struct rv_buf doc;

	rv_run_text(run->r.id, id, sizeof(id));
	rv_run_text(run->r.cred, cred, sizeof(cred));
	rv_run_text(run->r.old_version, version, sizeof(version));
	rv_run_text(run->r.parent, parent, sizeof(parent));
	rv_buf_init(&doc, RV_RUN_BYTES);
	rv_status s = rv_run_encode(run, &doc);
	struct rv_run_row row = {
		.id = id,
		.cred = cred,
		.verb = rv_run_verb_name(run->r.verb),
		.state = rv_run_state_name(run->r.state),
		.step = rv_run_step_name(run->r.step),
		.old_version = version,
		.parent = parent,
		.started_us = run->r.started_us,
		.ended_us = run->r.ended_us,
		.wait_until_us = run->r.retry_at_us,
		.doc = rv_buf_view(&doc),
	};
	if (rv_is_ok(s))
		s = rv_run_row_put(e->db, &row, diag);
	rv_buf_done(&doc);
	return s;
}

rv_status rv_rotate_load(struct rv_engine *e, const char *id, struct rv_run **out,
			 struct rv_diag *diag)
{
	struct rv_buf doc;

	rv_buf_init(&doc, RV_RUN_BYTES);
	rv_status s = rv_run_row_get(e->db, id, &doc, diag);
	if (rv_is_ok(s))
		s = rv_run_decode(rv_buf_view(&doc), out, diag);
	rv_buf_done(&doc);
	return s;
}

struct change {
	struct rv_engine *e;
	const struct rv_run *run;
	const struct rv_act_event *event;
	char id[37], cred[65];
	struct rv_diag *diag;
};

static rv_status audit(const struct change *c, const char *type, json_t *data)
{
	RV_CLEANUP(rv_jsonp) json_t *owned = data;

	if (!owned)
		return rv_fail_nomem(c->diag);
	return rv_engine_audit(c->e, type, c->cred, c->id, owned, c->diag);
}

/* Moves one axis if the table has the edge; a credential that is there already is left alone. */
static rv_status move(const struct change *c, enum rv_axis axis, unsigned to, const char *why)
{
	struct rv_credential_row row = {0};
	const char *type = NULL;

	RV_TRY(rv_credential_load(c->e->db, c->cred, &row, c->diag));
	struct rv_state state = {(uint8_t)row.c.ownership, (uint8_t)row.c.life,
				 (uint8_t)row.c.hold};
	bool is_there = (axis == RV_AXIS_LIFE ? row.c.life : row.c.hold) == to;
	rv_status s = is_there ? RV_OK : rv_state_move(&state, axis, to, &type, c->diag);
	if (rv_is_ok(s) && !is_there)
		s = rv_credential_set_state(c->e->db, c->cred, state.life, state.hold,
					    axis == RV_AXIS_HOLD ? why : row.c.hold_why,
					    RV_TIME_NONE, c->diag);
	rv_credential_row_done(&row);
	if (rv_is_ok(s) && !is_there)
		s = audit(c, type, json_pack("{s:s}", "why", why));
	return s;
}

static rv_status add_version(const struct change *c)
{
	struct rv_version version = {.run = c->id, .grade = "", .first_seen_us = rv_now_utc_us()};
	char sha256[65], spki[65];
	struct rv_leaf leaf;

	RV_TRY(rv_leaf_of(c->run->r.new_der, &leaf, c->diag));
	rv_hex(leaf.cert_sha256, 32, sha256);
	rv_hex(leaf.spki_sha256, 32, spki);
	rv_run_text(c->run->r.cred, version.credential, sizeof(version.credential));
	version.cert_sha256 = sha256;
	version.spki = spki;
	version.serial = leaf.serial;
	version.not_before_us = leaf.not_before_us;
	version.not_after_us = leaf.not_after_us;
	version.last_seen_us = version.first_seen_us;
	return rv_version_add(c->e->db, &version, c->diag);
}

static rv_status sha256_of(struct rv_str der, char out[65], struct rv_diag *diag)
{
	struct rv_leaf leaf;

	RV_TRY(rv_leaf_of(der, &leaf, diag));
	rv_hex(leaf.cert_sha256, 32, out);
	return RV_OK;
}

static rv_status promote(const struct change *c)
{
	char sha256[65];

	RV_TRY(sha256_of(c->run->r.new_der, sha256, c->diag));
	RV_TRY(rv_version_make_current(c->e->db, c->cred, sha256, c->diag));
	return move(c, RV_AXIS_LIFE, RV_LIFE_GRACE, "every consumer is seen using the new one");
}

static rv_status grade(const struct change *c)
{
	const char *name = rv_grade_name((unsigned)c->run->r.grade);
	char sha256[65];

	RV_TRY(sha256_of(c->run->r.old_der, sha256, c->diag));
	RV_TRY(rv_version_set_grade(c->e->db, c->cred, sha256, name, c->diag));
	return audit(c, "shown_dead", json_pack("{s:s,s:s}", "grade", name, "cert_sha256", sha256));
}

static rv_status close_run(const struct change *c)
{
	static const int64_t again_us[] = {3600 * RV_US_PER_S, RV_US_PER_DAY, 5 * RV_US_PER_DAY};
	bool is_revocation = c->run->r.verb == RV_RUN_VERB_REVOKE;
	char parent[37];

	rv_run_text(c->run->r.parent, parent, sizeof(parent));
	RV_TRY(rv_sealed_erase_run(c->e->db, c->id, c->diag));
	if (parent[0])
		RV_TRY(rv_sealed_erase_run(c->e->db, parent, c->diag));
	for (size_t i = 0; i < RV_LEN(again_us); i++)
		RV_TRY(rv_reprobe_add(c->e->db, c->id, c->run->r.ended_us + again_us[i], c->diag));
	return move(c, RV_AXIS_LIFE, is_revocation ? RV_LIFE_REVOKED : RV_LIFE_ACTIVE,
		    rv_grade_name((unsigned)c->run->r.grade));
}

/* A refused undo touched nothing: the rotation it ended for that goes on in its grace, or nobody
 * would ever revoke the old one. */
static rv_status reopen_parent(const struct change *c)
{
	RV_CLEANUP(rv_run_freep) struct rv_run *parent = NULL;
	struct rv_journal_line line = {.at_us = rv_now_utc_us(),
				       .step = rv_run_step_name(RV_AT_GRACE),
				       .outcome = "note",
				       .text = "its undo was refused: it goes on"};
	char id[37];

	rv_run_text(c->run->r.parent, id, sizeof(id));
	RV_TRY(rv_rotate_load(c->e, id, &parent, c->diag));
	parent->r.state = RV_RUN_RUNNING;
	parent->r.step = RV_AT_GRACE;
	parent->r.ended_us = 0;
	parent->r.retry_at_us = parent->r.grace_until_us;
	RV_TRY(rv_rotate_save(c->e, parent, c->diag));
	RV_TRY(rv_journal_add(c->e->db, id, &line, c->diag));
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:s}", "verb", rv_run_verb_name(parent->r.verb),
				 "step", line.step, "outcome", line.outcome, "text", line.text,
				 "state", rv_run_state_name(parent->r.state));
	if (!data)
		return rv_fail_nomem(c->diag);
	RV_TRY(rv_engine_audit(c->e, "run_step", c->cred, id, data, c->diag));
	return move(c, RV_AXIS_LIFE, RV_LIFE_GRACE, line.text);
}

/* Refused or gone back: alive with the old one; stuck holds it until someone looked. */
static rv_status give_up(const struct change *c)
{
	char reason[1025];

	rv_run_text(c->run->r.reason, reason, sizeof(reason));
	/* Where a foreign hand stopped us the sealed old files may be the last copy: they stay. */
	if (c->run->r.state == RV_RUN_REFUSED || c->event->step == RV_AT_TIDY_BACK)
		RV_TRY(rv_sealed_erase_run(c->e->db, c->id, c->diag));
	if (c->run->r.state == RV_RUN_STUCK)
		RV_TRY(move(c, RV_AXIS_HOLD, RV_HOLD_STUCK, reason));
	else if (c->run->r.verb == RV_RUN_VERB_UNDO)
		return reopen_parent(c);
	return move(c, RV_AXIS_LIFE, RV_LIFE_ACTIVE, reason);
}

static rv_status begin(const struct change *c)
{
	bool is_revocation = c->run->r.verb == RV_RUN_VERB_REVOKE;

	return move(c, RV_AXIS_LIFE, is_revocation ? RV_LIFE_REVOKING : RV_LIFE_ROTATING,
		    rv_run_verb_name(c->run->r.verb));
}

static rv_status effects(const struct change *c)
{
	bool is_done = strcmp(c->event->outcome, "done") == 0;

	if (c->event->step == RV_AT_ADMIT && strcmp(c->event->outcome, "note") == 0)
		RV_TRY(begin(c));
	if (c->event->step == RV_AT_CREATE && c->run->r.new_der.len)
		RV_TRY(add_version(c));
	if (c->event->step == RV_AT_PROMOTE && is_done)
		RV_TRY(promote(c));
	if (c->event->step == RV_AT_SHOW_DEAD && is_done)
		RV_TRY(grade(c));
	switch ((enum rv_run_state)c->run->r.state) {
	case RV_RUN_RUNNING:
	case RV_RUN_UNDONE:
		return RV_OK;
	case RV_RUN_DONE:
		return close_run(c);
	case RV_RUN_STUCK:
	case RV_RUN_REFUSED:
		return give_up(c);
	}
	return RV_OK;
}

static rv_status put_all(const struct change *c)
{
	const struct rv_act_event *event = c->event;
	struct rv_journal_line line = {.at_us = rv_now_utc_us(),
				       .step = rv_run_step_name(event->step),
				       .outcome = event->outcome,
				       .text = event->text};
	char instance[65];

	RV_TRY(rv_rotate_save(c->e, c->run, c->diag));
	RV_TRY(rv_journal_add(c->e->db, c->id, &line, c->diag));
	if (event->purpose)
		RV_TRY(rv_sealed_put(c->e->db, event->purpose, c->id, event->sealed, c->diag));
	rv_run_text(c->run->r.instance, instance, sizeof(instance));
	if (event->ledger_add.len)
		RV_TRY(rv_ledger_append(c->e->db, instance, event->ledger_add, c->diag));
	RV_TRY(effects(c));
	return audit(c, "run_step",
		     json_pack("{s:s,s:s,s:s,s:s,s:s}", "verb", rv_run_verb_name(c->run->r.verb),
			       "step", line.step, "outcome", line.outcome, "text", line.text,
			       "state", rv_run_state_name(c->run->r.state)));
}

static void tell(const struct rv_rotate_ctx *ctx, const struct change *c)
{
	json_t *doc = ctx->ctl ? json_pack("{s:s,s:s,s:s,s:s}", "run", c->id, "step",
					   rv_run_step_name(c->event->step), "outcome",
					   c->event->outcome, "text", c->event->text)
			       : NULL;

	if (doc)
		rv_ctl_progress(ctx->ctl, doc);
	json_decref(doc);
}

rv_status rv_rotate_commit(void *ctx, const struct rv_run *run, const struct rv_act_event *event,
			   struct rv_diag *diag)
{
	struct rv_rotate_ctx *rotate = ctx;
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	struct change c = {.e = rotate->engine, .run = run, .event = event, .diag = diag};

	rv_run_text(run->r.id, c.id, sizeof(c.id));
	rv_run_text(run->r.cred, c.cred, sizeof(c.cred));
	RV_TRY(rv_txn_begin(c.e->db, &txn, diag));
	RV_TRY(put_all(&c));
	RV_TRY(rv_txn_commit(&txn, diag));
	tell(rotate, &c);
	return RV_OK;
}
