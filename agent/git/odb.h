/* git: everything a repository stores, and reading one object by id. Not here: every object at once
 * (visit.h), what objects mean (commit.h, tree.h). */
#pragma once

#include "agent/git/pack.h"

#define RV_GIT_OBJECT_MAX      ((size_t)256 << 20) /* bytes of one object, unless said otherwise */
#define RV_GIT_PACKS_MAX       16384
#define RV_GIT_ALTERNATES_MAX  64   /* object directories in all */
#define RV_GIT_ALTERNATE_DEPTH 5    /* an alternate of an alternate of .. ; as git */
#define RV_GIT_CHAIN_MAX       8192 /* deltas on deltas when reading one object; git makes 4095 */
#define RV_GIT_CACHE_BYTES     ((size_t)48 << 20) /* of a reader, for bases of deltas */

/* Packs are mapped, so a file that somebody cuts short while we read is SIGBUS; git never does
 * that (it writes new packs and unlinks old ones). Ids are believed, not computed again. */
struct rv_git_odb {
	size_t oid_len;
	size_t max_object;
	char **dirs; /* objects/ first, then alternates; owned */
	size_t dir_count;
	struct rv_git_pack *packs; /* of all dirs, the one with most objects first */
	uint32_t pack_count;
	bool has_promisor; /* a partial clone: what is missing may be so by design */
};

/* Opens an objects/ directory, its alternates and all their packs. What cannot be used is told and
 * left out; fails only without memory or when the directory itself cannot be opened (DENIED says
 * which and what next). */
RV_NODISCARD rv_status rv_git_odb_open(const char *objects_dir, size_t oid_len,
				       rv_git_trouble_fn *on_trouble, void *user,
				       struct rv_git_odb *out, struct rv_diag *diag);
void rv_git_odb_done(struct rv_git_odb *odb); /* accepts a zeroed one */

/* Where an object is packed; false when it is in no pack. */
bool rv_git_odb_find_packed(const struct rv_git_odb *odb, const struct rv_git_oid *oid,
			    uint32_t *out_pack, uint32_t *out_number);
/* Is it anywhere? What may not be looked at counts: a visit tells its folder. */
bool rv_git_odb_has(const struct rv_git_odb *odb, const struct rv_git_oid *oid);
/* The path of the loose object in dirs[dir]; false when it is too long. */
bool rv_git_odb_loose_path(const struct rv_git_odb *odb, size_t dir, const struct rv_git_oid *oid,
			   char *out, size_t size);
/* Tells each loose object of one of the 256 folders (0..255) of a directory. */
typedef rv_status rv_git_loose_fn(void *user, const struct rv_git_oid *oid);
RV_NODISCARD rv_status rv_git_odb_each_loose(const struct rv_git_odb *odb, size_t dir,
					     unsigned folder, rv_git_loose_fn *each, void *user);
/* The only object whose id begins with these hex digits (4 or more). NOT_FOUND, or CONFLICT when
 * there are several. */
RV_NODISCARD rv_status rv_git_odb_expand(const struct rv_git_odb *odb, struct rv_str hex,
					 struct rv_git_oid *out, struct rv_diag *diag);

/* Reads objects one by one; one thread each. Keeps the bases of deltas it has just rebuilt. */
struct rv_git_reader;
RV_NODISCARD rv_status rv_git_reader_new(const struct rv_git_odb *odb, struct rv_git_reader **out);
void rv_git_reader_free(struct rv_git_reader *reader);
static inline void rv_git_reader_freep(struct rv_git_reader **reader)
{
	rv_git_reader_free(*reader);
}
/* *out_bytes is borrowed until the next read. NOT_FOUND: nowhere (or its base is). MALFORMED:
 * broken. EXHAUSTED: over odb->max_object (errno 0), or no memory (errno set). */
RV_NODISCARD rv_status rv_git_read(struct rv_git_reader *reader, const struct rv_git_oid *oid,
				   enum rv_git_type *out_type, struct rv_str *out_bytes);
/* The same, told as a trouble's kind; for RV_OK do not ask. */
enum rv_git_trouble_kind rv_git_trouble_of(rv_status status);
