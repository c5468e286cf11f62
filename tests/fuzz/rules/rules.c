/* tests: fuzz target: a rule file either fails with a sentence or gives rows with anchors. */
#include "agent/scan/rules_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_rules *rules = NULL;
	struct rv_diag diag = {0};
	size_t count;

	if (!rv_is_ok(rv_rules_new(NULL, &rules)))
		abort();
	if (!rv_is_ok(rv_rules_add(rules, (struct rv_str){data, size}, "f.yaml", &diag)) ||
	    !rv_is_ok(rv_rules_seal(rules, &diag))) {
		if (!diag.text[0])
			abort();
		rv_rules_free(rules);
		return 0;
	}
	const struct rv_rule *rows = rv_rules_rows(rules, &count);
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].anchors || !rows[i].anchors[0])
			abort();
	}
	rv_rules_free(rules);
	return 0;
}
