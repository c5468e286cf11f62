/* discover (open side): /proc of one process. */
#include "agent/discover/procs.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_BYTES	  65536
#define THREADS_LOOKED_AT 64

rv_status rv_proc_text(int dir_fd, const char *name, struct rv_buf *out)
{
	rv_buf_reset(out);
	RV_CLEANUP(rv_fd_closep) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rv_fail_errno(NULL, "open");
	return rv_fd_read_all(fd, out, NULL);
}

bool rv_proc_parse_stat(struct rv_str stat, uint32_t *out_ppid, uint64_t *out_ticks)
{
	const uint8_t *paren = stat.len > 0 ? memrchr(stat.data, ')', stat.len) : NULL;
	uint64_t fields[20] = {0};
	size_t n = 0;

	if (!paren)
		return false;
	const uint8_t *p = paren + 1;
	const uint8_t *end = stat.data + stat.len;
	/* Behind the name: state is field 3, ppid 4, starttime 22. */
	while (p < end && n < 20) {
		while (p < end && isspace(*p))
			p++;
		uint64_t v = 0;

		for (; p < end && !isspace(*p); p++)
			v = isdigit(*p) ? v * 10 + (uint64_t)(*p - '0') : v;
		fields[n++] = v;
	}
	if (n < 20)
		return false;
	*out_ppid = (uint32_t)fields[1];
	*out_ticks = fields[19];
	return true;
}

static bool is_unit(struct rv_str name)
{
	return rv_str_ends_with(name, ".service") || rv_str_ends_with(name, ".socket") ||
	       rv_str_ends_with(name, ".scope");
}

static struct rv_str last_unit(struct rv_str path)
{
	while (path.len > 0) {
		size_t start = path.len;

		while (start > 0 && path.data[start - 1] != '/')
			start--;
		struct rv_str name = {path.data + start, path.len - start};
		if (is_unit(name))
			return name;
		path.len = start > 0 ? start - 1 : 0;
	}
	return RV_STR_NONE;
}

struct rv_str rv_proc_parse_cgroup(struct rv_str cgroup)
{
	struct rv_str found = RV_STR_NONE;

	while (cgroup.len > 0) {
		const uint8_t *end = memchr(cgroup.data, '\n', cgroup.len);
		size_t len = end ? (size_t)(end - cgroup.data) : cgroup.len;
		size_t step = end ? len + 1 : len;
		struct rv_str line = {cgroup.data, len};
		const uint8_t *slash = memchr(line.data, '/', line.len);

		cgroup = (struct rv_str){cgroup.data + step, cgroup.len - step};
		if (!slash)
			continue;
		bool is_v2 = rv_str_starts_with(line, "0::");
		bool is_systemd = memmem(line.data, (size_t)(slash - line.data),
					 ":name=systemd:", 14) != NULL;
		if (!is_v2 && !is_systemd)
			continue;
		struct rv_str unit =
			last_unit((struct rv_str){slash, line.len - (size_t)(slash - line.data)});
		if (unit.len > 0 && unit.len <= RV_NAME_MAX)
			found = unit;
	}
	return found;
}

bool rv_proc_epoll_has(struct rv_str fdinfo, uint64_t inode)
{
	char want[64];

	(void)snprintf(want, sizeof(want), " ino:%llx ", (unsigned long long)inode); /* fits */
	return fdinfo.len > 0 && memmem(fdinfo.data, fdinfo.len, want, strlen(want)) != NULL;
}

bool rv_proc_may_accept(struct rv_str text, int fd)
{
	char number[32] = "";
	size_t n = text.len < sizeof(number) - 1 ? text.len : sizeof(number) - 1;

	memcpy(number, text.data, n);
	if (!isdigit((unsigned char)number[0]))
		return true; /* "running", or not to be seen */
	char *end = NULL;
	long call = strtol(number, &end, 10);
	switch (call) {
	case SYS_rt_sigsuspend: /* nginx's master waits here */
	case SYS_wait4:
	case SYS_waitid:
	case SYS_epoll_pwait: /* on sets that do not have the socket */
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
	case SYS_pause:
#endif
		return false;
	case SYS_accept:
	case SYS_accept4:
		return strtol(end, NULL, 16) == fd;
	default: /* poll, select, io_uring, a lock before accept: it may */
		return true;
	}
}

static bool is_in_epoll(int dir_fd, uint64_t inode, struct rv_buf *text)
{
	RV_CLEANUP(rv_fd_closep)
	int fds = openat(dir_fd, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fds >= 0 ? fdopendir(fds) : NULL;
	const struct dirent *entry = NULL;
	bool has = false;

	if (!dir)
		return false;
	(void)RV_TAKE_FD(fds); /* the stream has it now */
	while (!has && (entry = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    rv_is_ok(rv_proc_text(dirfd(dir), entry->d_name, text)))
			has = rv_proc_epoll_has(rv_buf_view(text), inode);
	}
	(void)closedir(dir); /* read-only */
	return has;
}

static bool has_ready_thread(int dir_fd, int fd, struct rv_buf *text)
{
	RV_CLEANUP(rv_fd_closep)
	int tasks = openat(dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = tasks >= 0 ? fdopendir(tasks) : NULL;
	const struct dirent *entry = NULL;
	bool may = false;
	unsigned seen = 0;

	if (!dir)
		return true;
	(void)RV_TAKE_FD(tasks); /* the stream has it now */
	while (!may && (entry = readdir(dir)) != NULL) {
		char name[300];

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		(void)snprintf(name, sizeof(name), "%s/syscall", entry->d_name); /* fits */
		may = ++seen > THREADS_LOOKED_AT ||
		      !rv_is_ok(rv_proc_text(dirfd(dir), name, text)) ||
		      rv_proc_may_accept(rv_buf_view(text), fd);
	}
	(void)closedir(dir); /* read-only */
	return may || seen == 0;
}

bool rv_proc_accepts(int dir_fd, int fd, uint64_t inode)
{
	struct rv_buf text;

	rv_buf_init(&text, TEXT_BYTES);
	bool accepts = is_in_epoll(dir_fd, inode, &text) || has_ready_thread(dir_fd, fd, &text);
	rv_buf_done(&text);
	return accepts;
}

rv_status rv_proc_read(int dir_fd, uint32_t pid, struct rv_proc *out)
{
	static const char deleted[] = " (deleted)";
	struct rv_proc proc = {.pid = pid};
	struct rv_buf text;
	struct stat st;
	uint64_t ticks = 0;

	if (fstat(dir_fd, &st) != 0)
		return rv_fail_errno(NULL, "stat");
	proc.uid = st.st_uid;
	rv_buf_init(&text, TEXT_BYTES);
	rv_status s = rv_proc_text(dir_fd, "stat", &text);
	if (rv_is_ok(s) && !rv_proc_parse_stat(rv_buf_view(&text), &proc.ppid, &ticks))
		s = rv_fail(RV_CLASS_NOT_FOUND, NULL, "no stat");
	long hz = sysconf(_SC_CLK_TCK);
	proc.started_us = (int64_t)(ticks * (uint64_t)RV_US_PER_S / (uint64_t)(hz > 0 ? hz : 100));
	if (rv_is_ok(s) && rv_is_ok(rv_proc_text(dir_fd, "cgroup", &text))) {
		struct rv_str unit = rv_proc_parse_cgroup(rv_buf_view(&text));

		if (unit.len > 0)
			memcpy(proc.unit, unit.data, unit.len);
	}
	rv_buf_done(&text);
	RV_TRY(s);
	ssize_t n = readlinkat(dir_fd, "exe", proc.exe, sizeof(proc.exe) - 1);
	proc.exe[n > 0 ? n : 0] = '\0';
	struct rv_str exe = rv_str_of(proc.exe);
	if (rv_str_ends_with(exe, deleted))
		proc.exe[exe.len - (sizeof(deleted) - 1)] = '\0';
	*out = proc;
	return RV_OK;
}
