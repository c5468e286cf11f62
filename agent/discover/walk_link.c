/* discover (open side): symbolic links inside a root. */
#include "agent/discover/walk_link.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LINKS_MAX  40
#define PATH_BYTES 4096

struct resolving {
	int root_fd;
	char done[PATH_BYTES]; /* clean, without links; "" is the root */
	size_t done_len;
	char rest[PATH_BYTES]; /* still to go, NUL-ended */
	char target[PATH_BYTES];
	unsigned links;
	const struct rv_mounts *mounts;
};

static rv_status fail_long(void)
{
	return rv_fail(RV_CLASS_EXHAUSTED, NULL, "path too long");
}

static void up(struct resolving *r)
{
	while (r->done_len > 0 && r->done[r->done_len - 1] != '/')
		r->done_len--;
	r->done_len -= r->done_len > 0;
	r->done[r->done_len] = '\0';
}

/* The link at done + "/" + name, before what is left. */
static rv_status follow(struct resolving *r, size_t before, const char *left)
{
	char *target = r->target;
	ssize_t n = readlinkat(r->root_fd, r->done + 1, target, sizeof(r->target) - 1);

	if (n < 0)
		return rv_fail_errno(NULL, "readlink");
	r->done_len = before;
	r->done[before] = '\0';
	if (++r->links > LINKS_MAX)
		return rv_fail(RV_CLASS_CONFLICT, NULL, "too many symbolic links");
	size_t left_len = strlen(left);
	if ((size_t)n + 1 + left_len >= sizeof(r->rest))
		return fail_long();
	memmove(r->rest + n + 1, left, left_len + 1);
	memcpy(r->rest, target, (size_t)n);
	r->rest[n] = '/';
	if (target[0] == '/') {
		r->done_len = 0;
		r->done[0] = '\0';
	}
	return RV_OK;
}

static rv_status may_enter(const struct resolving *r, const struct statx *sx)
{
	enum rv_fs fs = rv_mounts_fs(r->mounts, makedev(sx->stx_dev_major, sx->stx_dev_minor));

	if (fs == RV_FS_REMOTE)
		return rv_fail(RV_CLASS_RETRY, NULL, "network file system");
	return fs == RV_FS_FUSE ? rv_fail(RV_CLASS_UNSURE, NULL, "FUSE file system") : RV_OK;
}

/* Takes one component off the rest. *out_end: nothing is left. */
static rv_status step(struct resolving *r, bool *out_end)
{
	char *name = r->rest + strspn(r->rest, "/");
	size_t len = strcspn(name, "/");
	struct statx sx;

	*out_end = len == 0;
	if (len == 0)
		return RV_OK;
	const char *left = name + len;
	if ((len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.')) {
		if (len == 2)
			up(r);
		memmove(r->rest, left, strlen(left) + 1);
		return RV_OK;
	}
	if (r->done_len + 1 + len >= sizeof(r->done))
		return fail_long();
	size_t before = r->done_len;
	r->done[r->done_len++] = '/';
	memcpy(r->done + r->done_len, name, len);
	r->done_len += len;
	r->done[r->done_len] = '\0';
	/* Not synced: a server that does not answer must not keep us. */
	if (statx(r->root_fd, r->done + 1,
		  AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE, &sx) != 0)
		return rv_fail_errno(NULL, "stat");
	RV_TRY(may_enter(r, &sx));
	if (!S_ISLNK(sx.stx_mode)) {
		memmove(r->rest, left, strlen(left) + 1);
		return RV_OK;
	}
	return follow(r, before, left);
}

rv_status rv_link_resolve(int root_fd, const struct rv_mounts *mounts, struct rv_str path,
			  struct rv_buf *out)
{
	RV_CLEANUP(rv_freep) struct resolving *r = calloc(1, sizeof(*r));
	bool is_end = false;

	if (!r)
		return rv_fail_nomem(NULL);
	if (path.len >= sizeof(r->rest) || (path.len > 0 && memchr(path.data, 0, path.len)))
		return fail_long();
	r->root_fd = root_fd;
	r->mounts = mounts;
	memcpy(r->rest, path.data, path.len);
	while (!is_end)
		RV_TRY(step(r, &is_end));
	if (r->done_len == 0)
		return rv_buf_put_str(out, "/");
	return rv_buf_put(out, r->done, r->done_len);
}

int rv_link_open(int root_fd, struct rv_str path, int flags)
{
	RV_CLEANUP(rv_fd_closep) int at = -1;
	char name[256];
	size_t from = 0;

	while (from < path.len) {
		while (from < path.len && path.data[from] == '/')
			from++;
		size_t len = 0;
		while (from + len < path.len && path.data[from + len] != '/')
			len++;
		if (len == 0)
			break;
		if (len >= sizeof(name)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path.data + from, len);
		name[len] = '\0';
		from += len;
		bool is_last = from >= path.len;
		int fd = openat(at >= 0 ? at : root_fd, name,
				(is_last ? flags : O_PATH | O_DIRECTORY) | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return -1;
		rv_fd_closep(&at);
		at = fd;
	}
	if (at < 0) /* the root itself */
		return openat(root_fd, ".", flags | O_CLOEXEC);
	return RV_TAKE_FD(at);
}
