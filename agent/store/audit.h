/* store: the audit chain: every state change and probe as one canonical JSON event, each hash
 * covering the one before, and heads that a broker signed. Append only; no row is ever changed.
 * Not here: what events mean, who signs (daemon/engine_evidence.c), checking (verify/chain.h). */
#pragma once

#include "agent/base/json.h"
#include "agent/model/event.h"
#include "agent/store/db.h"

struct rv_audit_event {
	const char *type;   /* "rotation.swapped" */
	const char *cred;   /* lineage id, or "" */
	const char *run;    /* rotation id, or "" */
	int64_t at_us;	    /* 0: now */
	const json_t *data; /* an object of public facts; borrowed; NULL: {} */
};

struct rv_audit_head {
	uint64_t seq; /* 0: the chain is empty */
	struct rv_digest hash;
};

/* Appends in the caller's transaction, or in one of its own when none is open: the event and the
 * change it tells of are committed together. MALFORMED: data is no object or holds a real number;
 * EXHAUSTED: over RV_EVENT_MAX. out_head may be NULL. */
RV_NODISCARD rv_status rv_audit_append(struct rv_db *db, const struct rv_audit_event *event,
				       struct rv_audit_head *out_head, struct rv_diag *diag);
RV_NODISCARD rv_status rv_audit_last(struct rv_db *db, struct rv_audit_head *out,
				     struct rv_diag *diag);

/* `canonical` and `hash` borrow. */
typedef rv_status rv_audit_fn(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
			      void *user);
/* Events first..last (0: to the end), in order. */
RV_NODISCARD rv_status rv_audit_each(struct rv_db *db, uint64_t first, uint64_t last,
				     rv_audit_fn *fn, void *user, struct rv_diag *diag);
/* Only those of one credential or one run ("" for any), in order. */
RV_NODISCARD rv_status rv_audit_each_of(struct rv_db *db, const char *cred, const char *run,
					rv_audit_fn *fn, void *user, struct rv_diag *diag);

/* A signed head. */
struct rv_audit_signature {
	struct rv_audit_head head;
	uint8_t signature[64];
	uint8_t public_key[32];
	int64_t at_us;
};
/* CONFLICT when the head is not the stored event's hash. */
RV_NODISCARD rv_status rv_audit_sign_put(struct rv_db *db, const struct rv_audit_signature *s,
					 struct rv_diag *diag);
/* The newest signature; NOT_FOUND when none was made. */
RV_NODISCARD rv_status rv_audit_sign_last(struct rv_db *db, struct rv_audit_signature *out,
					  struct rv_diag *diag);
typedef rv_status rv_audit_sign_fn(const struct rv_audit_signature *s, void *user);
/* Signatures over heads first..last (0: to the end), in order of seq. */
RV_NODISCARD rv_status rv_audit_sign_each(struct rv_db *db, uint64_t first, uint64_t last,
					  rv_audit_sign_fn *fn, void *user, struct rv_diag *diag);
