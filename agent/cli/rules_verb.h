/* cli: `reeve rules`: list, show, test, cost. Not here: rule files (scan/rules_load.h). */
#pragma once

#include "agent/cli/args.h"
#include "agent/scan/rules_load.h"

extern const struct rv_opt rv_rules_list_options[]; /* ended by one without a name, as all */
extern const struct rv_opt rv_rules_cost_options[];
extern const char rv_rules_test_help[];

int rv_run_rules_list(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_rules_show(struct rv_out *out, const struct rv_verb_args *args);
/* Exit code 1: a sample is not found, or one is that must not be. */
int rv_run_rules_test(struct rv_out *out, const struct rv_verb_args *args);
int rv_run_rules_cost(struct rv_out *out, const struct rv_verb_args *args);

/* The compiled-in samples (rules_samples.c): the only place that links them. */
const struct rv_rule_samples *rv_rule_samples_builtin(size_t *out_count);
