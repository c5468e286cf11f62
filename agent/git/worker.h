/* git: one thread's work of a visit: rebuilds trees of deltas depth first. Inside of this room. Not
 * here: who does which tree (visit.c). */
#pragma once

#include "agent/git/inflate.h"
#include "agent/git/plan.h"

#include <stdatomic.h>

/* Light children of a path halve the tree each time, so a path never holds more than this. */
#define RV_GIT_FRAMES 34

struct rv_git_frame {
	uint32_t child; /* the next to do; RV_GIT_NONE: none */
	bool was_told;
	void *state;
	size_t len;
	struct rv_git_scratch buf;
};

struct rv_git_worker {
	const struct rv_git_odb *odb;
	const struct rv_git_visit *visit;
	const struct rv_git_visitor *visitor;
	void *user;
	atomic_size_t *in_flight;
	size_t max_in_flight;
	struct libdeflate_decompressor *zlib;
	struct rv_git_reader *reader; /* bases from elsewhere; made when first needed */
	struct rv_git_scratch delta;
	struct rv_git_scratch spare;
	struct rv_git_segments segments;
	struct rv_git_frame frames[RV_GIT_FRAMES];
	unsigned depth;	       /* frames in use */
	struct rv_git_oid oid; /* of what is being told */
};

RV_NODISCARD rv_status rv_git_worker_init(struct rv_git_worker *worker);
void rv_git_worker_done(struct rv_git_worker *worker);
/* The tree of roots[n]. Only what the visitor returned is a failure. */
RV_NODISCARD rv_status rv_git_worker_tree(struct rv_git_worker *worker, struct rv_git_plan *plan,
					  uint32_t n);
/* The loose objects of one of the 256 folders of odb->dirs[dir]. */
RV_NODISCARD rv_status rv_git_worker_loose(struct rv_git_worker *worker, size_t dir,
					   unsigned folder);
