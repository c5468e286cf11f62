/* daemon: hooks and reloads: a granted command, its last words, a deadline. */
#include "agent/daemon/reeved.h"

#include "agent/base/fd.h"
#include "agent/base/log.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DRAIN_CHUNKS 64 /* of 1 KiB: a pipe's usual room */

struct sup_task *sup_task_new(struct sup *sup, const struct rv_frame *frame, enum rv_msg answer)
{
	for (size_t i = 0; i < SUP_TASKS; i++) {
		if (sup->tasks[i])
			continue;
		struct sup_task *t = calloc(1, sizeof(*t));

		if (!t)
			return NULL;
		t->sup = sup;
		t->answer = answer;
		t->req = frame->header.req;
		t->job = frame->header.job;
		t->pidfd = t->fd = -1;
		sup->tasks[i] = t;
		return t;
	}
	return NULL;
}

void sup_task_free(struct sup_task *task)
{
	struct sup *sup = task->sup;

	for (size_t i = 0; i < SUP_TASKS; i++) {
		if (sup->tasks[i] == task)
			sup->tasks[i] = NULL;
	}
	rv_loop_cancel(sup->loop, task->timer);
	if (task->pidfd >= 0)
		rv_loop_remove(sup->loop, task->pidfd);
	if (task->fd >= 0)
		rv_loop_remove(sup->loop, task->fd);
	rv_fd_closep(&task->pidfd);
	rv_fd_closep(&task->fd);
	free(task);
}

static void kill_command(const struct sup_task *task)
{
	(void)kill(-task->pid, SIGKILL); /* its session; gone already is fine */
	(void)kill(task->pid, SIGKILL);
}

void sup_tasks_drop(struct sup *sup)
{
	for (size_t i = 0; i < SUP_TASKS; i++) {
		struct sup_task *t = sup->tasks[i];

		if (!t)
			continue;
		if (t->pid > 0) {
			kill_command(t);
			(void)sup_reap(t->pid); /* killed: does not wait */
		}
		sup_task_free(t);
	}
}

static void say(struct sup *sup, enum rv_msg answer, uint64_t req, uint64_t job, rv_status s,
		unsigned code, const char *tail, size_t tail_len, const char *text)
{
	if (answer == RV_MSG_hook_done) {
		struct rv_rec_hook_done done = {.outcome = s.class_id,
						.code = code,
						.output = {(const uint8_t *)tail, tail_len},
						.text = rv_str_of(text)};

		sup_answer(sup, answer, req, job, &done, -1);
		return;
	}
	struct rv_rec_reload_done done = {.outcome = s.class_id, .text = rv_str_of(text)};

	sup_answer(sup, answer, req, job, &done, -1);
}

/* Keeps the last SUP_TAIL bytes. What a full pipe holds at a time, no more: a command that writes
 * as fast as it is read would keep us here, past its deadline and everybody else's. */
static void drain(struct sup_task *task)
{
	char chunk[1024];
	ssize_t n = -1;

	for (int i = 0; i < DRAIN_CHUNKS && (n = read(task->fd, chunk, sizeof(chunk))) > 0; i++) {
		size_t add = (size_t)n;
		size_t over = task->tail_len + add > SUP_TAIL ? task->tail_len + add - SUP_TAIL : 0;

		memmove(task->tail, task->tail + over, task->tail_len - over);
		task->tail_len -= over;
		memcpy(task->tail + task->tail_len, chunk, add);
		task->tail_len += add;
	}
	if (n == 0) {
		rv_loop_remove(task->sup->loop, task->fd);
		rv_fd_closep(&task->fd);
	}
}

static void on_output(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	(void)loop, (void)fd, (void)events; /* the task knows */
	drain(user);
}

static void finish(struct sup_task *task, unsigned code)
{
	char text[512];
	rv_status s = RV_OK;

	if (task->is_late)
		s = rv_fail(RV_CLASS_UNSURE, NULL, "late");
	else if (task->answer == RV_MSG_reload_done && code != 0)
		s = rv_fail(RV_CLASS_MISCONFIGURED, NULL, "failed");
	if (task->is_late)
		(void)snprintf(text, sizeof(text), "did not end in %u ms and was killed",
			       task->timeout_ms);
	else
		(void)snprintf(text, sizeof(text), "ended with %u%s%.*s", code,
			       task->tail_len > 0 && code != 0 ? ": " : "",
			       code != 0 ? (int)(task->tail_len < 400 ? task->tail_len : 400) : 0,
			       task->tail);
	say(task->sup, task->answer, task->req, task->job, s, code, task->tail, task->tail_len,
	    text);
	sup_task_free(task);
}

static void on_exit_of_command(struct rv_loop *loop, int fd, uint32_t events, void *user)
{
	struct sup_task *task = user;

	(void)loop, (void)fd, (void)events; /* the task knows */
	unsigned code = sup_reap(task->pid);

	if (task->fd >= 0)
		drain(task);
	finish(task, code);
}

static void on_deadline(struct rv_loop *loop, void *user)
{
	struct sup_task *task = user;

	(void)loop; /* the pidfd reports the end */
	task->is_late = true;
	task->timer = 0;
	kill_command(task);
}

static rv_status run(struct sup *sup, const struct rv_frame *frame, enum rv_msg answer,
		     const char *const *argv, const struct sup_user *user, uint64_t timeout_ms,
		     struct rv_diag *diag)
{
	struct sup_task *task = sup_task_new(sup, frame, answer);

	if (!task)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "too many commands at once");
	task->timeout_ms = timeout_ms == 0 ? 30000 : (uint32_t)timeout_ms;
	rv_status s = sup_command_run(argv, user, &task->pid, &task->pidfd, &task->fd, diag);

	if (rv_is_ok(s))
		s = rv_loop_add(sup->loop, task->fd, EPOLLIN, on_output, task);
	if (rv_is_ok(s))
		s = rv_loop_add(sup->loop, task->pidfd, EPOLLIN, on_exit_of_command, task);
	if (rv_is_ok(s))
		s = rv_loop_after(sup->loop, (int64_t)task->timeout_ms * 1000, on_deadline, task,
				  &task->timer);
	if (!rv_is_ok(s)) {
		if (task->pid > 0) {
			kill_command(task);
			(void)sup_reap(task->pid); /* killed: does not wait */
		}
		sup_task_free(task);
	}
	return s;
}

static rv_status hook(struct sup *sup, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_hook ask;

	RV_TRY(rv_frame_body(frame, RV_MSG_hook, &ask, diag));
	const struct rv_grant *grant = rv_grants_hook(&sup->grants, ask.command);

	if (!grant)
		return rv_fail(RV_CLASS_DENIED, diag, "no grant for the hook \"%.*s\"",
			       (int)ask.command.len, (const char *)ask.command.data);
	if (!sup->is_root && grant->uid != geteuid())
		return rv_fail(RV_CLASS_DENIED, diag, "without root hooks run only as uid %u",
			       geteuid());
	const struct passwd *pw = getpwuid(grant->uid);
	struct sup_user user = {grant->uid, pw ? pw->pw_gid : grant->uid};

	return run(sup, frame, RV_MSG_hook_done, rv_grant_argv(grant), &user, ask.timeout_ms, diag);
}

void sup_hook_asked(struct sup *sup, const struct rv_frame *frame)
{
	struct rv_diag diag = {0};
	rv_status s = hook(sup, frame, &diag);

	if (!rv_is_ok(s))
		say(sup, RV_MSG_hook_done, frame->header.req, frame->header.job, s, 0, "", 0,
		    diag.text);
}

/* --- reload --- */

static rv_status read_pid(const char *path, pid_t *out, struct rv_diag *diag)
{
	char *end = NULL;
	struct rv_buf text;

	rv_buf_init(&text, 32);
	rv_status s = rv_file_read(path, 31, &text, diag);
	const char *z = rv_is_ok(s) ? rv_buf_cstr(&text) : NULL;
	long pid = z ? strtol(z, &end, 10) : 0;

	if (rv_is_ok(s) && (pid < 2 || pid > INT32_MAX || (*end != '\n' && *end != '\0')))
		s = rv_fail(RV_CLASS_MALFORMED, diag, "%s holds no process id", path);
	rv_buf_done(&text);
	if (rv_is_ok(s))
		*out = (pid_t)pid;
	return s;
}

/* A program that was upgraded under way shows as "PATH (deleted)". */
static bool runs(pid_t pid, const char *exe)
{
	char link[64];
	char is[4096];

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid); /* always fits */
	ssize_t n = readlink(link, is, sizeof(is) - 1);
	size_t len = strlen(exe);

	if (n < 0)
		return false;
	is[n] = '\0';
	return strncmp(is, exe, len) == 0 &&
	       (is[len] == '\0' || strcmp(is + len, " (deleted)") == 0);
}

rv_status sup_signal_reload(const struct rv_grant *grant, struct rv_diag *diag)
{
	pid_t pid = 0;

	RV_TRY(read_pid(rv_grant_pidfile(grant), &pid, diag));
	/* The fd first: from here on the number cannot come to mean another process. */
	RV_CLEANUP(rv_fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return rv_fail_errno(diag, "process %d of %s", (int)pid, rv_grant_pidfile(grant));
	if (!runs(pid, rv_grant_exe(grant)))
		return rv_fail(RV_CLASS_CONFLICT, diag, "process %d does not run %s", (int)pid,
			       rv_grant_exe(grant));
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGHUP, NULL, 0) != 0)
		return rv_fail_errno(diag, "signalling process %d", (int)pid);
	return RV_OK;
}

static rv_status reload(struct sup *sup, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_reload ask;

	RV_TRY(rv_frame_body(frame, RV_MSG_reload, &ask, diag));
	const struct rv_grant *grant = rv_grants_reload(&sup->grants, ask.unit);

	if (!grant)
		return rv_fail(RV_CLASS_DENIED, diag, "no grant to reload %.*s", (int)ask.unit.len,
			       (const char *)ask.unit.data);
	if (rv_grant_pidfile(grant)) {
		RV_TRY(sup_signal_reload(grant, diag));
		say(sup, RV_MSG_reload_done, frame->header.req, frame->header.job, RV_OK, 0, "", 0,
		    "signalled");
		return RV_OK;
	}
	const char *argv[] = {"/usr/bin/systemctl", "reload", "--", rv_grant_subject(grant), NULL};
	const struct sup_user stay = {UINT32_MAX, UINT32_MAX};

	return run(sup, frame, RV_MSG_reload_done, argv, &stay, ask.timeout_ms, diag);
}

void sup_reload_asked(struct sup *sup, const struct rv_frame *frame)
{
	struct rv_diag diag = {0};
	rv_status s = reload(sup, frame, &diag);

	if (!rv_is_ok(s))
		say(sup, RV_MSG_reload_done, frame->header.req, frame->header.job, s, 0, "", 0,
		    diag.text);
}
