/* decide: why a verdict is as it is: every effective value with its file:line:column, the policies
 * that matched and those that did not, with the key that said no. Not here: the verdict itself. */
#include "agent/decide/verdict_private.h"

#include "agent/base/clock.h"

#include <stdio.h>

static json_t *time_json(int64_t us)
{
	if (us == RV_AT_UNKNOWN)
		return json_null();
	if (us == RV_AT_NEVER)
		return json_string("never");
	char text[RV_TIME_TEXT];
	rv_time_text(us, text);
	return json_string(text);
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

/* file, line, column into obj; a built-in value says "built in" and no line. 0, or -1. */
static int put_src(json_t *obj, struct rv_src src)
{
	bool is_built_in = src.file == NULL || src.file[0] == 0;
	int failed =
		json_object_set_new(obj, "file", json_string(is_built_in ? "built in" : src.file));
	failed |= json_object_set_new(obj, "line",
				      is_built_in ? json_null() : json_integer(src.line));
	failed |= json_object_set_new(obj, "column",
				      is_built_in ? json_null() : json_integer(src.column));
	return failed;
}

static json_t *violations_json(const struct rv_verdict *v)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && i < v->violation_count; i++) {
		const struct rv_violation *x = &v->violations[i];
		json_t *item = json_pack("{s:s,s:s,s:s,s:b,s:s}", "requirement", x->requirement,
					 "value", x->value, "limit", x->limit, "unknown",
					 x->is_unknown, "policy", x->policy);
		if (put_src(item, x->src) != 0) {
			json_decref(item);
			json_decref(out);
			return NULL;
		}
		if (json_array_append_new(out, item) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *because_json(const struct rv_verdict *v)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && i < v->because_count; i++) {
		const struct rv_because *b = &v->because[i];
		json_t *item = json_pack("{s:s,s:s}", "field", b->field, "value", b->value);
		if (put_src(item, b->src) != 0) {
			json_decref(item);
			json_decref(out);
			return NULL;
		}
		if (json_array_append_new(out, item) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

/* "violating: require.max_age is 412d, limit 90d; rotate: due .." in one line. */
static void sentence(const struct rv_verdict *v, char *out, size_t size)
{
	char due[RV_TIME_TEXT] = "";
	char first[224] = "";
	if (v->violation_count > 0)
		snprintf(first, sizeof(first), ": %s is %s, limit %s", v->violations[0].requirement,
			 v->violations[0].value, v->violations[0].limit);
	if (v->due_us != RV_AT_UNKNOWN)
		rv_time_text(v->due_us, due);
	snprintf(out, size, "%s%s%s%s; %s: %s", rv_compliance_name(v->compliance), first,
		 due[0] ? "; due " : "", due, rv_action_name(v->action), v->action_why);
}

rv_status rv_verdict_json(const struct rv_verdict *v, json_t **out)
{
	char text[600];
	sentence(v, text, sizeof(text));
	json_t *owner = json_pack("{s:o,s:o,s:o,s:i}", "team", text_or_null(v->owner_team),
				  "person", text_or_null(v->owner_person), "else",
				  text_or_null(v->owner_else), "at_least", (int)v->owner_at_least);
	json_t *doc = json_pack(
		"{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:o,s:o,s:o}", "text", text, "compliance",
		rv_compliance_name(v->compliance), "violations", violations_json(v), "due",
		time_json(v->due_us), "because", because_json(v), "policy", text_or_null(v->lead),
		"acting", text_or_null(v->acting), "conflict",
		v->has_conflict ? json_string(v->conflict) : json_null(), "action",
		rv_action_name(v->action), "action_why", v->action_why, "act_at",
		time_json(v->act_at_us), "notify_at", time_json(v->notify_at_us), "owner", owner);
	if (doc == NULL)
		return rv_fail_nomem(NULL);
	*out = doc;
	return RV_OK;
}

static json_t *policy_json(const struct rv_policy *p, const char *why_not)
{
	json_t *item = json_pack("{s:s,s:I,s:s,s:b}", "policy", rv_policy_name(p), "priority",
				 (json_int_t)p->values[RV_PK_PRIORITY].number, "mode",
				 rv_mode_name(p->values[RV_PK_MODE].is_set
						      ? (unsigned)p->values[RV_PK_MODE].number
						      : RV_MODE_OBSERVE),
				 "acts", rv_policy_acts(p));
	int failed = put_src(item, p->src);
	if (why_not != NULL)
		failed |= json_object_set_new(item, "because", json_string(why_not));
	if (failed != 0) {
		json_decref(item);
		return NULL;
	}
	return item;
}

/* Every set value of a matching policy; `wins` marks the one in force. */
static json_t *value_json(const struct rv_policy *p, enum rv_policy_key key, bool wins)
{
	char text[256];
	rv_policy_value_text(&p->values[key], key, text, sizeof(text));
	json_t *item = json_pack("{s:s,s:s,s:s,s:b}", "field", rv_policy_keys()[key].path, "value",
				 text, "policy", rv_policy_name(p), "in_force", wins);
	if (put_src(item, p->values[key].src) != 0) {
		json_decref(item);
		return NULL;
	}
	return item;
}

/* Is this policy's value of the key the one that decides? Requirements: the strictest; the rest:
 * the policy that leads. */
static bool is_in_force(const struct rv_matches *m, const struct rv_policy *p,
			enum rv_policy_key key, const struct rv_verdict *v)
{
	bool smallest = key == RV_PK_REQUIRE_MAX_LIFETIME || key == RV_PK_REQUIRE_MAX_AGE ||
			key == RV_PK_REQUIRE_MAX_HOSTS;
	if (key == RV_PK_REQUIRE_FILE_MODE)
		return true; /* all of them hold at once */
	bool largest = key == RV_PK_RENEW_SURVIVE_OUTAGE || key == RV_PK_OWNER_AT_LEAST;
	if (key == RV_PK_RENEW_WHEN_LEFT) {
		for (size_t i = 0; i < v->because_count; i++)
			if (strcmp(v->because[i].field, rv_policy_keys()[key].path) == 0)
				return v->because[i].src.line == p->values[key].src.line &&
				       strcmp(v->because[i].src.file, p->values[key].src.file) == 0;
		return false;
	}
	if (!smallest && !largest)
		return v->lead != NULL && strcmp(v->lead, rv_policy_name(p)) == 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy_value *other = &m->items[i]->values[key];
		int64_t mine = p->values[key].number;
		if (other->is_set && (smallest ? other->number < mine : other->number > mine))
			return false;
	}
	return true;
}

static json_t *effective_json(const struct rv_matches *m, const struct rv_verdict *v)
{
	json_t *out = json_array();
	for (unsigned key = RV_PK_PRIORITY; out != NULL && key < RV_PK__COUNT; key++) {
		if ((rv_policy_keys()[key].flags & (RV_PKF_MATCH | RV_PKF_NOT)) != 0)
			continue;
		for (size_t i = 0; i < m->count; i++) {
			if (!m->items[i]->values[key].is_set)
				continue;
			bool wins = is_in_force(m, m->items[i], key, v);
			if (json_array_append_new(out, value_json(m->items[i], key, wins)) != 0) {
				json_decref(out);
				return NULL;
			}
		}
	}
	return out;
}

static rv_status lists_json(const struct rv_policy_set *set, const struct rv_facts *f,
			    json_t *matched, json_t *not_matched)
{
	for (size_t i = 0; i < rv_policy_count(set); i++) {
		const struct rv_policy *p = rv_policy_at(set, i);
		const char *why_not = NULL;
		bool matches = rv_policy_matches(p, f, &why_not);
		json_t *item = policy_json(p, matches ? NULL : why_not);
		if (json_array_append_new(matches ? matched : not_matched, item) != 0)
			return rv_fail_nomem(NULL);
	}
	return RV_OK;
}

rv_status rv_verdict_explain(const struct rv_policy_set *set, const struct rv_facts *facts,
			     int64_t now_us, json_t **out)
{
	struct rv_verdict v;
	rv_verdict_make(set, facts, now_us, &v);
	RV_CLEANUP(rv_jsonp) json_t *verdict = NULL;
	RV_TRY(rv_verdict_json(&v, &verdict));
	RV_CLEANUP(rv_jsonp) json_t *matched = json_array();
	RV_CLEANUP(rv_jsonp) json_t *not_matched = json_array();
	RV_TRY(lists_json(set, facts, matched, not_matched));
	RV_CLEANUP(rv_freep) struct rv_matches *m = malloc(sizeof(*m)); /* too large for a frame */
	if (m == NULL)
		return rv_fail_nomem(NULL);
	rv_matches_find(set, facts, m);
	json_t *doc = json_pack("{s:s,s:s,s:o,s:O,s:O,s:O,s:o}", "id", facts->id, "set",
				rv_policy_set_id(set), "now", time_json(now_us), "verdict", verdict,
				"matched", matched, "not_matched", not_matched, "effective",
				effective_json(m, &v));
	if (doc == NULL)
		return rv_fail_nomem(NULL);
	*out = doc;
	return RV_OK;
}
