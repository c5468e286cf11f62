/* sweep: which files were scanned whole before and held nothing, so that a second scan of an
 * unchanged tree, or one that was stopped, need not read them again. A file is known by device,
 * inode, size and both times, as a 64-bit keyed digest; nothing of its name or content is kept. Not
 * here: who asks (paths.c). */
#pragma once

#include "agent/sweep/walk.h"

#define RV_LEDGER_ENTRIES_MAX (16U << 20)

struct rv_ledger;
/* Reads the file at `path`; missing, foreign or for another key (other rules, options or version):
 * empty. UNREADABLE ones are a failure, so that nobody waits for a ledger that never works. */
RV_NODISCARD rv_status rv_ledger_open(const char *path, uint64_t key, struct rv_ledger **out,
				      struct rv_diag *diag);
void rv_ledger_free(struct rv_ledger *ledger);
/* Any thread. */
bool rv_ledger_has(const struct rv_ledger *ledger, const struct rv_walk_stat *stat);
/* One list per thread; joined by rv_ledger_save. */
struct rv_ledger_list {
	uint64_t *items;
	size_t count, room;
};
/* Does nothing without memory: the file is read again next time. */
void rv_ledger_add(const struct rv_ledger *ledger, struct rv_ledger_list *list,
		   const struct rv_walk_stat *stat);
void rv_ledger_list_done(struct rv_ledger_list *list);
/* Replaces the file with what the lists hold. */
RV_NODISCARD rv_status rv_ledger_save(const struct rv_ledger *ledger,
				      const struct rv_ledger_list *lists, size_t count,
				      struct rv_diag *diag);
