/* decide: the verdict. Pure; every text has a bound. Not here: matching (match.c), when it is due
 * (due.c), explanations (explain.c). */
#include "agent/decide/verdict_private.h"

#include "agent/base/clock.h"

#include <stdio.h>

/* --- requirements --------------------------------------------------------------------------------
 */

static struct rv_violation *new_violation(struct rv_verdict *v, enum rv_policy_key key,
					  const struct rv_policy *policy)
{
	RV_BUG_ON(v->violation_count == RV_VIOLATIONS_MAX);
	struct rv_violation *out = &v->violations[v->violation_count++];
	*out = (struct rv_violation){.requirement = rv_policy_keys()[key].path,
				     .policy = rv_policy_name(policy),
				     .src = policy->values[key].src};
	rv_policy_value_text(&policy->values[key], key, out->limit, sizeof(out->limit));
	return out;
}

/* The matching policy with the smallest limit; of equal ones the first by name. */
static const struct rv_policy *strictest(const struct rv_matches *m, enum rv_policy_key key)
{
	const struct rv_policy *best = NULL;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy_value *value = &m->items[i]->values[key];
		if (value->is_set && (best == NULL || value->number < best->values[key].number))
			best = m->items[i];
	}
	return best;
}

static void judge_lifetime(struct rv_verdict *v, const struct rv_matches *m,
			   const struct rv_facts *f)
{
	const struct rv_policy *p = strictest(m, RV_PK_REQUIRE_MAX_LIFETIME);
	if (p == NULL)
		return;
	int64_t limit = p->values[RV_PK_REQUIRE_MAX_LIFETIME].number;
	if (f->expires_us == RV_AT_NEVER) {
		struct rv_violation *x = new_violation(v, RV_PK_REQUIRE_MAX_LIFETIME, p);
		snprintf(x->value, sizeof(x->value), "never expires");
	} else if (f->expires_us == RV_AT_UNKNOWN || f->issued_us == RV_AT_UNKNOWN) {
		struct rv_violation *x = new_violation(v, RV_PK_REQUIRE_MAX_LIFETIME, p);
		x->is_unknown = true;
		snprintf(x->value, sizeof(x->value), "unknown");
	} else if (rv_span(f->issued_us, f->expires_us) > limit) {
		struct rv_violation *x = new_violation(v, RV_PK_REQUIRE_MAX_LIFETIME, p);
		rv_duration_text(rv_span(f->issued_us, f->expires_us), x->value);
	}
}

static void judge_age(struct rv_verdict *v, const struct rv_matches *m, const struct rv_facts *f,
		      int64_t now_us)
{
	const struct rv_policy *p = strictest(m, RV_PK_REQUIRE_MAX_AGE);
	if (p == NULL)
		return;
	bool is_exact = f->issued_us != RV_AT_UNKNOWN;
	int64_t since = is_exact ? f->issued_us : f->known_since_us;
	int64_t age = since != RV_AT_UNKNOWN ? rv_span(since, now_us) : INT64_MIN;
	bool is_over = age > p->values[RV_PK_REQUIRE_MAX_AGE].number;
	if (is_exact && !is_over)
		return;
	struct rv_violation *x = new_violation(v, RV_PK_REQUIRE_MAX_AGE, p);
	x->is_unknown = !is_over;
	char text[RV_TIME_TEXT] = "";
	if (is_over)
		rv_duration_text(age, text);
	snprintf(x->value, sizeof(x->value), "%s%s",
		 !is_over   ? "unknown"
		 : is_exact ? ""
			    : "at least ",
		 text);
}

/* All modes hold at once: what may stand is what every policy allows. */
static void judge_mode(struct rv_verdict *v, const struct rv_matches *m, const struct rv_facts *f)
{
	const struct rv_policy *p = strictest(m, RV_PK_REQUIRE_FILE_MODE);
	if (p == NULL)
		return;
	unsigned allowed = 0777;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy_value *value = &m->items[i]->values[RV_PK_REQUIRE_FILE_MODE];
		if (value->is_set)
			allowed &= (unsigned)value->number;
	}
	const struct rv_place_facts *worst = NULL;
	for (size_t i = 0; i < f->place_count; i++) {
		const struct rv_place_facts *place = &f->places[i];
		unsigned over = place->mode & 0777 & ~allowed;
		if (place->is_file && over != 0 &&
		    (worst == NULL || over > (worst->mode & 0777 & ~allowed)))
			worst = place;
	}
	if (worst == NULL)
		return;
	struct rv_violation *x = new_violation(v, RV_PK_REQUIRE_FILE_MODE, p);
	snprintf(x->limit, sizeof(x->limit), "%04o", allowed);
	char path[80];
	rv_text_cut(worst->path, path, sizeof(path));
	snprintf(x->value, sizeof(x->value), "%04o at %s", worst->mode & 0777, path);
}

static void judge_hosts(struct rv_verdict *v, const struct rv_matches *m, const struct rv_facts *f)
{
	const struct rv_policy *p = strictest(m, RV_PK_REQUIRE_MAX_HOSTS);
	if (p == NULL || (f->hosts != 0 && f->hosts <= p->values[RV_PK_REQUIRE_MAX_HOSTS].number))
		return;
	struct rv_violation *x = new_violation(v, RV_PK_REQUIRE_MAX_HOSTS, p);
	x->is_unknown = f->hosts == 0;
	if (f->hosts == 0)
		snprintf(x->value, sizeof(x->value), "unknown");
	else
		snprintf(x->value, sizeof(x->value), "%u hosts", f->hosts);
}

/* What needs no policy: an expired credential is out of order everywhere. */
static void judge_expiry(struct rv_verdict *v, const struct rv_facts *f, int64_t now_us)
{
	if (f->expires_us == RV_AT_UNKNOWN || f->expires_us == RV_AT_NEVER ||
	    f->expires_us > now_us)
		return;
	struct rv_violation *x = &v->violations[v->violation_count++];
	*x = (struct rv_violation){.requirement = "not_after", .policy = "", .src = {"", 0, 0}};
	char when[RV_TIME_TEXT];
	rv_time_text(f->expires_us, when);
	snprintf(x->value, sizeof(x->value), "expired %s", when);
	snprintf(x->limit, sizeof(x->limit), "not expired");
}

static enum rv_compliance compliance_of(const struct rv_verdict *v, const struct rv_matches *m)
{
	enum rv_compliance out = m->count > 0 ? RV_COMPLIANCE_COMPLIANT : RV_COMPLIANCE_UNGOVERNED;
	for (size_t i = 0; i < v->violation_count; i++) {
		if (!v->violations[i].is_unknown)
			return RV_COMPLIANCE_VIOLATING;
		out = RV_COMPLIANCE_UNKNOWN;
	}
	return out;
}

/* --- who leads, who acts
 * -------------------------------------------------------------------------- */

static int64_t priority_of(const struct rv_policy *p)
{
	return p->values[RV_PK_PRIORITY].number;
}

/* Highest priority; of equal ones the first by name (m is ordered by name). */
static const struct rv_policy *highest(const struct rv_matches *m, bool only_acting)
{
	const struct rv_policy *best = NULL;
	for (size_t i = 0; i < m->count; i++) {
		if (only_acting && !rv_policy_acts(m->items[i]))
			continue;
		if (best == NULL || priority_of(m->items[i]) > priority_of(best))
			best = m->items[i];
	}
	return best;
}

static void find_conflict(struct rv_verdict *v, const struct rv_matches *m,
			  const struct rv_policy *acting)
{
	for (size_t i = 0; acting != NULL && i < m->count; i++) {
		const struct rv_policy *other = m->items[i];
		if (other == acting || !rv_policy_acts(other) ||
		    priority_of(other) != priority_of(acting))
			continue;
		v->has_conflict = true;
		snprintf(v->conflict, sizeof(v->conflict),
			 "%.64s and %.64s both act with priority %lld", rv_policy_name(acting),
			 rv_policy_name(other), (long long)priority_of(acting));
		return;
	}
}

/* The owner the policies name: the highest priority that names one; a tie of different names
 * names nobody. */
static void name_owner(struct rv_verdict *v, const struct rv_matches *m)
{
	static const enum rv_policy_key keys[] = {RV_PK_OWNER_TEAM, RV_PK_OWNER_PERSON};
	const struct rv_policy *best = NULL;
	enum rv_policy_key best_key = RV_PK_OWNER_TEAM;
	bool is_tied = false;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy *p = m->items[i];
		for (size_t k = 0; k < RV_LEN(keys); k++) {
			if (!p->values[keys[k]].is_set)
				continue;
			if (best == NULL || priority_of(p) > priority_of(best)) {
				best = p;
				best_key = keys[k];
				is_tied = false;
			} else if (priority_of(p) == priority_of(best)) {
				is_tied |= keys[k] != best_key ||
					   strcmp(p->values[keys[k]].items[0],
						  best->values[best_key].items[0]) != 0;
			}
		}
	}
	if (best == NULL || is_tied)
		return;
	const struct rv_policy_value *value = &best->values[best_key];
	if (best_key == RV_PK_OWNER_TEAM)
		v->owner_team = value->items[0];
	else
		v->owner_person = value->items[0];
	v->owner_src = value->src;
}

/* What an inferred owner needs: the highest that any matching policy asks. */
static void owner_rules(struct rv_verdict *v, const struct rv_matches *m)
{
	bool infers = false;
	const struct rv_policy *asks = NULL;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy_value *values = m->items[i]->values;
		infers |= values[RV_PK_OWNER_INFER].is_set && values[RV_PK_OWNER_INFER].number != 0;
		if (values[RV_PK_OWNER_AT_LEAST].is_set &&
		    values[RV_PK_OWNER_AT_LEAST].number > v->owner_at_least)
			v->owner_at_least = (unsigned)values[RV_PK_OWNER_AT_LEAST].number;
		if (values[RV_PK_OWNER_ELSE_TEAM].is_set &&
		    (asks == NULL || priority_of(m->items[i]) > priority_of(asks)))
			asks = m->items[i];
	}
	if (infers && v->owner_at_least == 0)
		v->owner_at_least = 80;
	if (asks != NULL)
		v->owner_else = asks->values[RV_PK_OWNER_ELSE_TEAM].items[0];
}

/* --- what to do
 * ------------------------------------------------------------------------------------ */

static void act(struct rv_verdict *v, enum rv_action action, const char *why)
{
	v->action = action;
	snprintf(v->action_why, sizeof(v->action_why), "%s", why);
}

/* May somebody be said to want this change? NULL: yes. */
static const char *owner_refuses(const struct rv_verdict *v, const struct rv_facts *f)
{
	if (f->state.ownership == RV_OWNERSHIP_DISPUTED)
		return "the owner disputes it";
	if (f->state.ownership == RV_OWNERSHIP_ORPHANED)
		return "nobody owns it";
	if (v->owner_team != NULL || v->owner_person != NULL || f->owner_source > RV_OWNER_INFERRED)
		return NULL;
	if (f->owner_source == RV_OWNER_NONE)
		return "no owner is known";
	if (v->owner_at_least == 0)
		return "the owner is only inferred; owner.infer allows it";
	if (f->owner_confidence < v->owner_at_least)
		return "the inferred owner is below owner.at_least";
	return NULL;
}

/* The first moment at or after `from` inside one of the windows. */
static int64_t next_window(const struct rv_policy *p, int64_t from_us)
{
	const struct rv_policy_value *windows = &p->values[RV_PK_ROTATE_WINDOW];
	if (!windows->is_set)
		return from_us;
	int64_t best = INT64_MAX;
	for (size_t i = 0; i < windows->count; i++) {
		int64_t next = rv_hours_next(windows->windows[i], from_us);
		best = next < best ? next : best;
	}
	return best;
}

static bool is_retirable(const struct rv_policy *p, const struct rv_facts *f, int64_t now_us)
{
	const struct rv_policy_value *wait = &p->values[RV_PK_RETIRE_ORPHANED_FOR];
	return wait->is_set && f->orphaned_since_us != RV_AT_UNKNOWN &&
	       rv_span(f->orphaned_since_us, now_us) >= wait->number;
}

struct choice {
	enum rv_action action;
	const char *why;
};

/* The acting policy's mode decides how far it goes; everything in the way is said. */
static struct choice choice_of(struct rv_verdict *v, const struct rv_policy *acting,
			       const struct rv_policy *lead, const struct rv_facts *f,
			       int64_t now_us)
{
	bool is_due = v->due_us != RV_AT_UNKNOWN && v->due_us <= now_us;
	bool retires = acting != NULL && is_retirable(acting, f, now_us);
	int64_t mode = lead != NULL ? lead->values[RV_PK_MODE].number : RV_MODE_OBSERVE;
	if (!is_due && !retires && v->compliance == RV_COMPLIANCE_VIOLATING)
		return (struct choice){mode == RV_MODE_OBSERVE ? RV_ACTION_REPORT
							       : RV_ACTION_SUGGEST,
				       "not due, but a requirement does not hold"};
	if (!is_due && !retires)
		return (struct choice){RV_ACTION_NONE, "not due"};
	if (v->has_conflict)
		return (struct choice){RV_ACTION_REPORT, v->conflict};
	if (mode == RV_MODE_OBSERVE)
		return (struct choice){RV_ACTION_REPORT, "mode observe"};
	if (mode == RV_MODE_SUGGEST)
		return (struct choice){RV_ACTION_SUGGEST, "mode suggest"};
	if (acting == NULL)
		return (struct choice){RV_ACTION_REPORT, "no policy says how to act"};
	if (f->state.hold != RV_HOLD_NONE)
		return (struct choice){RV_ACTION_SUGGEST, "a hold stands"};
	if (f->state.life != RV_LIFE_ACTIVE && f->state.life != RV_LIFE_DUE)
		return (struct choice){RV_ACTION_NONE, "its life does not allow a change now"};
	if (retires)
		return (struct choice){RV_ACTION_RETIRE,
				       "nobody has owned it for retire.orphaned_for"};
	if (!acting->values[RV_PK_ROTATE_WITH].is_set)
		return (struct choice){RV_ACTION_SUGGEST, "rotate.with names no instance"};
	const char *refused = owner_refuses(v, f);
	if (refused != NULL)
		return (struct choice){RV_ACTION_SUGGEST, refused};
	v->act_at_us = next_window(acting, now_us);
	if (v->act_at_us > now_us)
		return (struct choice){RV_ACTION_WAIT, "outside rotate.window"};
	return (struct choice){RV_ACTION_ROTATE, "due, enforced and inside the window"};
}

static void choose_action(struct rv_verdict *v, const struct rv_policy *acting,
			  const struct rv_policy *lead, const struct rv_facts *f, int64_t now_us)
{
	struct choice choice = choice_of(v, acting, lead, f, now_us);
	act(v, choice.action, choice.why);
}

static void choose_notice(struct rv_verdict *v, const struct rv_policy *lead, int64_t now_us)
{
	if (lead == NULL || v->due_us == RV_AT_UNKNOWN || !lead->values[RV_PK_NOTIFY_BEFORE].is_set)
		return;
	const struct rv_policy_value *before = &lead->values[RV_PK_NOTIFY_BEFORE];
	for (size_t i = 0; i < before->count; i++) {
		int64_t at = rv_time_minus(v->due_us, before->numbers[i]);
		if (at <= now_us && (v->notify_at_us == RV_AT_UNKNOWN || at > v->notify_at_us))
			v->notify_at_us = at;
	}
}

void rv_verdict_make(const struct rv_policy_set *set, const struct rv_facts *facts, int64_t now_us,
		     struct rv_verdict *out)
{
	struct rv_matches m = {0};
	memset(out, 0, sizeof(*out)); /* a literal of this size would go over the stack */
	out->due_us = RV_AT_UNKNOWN;
	out->act_at_us = RV_AT_UNKNOWN;
	out->notify_at_us = RV_AT_UNKNOWN;
	rv_matches_find(set, facts, &m);
	judge_expiry(out, facts, now_us);
	judge_lifetime(out, &m, facts);
	judge_age(out, &m, facts, now_us);
	judge_mode(out, &m, facts);
	judge_hosts(out, &m, facts);
	out->compliance = compliance_of(out, &m);
	const struct rv_policy *acting = highest(&m, true);
	const struct rv_policy *lead = acting != NULL ? acting : highest(&m, false);
	find_conflict(out, &m, acting);
	out->lead = lead ? rv_policy_name(lead) : NULL;
	out->acting = acting && !out->has_conflict ? rv_policy_name(acting) : NULL;
	name_owner(out, &m);
	owner_rules(out, &m);
	rv_due_find(&m, facts, out);
	choose_action(out, acting, lead, facts, now_us);
	choose_notice(out, lead, now_us);
}

const struct rv_policy_value *rv_verdict_acting_value(const struct rv_policy_set *set,
						      const struct rv_verdict *v,
						      enum rv_policy_key key)
{
	const struct rv_policy *p = v->acting ? rv_policy_named(set, v->acting) : NULL;
	return p != NULL && p->values[key].is_set ? &p->values[key] : NULL;
}
