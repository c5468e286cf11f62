/* cli: the samples of the compiled-in rules, made from policies/detectors/ by the build. */
#include "agent/cli/rules_verb.h"

#include "agent/scan/rule_samples.inc"

/* The build's table has the same members in the same order. */
const struct rv_rule_samples *rv_rule_samples_builtin(size_t *out_count)
{
	static struct rv_rule_samples rows[RV_LEN(rule_samples)];

	for (size_t i = 0; i < RV_LEN(rows) && !rows[i].id; i++)
		rows[i] = (struct rv_rule_samples){rule_samples[i].id, rule_samples[i].check,
						   rule_samples[i].positive,
						   rule_samples[i].negative};
	*out_count = RV_LEN(rows);
	return rows;
}
