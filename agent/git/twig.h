/* git: trees cut back to what leads to some wanted blobs. Inside of this room. Equal ones are one,
 * so that most commits share theirs with their parents. Not here: commits (origin.c). */
#pragma once

#include "agent/git/diff.h"
#include "agent/git/inflate.h"

#define RV_GIT_TWIGS_MAX ((uint32_t)1 << 30)

/* Twig 0 is the empty one. */
struct rv_git_twig {
	uint32_t at, count; /* entries */
};

struct rv_git_twig_entry {
	uint32_t name_at;
	uint32_t name_len : 24;
	uint32_t is_dir : 8;
	uint32_t value; /* the twig of a folder, the number of a wanted blob */
};

struct rv_git_twig_frame;

struct rv_git_twigs {
	const struct rv_git_differ *differ;
	const struct rv_git_oidmap *wanted;
	uint64_t *filter;	    /* by the first two bytes of wanted ids */
	struct rv_git_oidmap trees; /* every tree met */
	uint32_t *twig_of;	    /* by its number; RV_GIT_NONE: being built */
	uint32_t twig_of_cap;
	struct rv_git_twig *twigs;
	uint32_t count, cap;
	struct rv_git_twig_entry *entries;
	uint32_t entry_count, entry_cap;
	uint32_t *slots; /* of a hash map of twigs: id, 0 is free */
	uint32_t mask;
	struct rv_buf names;
	struct rv_git_twig_entry *pending; /* of trees that are being built */
	uint32_t pending_count, pending_cap;
	struct rv_git_twig_frame *frames;
	size_t depth, frame_cap;
};

RV_NODISCARD rv_status rv_git_twigs_init(struct rv_git_twigs *twigs,
					 const struct rv_git_differ *differ,
					 const struct rv_git_oidmap *wanted);
void rv_git_twigs_done(struct rv_git_twigs *twigs);
/* The twig of a tree. Each tree is read once, however many commits have it. */
RV_NODISCARD rv_status rv_git_twigs_of(struct rv_git_twigs *twigs, const struct rv_git_oid *tree,
				       uint32_t *out_twig);
/* Tells where wanted blobs stand in `b` but not at that path in `a`. path is borrowed. */
typedef rv_status rv_git_twig_fn(void *user, struct rv_str path, uint32_t blob);
RV_NODISCARD rv_status rv_git_twigs_new(const struct rv_git_twigs *twigs, uint32_t a, uint32_t b,
					rv_git_twig_fn *each, void *user);
/* Does that blob stand at that path? */
bool rv_git_twigs_has(const struct rv_git_twigs *twigs, uint32_t twig, struct rv_str path,
		      uint32_t blob);
