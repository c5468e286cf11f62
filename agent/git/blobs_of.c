/* git: the blobs that some commits brought in, and what stands in one. Not here: the other way
 * round (origin.c). */
#include "agent/git/origin.h"

#include "agent/git/file.h"

#include <limits.h>

rv_status rv_git_graph_commit(struct rv_git_graph *graph, uint32_t n, struct rv_git_commit *out)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_str bytes = RV_STR_NONE;

	RV_TRY(rv_git_read(graph->reader, &graph->ids.oids[n], &type, &bytes));
	if (type != RV_GIT_COMMIT)
		return (rv_status){RV_CLASS_MALFORMED, 0};
	return rv_git_commit_parse(bytes, graph->git->oid_len, out);
}

struct bringing {
	const struct rv_git_graph *graph;
	struct rv_git_oidmap *blobs;
};

static void tell_lost(const struct rv_git_graph *graph, const struct rv_git_change *change)
{
	char path[PATH_MAX];
	const struct rv_git_trouble trouble = {
		.kind = RV_GIT_TROUBLE_MISSING_BLOB, .where = path, .oid = &change->new_oid};

	(void)rv_git_path(path, sizeof(path), "%.*s", (int)change->path.len,
			  (const char *)change->path.data); /* for people: cut */
	graph->on_trouble(graph->user, &trouble);
}

static rv_status put(void *user, const struct rv_git_change *change)
{
	const struct bringing *b = user;
	bool is_new = false;
	uint32_t number;

	if (!rv_git_mode_is_blob(change->new_mode))
		return RV_OK;
	RV_TRY(rv_git_oidmap_put(b->blobs, &change->new_oid, &number, &is_new));
	/* Of a partial clone nobody knows what was lost. */
	if (is_new && b->graph->on_trouble && !b->graph->git->is_partial &&
	    !rv_git_odb_has(&b->graph->git->odb, &change->new_oid))
		tell_lost(b->graph, change);
	return RV_OK;
}

rv_status rv_git_blobs_of(struct rv_git_graph *graph, const uint32_t *commits, uint32_t count,
			  struct rv_git_oidmap *blobs)
{
	const struct rv_git_differ differ = {.reader = graph->reader,
					     .oid_len = graph->git->oid_len,
					     .on_trouble = graph->on_trouble,
					     .trouble_user = graph->user};
	struct bringing bringing = {graph, blobs};

	for (uint32_t i = 0; i < count; i++) {
		struct rv_git_oid parents[RV_GIT_PARENTS_MAX];
		struct rv_git_oid tree;
		size_t known = 0;

		RV_TRY(rv_git_graph_read(graph, commits[i]));
		if (graph->nodes[commits[i]].state != RV_GIT_NODE_READ)
			continue;
		for (uint32_t j = 0; j < graph->nodes[commits[i]].parent_count; j++) {
			uint32_t parent = rv_git_graph_parent(graph, commits[i], j);

			RV_TRY(rv_git_graph_read(graph, parent));
			if (graph->nodes[parent].state == RV_GIT_NODE_READ &&
			    known < RV_GIT_PARENTS_MAX)
				parents[known++] = graph->nodes[parent].tree;
		}
		tree = graph->nodes[commits[i]].tree;
		RV_TRY(rv_git_tree_diff(&differ, parents, known, &tree, put, &bringing));
	}
	return RV_OK;
}
