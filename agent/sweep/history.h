/* sweep: inside of a history's scan: the two passes. */
#pragma once

#include "agent/git/visit.h"
#include "agent/sweep/carry.h"
#include "agent/sweep/repo_view.h"
#include "agent/sweep/run.h"
#include "agent/sweep/secrets.h"

/* What git's own settings in the repository hold. */
RV_NODISCARD rv_status rv_history_look_at_config(struct rv_run *run,
						 const struct rv_repo_view *view);
/* First pass: all blobs of the store, or `only` these. All commits are taken into the view's graph
 * on the way, unless `only` some blobs are looked at. */
RV_NODISCARD rv_status rv_history_look(struct rv_run *run, struct rv_repo_view *view,
				       const struct rv_git_oidmap *only, struct rv_secrets *all,
				       struct rv_diag *diag);
/* Where rules of the path alone find a file. */
struct rv_path_places {
	struct rv_path_place *items;
	uint32_t count, room;
	bool is_full; /* there were more than are kept */
};
void rv_path_places_done(struct rv_path_places *places); /* accepts a zeroed one */
/* Those that these commits brought in (`commits` NULL: all of the view's graph). Their blobs are
 * added to those of `secrets`, so that it is found out where they come from. Nothing without such
 * rules. */
RV_NODISCARD rv_status rv_history_find_paths(struct rv_run *run, struct rv_repo_view *view,
					     const uint32_t *commits, uint32_t count,
					     struct rv_secrets *secrets,
					     struct rv_path_places *places);
/* One finding for each path and rule, with the blobs' origins. Sorts the places. */
RV_NODISCARD rv_status rv_history_tell_paths(struct rv_run *run, struct rv_repo_view *view,
					     const struct rv_git_oidmap *blobs,
					     const struct rv_git_origins *origins,
					     struct rv_path_places *places);
/* Is it a commit, and none that an allowlist names? */
bool rv_history_counts(const struct rv_run *run, const struct rv_repo_view *view, uint32_t commit);
/* A blob that an index names and that no ref or reflog reaches at a path that may be looked at. */
struct rv_staged_path {
	uint32_t blob;
	struct rv_str path; /* of the leaks; one that may be looked at */
};
struct rv_staged {
	struct rv_staged_path *items; /* by blob, then path */
	uint32_t count, room;
};
void rv_staged_done(struct rv_staged *staged); /* accepts a zeroed one */
/* By the index of the work tree, and that of the main one. Of a blob with a path that may not be
 * looked at has_unwanted is set in the origins. */
RV_NODISCARD rv_status rv_staged_find(struct rv_run *run, const struct rv_repo_view *view,
				      const struct rv_git_oidmap *blobs,
				      struct rv_git_origins *origins, struct rv_staged *out);
bool rv_staged_has(const struct rv_staged *staged, uint32_t blob);
/* The paths of a blob that may be looked at, by number: those it is staged at, then the origin's.
 * False: no more. */
bool rv_staged_nth(const struct rv_staged *staged, const struct rv_git_origin *origin,
		   uint32_t blob, uint32_t n, struct rv_str *out);
/* Gaps from number `first` on are of this blob: they get the path, or without one the id in its
 * place, and where no member is named the id. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_history_mark_gaps(struct rv_leaks *leaks, size_t first,
					    struct rv_str path, const struct rv_git_oid *blob,
					    size_t oid_len);
/* Those that have an id for their path get the path. `paths` by blob of the secrets; data NULL:
 * none may be looked at, and what could not be scanned there is no gap. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_history_place_gaps(struct rv_run *run, const struct rv_secrets *secrets,
					     const struct rv_str *paths, size_t oid_len);
/* enum rv_leak_reach */
uint8_t rv_history_reach(enum rv_git_reach reach);

/* Second pass: where each value came in and where it still is; leaks into run->sweepers[0]. Of a
 * whole history also, values or not, what it names and does not hold. */
RV_NODISCARD rv_status rv_history_tell(struct rv_run *run, struct rv_repo_view *view,
				       const struct rv_secrets *secrets,
				       struct rv_path_places *places, struct rv_diag *diag);
