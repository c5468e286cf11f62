/* git: walks over the commit graph, with memory of one number a commit. No recursion. */
#include "agent/git/graph.h"

#include "agent/git/heap.h"

#define SEEN	 0x10 /* range: met */
#define EXCLUDED 0x20 /* range: reached from what is excluded */
#define HOPEFUL	 0x40 /* range: waits in the heap and is not excluded */

#define SIDE_A 0x10 /* merge base: reached from a */
#define SIDE_B 0x20
#define STALE  0x40 /* merge base: reached from one that was found */
#define FRESH  0x80 /* merge base: waits in the heap and is not stale */

#define CLOCK_SLACK_S 86400 /* how wrong clocks may be before a range grows */

struct stack {
	uint32_t *items;
	size_t count, cap;
};

static void stack_done(struct stack *stack)
{
	free(stack->items);
}

static rv_status push(struct stack *stack, uint32_t n)
{
	if (!stack->items || stack->count == stack->cap) {
		size_t cap = stack->cap ? stack->cap * 2 : 256;
		uint32_t *items = reallocarray(stack->items, cap, sizeof(*items));

		if (!items)
			return rv_fail_nomem(NULL);
		stack->items = items;
		stack->cap = cap;
	}
	stack->items[stack->count++] = n;
	return RV_OK;
}

rv_status rv_git_graph_mark(struct rv_git_graph *graph, const uint32_t *from, size_t count,
			    uint8_t marks)
{
	RV_CLEANUP(stack_done) struct stack todo = {0};

	for (size_t i = 0; i < count; i++)
		RV_TRY(push(&todo, from[i]));
	while (todo.count > 0) {
		uint32_t n = todo.items[--todo.count];

		if ((graph->nodes[n].marks & marks) == marks)
			continue;
		RV_TRY(rv_git_graph_read(graph, n));
		graph->nodes[n].marks |= marks;
		for (uint32_t i = 0; i < graph->nodes[n].parent_count; i++)
			RV_TRY(push(&todo, rv_git_graph_parent(graph, n, i)));
	}
	return RV_OK;
}

static bool is_in(const struct rv_git_graph *graph, uint32_t n, uint8_t marks)
{
	return graph->nodes[n].state == RV_GIT_NODE_READ && (graph->nodes[n].marks & marks);
}

static int by_id(const void *a, const void *b, void *user)
{
	const struct rv_git_oid *ids = user;

	return rv_git_oid_compare(&ids[*(const uint32_t *)a], &ids[*(const uint32_t *)b]);
}

/* Numbers are as threads met the commits: among those without children the id decides, and all
 * that follows from it is the same in each run. `tips` has room for all. */
static rv_status start_heap(const struct rv_git_graph *graph, uint8_t marks, uint32_t *children,
			    uint32_t *tips, struct rv_git_heap *heap)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < graph->ids.count; n++) {
		for (uint32_t i = 0; is_in(graph, n, marks) && i < graph->nodes[n].parent_count;
		     i++)
			children[rv_git_graph_parent(graph, n, i)]++;
	}
	for (uint32_t n = 0; n < graph->ids.count; n++) {
		if (is_in(graph, n, marks) && children[n] == 0)
			tips[count++] = n;
	}
	qsort_r(tips, count, sizeof(*tips), by_id, graph->ids.oids);
	for (uint32_t i = 0; i < count; i++)
		RV_TRY(rv_git_heap_push(heap, graph->nodes[tips[i]].at_utc, tips[i]));
	return RV_OK;
}

rv_status rv_git_graph_order(struct rv_git_graph *graph, uint8_t marks, uint32_t **out,
			     uint32_t *out_count)
{
	const size_t all = (size_t)graph->ids.count + 1;
	RV_CLEANUP(rv_git_heap_done) struct rv_git_heap heap = {0};
	RV_CLEANUP(rv_freep) uint32_t *children = calloc(all, sizeof(*children));
	RV_CLEANUP(rv_freep) uint32_t *list = calloc(all, sizeof(*list));
	uint32_t count = 0;

	if (!children || !list)
		return rv_fail_nomem(NULL);
	RV_TRY(start_heap(graph, marks, children, list, &heap));
	while (heap.count > 0) {
		uint32_t n = rv_git_heap_pop(&heap);

		list[count++] = n;
		children[n] = RV_GIT_NONE; /* done */
		for (uint32_t i = 0; i < graph->nodes[n].parent_count; i++) {
			uint32_t parent = rv_git_graph_parent(graph, n, i);

			if (--children[parent] == 0 && is_in(graph, parent, marks))
				RV_TRY(rv_git_heap_push(&heap, graph->nodes[parent].at_utc,
							parent));
		}
	}
	/* Ids are believed, so somebody may have made commits that are their own ancestors. */
	for (uint32_t n = 0; n < graph->ids.count; n++) {
		if (is_in(graph, n, marks) && children[n] != RV_GIT_NONE)
			list[count++] = n;
	}
	*out = RV_TAKE(list);
	*out_count = count;
	return RV_OK;
}

static void clear_marks(struct rv_git_graph *graph)
{
	for (uint32_t n = 0; n < graph->ids.count; n++)
		graph->nodes[n].marks &= RV_GIT_MARK_OWN;
}

struct ranging {
	struct rv_git_graph *graph;
	struct rv_git_heap heap;
	struct stack found;
	uint32_t hopeful; /* entries of the heap that may still be in the range */
	int64_t since_utc, oldest_utc;
};

static void ranging_done(struct ranging *r)
{
	rv_git_heap_done(&r->heap);
	stack_done(&r->found);
}

/* Meets a commit from a side. What turns out excluded after it was met is looked at again. */
static rv_status meet(struct ranging *r, uint32_t n, bool is_excluded)
{
	struct rv_git_node *node;
	uint8_t before;

	RV_TRY(rv_git_graph_read(r->graph, n));
	node = &r->graph->nodes[n];
	before = node->marks;
	if (node->state != RV_GIT_NODE_READ || (before & EXCLUDED) ||
	    ((before & SEEN) && !is_excluded))
		return RV_OK;
	node->marks |= SEEN;
	if (is_excluded) {
		node->marks |= EXCLUDED;
		if (before & HOPEFUL) { /* it waits already, as one of the others now */
			node->marks &= (uint8_t)~HOPEFUL;
			r->hopeful--;
			return RV_OK;
		}
	} else {
		node->marks |= HOPEFUL;
		r->hopeful++;
	}
	return rv_git_heap_push(&r->heap, node->at_utc, n);
}

static rv_status range_step(struct ranging *r)
{
	uint32_t n = rv_git_heap_pop(&r->heap);
	const struct rv_git_node *node = &r->graph->nodes[n];
	bool is_excluded = node->marks & EXCLUDED;
	uint32_t count = node->parent_count;

	if (node->marks & HOPEFUL) {
		r->graph->nodes[n].marks &= (uint8_t)~HOPEFUL;
		r->hopeful--;
	}
	if (!is_excluded) {
		if (r->since_utc && node->at_utc < r->since_utc)
			return RV_OK;
		if (node->at_utc < r->oldest_utc)
			r->oldest_utc = node->at_utc;
		RV_TRY(push(&r->found, n));
	}
	for (uint32_t i = 0; i < count; i++)
		RV_TRY(meet(r, rv_git_graph_parent(r->graph, n, i), is_excluded));
	return RV_OK;
}

rv_status rv_git_graph_range(struct rv_git_graph *graph, const uint32_t *include,
			     size_t include_count, const uint32_t *exclude, size_t exclude_count,
			     int64_t since_utc, uint32_t **out, uint32_t *out_count)
{
	RV_CLEANUP(ranging_done)
	struct ranging r = {.graph = graph, .since_utc = since_utc, .oldest_utc = INT64_MAX};
	uint32_t kept = 0;

	clear_marks(graph);
	for (size_t i = 0; i < exclude_count; i++)
		RV_TRY(meet(&r, exclude[i], true));
	for (size_t i = 0; i < include_count; i++)
		RV_TRY(meet(&r, include[i], false));
	/* Excluded commits younger than the oldest one found may still reach one of them. */
	while (r.heap.count > 0 &&
	       (r.hopeful > 0 ||
		(r.found.count > 0 && r.heap.items[0].at_utc >= r.oldest_utc - CLOCK_SLACK_S)))
		RV_TRY(range_step(&r));
	for (size_t i = 0; i < r.found.count; i++) {
		if (!(graph->nodes[r.found.items[i]].marks & EXCLUDED))
			r.found.items[kept++] = r.found.items[i];
	}
	if (!r.found.items)
		RV_TRY(push(&r.found, 0)); /* so that *out can be freed */
	*out = RV_TAKE(r.found.items);
	*out_count = kept;
	return RV_OK;
}

struct basing {
	struct rv_git_graph *graph;
	struct rv_git_heap heap;
	struct stack found;
	uint32_t fresh;
};

static void basing_done(struct basing *b)
{
	rv_git_heap_done(&b->heap);
	stack_done(&b->found);
}

static rv_status paint(struct basing *b, uint32_t n, uint8_t marks)
{
	struct rv_git_node *node;

	RV_TRY(rv_git_graph_read(b->graph, n));
	node = &b->graph->nodes[n];
	if (node->state != RV_GIT_NODE_READ || (node->marks & marks) == marks)
		return RV_OK;
	node->marks |= marks;
	if (node->marks & FRESH) {
		if (node->marks & STALE) {
			node->marks &= (uint8_t)~FRESH;
			b->fresh--;
		}
		return RV_OK; /* it waits already */
	}
	if (!(node->marks & STALE)) {
		node->marks |= FRESH;
		b->fresh++;
	}
	return rv_git_heap_push(&b->heap, node->at_utc, n);
}

static rv_status base_step(struct basing *b)
{
	uint32_t n = rv_git_heap_pop(&b->heap);
	struct rv_git_node *node = &b->graph->nodes[n];
	uint8_t marks = node->marks & (SIDE_A | SIDE_B | STALE);
	uint32_t count = node->parent_count;

	if (node->marks & FRESH) {
		node->marks &= (uint8_t)~FRESH;
		b->fresh--;
	}
	if (marks == (SIDE_A | SIDE_B)) {
		marks |= STALE; /* what it reaches is no better */
		RV_TRY(push(&b->found, n));
	}
	for (uint32_t i = 0; i < count; i++)
		RV_TRY(paint(b, rv_git_graph_parent(b->graph, n, i), marks));
	return RV_OK;
}

rv_status rv_git_graph_merge_base(struct rv_git_graph *graph, uint32_t a, uint32_t b,
				  uint32_t *out_n)
{
	RV_CLEANUP(basing_done) struct basing basing = {.graph = graph};
	uint32_t best = RV_GIT_NONE;

	clear_marks(graph);
	RV_TRY(paint(&basing, a, SIDE_A));
	RV_TRY(paint(&basing, b, SIDE_B));
	while (basing.fresh > 0)
		RV_TRY(base_step(&basing));
	for (size_t i = 0; i < basing.found.count; i++) {
		uint32_t n = basing.found.items[i];

		if (!(graph->nodes[n].marks & STALE) &&
		    (best == RV_GIT_NONE || graph->nodes[n].at_utc > graph->nodes[best].at_utc))
			best = n;
	}
	if (best == RV_GIT_NONE)
		return (rv_status){RV_CLASS_NOT_FOUND, 0};
	*out_n = best;
	return RV_OK;
}
