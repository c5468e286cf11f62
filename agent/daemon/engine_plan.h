/* daemon: the verbs plan and apply: a plan is bound by its hash to the world it was made for, and
 * refused with what changed when that world is another. Not here: how plans are made and carried
 * out (engine_rotate.h). */
#pragma once

#include "agent/daemon/engine.h"

extern const struct rv_module rv_module_plan;

/* Checks the document, makes the plan anew and compares: CONFLICT names the first differences, and
 * *out_differences (may be NULL; *gives*) holds all of them. Only from a job. */
RV_NODISCARD rv_status rv_engine_plan_verify(struct rv_engine *e, const json_t *plan,
					     json_t **out_differences, struct rv_diag *diag);
