/* daemon: policies in the engine: the set in force, the facts of a credential out of the store, its
 * verdict. Not here: how a verdict is reached (decide/), plans (engine_plan.h). */
#pragma once

#include "agent/daemon/engine.h"
#include "agent/decide/verdict.h"
#include "agent/store/credentials.h"

/* Verb policy; loads at start, on `policy reload` and SIGHUP; judges all after each pass. */
extern const struct rv_module rv_module_policy;

/* The last good set; never NULL after start (an empty one when the first load failed). Borrowed
 * until the next load: do not keep it over a wait. */
const struct rv_policy_set *rv_engine_policies(const struct rv_engine *e);
/* Reads SHARE/policies and CONFIG/policies.d. On a failure the old set stays, the error is kept for
 * status, and the audit event is policy_refused; else policy_loaded (when the set is another). */
RV_NODISCARD rv_status rv_engine_policies_load(struct rv_engine *e, struct rv_diag *diag);

/* A credential as decide/ sees it; everything borrows from here. */
struct rv_engine_facts {
	struct rv_credential_row row;
	struct rv_facts facts;
	struct rv_place_facts *places; /* each path starts a block of its own */
	size_t place_count;
};
RV_NODISCARD rv_status rv_engine_facts_load(struct rv_engine *e, const char *id,
					    struct rv_engine_facts *out, struct rv_diag *diag);
void rv_engine_facts_done(struct rv_engine_facts *f); /* accepts a zeroed one */

/* Judges one credential now: stores its verdict when that changed, and moves life between active
 * and due with its audit event. In the current transaction or one of its own. */
RV_NODISCARD rv_status rv_engine_judge(struct rv_engine *e, const char *id, struct rv_diag *diag);
/* The owner that policies name for it, "team:web" or "person:ana"; "" when none does, or two of
 * equal priority differ. For binding, before the verdict. */
#define RV_OWNER_TEXT 600
RV_NODISCARD rv_status rv_engine_policy_owner(struct rv_engine *e, const char *id,
					      char out[RV_OWNER_TEXT], struct rv_diag *diag);
