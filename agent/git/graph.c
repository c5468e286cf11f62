/* git: the commit graph, grown on demand or from one pass over the packs. Walks: graph_walk.c. */
#include "agent/git/graph.h"

rv_status rv_git_graph_init(struct rv_git_graph *graph, const struct rv_git *git,
			    rv_git_trouble_fn *on_trouble, void *user)
{
	*graph = (struct rv_git_graph){.git = git, .on_trouble = on_trouble, .user = user};
	rv_git_oidmap_init(&graph->ids);
	return rv_git_reader_new(&git->odb, &graph->reader);
}

void rv_git_graph_done(struct rv_git_graph *graph)
{
	if (!graph)
		return;
	rv_git_reader_free(graph->reader);
	rv_git_oidmap_done(&graph->ids);
	free(graph->nodes);
	free(graph->parents);
	*graph = (struct rv_git_graph){0};
}

rv_status rv_git_graph_add(struct rv_git_graph *graph, const struct rv_git_oid *oid,
			   uint32_t *out_n)
{
	bool is_new = false;
	uint32_t n = 0;

	if (graph->ids.count == graph->node_cap) {
		uint32_t cap = graph->node_cap ? graph->node_cap * 2 : 64;
		struct rv_git_node *nodes = reallocarray(graph->nodes, cap, sizeof(*nodes));

		if (!nodes)
			return rv_fail_nomem(NULL);
		graph->nodes = nodes;
		graph->node_cap = cap;
	}
	RV_TRY(rv_git_oidmap_put(&graph->ids, oid, &n, &is_new));
	if (is_new)
		graph->nodes[n] = (struct rv_git_node){.state = RV_GIT_NODE_NEW};
	*out_n = n;
	return RV_OK;
}

static rv_status put_parent(struct rv_git_graph *graph, uint32_t parent)
{
	if (graph->parent_count == graph->parent_cap) {
		uint32_t cap = graph->parent_cap ? graph->parent_cap * 2 : 64;
		uint32_t *parents = reallocarray(graph->parents, cap, sizeof(*parents));

		if (!parents || cap < graph->parent_cap)
			return rv_fail_nomem(NULL);
		graph->parents = parents;
		graph->parent_cap = cap;
	}
	graph->parents[graph->parent_count++] = parent;
	return RV_OK;
}

/* Fills a node from a commit's bytes. A shallow commit has no parents. */
static rv_status fill(struct rv_git_graph *graph, uint32_t n, struct rv_str bytes)
{
	const size_t oid_len = graph->git->oid_len;
	struct rv_git_commit commit;
	uint32_t at = graph->parent_count;

	if (!rv_is_ok(rv_git_commit_parse(bytes, oid_len, &commit))) {
		graph->nodes[n].state = RV_GIT_NODE_GONE;
		return RV_OK;
	}
	if (rv_git_oidmap_get(&graph->git->shallow, &graph->ids.oids[n]) != RV_GIT_NONE)
		commit.parent_count = 0;
	for (size_t i = 0; i < commit.parent_count; i++) {
		struct rv_git_oid oid = rv_git_commit_parent(&commit, oid_len, i);
		uint32_t parent = 0;

		RV_TRY(rv_git_graph_add(graph, &oid, &parent)); /* nodes may move */
		RV_TRY(put_parent(graph, parent));
	}
	graph->nodes[n].tree = commit.tree;
	graph->nodes[n].at_utc = commit.committer.at_utc;
	graph->nodes[n].parents_at = at;
	graph->nodes[n].parent_count = (uint32_t)commit.parent_count;
	graph->nodes[n].state = RV_GIT_NODE_READ;
	return RV_OK;
}

rv_status rv_git_graph_read(struct rv_git_graph *graph, uint32_t n)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_str bytes = RV_STR_NONE;
	struct rv_git_trouble trouble = {.oid = &graph->ids.oids[n]};
	rv_status status;

	if (graph->nodes[n].state != RV_GIT_NODE_NEW)
		return RV_OK;
	status = rv_git_read(graph->reader, &graph->ids.oids[n], &type, &bytes);
	if (rv_class_of(status) == RV_CLASS_EXHAUSTED && status.errno_was)
		return status;
	graph->nodes[n].state = RV_GIT_NODE_GONE;
	if (rv_is_ok(status) && type == RV_GIT_COMMIT)
		RV_TRY(fill(graph, n, bytes));
	if (graph->nodes[n].state == RV_GIT_NODE_GONE && graph->on_trouble) {
		trouble.kind = rv_is_ok(status) ? RV_GIT_TROUBLE_BROKEN : rv_git_trouble_of(status);
		if (trouble.kind == RV_GIT_TROUBLE_MISSING)
			trouble.kind = RV_GIT_TROUBLE_MISSING_COMMIT;
		trouble.oid = &graph->ids.oids[n];
		graph->on_trouble(graph->user, &trouble);
	}
	return RV_OK;
}

rv_status rv_git_graph_take(struct rv_git_graph *graph, pthread_mutex_t *lock,
			    const struct rv_git_told *told)
{
	rv_status status;
	uint32_t n = 0;

	(void)pthread_mutex_lock(lock); /* the caller's, and sound */
	status = rv_git_graph_add(graph, told->oid, &n);
	if (rv_is_ok(status) && graph->nodes[n].state == RV_GIT_NODE_NEW)
		status = fill(graph, n, told->bytes);
	(void)pthread_mutex_unlock(lock); /* locked above */
	return status;
}

struct reading {
	struct rv_git_graph *graph;
	pthread_mutex_t lock;
};

static rv_status read_told(void *user, const struct rv_git_told *told, void **out_state)
{
	struct reading *reading = user;

	(void)out_state; /* nothing to carry */
	return rv_git_graph_take(reading->graph, &reading->lock, told);
}

rv_status rv_git_graph_read_all(struct rv_git_graph *graph, unsigned threads, struct rv_diag *diag)
{
	/* A broken commit that matters is named by something, and told when that is followed. */
	const struct rv_git_visitor visitor = {.object = read_told};
	struct reading reading = {.graph = graph, .lock = PTHREAD_MUTEX_INITIALIZER};
	RV_CLEANUP(rv_freep) void **users = calloc(RV_GIT_THREADS_MAX, sizeof(*users));
	const struct rv_git_visit visit = {.types = 1u << RV_GIT_COMMIT,
					   .threads = threads,
					   .users = users,
					   .without_segments = true};

	if (graph->is_whole)
		return RV_OK;
	if (!users)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < RV_GIT_THREADS_MAX; i++)
		users[i] = &reading;
	return rv_git_visit(&graph->git->odb, &visit, &visitor, diag);
}
