/* base: file descriptors owned like memory. Not here: sockets of the roles (ipc/). */
#include "agent/base/fd.h"

#include "agent/base/digest.h"
#include "agent/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void rv_fd_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* nothing to do about a late error: writers fsync first */
	*fd = -1;
	errno = saved;
}

void *rv_read_room(size_t size)
{
	void *room = NULL;

	return posix_memalign(&room, 4096, size) == 0 ? room : NULL;
}

rv_status rv_fd_write_all(int fd, const void *bytes, size_t len, struct rv_diag *diag)
{
	const uint8_t *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rv_fail_errno(diag, "cannot write");
		at += n;
		len -= (size_t)n;
	}
	return RV_OK;
}

/* One read of at most `len` bytes to buf's end; *out_n is 0 at the end of the file. */
static rv_status read_some(int fd, size_t len, struct rv_buf *out, size_t *out_n,
			   struct rv_diag *diag)
{
	uint8_t *place = rv_buf_reserve(out, len);
	ssize_t n;

	if (!place)
		return rv_fail_nomem(diag);
	do {
		n = read(fd, place, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return rv_fail_errno(diag, "cannot read");
	out->len += (size_t)n;
	*out_n = (size_t)n;
	return RV_OK;
}

static rv_status read_up_to(int fd, size_t max, struct rv_buf *out, struct rv_diag *diag)
{
	size_t start = out->len;

	for (;;) {
		size_t room = max - (out->len - start);
		size_t n;

		if (room == 0) {
			uint8_t byte;
			ssize_t more;

			do {
				more = read(fd, &byte, 1);
			} while (more < 0 && errno == EINTR);
			if (more < 0)
				return rv_fail_errno(diag, "cannot read");
			if (more == 0)
				return RV_OK;
			return rv_fail(RV_CLASS_EXHAUSTED, diag, "larger than %zu bytes", max);
		}
		RV_TRY(read_some(fd, room < 65536 ? room : 65536, out, &n, diag));
		if (n == 0)
			return RV_OK;
	}
}

rv_status rv_fd_read_all(int fd, struct rv_buf *out, struct rv_diag *diag)
{
	size_t before = out->len;
	rv_status status = read_up_to(fd, out->max - out->len, out, diag);

	if (!rv_is_ok(status))
		out->len = before;
	return status;
}

rv_status rv_fd_read_at(int fd, void *out, size_t len, uint64_t offset, size_t *out_len,
			struct rv_diag *diag)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(fd, (uint8_t *)out + have, len - have, (off_t)(offset + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rv_fail_errno(diag, "cannot read");
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*out_len = have;
	return RV_OK;
}

static rv_status check_regular(int fd, const char *path, size_t max, struct rv_diag *diag)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "cannot stat %s", path);
	if (!S_ISREG(st.st_mode))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s is not a regular file", path);
	if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "%s is larger than %zu bytes", path, max);
	return RV_OK;
}

rv_status rv_file_read(const char *path, size_t max, struct rv_buf *out, struct rv_diag *diag)
{
	/* O_NONBLOCK: a fifo in the place of a file must not hang us. */
	RV_CLEANUP(rv_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t before = out->len;
	size_t room;
	rv_status status;

	if (fd < 0)
		return rv_fail_errno(diag, "cannot open %s", path);
	RV_TRY(check_regular(fd, path, max, diag));
	if (out->max == 0)
		out->max = max;
	room = out->max - out->len;
	status = read_up_to(fd, room < max ? room : max, out, diag);
	if (!rv_is_ok(status)) {
		out->len = before;
		rv_diag_prefix(diag, "%s", path);
	}
	return status;
}

/* Everything up to the rename: on failure the caller unlinks. */
static rv_status fill_temp(int dir, const char *temp, const void *bytes, size_t len, mode_t mode,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep)
	int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return rv_fail_errno(diag, "cannot create a file beside it");
	RV_TRY(rv_fd_write_all(fd, bytes, len, diag));
	if (fchmod(fd, mode) != 0)
		return rv_fail_errno(diag, "cannot set its mode");
	if (fsync(fd) != 0)
		return rv_fail_errno(diag, "cannot sync it");
	return RV_OK;
}

static rv_status replace_in(int dir, const char *name, const void *bytes, size_t len, mode_t mode,
			    struct rv_diag *diag)
{
	char temp[32] = ".reeve-";
	uint8_t random[8];
	rv_status status;

	rv_random(random, sizeof(random));
	rv_hex(random, sizeof(random), temp + strlen(temp));
	status = fill_temp(dir, temp, bytes, len, mode, diag);
	if (rv_is_ok(status) && renameat(dir, temp, dir, name) != 0)
		status = rv_fail_errno(diag, "cannot rename over it");
	if (!rv_is_ok(status)) {
		(void)unlinkat(dir, temp, 0); /* may not exist: creating it may have failed */
		return status;
	}
	if (fsync(dir) != 0)
		return rv_fail_errno(diag, "cannot sync its directory");
	return RV_OK;
}

rv_status rv_file_replace(const char *path, const void *bytes, size_t len, mode_t mode,
			  struct rv_diag *diag)
{
	struct rv_str whole = rv_str_of(path);
	struct rv_str base = rv_path_base(whole);
	RV_CLEANUP(rv_freep) char *folder = NULL;
	RV_CLEANUP(rv_fd_closep) int dir = -1;
	rv_status status;

	if (base.len == 0 || rv_str_is(base, ".") || rv_str_is(base, ".."))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s does not name a file", path);
	folder = base.len == whole.len ? rv_str_dup(RV_STR_LIT("."))
				       : rv_str_dup(rv_path_dir(whole));
	if (!folder)
		return rv_fail_nomem(diag);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return rv_fail_errno(diag, "cannot open the directory %s", folder);
	status = replace_in(dir, (const char *)base.data, bytes, len, mode, diag);
	if (!rv_is_ok(status))
		rv_diag_prefix(diag, "cannot replace %s", path);
	return status;
}

rv_status rv_memfd_sealed(const char *name, const void *bytes, size_t len, int *out_fd)
{
	RV_CLEANUP(rv_fd_closep) int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return rv_fail_errno(NULL, "memfd_create");
	RV_TRY(rv_fd_write_all(fd, bytes, len, NULL));
	if (lseek(fd, 0, SEEK_SET) != 0)
		return rv_fail_errno(NULL, "lseek");
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		return rv_fail_errno(NULL, "cannot seal");
	*out_fd = RV_TAKE_FD(fd);
	return RV_OK;
}
