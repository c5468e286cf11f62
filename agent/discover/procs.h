/* discover (open side): what /proc says of a process that holds a listening socket. Not here:
 * sockets (listeners.h). The parsers are pure. */
#pragma once

#include "agent/model/finding.h"

struct rv_proc {
	uint32_t pid;
	uint32_t ppid;
	uint32_t uid;
	int64_t started_us; /* CLOCK_BOOTTIME; the kernel tells it in hundredths of a second */
	char exe[RV_PATH_MAX + 1];  /* empty when not to be seen; without " (deleted)" */
	char unit[RV_NAME_MAX + 1]; /* the last component of its cgroup that is a unit; or empty */
};

/* Everything about /proc/PID (open as dir_fd). NOT_FOUND when it has gone. */
RV_NODISCARD rv_status rv_proc_read(int dir_fd, uint32_t pid, struct rv_proc *out);
/* The parent and start (in ticks) from the text of /proc/PID/stat; names may hold ") ". */
bool rv_proc_parse_stat(struct rv_str stat, uint32_t *out_ppid, uint64_t *out_ticks);
/* The unit from the text of /proc/PID/cgroup (borrowed): v2, else the systemd hierarchy. */
struct rv_str rv_proc_parse_cgroup(struct rv_str cgroup);
/* Does the text of an epoll descriptor's fdinfo name this inode? */
bool rv_proc_epoll_has(struct rv_str fdinfo, uint64_t inode);
/* Could a thread that stands in this system call take a connection from descriptor fd? `text` is
 * /proc/PID/task/TID/syscall. True when it is not known. */
bool rv_proc_may_accept(struct rv_str text, int fd);
/* Is the process shown not to accept from its descriptor `fd` of socket `inode`? It does when one
 * of its epoll sets has it, or a thread may (see above). */
bool rv_proc_accepts(int dir_fd, int fd, uint64_t inode);
/* Reads the file into out (at most its max), replacing what is there. */
RV_NODISCARD rv_status rv_proc_text(int dir_fd, const char *name, struct rv_buf *out);
