/* sweep: see anchor_dir.h. */
#include "agent/sweep/anchor_dir.h"

#include "agent/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 1024 /* a longer path: no cache */

static rv_status no_dir(struct rv_diag *diag, const char *path, const char *why)
{
	return rv_fail(RV_CLASS_DENIED, diag, "%s: %s", path, why);
}

/* $XDG_CACHE_HOME counts only when it is absolute (XDG Base Directory Specification). */
static rv_status find(char out[PATH_ROOM], struct rv_diag *diag)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int n = -1;

	if (cache && cache[0] == '/')
		n = snprintf(out, PATH_ROOM, "%s/reeve", cache);
	else if (home && home[0] == '/')
		n = snprintf(out, PATH_ROOM, "%s/.cache/reeve", home);
	if (n < 0 || n >= PATH_ROOM)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no XDG_CACHE_HOME and no HOME");
	return RV_OK;
}

/* Is it, or what is above it, in what is scanned, or checked out of a repository? `path` need not
 * be there yet, and has no links. */
static rv_status check_apart(const char *path, const char *const *trees, struct rv_diag *diag)
{
	char above[PATH_ROOM + 8];

	for (; trees && *trees; trees++) {
		RV_CLEANUP(rv_freep) char *real = realpath(*trees, NULL);

		if (real && rv_path_is_under(rv_str_of(path), rv_str_of(real)))
			return no_dir(diag, path, "lies in what is scanned");
	}
	for (size_t len = strlen(path); len > 0; len--) {
		if (path[len] != '/' && path[len] != '\0')
			continue;
		(void)snprintf(above, sizeof(above), "%.*s/.git", (int)len, path); /* fits */
		if (access(above, F_OK) == 0)
			return no_dir(diag, path, "lies in a work tree");
	}
	return RV_OK;
}

/* Others may not put something else into its place. */
static bool is_kept(const struct stat *st)
{
	bool is_ours = st->st_uid == geteuid() || st->st_uid == 0;
	bool is_shared = (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;

	return S_ISDIR(st->st_mode) && is_ours && (!is_shared || (st->st_mode & S_ISVTX));
}

/* What is not there yet is made by us. */
static rv_status check_above(const char *path, struct rv_diag *diag)
{
	char above[PATH_ROOM];
	struct stat st;

	for (size_t len = strlen(path); len > 0; len--) {
		if (path[len - 1] != '/')
			continue;
		(void)snprintf(above, sizeof(above), "%.*s", (int)len, path); /* fits */
		if (lstat(above, &st) != 0 && errno == ENOENT)
			continue;
		if (!is_kept(&st))
			return no_dir(diag, above, "others may write there");
	}
	return RV_OK;
}

/* Without its last part; false: nothing is left. */
static bool cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

/* Links resolved of all but the last part, or the last two when the one above is not there. */
static rv_status resolve(const char *path, char out[PATH_ROOM], struct rv_diag *diag)
{
	char above[PATH_ROOM];

	(void)snprintf(above, sizeof(above), "%s", path); /* as long */
	for (unsigned i = 0; i < 2 && cut_last(above); i++) {
		RV_CLEANUP(rv_freep) char *real = realpath(above, NULL);

		if (!real && errno == ENOENT)
			continue;
		if (!real)
			break;
		int n = snprintf(out, PATH_ROOM, "%s%s", real[1] ? real : "", path + strlen(above));
		return n > 0 && n < PATH_ROOM ? RV_OK : no_dir(diag, path, "too long");
	}
	return no_dir(diag, path, "cannot be made: there is nothing above it");
}

/* With the one above, but no home. */
static rv_status make(const char *path, struct rv_diag *diag)
{
	char above[PATH_ROOM];

	(void)snprintf(above, sizeof(above), "%s", path); /* as long */
	if (cut_last(above) && mkdir(above, 0700) != 0 && errno != EEXIST)
		return rv_fail_errno(diag, "cannot make %s", above);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return rv_fail_errno(diag, "cannot make %s", path);
	return RV_OK;
}

static rv_status open_dir(const char *path, int *out_fd, struct rv_diag *diag)
{
	struct stat st;

	RV_CLEANUP(rv_fd_closep)
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "cannot open %s", path);
	if (st.st_uid != geteuid())
		return no_dir(diag, path, "belongs to another user");
	if (st.st_mode & 077)
		return no_dir(diag, path, "is open to others: chmod 700");
	*out_fd = RV_TAKE_FD(fd);
	return RV_OK;
}

/* A name that was given may be relative, and end with a slash. */
static rv_status absolute(const char *named, char out[PATH_ROOM], struct rv_diag *diag)
{
	size_t at = 0;
	size_t len = strlen(named);

	while (len > 1 && named[len - 1] == '/')
		len--;
	if (named[0] != '/') {
		if (!getcwd(out, PATH_ROOM - 1))
			return rv_fail_errno(diag, "%s", named);
		at = strlen(out);
		out[at++] = '/';
	}
	if (len >= PATH_ROOM - at)
		return no_dir(diag, named, "too long");
	memcpy(out + at, named, len);
	out[at + len] = '\0';
	return RV_OK;
}

rv_status rv_anchor_dir_open(const char *named, const char *const *trees, int *out_fd,
			     struct rv_diag *diag)
{
	char wanted[PATH_ROOM], path[PATH_ROOM];

	if (named)
		RV_TRY(absolute(named, wanted, diag));
	else
		RV_TRY(find(wanted, diag));
	RV_TRY(resolve(wanted, path, diag));
	if (!named)
		RV_TRY(check_apart(path, trees, diag));
	RV_TRY(check_above(path, diag));
	RV_TRY(make(path, diag));
	return open_dir(path, out_fd, diag);
}

int rv_anchor_dir_file(int dir, const char *name)
{
	RV_CLEANUP(rv_fd_closep)
	int fd = openat(dir, name,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) || st.st_nlink != 1)
		return -1;
	return RV_TAKE_FD(fd);
}
