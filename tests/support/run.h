/* tests: processes with a deadline, bounded waiting, free ports. No sleep: everything polls. */
#pragma once

#include "agent/base/buf.h"

#include <sys/types.h>

/* What a finished process left behind. */
struct rvt_result {
	int code;	   /* exit status, 128 + signal, or -1 when the deadline ended it */
	struct rv_buf out; /* at most 16 MiB each */
	struct rv_buf err;
};
void rvt_result_done(struct rvt_result *result);
/* The text of out or err as a C string; lives as long as the result. */
const char *rvt_text(struct rv_buf *buf);

/* Runs argv (found in PATH, NULL-ended) with `input` on stdin and waits at most deadline_ms; then
 * kills it. Its environment is ours. */
struct rvt_result rvt_run(const char *const *argv, struct rv_str input, int deadline_ms);

/* A process that goes on: a server. stdin is /dev/null; out_fd becomes its stdout and stderr (-1:
 * ours). It dies with the test program. */
pid_t rvt_start(const char *const *argv, int out_fd);
/* SIGTERM, after deadline_ms SIGKILL; the code as in rvt_result (-1: needed SIGKILL). */
int rvt_stop(pid_t pid, int deadline_ms);
/* Waits for the end of a child; the code as in rvt_result, -1 when it still runs (not killed). */
int rvt_wait(pid_t pid, int deadline_ms);

/* A TCP port of 127.0.0.1 that was free a moment ago. */
uint16_t rvt_free_port(void);
/* A listening socket on 127.0.0.1, any port: *gives* the fd. */
int rvt_listen(uint16_t *out_port);
/* A connected socket or -1. */
int rvt_connect(uint16_t port);

/* True as soon as is_so(user) is; false after deadline_ms. Asks every 2 ms. */
bool rvt_eventually(bool (*is_so)(void *user), void *user, int deadline_ms);
bool rvt_port_accepts(void *port_u16); /* for rvt_eventually: user points to a uint16_t */
