/* sweep: what on this host belongs to the private keys that were found: their certificates, the
 * files that let them in, their public halves. A pair is proven: both have the same public key.
 * Only files near a key and the known places of facts_pair.c are looked at, within the limits
 * below; nothing is reported of others. Not here: what a key says itself (facts.h). */
#pragma once

#include "agent/sweep/leaks.h"

#define RV_PAIR_FILE_MAX   ((size_t)256 << 10) /* bytes; larger files are left out */
#define RV_PAIR_DIR_MAX	   256		       /* names of one directory, in its order */
#define RV_PAIR_FILES_MAX  8192		       /* files of a run */
#define RV_PAIR_BYTES_MAX  ((uint64_t)256 << 20)
#define RV_PAIR_TOLD_MAX   3  /* pairs told of one finding */
#define RV_PAIR_BLOCKS_MAX 64 /* certificates and keys of one file */

struct rv_pair_host {
	const char *root; /* put before the known places; "" */
	const char *home; /* of the running user, or NULL */
	int64_t now_utc_us;
};

/* Adds to the facts of findings that are keys with a known public half; lowers the confidence of
 * those that tests were made with (fixture.h). host NULL: this one.
 * EXHAUSTED: no memory; what cannot be read is left out. */
RV_NODISCARD rv_status rv_facts_pair(struct rv_leaks *list, const struct rv_pair_host *host);
