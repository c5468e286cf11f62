/* git: one pack file and its index, mapped. Inside of this room. Not here: rebuilding (odb.h). */
#pragma once

#include "agent/git/trouble.h"

struct rv_git_pack {
	char *path; /* of the .pack, owned */
	const uint8_t *data;
	size_t len; /* of the mapping; objects end at len - oid_len */
	size_t oid_len;
	uint32_t count;
	/* The index: mapped, or made from a multi-pack-index (then `made` is owned). */
	const uint8_t *index;
	size_t index_len;
	uint8_t *made;
	const uint8_t *fanout;	/* 256 big-endian counts */
	const uint8_t *oids;	/* count * oid_len, ascending */
	const uint8_t *offsets; /* count * 4, big-endian; top bit: number of a long one */
	const uint8_t *longs;	/* long_count * 8 */
	size_t long_count;
};

/* What stands before an object's bytes. */
struct rv_git_entry {
	enum rv_git_type type;
	uint64_t size;		    /* inflated: of the object, or of the delta */
	size_t at;		    /* where the zlib stream begins */
	uint64_t base_offset;	    /* OFS_DELTA */
	struct rv_git_oid base_oid; /* REF_DELTA */
};

/* Maps a .pack; *gives*. MALFORMED: not a pack of version 2 or 3. Format: gitformat-pack(5). */
RV_NODISCARD rv_status rv_git_pack_open(const char *path, size_t oid_len, struct rv_git_pack *out);
/* Maps its .idx (version 2). MALFORMED: it does not parse, or the counts disagree. */
RV_NODISCARD rv_status rv_git_pack_index(struct rv_git_pack *pack, const char *path);
/* Checks bytes as an index of version 2 and points into them. */
RV_NODISCARD rv_status rv_git_pack_index_bytes(struct rv_git_pack *pack, const uint8_t *bytes,
					       size_t len);
void rv_git_pack_close(struct rv_git_pack *pack); /* accepts a half-opened one */

/* The offset of the n-th object of the index, or 0 when it lies outside of the pack. */
uint64_t rv_git_pack_offset(const struct rv_git_pack *pack, uint32_t n);
static inline const uint8_t *rv_git_pack_oid(const struct rv_git_pack *pack, uint32_t n)
{
	return pack->oids + (size_t)n * pack->oid_len;
}
/* The number in the index, or RV_GIT_NONE. */
uint32_t rv_git_pack_find(const struct rv_git_pack *pack, const struct rv_git_oid *oid);
/* How many objects have ids that begin with the given hex digits; *out_first is the first's. */
uint32_t rv_git_pack_find_prefix(const struct rv_git_pack *pack, const struct rv_git_oid *low,
				 const struct rv_git_oid *high, uint32_t *out_first);
/* MALFORMED: no object can stand at `offset`. */
RV_NODISCARD rv_status rv_git_pack_entry(const struct rv_git_pack *pack, uint64_t offset,
					 struct rv_git_entry *out);

/* Big-endian, as git has them. */
static inline uint32_t rv_git_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint64_t rv_git_be64(const uint8_t *p)
{
	return (uint64_t)rv_git_be32(p) << 32 | rv_git_be32(p + 4);
}
/* How many objects the pack's own header says there are. */
static inline uint32_t rv_git_pack_stated(const struct rv_git_pack *pack)
{
	return rv_git_be32(pack->data + 8);
}
