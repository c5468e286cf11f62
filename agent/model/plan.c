/* model: the plan as a document: its hash, and what differs between two. */
#include "agent/model/plan.h"

#include "agent/base/digest.h"

#include <stdio.h>

#define DIFFERENCES_MAX 64
#define PAIRS_MAX	65536
#define FIELD_MAX	200

static const char *const step_names[] = {
#define RV_ITEM_(s, n, t) [n] = t,
	RV_STEPS(RV_ITEM_)
#undef RV_ITEM_
};

const char *rv_step_name(unsigned n)
{
	return n >= 1 && n < RV_LEN(step_names) ? step_names[n] : "invalid";
}

unsigned rv_step_of(struct rv_str name)
{
	for (unsigned i = 1; i < RV_LEN(step_names); i++)
		if (rv_str_is(name, step_names[i]))
			return i;
	return 0;
}

static json_t *loose(const json_t *j)
{
	json_t *out = NULL;
	memcpy(&out, &j, sizeof(out)); /* jansson's iteration and references take no const */
	return out;
}

static rv_status hash_of(const json_t *plan, char out[RV_PLAN_HASH_TEXT])
{
	/* Not json_copy(): it leaves members out when memory is short, and says nothing. */
	RV_CLEANUP(rv_jsonp) json_t *rest = json_object();
	const char *key = NULL;
	json_t *value = NULL;
	json_object_foreach (loose(plan), key, value) {
		if (strcmp(key, "hash") != 0 && json_object_set(rest, key, value) != 0)
			return rv_fail_nomem(NULL);
	}
	struct rv_buf canonical;
	rv_buf_init(&canonical, 8 << 20);
	rv_status s = rv_json_canonical(rest, &canonical);
	if (rv_is_ok(s)) {
		struct rv_digest d = rv_sha256(canonical.data, canonical.len);
		memcpy(out, "sha256:", 7);
		rv_hex(d.bytes, sizeof(d.bytes), out + 7);
	}
	rv_buf_done(&canonical);
	return s;
}

rv_status rv_plan_seal(json_t *plan)
{
	char hash[RV_PLAN_HASH_TEXT];
	RV_TRY(hash_of(plan, hash));
	if (json_object_set_new(plan, "hash", json_string(hash)) != 0)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

static rv_status check_steps(const json_t *plan, struct rv_diag *diag)
{
	const json_t *steps = json_object_get(plan, "steps");
	const json_t *world = json_object_get(plan, "world");
	if (!json_is_array(steps) || json_array_size(steps) == 0 || !json_is_object(world))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a plan: no steps or no world");
	size_t i = 0;
	const json_t *step = NULL;
	json_array_foreach (steps, i, step) {
		const char *name = rv_json_text(step, "step", "");
		const char *cred = rv_json_text(step, "cred", "");
		if (rv_step_of(rv_str_of(name)) == 0)
			return rv_fail(RV_CLASS_MALFORMED, diag, "step %zu: \"%.32s\" is no step",
				       i + 1, name);
		if (json_object_get(world, cred) == NULL)
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "step %zu is about a credential that the plan's world does "
				       "not hold",
				       i + 1);
	}
	return RV_OK;
}

rv_status rv_plan_check(const json_t *plan, struct rv_diag *diag)
{
	if (!json_is_object(plan))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a plan: no JSON object");
	if (rv_json_int(plan, "v", 0) != RV_PLAN_VERSION)
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a plan of version %d",
			       RV_PLAN_VERSION);
	RV_TRY(check_steps(plan, diag));
	char hash[RV_PLAN_HASH_TEXT];
	rv_status s = hash_of(plan, hash);
	if (!rv_is_ok(s))
		return rv_fail(rv_class_of(s), diag, "the plan has no canonical form");
	if (strcmp(hash, rv_json_text(plan, "hash", "")) != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "the plan was altered: its hash does not match its content");
	return RV_OK;
}

/* --- differences
 * ----------------------------------------------------------------------------------- */

/* Two values at one place; NULL where there is none. */
struct pair {
	char field[FIELD_MAX];
	const json_t *planned;
	const json_t *now;
};

struct queue {
	struct pair *items;
	size_t count;
	size_t next;
};

static rv_status put_pair(struct queue *q, const char *field, const json_t *planned,
			  const json_t *now)
{
	if (q->count == PAIRS_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	if (q->count % 64 == 0) {
		struct pair *grown = reallocarray(q->items, q->count + 64, sizeof(*grown));
		if (grown == NULL)
			return rv_fail_nomem(NULL);
		q->items = grown;
	}
	struct pair *p = &q->items[q->count++];
	snprintf(p->field, sizeof(p->field), "%s", field);
	p->planned = planned;
	p->now = now;
	return RV_OK;
}

static rv_status put_members(struct queue *q, const struct pair *p)
{
	const char *key = NULL;
	json_t *value = NULL;
	char field[FIELD_MAX * 2];
	const char *dot = p->field[0] != 0 ? "." : "";
	json_object_foreach (loose(p->planned), key, value) {
		snprintf(field, sizeof(field), "%s%s%.180s", p->field, dot, key);
		RV_TRY(put_pair(q, field, value, json_object_get(p->now, key)));
	}
	json_object_foreach (loose(p->now), key, value) {
		if (json_object_get(p->planned, key) != NULL)
			continue;
		snprintf(field, sizeof(field), "%s%s%.180s", p->field, dot, key);
		RV_TRY(put_pair(q, field, NULL, value));
	}
	return RV_OK;
}

static rv_status put_items(struct queue *q, const struct pair *p)
{
	size_t most = json_array_size(p->planned);
	if (json_array_size(p->now) > most)
		most = json_array_size(p->now);
	char field[FIELD_MAX * 2];
	for (size_t i = 0; i < most; i++) {
		snprintf(field, sizeof(field), "%s[%zu]", p->field, i);
		RV_TRY(put_pair(q, field, json_array_get(p->planned, i),
				json_array_get(p->now, i)));
	}
	return RV_OK;
}

static rv_status put_difference(json_t *out, const struct pair *p)
{
	json_t *planned = p->planned ? json_incref(loose(p->planned)) : json_null();
	json_t *now = p->now ? json_incref(loose(p->now)) : json_null();
	json_t *item =
		json_pack("{s:s,s:o,s:o}", "field", p->field, "planned", planned, "now", now);
	if (json_array_append_new(out, item) != 0)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

static rv_status walk(struct queue *q, json_t *out)
{
	while (q->next < q->count && json_array_size(out) < DIFFERENCES_MAX) {
		const struct pair p = q->items[q->next++];
		if (json_is_object(p.planned) && json_is_object(p.now))
			RV_TRY(put_members(q, &p));
		else if (json_is_array(p.planned) && json_is_array(p.now))
			RV_TRY(put_items(q, &p));
		else if (!json_equal(p.planned, p.now))
			RV_TRY(put_difference(out, &p));
	}
	return RV_OK;
}

rv_status rv_plan_compare(const json_t *planned, const json_t *now, json_t **out)
{
	static const char *const compared[] = {"host", "set", "verb", "world", "steps"};
	RV_CLEANUP(rv_jsonp) json_t *list = json_array();
	if (list == NULL)
		return rv_fail_nomem(NULL);
	struct queue q = {0};
	rv_status s = RV_OK;
	for (size_t i = 0; rv_is_ok(s) && i < RV_LEN(compared); i++)
		s = put_pair(&q, compared[i], json_object_get(planned, compared[i]),
			     json_object_get(now, compared[i]));
	if (rv_is_ok(s))
		s = walk(&q, list);
	free(q.items);
	RV_TRY(s);
	*out = RV_TAKE(list);
	return RV_OK;
}

static void value_words(const json_t *v, char *out, size_t size)
{
	char *text = v == NULL || json_is_null(v)
			     ? NULL
			     : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	snprintf(out, size, "%.60s", text != NULL ? text : "absent");
	free(text);
}

rv_status rv_plan_refuse_stale(const json_t *differences, struct rv_diag *diag)
{
	size_t count = json_array_size(differences);
	if (count == 0)
		return RV_OK;
	char words[600] = "";
	size_t at = 0;
	for (size_t i = 0; i < count && i < 3; i++) {
		const json_t *d = json_array_get(differences, i);
		char planned[64];
		char now[64];
		value_words(json_object_get(d, "planned"), planned, sizeof(planned));
		value_words(json_object_get(d, "now"), now, sizeof(now));
		int n = snprintf(words + at, sizeof(words) - at, "%s%.60s was %s, is %s",
				 i == 0 ? "" : "; ", rv_json_text(d, "field", "?"), planned, now);
		at += n > 0 ? (size_t)n : 0;
	}
	rv_diag_next(diag, "reeve plan .. -o FILE, then reeve apply FILE");
	return rv_fail(RV_CLASS_CONFLICT, diag, "the plan is stale: %s%s", words,
		       count > 3 ? "; and more" : "");
}
