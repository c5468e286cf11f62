/* inventory: enrolled hosts: identity, enrolment, renewal, denial. Functions that write run inside
 * the writer's transaction. Not here: what a host reports (items.h). */
#pragma once

#include "agent/inventory/ca.h"
#include "agent/inventory/db.h"
#include "agent/inventory/document.h"

#define RV_HOST_ID_TEXT 40

struct rv_host {
	char id[RV_HOST_ID_TEXT];
	bool is_denied;
};

/* The host whose key this is; NOT_FOUND. */
RV_NODISCARD rv_status rv_host_by_key(struct rv_invdb *db, const struct rv_digest *key_fp,
				      struct rv_host *out);

struct rv_host_grant {
	char id[RV_HOST_ID_TEXT];
	char *cert_pem; /* owned */
	int64_t not_after_us;
};
void rv_host_grant_done(struct rv_host_grant *grant);

/* Spends one use of the token and makes the host, or answers the same key again (the request was
 * repeated). On a refusal: DENIED or MALFORMED with *out_problem; nothing was changed. */
RV_NODISCARD rv_status rv_host_enrol(struct rv_invdb *db, const struct rv_ca *ca,
				     const struct rv_doc_enrol *doc, int64_t now_us,
				     struct rv_host_grant *out, enum rv_problem *out_problem,
				     struct rv_diag *diag);
/* A new certificate for a host that showed `held` (its present key). A request with another key
 * moves the host to it; the held key stays good until the next renewal, in case the answer is lost.
 */
RV_NODISCARD rv_status rv_host_renew(struct rv_invdb *db, const struct rv_ca *ca, const char *host,
				     const struct rv_digest *held, const char *csr_pem,
				     int64_t now_us, struct rv_host_grant *out,
				     enum rv_problem *out_problem, struct rv_diag *diag);
/* Refuses the host from now on; its rows stay. NOT_FOUND. why NULL: allow again. */
RV_NODISCARD rv_status rv_host_deny(struct rv_invdb *db, const char *id, const char *why,
				    int64_t now_us, struct rv_diag *diag);
/* One line of the server's own record. */
RV_NODISCARD rv_status rv_event_add(struct rv_invdb *db, int64_t now_us, const char *what,
				    const char *subject, const char *detail);
