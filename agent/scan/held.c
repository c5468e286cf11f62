/* scan: which rules hold where the bytes lie: those without a path everywhere, the others where the
 * caller says so. Not here: what a path looks like. */
#include "agent/scan/match.h"

enum held { HELD_UNKNOWN, HELD_YES, HELD_NO };

void rv_lane_set_path(struct rv_lane *lane, struct rv_str path)
{
	lane->path = path;
	if (lane->has_held)
		memset(lane->held, HELD_UNKNOWN, lane->scanner->count);
	lane->has_held = false;
}

void rv_lane_set_holds(struct rv_lane *lane, rv_rule_holds_fn *holds, void *user)
{
	lane->holds = holds;
	lane->holds_user = user;
	rv_lane_set_path(lane, lane->path);
}

static bool ask(struct rv_lane *lane, const struct rv_armed *row)
{
	uint8_t *held = &lane->held[row - lane->scanner->rows];

	if (*held == HELD_UNKNOWN)
		*held = lane->holds(lane->holds_user, row->rule) ? HELD_YES : HELD_NO;
	lane->has_held = true;
	return *held == HELD_YES;
}

bool rv_row_is_held(struct rv_lane *lane, const struct rv_armed *row, unsigned flags)
{
	const struct rv_rule *rule = row->rule;

	if (rule->flags & RV_RULE_PATH_ONLY)
		return false;
	return !rule->path_regex || !lane->holds || (flags & RV_SCAN_MASK) || ask(lane, row);
}
