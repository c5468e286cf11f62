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

static rv_status put(void *user, uint32_t commit, const struct rv_git_change *change)
{
	const struct bringing *b = user;
	bool is_new = false;
	uint32_t number;

	(void)commit; /* any of them */
	if (!rv_git_mode_is_blob(change->new_mode))
		return RV_OK;
	RV_TRY(rv_git_oidmap_put(b->blobs, &change->new_oid, &number, &is_new));
	/* Of a partial clone nobody knows what was lost. */
	if (is_new && b->graph->on_trouble && !b->graph->git->is_partial &&
	    !rv_git_odb_has(&b->graph->git->odb, &change->new_oid))
		tell_lost(b->graph, change);
	return RV_OK;
}

struct telling {
	rv_git_brought_fn *each;
	void *user;
	uint32_t commit;
};

static rv_status tell(void *user, const struct rv_git_change *change)
{
	const struct telling *t = user;

	return change->new_mode != 0 ? t->each(t->user, t->commit, change) : RV_OK;
}

/* The trees of its parents, as far as they are there. */
static rv_status read_parents(struct rv_git_graph *graph, uint32_t commit,
			      struct rv_git_oid parents[RV_GIT_PARENTS_MAX], size_t *out_count)
{
	size_t known = 0;

	for (uint32_t j = 0; j < graph->nodes[commit].parent_count; j++) {
		uint32_t parent = rv_git_graph_parent(graph, commit, j);

		RV_TRY(rv_git_graph_read(graph, parent));
		if (graph->nodes[parent].state == RV_GIT_NODE_READ && known < RV_GIT_PARENTS_MAX)
			parents[known++] = graph->nodes[parent].tree;
	}
	*out_count = known;
	return RV_OK;
}

rv_status rv_git_brought_in(struct rv_git_graph *graph, const uint32_t *commits, uint32_t count,
			    rv_git_brought_fn *each, void *user)
{
	const struct rv_git_differ differ = {.reader = graph->reader,
					     .oid_len = graph->git->oid_len,
					     .on_trouble = graph->on_trouble,
					     .trouble_user = graph->user};
	struct telling telling = {each, user, RV_GIT_NONE};

	for (uint32_t i = 0; i < count; i++) {
		struct rv_git_oid parents[RV_GIT_PARENTS_MAX];
		size_t known = 0;

		RV_TRY(rv_git_graph_read(graph, commits[i]));
		if (graph->nodes[commits[i]].state != RV_GIT_NODE_READ)
			continue;
		RV_TRY(read_parents(graph, commits[i], parents, &known));
		const struct rv_git_oid tree = graph->nodes[commits[i]].tree;
		telling.commit = commits[i];
		RV_TRY(rv_git_tree_diff(&differ, parents, known, &tree, tell, &telling));
	}
	return RV_OK;
}

rv_status rv_git_blobs_of(struct rv_git_graph *graph, const uint32_t *commits, uint32_t count,
			  struct rv_git_oidmap *blobs)
{
	struct bringing bringing = {graph, blobs};

	return rv_git_brought_in(graph, commits, count, put, &bringing);
}
