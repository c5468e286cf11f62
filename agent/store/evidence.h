/* store: why somebody owns a credential: the receipt, and what people said about it. */
#pragma once

#include "agent/model/credential.h"
#include "agent/store/db.h"

/* One line of a receipt. weight 0..100; owner "" for evidence against any owner. */
struct rv_evidence {
	const char *source; /* registry, claim, policy, unit, package, account, file, subject */
	const char *owner;
	unsigned weight;
	const char *text; /* one sentence, no secret */
};
/* Replaces the receipt of a credential. */
RV_NODISCARD rv_status rv_evidence_replace(struct rv_db *db, const char *credential,
					   const struct rv_evidence *items, size_t count,
					   struct rv_diag *diag);
typedef rv_status rv_evidence_fn(const struct rv_evidence *item, void *user);
RV_NODISCARD rv_status rv_evidence_each(struct rv_db *db, const char *credential,
					rv_evidence_fn *fn, void *user, struct rv_diag *diag);

/* What a person said by `reeve owner`; the last word per credential stays across passes. */
struct rv_owner_mark {
	const char *verb;  /* set, claim, confirm, dispute */
	const char *owner; /* "" for dispute */
	const char *by;	   /* uid of the caller, as text */
	int64_t at_us;
};
RV_NODISCARD rv_status rv_owner_mark_put(struct rv_db *db, const char *credential,
					 const struct rv_owner_mark *mark, struct rv_diag *diag);
/* NOT_FOUND when nobody said anything. The texts are copied into the given buffers. */
struct rv_owner_mark_row {
	struct rv_owner_mark mark;
	char *memory;
};
void rv_owner_mark_row_done(struct rv_owner_mark_row *row);
RV_NODISCARD rv_status rv_owner_mark_load(struct rv_db *db, const char *credential,
					  struct rv_owner_mark_row *out, struct rv_diag *diag);
