/* scan: inside of the engine: which parts of a buffer were searched before, in whatever buffer, and
 * gave nothing: no anchor and no long word led to a value, no encoded run was found (none at all in
 * the buffer when there were more than are told), and no rule that was asked may have looked beyond
 * what the part's key is made of: a regex by its reach and its look-behinds, what is around a name
 * by where its lines end (rv_assign_stays_within). Without a memo, and of a buffer searched as a
 * whole: none. For scan.c. */
#pragma once

#include "agent/scan/match.h"

/* Bytes on either side of a part that its key is made of too. */
#define RV_RECALL_REACH 256

/* Before the search. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_recall_begin(struct rv_scan *s, const struct rv_span *parts,
				       size_t part_count);
/* Part i need not be searched; the next one to be searched is that one otherwise. */
bool rv_recall_knows(struct rv_scan *s, size_t i);
/* After the search. */
void rv_recall_end(struct rv_scan *s);

/* For hs_scan, instead of match.h's, when s->is_watched. */
int rv_watch_on_anchor(unsigned id, unsigned long long from, unsigned long long to,
		       unsigned hs_flags, void *user);
int rv_watch_on_word_anchor(unsigned id, unsigned long long from, unsigned long long to,
			    unsigned hs_flags, void *user);
/* An encoded run was found. */
void rv_watch_run(struct rv_scan *s);
