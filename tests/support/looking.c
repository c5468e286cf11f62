/* tests: open and discover as real processes. */
#include "tests/support/looking.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "tests/support/dir.h"
#include "tests/support/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS 120000
#define NOBODY	  "65534"

static void pair(int out[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) != 0)
		rvt_die("socketpair");
}

/* A key as reeved passes it: 32 bytes to be read. */
static int key(uint8_t fill)
{
	uint8_t bytes[32];
	int fd = -1;

	memset(bytes, fill, sizeof(bytes));
	if (!rv_is_ok(rv_memfd_sealed("key", bytes, sizeof(bytes), &fd)))
		rvt_die("memfd");
	return fd;
}

/* from[i] becomes descriptor 3 + i; nothing else is passed. */
static pid_t start(const char *path, const char **argv, const int *from, size_t count)
{
	pid_t pid = fork();

	if (pid < 0)
		rvt_die("fork");
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* bounded by the test */
	int high[8];
	for (size_t i = 0; i < count; i++)
		high[i] = fcntl(from[i], F_DUPFD, 100);
	for (size_t i = 0; i < count; i++)
		(void)dup2(high[i], 3 + (int)i);	/* exec tells when it is missing */
	(void)close_range(3 + (unsigned)count, ~0U, 0); /* as above */
	char *const none[] = {NULL};
	execve(path, (char *const *)(uintptr_t)argv, none);
	_exit(127);
}

static struct rv_channel *channel(int fd, enum rv_role self, enum rv_role other)
{
	struct rv_channel *ch = NULL;

	if (!rv_is_ok(rv_channel_new(fd, self, other, &ch)))
		rvt_die("channel");
	return ch;
}

static uint64_t greet(struct rv_channel *sup, const char *who)
{
	struct rv_frame frame;
	struct rv_rec_hello hello;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_channel_receive(sup, 30000, &frame, &diag)) ||
	    !rv_is_ok(rv_frame_body(&frame, RV_MSG_hello, &hello, &diag)))
		rvt_die("%s did not start: %s", who, diag.text);
	return hello.walls;
}

void looking_start(struct looking *l, const char *bin, const char *root)
{
	bool is_root = geteuid() == 0;
	char open_path[RVT_PATH];
	char discover_path[RVT_PATH];
	int osup[2], oeng[2], dsup[2], deng[2], between[2];

	(void)snprintf(open_path, sizeof(open_path), "%s/reeve-open", bin); /* checked by exec */
	(void)snprintf(discover_path, sizeof(discover_path), "%s/reeve-discover", bin);
	pair(osup);
	pair(oeng);
	pair(dsup);
	pair(deng);
	pair(between);
	int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int fleet = key(1);
	int host = key(2);
	const char *dargv[] = {"reeve-discover", "--sup", "3",	     "--engine", "4",	   "--fd",
			       "open=5",	 "--fd",  "fleet=6", "--fd",	 "host=7", "--uid",
			       NOBODY,		 "--gid", NOBODY,    NULL};
	const char *oargv[] = {"reeve-open", "--sup", "3",	"--engine", "4",  "--fd",
			       "discover=5", "--fd",  "diag=6", "--root",   root, "--uid",
			       NOBODY,	     "--gid", NOBODY,	NULL};
	if (!is_root) {
		dargv[11] = NULL;
		oargv[11] = NULL;
	}
	l->discover_pid =
		start(discover_path, dargv, (int[]){dsup[1], deng[1], between[1], fleet, host}, 5);
	l->open_pid = start(open_path, oargv, (int[]){osup[1], oeng[1], between[0], diag}, 4);
	int ours[] = {dsup[1], deng[1], between[0], between[1], osup[1],
		      oeng[1], diag,	fleet,	    host};
	for (size_t i = 0; i < RV_LEN(ours); i++)
		rv_fd_closep(&ours[i]);
	l->open_sup = channel(osup[0], RV_ROLE_REEVED, RV_ROLE_OPEN);
	l->open_engine = channel(oeng[0], RV_ROLE_ENGINE, RV_ROLE_OPEN);
	l->discover_sup = channel(dsup[0], RV_ROLE_REEVED, RV_ROLE_DISCOVER);
	l->discover_engine = channel(deng[0], RV_ROLE_ENGINE, RV_ROLE_DISCOVER);
	l->discover_walls = greet(l->discover_sup, "reeve-discover");
	l->open_walls = greet(l->open_sup, "reeve-open");
}

bool looking_stop(struct looking *l)
{
	rv_channel_freep(&l->open_engine);
	rv_channel_freep(&l->discover_engine);
	int open_code = rvt_wait(l->open_pid, 10000);
	int discover_code = rvt_wait(l->discover_pid, 10000);
	if (open_code < 0)
		(void)rvt_stop(l->open_pid, 1000); /* reported below */
	if (discover_code < 0)
		(void)rvt_stop(l->discover_pid, 1000); /* reported below */
	rv_channel_freep(&l->open_sup);
	rv_channel_freep(&l->discover_sup);
	if (open_code != 0 || discover_code != 0)
		(void)fprintf(stderr, "open ended with %d, discover with %d\n", open_code,
			      discover_code); /* to stderr */
	return open_code == 0 && discover_code == 0;
}

static void keep(struct looked *out, const struct rv_frame *frame)
{
	if (out->count == LOOKING_FRAMES)
		rvt_die("more than %d frames", LOOKING_FRAMES);
	out->frames[out->count].type = frame->header.type;
	out->frames[out->count].at = out->bytes.len;
	out->frames[out->count++].len = frame->body.len;
	if (!rv_is_ok(rv_buf_put(&out->bytes, frame->body.data, frame->body.len)))
		rvt_die("more than can be kept");
}

struct collecting {
	struct looking *l;
	struct looked *out;
	bool has_walked;
	bool has_discovered;
};

static bool take_discovered(struct collecting *c, const struct rv_frame *frame)
{
	struct rv_rec_discovered done;

	keep(c->out, frame);
	if (frame->header.type != RV_MSG_discovered)
		return true;
	if (!rv_is_ok(rv_frame_body(frame, RV_MSG_discovered, &done, NULL)))
		return false;
	c->has_discovered = true;
	c->out->files = done.files;
	c->out->read_bytes = done.bytes;
	c->out->findings = done.findings;
	return true;
}

/* One frame of either. */
static bool take(struct collecting *c, bool is_discover)
{
	struct rv_channel *ch = is_discover ? c->l->discover_engine : c->l->open_engine;
	struct rv_frame frame;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_channel_receive(ch, 0, &frame, &diag))) {
		(void)fprintf(stderr, "looking: %s\n", diag.text); /* to stderr */
		return false;
	}
	if (is_discover)
		return take_discovered(c, &frame);
	c->has_walked = rv_is_ok(rv_frame_body(&frame, RV_MSG_walked, &c->out->walked, &diag));
	return c->has_walked;
}

/* Both channels until `discovered` and `walked` are there. */
static bool collect(struct looking *l, struct looked *out)
{
	struct collecting c = {.l = l, .out = out};
	int64_t deadline = rv_boot_us() + INT64_C(1000) * ANSWER_MS;

	*out = (struct looked){0};
	rv_buf_init(&out->bytes, 64U << 20);
	out->frames = calloc(LOOKING_FRAMES, sizeof(*out->frames));
	if (!out->frames)
		rvt_die("memory");
	while (!c.has_walked || !c.has_discovered) {
		struct pollfd p[2] = {{.fd = rv_channel_fd(l->discover_engine), .events = POLLIN},
				      {.fd = rv_channel_fd(l->open_engine), .events = POLLIN}};

		if (rv_boot_us() > deadline || poll(p, 2, 1000) < 0)
			return false;
		if (p[0].revents && !take(&c, true))
			return false;
		if (p[1].revents && !take(&c, false))
			return false;
	}
	return true;
}

static void list_of(const char *const *texts, struct rv_buf *out)
{
	rv_buf_init(out, 16384);
	for (; texts && *texts; texts++) {
		struct rv_rec_text_item item = {.text = rv_str_of(*texts)};

		if (!rv_is_ok(rv_list_add(out, &rv_desc_text_item, &item)))
			rvt_die("list");
	}
}

bool looking_walk(struct looking *l, const char *const *roots, const char *const *excludes,
		  uint64_t max_file_bytes, unsigned accounts, unsigned listeners,
		  struct looked *out)
{
	struct rv_buf root_list;
	struct rv_buf exclude_list;

	list_of(roots, &root_list);
	list_of(excludes, &exclude_list);
	struct rv_rec_walk walk = {
		.roots = rv_buf_view(&root_list),
		.excludes = rv_buf_view(&exclude_list),
		.max_file_bytes = max_file_bytes,
		.want_accounts = accounts,
		.want_listeners = listeners,
	};
	rv_status s = rv_channel_send(l->open_engine, RV_MSG_walk, 7, 42, &walk);
	rv_buf_done(&root_list);
	rv_buf_done(&exclude_list);
	return rv_is_ok(s) && collect(l, out);
}

bool looking_listeners(struct looking *l, uint16_t port, struct looked *out)
{
	struct rv_rec_look_listeners look = {.port = port};

	return rv_is_ok(rv_channel_send(l->open_engine, RV_MSG_look_listeners, 8, 43, &look)) &&
	       collect(l, out);
}

void looked_done(struct looked *looked)
{
	rv_buf_done(&looked->bytes);
	free(looked->frames);
	looked->frames = NULL;
}

bool looked_get(const struct looked *looked, enum rv_msg type, size_t nth, void *rec)
{
	for (size_t i = 0; i < looked->count; i++) {
		struct rv_str body = {looked->bytes.data + looked->frames[i].at,
				      looked->frames[i].len};
		struct rv_diag diag = {0};

		if (looked->frames[i].type != type || nth-- > 0)
			continue;
		if (!rv_is_ok(
			    rv_record_decode(rv_msg_desc((uint16_t)type)->body, body, rec, &diag)))
			rvt_die("%s", diag.text);
		return true;
	}
	return false;
}

size_t looked_count(const struct looked *looked, enum rv_msg type)
{
	size_t count = 0;

	for (size_t i = 0; i < looked->count; i++)
		count += looked->frames[i].type == type;
	return count;
}

bool looked_skipped(const struct looked *looked, const char *path, unsigned reason)
{
	struct rv_rec_not_looked rec;

	for (size_t i = 0; looked_get(looked, RV_MSG_not_looked, i, &rec); i++) {
		if (rv_str_is(rec.path, path) && rec.reason == reason)
			return true;
	}
	return false;
}

bool looked_has_bytes(const struct looked *looked, const void *bytes, size_t len)
{
	return looked->bytes.len > 0 &&
	       memmem(looked->bytes.data, looked->bytes.len, bytes, len) != NULL;
}
