/* store: what the last pass could not look at, with the reason. */
#pragma once

#include "agent/model/credential.h"
#include "agent/store/db.h"

struct rv_not_looked {
	struct rv_str path;
	bool is_masked;
	unsigned reason; /* enum rv_skip */
	uint64_t size_bytes;
};
RV_NODISCARD rv_status rv_not_looked_clear(struct rv_db *db, struct rv_diag *diag);
RV_NODISCARD rv_status rv_not_looked_put(struct rv_db *db, const struct rv_not_looked *n,
					 struct rv_diag *diag);
typedef rv_status rv_not_looked_fn(const struct rv_not_looked *n, void *user);
RV_NODISCARD rv_status rv_not_looked_each(struct rv_db *db, int64_t limit, rv_not_looked_fn *fn,
					  void *user, struct rv_diag *diag);
RV_NODISCARD rv_status rv_not_looked_count(struct rv_db *db, int64_t *out, struct rv_diag *diag);
