/* tests: what the tests of reeved say to it as the engine. One stage a test; failures end it. */
#pragma once

#include "supervisor/stage.h"

extern struct stage stage;

int stage_set_up(void **state);
int stage_tear_down(void **state);
/* One request and its answer; the frame holds the body. */
void stage_ask(enum rv_msg type, uint64_t job, const void *body, enum rv_msg answer,
	       struct rv_frame *out, void *out_body);
/* The next frame must be `exited`. */
struct rv_rec_exited stage_next_exit(uint64_t *out_job);
struct rv_rec_spawned stage_spawn_simple(uint64_t job, enum rv_role role);
void stage_grant(const char *fmt, ...) RV_PRINTF(1, 2);
void stage_assert_text(struct rv_str text, const char *part); /* contains it */
bool stage_is_gone(void *pid);				      /* a pid_t, for rvt_eventually */
pid_t stage_child_of(pid_t parent);			      /* its first */
long stage_uid_of(uint64_t pid);
