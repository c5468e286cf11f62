/* git: one table of a reftable store: refs and reflogs in blocks. Inside of this room. Its indexes
 * and the sum at its end are not looked at: everything is read. Not here: the stack of tables
 * (refs_table.c). Format: git's "reftable" technical document. */
#pragma once

#include "agent/git/oid.h"

#define RV_GIT_TABLE_NAME_MAX 4096		 /* bytes of a ref's name */
#define RV_GIT_TABLE_LOG_MAX  ((size_t)16 << 20) /* of a block of reflogs, which are compressed */

struct rv_git_table_ref {
	struct rv_str name; /* no NUL in it */
	bool is_deleted;
	struct rv_git_oid oid; /* unless it has a target */
	struct rv_str target;  /* of a symbolic ref: the name it stands for; else data NULL */
};

/* Borrows; a failure ends the reading and is returned. */
typedef rv_status rv_git_table_ref_fn(void *user, const struct rv_git_table_ref *ref);

struct rv_git_table_sink {
	rv_git_table_ref_fn *each;
	void *user;
	struct rv_git_oidmap *logged; /* of reflogs the ids that are not zero */
	uint64_t *left; /* bytes that may be read, of what is compressed those that it becomes */
};

/* Tells each ref, in order of names. MALFORMED: no table, or one that is damaged: what stood before
 * was told. EXHAUSTED: no memory, or, with errno_was 0, none left to be read. */
RV_NODISCARD rv_status rv_git_reftable_parse(struct rv_str bytes, size_t oid_len,
					     const struct rv_git_table_sink *sink);
