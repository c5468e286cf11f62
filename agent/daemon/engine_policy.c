/* daemon: the policy set in force and the verdicts made with it. Not here: the verb's documents
 * (engine_policy_verb.c), facts (engine_facts.c). */
#include "agent/daemon/engine_policy_private.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/store/verdicts.h"

#include <stdio.h>

const struct rv_policy_set *rv_engine_policies(const struct rv_engine *e)
{
	return e->policy->set;
}

rv_status rv_policies_read(struct rv_engine *e, struct rv_policy_set **out, struct rv_diag *diag)
{
	char shipped[RV_PATH_MAX];
	char local[RV_PATH_MAX];
	const char *share = rv_role_set(e->args, "share", "/usr/share/reeve");
	int a = snprintf(shipped, sizeof(shipped), "%s/policies", share);
	int b = snprintf(local, sizeof(local), "%s/policies.d", e->config_dir);
	if (a < 0 || b < 0 || (size_t)a >= sizeof(shipped) || (size_t)b >= sizeof(local))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the policy folders' names are too long");
	const char *dirs[] = {shipped, local, NULL};
	struct rv_policy_sources sources = {dirs, NULL};
	return rv_policy_load(&sources, out, diag);
}

static rv_status audit_loaded(struct rv_engine *e, const struct rv_policy_set *set,
			      struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:s,s:I,s:I}", "set", rv_policy_set_id(set), "files",
				 (json_int_t)rv_policy_file_count(set), "policies",
				 (json_int_t)rv_policy_count(set));
	if (data == NULL)
		return rv_fail_nomem(diag);
	return rv_engine_audit(e, "policy_loaded", "", "", data, diag);
}

static rv_status audit_refused(struct rv_engine *e, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:s,s:s}", "error", e->policy->error, "in_force",
				 rv_policy_set_id(e->policy->set));
	if (data == NULL)
		return rv_fail_nomem(diag);
	return rv_engine_audit(e, "policy_refused", "", "", data, diag);
}

rv_status rv_engine_policies_load(struct rv_engine *e, struct rv_diag *diag)
{
	struct rv_engine_policy *state = e->policy;
	RV_CLEANUP(rv_policy_set_freep) struct rv_policy_set *fresh = NULL;
	struct rv_diag why = {0};
	rv_status s = rv_policies_read(e, &fresh, &why);
	if (!rv_is_ok(s)) {
		bool is_news = strcmp(state->error, why.text) != 0;
		snprintf(state->error, sizeof(state->error), "%s", why.text);
		if (is_news && !e->is_session)
			RV_TRY(audit_refused(e, diag));
		rv_diag_set(diag, "%s", why.text);
		rv_diag_next(diag, "correct the file, then reeve policy reload");
		return s;
	}
	bool is_news = strcmp(rv_policy_set_id(fresh), rv_policy_set_id(state->set)) != 0;
	if ((is_news || state->error[0] != 0) && !e->is_session)
		RV_TRY(audit_loaded(e, fresh, diag));
	state->error[0] = 0;
	rv_policy_set_free(state->set);
	state->set = RV_TAKE(fresh);
	return RV_OK;
}

/* --- verdicts
 * --------------------------------------------------------------------------------------------- */

static rv_status move_life(struct rv_engine *e, const struct rv_engine_facts *f, unsigned to,
			   const struct rv_verdict *v, struct rv_diag *diag)
{
	const struct rv_credential *c = &f->row.c;
	struct rv_state state = f->facts.state;
	const char *event = NULL;
	RV_TRY(rv_state_move(&state, RV_AXIS_LIFE, to, &event, diag));
	RV_TRY(rv_credential_set_state(e->db, c->id, state.life, state.hold, c->hold_why,
				       c->hold_until_us, diag));
	const struct rv_because *b = v->because_count > 0 ? &v->because[0] : NULL;
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:I}", "from", rv_life_name(c->life), "to",
				 rv_life_name(to), "policy", v->lead ? v->lead : "", "field",
				 b ? b->field : "", "line", (json_int_t)(b ? b->src.line : 0));
	if (data == NULL)
		return rv_fail_nomem(diag);
	return rv_engine_audit(e, event, c->id, "", data, diag);
}

static rv_status follow_due(struct rv_engine *e, const struct rv_engine_facts *f,
			    const struct rv_verdict *v, int64_t now_us, struct rv_diag *diag)
{
	bool is_due = v->due_us != RV_AT_UNKNOWN && v->due_us <= now_us;
	if (is_due && f->facts.state.life == RV_LIFE_ACTIVE)
		return move_life(e, f, RV_LIFE_DUE, v, diag);
	if (!is_due && f->facts.state.life == RV_LIFE_DUE)
		return move_life(e, f, RV_LIFE_ACTIVE, v, diag);
	return RV_OK;
}

static rv_status store_verdict(struct rv_engine *e, const struct rv_credential *c,
			       const struct rv_verdict *v, int64_t now_us, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf before = {0};
	rv_buf_init(&text, 65536);
	rv_buf_init(&before, 65536);
	RV_TRY(rv_verdict_json(v, &doc));
	RV_TRY(rv_json_canonical(doc, &text));
	rv_status s = rv_verdict_get(e->db, c->id, &before, NULL);
	if (rv_is_ok(s) && rv_str_equal(rv_buf_view(&text), rv_buf_view(&before)))
		return RV_OK;
	int compliant = v->compliance == RV_COMPLIANCE_COMPLIANT   ? 1
			: v->compliance == RV_COMPLIANCE_VIOLATING ? 0
								   : -1;
	RV_TRY(rv_verdict_put(e->db, c->id, now_us, rv_buf_view(&text), diag));
	return rv_credential_set_verdict(e->db, c->id, v->lead ? v->lead : "",
					 rv_json_text(doc, "text", ""), compliant, v->due_us, diag);
}

rv_status rv_engine_judge(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	RV_CLEANUP(rv_engine_facts_done) struct rv_engine_facts f = {0};
	RV_TRY(rv_engine_facts_load(e, id, &f, diag));
	int64_t now_us = rv_now_utc_us();
	struct rv_verdict v;
	rv_verdict_make(rv_engine_policies(e), &f.facts, now_us, &v);
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	RV_TRY(store_verdict(e, &f.row.c, &v, now_us, diag));
	RV_TRY(follow_due(e, &f, &v, now_us, diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_engine_policy_owner(struct rv_engine *e, const char *id, char out[RV_OWNER_TEXT],
				 struct rv_diag *diag)
{
	RV_CLEANUP(rv_engine_facts_done) struct rv_engine_facts f = {0};
	RV_TRY(rv_engine_facts_load(e, id, &f, diag));
	struct rv_verdict v;
	rv_verdict_make(rv_engine_policies(e), &f.facts, rv_now_utc_us(), &v);
	if (v.owner_team != NULL)
		snprintf(out, RV_OWNER_TEXT, "team:%s", v.owner_team);
	else if (v.owner_person != NULL)
		snprintf(out, RV_OWNER_TEXT, "person:%s", v.owner_person);
	else
		out[0] = 0;
	return RV_OK;
}

/* --- all of them
 * -------------------------------------------------------------------------------------------- */

struct judging {
	struct rv_engine *engine;
	struct rv_diag *diag;
};

static rv_status judge_one(const struct rv_credential *c, void *user)
{
	const struct judging *j = user;
	return rv_engine_judge(j->engine, c->id, j->diag);
}

static rv_status judge_all(struct rv_engine *e, const struct rv_credential_filter *filter,
			   struct rv_diag *diag)
{
	struct judging j = {e, diag};
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	RV_TRY(rv_credentials_each(e->db, filter, judge_one, &j, diag));
	return rv_txn_commit(&txn, diag);
}

rv_status rv_policies_judge_all(struct rv_engine *e, struct rv_diag *diag)
{
	const struct rv_credential_filter all = {0};
	return judge_all(e, &all, diag);
}

static void tick(struct rv_engine *e)
{
	/* What became due since the last pass. */
	const struct rv_credential_filter due = {.life = RV_LIFE_ACTIVE,
						 .due_before_us = rv_now_utc_us()};
	struct rv_diag diag = {0};
	if (!rv_is_ok(judge_all(e, &due, &diag)))
		rv_log(RV_WARNING, "credentials were not judged", "why", diag.text, NULL);
}

static rv_status start(struct rv_engine *e, struct rv_diag *diag)
{
	struct rv_engine_policy *state = calloc(1, sizeof(*state));
	if (state == NULL)
		return rv_fail_nomem(diag);
	e->policy = state;
	RV_TRY(rv_policy_load_text(RV_STR_LIT("version: 1\n"), "none", NULL, &state->set, diag));
	struct rv_diag why = {0};
	/* A broken file does not keep the engine down: it is shown and nothing is acted upon. */
	if (!rv_is_ok(rv_engine_policies_load(e, &why)))
		rv_log(RV_ERROR, "policies are refused", "why", why.text, "next", why.next, NULL);
	return RV_OK;
}

static void reload(struct rv_engine *e)
{
	struct rv_diag diag = {0};
	rv_status s = rv_engine_policies_load(e, &diag);
	if (rv_is_ok(s))
		s = rv_policies_judge_all(e, &diag);
	if (!rv_is_ok(s))
		rv_log(RV_ERROR, "policies are refused", "why", diag.text, "next", diag.next, NULL);
}

static void stop(struct rv_engine *e)
{
	if (e->policy != NULL)
		rv_policy_set_free(e->policy->set);
	free(e->policy);
	e->policy = NULL;
}

const struct rv_module rv_module_policy = {
	.name = "policy",
	.verbs = rv_policy_verbs,
	.start = start,
	.passed = rv_policies_judge_all,
	.tick = tick,
	.reload = reload,
	.status = rv_policy_status,
	.doctor = rv_policy_doctor,
	.stop = stop,
};
