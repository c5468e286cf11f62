/* daemon: what engine_policy*.c share. Nobody else includes this. */
#pragma once

#include "agent/daemon/engine_policy.h"

struct rv_engine_policy {
	struct rv_policy_set *set; /* the last good one */
	char error[768];	   /* why a newer one was refused; "" when none was */
};

extern const struct rv_verb rv_policy_verbs[];
/* Reads the folders without putting them in force. *gives*. */
RV_NODISCARD rv_status rv_policies_read(struct rv_engine *e, struct rv_policy_set **out,
					struct rv_diag *diag);
RV_NODISCARD rv_status rv_policies_judge_all(struct rv_engine *e, struct rv_diag *diag);
rv_status rv_policy_status(struct rv_engine *e, json_t *data);
rv_status rv_policy_doctor(struct rv_engine *e, json_t *checks);
