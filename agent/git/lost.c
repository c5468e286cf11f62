/* git: see lost.h. Not here: which ids are in question (tree_parse.c), indexes (lost_index.c). */
#include "agent/git/lost.h"

#include "agent/git/file.h"
#include "agent/git/origin.h"

#include <limits.h>

rv_status rv_git_lost_tell_one(const struct rv_git_graph *graph, const struct rv_git_oid *oid,
			       struct rv_str path, struct rv_git_oidmap *told)
{
	struct rv_git_trouble trouble = {.kind = RV_GIT_TROUBLE_MISSING_BLOB, .oid = oid};
	char where[PATH_MAX];
	uint32_t number;
	bool is_new = false;

	RV_TRY(rv_git_oidmap_put(told, oid, &number, &is_new));
	if (!is_new)
		return RV_OK;
	if (path.len > 0) {
		(void)rv_git_path(where, sizeof(where), "%.*s", (int)path.len,
				  (const char *)path.data); /* for people: cut */
		trouble.where = where;
	}
	graph->on_trouble(graph->user, &trouble);
	return RV_OK;
}

/* Where the lost ones stand is asked of the same walk, which then has nobody to tell. */
static rv_status find_and_tell(struct rv_git_graph *graph, const struct rv_git_refs *refs,
			       const struct rv_git_oidmap *lost, unsigned threads,
			       struct rv_git_oidmap *told, struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_origins_done) struct rv_git_origins origins = {0};
	rv_git_trouble_fn *on_trouble = graph->on_trouble;

	graph->on_trouble = NULL;
	rv_status status = rv_git_origins_find(graph, refs, lost, NULL, threads, &origins, diag);
	graph->on_trouble = on_trouble;
	RV_TRY(status);
	for (uint32_t i = 0; i < lost->count; i++) {
		const struct rv_git_origin *origin = &origins.items[i];
		struct rv_str path = origin->path_count > 0 ? origin->paths[0] : RV_STR_NONE;

		if (origin->reach != RV_GIT_REACH_NONE)
			RV_TRY(rv_git_lost_tell_one(graph, &lost->oids[i], path, told));
	}
	return RV_OK;
}

rv_status rv_git_lost_tell(struct rv_git_graph *graph, const struct rv_git_refs *refs,
			   const struct rv_git_oidmap *named, unsigned threads,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_oidmap_done) struct rv_git_oidmap lost, told;
	uint32_t number;

	rv_git_oidmap_init(&lost);
	rv_git_oidmap_init(&told);
	/* Of a partial clone nobody knows what was lost. */
	if (!graph->on_trouble || graph->git->is_partial)
		return RV_OK;
	for (uint32_t i = 0; i < named->count; i++) {
		if (!rv_git_odb_has(&graph->git->odb, &named->oids[i]))
			RV_TRY(rv_git_oidmap_put(&lost, &named->oids[i], &number, NULL));
	}
	if (lost.count > 0)
		RV_TRY(find_and_tell(graph, refs, &lost, threads, &told, diag));
	return rv_git_lost_tell_staged(graph, &told);
}
