/* identify: findings become credentials, versions and sightings (docs/identity.md). Works inside
 * the caller's transaction. Not here: who owns them (bind/), what is due (decide/). */
#pragma once

#include "agent/model/finding.h"
#include "agent/store/credentials.h"
#include "agent/store/sightings.h"

struct rv_identify {
	struct rv_db *db;
	const char *host; /* rv_engine.host_label */
	int64_t pass;
	int64_t now_us;
	/* A change of state to be told in the audit chain, in the same transaction. May be NULL. */
	rv_status (*event)(void *user, const char *type, const char *cred, const char *text);
	void *user;
	/* Counted on the way. */
	uint64_t credentials_new, trust_anchors;
	struct rv_buf anchors; /* found_certificate records of CA certificates */
};

void rv_identify_init(struct rv_identify *i, struct rv_db *db, const char *host, int64_t pass,
		      int64_t now_us);
void rv_identify_done(struct rv_identify *i);

/* Each takes one finding of the running pass. MALFORMED: the finding contradicts its schema. */
RV_NODISCARD rv_status rv_identify_certificate(struct rv_identify *i,
					       const struct rv_rec_found_certificate *f,
					       struct rv_diag *diag);
RV_NODISCARD rv_status rv_identify_key(struct rv_identify *i, const struct rv_rec_found_key *f,
				       struct rv_diag *diag);
RV_NODISCARD rv_status rv_identify_secret(struct rv_identify *i,
					  const struct rv_rec_found_secret *f,
					  struct rv_diag *diag);

/* At the end of a pass: keys join the certificate with their SPKI or become credentials of their
 * own; a CA certificate becomes one only where its key lies; service accounts; versions are made
 * current; the served are compared with the stored. */
RV_NODISCARD rv_status rv_identify_join(struct rv_identify *i, struct rv_diag *diag);
/* After a *complete* pass only: what has no live place any more is gone; what came back is back. */
RV_NODISCARD rv_status rv_identify_sweep(struct rv_identify *i, struct rv_diag *diag);

/* Moves one axis by the state table, stores it and tells the event. CONFLICT: no such edge. */
RV_NODISCARD rv_status rv_identify_move(struct rv_identify *i, const struct rv_credential *c,
					unsigned life, const char *text, struct rv_diag *diag);
