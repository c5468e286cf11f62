/* git: trees cut back to what leads to some wanted blobs. Inside of this room. Equal ones are one,
 * so that most commits share theirs with their parents. Not here: commits (origin.c). */
#pragma once

#include "agent/git/tree_list.h"

#define RV_GIT_TWIGS_MAX ((uint32_t)1 << 30)

/* Twig 0 is the empty one. Of its branches, a folder's value is a twig (and BRANCH_DIR). */
struct rv_git_twig {
	uint32_t at, count;
};

struct rv_git_twig_frame;

struct rv_git_twigs {
	const struct rv_git_tree_list *list;
	uint32_t *twig_of; /* by the number of a tree: twig + 1; 0: not built; RV_GIT_NONE: being */
	struct rv_git_oidmap missing; /* trees that were told */
	bool is_quiet;		      /* no missing tree is told */
	struct rv_git_twig *twigs;
	uint32_t count, cap;
	struct rv_git_branch *branches;
	uint32_t branch_count, branch_cap;
	uint32_t *slots; /* of a hash map of twigs: id, 0 is free */
	uint32_t mask;
	struct rv_git_branch *pending; /* of trees that are being built */
	uint32_t pending_count, pending_cap;
	struct rv_git_twig_frame *frames;
	size_t depth, frame_cap;
};

/* The list is complete and stays as it is. */
RV_NODISCARD rv_status rv_git_twigs_init(struct rv_git_twigs *twigs,
					 const struct rv_git_tree_list *list);
void rv_git_twigs_done(struct rv_git_twigs *twigs);
/* The twig of a tree; the empty one, told once, when it is not in the list. */
RV_NODISCARD rv_status rv_git_twigs_of(struct rv_git_twigs *twigs, const struct rv_git_oid *tree,
				       uint32_t *out_twig);
/* Tells where wanted blobs stand in `b` but not at that path in `a`. path is borrowed. */
typedef rv_status rv_git_twig_fn(void *user, struct rv_str path, uint32_t blob);
RV_NODISCARD rv_status rv_git_twigs_new(const struct rv_git_twigs *twigs, uint32_t a, uint32_t b,
					rv_git_twig_fn *each, void *user);
/* Does that blob stand at that path? */
bool rv_git_twigs_has(const struct rv_git_twigs *twigs, uint32_t twig, struct rv_str path,
		      uint32_t blob);
