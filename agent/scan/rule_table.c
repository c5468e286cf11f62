/* scan: the compiled-in rules: the table reeve-rules makes of policies/detectors/. Not here: sets
 * of rules (rule.c). */
#include "agent/scan/rule.h"

#include "agent/scan/rules.inc"

const struct rv_rule *rv_rule_table(size_t *out_count)
{
	*out_count = RV_LEN(rules);
	return rules;
}

uint32_t rv_rule_table_day(void)
{
	return RULES_DAY;
}
