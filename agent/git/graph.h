/* git: commits and their parents, read when first asked for. Not here: names of commits (rev.h),
 * what changed in them (diff.h). */
#pragma once

#include "agent/git/commit.h"
#include "agent/git/repo.h"
#include "agent/git/visit.h"

#include <pthread.h>

/* The caller's own marks; the room uses the upper four itself. */
#define RV_GIT_MARK_OWN 0x0f

enum rv_git_node_state { RV_GIT_NODE_NEW, RV_GIT_NODE_READ, RV_GIT_NODE_GONE };

struct rv_git_node {
	struct rv_git_oid tree;
	int64_t at_utc; /* the committer's */
	uint32_t parents_at;
	uint32_t parent_count;
	uint8_t state; /* enum rv_git_node_state; GONE: missing, broken, or no commit */
	uint8_t marks;
};

/* Commits are named by their number, in the order they were first met. About 110 bytes each. */
struct rv_git_graph {
	const struct rv_git *git;
	struct rv_git_reader *reader;
	rv_git_trouble_fn *on_trouble; /* a commit that something names and that cannot be read */
	void *user;
	struct rv_git_oidmap ids;
	struct rv_git_node *nodes;
	uint32_t node_cap;
	uint32_t *parents;
	uint32_t parent_count, parent_cap;
	bool is_whole; /* it has every commit of the store */
};

RV_NODISCARD rv_status rv_git_graph_init(struct rv_git_graph *graph, const struct rv_git *git,
					 rv_git_trouble_fn *on_trouble, void *user);
void rv_git_graph_done(struct rv_git_graph *graph);
/* The number of a commit's id; does not read it. */
RV_NODISCARD rv_status rv_git_graph_add(struct rv_git_graph *graph, const struct rv_git_oid *oid,
					uint32_t *out_n);
/* Reads it unless it was; afterwards nodes[n].state is READ or (told once) GONE. */
RV_NODISCARD rv_status rv_git_graph_read(struct rv_git_graph *graph, uint32_t n);
/* One that a visit tells, in any of its threads: `lock` puts them in a row. Who takes all of them
 * so (trouble aside) sets is_whole. */
RV_NODISCARD rv_status rv_git_graph_take(struct rv_git_graph *graph, pthread_mutex_t *lock,
					 const struct rv_git_told *told);
/* Reads every commit of the store, those that nothing reaches as well, unless it is whole: one pass
 * over the packs, far faster than one by one. */
RV_NODISCARD rv_status rv_git_graph_read_all(struct rv_git_graph *graph, unsigned threads,
					     struct rv_diag *diag);
static inline uint32_t rv_git_graph_parent(const struct rv_git_graph *graph, uint32_t n, uint32_t i)
{
	return graph->parents[graph->nodes[n].parents_at + i];
}
/* Sets marks on these commits and everything they reach, stopping where all are set already. */
RV_NODISCARD rv_status rv_git_graph_mark(struct rv_git_graph *graph, const uint32_t *from,
					 size_t count, uint8_t marks);
/* The commits with any of `marks`, children before parents and else newest first: *out is
 * malloc'ed. The same in each run over one store. Only what was read. */
RV_NODISCARD rv_status rv_git_graph_order(struct rv_git_graph *graph, uint8_t marks, uint32_t **out,
					  uint32_t *out_count);
/* Commits that one of `include` reaches and none of `exclude`, and not older than since_utc (0:
 * any), newest first: *out is malloc'ed. Reads no more of the history than it must; where clocks
 * were wrong it may give some commits too many, never too few (but for since_utc). */
RV_NODISCARD rv_status rv_git_graph_range(struct rv_git_graph *graph, const uint32_t *include,
					  size_t include_count, const uint32_t *exclude,
					  size_t exclude_count, int64_t since_utc, uint32_t **out,
					  uint32_t *out_count);
/* The best common ancestor. NOT_FOUND: there is none. */
RV_NODISCARD rv_status rv_git_graph_merge_base(struct rv_git_graph *graph, uint32_t a, uint32_t b,
					       uint32_t *out_n);
