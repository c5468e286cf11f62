/* store: sightings: a credential (or a key, or a trust anchor not yet joined to one) at one place.
 */
#pragma once

#include "agent/model/credential.h"
#include "agent/store/db.h"

/* Inserts or refreshes by id; marks it seen in `pass` and not gone. credential "" keeps the one it
 * was joined to, when cert_sha256 and spki did not change. */
RV_NODISCARD rv_status rv_sighting_put(struct rv_db *db, const struct rv_sighting *s, int64_t pass,
				       struct rv_diag *diag);
RV_NODISCARD rv_status rv_sighting_join(struct rv_db *db, const char *id, const char *credential,
					struct rv_diag *diag);
RV_NODISCARD rv_status rv_sighting_set_evidence(struct rv_db *db, const char *id, const char *unit,
						const char *package, struct rv_diag *diag);
RV_NODISCARD rv_status rv_sighting_set_stale(struct rv_db *db, const char *id, bool is_stale,
					     struct rv_diag *diag);
typedef rv_status rv_sighting_fn(const struct rv_sighting *s, void *user);
/* The live sightings of a credential (with_gone: all). fn may write. */
RV_NODISCARD rv_status rv_sightings_each(struct rv_db *db, const char *credential, bool with_gone,
					 rv_sighting_fn *fn, void *user, struct rv_diag *diag);
/* Live sightings with this role (0: any), joined or not. */
RV_NODISCARD rv_status rv_sightings_by_role(struct rv_db *db, unsigned role, rv_sighting_fn *fn,
					    void *user, struct rv_diag *diag);
/* Live sightings of one file. */
RV_NODISCARD rv_status rv_sightings_at(struct rv_db *db, struct rv_str path, rv_sighting_fn *fn,
				       void *user, struct rv_diag *diag);
/* After a complete pass: what the pass did not see is gone now. */
RV_NODISCARD rv_status rv_sightings_sweep(struct rv_db *db, int64_t pass, int64_t now_us,
					  int64_t *out_gone, struct rv_diag *diag);
