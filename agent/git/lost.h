/* git: blobs that trees or an index name and nothing holds. Inside of this room. Not here: trees
 * (twig.h), commits (graph.h). */
#pragma once

#include "agent/git/graph.h"
#include "agent/git/refs.h"

/* Tells through the graph's on_trouble each of these ids that is nowhere in the store and in a
 * commit that something names, with a path it has there; then what is staged and lost, in every
 * work tree. Costs one look for a file each; only when one is lost, another rv_git_origins_find.
 * Of a partial clone nothing is told. */
RV_NODISCARD rv_status rv_git_lost_tell(struct rv_git_graph *graph, const struct rv_git_refs *refs,
					const struct rv_git_oidmap *named, unsigned threads,
					struct rv_diag *diag);
/* Its parts. Tells one, with its path (may be empty), unless it is among those told. */
RV_NODISCARD rv_status rv_git_lost_tell_one(const struct rv_git_graph *graph,
					    const struct rv_git_oid *oid, struct rv_str path,
					    struct rv_git_oidmap *told);
/* Blobs of the index of each work tree. An index that does not parse is told (STAGE); of a split
 * one (UNSUPPORTED) only its own part is looked at. */
RV_NODISCARD rv_status rv_git_lost_tell_staged(const struct rv_git_graph *graph,
					       struct rv_git_oidmap *told);
