/* git: looks at files of a work tree, never through a symbolic link. No filter is run. */
#include "agent/git/work_file.h"

#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/git/changes.h"
#include "agent/git/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK 65536

/* Part by part, where the kernel or a sandbox knows no openat2. */
static int open_by_parts(int dir_fd, char *path, int flags)
{
	RV_CLEANUP(rv_fd_closep) int at = -1;
	char *part = path, *slash;

	while ((slash = strchr(part, '/'))) {
		int next;

		*slash = '\0';
		next = openat(at >= 0 ? at : dir_fd, part,
			      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -1;
		rv_fd_closep(&at);
		at = next;
		part = slash + 1;
	}
	return openat(at >= 0 ? at : dir_fd, part, flags);
}

/* errno ELOOP or ENOTDIR: a link on the way. */
static rv_status open_below(int dir_fd, struct rv_str path, int flags, int *out_fd)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	char text[PATH_MAX];
	long fd;

	if (!rv_git_path(text, sizeof(text), "/%.*s",
			 (int)(path.len < PATH_MAX ? path.len : PATH_MAX),
			 (const char *)path.data) ||
	    memchr(path.data, 0, path.len) || !rv_path_is_clean(rv_str_of(text)))
		return (rv_status){RV_CLASS_MALFORMED, 0};
	fd = syscall(SYS_openat2, dir_fd, text + 1, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = open_by_parts(dir_fd, text + 1, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ELOOP)
		return (rv_status){RV_CLASS_CONFLICT, ELOOP};
	if (fd < 0 && errno == ENOTDIR)
		return (rv_status){RV_CLASS_NOT_FOUND, ENOTDIR};
	if (fd < 0)
		return rv_fail_errno(NULL, "%s", text);
	*out_fd = (int)fd;
	return RV_OK;
}

rv_status rv_git_open_in(int dir_fd, struct rv_str path, int *out_fd)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	struct stat st;

	RV_TRY(open_below(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd));
	if (fstat(fd, &st) != 0)
		return rv_fail_errno(NULL, "fstat");
	if (!S_ISREG(st.st_mode))
		return (rv_status){RV_CLASS_CONFLICT, 0};
	*out_fd = RV_TAKE_FD(fd);
	return RV_OK;
}

rv_status rv_git_link_in(int dir_fd, struct rv_str path, struct rv_buf *out)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	char target[PATH_MAX];
	ssize_t len;

	RV_TRY(open_below(dir_fd, path, O_PATH, &fd));
	len = readlinkat(fd, "", target, sizeof(target));
	if (len < 0 && (errno == ENOENT || errno == EINVAL)) /* what is open is no link */
		return (rv_status){RV_CLASS_CONFLICT, 0};
	if (len < 0)
		return rv_fail_errno(NULL, "readlink");
	return rv_buf_put(out, target, (size_t)len);
}

/* As git does: times and size as they were, and not so young that a change could hide. */
static bool is_as_indexed(const struct rv_git_index *index, const struct rv_git_index_entry *entry,
			  const struct stat *st)
{
	bool is_young = entry->mtime_s > index->mtime_s ||
			(entry->mtime_s == index->mtime_s && entry->mtime_ns >= index->mtime_ns);

	return !is_young && entry->mtime_s == (uint32_t)st->st_mtim.tv_sec &&
	       entry->mtime_ns == (uint32_t)st->st_mtim.tv_nsec &&
	       entry->ctime_s == (uint32_t)st->st_ctim.tv_sec &&
	       entry->ctime_ns == (uint32_t)st->st_ctim.tv_nsec &&
	       entry->size == (uint32_t)st->st_size && entry->inode == (uint32_t)st->st_ino;
}

static void end_digest(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static rv_status begin_digest(size_t oid_len, size_t size, EVP_MD_CTX *ctx)
{
	const EVP_MD *kind = oid_len == RV_GIT_SHA1_LEN ? EVP_sha1() : EVP_sha256();
	char head[32];
	int len = snprintf(head, sizeof(head), "blob %zu", size);

	if (!ctx || EVP_DigestInit_ex(ctx, kind, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, head, (size_t)len + 1) != 1)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

static rv_status digest_link(int fd, size_t oid_len, struct rv_git_oid *out)
{
	RV_CLEANUP(end_digest) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char target[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target));

	if (len < 0)
		return rv_fail_errno(NULL, "readlink");
	RV_TRY(begin_digest(oid_len, (size_t)len, ctx));
	if (EVP_DigestUpdate(ctx, target, (size_t)len) != 1 ||
	    EVP_DigestFinal_ex(ctx, out->bytes, NULL) != 1)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

static rv_status digest_file(int fd, size_t oid_len, size_t size, struct rv_git_oid *out)
{
	RV_CLEANUP(end_digest) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	RV_CLEANUP(rv_freep) uint8_t *chunk = malloc(CHUNK);
	size_t left = size;

	if (!chunk)
		return rv_fail_nomem(NULL);
	RV_TRY(begin_digest(oid_len, size, ctx));
	while (left > 0) {
		ssize_t got = read(fd, chunk, left < CHUNK ? left : CHUNK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) /* it shrank meanwhile */
			return (rv_status){RV_CLASS_CONFLICT, 0};
		if (EVP_DigestUpdate(ctx, chunk, (size_t)got) != 1)
			return rv_fail_nomem(NULL);
		left -= (size_t)got;
	}
	if (EVP_DigestFinal_ex(ctx, out->bytes, NULL) != 1)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

static rv_status digest(int dir_fd, int fd, const struct rv_git *git,
			const struct rv_git_index_entry *entry, const struct stat *st,
			struct rv_git_oid *out)
{
	RV_CLEANUP(rv_fd_closep) int open_fd = -1;
	struct rv_git_oid oid = {{0}};

	if (S_ISLNK(st->st_mode)) {
		RV_TRY(digest_link(fd, git->oid_len, &oid));
	} else {
		if ((uint64_t)st->st_size > git->odb.max_object)
			return (rv_status){RV_CLASS_EXHAUSTED, 0};
		RV_TRY(rv_git_open_in(dir_fd, entry->path, &open_fd));
		RV_TRY(digest_file(open_fd, git->oid_len, (size_t)st->st_size, &oid));
	}
	*out = oid;
	return RV_OK;
}

rv_status rv_git_work_file(int dir_fd, const struct rv_git *git, const struct rv_git_index *index,
			   const struct rv_git_index_entry *entry, uint32_t *out_mode,
			   struct rv_git_oid *out_oid)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	rv_status status = open_below(dir_fd, entry->path, O_PATH, &fd);
	struct rv_git_oid oid = entry->oid;
	struct stat st;
	uint32_t mode;

	if (rv_class_of(status) == RV_CLASS_NOT_FOUND || rv_class_of(status) == RV_CLASS_CONFLICT) {
		*out_mode =
			0; /* gone, or a link stands where a folder was: git says gone as well */
		return RV_OK;
	}
	RV_TRY(status);
	if (fstat(fd, &st) != 0)
		return rv_fail_errno(NULL, "fstat");
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
		*out_mode = 0;
		return RV_OK;
	}
	mode = S_ISLNK(st.st_mode)    ? RV_GIT_MODE_LINK
	       : st.st_mode & S_IXUSR ? RV_GIT_MODE_FILE | 0755
				      : RV_GIT_MODE_FILE | 0644;
	if (mode != entry->mode || !is_as_indexed(index, entry, &st))
		RV_TRY(digest(dir_fd, fd, git, entry, &st, &oid));
	*out_mode = mode;
	*out_oid = oid;
	return RV_OK;
}
