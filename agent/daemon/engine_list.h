/* daemon: the verbs that read: list, show, why, history. */
#pragma once

#include "agent/daemon/engine.h"
#include "agent/store/credentials.h"

rv_status rv_verb_list(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
		       struct rv_diag *diag);
rv_status rv_verb_show(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
		       struct rv_diag *diag);
rv_status rv_verb_why(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
		      struct rv_diag *diag);
rv_status rv_verb_history(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			  struct rv_diag *diag);
/* All credentials as an array of documents. *gives*. */
RV_NODISCARD rv_status rv_list_json(struct rv_engine *e, const struct rv_credential_filter *filter,
				    json_t **out, struct rv_diag *diag);
