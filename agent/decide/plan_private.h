/* decide: what the files of the plan share. Nobody else includes this. */
#pragma once

#include "agent/decide/plan.h"
#include "agent/decide/verdict_private.h"

/* The files of an item as the steps name them: [{as, dir, name, ..}]. *gives*; NULL: no memory. */
json_t *rv_plan_files(const struct rv_plan_item *item);
/* Everything the plan was made for, that must still hold when it is applied. *gives*. */
RV_NODISCARD rv_status rv_plan_world(const struct rv_plan_request *r,
				     const struct rv_plan_item *item, json_t **out);
