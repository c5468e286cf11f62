/* git: where blobs came from: commits, paths, and whether anything still reaches them. Not here:
 * what was found in the blobs. */
#pragma once

#include "agent/git/diff.h"
#include "agent/git/graph.h"
#include "agent/git/refs.h"

#define RV_GIT_ORIGIN_PATHS 256 /* kept of one blob, and one more of each kind (rv_git_wanted) */

enum rv_git_reach {
	RV_GIT_REACH_HEAD,   /* in the tree of HEAD: the secret is in use today */
	RV_GIT_REACH_REF,    /* in the history of a branch, tag, remote branch or any HEAD */
	RV_GIT_REACH_REFLOG, /* only through a reflog, the stash, FETCH_HEAD and such */
	RV_GIT_REACH_NONE,   /* nothing names it; `git gc` will drop it some day */
};

/* Commits are numbers in the graph. Of those that hold the blob only the best reachable kind counts
 * (a commit that was amended away is not named while a branch has the blob as well). */
struct rv_git_origin {
	uint32_t first; /* the oldest that brought it in: none of its parents has it at that path */
	uint32_t last;	/* the newest that holds it. RV_GIT_NONE: no commit does */
	enum rv_git_reach reach;
	uint16_t path_count;
	uint16_t kinds;	      /* of the paths, when it is full */
	bool has_more_paths;  /* than RV_GIT_ORIGIN_PATHS, or than there was room for */
	bool has_more_kinds;  /* than those of the paths: there was no room */
	bool has_unwanted;    /* paths that were not wanted, and not kept */
	struct rv_str *paths; /* newest first; they and their bytes are the origins' */
};

struct rv_git_origins {
	struct rv_git_origin *items; /* by the blobs' numbers in the map that was asked for */
	uint32_t count;
	struct rv_buf bytes; /* of the paths */
	/* By commit: its place when children stand before parents and else the newest first. Of
	 * two commits the one with the larger place is the older, whatever their clocks said. */
	uint32_t *places;
};

/* Which paths may be looked at: the others take none of the places in rv_git_origin.paths. */
struct rv_git_wanted {
	bool (*wants)(void *user, struct rv_str path, bool is_dir); /* NULL: all */
	/* May what this commit (in hex) brings in be let pass for that? Then it is not the first as
	 * long as another one, as well reachable, brought the blob in, too. NULL: never. */
	bool (*passes)(void *user, const char *commit);
	void *user;
	/* What a file is by its path, a bit for each that it is. NULL: all are alike. */
	uint16_t (*kinds)(struct rv_str path);
};

/* Looks up every blob of `blobs`, which may be none, in all commits of the store. One pass over the
 * commits (`threads`) and one over the trees, each tree read once. What a ref, a reflog or a commit
 * that they reach names and the store does not hold is told through the graph's on_trouble, each
 * once: tips, commits, trees and blobs; of a partial clone no trees and blobs. `wanted` NULL: all
 * paths. */
RV_NODISCARD rv_status rv_git_origins_find(struct rv_git_graph *graph,
					   const struct rv_git_refs *refs,
					   const struct rv_git_oidmap *blobs,
					   const struct rv_git_wanted *wanted, unsigned threads,
					   struct rv_git_origins *out, struct rv_diag *diag);
void rv_git_origins_done(struct rv_git_origins *origins); /* accepts a zeroed one */
/* What stands in a commit of the graph; borrowed until the graph's next read. */
RV_NODISCARD rv_status rv_git_graph_commit(struct rv_git_graph *graph, uint32_t n,
					   struct rv_git_commit *out);
/* What these commits brought in, against all their parents: files, links and submodules. Of a
 * commit without parents (or whose parents are missing): all it has. Trees that are missing are
 * told. */
typedef rv_status rv_git_brought_fn(void *user, uint32_t commit,
				    const struct rv_git_change *change);
RV_NODISCARD rv_status rv_git_brought_in(struct rv_git_graph *graph, const uint32_t *commits,
					 uint32_t count, rv_git_brought_fn *each, void *user);
/* The blobs that these commits brought in, against all their parents: for rv_git_visit.only. Of a
 * commit without parents (or whose parents are missing): all its blobs. Trees and blobs that are
 * missing are told. */
RV_NODISCARD rv_status rv_git_blobs_of(struct rv_git_graph *graph, const uint32_t *commits,
				       uint32_t count, struct rv_git_oidmap *blobs);
