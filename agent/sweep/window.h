/* sweep: a text that comes in windows, each sharing its end with the next: where a window's first
 * byte stands, and which values are its own, so that each is told once and whole. Pure. Not here:
 * reading (walk.h, stdin.c). */
#pragma once

#include "agent/sweep/doc.h"

struct rv_window {
	size_t overlap; /* bytes that a window shares with the next */
	uint32_t line, column;
};

void rv_window_begin(struct rv_window *window, size_t overlap);
/* Fills in all but path, inside and bytes. A window that is not the last is longer than the
 * overlap. */
void rv_window_bound(const struct rv_window *window, uint64_t offset, bool is_last,
		     struct rv_doc *doc);
/* Counts what this window, not the last, does not share with the next. */
void rv_window_pass(struct rv_window *window, struct rv_str bytes);
