/* tests: every role against every forbidden act. Each act is tried twice: by a process of the same
 * user without walls, where it must succeed (or the test would prove nothing), and by one that
 * started as that role does, where it must be refused. What a role needs is tried likewise, and
 * must work. Prints the whole matrix. Usage: sandbox_test [--abi N]. */
#include "sandbox/trespass.h"

#include "agent/base/fd.h"
#include "support/dir.h"
#include "support/run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS	10000
#define ROLE_UID	60630
#define COULD_NOT_START 200 /* exit code: above every errno we name */

struct jail {
	const char *name;
	enum rv_role role;
	const char *profile;
	bool is_root; /* keeps uid 0 */
};

static const struct jail jails[WHO__COUNT] = {
	[WHO_ENGINE] = {"engine", RV_ROLE_ENGINE, NULL, false},
	[WHO_OPEN] = {"open", RV_ROLE_OPEN, NULL, false},
	[WHO_DISCOVER] = {"discover", RV_ROLE_DISCOVER, NULL, false},
	[WHO_BROKER] = {"broker", RV_ROLE_BROKER, NULL, false},
	[WHO_PLUGHOST_NONE] = {"plughost none", RV_ROLE_PLUGHOST, "profile=none", false},
	[WHO_PLUGHOST_LOOPBACK] = {"plughost loopback", RV_ROLE_PLUGHOST, "profile=loopback",
				   false},
	[WHO_PLUGHOST_NET] = {"plughost net", RV_ROLE_PLUGHOST, "profile=net", false},
	[WHO_PLACE] = {"place", RV_ROLE_PLACE, NULL, false},
	[WHO_PLACE_ROOT] = {"place for root", RV_ROLE_PLACE, NULL, true},
	[WHO_REPORT] = {"report", RV_ROLE_REPORT, NULL, false},
};

static const char *abi = "0";

/* --- the two ways to try --- */

static uint32_t uid_of(const struct jail *jail)
{
	if (geteuid() != 0)
		return geteuid();
	return jail->is_root ? 0 : ROLE_UID;
}

static void become_user_only(const struct jail *jail)
{
	uint32_t id = uid_of(jail);

	if (geteuid() != 0 || id == 0)
		return;
	if (setgroups(0, NULL) != 0 || setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0)
		_exit(COULD_NOT_START);
}

static void start_role(const struct jail *jail, const struct ground *g)
{
	char granted_dir[300], state[300], identity[300], uid[16], sup[16], engine[16], cap[16];
	char *argv[32] = {sup};
	int argc = 1, a[2], b[2];
	struct rv_role_args args;
	struct rv_channel *sup_channel, *engine_channel;
	struct rv_diag diag = {0};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, a) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, b) != 0)
		_exit(COULD_NOT_START);
	(void)snprintf(sup, sizeof(sup), "%d", a[0]);
	(void)snprintf(engine, sizeof(engine), "%d", b[0]);
	(void)snprintf(cap, sizeof(cap), "%s", abi);
	(void)snprintf(uid, sizeof(uid), "%u", uid_of(jail));
	(void)snprintf(granted_dir, sizeof(granted_dir), "%d:%s", g->granted_fd, g->granted);
	(void)snprintf(state, sizeof(state), "state=%s", g->granted);
	(void)snprintf(identity, sizeof(identity), "identity=%s", g->granted);
#define ADD(option, value) (argv[argc++] = (option), argv[argc++] = (value))
	static char o_sup[] = "--sup", o_engine[] = "--engine", o_abi[] = "--abi",
		    o_uid[] = "--uid", o_gid[] = "--gid", o_set[] = "--set", o_dir[] = "--dir";
	static char profile[32];

	ADD(o_sup, sup);
	ADD(o_engine, engine);
	ADD(o_abi, cap);
	if (geteuid() == 0) {
		ADD(o_uid, uid);
		ADD(o_gid, uid);
	}
	if (jail->role == RV_ROLE_ENGINE)
		ADD(o_set, state);
	if (jail->role == RV_ROLE_REPORT)
		ADD(o_set, identity);
	if (jail->role == RV_ROLE_PLACE)
		ADD(o_dir, granted_dir);
	if (jail->profile) {
		(void)snprintf(profile, sizeof(profile), "%s", jail->profile);
		ADD(o_set, profile);
	}
#undef ADD
	rv_status s =
		rv_role_start(argc, argv, jail->role, &args, &sup_channel, &engine_channel, &diag);

	if (!rv_is_ok(s)) {
		(void)rv_role_failed(s, &diag);
		_exit(COULD_NOT_START);
	}
}

/* One try in a process of its own: 0 done, an errno, or 128 + signal and beyond. */
static int try_it(const struct jail *jail, const struct act *act, const struct ground *g,
		  bool with_walls)
{
	pid_t pid = fork();

	if (pid < 0)
		rvt_die("fork");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (with_walls)
			start_role(jail, g);
		else if (!act->needs_root)
			become_user_only(jail);
		_exit(act->perform(g));
	}
	return rvt_wait(pid, PATIENCE_MS);
}

/* --- judging --- */

static bool is_refusal(int code)
{
	return code == 128 + SIGSYS || code == EPERM || code == EACCES || code == EROFS ||
	       code == ENOSYS || code == EAFNOSUPPORT;
}

static const char *name_of(int code)
{
	if (code == 0)
		return "done";
	if (code == 128 + SIGSYS)
		return "killed by SIGSYS";
	if (code == COULD_NOT_START)
		return "did not start";
	return code > 0 && code < 128 ? strerrorname_np(code) : "ended otherwise";
}

struct tally {
	unsigned refused, allowed, skipped, wrong;
};

static void judge(enum who who, const struct act *act, const struct ground *g, struct tally *t)
{
	const struct jail *jail = &jails[who];
	bool may = (act->allowed & (1U << who)) != 0;
	const char *verdict = "ok";

	if (geteuid() != 0 && (act->needs_root || jail->is_root)) {
		(void)printf("%-18s %-36s skipped: needs root to be possible at all\n", jail->name,
			     act->name);
		t->skipped++;
		return;
	}
	int without = try_it(jail, act, g, false);
	int with = try_it(jail, act, g, true);

	if (without != 0)
		verdict = "WRONG: impossible even without walls";
	else if (may && with != 0)
		verdict = "WRONG: this role needs it";
	else if (!may && !is_refusal(with))
		verdict = "WRONG: not refused";
	if (strcmp(verdict, "ok") != 0)
		t->wrong++;
	else if (may)
		t->allowed++;
	else
		t->refused++;
	(void)printf("%-18s %-36s %-17s (without walls: %s) %s\n", jail->name, act->name,
		     name_of(with), name_of(without), verdict);
	(void)fflush(stdout);
}

/* --- the ground --- */

static void listen_local(struct ground *g)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, g->socket, strlen(g->socket));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    chmod(g->socket, 0777) != 0 || listen(fd, 128) != 0)
		rvt_die("listening at %s", g->socket);
}

/* A process of the role's user that does nothing, may be traced and dies with us. */
static pid_t start_sibling(const struct jail *jail)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) != 0)
		rvt_die("pipe");
	pid_t pid = fork();

	if (pid == 0) {
		become_user_only(jail);
		(void)prctl(PR_SET_DUMPABLE, 1);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], "r", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		rvt_die("no sibling");
	(void)close(ready[0]);
	return pid;
}

static int library_memfd(void)
{
	struct rv_buf image = rvt_file_read(ANSWER_PATH);
	int fd = -1;

	if (!rv_is_ok(rv_memfd_sealed("answer", image.data, image.len, &fd)))
		rvt_die("memfd");
	rv_buf_done(&image);
	return fd;
}

static void open_to_all(const char *path, mode_t mode)
{
	if (chmod(path, mode) != 0)
		rvt_die("chmod %s", path);
}

static void path_in(const struct rvt_dir *dir, const char *name, char out[256])
{
	char path[RVT_PATH];

	rvt_dir_path(dir, name, path);
	if (strlen(path) > 100)
		rvt_die("%s is too long for a socket's name", path);
	memcpy(out, path, strlen(path) + 1);
}

static void lay_out(const struct rvt_dir *dir, struct ground *g)
{
	struct rv_buf image = rvt_file_read(ANSWER_PATH);

	open_to_all(dir->path, 0755);
	rvt_dir_write_text(dir, "file", "for everyone\n");
	rvt_dir_make(dir, "outside", 0777);
	rvt_dir_make(dir, "granted", 0777);
	rvt_dir_write(dir, "outside/answer.so", image.data, image.len, 0755);
	rv_buf_done(&image);
	path_in(dir, "file", g->readable);
	path_in(dir, "outside", g->directory);
	path_in(dir, "granted", g->granted);
	path_in(dir, "outside/answer.so", g->library);
	path_in(dir, "s", g->socket);
	open_to_all(g->readable, 0666);
	open_to_all(g->directory, 0777);
	open_to_all(g->granted, 0777);
	(void)snprintf(g->program, sizeof(g->program), "/bin/true");
	listen_local(g);
	(void)rvt_listen(&g->port); /* stays open to the end */
	g->library_fd = library_memfd();
	g->granted_fd = open(g->granted, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct rvt_dir dir;
	struct ground g = {0};
	struct tally t = {0};

	if (argc == 3 && strcmp(argv[1], "--abi") == 0)
		abi = argv[2];
	rvt_dir_init(&dir);
	lay_out(&dir, &g);
	(void)printf("uid %u, Landlock ABI at most %s\n", geteuid(), abi);
	for (unsigned who = 0; who < WHO__COUNT; who++) {
		g.sibling = start_sibling(&jails[who]);
		for (size_t i = 0; i < act_count; i++)
			judge((enum who)who, &acts[i], &g, &t);
		(void)rvt_stop(g.sibling, PATIENCE_MS);
	}
	rvt_dir_done(&dir);
	(void)printf("%u refused, %u allowed as needed, %u skipped, %u wrong\n", t.refused,
		     t.allowed, t.skipped, t.wrong);
	return t.wrong == 0 ? 0 : 1;
}
