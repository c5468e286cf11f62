/* tests: what the tests of reeved say to it as the engine. */
#include "supervisor/talk.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

struct stage stage;

int stage_set_up(void **state)
{
	(void)state;
	stage_init(&stage);
	return 0;
}

int stage_tear_down(void **state)
{
	(void)state;
	stage_done(&stage);
	return 0;
}

void stage_ask(enum rv_msg type, uint64_t job, const void *body, enum rv_msg answer,
	       struct rv_frame *out, void *out_body)
{
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_channel_call(stage.engine, type, job, body, answer, PATIENCE_MS, out,
				      &diag)) ||
	    !rv_is_ok(rv_frame_body(out, answer, out_body, &diag)))
		fail_msg("%s", diag.text);
}

struct rv_rec_exited stage_next_exit(uint64_t *out_job)
{
	struct rv_frame frame = {0};
	struct rv_rec_exited gone = {0};
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_channel_receive(stage.engine, PATIENCE_MS, &frame, &diag)) ||
	    !rv_is_ok(rv_frame_body(&frame, RV_MSG_exited, &gone, &diag)))
		fail_msg("%s", diag.text);
	*out_job = frame.header.job;
	rv_frame_done(&frame);
	return gone;
}

bool stage_is_gone(void *user)
{
	const pid_t *pid = user;

	return kill(*pid, 0) != 0;
}

void stage_assert_text(struct rv_str text, const char *part)
{
	char z[512];

	stage_text(text, z);
	if (!strstr(z, part))
		fail_msg("\"%s\" does not say \"%s\"", z, part);
}

struct rv_rec_spawned stage_spawn_simple(uint64_t job, enum rv_role role)
{
	struct rv_rec_spawn want = {.role = role, .uid = UINT32_MAX, .gid = UINT32_MAX};

	return stage_spawn(&stage, job, &want, NULL);
}

void stage_grant(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	stage_grants(&stage, text);
}

pid_t stage_child_of(pid_t parent)
{
	char path[64], text[64] = {0};

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	FILE *f = fopen(path, "re");

	if (f) {
		if (!fgets(text, sizeof(text), f))
			text[0] = '\0';
		(void)fclose(f);
	}
	if (text[0] == '\0')
		rvt_skip("this kernel lists no children of a process");
	return (pid_t)strtol(text, NULL, 10);
}

long stage_uid_of(uint64_t pid)
{
	char path[64], line[256];
	long uid = -1;

	(void)snprintf(path, sizeof(path), "/proc/%llu/status", (unsigned long long)pid);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Uid:", 4) == 0)
			uid = strtol(line + 4, NULL, 10);
	}
	if (f)
		(void)fclose(f);
	return uid;
}
