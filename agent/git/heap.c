/* git: a binary heap, newest first. Not here: commits. */
#include "agent/git/heap.h"

void rv_git_heap_done(struct rv_git_heap *heap)
{
	if (!heap)
		return;
	free(heap->items);
	*heap = (struct rv_git_heap){0};
}

static bool is_before(const struct rv_git_heap_item *a, const struct rv_git_heap_item *b)
{
	return a->at_utc != b->at_utc ? a->at_utc > b->at_utc : a->order < b->order;
}

rv_status rv_git_heap_push(struct rv_git_heap *heap, int64_t at_utc, uint32_t n)
{
	const struct rv_git_heap_item item = {at_utc, n, heap->next_order};
	size_t at;

	if (heap->count == heap->cap) {
		size_t cap = heap->cap ? heap->cap * 2 : 64;
		struct rv_git_heap_item *items = reallocarray(heap->items, cap, sizeof(*items));

		if (!items)
			return rv_fail_nomem(NULL);
		heap->items = items;
		heap->cap = cap;
	}
	heap->next_order++;
	for (at = heap->count++; at > 0; at = (at - 1) / 2) {
		if (!is_before(&item, &heap->items[(at - 1) / 2]))
			break;
		heap->items[at] = heap->items[(at - 1) / 2];
	}
	heap->items[at] = item;
	return RV_OK;
}

uint32_t rv_git_heap_pop(struct rv_git_heap *heap)
{
	uint32_t n = heap->items[0].n;
	const struct rv_git_heap_item last = heap->items[--heap->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    is_before(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (!is_before(&heap->items[child], &last))
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	if (heap->count > 0)
		heap->items[at] = last;
	return n;
}
