/* tests: the real reeved over doubles of all roles, in a directory of its own, with the test
 * speaking as the engine. */
#pragma once

#include "agent/ipc/channel.h"
#include "support/dir.h"
#include "support/run.h"

struct stage {
	struct rvt_dir dir; /* config/ state/ run/ libexec/ plugins/ */
	pid_t reeved;
	struct rv_channel *engine; /* we are the engine, the other side is reeved */
	bool is_root;
	int held[64]; /* the engine's ends of the roles: while open, they live */
	size_t held_count;
};

/* Lays the directory out: every role a double that behaves. Nothing runs yet. */
void stage_init(struct stage *st);
void stage_done(struct stage *st);
/* `does` of tests/supervisor/double_main.c for one role. */
void stage_behaviour(const struct stage *st, const char *role, const char *does);
void stage_grants(const struct stage *st, const char *text);
/* Starts reeved with a control socket and connects; extra options NULL-ended or NULL. */
void stage_start(struct stage *st, const char *const *extra);
pid_t stage_launch(const struct stage *st); /* only starts it; for one that will refuse */
void stage_start_session(struct stage *st);
/* Connects to the control socket (again), waiting for it. */
void stage_connect(struct stage *st);
/* Ends reeved with TERM; its exit code. */
int stage_stop(struct stage *st);

void stage_text(struct rv_str text, char out[512]); /* cut to fit */
/* SPAWN and its answer; the engine's end is held until stage_done. text may be NULL. */
struct rv_rec_spawned stage_spawn(struct stage *st, uint64_t job, const struct rv_rec_spawn *ask,
				  char text[512]);
