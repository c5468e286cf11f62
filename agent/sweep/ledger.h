/* sweep: which files were scanned whole before and held nothing, so that a second scan of an
 * unchanged tree, or one that was stopped, need not read them again. A file is known by its path,
 * device, inode, size and both times, as a 64-bit digest under a key of this ledger alone
 * (SipHash), so that nobody can make a file that passes for another. The path is part of it since
 * findings are judged by it, and a directory may be renamed. Of names nothing is kept but those of
 * archive members with a gap. Not here: who asks (paths.c). */
#pragma once

#include "agent/sweep/values.h"
#include "agent/sweep/walk.h"

#define RV_LEDGER_ENTRIES_MAX (16U << 20)
#define RV_LEDGER_NOTES_MAX   20000
#define RV_LEDGER_TEXT_MAX    1024 /* of a note; a file with a longer one is read each time */

/* Of a known file: what could not be scanned of it, and cannot be next time: told again. Texts are
 * borrowed. */
struct rv_ledger_note {
	uint64_t digest;    /* of the file */
	const char *reason; /* a word of struct rv_gap that content alone decides */
	const char *inside; /* or NULL */
	const char *detail; /* or NULL */
};
/* That word as a constant; NULL: it is none, the next scan may be luckier. */
const char *rv_ledger_reason(const char *reason);

struct rv_ledger;
/* Reads the file at `path`; missing, damaged, of another version or for another key (other rules,
 * options or build): empty. UNREADABLE ones are a failure, so that nobody waits for a ledger that
 * never works. CONFLICT: it is no ledger, or a symbolic link, and would be lost when ours is saved.
 */
RV_NODISCARD rv_status rv_ledger_open(const char *path, uint64_t key, struct rv_ledger **out,
				      struct rv_diag *diag);
void rv_ledger_free(struct rv_ledger *ledger);
/* Any thread. What is asked for and there stays in the ledger. Its notes are borrowed. */
bool rv_ledger_has(struct rv_ledger *ledger, const struct rv_walk_stat *stat,
		   const struct rv_ledger_note **out_notes, size_t *out_count);
/* What is new; one list per thread, joined by rv_ledger_save. */
struct rv_ledger_list {
	uint64_t *items;
	size_t count, room;
	struct rv_buf notes; /* as in the file */
	size_t note_count;
};
/* Notes without a digest. Does nothing without memory: the file is read again next time. */
void rv_ledger_add(const struct rv_ledger *ledger, struct rv_ledger_list *list,
		   const struct rv_walk_stat *stat, const struct rv_ledger_note *notes,
		   size_t count);
void rv_ledger_list_done(struct rv_ledger_list *list);
/* Replaces the file with what was asked for and is there, and what the lists hold; does not touch
 * it when that is what it has. In what is said of members the known values are masked. */
RV_NODISCARD rv_status rv_ledger_save(const struct rv_ledger *ledger,
				      const struct rv_ledger_list *lists, size_t count,
				      const struct rv_values *known, struct rv_diag *diag);
