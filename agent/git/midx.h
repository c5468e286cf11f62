/* git: an index for a pack that has none of its own, out of the multi-pack-index beside it. Inside
 * of this room. Not here: lookups in the multi-pack-index itself (each pack's index does it). */
#pragma once

#include "agent/git/pack.h"

#define RV_GIT_MIDX_LAYERS_MAX 64 /* of an incremental one; git makes a handful */

struct rv_git_midx {
	char *path; /* NULL: there is no multi-pack-index here */
	size_t oid_len;
	bool is_open;
	const uint8_t *data;
	size_t len;
	uint32_t pack_count;
	uint32_t count;
	const uint8_t *names;
	size_t names_len;
	const uint8_t *oids;
	const uint8_t *places; /* count * {pack, offset}, 4 bytes each */
	const uint8_t *longs;
	size_t long_count;
};

/* Opens nothing yet: most repositories never need it. Without memory it behaves as absent. */
void rv_git_midx_init(struct rv_git_midx *midx, const char *pack_dir, size_t oid_len);
void rv_git_midx_done(struct rv_git_midx *midx);
/* Checks bytes as a multi-pack-index and points into them. MALFORMED. Format: gitformat-pack(5). */
RV_NODISCARD rv_status rv_git_midx_bytes(struct rv_git_midx *midx, const uint8_t *bytes,
					 size_t len);
/* Gives `pack` the objects that the multi-pack-index has for the pack of this .idx path. An object
 * that is also in another pack may be counted there only. NOT_FOUND: it does not know the pack. */
RV_NODISCARD rv_status rv_git_midx_index(struct rv_git_midx *midx, struct rv_git_pack *pack,
					 const char *idx_path);

/* All of one pack directory: multi-pack-index, and the layers of an incremental one, each of which
 * speaks of its own packs alone. Layers that its chain no longer names are read as well: a pack's
 * name says what it holds. */
struct rv_git_midxes {
	struct rv_git_midx first;
	struct rv_git_midx *layers; /* once one was needed */
	size_t count;
	bool is_listed;
};
void rv_git_midxes_init(struct rv_git_midxes *all, const char *pack_dir, size_t oid_len);
void rv_git_midxes_done(struct rv_git_midxes *all); /* accepts a zeroed one */
/* rv_git_midx_index of the first that knows the pack. */
RV_NODISCARD rv_status rv_git_midxes_index(struct rv_git_midxes *all, struct rv_git_pack *pack,
					   const char *idx_path);
