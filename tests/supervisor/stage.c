/* tests: reeved on a stage. Not here: what is tested. */
#include "supervisor/stage.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static const char *const roles[] = {"engine",	"open",	 "discover", "broker",
				    "plughost", "place", "report"};

void stage_init(struct stage *st)
{
	char path[RVT_PATH];

	*st = (struct stage){.is_root = geteuid() == 0};
	rvt_dir_init(&st->dir);
	if (st->is_root && chmod(st->dir.path, 0711) != 0)
		rvt_die("chmod %s", st->dir.path);
	rvt_dir_make(&st->dir, "config", 0755);
	rvt_dir_make(&st->dir, "libexec", 0755);
	rvt_dir_make(&st->dir, "plugins", 0755);
	for (size_t i = 0; i < RV_LEN(roles); i++) {
		(void)snprintf(path, sizeof(path), "%s/libexec/reeve-%s", st->dir.path, roles[i]);
		if (symlink(DOUBLE_PATH, path) != 0)
			rvt_die("symlink %s", path);
	}
}

void stage_behaviour(const struct stage *st, const char *role, const char *does)
{
	char name[RVT_PATH];

	(void)snprintf(name, sizeof(name), "libexec/reeve-%s.does", role);
	rvt_dir_write(&st->dir, name, does, strlen(does), 0644);
}

void stage_grants(const struct stage *st, const char *text)
{
	rvt_dir_write(&st->dir, "config/grants", text, strlen(text), 0644);
}

/* The argv of reeved; `room` holds the texts. */
struct command {
	const char *argv[32];
	size_t argc;
	char room[8][RVT_PATH];
	size_t used;
};

static void add_dir(struct command *c, const struct stage *st, const char *option, const char *name)
{
	rvt_dir_path(&st->dir, name, c->room[c->used]);
	c->argv[c->argc++] = option;
	c->argv[c->argc++] = c->room[c->used++];
}

static void compose(struct command *c, const struct stage *st, const char *const *extra)
{
	c->argv[c->argc++] = REEVED_PATH;
	add_dir(c, st, "--config", "config");
	add_dir(c, st, "--state", "state");
	add_dir(c, st, "--run", "run");
	add_dir(c, st, "--libexec", "libexec");
	add_dir(c, st, "--plugins", "plugins");
	c->argv[c->argc++] = "--uids";
	c->argv[c->argc++] = "60610";
	for (; extra && *extra; extra++)
		c->argv[c->argc++] = *extra;
}

struct connecting {
	const struct stage *st;
	int fd;
};

/* A refused attempt leaves nothing behind in the listener's queue. */
static bool has_connected(void *user)
{
	struct connecting *c = user;
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	char path[RVT_PATH];

	rvt_dir_path(&c->st->dir, "run/control.sock", path);
	if (strlen(path) >= sizeof(to.sun_path))
		rvt_die("%s is too long for a socket", path);
	memcpy(to.sun_path, path, strlen(path));
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connect(c->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return true;
	rv_fd_closep(&c->fd);
	return false;
}

void stage_connect(struct stage *st)
{
	struct connecting c = {st, -1};

	rv_channel_freep(&st->engine);
	if (!rvt_eventually(has_connected, &c, PATIENCE_MS) ||
	    !rv_is_ok(rv_channel_new(c.fd, RV_ROLE_ENGINE, RV_ROLE_REEVED, &st->engine)))
		rvt_die("reeved opens no control socket");
}

pid_t stage_launch(const struct stage *st)
{
	struct command c = {0};

	compose(&c, st, NULL);
	return rvt_start(c.argv, -1);
}

void stage_start(struct stage *st, const char *const *extra)
{
	struct command c = {0};

	compose(&c, st, extra);
	st->reeved = rvt_start(c.argv, -1);
	stage_connect(st);
}

void stage_start_session(struct stage *st)
{
	struct command c = {0};
	int pair[2];
	char number[16];

	rv_channel_freep(&st->engine);
	compose(&c, st, NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
		rvt_die("socketpair");
	(void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	(void)snprintf(number, sizeof(number), "%d", pair[1]);
	c.argv[c.argc++] = "--once-fd";
	c.argv[c.argc++] = number;
	st->reeved = rvt_start(c.argv, -1);
	(void)close(pair[1]);
	if (!rv_is_ok(rv_channel_new(pair[0], RV_ROLE_ENGINE, RV_ROLE_REEVED, &st->engine)))
		rvt_die("channel");
}

int stage_stop(struct stage *st)
{
	int code = st->reeved > 0 ? rvt_stop(st->reeved, PATIENCE_MS) : 0;

	st->reeved = 0;
	return code;
}

void stage_done(struct stage *st)
{
	(void)stage_stop(st);
	rv_channel_freep(&st->engine);
	while (st->held_count > 0)
		rv_fd_closep(&st->held[--st->held_count]);
	rvt_dir_done(&st->dir);
}

void stage_text(struct rv_str text, char out[512])
{
	size_t len = text.len < 511 ? text.len : 511;

	memcpy(out, text.data, len);
	out[len] = '\0';
}

struct rv_rec_spawned stage_spawn(struct stage *st, uint64_t job, const struct rv_rec_spawn *ask,
				  char text[512])
{
	struct rv_frame frame = {0};
	struct rv_rec_spawned got = {0};
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_channel_call(st->engine, RV_MSG_spawn, job, ask, RV_MSG_spawned,
				      PATIENCE_MS, &frame, &diag)) ||
	    !rv_is_ok(rv_frame_body(&frame, RV_MSG_spawned, &got, &diag)))
		rvt_die("no answer to spawn: %s", diag.text);
	if (text)
		stage_text(got.text, text);
	if ((frame.fd_count == 1) != (got.outcome == RV_CLASS_OK))
		rvt_die("spawned carries %zu descriptors", frame.fd_count);
	if (frame.fd_count == 1 && st->held_count < RV_LEN(st->held))
		st->held[st->held_count++] = RV_TAKE_FD(frame.fds[0]);
	rv_frame_done(&frame);
	return got;
}
