/* decide: what is wanted and what is there -> steps, or a refusal with its reason. Not here: the
 * JSON of one item's world (plan_world.c), the document (model/plan.c). */
#include "agent/decide/plan_private.h"

#include "agent/base/clock.h"

#include <stdio.h>

#define ITEMS_MAX  64
#define HANDSHAKES 5

/* --- may it be done?
 * ---------------------------------------------------------------------------------- */

static rv_status refuse_state(const struct rv_plan_request *r, const struct rv_plan_item *item,
			      struct rv_diag *diag)
{
	struct rv_state state = item->facts->state;
	const char *event = NULL;
	unsigned to = strcmp(r->verb, "revoke") == 0 ? RV_LIFE_REVOKING : RV_LIFE_ROTATING;
	rv_status s = rv_state_move(&state, RV_AXIS_LIFE, to, &event, diag);
	if (!rv_is_ok(s)) {
		rv_diag_prefix(diag, "%s", item->facts->id);
		rv_diag_next(diag, "reeve show %s", item->facts->id);
	}
	return s;
}

static rv_status refuse_policy(const struct rv_plan_request *r, const struct rv_plan_item *item,
			       struct rv_diag *diag)
{
	const struct rv_verdict *v = item->verdict;
	const char *id = item->facts->id;
	rv_diag_next(diag, "reeve policy explain %s", id);
	if (v->has_conflict)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s: %s", id, v->conflict);
	if (v->acting == NULL)
		return rv_fail(RV_CLASS_DENIED, diag, "%s: no policy says how to act on it", id);
	if (rv_verdict_acting_value(r->set, v, RV_PK_ROTATE_WITH) == NULL)
		return rv_fail(RV_CLASS_DENIED, diag,
			       "%s: policy %s names no instance in rotate.with", id, v->acting);
	if (strcmp(r->verb, "rotate") == 0 && !r->by_hand && v->action != RV_ACTION_ROTATE)
		return rv_fail(RV_CLASS_DENIED, diag, "%s: policy does not start it now: %s", id,
			       v->action_why);
	return RV_OK;
}

static rv_status refuse_path(const char *id, const struct rv_plan_path *p, struct rv_diag *diag)
{
	char path[128];
	rv_text_cut(p->path, path, sizeof(path));
	if (p->manager != NULL && p->manager[0] != 0) {
		rv_diag_next(diag, "let %.100s go on, or take the file from it", p->manager);
		return rv_fail(RV_CLASS_DENIED, diag, "%s: %s is managed by %s", id, path,
			       p->manager);
	}
	if (p->is_mount)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "%s: %s is a mount of its own and cannot be renamed", id, path);
	if (p->links > 1)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "%s: %s has %llu hard links; a swap would part them", id, path,
			       (unsigned long long)p->links);
	return RV_OK;
}

static size_t count_holding(const struct rv_plan_item *item, const char *what)
{
	size_t n = 0;
	for (size_t i = 0; i < item->path_count; i++)
		n += strcmp(item->paths[i].holds, what) == 0;
	return n;
}

static rv_status refuse_layout(const struct rv_plan_request *r, const struct rv_plan_item *item,
			       struct rv_diag *diag)
{
	const char *id = item->facts->id;
	bool is_combined = count_holding(item, "combined") > 0;
	bool is_pair = count_holding(item, "certificate") > 0 && count_holding(item, "key") > 0;
	if (!is_combined && !is_pair)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "%s: certificate and private key are not both known on this host",
			       id);
	const struct rv_policy_value *layout =
		rv_verdict_acting_value(r->set, item->verdict, RV_PK_DEPLOY_LAYOUT);
	int64_t wanted = layout != NULL ? layout->number : RV_LAYOUT_AUTO;
	if ((wanted == RV_LAYOUT_COMBINED && !is_combined) ||
	    (wanted == RV_LAYOUT_PAIR && !is_pair))
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s: deploy.layout says %s, found is %s",
			       id, rv_layout_name((unsigned)wanted),
			       is_combined ? "combined" : "pair");
	return RV_OK;
}

static rv_status refuse_item(const struct rv_plan_request *r, const struct rv_plan_item *item,
			     struct rv_diag *diag)
{
	RV_TRY(refuse_state(r, item, diag));
	RV_TRY(refuse_policy(r, item, diag));
	if (strcmp(r->verb, "revoke") == 0)
		return RV_OK;
	if (item->facts->kind != RV_KIND_CERTIFICATE)
		return rv_fail(RV_CLASS_DENIED, diag, "%s: a %s cannot be rotated yet",
			       item->facts->id, rv_kind_name(item->facts->kind));
	for (size_t i = 0; i < item->path_count; i++)
		RV_TRY(refuse_path(item->facts->id, &item->paths[i], diag));
	return refuse_layout(r, item, diag);
}

/* --- steps
 * ------------------------------------------------------------------------------------------- */

struct steps {
	const struct rv_plan_request *r;
	const struct rv_plan_item *item;
	json_t *list;
};

/* What each step does, for people. */
static const char *const step_texts[] = {
	[RV_STEP_ADMIT] = "one run for it; owner, hold and pause are asked",
	[RV_STEP_PREFLIGHT] = "look at every file and listener again",
	[RV_STEP_MINT] = "a new key and request; the key is sealed",
	[RV_STEP_CREATE] = "the new certificate",
	[RV_STEP_GATE] = "key, names, chain and dates of the new one",
	[RV_STEP_STAGE] = "the new files beside the old",
	[RV_STEP_SWAP] = "exchange the names",
	[RV_STEP_TEST] = "the granted hook",
	[RV_STEP_RELOAD] = "the granted units",
	[RV_STEP_PROVE] = "full handshakes; no process from before the swap listens",
	[RV_STEP_PROMOTE] = "the new one is the current one; no automatic way back",
	[RV_STEP_GRACE] = "the old one still lives",
	[RV_STEP_REVOKE] = "the old one, at its issuer",
	[RV_STEP_SHOW_DEAD] = "the old one is asked for; the grade is stated",
	[RV_STEP_CLOSE] = "sealed copies are erased",
};

/* Appends {n, cred, step, on, text} with the members of `more` (taken; NULL: no memory). */
static rv_status put_step(struct steps *s, enum rv_step step, const char *on, json_t *more)
{
	json_t *out = more == NULL ? NULL
				   : json_pack("{s:I,s:s,s:s,s:s,s:s}", "n",
					       (json_int_t)json_array_size(s->list) + 1, "cred",
					       s->item->facts->id, "step", rv_step_name(step), "on",
					       on, "text", step_texts[step]);
	int failed = out == NULL || json_object_update(out, more) != 0;
	json_decref(more);
	if (failed) {
		json_decref(out);
		return rv_fail_nomem(NULL);
	}
	return json_array_append_new(s->list, out) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static const struct rv_policy_value *acting(const struct steps *s, enum rv_policy_key key)
{
	return rv_verdict_acting_value(s->r->set, s->item->verdict, key);
}

static json_t *texts_json(const struct rv_policy_value *v)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && v != NULL && i < v->count; i++) {
		if (json_array_append_new(out, json_string(v->items[i])) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static rv_status put_deploy(struct steps *s)
{
	char on[64];
	const struct rv_policy_value *test = acting(s, RV_PK_DEPLOY_TEST);
	const struct rv_policy_value *reload = acting(s, RV_PK_DEPLOY_RELOAD);
	const struct rv_policy_value *prove = acting(s, RV_PK_DEPLOY_PROVE);
	snprintf(on, sizeof(on), "%zu file%s", s->item->path_count,
		 s->item->path_count == 1 ? "" : "s");
	RV_TRY(put_step(s, RV_STEP_STAGE, on, json_pack("{s:o}", "files", rv_plan_files(s->item))));
	RV_TRY(put_step(s, RV_STEP_SWAP, on,
			json_pack("{s:o,s:b}", "files", rv_plan_files(s->item), "declared_window",
				  s->item->path_count > 1)));
	if (test != NULL)
		RV_TRY(put_step(s, RV_STEP_TEST, test->items[0],
				json_pack("{s:s}", "hook", test->items[0])));
	if (reload != NULL)
		RV_TRY(put_step(s, RV_STEP_RELOAD, reload->items[0],
				json_pack("{s:o}", "units", texts_json(reload))));
	return put_step(
		s, RV_STEP_PROVE, prove ? prove->items[0] : "listeners found",
		json_pack("{s:o,s:i}", "targets", texts_json(prove), "handshakes", HANDSHAKES));
}

static rv_status put_end(struct steps *s)
{
	const char *with = acting(s, RV_PK_ROTATE_WITH)->items[0];
	const char *version = s->item->version;
	RV_TRY(put_step(s, RV_STEP_REVOKE, with,
			json_pack("{s:s,s:s}", "with", with, "version", version)));
	RV_TRY(put_step(s, RV_STEP_SHOW_DEAD, version, json_pack("{s:s}", "version", version)));
	return put_step(s, RV_STEP_CLOSE, "", json_object());
}

static rv_status put_rotation(struct steps *s)
{
	const struct rv_policy_value *grace = acting(s, RV_PK_GRACE);
	const struct rv_policy_value *life = acting(s, RV_PK_REQUIRE_MAX_LIFETIME);
	const char *with = acting(s, RV_PK_ROTATE_WITH)->items[0];
	char on[32];
	snprintf(on, sizeof(on), "%zu files", s->item->path_count);
	RV_TRY(put_step(s, RV_STEP_PREFLIGHT, on,
			json_pack("{s:I}", "paths", (json_int_t)s->item->path_count)));
	RV_TRY(put_step(s, RV_STEP_MINT, "", json_object()));
	RV_TRY(put_step(s, RV_STEP_CREATE, with,
			json_pack("{s:s,s:I}", "with", with, "max_lifetime_s",
				  (json_int_t)(life ? life->number / RV_US_PER_S : 0))));
	RV_TRY(put_step(s, RV_STEP_GATE, "", json_object()));
	RV_TRY(put_deploy(s));
	RV_TRY(put_step(s, RV_STEP_PROMOTE, "", json_object()));
	int64_t grace_s = grace ? grace->number / RV_US_PER_S : 0;
	snprintf(on, sizeof(on), "%lld s", (long long)grace_s);
	return put_step(s, RV_STEP_GRACE, on, json_pack("{s:I}", "for_s", (json_int_t)grace_s));
}

static rv_status put_item(const struct rv_plan_request *r, const struct rv_plan_item *item,
			  json_t *list)
{
	struct steps s = {r, item, list};
	RV_TRY(put_step(&s, RV_STEP_ADMIT, item->facts->id,
			json_pack("{s:s}", "policy", item->verdict->acting)));
	if (strcmp(r->verb, "rotate") == 0)
		RV_TRY(put_rotation(&s));
	return put_end(&s);
}

static rv_status fill(const struct rv_plan_request *r, json_t *steps, json_t *world,
		      struct rv_diag *diag)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct rv_plan_item *item = &r->items[i];
		RV_TRY(refuse_item(r, item, diag));
		json_t *one = NULL;
		RV_TRY(rv_plan_world(r, item, &one));
		if (json_object_set_new(world, item->facts->id, one) != 0)
			return rv_fail_nomem(diag);
		RV_TRY(put_item(r, item, steps));
	}
	return RV_OK;
}

rv_status rv_plan_build(const struct rv_plan_request *r, json_t **out, struct rv_diag *diag)
{
	if (r->count == 0 || r->count > ITEMS_MAX)
		return rv_fail(RV_CLASS_NOT_FOUND, diag,
			       r->count == 0 ? "nothing to plan"
					     : "more than 64 credentials in a plan");
	RV_BUG_ON(strcmp(r->verb, "rotate") != 0 && strcmp(r->verb, "revoke") != 0);
	RV_CLEANUP(rv_jsonp) json_t *steps = json_array();
	RV_CLEANUP(rv_jsonp) json_t *world = json_object();
	if (steps == NULL || world == NULL)
		return rv_fail_nomem(diag);
	RV_TRY(fill(r, steps, world, diag));
	char at[RV_TIME_TEXT];
	rv_time_text(r->now_us, at);
	RV_CLEANUP(rv_jsonp)
	json_t *plan = json_pack("{s:i,s:s,s:s,s:s,s:s,s:O,s:O}", "v", RV_PLAN_VERSION, "made_at",
				 at, "host", r->host, "set", rv_policy_set_id(r->set), "verb",
				 r->verb, "steps", steps, "world", world);
	if (plan == NULL)
		return rv_fail_nomem(diag);
	RV_TRY(rv_plan_seal(plan));
	*out = RV_TAKE(plan);
	return RV_OK;
}
