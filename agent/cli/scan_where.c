/* cli: see scan_where.h. */
#include "agent/cli/scan_where.h"

#include "agent/cli/scan_given.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_ROOM 32

bool rv_scan_where_has(const char *dir, const char *name)
{
	char room[PATH_MAX + NAME_ROOM];
	int n = snprintf(room, sizeof(room), "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof(room) && access(room, F_OK) == 0;
}

const char *rv_scan_where_settings(const char *dir)
{
	static const char *const names[] = {".reeve.yaml",	    ".reeveignore",
					    ".reeve-baseline.json", ".gitleaks.toml",
					    ".gitleaksignore",	    ".betterleaksignore"};

	for (size_t i = 0; i < RV_LEN(names); i++) {
		if (rv_scan_where_has(dir, names[i]))
			return names[i];
	}
	return NULL;
}

rv_status rv_scan_where_of(const char *path, char dir[RV_SCAN_WHERE_MAX], struct rv_diag *diag)
{
	struct stat st;

	if (strlen(path) >= RV_SCAN_WHERE_MAX)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "a path too long");
	(void)snprintf(dir, RV_SCAN_WHERE_MAX, "%s", path); /* fits */
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		char *slash = strrchr(dir, '/');

		if (slash)
			slash[slash == dir] = '\0';
		else
			(void)snprintf(dir, RV_SCAN_WHERE_MAX, "."); /* fits */
	}
	return RV_OK;
}

static bool is_trusted(const char *top, const char *dir)
{
	char git[PATH_MAX + NAME_ROOM];
	struct stat of_git, of_dir;

	(void)snprintf(git, sizeof(git), "%s/.git", top); /* fits */
	return lstat(git, &of_git) == 0 && stat(dir, &of_dir) == 0 &&
	       (of_git.st_uid == geteuid() || of_git.st_uid == of_dir.st_uid);
}

bool rv_scan_where_tree(const char *dir, char out[RV_SCAN_WHERE_MAX])
{
	RV_CLEANUP(rv_freep) char *real = realpath(dir, NULL);

	if (!real || strlen(real) >= RV_SCAN_WHERE_MAX)
		return false;
	(void)snprintf(out, RV_SCAN_WHERE_MAX, "%s", real); /* fits */
	rv_scan_given_go_up(out);
	if (!is_trusted(out, real))
		(void)snprintf(out, RV_SCAN_WHERE_MAX, "%s", real); /* fits */
	return true;
}

bool rv_scan_where_top(const char *dir, struct rv_scan_where *out)
{
	RV_CLEANUP(rv_freep) char *real = realpath(dir, NULL);
	RV_CLEANUP(rv_freep) char *top = real ? strdup(real) : NULL;

	if (!top)
		return false;
	rv_scan_given_go_up(top);
	size_t len = strlen(top);
	if (len == strlen(real) || len >= sizeof(out->dir) ||
	    strlen(real) - len + 1 > sizeof(out->below) || strchr(real, '\n') ||
	    !rv_scan_where_settings(top) || !is_trusted(top, real))
		return false;
	(void)snprintf(out->dir, sizeof(out->dir), "%s", top);		       /* fits */
	(void)snprintf(out->below, sizeof(out->below), "%s/", real + len + 1); /* fits */
	return true;
}

rv_status rv_scan_where_find(const struct rv_scan_ask *ask, struct rv_scan_where *out,
			     struct rv_diag *diag)
{
	const char *path = ask->sweep.source == RV_SWEEP_STDIN ? "." : ask->sweep.paths[0];

	out->below[0] = '\0';
	RV_TRY(rv_scan_where_of(path, out->dir, diag));
	bool is_of_files =
		ask->sweep.source == RV_SWEEP_STDIN || ask->sweep.source == RV_SWEEP_PATHS;
	if (is_of_files && !ask->makes_baseline && !rv_scan_where_settings(out->dir))
		(void)rv_scan_where_top(out->dir, out); /* or what is there */
	return RV_OK;
}
