/* decide: an explanation (explain.c's JSON) as lines for people. */
#include "agent/decide/verdict.h"

static rv_status put_src(struct rv_buf *out, const json_t *item)
{
	if (json_is_null(json_object_get(item, "line")))
		return rv_buf_printf(out, "(%s)\n", rv_json_text(item, "file", "?"));
	return rv_buf_printf(out, "%s:%lld:%lld\n", rv_json_text(item, "file", "?"),
			     (long long)rv_json_int(item, "line", 0),
			     (long long)rv_json_int(item, "column", 0));
}

static rv_status put_violations(struct rv_buf *out, const json_t *verdict)
{
	size_t i = 0;
	json_t *item = NULL;
	json_array_foreach (json_object_get(verdict, "violations"), i, item) {
		RV_TRY(rv_buf_printf(out, "  %-8s %s: %s, limit %s  ",
				     rv_json_bool(item, "unknown", false) ? "unknown" : "violates",
				     rv_json_text(item, "requirement", "?"),
				     rv_json_text(item, "value", "?"),
				     rv_json_text(item, "limit", "?")));
		RV_TRY(put_src(out, item));
	}
	return RV_OK;
}

static rv_status put_verdict(struct rv_buf *out, const json_t *v)
{
	RV_TRY(rv_buf_printf(out, "verdict  %s\n", rv_json_text(v, "compliance", "?")));
	RV_TRY(put_violations(out, v));
	RV_TRY(rv_buf_printf(out, "due      %s\n", rv_json_text(v, "due", "-")));
	size_t i = 0;
	json_t *item = NULL;
	json_array_foreach (json_object_get(v, "because"), i, item) {
		RV_TRY(rv_buf_printf(out, "  because  %s %s  ", rv_json_text(item, "field", "?"),
				     rv_json_text(item, "value", "?")));
		RV_TRY(put_src(out, item));
	}
	RV_TRY(rv_buf_printf(out, "action   %s (%s)\n", rv_json_text(v, "action", "?"),
			     rv_json_text(v, "action_why", "")));
	if (rv_json_text(v, "act_at", NULL) != NULL)
		RV_TRY(rv_buf_printf(out, "act at   %s\n", rv_json_text(v, "act_at", "")));
	if (rv_json_text(v, "notify_at", NULL) != NULL)
		RV_TRY(rv_buf_printf(out, "notice   since %s\n", rv_json_text(v, "notify_at", "")));
	if (rv_json_text(v, "conflict", NULL) != NULL)
		RV_TRY(rv_buf_printf(out, "conflict %s\n", rv_json_text(v, "conflict", "")));
	const json_t *owner = json_object_get(v, "owner");
	const char *name = rv_json_text(owner, "team", rv_json_text(owner, "person", NULL));
	if (name != NULL)
		RV_TRY(rv_buf_printf(out, "owner    %s, by policy\n", name));
	return RV_OK;
}

static rv_status put_policies(struct rv_buf *out, const json_t *list, const char *title)
{
	RV_TRY(rv_buf_printf(out, "%s\n", title));
	if (json_array_size(list) == 0)
		return rv_buf_put_str(out, "  none\n");
	size_t i = 0;
	const json_t *item = NULL;
	json_array_foreach (list, i, item) {
		const char *because = rv_json_text(item, "because", NULL);
		RV_TRY(rv_buf_printf(out, "  %-20s ", rv_json_text(item, "policy", "?")));
		if (because != NULL)
			RV_TRY(rv_buf_printf(out, "%s  ", because));
		else
			RV_TRY(rv_buf_printf(out, "priority %lld, %s%s  ",
					     (long long)rv_json_int(item, "priority", 0),
					     rv_json_text(item, "mode", "?"),
					     rv_json_bool(item, "acts", false) ? ", acts" : ""));
		RV_TRY(put_src(out, item));
	}
	return RV_OK;
}

rv_status rv_verdict_explain_text(const json_t *explain, struct rv_buf *out)
{
	RV_TRY(rv_buf_printf(out, "%s at %s\n", rv_json_text(explain, "id", "?"),
			     rv_json_text(explain, "now", "?")));
	RV_TRY(put_verdict(out, json_object_get(explain, "verdict")));
	RV_TRY(put_policies(out, json_object_get(explain, "matched"), "policies that match"));
	RV_TRY(put_policies(out, json_object_get(explain, "not_matched"),
			    "policies that do not, and the key that says no"));
	RV_TRY(rv_buf_put_str(out, "values (* in force)\n"));
	size_t i = 0;
	json_t *item = NULL;
	json_array_foreach (json_object_get(explain, "effective"), i, item) {
		RV_TRY(rv_buf_printf(out, "  %s %-22s %-12s %s  ",
				     rv_json_bool(item, "in_force", false) ? "*" : " ",
				     rv_json_text(item, "field", "?"),
				     rv_json_text(item, "value", "?"),
				     rv_json_text(item, "policy", "?")));
		RV_TRY(put_src(out, item));
	}
	return RV_OK;
}
