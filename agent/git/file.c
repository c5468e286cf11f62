/* git: opens files of a repository so that a FIFO, a device or a directory there does no harm. */
#include "agent/git/file.h"

#include "agent/base/fd.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

static rv_status open_regular(const char *path, int *out_fd, size_t *out_len)
{
	RV_CLEANUP(rv_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return rv_fail_errno(NULL, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return (rv_status){RV_CLASS_MALFORMED, 0};
	*out_len = (size_t)st.st_size;
	*out_fd = RV_TAKE_FD(fd);
	return RV_OK;
}

rv_status rv_git_map(const char *path, const uint8_t **out_data, size_t *out_len)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	size_t len = 0;
	void *data = NULL;

	RV_TRY(open_regular(path, &fd, &len));
	if (len > 0) {
		data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED)
			return rv_fail_errno(NULL, "%s", path);
	}
	*out_data = data;
	*out_len = len;
	return RV_OK;
}

void rv_git_unmap(const uint8_t *data, size_t len)
{
	void *place;

	if (!data)
		return;
	memcpy(&place, &data, sizeof(place)); /* munmap takes what mmap gave, not const */
	(void)munmap(place, len);	      /* our own mapping */
}

rv_status rv_git_slurp(const char *path, struct rv_buf *out)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	size_t len = 0;

	RV_TRY(open_regular(path, &fd, &len));
	if (len > out->max)
		return (rv_status){RV_CLASS_EXHAUSTED, 0}; /* none of it is read first */
	return rv_fd_read_all(fd, out, NULL);
}

bool rv_git_path(char *out, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(out, size, fmt, args);
	va_end(args);
	return len >= 0 && (size_t)len < size;
}

bool rv_git_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

void rv_git_dir_closep(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir); /* only reading */
}
