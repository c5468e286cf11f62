/* git: names of commits as people write them. Not here: what lies between two (graph.h). */
#pragma once

#include "agent/git/graph.h"
#include "agent/git/refs.h"

#define RV_GIT_REV_MAX	4096 /* bytes of one name */
#define RV_GIT_REVS_MAX 1024 /* names in a list */

/* Everything a name may need. All borrowed. */
struct rv_git_names {
	const struct rv_git *git;
	const struct rv_git_refs *refs;
	struct rv_git_graph *graph;
};

/* HEAD, @, a ref, a full or abbreviated id (4 digits or more), each with any of ^ ^N ~ ~N ^{commit}
 * ^{tree} ^{} behind it. Annotated tags are followed by every operator, not at the end. The object
 * may be of any type. NOT_FOUND, CONFLICT (ambiguous) or MALFORMED with a
 * sentence. @{..}, :PATH and :/TEXT are refused. gitrevisions(7). */
RV_NODISCARD rv_status rv_git_rev_parse(const struct rv_git_names *names, struct rv_str text,
					struct rv_git_oid *out, struct rv_diag *diag);
/* The same, and it must be a commit: its number in the graph. */
RV_NODISCARD rv_status rv_git_rev_commit(const struct rv_git_names *names, struct rv_str text,
					 uint32_t *out_n, struct rv_diag *diag);

/* What to walk. */
struct rv_git_range {
	uint32_t *include;
	uint32_t *exclude;
	size_t include_count, exclude_count;
};
/* Adds A, ^A, A..B (an empty side is HEAD), A...B (both, without their merge base). */
RV_NODISCARD rv_status rv_git_range_add(struct rv_git_range *range,
					const struct rv_git_names *names, struct rv_str text,
					struct rv_diag *diag);
/* Adds every ref, HEAD and what the reflogs name. */
RV_NODISCARD rv_status rv_git_range_add_all(struct rv_git_range *range,
					    const struct rv_git_names *names);
void rv_git_range_done(struct rv_git_range *range); /* accepts a zeroed one */

/* --since: what rv_time_parse accepts, @SECONDS, a duration ("90d"), or "N minutes|hours|days|
 * weeks|months|years [ago]" (a month is 30 days). MALFORMED with a sentence. */
RV_NODISCARD rv_status rv_git_since_parse(struct rv_str text, int64_t now_utc, int64_t *out_utc,
					  struct rv_diag *diag);
