/* cli: where a scan's compiled anchors come from: the executable, the cache, or compilation. Not
 * here: the cache itself (sweep/anchor_cache.h). */
#pragma once

#include "agent/cli/scan_ask.h"
#include "agent/sweep/anchor_cache.h"

/* Zeroed before. */
struct rv_scan_anchors {
	const struct rv_scan_ask *ask; /* borrowed */
	struct rv_anchor_cache *cache; /* or NULL */
	struct rv_scanner *scanner;    /* from make on; whoever made this frees it */
	char told[900];		       /* for --verbose: where they came from */
};

/* Before confinement: the cache's files are open from here until the scanner is made. None is
 * opened without rules of one's own, nor where a configuration beside what is scanned, in a
 * repository or in a ref has a say in them: only where all come from what the caller named. Borrows
 * ask. */
void rv_scan_anchors_open(struct rv_scan_anchors *anchors, const struct rv_scan_ask *ask);
/* For rv_scan_policy_watch; user is struct rv_scan_anchors. The first closes the cache before a
 * file is read that lies in what is scanned, or in its work tree, or NULL: that is theirs. The
 * second makes the scanner and closes the cache, so before anything of theirs is read. */
void rv_scan_anchors_reading(void *user, const char *path);
RV_NODISCARD rv_status rv_scan_anchors_make(void *user, const struct rv_ruleset *rules,
					    struct rv_diag *diag);
/* Closes the cache. */
void rv_scan_anchors_done(struct rv_scan_anchors *anchors);
