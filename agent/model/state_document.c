/* model: docs/states.md, written from the tables of state.c. */
#include "agent/model/state.h"

static const char *const life_texts[][2] = {
	{"seen", "found somewhere, not yet identified and bound"},
	{"active", "known, in use or assumed to be, nothing asks for a change"},
	{"due", "policy or expiry asks for a new one"},
	{"rotating", "a rotation is between its first record and the promotion"},
	{"grace", "the new one is proven in use, the old one still lives"},
	{"retired", "out of use, not yet revoked"},
	{"revoking", "a revocation runs"},
	{"revoked", "shown dead, with the grade of the evidence"},
	{"gone", "no longer at any place that is looked at"},
};

static const char *const ownership_texts[][2] = {
	{"unknown", "nobody is named yet"},
	{"owned", "a person or team, with evidence and confidence"},
	{"disputed", "the named owner says no; nothing is changed on their word"},
	{"orphaned", "no live owner, or its workload is gone"},
};

static const char *const hold_texts[][2] = {
	{"none", "nothing stands in the way"},
	{"approval", "a person must agree before a change"},
	{"paused", "no change is started; discovery and reports go on"},
	{"excepted", "an exception with a reason and an end"},
	{"stuck", "a step failed; the reason is in the history"},
};

static rv_status put_values(struct rv_buf *out, const char *const texts[][2], size_t count)
{
	RV_TRY(rv_buf_put_str(out, "| value | meaning |\n|---|---|\n"));
	for (size_t i = 0; i < count; i++)
		RV_TRY(rv_buf_printf(out, "| `%s` | %s |\n", texts[i][0], texts[i][1]));
	return rv_buf_put_byte(out, '\n');
}

/* "hold none or stuck"; nothing when all values may stand. */
static rv_status put_guard(struct rv_buf *out, enum rv_axis axis, unsigned mask, unsigned last,
			   bool *is_first)
{
	unsigned all = 0;
	for (unsigned v = 1; v <= last; v++)
		all |= RV_STATE_BIT(v);
	if (mask == 0 || (mask & all) == all)
		return RV_OK;
	RV_TRY(rv_buf_printf(out, "%s%s", *is_first ? "" : "; ", rv_axis_name(axis)));
	*is_first = false;
	const char *between = " ";
	for (unsigned v = 1; v <= last; v++) {
		if ((mask & RV_STATE_BIT(v)) == 0)
			continue;
		RV_TRY(rv_buf_printf(out, "%s%s", between, rv_axis_value_name(axis, v)));
		between = " or ";
	}
	return RV_OK;
}

static rv_status put_edges(struct rv_buf *out, enum rv_axis axis)
{
	size_t count = 0;
	const struct rv_edge *edges = rv_state_edges(&count);
	RV_TRY(rv_buf_put_str(out, "| from | to | only while | audit event | when |\n"
				   "|---|---|---|---|---|\n"));
	for (size_t i = 0; i < count; i++) {
		const struct rv_edge *e = &edges[i];
		if (e->axis != axis)
			continue;
		RV_TRY(rv_buf_printf(out, "| `%s` | `%s` | ", rv_axis_value_name(axis, e->from),
				     rv_axis_value_name(axis, e->to)));
		bool is_first = true;
		RV_TRY(put_guard(out, RV_AXIS_OWNERSHIP, e->ownerships, RV_OWNERSHIP_ORPHANED,
				 &is_first));
		RV_TRY(put_guard(out, RV_AXIS_LIFE, e->lives, RV_LIFE_GONE, &is_first));
		RV_TRY(put_guard(out, RV_AXIS_HOLD, e->holds, RV_HOLD_STUCK, &is_first));
		RV_TRY(rv_buf_printf(out, "%s | `%s` | %s |\n", is_first ? "–" : "", e->event,
				     e->text));
	}
	return rv_buf_put_byte(out, '\n');
}

rv_status rv_state_document(struct rv_buf *out)
{
	RV_TRY(rv_buf_put_str(
		out,
		"# The life of a credential\n\n"
		"Generated from `agent/model/state.c` by `reeve-states`; do not edit. A test "
		"compares.\n\n"
		"A credential stands on three axes at once. A move that is not in these tables is "
		"refused, and so\nis one whose guard does not hold; each move writes the audit "
		"event "
		"named beside it in the same\ntransaction.\n\n"
		"## Ownership\n\n"));
	RV_TRY(put_values(out, ownership_texts, RV_LEN(ownership_texts)));
	RV_TRY(put_edges(out, RV_AXIS_OWNERSHIP));
	RV_TRY(rv_buf_put_str(out, "## Life\n\n"));
	RV_TRY(put_values(out, life_texts, RV_LEN(life_texts)));
	RV_TRY(put_edges(out, RV_AXIS_LIFE));
	RV_TRY(rv_buf_put_str(out, "## Hold\n\n"));
	RV_TRY(put_values(out, hold_texts, RV_LEN(hold_texts)));
	RV_TRY(put_edges(out, RV_AXIS_HOLD));
	return rv_buf_put_str(
		out,
		"## Combinations that cannot stand\n\n"
		"- `rotating` and `grace` go only with hold `none` or `stuck`: a pause lets what "
		"runs end first.\n"
		"- `revoking` does not go with hold `paused`.\n");
}
