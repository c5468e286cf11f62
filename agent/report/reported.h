/* report: a credential as the inventory's item (docs/protocol.md section 6). Pure, and its own
 * library (rv_reported): the engine builds items and must not reach the network. Not here: sending.
 */
#pragma once

#include "agent/base/json.h"
#include "agent/model/credential.h"

/* Starts an item; texts are cut to the item's limits and control bytes escaped, so that no name
 * somebody chose can make the server refuse the rest. *gives*; NULL for no memory. */
json_t *rv_reported_item(const struct rv_credential *c);
/* Adds one place; past the item's maximum it does nothing. False for no memory. */
bool rv_reported_sighting(json_t *item, const struct rv_sighting *s);
