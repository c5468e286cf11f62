/* act: single files in granted directories. Not here: sets of files and their order (deploy.c). */
#include "agent/act/place_file.h"

#include "agent/base/fd.h"
#include "agent/ipc/role.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *rv_place_state_name(unsigned state)
{
	static const char *const names[] = {"invalid", "old", "new", "foreign", "absent"};

	return names[state <= RV_PLACE_ABSENT ? state : 0];
}

void rv_held_done(struct rv_held *held)
{
	rv_fd_closep(&held->fd);
	rv_secret_freep(&held->content);
}

rv_status rv_place_name(struct rv_str name, char out[RV_PLACE_NAME], struct rv_diag *diag)
{
	if (!name.len || name.len >= RV_PLACE_NAME || memchr(name.data, '/', name.len) ||
	    memchr(name.data, 0, name.len) || rv_str_is(name, ".") || rv_str_is(name, ".."))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a single file name");
	memcpy(out, name.data, name.len);
	out[name.len] = '\0';
	return RV_OK;
}

rv_status rv_place_staged(struct rv_str tag, char mark, const char *name, char out[RV_PLACE_NAME],
			  struct rv_diag *diag)
{
	if (!tag.len || tag.len > 64 || memchr(tag.data, '/', tag.len) ||
	    memchr(tag.data, 0, tag.len))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a tag");
	char text[RV_PLACE_NAME];
	int n = snprintf(text, sizeof(text), ".reeve-%.*s%c%s", (int)tag.len,
			 (const char *)tag.data, mark, name);
	if (n < 0 || (size_t)n >= sizeof(text))
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "no room for a staged name beside %s",
			       name);
	memcpy(out, text, (size_t)n + 1);
	return RV_OK;
}

static int open_beneath(int dir, const char *name, int flags, mode_t mode)
{
	static bool has_openat2 = true;
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	for (int attempt = 0; has_openat2 && attempt < 8; attempt++) {
		int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR && errno != ENOSYS))
			return fd;
		has_openat2 = errno != ENOSYS;
	}
	return openat(dir, name, flags, mode);
}

rv_status rv_place_open(int dir, const char *name, int flags, mode_t mode, int *out_fd,
			struct rv_diag *diag)
{
	int fd = open_beneath(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return rv_fail_errno(diag, "cannot open %s", name);
	*out_fd = fd;
	return RV_OK;
}

static bool is_same_moment(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

rv_status rv_held_read(int dir, const char *name, struct rv_str salt, struct rv_held *out,
		       struct rv_diag *diag)
{
	RV_CLEANUP(rv_held_done) struct rv_held held = {.fd = -1};
	struct stat after;

	/* O_NONBLOCK: a fifo put there instead must not hold us. */
	rv_status opened =
		rv_place_open(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &held.fd, diag);
	if (!rv_is_ok(opened)) {
		if (opened.errno_was == ELOOP || opened.errno_was == ENXIO)
			opened.class_id = RV_CLASS_CONFLICT;
		return opened;
	}
	if (fstat(held.fd, &held.st) != 0)
		return rv_fail_errno(diag, "cannot look at %s", name);
	if (!S_ISREG(held.st.st_mode))
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s is not a regular file", name);
	if (held.st.st_size > RV_PLACE_FILE_MAX)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s is larger than %d bytes", name,
			       RV_PLACE_FILE_MAX);
	RV_TRY(rv_secret_read_fd(held.fd, RV_PLACE_FILE_MAX, &held.content));
	if (fstat(held.fd, &after) != 0)
		return rv_fail_errno(diag, "cannot look at %s", name);
	if (!is_same_moment(&held.st, &after) ||
	    rv_secret_len(held.content) != (size_t)after.st_size)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s changed while it was read", name);
	held.keyed = rv_hmac_sha256(salt.data, salt.len, rv_secret_reveal(held.content),
				    rv_secret_len(held.content));
	*out = held;
	held = (struct rv_held){.fd = -1};
	return RV_OK;
}

static bool is_digest(const struct rv_digest *digest, struct rv_str expected)
{
	return expected.len == RV_SHA256_LEN &&
	       memcmp(digest->bytes, expected.data, RV_SHA256_LEN) == 0;
}

rv_status rv_place_classify(int dir, const char *name, struct rv_str salt, struct rv_str old_keyed,
			    struct rv_str new_keyed, enum rv_place_state *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_held_done) struct rv_held held = {.fd = -1};
	struct rv_diag why = {0};
	rv_status r = rv_held_read(dir, name, salt, &held, &why);

	if (rv_class_of(r) == RV_CLASS_NOT_FOUND) {
		*out = RV_PLACE_ABSENT;
		return RV_OK;
	}
	if (rv_class_of(r) == RV_CLASS_CONFLICT) {
		*out = RV_PLACE_FOREIGN;
		return RV_OK;
	}
	if (!rv_is_ok(r)) {
		rv_diag_set(diag, "%s", why.text);
		return r;
	}
	if (is_digest(&held.keyed, old_keyed))
		*out = RV_PLACE_OLD;
	else
		*out = is_digest(&held.keyed, new_keyed) ? RV_PLACE_NEW : RV_PLACE_FOREIGN;
	return RV_OK;
}

bool rv_place_is_mount(int fd)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx) != 0)
		return false;
	return (sx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
	       (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

rv_status rv_place_exchange(int dir, const char *a, const char *b, struct rv_diag *diag)
{
	rv_fault_point("place.exchange");
	if (renameat2(dir, a, dir, b, RENAME_EXCHANGE) == 0)
		return RV_OK;
	if (errno == EINVAL || errno == ENOSYS)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the file system of %s cannot exchange two names", a);
	return rv_fail_errno(diag, "cannot exchange %s", a);
}

rv_status rv_place_sync_dir(int dir, struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	rv_fault_point("place.sync_dir");
	if (fd < 0 || fsync(fd) != 0)
		return rv_fail_errno(diag, "cannot make the directory durable");
	return RV_OK;
}

static rv_status overwrite(int fd, off_t size, struct rv_diag *diag)
{
	static const uint8_t zeros[4096];

	for (off_t at = 0; at < size;) {
		off_t left = size - at;
		size_t n = left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);
		ssize_t put = pwrite(fd, zeros, n, at);
		if (put < 0 && errno != EINTR)
			return rv_fail_errno(diag, "cannot overwrite");
		at += put > 0 ? put : 0;
	}
	if (fsync(fd) != 0)
		return rv_fail_errno(diag, "cannot overwrite");
	return RV_OK;
}

rv_status rv_place_shred(int dir, const char *name, const char *doomed, struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	struct stat st;

	/* Half overwritten it would be neither old nor new: it goes by the name that is always ours
	 * to remove before the first byte is lost. */
	rv_fault_point("place.doom");
	if (strcmp(name, doomed) != 0 && renameat(dir, name, dir, doomed) != 0 && errno != ENOENT)
		return rv_fail_errno(diag, "cannot remove %s", name);
	name = doomed;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return RV_OK;
		return rv_fail_errno(diag, "cannot look at %s", name);
	}
	/* Overwriting is the better half of the work, unlinking the needed one: a file that may not
	 * be written (read-only mode, copy-on-write store) is still removed. */
	if (S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    rv_is_ok(rv_place_open(dir, name, O_WRONLY | O_NONBLOCK, 0, &fd, NULL)) &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
		(void)rv_is_ok(overwrite(fd, st.st_size, NULL)); /* see above */
	rv_fault_point("place.unlink");
	if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
		return rv_fail_errno(diag, "cannot remove %s", name);
	return RV_OK;
}
