/* cli: see baseline_within.h. */
#include "agent/cli/baseline_within.h"

#include "agent/base/path.h"
#include "agent/cli/scan_given.h"
#include "agent/cli/scan_where.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PLACE RV_SCAN_GIVEN_MAX

struct rv_baseline_within {
	char **roots; /* what was scanned, NULL-ended: as links lead and as they are named */
	char *here;   /* where paths are written from: of a history its repository's top */
	char *dir;    /* of the baseline */
	bool is_part;
};

void rv_baseline_within_free(struct rv_baseline_within *within)
{
	if (!within)
		return;
	for (char **root = within->roots; root && *root; root++)
		free(*root);
	free(within->roots);
	free(within->here);
	free(within->dir);
	free(within);
}

void rv_baseline_within_freep(struct rv_baseline_within **within)
{
	rv_baseline_within_free(*within);
	*within = NULL;
}

static rv_status real(const char *path, char **out, struct rv_diag *diag)
{
	*out = realpath(path, NULL);
	return *out ? RV_OK : rv_fail_errno(diag, "looking for %s", path);
}

static rv_status take_roots(struct rv_baseline_within *w, const struct rv_sweep_options *sweep,
			    struct rv_diag *diag)
{
	size_t count = 0;

	while (sweep->source == RV_SWEEP_PATHS && sweep->paths[count])
		count++;
	w->roots = calloc(2 * count + 2, sizeof(*w->roots));
	if (!w->roots)
		return rv_fail_nomem(diag);
	if (sweep->source == RV_SWEEP_GIT) {
		RV_TRY(real(sweep->repo ? sweep->repo : ".", &w->roots[0], diag));
		rv_scan_given_go_up(w->roots[0]);
		w->here = strdup(w->roots[0]);
		return w->here ? RV_OK : rv_fail_nomem(diag);
	}
	for (size_t i = 0; i < count; i++) {
		RV_TRY(real(sweep->paths[i], &w->roots[2 * i], diag));
		w->roots[2 * i + 1] = rv_scan_given_absolute(sweep->paths[i]);
		if (!w->roots[2 * i + 1])
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "a path too long");
	}
	return real(".", &w->here, diag);
}

/* Only a part: it lies below the directory, nothing of it is the directory or around it. */
static bool is_part(const struct rv_baseline_within *w, const struct rv_sweep_options *sweep)
{
	bool is_below = sweep->source == RV_SWEEP_PATHS;

	for (char **root = w->roots; *root; root++) {
		if (rv_path_is_under(rv_str_of(w->dir), rv_str_of(*root)))
			return false;
		is_below &= rv_path_is_under(rv_str_of(*root), rv_str_of(w->dir));
	}
	return is_below;
}

static rv_status take_dir(struct rv_baseline_within *w, const char *file, struct rv_diag *diag)
{
	char dir[RV_SCAN_WHERE_MAX];

	RV_TRY(rv_scan_where_of(file, dir, diag));
	return real(dir, &w->dir, diag);
}

rv_status rv_baseline_within_new(const struct rv_scan_ask *ask, const char *file,
				 struct rv_baseline_within **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_baseline_within_freep)
	struct rv_baseline_within *w = calloc(1, sizeof(*w));

	if (!w)
		return rv_fail_nomem(diag);
	RV_TRY(take_roots(w, &ask->sweep, diag));
	RV_TRY(take_dir(w, file, diag));
	w->is_part = is_part(w, &ask->sweep);
	*out = RV_TAKE(w);
	return RV_OK;
}

bool rv_baseline_within_is_part(const struct rv_baseline_within *within)
{
	return within->is_part;
}

const char *rv_baseline_within_dir(const struct rv_baseline_within *within)
{
	return within->dir;
}

/* Does the path, seen from here, lie in what was scanned? */
static bool is_in(const struct rv_baseline_within *w, const char *from, const char *path)
{
	char place[PLACE] = "";

	if (*path != '/' && strcmp(from, "/") != 0)
		(void)snprintf(place, sizeof(place), "%s", from); /* cut: it lies in nothing */
	if (!rv_scan_given_append(place, path))
		return false;
	for (char **root = w->roots; *root; root++) {
		if (rv_path_is_under(rv_str_of(place), rv_str_of(*root)))
			return true;
	}
	return false;
}

/* Is there what the path begins with, seen from here? Then it was probably written here. */
static bool is_likely(const char *from, const char *path)
{
	char place[PLACE];

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	size_t before = strlen(from), len = strcspn(path, "/");
	if (len == 0 || before + len + 2 > sizeof(place))
		return false;
	memcpy(place, from, before);
	place[before] = '/';
	memcpy(place + before + 1, path, len);
	place[before + 1 + len] = '\0';
	return access(place, F_OK) == 0;
}

bool rv_baseline_within_has(const struct rv_baseline_within *w, const char *path)
{
	bool is_in_here = is_in(w, w->here, path), is_in_dir = is_in(w, w->dir, path);

	if (is_in_here == is_in_dir)
		return is_in_here;
	return is_in_here ? !w->is_part && !is_likely(w->dir, path) : !is_likely(w->here, path);
}
