/* decide: what changed between two sets, by policy and field. */
#include "agent/decide/policy.h"

static rv_status add_name(json_t *list, const struct rv_policy *p)
{
	json_t *item = json_pack("{s:s,s:s,s:i}", "policy", rv_policy_name(p), "file", p->src.file,
				 "line", (int)p->src.line);
	return json_array_append_new(list, item) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status add_changes(json_t *list, const struct rv_policy *a, const struct rv_policy *b)
{
	for (unsigned i = 0; i < RV_PK__COUNT; i++) {
		char old[512];
		char new[512];
		rv_policy_value_text(&a->values[i], i, old, sizeof(old));
		rv_policy_value_text(&b->values[i], i, new, sizeof(new));
		if (strcmp(old, new) == 0)
			continue;
		json_t *item = json_pack("{s:s,s:s,s:s,s:s,s:s,s:i}", "policy", rv_policy_name(a),
					 "field", rv_policy_keys()[i].path, "old", old, "new", new,
					 "file", b->values[i].src.file ? b->values[i].src.file : "",
					 "line", (int)b->values[i].src.line);
		if (json_array_append_new(list, item) != 0)
			return rv_fail_nomem(NULL);
	}
	return RV_OK;
}

rv_status rv_policy_diff(const struct rv_policy_set *before, const struct rv_policy_set *after,
			 json_t **out)
{
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:[],s:[],s:[]}", "added", "removed", "changed");
	if (doc == NULL)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < rv_policy_count(before); i++) {
		const struct rv_policy *a = rv_policy_at(before, i);
		const struct rv_policy *b = rv_policy_named(after, rv_policy_name(a));
		if (b == NULL)
			RV_TRY(add_name(json_object_get(doc, "removed"), a));
		else
			RV_TRY(add_changes(json_object_get(doc, "changed"), a, b));
	}
	for (size_t i = 0; i < rv_policy_count(after); i++) {
		const struct rv_policy *b = rv_policy_at(after, i);
		if (rv_policy_named(before, rv_policy_name(b)) == NULL)
			RV_TRY(add_name(json_object_get(doc, "added"), b));
	}
	*out = RV_TAKE(doc);
	return RV_OK;
}
