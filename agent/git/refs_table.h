/* git: the stack of tables that a reftable store is, of one work tree. Inside of this room. */
#pragma once

#include "agent/git/reftable.h"
#include "agent/git/trouble.h"

#define RV_GIT_TABLES_MAX   4096
#define RV_GIT_TABLES_BYTES ((uint64_t)512 << 20) /* of all stacks, reflogs as they unpack */
#define RV_GIT_TABLES_REFS  ((uint32_t)4 << 20)	  /* names in one stack, deleted ones too */

struct rv_git_table_stack {
	const char *git_dir; /* holds reftable/tables.list */
	size_t oid_len;
	rv_git_table_ref_fn *each; /* each ref as it is now, deleted ones not */
	void *user;
	struct rv_git_oidmap *logged;
	uint64_t *left;		       /* of RV_GIT_TABLES_BYTES */
	rv_git_trouble_fn *on_trouble; /* UNREADABLE, REF, LIMIT */
	void *trouble_user;
};

/* A later table says more than an earlier one. A table that cannot be read, or not to its end, is
 * told; past a limit nothing more is read. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_git_table_stack_read(const struct rv_git_table_stack *stack);
