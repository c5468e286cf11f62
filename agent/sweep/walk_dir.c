/* sweep: a directory of the walk, opened, and opened again. Not here: when it is closed (walk.c).
 */
#include "agent/sweep/walk_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct rv_walk_dir *rv_walk_dir_open(struct rv_walk_dir *parent, const char *name,
				     struct rv_str path)
{
	RV_CLEANUP(rv_fd_closep)
	int fd = openat(parent ? parent->fd : AT_FDCWD, name, FLAGS | (parent ? O_NOFOLLOW : 0));
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return NULL;
	struct rv_walk_dir *dir = malloc(sizeof(*dir) + path.len + 1);
	if (!dir) {
		errno = ENOMEM;
		return NULL;
	}
	/* What lies on a disk has a size, or is empty. */
	*dir = (struct rv_walk_dir){.fd = fd,
				    .in_use = 1,
				    .depth = parent ? parent->depth + 1 : 0,
				    .is_kernels = st.st_size == 0,
				    .root_len = parent		 ? parent->root_len
						: name[0] == '/' ? path.len
								 : 0,
				    .dev = st.st_dev,
				    .ino = st.st_ino,
				    .parent = parent,
				    .path_len = path.len,
				    .name_at = path.len - strlen(name)};
	atomic_store(&dir->refs, 1);
	memcpy(dir->path, path.data, path.len);
	dir->path[path.len] = '\0';
	if (parent)
		atomic_fetch_add(&parent->refs, 1);
	fd = -1;
	return dir;
}

void rv_walk_dir_unref(struct rv_walk_dir *dir)
{
	while (dir && atomic_fetch_sub(&dir->refs, 1) == 1) {
		struct rv_walk_dir *parent = dir->parent;

		rv_fd_closep(&dir->fd);
		free(dir);
		dir = parent;
	}
}

/* The directory in one that is open, or as given: -1 with errno. */
static int open_in(int above, const struct rv_walk_dir *dir)
{
	const char *name = dir->parent ? dir->path + dir->name_at : dir->path;
	int fd = openat(above, name, FLAGS | (dir->parent ? O_NOFOLLOW : 0));
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_dev == dir->dev && st.st_ino == dir->ino)
		return fd;
	rv_fd_closep(&fd);
	errno = ESTALE;
	return -1;
}

bool rv_walk_dir_reopen(struct rv_walk_dir *dir)
{
	const struct rv_walk_dir *chain[RV_WALK_DEPTH_MAX + 1];
	const struct rv_walk_dir *above = dir->parent;
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	size_t count = 0;

	chain[count++] = dir;
	for (; above && above->fd < 0 && count < RV_LEN(chain); above = above->parent)
		chain[count++] = above;
	int from = above ? above->fd : AT_FDCWD;
	while (count > 0) {
		int next = open_in(from, chain[--count]);

		if (next < 0)
			return false;
		rv_fd_closep(&fd);
		fd = next;
		from = next;
	}
	dir->fd = fd;
	fd = -1;
	return true;
}
