/* cli: see scan_given.h. */
#include "agent/cli/scan_given.h"

#include "agent/base/path.h"
#include "agent/sweep/linked.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void rv_scan_given_go_up(char *dir)
{
	char git[PATH_MAX + 8];

	for (size_t len = strlen(dir); len > 0; len--) {
		if ((dir[len] != '/' && dir[len] != '\0') || len > PATH_MAX)
			continue;
		memcpy(git, dir, len);
		memcpy(git + len, "/.git", 6);
		if (access(git, F_OK) != 0)
			continue;
		dir[len] = '\0';
		return;
	}
}

bool rv_scan_given_append(char out[RV_SCAN_GIVEN_MAX], const char *path)
{
	size_t len = strlen(out);

	while (*path) {
		size_t part = strcspn(path, "/");

		if (part == 2 && memcmp(path, "..", 2) == 0) {
			while (len > 0 && out[len - 1] != '/')
				len--;
			len -= len > 0;
		} else if (part > 0 && !(part == 1 && path[0] == '.')) {
			if (len + part + 2 > RV_SCAN_GIVEN_MAX)
				return false;
			out[len++] = '/';
			memcpy(out + len, path, part);
			len += part;
		}
		out[len] = '\0';
		path += part + (path[part] == '/');
	}
	return true;
}

static bool make_absolute(const char *path, char out[RV_SCAN_GIVEN_MAX])
{
	out[0] = '\0';
	if (path[0] != '/' && !getcwd(out, RV_SCAN_GIVEN_MAX))
		return false;
	if (out[0] == '/' && out[1] == '\0')
		out[0] = '\0';
	return rv_scan_given_append(out, path);
}

char *rv_scan_given_absolute(const char *path)
{
	char absolute[RV_SCAN_GIVEN_MAX];

	return make_absolute(path, absolute) ? strdup(absolute) : NULL;
}

/* The part of an absolute path below `top`; NULL: it does not lie there. */
static const char *below(const char *top, const char *path)
{
	size_t len = strlen(top);

	if (strcmp(top, "/") == 0 || !rv_path_is_under(rv_str_of(path), rv_str_of(top)))
		return NULL;
	return path[len] == '/' ? path + len + 1 : NULL;
}

static bool find_inside(const char *top, const char *path, char inside[RV_SCAN_GIVEN_MAX])
{
	char written[RV_SCAN_GIVEN_MAX], real[RV_SCAN_GIVEN_MAX];

	if (!make_absolute(path, written))
		return false;
	const char *found = below(top, written);
	char *slash = strrchr(written, '/');
	if (!found && slash && slash > written) {
		*slash = '\0';
		RV_CLEANUP(rv_freep) char *dir = realpath(written, NULL);
		*slash = '/';
		int n = dir ? snprintf(real, sizeof(real), "%s%s", dir, slash) : -1;
		found = n > 0 && (size_t)n < sizeof(real) ? below(top, real) : NULL;
	}
	if (found)
		(void)snprintf(inside, RV_SCAN_GIVEN_MAX, "%s", found); /* fits */
	return found != NULL;
}

bool rv_scan_given_may(const char *repo, const char *path)
{
	RV_CLEANUP(rv_freep) char *top = realpath(repo ? repo : ".", NULL);
	char inside[RV_SCAN_GIVEN_MAX];

	if (!top)
		return false;
	rv_scan_given_go_up(top);
	return find_inside(top, path, inside);
}

static rv_status is_in_index(const struct rv_git *git, const char *inside, bool *out,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_index_done) struct rv_git_index index = {0};

	RV_TRY(rv_git_index_load(git, &index, diag));
	for (size_t i = 0; i < index.count && !*out; i++)
		*out = rv_str_is(index.entries[i].path, inside);
	return RV_OK;
}

/* What a tree has at the path, links followed as a reader of the files would. */
static rv_status find_entry(struct rv_repo_view *view, const struct rv_git_oid *tree,
			    const char *inside)
{
	const struct rv_linked_place place = {.view = view, .tree = tree, .work_tree = -1};
	char real[RV_LINKED_MAX];
	struct rv_git_oid oid;
	uint32_t mode = 0;

	rv_status s = rv_linked_follow(&place, inside, NULL, real);
	if (rv_class_of(s) == RV_CLASS_CONFLICT)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "a link out of the tree");
	RV_TRY(s);
	return rv_repo_entry(view->reader, view->git->oid_len, tree, rv_str_of(real), &oid, &mode);
}

static rv_status is_tracked(struct rv_repo_view *view, const char *inside, bool *out,
			    struct rv_diag *diag)
{
	struct rv_git_oid tree;

	*out = false;
	if (rv_git_refs_find(&view->refs, "HEAD")) {
		RV_TRY(rv_repo_tree_of(view, "HEAD", &tree, diag));
		*out = rv_is_ok(find_entry(view, &tree, inside));
	}
	return *out ? RV_OK : is_in_index(view->git, inside, out, diag);
}

rv_status rv_scan_given_find(struct rv_repo_view *view, const struct rv_git_oid *ref_tree,
			     const char *path, char inside[RV_SCAN_GIVEN_MAX],
			     enum rv_scan_given *out, struct rv_diag *diag)
{
	const char *work_tree = view->git->work_tree;
	RV_CLEANUP(rv_freep) char *top = work_tree ? realpath(work_tree, NULL) : NULL;
	bool has = false;

	*out = RV_SCAN_GIVEN_OWN;
	if (!top || !find_inside(top, path, inside))
		return RV_OK;
	rv_status s = find_entry(view, ref_tree, inside);
	if (rv_is_ok(s))
		*out = RV_SCAN_GIVEN_IN_REF;
	if (rv_class_of(s) != RV_CLASS_NOT_FOUND)
		return s;
	RV_TRY(is_tracked(view, inside, &has, diag));
	*out = has ? RV_SCAN_GIVEN_NEW : RV_SCAN_GIVEN_OWN;
	return RV_OK;
}
