/* tests: the acts. Each is what an attacker inside a role would try first. */
#include "sandbox/trespass.h"

#include "agent/base/fd.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(who)  (1U << (who))
#define PLUGHOSTS (BIT(WHO_PLUGHOST_NONE) | BIT(WHO_PLUGHOST_LOOPBACK) | BIT(WHO_PLUGHOST_NET))
#define PLACES	  (BIT(WHO_PLACE) | BIT(WHO_PLACE_ROOT))
#define INTERNET  (BIT(WHO_PLUGHOST_NET) | BIT(WHO_REPORT))
#define NOBODY	  0U

static int result(bool is_done)
{
	return is_done ? 0 : errno;
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int e = result(fd >= 0);

	if (fd >= 0)
		(void)close(fd);
	return e;
}

static int read_a_file(const struct ground *g)
{
	return open_file(g->readable, O_RDONLY);
}

static int write_a_file(const struct ground *g)
{
	return open_file(g->readable, O_WRONLY);
}

static void in_directory(const struct ground *g, const char *dir, const char *name, char out[512])
{
	(void)snprintf(out, 512, "%s/%s-%d", dir, name, (int)getpid());
	(void)g; /* for symmetry of the callers */
}

static int create_a_file(const struct ground *g)
{
	char path[512];

	in_directory(g, g->directory, "made", path);
	return open_file(path, O_WRONLY | O_CREAT | O_EXCL);
}

static int truncate_a_file(const struct ground *g)
{
	return result(truncate(g->readable, 0) == 0);
}

/* The access mode 3 asks for neither reading nor writing: before ABI 3 Landlock asks nothing. */
static int empty_a_file(const struct ground *g)
{
	return open_file(g->readable, O_ACCMODE | O_TRUNC);
}

/* Opened for reading in a directory that it may read and write, and emptied by that. */
static int empty_what_it_reads(const struct ground *g)
{
	char path[512];

	in_directory(g, g->granted, "kept", path);
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return open_file(path, O_RDONLY | O_TRUNC);
}

static int make_a_directory(const struct ground *g)
{
	char path[512];

	in_directory(g, g->directory, "dir", path);
	return result(mkdir(path, 0700) == 0);
}

static int make_a_link(const struct ground *g)
{
	char path[512];

	in_directory(g, g->directory, "link", path);
	return result(symlink("/etc/shadow", path) == 0);
}

static int list_a_directory(const struct ground *g)
{
	return open_file(g->directory, O_RDONLY | O_DIRECTORY);
}

static int use_granted_directory(const struct ground *g)
{
	char path[512], other[512];

	in_directory(g, g->granted, "staged", path);
	in_directory(g, g->granted, "live", other);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	bool ok = write(fd, "x", 1) == 1 && fsync(fd) == 0 && fchmod(fd, 0640) == 0 &&
		  close(fd) == 0 && renameat2(AT_FDCWD, path, AT_FDCWD, other, 0) == 0 &&
		  unlink(other) == 0;

	return result(ok);
}

static int connect_internet(const struct ground *g)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(g->port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return result(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0);
}

static int listen_internet(const struct ground *g)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)g; /* any port */
	return result(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0);
}

static int connect_local(const struct ground *g)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, g->socket, strlen(g->socket));
	return result(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0);
}

static int local_socket(const struct ground *g)
{
	(void)g; /* the socket alone */
	return result(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
}

static int netlink_socket(const struct ground *g)
{
	(void)g; /* the socket alone */
	return result(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_ROUTE) >= 0);
}

static int raw_socket(const struct ground *g)
{
	(void)g; /* the socket alone */
	return result(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP) >= 0);
}

static int execute(const struct ground *g)
{
	static char name[] = "program";
	char *const argv[] = {name, NULL};
	char *const environment[] = {NULL};

	(void)execve(g->program, argv, environment); /* ends with 0 when it works */
	return errno;
}

static int fork_a_child(const struct ground *g)
{
	(void)g; /* no ground */
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

static int trace(const struct ground *g)
{
	return result(ptrace(PTRACE_SEIZE, g->sibling, NULL, NULL) == 0);
}

static int read_memory(const struct ground *g)
{
	static char there;
	char here;
	struct iovec local = {&here, 1}, remote = {&there, 1}; /* a fork: the same address */

	return result(process_vm_readv(g->sibling, &local, 1, &remote, 1, 0) == 1);
}

static int kill_another(const struct ground *g)
{
	return result(kill(g->sibling, SIGURG) == 0); /* ignored by default: it stays for others */
}

static int become_root(const struct ground *g)
{
	(void)g; /* no ground */
	return result(setuid(0) == 0);
}

static int new_namespace(const struct ground *g)
{
	(void)g; /* no ground */
	return result(unshare(CLONE_NEWUSER) == 0);
}

static int change_mode(const struct ground *g)
{
	return result(chmod(g->readable, 0666) == 0);
}

static int load_code(const struct ground *g)
{
	(void)g; /* anonymous memory */
	return result(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

/* How plughost loads its plugin: after confinement, from the sealed memfd. The report may load the
 * C library's resolver modules, so it can too. */
static int load_plugin(const struct ground *g)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", g->library_fd);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return EACCES; /* dlopen() gives a text, no errno to rely on */
	int (*answer)(void) = NULL;
	void *symbol = dlsym(handle, "answer");

	memcpy(&answer, &symbol, sizeof(symbol));
	return answer && answer() == 42 ? 0 : EPROTO;
}

static int load_library_from_disk(const struct ground *g)
{
	return dlopen(g->library, RTLD_NOW | RTLD_LOCAL) ? 0 : EACCES;
}

const struct act acts[] = {
	{"open a file to read", read_a_file, BIT(WHO_OPEN), false},
	{"open a file to write", write_a_file, NOBODY, false},
	{"create a file", create_a_file, NOBODY, false},
	{"truncate a file", truncate_a_file, NOBODY, false},
	{"empty a file without access", empty_a_file, NOBODY, false},
	{"empty a file that it reads", empty_what_it_reads, NOBODY, false},
	{"change a file's mode", change_mode, NOBODY, true},
	{"make a directory", make_a_directory, NOBODY, false},
	{"make a symbolic link", make_a_link, NOBODY, false},
	{"list a directory", list_a_directory, BIT(WHO_OPEN), false},
	{"stage and swap in its own directory", use_granted_directory,
	 PLACES | BIT(WHO_ENGINE) | BIT(WHO_REPORT), false},
	{"connect AF_INET", connect_internet, INTERNET, false},
	{"bind AF_INET", listen_internet, NOBODY, false},
	{"socket AF_UNIX", local_socket, NOBODY, false},
	{"connect AF_UNIX", connect_local, NOBODY, false},
	{"socket AF_NETLINK", netlink_socket, NOBODY, false},
	{"socket raw", raw_socket, NOBODY, true},
	{"exec", execute, NOBODY, false},
	{"fork", fork_a_child, NOBODY, false},
	{"ptrace another", trace, NOBODY, false},
	{"read another's memory", read_memory, NOBODY, false},
	{"kill another", kill_another, NOBODY, false},
	{"setuid(0)", become_root, NOBODY, true},
	{"unshare a namespace", new_namespace, NOBODY, false},
	{"map writable code", load_code, PLUGHOSTS | BIT(WHO_REPORT), false},
	{"load code from a memfd", load_plugin, PLUGHOSTS | BIT(WHO_REPORT), false},
	{"load a library from elsewhere", load_library_from_disk, NOBODY, false},
};
const size_t act_count = RV_LEN(acts);
