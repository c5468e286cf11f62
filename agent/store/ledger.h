/* store: a provider instance's own ledger (what it issued and revoked): append-only records the
 * engine keeps for a plugin, committed together with the result that brought them. */
#pragma once

#include "agent/store/db.h"

RV_NODISCARD rv_status rv_ledger_append(struct rv_db *db, const char *instance,
					struct rv_str record, struct rv_diag *diag);
/* All records of the instance, oldest first. `record` borrows. */
typedef rv_status rv_ledger_fn(int64_t seq, struct rv_str record, void *user);
RV_NODISCARD rv_status rv_ledger_each(struct rv_db *db, const char *instance, rv_ledger_fn *fn,
				      void *user, struct rv_diag *diag);
