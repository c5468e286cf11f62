/* sweep: a text that comes in windows, each sharing its end with the next: where a window's first
 * byte stands, which values are its own, so that each is told once and whole, and which encoding
 * goes on in the next. Pure. Not here: reading (walk.h, stdin.c), decoding (doc_lead.c). */
#pragma once

#include "agent/sweep/doc.h"

/* An encoded run, or text in UTF-16, that goes on from the window before. */
struct rv_lead {
	size_t at;    /* in the layer: where its first whole unit begins */
	size_t len;   /* of the run in the window before */
	uint8_t kind; /* enum rv_decode_kind */
	bool is_set;
};

struct rv_window {
	size_t overlap; /* bytes that a window shares with the next */
	uint32_t line;
	uint64_t column;
	size_t next; /* where in the window in hand the next begins; 0: it is the last */
	/* By the depth of the layer that holds the run; each but the first is in the run above. */
	struct rv_lead leads[RV_DECODE_DEPTH_MAX];	/* into the window in hand */
	struct rv_lead next_leads[RV_DECODE_DEPTH_MAX]; /* into the next */
};

void rv_window_begin(struct rv_window *window, size_t overlap);
/* Fills in all but path, inside and bytes. A window that is not the last is longer than the
 * overlap. The document *borrows* `window`, and leaves in it what goes on in the next. */
void rv_window_bound(struct rv_window *window, uint64_t offset, bool is_last, struct rv_doc *doc);
/* Counts what this window, not the last, does not share with the next. */
void rv_window_pass(struct rv_window *window, struct rv_str bytes);
/* The window in hand begins so much later: behind a hole, which is in no window whole. */
void rv_window_skip(struct rv_window *window, uint64_t hole);
