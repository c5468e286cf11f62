/* sweep: a repository in hand: its store, refs and commits together, and what of it could not be
 * read as gaps. Not here: scanning it (history.c, changes.c). */
#pragma once

#include "agent/git/origin.h"
#include "agent/git/repo.h"
#include "agent/git/rev.h"
#include "agent/sweep/doc.h"

struct rv_repo_view {
	struct rv_git *git;
	struct rv_git_refs refs;
	struct rv_git_graph graph;
	struct rv_git_reader *reader;
	struct rv_git_names names; /* of the three above */
	struct rv_leaks *gaps;	   /* borrowed; where troubles go */
	bool has_refs, has_graph;
};

/* The repository that `path` lies in. NOT_FOUND: none does. */
RV_NODISCARD rv_status rv_repo_view_open(struct rv_repo_view *view, const char *path,
					 struct rv_leaks *gaps, struct rv_diag *diag);
void rv_repo_view_done(struct rv_repo_view *view); /* accepts a zeroed one */
/* A trouble as a gap; user is struct rv_leaks. */
void rv_repo_trouble(void *leaks, const struct rv_git_trouble *trouble);
/* Who, when and what of a commit, masked, into texts of w->leaks. w->lane should have no path. Of
 * one that cannot be read its id, and a gap. */
RV_NODISCARD rv_status rv_repo_commit(struct rv_repo_view *view, uint32_t n, struct rv_sweeper *w,
				      struct rv_leak_commit *out);
/* The tree of a revision. */
RV_NODISCARD rv_status rv_repo_tree_of(struct rv_repo_view *view, const char *rev,
				       struct rv_git_oid *out_tree, struct rv_diag *diag);
/* Says next that the clone lacks `rev` and how to get it. */
void rv_repo_say_fetch(const char *rev, struct rv_diag *diag);
/* The gap that a store is when it is scanned as files: what is compressed no rule sees. */
void rv_repo_tell_store(struct rv_leaks *leaks, const char *path);
/* What a tree has at a path. NOT_FOUND: nothing. Else as rv_git_read fails. */
RV_NODISCARD rv_status rv_repo_entry(struct rv_git_reader *reader, size_t oid_len,
				     const struct rv_git_oid *tree, struct rv_str path,
				     struct rv_git_oid *out, uint32_t *out_mode);
/* A file of a tree, by its path; copies. NOT_FOUND: none, or not a file. */
RV_NODISCARD rv_status rv_repo_file(struct rv_repo_view *view, const struct rv_git_oid *tree,
				    struct rv_str path, size_t max, struct rv_buf *out);
