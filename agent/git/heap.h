/* git: a heap of numbers by date, newest first. Inside of this room. */
#pragma once

#include "agent/base/status.h"

struct rv_git_heap_item {
	int64_t at_utc;
	uint32_t n;
	uint32_t order; /* what came in first goes out first when dates agree */
};

struct rv_git_heap {
	struct rv_git_heap_item *items;
	size_t count, cap;
	uint32_t next_order;
};

void rv_git_heap_done(struct rv_git_heap *heap);
RV_NODISCARD rv_status rv_git_heap_push(struct rv_git_heap *heap, int64_t at_utc, uint32_t n);
/* The newest; only when count > 0. */
uint32_t rv_git_heap_pop(struct rv_git_heap *heap);
