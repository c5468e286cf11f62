/* tests: runs a command and tells its time and memory. Small, so that the child's peak is its own:
 */
/* between fork and exec the parent's pages count, and those of an interpreter are 10 MB and more.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLE_MS = 5, STATUS_BYTES = 4096 };

static const char usage[] =
	"usage: meter [-a] [-d DIR] [-o FILE] [-t SECONDS] COMMAND [ARGUMENT...]\n"
	"Prints: exit code (or -signal), wall s, user s, system s, peak RSS KiB, peak anonymous "
	"KiB.\n"
	"The times are those of the command and of all it waited for; the peak is that of the "
	"largest\n"
	"process. -a: sample the command's own anonymous memory every 5 ms (0 without);\n"
	"-d: run in DIR; -o: its output goes to FILE (else nowhere); -t: SIGKILL to its group "
	"after that.\n";

struct options {
	bool anon;
	const char *dir;
	const char *output;
	long timeout_s;
};

static double now_s(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double seconds(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

/* The number after `key` in /proc/PID/status, 0 when the process is gone. */
static long status_kib(pid_t pid, const char *key)
{
	char path[64];
	char text[STATUS_BYTES];
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid); /* always fits */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	const char *at = strstr(text, key);
	return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

static _Noreturn void child(const struct options *options, char **command)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	int in = open("/dev/null", O_RDONLY);
	int null = open("/dev/null", O_WRONLY);
	int out =
		options->output ? open(options->output, O_WRONLY | O_CREAT | O_TRUNC, 0600) : null;
	if (in < 0 || null < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(127);
	if (options->dir && chdir(options->dir) < 0)
		_exit(127);
	if (dup2(null, 2) < 0)
		_exit(127);
	for (int fd = 3; fd < 16; fd++)
		close(fd);
	execvp(command[0], command);
	_exit(127);
}

/* Waits for the child, sampling and watching the clock when asked to; the peak of its anonymous
 * memory. */
static long wait_for(pid_t pid, const struct options *options, double started, int *out_status,
		     struct rusage *out_usage)
{
	sigset_t chld;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	long ms = options->anon ? SAMPLE_MS : 1000;
	struct timespec step = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
	long peak = 0;
	for (;;) {
		pid_t got = wait4(pid, out_status, WNOHANG, out_usage);
		if (got == pid || (got < 0 && errno != EINTR))
			return peak;
		if (options->anon) {
			long kib = status_kib(pid, "RssAnon:");
			peak = kib > peak ? kib : peak;
		}
		if (options->timeout_s && now_s() - started > (double)options->timeout_s)
			kill(-pid, SIGKILL);
		(void)sigtimedwait(&chld, NULL, &step); /* a timeout is the next sample */
	}
}

static bool parse(int argc, char **argv, struct options *out_options)
{
	for (int c; (c = getopt(argc, argv, "+ad:o:t:")) != -1;) {
		switch (c) {
		case 'a':
			out_options->anon = true;
			break;
		case 'd':
			out_options->dir = optarg;
			break;
		case 'o':
			out_options->output = optarg;
			break;
		case 't':
			out_options->timeout_s = strtol(optarg, NULL, 10);
			break;
		default:
			return false;
		}
	}
	return optind < argc;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	if (!parse(argc, argv, &options)) {
		fputs(usage, stderr);
		return 2;
	}
	sigset_t chld;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	double started = now_s();
	pid_t pid = fork();
	if (pid < 0)
		return 2;
	if (pid == 0)
		child(&options, argv + optind);
	int status = 0;
	struct rusage used;
	long anon = wait_for(pid, &options, started, &status, &used);
	double wall = now_s() - started;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	printf("%d %.6f %.6f %.6f %ld %ld\n", code, wall, seconds(used.ru_utime),
	       seconds(used.ru_stime), used.ru_maxrss, anon);
	return 0;
}
