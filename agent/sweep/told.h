/* sweep: the values that the members of an archive told of, so that its bytes, which are searched
 * as well, do not tell them again. Not here: values of a history (secrets.h). */
#pragma once

#include "agent/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define RV_TOLD_MAX ((size_t)1 << 18) /* past it values are told twice */

/* Keyed hashes of values (rv_run_hash), an open-addressed set. Zeroed: empty. */
struct rv_told {
	uint64_t *slots; /* 0: free */
	size_t count, room;
	uint64_t adds;	     /* ever, known ones too */
	unsigned collecting; /* openings under way, in one another */
};

void rv_told_reset(struct rv_told *told); /* keeps the memory */
void rv_told_done(struct rv_told *told);
/* Without memory it is not remembered. */
void rv_told_add(struct rv_told *told, uint64_t hash);
bool rv_told_has(const struct rv_told *told, uint64_t hash);
