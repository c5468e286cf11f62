/* tests: temporary directories and files. Not here: processes (run.c). */
#include "tests/support/dir.h"

#include "agent/base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void rvt_die(const char *fmt, ...)
{
	int error = errno;
	va_list args;

	va_start(args, fmt);
	(void)fputs("test support: ", stderr); /* the exit code tells the rest */
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fprintf(stderr, ": %s\n", error ? strerror(error) : "failed");
	exit(99);
}

void rvt_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)fputs("SKIPPED: ", stdout); /* tests/run collects this line */
	(void)vfprintf(stdout, fmt, args);
	va_end(args);
	(void)fputs("\n", stdout);
	(void)fflush(stdout);
	exit(RVT_SKIP);
}

void rvt_dir_init(struct rvt_dir *dir)
{
	const char *base = getenv("TMPDIR");
	char pattern[RVT_PATH];
	char real[PATH_MAX];

	(void)snprintf(pattern, sizeof(pattern), "%s/reeve-test-XXXXXX",
		       base && base[0] == '/' ? base : "/tmp"); /* a cut one fails below */
	if (!mkdtemp(pattern) || !realpath(pattern, real))
		rvt_die("cannot make a temporary directory %s", pattern);
	if (strlen(real) >= sizeof(dir->path))
		rvt_die("the temporary directory %s has too long a name", real);
	memcpy(dir->path, real, strlen(real) + 1);
	dir->owner = getpid();
}

static void remove_tree(char *path)
{
	char *const paths[] = {path, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	if (!fts)
		rvt_die("cannot look into %s", path);
	while ((entry = fts_read(fts))) {
		if (entry->fts_info == FTS_D)
			(void)chmod(entry->fts_accpath, 0700); /* a test may have closed it */
		else if (entry->fts_info == FTS_DP)
			(void)rmdir(entry->fts_accpath); /* checked once, below */
		else
			(void)unlink(entry->fts_accpath); /* the same */
	}
	(void)fts_close(fts); /* only reading */
	if (access(path, F_OK) == 0)
		rvt_die("cannot remove %s", path);
}

void rvt_dir_done(struct rvt_dir *dir)
{
	if (dir->path[0] && dir->owner == getpid())
		remove_tree(dir->path);
	dir->path[0] = '\0';
}

void rvt_dir_path(const struct rvt_dir *dir, const char *name, char out[RVT_PATH])
{
	int len = snprintf(out, RVT_PATH, "%s/%s", dir->path, name);

	if (len < 0 || len >= RVT_PATH)
		rvt_die("the name %s is too long", name);
}

static void make_all(char *path, mode_t mode)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			rvt_die("cannot make %s", path);
		*slash = '/';
	}
	if (mode && mkdir(path, mode) != 0 && errno != EEXIST)
		rvt_die("cannot make %s", path);
	if (mode && chmod(path, mode) != 0)
		rvt_die("cannot set the mode of %s", path);
}

void rvt_dir_make(const struct rvt_dir *dir, const char *name, mode_t mode)
{
	char path[RVT_PATH];

	rvt_dir_path(dir, name, path);
	make_all(path, mode);
}

void rvt_dir_write(const struct rvt_dir *dir, const char *name, const void *bytes, size_t len,
		   mode_t mode)
{
	char path[RVT_PATH];
	int fd;

	rvt_dir_path(dir, name, path);
	make_all(path, 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		rvt_die("cannot create %s", path);
	if (!rv_is_ok(rv_fd_write_all(fd, bytes, len, NULL)) || fchmod(fd, mode) != 0)
		rvt_die("cannot write %s", path);
	rv_fd_closep(&fd);
}

void rvt_dir_write_text(const struct rvt_dir *dir, const char *name, const char *text)
{
	rvt_dir_write(dir, name, text, strlen(text), 0644);
}

struct rv_buf rvt_file_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct rv_buf buf;

	rv_buf_init(&buf, (size_t)64 << 20);
	if (fd < 0)
		rvt_die("cannot open %s", path);
	if (!rv_is_ok(rv_fd_read_all(fd, &buf, NULL)))
		rvt_die("cannot read %s", path);
	rv_fd_closep(&fd);
	return buf;
}

bool rvt_file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

size_t rvt_dir_count(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	if (!dir)
		rvt_die("cannot open the directory %s", path);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count++;
	}
	(void)closedir(dir); /* only reading */
	return count;
}
