/* cli: see scan_others.h. */
#include "agent/cli/scan_others.h"

#include "agent/cli/scan_where.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TOLD_MAX 10

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void rv_scan_note_others(const struct rv_scan_ask *ask, const char *dir,
			 struct rv_scan_config *config)
{
	char other[RV_SCAN_WHERE_MAX];
	char note[160];
	struct stat own, last, now;
	unsigned told = 0;

	if (ask->sweep.source != RV_SWEEP_PATHS || ask->policy_ref || stat(dir, &own) != 0)
		return;
	last = own;
	for (size_t i = 0; ask->sweep.paths[i] && told < TOLD_MAX; i++) {
		if (!rv_is_ok(rv_scan_where_of(ask->sweep.paths[i], other, NULL)) ||
		    stat(other, &now) != 0 || is_same(&now, &own) || is_same(&now, &last))
			continue;
		last = now;
		const char *name = rv_scan_where_settings(other);
		if (!name)
			continue;
		(void)snprintf(note, sizeof(note),
			       "path %zu has a %s of its own, which is not read: settings are "
			       "those of the first path",
			       i + 1, name); /* fits */
		rv_scan_config_note(config, note);
		told++;
	}
}
