/* store: credentials (lineages) and their versions. Not here: their places (sightings.h), how ids
 * are made (identify/), what states may follow each other (decide/). */
#pragma once

#include "agent/model/credential.h"
#include "agent/store/db.h"

/* A loaded row: the texts of `c` live in `memory`. */
struct rv_credential_row {
	struct rv_credential c;
	char *memory;
};
void rv_credential_row_done(struct rv_credential_row *row);

/* NOT_FOUND when there is none. */
RV_NODISCARD rv_status rv_credential_load(struct rv_db *db, const char *id,
					  struct rv_credential_row *out, struct rv_diag *diag);
/* Whole id, unique prefix (at least 4 digits, "c" optional), or the absolute path (bytes or
 * escaped) of a live sighting. NOT_FOUND; CONFLICT when several fit (the diag names up to four). */
RV_NODISCARD rv_status rv_credential_resolve(struct rv_db *db, const char *id_or_path,
					     char out_id[RV_ID_TEXT], struct rv_diag *diag);

/* Filter of a walk; zero members do not filter. */
struct rv_credential_filter {
	unsigned kind, ownership, life, hold;
	const char *owner;
	int64_t due_before_us; /* due or not_after earlier than this */
	bool with_gone;	       /* else life "gone" and "retired" are left out */
};
/* Calls fn for each, ordered by id; fn may write to the database. Stops at its first failure. */
typedef rv_status rv_credential_fn(const struct rv_credential *c, void *user);
RV_NODISCARD rv_status rv_credentials_each(struct rv_db *db,
					   const struct rv_credential_filter *filter,
					   rv_credential_fn *fn, void *user, struct rv_diag *diag);

/* Other credentials with the same fingerprint: equal values that are not known to be one. */
RV_NODISCARD rv_status rv_credentials_same_value(struct rv_db *db, const struct rv_credential *c,
						 rv_credential_fn *fn, void *user,
						 struct rv_diag *diag);

/* Inserts a lineage (id, kind and the public parts of c) or refreshes its public parts and
 * last_seen. *out_is_new tells which. Ownership, states and verdict are left alone. */
RV_NODISCARD rv_status rv_credential_put(struct rv_db *db, const struct rv_credential *c,
					 bool *out_is_new, struct rv_diag *diag);
RV_NODISCARD rv_status rv_credential_set_state(struct rv_db *db, const char *id, unsigned life,
					       unsigned hold, const char *hold_why,
					       int64_t hold_until_us, struct rv_diag *diag);
RV_NODISCARD rv_status rv_credential_set_owner(struct rv_db *db, const char *id, unsigned ownership,
					       const char *owner, const char *source,
					       unsigned percent, const char *orphan_reason,
					       struct rv_diag *diag);
RV_NODISCARD rv_status rv_credential_set_verdict(struct rv_db *db, const char *id,
						 const char *policy, const char *why, int compliant,
						 int64_t due_us, struct rv_diag *diag);
/* The highest rev given so far: nothing changed since when it is equal. */
RV_NODISCARD rv_status rv_credentials_rev(struct rv_db *db, int64_t *out, struct rv_diag *diag);

struct rv_credential_counts {
	int64_t total, owned, orphans, disputed, due, stuck, rotating;
};
RV_NODISCARD rv_status rv_credentials_count(struct rv_db *db, struct rv_credential_counts *out,
					    struct rv_diag *diag);

/* --- versions: one row per key pair or certificate a lineage has had -------------------------- */
struct rv_version {
	char credential[RV_ID_TEXT];
	unsigned number; /* from 1 */
	const char *cert_sha256;
	const char *spki;
	const char *serial;
	int64_t not_before_us, not_after_us;
	const char *run;   /* the rotation that made it, "" when it was found */
	const char *grade; /* how dead it is shown, "" while it lives */
	int64_t first_seen_us, last_seen_us;
};
/* Adds a version (number = highest + 1) unless cert_sha256 is already one of the lineage. A
 * rotation calls this before it deploys, so that the next pass knows the new certificate's lineage.
 */
RV_NODISCARD rv_status rv_version_add(struct rv_db *db, const struct rv_version *v,
				      struct rv_diag *diag);
RV_NODISCARD rv_status rv_version_set_grade(struct rv_db *db, const char *credential,
					    const char *cert_sha256, const char *grade,
					    struct rv_diag *diag);
/* Makes the version with cert_sha256 the credential's current one (its digests, dates, version). */
RV_NODISCARD rv_status rv_version_make_current(struct rv_db *db, const char *credential,
					       const char *cert_sha256, struct rv_diag *diag);
typedef rv_status rv_version_fn(const struct rv_version *v, void *user);
RV_NODISCARD rv_status rv_versions_each(struct rv_db *db, const char *credential, rv_version_fn *fn,
					void *user, struct rv_diag *diag);
