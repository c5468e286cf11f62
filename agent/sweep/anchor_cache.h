/* sweep: compiled anchors of rules of one's own, kept from one run to the next (scan.h,
 * rv_anchor_store): compiling them is most of a small scan's time. Not here: what the databases are
 * made of (scan_db.c).
 *
 * Threat. Vectorscan runs a database as it is: who writes one controls the scanner. So:
 * - The directory and each above it are root's or ours, and writable for nobody else (but for
 *   sticky ones, as /tmp); the directory itself is ours, 0700. A file is ours, regular, has one
 *   name, and no other may write or read it. Anything else is not used, and not mended.
 * - Found by itself, the directory is none when it lies in what is scanned, or in a work tree (it
 * or one above holds `.git`): what is there may be a stranger's, though checked out as ours. A
 *   directory that was named is the caller's word.
 * - Files are opened before the process is confined, and stay open while the rules are read: so the
 *   caller opens none unless all rules come from files that a person named and that lie outside of
 *   what is scanned, and closes them before it reads a byte of what is scanned, of the files beside
 *   it or of a repository (cli/scan_anchors.h). Whoever takes over a parser or a scanner by such
 *   bytes finds no right to write in the jail, and leaves nothing for the next run. That is why the
 *   files have fixed names, and none is made and renamed later.
 * - A digest over the whole content finds what was torn, cut or damaged, and two writers at once;
 *   it is no defence against one who may write. Vectorscan checks version, processor and a CRC.
 * Whatever is wrong, anchors are compiled as without a cache: never an error. */
#pragma once

#include "agent/scan/scan.h"

#define RV_ANCHOR_CACHE_FILES 8		 /* the one used longest ago gives way */
#define RV_ANCHOR_CACHE_BYTES (8U << 20) /* of one file; larger sets are compiled each time */

struct rv_anchor_cache;
struct rv_anchor_cache_where {
	const char *dir;	  /* NULL: $XDG_CACHE_HOME/reeve, else $HOME/.cache/reeve */
	const char *const *trees; /* NULL-ended: what is scanned */
	const char *version;	  /* of the engine: another one finds nothing */
};
/* Opens the files, and makes directory and files when they are not there. A failure says why there
 * is no cache. *gives* in out. */
RV_NODISCARD rv_status rv_anchor_cache_open(const struct rv_anchor_cache_where *where,
					    struct rv_anchor_cache **out, struct rv_diag *diag);
void rv_anchor_cache_free(struct rv_anchor_cache *cache); /* closes the files; accepts NULL */
/* Borrows the cache. */
struct rv_anchor_store rv_anchor_cache_store(struct rv_anchor_cache *cache);

/* What was asked for, came from a file, was found damaged, was written. */
struct rv_anchor_cache_counts {
	unsigned asked, loaded, damaged, kept;
};
struct rv_anchor_cache_counts rv_anchor_cache_counts(const struct rv_anchor_cache *cache);
