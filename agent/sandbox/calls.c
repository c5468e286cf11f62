/* sandbox: the system calls by name. Which jail gets which list is in seccomp.c; calls whose
 * arguments are looked at are there too. A name unknown on this architecture is passed over. */
#include "agent/sandbox/walls.h"

/* Memory, time, signals to oneself, and talking on the descriptors that are there. Nothing here
 * takes a path or makes a socket. */
const char *const rv_calls_common[] = {"brk",
				       "clock_getres",
				       "clock_gettime",
				       "clock_nanosleep",
				       "close",
				       "close_range",
				       "dup",
				       "epoll_create1",
				       "epoll_ctl",
				       "epoll_pwait",
				       "epoll_pwait2",
				       "epoll_wait",
				       "eventfd2",
				       "exit",
				       "exit_group",
				       "fcntl",
				       "fstat",
				       "fstatfs",
				       "ftruncate",
				       "futex",
				       "getegid",
				       "geteuid",
				       "getgid",
				       "getpid",
				       "getppid",
				       "getrandom",
				       "getresgid",
				       "getresuid",
				       "getrlimit",
				       "getrusage",
				       "getsockopt",
				       "gettid",
				       "gettimeofday",
				       "getuid",
				       "lseek",
				       "madvise",
				       "membarrier",
				       "memfd_create",
				       "mlock",
				       "mlock2",
				       "mremap",
				       "munlock",
				       "munmap",
				       "nanosleep",
				       "pipe2",
				       "poll",
				       "ppoll",
				       "pread64",
				       "preadv",
				       "read",
				       "readv",
				       "recvfrom",
				       "recvmsg",
				       "restart_syscall",
				       "rseq",
				       "rt_sigaction",
				       "rt_sigpending",
				       "rt_sigprocmask",
				       "rt_sigreturn",
				       "rt_sigtimedwait",
				       "sched_getaffinity",
				       "sched_yield",
				       "sendmsg",
				       "sendto",
				       "set_robust_list",
				       "shutdown",
				       "sigaltstack",
				       "signalfd4",
				       "sysinfo",
				       "time",
				       "timerfd_create",
				       "timerfd_gettime",
				       "timerfd_settime",
				       "times",
				       "uname",
				       "write",
				       "writev",
				       NULL};

/* Landlock judges each of these by path; how a file may be opened is seccomp.c's to say. What it
 * does not judge (chmod, chown, truncate before ABI 3, setxattr by path) is not here: those go by
 * descriptor, fchmod in jails of their own. */
const char *const rv_calls_files[] = {
	"access",    "creat",	  "faccessat", "faccessat2",	  "fadvise64",	"fallocate",
	"fdatasync", "flock",	  "fsync",     "getcwd",	  "getdents64", "linkat",
	"lstat",     "mkdir",	  "mkdirat",   "newfstatat",	  "open",	"openat",
	"openat2",   "pwrite64",  "pwritev",   "readlink",	  "readlinkat", "rename",
	"renameat",  "renameat2", "rmdir",     "sendfile",	  "stat",	"statfs",
	"statx",     "symlink",	  "symlinkat", "sync_file_range", "umask",	"unlink",
	"unlinkat",  NULL};

const char *const rv_calls_looking[] = {
	"access",     "faccessat", "faccessat2", "fadvise64", "getcwd", "getdents64", "lstat",
	"newfstatat", "readlink",  "readlinkat", "stat",      "statfs", "statx",      NULL};

const char *const rv_calls_connected[] = {"getpeername", "getsockname", "recvmmsg",
					  "sendmmsg",	 "setsockopt",	NULL};

/* Threads: libcurl resolves names in one. clone itself is checked, clone3 answers ENOSYS. */
const char *const rv_calls_networking[] = {"connect", "sched_get_priority_max",
					   "sched_get_priority_min", NULL};

const char *const rv_calls_attributes[] = {
	"copy_file_range", "fchown", "fgetxattr", "flistxattr", "fremovexattr", "fsetxattr", NULL};
