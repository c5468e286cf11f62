/* sweep: lists of findings and of gaps, with the memory of their texts. One thread fills one list;
 * at the end lists are joined and sorted, so that the order is the same at any number of threads.
 * Not here: what is told (filter.h). */
#pragma once

#include "agent/sweep/report.h"
#include "agent/sweep/values.h"

#define RV_LEAKS_MAX	    200000 /* findings of one run; more are counted, and a gap */
#define RV_GAPS_MAX	    20000  /* gaps listed of one run; more are counted */
#define RV_SUPPRESSIONS_MAX 20000  /* listed of one run; more are counted */

struct rv_leaks {
	struct rv_leak *items;
	size_t count, room;
	struct rv_gap *gaps;
	size_t gap_count, gap_room;
	uint64_t gap_total;
	struct rv_suppression *suppressions;
	size_t suppression_count, suppression_room;
	uint64_t suppression_total;
	uint64_t weak, allowed, known; /* findings of those states */
	struct rv_leaks_block *blocks; /* of texts */
	struct rv_values values;       /* that no text of theirs may show */
	bool is_full;
	/* Said of each gap `time`, and of a gap `memory` that says nothing else; *borrowed*, must
	 * outlive the list. NULL: nothing. */
	const char *time_note, *memory_note;
};

void rv_leaks_done(struct rv_leaks *list); /* accepts a zeroed list */
/* A new item with no text NULL that may not be; NULL: no memory, or full (is_full). */
struct rv_leak *rv_leaks_add(struct rv_leaks *list);
/* A copy that lives as long as the list, ended by NUL; NULL for no memory. */
const char *rv_leaks_text(struct rv_leaks *list, struct rv_str bytes);
const char *rv_leaks_cstr(struct rv_leaks *list, const char *z); /* NULL gives NULL */
/* Copies all texts; detail may be NULL. Never fails: what finds no memory is counted. */
void rv_leaks_gap(struct rv_leaks *list, struct rv_str path, const char *inside, const char *reason,
		  const char *detail);
/* Copies the texts; past the limit it is counted alone. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_leaks_suppression(struct rv_leaks *list, struct rv_str path,
					    uint32_t line, const char *what);
/* Moves all of `from` behind `list`; `from` is empty then. */
RV_NODISCARD rv_status rv_leaks_join(struct rv_leaks *list, struct rv_leaks *from);
/* Open findings that are worth less than `least` by now become weak; shows_all: they stay. */
void rv_leaks_weaken(struct rv_leaks *list, unsigned least, bool shows_all);
int rv_leaks_compare(struct rv_str a, struct rv_str b); /* as paths are sorted */
/* By path, member, offset, rule, commit; gaps by path, member, reason. Of equals (a file that was
 * given twice) one is kept. */
void rv_leaks_sort(struct rv_leaks *list);
