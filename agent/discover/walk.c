/* discover (open side): the walk. Not here: what is handed over by default (filter.c), file systems
 * (mounts.c), links of the roots (walk_link.c). */
#include "agent/discover/walk.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/discover/filter.h"
#include "agent/discover/walk_link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LOOK_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC)

struct level {
	DIR *dir;
	size_t path_len;
	dev_t dev;
};

/* One tree under way. */
struct tree {
	struct rv_walk *walk;
	const struct rv_walk_want *want; /* NULL: everything */
	char path[RV_PATH_MAX + 1];
	size_t path_len;
	struct level levels[RV_WALK_DEPTH];
	size_t depth;
};

static dev_t dev_of(const struct statx *sx)
{
	return makedev(sx->stx_dev_major, sx->stx_dev_minor);
}

rv_status rv_walk_init(struct rv_walk *walk, const char *root, struct rv_feed *feed,
		       struct rv_diag *diag)
{
	struct rv_walk w = {.root_fd = -1, .feed = feed, .max_file_bytes = RV_DEFAULT_MAX_FILE};
	struct rv_buf text;
	const char *at = root && root[0] ? root : "/";

	rv_buf_init(&text, 4U << 20);
	RV_CLEANUP(rv_fd_closep) int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rv_fail_errno(diag, "opening /proc/self/mountinfo");
	rv_status s = rv_fd_read_all(fd, &text, diag);
	if (rv_is_ok(s))
		s = rv_mounts_parse(rv_buf_view(&text), &w.mounts);
	rv_buf_done(&text);
	RV_TRY(s);
	w.root_fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.root_fd < 0) {
		s = rv_fail_errno(diag, "opening %s", at);
		rv_mounts_done(&w.mounts);
		return s;
	}
	*walk = w;
	return RV_OK;
}

void rv_walk_done(struct rv_walk *walk)
{
	rv_fd_closep(&walk->root_fd);
	rv_mounts_done(&walk->mounts);
	rv_seen_done(&walk->seen);
}

static struct rv_str here(const struct tree *t)
{
	return (struct rv_str){(const uint8_t *)t->path, t->path_len};
}

static rv_status skip(struct tree *t, enum rv_skip reason, uint64_t size)
{
	return t->want ? RV_OK : rv_feed_skip(t->walk->feed, here(t), reason, size);
}

static rv_status skip_errno(struct tree *t)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ESTALE:
	case ELOOP: /* became a link since it was looked at */
		return skip(t, RV_SKIP_VANISHED, 0);
	case EACCES:
	case EPERM:
	case EWOULDBLOCK: /* under a lease */
		return skip(t, RV_SKIP_UNREADABLE, 0);
	default: /* EIO, ENXIO, .. */
		return skip(t, RV_SKIP_IO_ERROR, 0);
	}
}

/* Excludes of the request always hold; a default one does not where the walk was told to start. */
static bool is_excluded(const struct tree *t, bool is_dir)
{
	struct rv_str cursor = t->walk->excludes;
	struct rv_rec_text_item item;
	bool is_ok = true;

	if (t->want)
		return false;
	while (rv_list_next(&cursor, &rv_desc_text_item, &item, &is_ok)) {
		if (rv_filter_matches(item.text, here(t), is_dir))
			return true;
	}
	return is_dir && t->depth > 0 && rv_filter_leaves_out(here(t));
}

static rv_status hand_over(struct tree *t, int fd, const struct stat *st)
{
	struct rv_rec_file_item item = {
		.path = here(t),
		.dev = st->st_dev,
		.ino = st->st_ino,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mode = st->st_mode & 07777,
		.mtime_us = (int64_t)st->st_mtim.tv_sec * RV_US_PER_S + st->st_mtim.tv_nsec / 1000,
		.ctime_us = (int64_t)st->st_ctim.tv_sec * RV_US_PER_S + st->st_ctim.tv_nsec / 1000,
		.size_bytes = (uint64_t)st->st_size,
		.source = t->want ? t->want->source : RV_SOURCE_FILE,
	};

	return rv_feed_file(t->walk->feed, &item, fd);
}

/* O_NOATIME needs to own the file (or CAP_FOWNER); where it is refused the role's own mount
 * namespace keeps atime still. O_NONBLOCK: if it became a fifo since, this does not wait for a
 * writer. */
static int open_file(int dir_fd, const char *name)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags | O_NOATIME);

	return fd >= 0 || errno != EPERM ? fd : openat(dir_fd, name, flags);
}

static bool is_new_file(struct rv_walk *walk, const struct tree *t, const struct statx *sx)
{
	if (t->want || sx->stx_nlink > 1)
		return rv_seen_first(&walk->seen, dev_of(sx), sx->stx_ino);
	return !rv_seen_has(&walk->seen, dev_of(sx), sx->stx_ino);
}

static rv_status look_at_file(struct tree *t, int dir_fd, const char *name, const struct statx *sx)
{
	struct stat st;

	if (sx->stx_size == 0 || (!t->want && rv_filter_is_dull(rv_str_of(name))) ||
	    !is_new_file(t->walk, t, sx)) {
		t->walk->feed->skipped++;
		return RV_OK;
	}
	if (sx->stx_size > t->walk->max_file_bytes)
		return skip(t, RV_SKIP_TOO_LARGE, sx->stx_size);
	RV_CLEANUP(rv_fd_closep) int fd = open_file(dir_fd, name);
	if (fd < 0)
		return skip_errno(t);
	if (fstat(fd, &st) != 0)
		return skip_errno(t);
	if (!S_ISREG(st.st_mode) || st.st_ino != sx->stx_ino || st.st_dev != dev_of(sx))
		return skip(t, RV_SKIP_VANISHED, 0);
	if ((uint64_t)st.st_size > t->walk->max_file_bytes)
		return skip(t, RV_SKIP_TOO_LARGE, (uint64_t)st.st_size);
	return hand_over(t, RV_TAKE_FD(fd), &st);
}

/* The class of the file system an entry is on, asked only where a mount begins. mountinfo knows
 * without touching it; what it does not know (a btrfs subvolume) is asked by an O_PATH descriptor.
 */
static enum rv_fs fs_of_entry(const struct tree *t, int dir_fd, const char *name,
			      const struct statx *sx)
{
	enum rv_fs fs = rv_mounts_fs(&t->walk->mounts, dev_of(sx));
	struct statfs sf;

	if (fs != RV_FS_UNKNOWN)
		return fs;
	RV_CLEANUP(rv_fd_closep) int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &sf) != 0)
		return RV_FS_LOCAL; /* opening it will name the error */
	return rv_fs_of_magic((uint64_t)sf.f_type);
}

static rv_status skip_fs(struct tree *t, enum rv_fs fs)
{
	if (fs == RV_FS_REMOTE)
		return skip(t, RV_SKIP_REMOTE_FS, 0);
	return skip(t, fs == RV_FS_FUSE ? RV_SKIP_FUSE : RV_SKIP_PSEUDO_FS, 0);
}

static rv_status enter(struct tree *t, int dir_fd, const char *name, const struct statx *sx)
{
	if (t->depth == RV_WALK_DEPTH)
		return skip(t, RV_SKIP_TOO_DEEP, 0);
	if (t->want && t->depth >= t->want->depth)
		return RV_OK;
	if (!t->want && !rv_seen_first(&t->walk->seen, dev_of(sx), sx->stx_ino))
		return RV_OK;
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	RV_CLEANUP(rv_fd_closep) int fd = openat(dir_fd, name, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(dir_fd, name, flags);
	if (fd < 0)
		return skip_errno(t);
	DIR *dir = fdopendir(fd);
	if (!dir)
		return skip(t, RV_SKIP_IO_ERROR, 0);
	(void)RV_TAKE_FD(fd); /* the stream has it now */
	t->levels[t->depth++] = (struct level){dir, t->path_len, dev_of(sx)};
	t->walk->feed->dirs++;
	return RV_OK;
}

/* A link is not followed: what it leads to is looked at in its own place. A loop leads nowhere. */
static rv_status look_at_link(struct tree *t)
{
	struct rv_buf target;

	if (t->want)
		return RV_OK;
	rv_buf_init(&target, RV_PATH_MAX + 1);
	rv_status s = rv_link_resolve(t->walk->root_fd, &t->walk->mounts, here(t), &target);
	rv_buf_done(&target);
	t->walk->feed->skipped++;
	return rv_class_of(s) == RV_CLASS_CONFLICT ? skip(t, RV_SKIP_LOOP, 0) : RV_OK;
}

/* One entry, wherever it is: `name` in dir_fd, its path in t. */
static rv_status look_at(struct tree *t, int dir_fd, const char *name, dev_t parent_dev)
{
	struct statx sx;

	if (statx(dir_fd, name, LOOK_FLAGS, STATX_BASIC_STATS, &sx) != 0)
		return skip_errno(t);
	bool is_dir = S_ISDIR(sx.stx_mode);
	if (is_excluded(t, is_dir))
		return skip(t, RV_SKIP_EXCLUDED, is_dir ? 0 : sx.stx_size);
	if (dev_of(&sx) != parent_dev) {
		enum rv_fs fs = fs_of_entry(t, dir_fd, name, &sx);

		if (fs != RV_FS_LOCAL)
			return skip_fs(t, fs);
	}
	switch (sx.stx_mode & S_IFMT) {
	case S_IFREG:
		if (t->want && !t->want->is_wanted(here(t)))
			return RV_OK;
		return look_at_file(t, dir_fd, name, &sx);
	case S_IFDIR:
		return enter(t, dir_fd, name, &sx);
	case S_IFLNK:
		return look_at_link(t);
	case S_IFIFO:
		return skip(t, RV_SKIP_FIFO, 0);
	case S_IFSOCK:
		return skip(t, RV_SKIP_SOCKET, 0);
	default: /* S_IFCHR, S_IFBLK */
		return skip(t, RV_SKIP_DEVICE, 0);
	}
}

static void leave(struct tree *t)
{
	struct level *level = &t->levels[--t->depth];

	(void)closedir(level->dir); /* read-only */
}

/* The next entry of the innermost directory, or out of it. */
static rv_status step(struct tree *t)
{
	struct level *level = &t->levels[t->depth - 1];

	errno = 0;
	const struct dirent *entry = readdir(level->dir);
	t->path_len = level->path_len;
	t->path[t->path_len] = '\0';
	if (!entry) {
		rv_status s = errno != 0 ? skip_errno(t) : RV_OK;

		leave(t);
		return s;
	}
	const char *name = entry->d_name;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return RV_OK;
	size_t len = strlen(name);
	if (t->path_len + 1 + len > RV_PATH_MAX)
		return skip(t, RV_SKIP_TOO_DEEP, 0);
	if (t->path_len > 1 || t->path[0] != '/')
		t->path[t->path_len++] = '/';
	memcpy(t->path + t->path_len, name, len + 1);
	t->path_len += len;
	return look_at(t, dirfd(level->dir), name, level->dev);
}

static rv_status walk_tree(struct rv_walk *walk, struct rv_str path,
			   const struct rv_walk_want *want)
{
	RV_CLEANUP(rv_freep) struct tree *t = calloc(1, sizeof(*t));
	char name[256];

	if (!t)
		return rv_fail_nomem(NULL);
	t->walk = walk;
	t->want = want;
	t->path_len = path.len;
	memcpy(t->path, path.data, path.len);
	struct rv_str base = rv_path_base(path);
	/* The root itself is looked at in its parent, like every other entry. */
	RV_CLEANUP(rv_fd_closep)
	int parent = rv_link_open(walk->root_fd, rv_path_dir(path), O_PATH | O_DIRECTORY);
	if (parent < 0 || base.len >= sizeof(name))
		return skip_errno(t);
	memcpy(name, base.data, base.len);
	name[base.len] = '\0';
	rv_status s = look_at(t, parent, base.len > 0 ? name : ".", (dev_t)-1);
	while (rv_is_ok(s) && t->depth > 0)
		s = step(t);
	while (t->depth > 0)
		leave(t);
	return s;
}

static rv_status skip_root(struct rv_walk *walk, struct rv_str path, rv_status why)
{
	switch (rv_class_of(why)) {
	case RV_CLASS_NOT_FOUND:
		return walk->is_default ? RV_OK
					: rv_feed_skip(walk->feed, path, RV_SKIP_VANISHED, 0);
	case RV_CLASS_CONFLICT:
		return rv_feed_skip(walk->feed, path, RV_SKIP_LOOP, 0);
	case RV_CLASS_DENIED:
		return rv_feed_skip(walk->feed, path, RV_SKIP_UNREADABLE, 0);
	case RV_CLASS_EXHAUSTED:
		return rv_feed_skip(walk->feed, path, RV_SKIP_TOO_DEEP, 0);
	case RV_CLASS_RETRY:
		return rv_feed_skip(walk->feed, path, RV_SKIP_REMOTE_FS, 0);
	case RV_CLASS_UNSURE:
		return rv_feed_skip(walk->feed, path, RV_SKIP_FUSE, 0);
	case RV_CLASS_OK:
	case RV_CLASS_MISCONFIGURED:
	case RV_CLASS_MALFORMED:
	case RV_CLASS_BUG:
	case RV_CLASS__COUNT:
		break;
	}
	return rv_feed_skip(walk->feed, path, RV_SKIP_IO_ERROR, 0);
}

rv_status rv_walk_root(struct rv_walk *walk, struct rv_str path)
{
	struct rv_buf real;

	rv_buf_init(&real, RV_PATH_MAX);
	rv_status s = rv_link_resolve(walk->root_fd, &walk->mounts, path, &real);
	if (rv_is_ok(s))
		s = walk_tree(walk, rv_buf_view(&real), NULL);
	else
		s = skip_root(walk, path, s);
	rv_buf_done(&real);
	return s;
}

rv_status rv_walk_source(struct rv_walk *walk, const char *path, const struct rv_walk_want *want)
{
	struct rv_buf real;

	rv_buf_init(&real, RV_PATH_MAX);
	rv_status s = rv_link_resolve(walk->root_fd, &walk->mounts, rv_str_of(path), &real);
	if (rv_is_ok(s))
		s = walk_tree(walk, rv_buf_view(&real), want);
	else
		s = RV_OK; /* not there: nothing to say */
	rv_buf_done(&real);
	return s;
}
