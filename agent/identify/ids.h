/* identify: how ids are made (docs/identity.md). Pure. */
#pragma once

#include "agent/model/credential.h"

/* Lineage: kind and what it was first identified by (a public key, a key id, or, for what cannot be
 * identified, its place). The same parts give the same id on every host. */
void rv_lineage_id(unsigned kind, const struct rv_str *parts, size_t count, char out[RV_ID_TEXT]);
/* Sighting: this host, the bytes of the path, and where in it. */
void rv_sighting_id(const char *host, struct rv_str path, const char *locator,
		    char out[RV_ID_TEXT]);
