/* git: see lost.h. Not here: which ids are in question (tree_parse.c). */
#include "agent/git/lost.h"

#include "agent/git/file.h"
#include "agent/git/origin.h"

#include <limits.h>

static void tell(const struct rv_git_graph *graph, const struct rv_git_oid *oid,
		 const struct rv_git_origin *origin)
{
	char path[PATH_MAX];
	struct rv_git_trouble trouble = {.kind = RV_GIT_TROUBLE_MISSING_BLOB, .oid = oid};

	if (origin->path_count > 0) {
		(void)rv_git_path(path, sizeof(path), "%.*s", (int)origin->paths[0].len,
				  (const char *)origin->paths[0].data); /* for people: cut */
		trouble.where = path;
	}
	graph->on_trouble(graph->user, &trouble);
}

/* Where the lost ones stand is asked of the same walk, which then has nobody to tell. */
static rv_status find_and_tell(struct rv_git_graph *graph, const struct rv_git_refs *refs,
			       const struct rv_git_oidmap *lost, unsigned threads,
			       struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_origins_done) struct rv_git_origins origins = {0};
	rv_git_trouble_fn *on_trouble = graph->on_trouble;

	graph->on_trouble = NULL;
	rv_status status = rv_git_origins_find(graph, refs, lost, NULL, threads, &origins, diag);
	graph->on_trouble = on_trouble;
	RV_TRY(status);
	for (uint32_t i = 0; i < lost->count; i++) {
		if (origins.items[i].reach != RV_GIT_REACH_NONE)
			tell(graph, &lost->oids[i], &origins.items[i]);
	}
	return RV_OK;
}

rv_status rv_git_lost_tell(struct rv_git_graph *graph, const struct rv_git_refs *refs,
			   const struct rv_git_oidmap *named, unsigned threads,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_oidmap_done) struct rv_git_oidmap lost;
	uint32_t number;

	rv_git_oidmap_init(&lost);
	for (uint32_t i = 0; i < named->count; i++) {
		if (!rv_git_odb_has(&graph->git->odb, &named->oids[i]))
			RV_TRY(rv_git_oidmap_put(&lost, &named->oids[i], &number, NULL));
	}
	return lost.count > 0 && graph->on_trouble
		       ? find_and_tell(graph, refs, &lost, threads, diag)
		       : RV_OK;
}
