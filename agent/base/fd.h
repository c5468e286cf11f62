/* base: file descriptors owned like memory. Not here: sockets of the roles (ipc/). */
#pragma once

#include "agent/base/buf.h"

#include <sys/types.h>

/* Closes *fd when >= 0 and leaves -1; for RV_CLEANUP. Keeps errno. */
void rv_fd_closep(int *fd);
/* Room to read files into; free() it; NULL: no memory. It begins where a page does: there the
 * kernel copies whole pages with `rep movsb` a third to a half faster than to malloc's 16 bytes
 * further on (measured on 48,000 cached files: 0.39 s of CPU time to 0.54). */
void *rv_read_room(size_t size);
/* Writes all bytes or fails; restarts after EINTR and short writes. */
RV_NODISCARD rv_status rv_fd_write_all(int fd, const void *bytes, size_t len, struct rv_diag *diag);
/* Reads from the current offset to the end, at most out->max (EXHAUSTED past it). */
RV_NODISCARD rv_status rv_fd_read_all(int fd, struct rv_buf *out, struct rv_diag *diag);
/* Up to `len` bytes at `offset`, whose place in the file does not move; *out_len is less only at
 * the end of the file. */
RV_NODISCARD rv_status rv_fd_read_at(int fd, void *out, size_t len, uint64_t offset,
				     size_t *out_len, struct rv_diag *diag);
/* Opens (O_RDONLY|O_CLOEXEC|O_NOFOLLOW is NOT implied), checks for a regular file of at most
 * `max` bytes, and reads it whole. For configuration, never for scanned files. */
RV_NODISCARD rv_status rv_file_read(const char *path, size_t max, struct rv_buf *out,
				    struct rv_diag *diag);
/* Replaces `path` whole: temp file in the same directory (O_EXCL, `mode`), fsync, rename, fsync of
 * the directory. On failure the old file is untouched and no temp file stays. */
RV_NODISCARD rv_status rv_file_replace(const char *path, const void *bytes, size_t len, mode_t mode,
				       struct rv_diag *diag);
/* A sealed memfd (no grow, shrink, write) with the given bytes: *gives* the fd in *out_fd. */
RV_NODISCARD rv_status rv_memfd_sealed(const char *name, const void *bytes, size_t len,
				       int *out_fd);
