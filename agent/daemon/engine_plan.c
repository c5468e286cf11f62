/* daemon: plan and apply. */
#include "agent/daemon/engine_plan.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/daemon/engine_policy.h"
#include "agent/daemon/engine_rotate.h"
#include "agent/decide/plan.h"

#define PLAN_BYTES (8U << 20)
#define IDS_MAX	   64

/* Ids of one plan. */
struct ids {
	char texts[IDS_MAX][RV_ID_TEXT];
	const char *list[IDS_MAX];
	size_t count;
};

static rv_status add_id(struct ids *ids, const char *id, struct rv_diag *diag)
{
	for (size_t i = 0; i < ids->count; i++)
		if (strcmp(ids->texts[i], id) == 0)
			return RV_OK;
	if (ids->count == IDS_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d credentials in a plan",
			       IDS_MAX);
	char *slot = ids->texts[ids->count];
	size_t len = strlen(id);
	if (len >= RV_ID_TEXT)
		return rv_fail(RV_CLASS_MALFORMED, diag, "\"%.64s\" is no credential's id", id);
	memcpy(slot, id, len + 1);
	ids->list[ids->count++] = slot;
	return RV_OK;
}

static rv_status ids_of_args(struct rv_engine *e, const json_t *list, struct ids *ids,
			     struct rv_diag *diag)
{
	size_t i = 0;
	const json_t *item = NULL;
	json_array_foreach (list, i, item) {
		char id[RV_ID_TEXT];
		const char *asked = json_string_value(item);
		if (asked == NULL)
			return rv_fail(RV_CLASS_MALFORMED, diag, "plan: ids are texts");
		RV_TRY(rv_credential_resolve(e->db, asked, id, diag));
		RV_TRY(add_id(ids, id, diag));
	}
	return RV_OK;
}

struct by_policy {
	struct rv_engine *engine;
	const char *policy;
	struct ids *ids;
	struct rv_diag *diag;
};

/* All that the policy acts on and says is due. */
static rv_status take_due(const struct rv_credential *c, void *user)
{
	const struct by_policy *p = user;
	RV_CLEANUP(rv_engine_facts_done) struct rv_engine_facts f = {0};
	RV_TRY(rv_engine_facts_load(p->engine, c->id, &f, p->diag));
	struct rv_verdict v;
	int64_t now_us = rv_now_utc_us();
	rv_verdict_make(rv_engine_policies(p->engine), &f.facts, now_us, &v);
	bool is_due = v.due_us != RV_AT_UNKNOWN && v.due_us <= now_us;
	if (v.acting == NULL || strcmp(v.acting, p->policy) != 0 || !is_due)
		return RV_OK;
	return add_id(p->ids, c->id, p->diag);
}

static rv_status ids_of_policy(struct rv_engine *e, const char *policy, struct ids *ids,
			       struct rv_diag *diag)
{
	if (rv_policy_named(rv_engine_policies(e), policy) == NULL)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no policy is named \"%.64s\"", policy);
	struct by_policy p = {e, policy, ids, diag};
	const struct rv_credential_filter all = {0};
	return rv_credentials_each(e->db, &all, take_due, &p, diag);
}

static rv_status verb_plan(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			   struct rv_diag *diag)
{
	const char *policy = rv_json_text(ctl->args, "policy", NULL);
	const char *verb = rv_json_text(ctl->args, "verb", "rotate");
	RV_CLEANUP(rv_freep) struct ids *ids = calloc(1, sizeof(*ids));
	if (ids == NULL)
		return rv_fail_nomem(diag);
	if (strcmp(verb, "rotate") != 0 && strcmp(verb, "revoke") != 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "plan: verb is rotate or revoke");
	RV_TRY(ids_of_args(e, json_object_get(ctl->args, "ids"), ids, diag));
	if (policy != NULL)
		RV_TRY(ids_of_policy(e, policy, ids, diag));
	if (ids->count == 0) {
		rv_diag_next(diag,
			     policy ? "reeve list --due 30d" : "reeve plan ID, or --policy P");
		return rv_fail(RV_CLASS_NOT_FOUND, diag,
			       policy ? "policy %s says nothing is due" : "plan: say what to plan",
			       policy);
	}
	RV_CLEANUP(rv_jsonp) json_t *plan = NULL;
	RV_TRY(rv_rotate_plan(e, ids->list, ids->count, verb, true, &plan, diag));
	*out = json_pack("{s:O}", "plan", plan);
	return *out != NULL ? RV_OK : rv_fail_nomem(diag);
}

/* --- apply
 * ------------------------------------------------------------------------------------------------
 */

/* In the order of the steps. */
static rv_status ids_of_plan(const json_t *plan, struct ids *ids, struct rv_diag *diag)
{
	size_t i = 0;
	const json_t *step = NULL;
	json_array_foreach (json_object_get(plan, "steps"), i, step)
		RV_TRY(add_id(ids, rv_json_text(step, "cred", ""), diag));
	return RV_OK;
}

static rv_status verify(struct rv_engine *e, const json_t *plan, const struct ids *ids,
			json_t **out_differences, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *now = NULL;
	RV_CLEANUP(rv_jsonp) json_t *differences = NULL;
	const char *verb = rv_json_text(plan, "verb", "");
	if (strcmp(verb, "rotate") != 0 && strcmp(verb, "revoke") != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a plan: its verb is unknown");
	RV_TRY(rv_rotate_plan(e, ids->list, ids->count, verb, true, &now, diag));
	RV_TRY(rv_plan_compare(plan, now, &differences));
	if (out_differences != NULL)
		*out_differences = json_incref(differences);
	return rv_plan_refuse_stale(differences, diag);
}

rv_status rv_engine_plan_verify(struct rv_engine *e, const json_t *plan, json_t **out_differences,
				struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct ids *ids = calloc(1, sizeof(*ids));
	if (ids == NULL)
		return rv_fail_nomem(diag);
	RV_TRY(rv_plan_check(plan, diag));
	RV_TRY(ids_of_plan(plan, ids, diag));
	return verify(e, plan, ids, out_differences, diag);
}

/* From the arguments, or a file that came along. */
static rv_status plan_of(const struct rv_ctl *ctl, json_t **out, struct rv_diag *diag)
{
	json_t *given = json_object_get(ctl->args, "plan");
	if (given != NULL) {
		*out = json_incref(given);
		return RV_OK;
	}
	if (ctl->fd < 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "apply: no plan was given");
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, PLAN_BYTES);
	RV_TRY(rv_fd_read_all(ctl->fd, &text, diag));
	return rv_json_parse(rv_buf_view(&text), out, diag);
}

static rv_status audit_apply(struct rv_engine *e, const struct rv_ctl *ctl, const json_t *plan,
			     const json_t *differences, struct rv_diag *diag)
{
	bool is_stale = json_array_size(differences) > 0;
	RV_CLEANUP(rv_jsonp)
	json_t *data =
		json_pack("{s:s,s:s,s:I,s:I}", "hash", rv_json_text(plan, "hash", ""), "verb",
			  rv_json_text(plan, "verb", ""), "uid", (json_int_t)ctl->uid,
			  "differences", (json_int_t)json_array_size(differences));
	if (data == NULL)
		return rv_fail_nomem(diag);
	return rv_engine_audit(e, is_stale ? "plan_refused" : "plan_applied", "", "", data, diag);
}

static rv_status run_all(struct rv_engine *e, struct rv_ctl *ctl, const json_t *plan,
			 const struct ids *ids, json_t **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *runs = json_array();
	for (size_t i = 0; i < ids->count; i++) {
		json_t *run = NULL;
		rv_status s = rv_rotate_apply(e, ctl, plan, ids->list[i], &run, diag);
		if (!rv_is_ok(s)) { /* those before it are done, whatever becomes of this one */
			*out = json_array_size(runs) ? json_pack("{s:O}", "runs", runs) : NULL;
			return s;
		}
		if (json_array_append_new(runs, run) != 0)
			return rv_fail_nomem(diag);
	}
	*out = json_pack("{s:O}", "runs", runs);
	return *out != NULL ? RV_OK : rv_fail_nomem(diag);
}

static rv_status verb_apply(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			    struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *plan = NULL;
	RV_CLEANUP(rv_jsonp) json_t *differences = NULL;
	RV_CLEANUP(rv_freep) struct ids *ids = calloc(1, sizeof(*ids));
	if (ids == NULL)
		return rv_fail_nomem(diag);
	RV_TRY(plan_of(ctl, &plan, diag));
	RV_TRY(rv_plan_check(plan, diag));
	RV_TRY(ids_of_plan(plan, ids, diag));
	rv_status s = verify(e, plan, ids, &differences, diag);
	if (!rv_is_ok(s) && json_array_size(differences) == 0)
		return s; /* it can no longer be planned at all; the reason is said */
	struct rv_diag ignored = {0};
	RV_TRY(audit_apply(e, ctl, plan, differences, rv_is_ok(s) ? diag : &ignored));
	if (!rv_is_ok(s)) {
		*out = json_pack("{s:O}", "differences", differences);
		return s;
	}
	return run_all(e, ctl, plan, ids, out, diag);
}

static const struct rv_verb verbs[] = {
	{.name = "plan", .right = RV_RIGHT_PLAN, .flags = RV_VERB_JOB, .handler = verb_plan},
	{.name = "apply", .right = RV_RIGHT_APPLY, .flags = RV_VERB_JOB, .handler = verb_apply},
	{.name = NULL},
};

const struct rv_module rv_module_plan = {.name = "plan", .verbs = verbs};
