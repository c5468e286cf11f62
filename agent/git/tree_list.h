/* git: every tree of a store, cut down to its folders and some wanted blobs. Inside of this room.
 * Not here: what is reached from where (twig.h). */
#pragma once

#include "agent/git/diff.h"
#include "agent/git/visit.h"

#define RV_GIT_BRANCH_DIR   0x80000000u
#define RV_GIT_BRANCHES_MAX ((uint32_t)1 << 30)

/* One entry of a tree: a folder (its tree's number and BRANCH_DIR) or a wanted blob's number. */
struct rv_git_branch {
	uint32_t name; /* number in names */
	uint32_t value;
};

struct rv_git_tree_record {
	uint32_t at, count; /* branches; count RV_GIT_NONE: the tree was not seen (yet) */
};

struct rv_git_tree_list {
	const struct rv_git_oidmap *wanted;
	const struct rv_git_odb *odb;	 /* to look up what trees name; NULL: nobody asks */
	struct rv_git_oidmap not_packed; /* blobs that trees name, and no pack holds */
	size_t oid_len;
	rv_git_trouble_fn *on_trouble;
	void *user;
	uint64_t *filter;	    /* by the first two bytes of wanted ids */
	struct rv_git_oidmap trees; /* seen, or named by one that was */
	struct rv_git_tree_record *records;
	uint32_t record_cap;
	struct rv_git_branch *branches;
	uint32_t branch_count, branch_cap;
	/* Names, each once. */
	struct rv_buf bytes;
	uint32_t *name_at; /* name_count + 1 */
	uint32_t name_count, name_cap;
	uint32_t *slots; /* number + 1; 0 is free */
	uint32_t mask;
};

/* Reads all trees of the store, in parallel, each once; of one that is a delta only what the delta
 * changes is parsed. About 50 bytes a tree and 8 a folder in it. Broken trees are told, and hold
 * what stood before the break. looks_up: blobs are looked for in the packs as well, which costs a
 * search in an index for each entry that is parsed, and 40 bytes for each that is not packed. */
RV_NODISCARD rv_status rv_git_tree_list_make(const struct rv_git_odb *odb, bool looks_up,
					     const struct rv_git_oidmap *wanted, unsigned threads,
					     rv_git_trouble_fn *on_trouble, void *user,
					     struct rv_git_tree_list *out, struct rv_diag *diag);
void rv_git_tree_list_done(struct rv_git_tree_list *list); /* accepts a zeroed one */
static inline struct rv_str rv_git_tree_list_name(const struct rv_git_tree_list *list, uint32_t n)
{
	return (struct rv_str){list->bytes.data + list->name_at[n],
			       list->name_at[n + 1] - list->name_at[n]};
}

/* What one thread knows of the tree at hand; parsing, in tree_parse.c. */
struct rv_git_notable { /* an entry that becomes a branch */
	uint32_t at;	/* where the entry begins in the tree */
	uint32_t name, value;
};
struct rv_git_tree_parse {
	const struct rv_git_tree_list *list;
	uint32_t *starts; /* of all entries, and where the last one ends */
	uint32_t start_count, start_cap;
	struct rv_git_notable *notables;
	uint32_t notable_count, notable_cap;
	uint32_t *fresh; /* notables parsed from bytes: name and value are still unknown */
	uint32_t fresh_count, fresh_cap;
	uint32_t *not_packed; /* where entries begin whose blob is in no pack */
	uint32_t not_packed_count, not_packed_cap;
	bool is_broken;
};
/* Kept for the deltas on a tree. */
struct rv_git_tree_state {
	uint32_t *starts; /* start_count + 1 */
	struct rv_git_notable *notables;
	uint32_t start_count, notable_count;
};
RV_NODISCARD rv_status rv_git_tree_parse_all(struct rv_git_tree_parse *parse, struct rv_str bytes);
/* From the base's state and the segments of the delta. */
RV_NODISCARD rv_status rv_git_tree_parse_delta(struct rv_git_tree_parse *parse, struct rv_str bytes,
					       const struct rv_git_tree_state *base,
					       const struct rv_git_segment *segments, size_t count);
void rv_git_tree_parse_done(struct rv_git_tree_parse *parse);
