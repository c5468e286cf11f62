/* git: object ids and a map of them. Not here: what an id names (odb.h). */
#pragma once

#include "agent/base/buf.h"

enum rv_git_type {
	RV_GIT_TYPE_NONE = 0,
	RV_GIT_COMMIT = 1, /* the numbers are the pack format's */
	RV_GIT_TREE = 2,
	RV_GIT_BLOB = 3,
	RV_GIT_TAG = 4,
	RV_GIT_OFS_DELTA = 6, /* inside packs only */
	RV_GIT_REF_DELTA = 7
};

#define RV_GIT_SHA1_LEN	  20
#define RV_GIT_SHA256_LEN 32
#define RV_GIT_OID_MAX	  32
#define RV_GIT_HEX_MAX	  (2 * RV_GIT_OID_MAX + 1) /* with the NUL */
#define RV_GIT_NONE	  UINT32_MAX		   /* no index, nowhere in a list */

/* The first 20 bytes of a SHA-1 repository's, all 32 of a SHA-256 repository's; the rest is zero.
 * How long they are is the repository's: rv_git_oid_len(). */
struct rv_git_oid {
	uint8_t bytes[RV_GIT_OID_MAX];
};

static inline bool rv_git_oid_equal(const struct rv_git_oid *a, const struct rv_git_oid *b)
{
	return memcmp(a->bytes, b->bytes, RV_GIT_OID_MAX) == 0;
}

static inline int rv_git_oid_compare(const struct rv_git_oid *a, const struct rv_git_oid *b)
{
	return memcmp(a->bytes, b->bytes, RV_GIT_OID_MAX);
}

static inline struct rv_git_oid rv_git_oid_of(const uint8_t *raw, size_t oid_len)
{
	struct rv_git_oid oid = {{0}};

	memcpy(oid.bytes, raw, oid_len);
	return oid;
}

/* Git's way to say "none" (reflogs, deleted refs). */
bool rv_git_oid_is_zero(const struct rv_git_oid *oid);
/* Exactly 2 * oid_len hex digits of either case; else false and *out untouched. */
bool rv_git_oid_parse(struct rv_str hex, size_t oid_len, struct rv_git_oid *out);
void rv_git_oid_hex(const struct rv_git_oid *oid, size_t oid_len, char out[RV_GIT_HEX_MAX]);

/* Ids, each with the number it came in as (0, 1, ..): a set, and the key to arrays of the caller's.
 * Keyed by a random seed: ids of a hostile repository cannot be made to collide. */
struct rv_git_oidmap {
	struct rv_git_oid *oids; /* in the order they came */
	uint32_t count;
	uint32_t cap;
	uint32_t *slots; /* number + 1; 0 is free */
	uint32_t mask;
	uint64_t seed[2];
};

#define RV_GIT_OIDMAP_MAX ((uint32_t)1 << 28) /* ids in one map; EXHAUSTED past it */

void rv_git_oidmap_init(struct rv_git_oidmap *map);
void rv_git_oidmap_done(struct rv_git_oidmap *map); /* accepts a zeroed map */
/* The number of `oid`, new or known; out_is_new may be NULL. EXHAUSTED: no memory or too many. */
RV_NODISCARD rv_status rv_git_oidmap_put(struct rv_git_oidmap *map, const struct rv_git_oid *oid,
					 uint32_t *out_number, bool *out_is_new);
/* Its number or RV_GIT_NONE. Safe from several threads while nobody puts. */
uint32_t rv_git_oidmap_get(const struct rv_git_oidmap *map, const struct rv_git_oid *oid);
