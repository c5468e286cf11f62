/* git: blobs that trees name and nothing holds. Inside of this room. Not here: trees (twig.h),
 * commits (graph.h). */
#pragma once

#include "agent/git/graph.h"
#include "agent/git/refs.h"

/* Tells through the graph's on_trouble each of these ids that is nowhere in the store and in a
 * commit that something names, with a path it has there. Costs one look for a file each; only when
 * one is lost, another rv_git_origins_find. */
RV_NODISCARD rv_status rv_git_lost_tell(struct rv_git_graph *graph, const struct rv_git_refs *refs,
					const struct rv_git_oidmap *named, unsigned threads,
					struct rv_diag *diag);
