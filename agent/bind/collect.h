/* bind: evidence for one credential from its places, units, packages and accounts. */
#pragma once

#include "agent/bind/bind.h"
#include "agent/bind/receipt.h"
#include "agent/store/estate.h"
#include "agent/store/sightings.h"

struct rv_collect {
	struct rv_bind *b;
	const struct rv_estate *estate;
	const struct rv_credential *c;
	struct rv_receipt *receipt;
	const struct rv_owner_rule *rule; /* the registry's, when one matches */
	char rule_where[300];
	struct rv_diag *diag;
};
/* Looks at every live sighting of c, notes unit and package on each. */
RV_NODISCARD rv_status rv_collect(struct rv_collect *k);
const struct rv_account *rv_estate_account(const struct rv_estate *e, uint32_t uid);
