/* bind: whose is it. Registry (a person's word, owners.yaml) > policy > inferred from evidence; no
 * live owner: an orphan, with the reason. The receipt of each answer is stored. Not here: what the
 * owner must do (decide/). docs/owners.md. */
#pragma once

#include "agent/bind/owners.h"
#include "agent/store/credentials.h"

#define RV_BIND_OWNER_TEXT 160

struct rv_bind {
	struct rv_db *db;
	const struct rv_owners *owners;
	int64_t now_us;
	/* The owner the policies name for c, "" when none; text says where ("file:line"). May be
	 * NULL while no policies are loaded. */
	rv_status (*policy_owner)(void *user, const struct rv_credential *c,
				  char owner[RV_BIND_OWNER_TEXT], char text[256]);
	/* A change of state for the audit chain, in the same transaction. May be NULL. */
	rv_status (*event)(void *user, const char *type, const char *cred, const char *text);
	void *user;
};

/* Below this an inferred owner is no owner. */
#define RV_BIND_ENOUGH 50

/* Binds every credential that is not gone, in the caller's transaction. */
RV_NODISCARD rv_status rv_bind_all(struct rv_bind *b, struct rv_diag *diag);
/* The same for one, after a person's word. */
RV_NODISCARD rv_status rv_bind_one(struct rv_bind *b, const char *id, struct rv_diag *diag);
