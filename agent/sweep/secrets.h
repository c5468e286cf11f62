/* sweep: the distinct values of a history and the blobs that hold them. A value is known by its
 * hash of this run alone. Not here: finding them (history.c), telling them (history_tell.c). */
#pragma once

#include "agent/base/buf.h"
#include "agent/git/oid.h"

#define RV_SECRETS_MAX	(1U << 20) /* distinct values of one history */
#define RV_HOLDINGS_MAX (1U << 24) /* (blob, value) pairs */

/* One thread's while it looks; then all are joined into one. */
struct rv_secrets {
	uint64_t *hashes; /* by number */
	uint32_t count, room;
	uint32_t *slots; /* number + 1; 0 free */
	uint32_t mask;
	struct rv_git_oidmap blobs; /* that hold any */
	struct rv_holding {
		uint32_t blob;	      /* number in blobs */
		uint32_t secret : 20; /* number in hashes */
		uint32_t forms : 12;  /* of file, in which it is one; 0: in any */
	} * holdings;
	uint32_t holding_count, holding_room;
	uint32_t *gapped; /* numbers in blobs: not looked at, or not whole; gaps say why */
	uint32_t gapped_count, gapped_room;
	bool is_full;
};

void rv_secrets_init(struct rv_secrets *s);
void rv_secrets_done(struct rv_secrets *s);
/* Of file in which it is a value: here or there. 0: in any. */
static inline uint16_t rv_forms_join(unsigned a, unsigned b)
{
	return a && b ? (uint16_t)(a | b) : 0;
}
/* This blob holds this value, in a file of these forms (rv_sighting). EXHAUSTED: no memory; past a
 * maximum is_full is set and it is OK. */
RV_NODISCARD rv_status rv_secrets_add(struct rv_secrets *s, const struct rv_git_oid *blob,
				      uint64_t hash, unsigned forms);
/* This blob has gaps. Told once. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_secrets_add_gapped(struct rv_secrets *s, const struct rv_git_oid *blob);
RV_NODISCARD rv_status rv_secrets_join(struct rv_secrets *s, const struct rv_secrets *from);
/* The number of a value, or RV_GIT_NONE. */
uint32_t rv_secrets_find(const struct rv_secrets *s, uint64_t hash);
