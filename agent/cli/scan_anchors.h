/* cli: where a scan's compiled anchors come from: the executable, the cache, or compilation. Not
 * here: the cache itself (sweep/anchor_cache.h). */
#pragma once

#include "agent/cli/scan_ask.h"
#include "agent/sweep/anchor_cache.h"

/* Zeroed before. */
struct rv_scan_anchors {
	struct rv_anchor_cache *cache; /* or NULL */
	char told[900];		       /* for --verbose: where they came from */
};

/* Before confinement: the cache's files are open from here until the scanner is made. Without
 * anything that may bring rules in, no file and no directory is made. */
void rv_scan_anchors_open(struct rv_scan_anchors *anchors, const struct rv_scan_ask *ask);
/* Once, before the first byte of what is scanned is read: closes the cache. *gives* in out. */
RV_NODISCARD rv_status rv_scan_anchors_make(struct rv_scan_anchors *anchors,
					    const struct rv_ruleset *rules, struct rv_scanner **out,
					    struct rv_diag *diag);
void rv_scan_anchors_done(struct rv_scan_anchors *anchors);
