/* tests: a directory to walk, and what the callbacks of the walk saw. */
#pragma once

#include "agent/sweep/walk.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <pthread.h>

#define NOTES_MAX 4096

/* What the callbacks saw, "path" or "path|reason|detail", by any thread. */
struct notes {
	char *items[NOTES_MAX];
	size_t count;
};

struct walk {
	struct rvt_dir dir;
	pthread_mutex_t lock;
	struct notes files, gaps, done;
	_Atomic bool stop;
	const char *_Atomic stop_reason;
	_Atomic uint64_t file_count, byte_count;
	struct rv_walk_options options;
	struct rv_walk_look look;
	/* What the callbacks do. */
	const char *unwanted, *known; /* a path's end */
	rv_status answer;
	bool stops;
	/* A large file. */
	uint64_t covered, windows, size;
	bool is_complete;
};

int walk_set_up(void **state); /* *state: a struct walk */
int walk_tear_down(void **state);
rv_status walk_paths(struct walk *w, const char *const *paths, unsigned threads);
/* One name below the directory; "" for itself. */
rv_status walk_name(struct walk *w, const char *name, unsigned threads);
/* How often the directory's path + "/" + text was noted. */
size_t walk_times(const struct walk *w, const struct notes *notes, const char *text);
/* The byte of a large file (size is set) at a place: windows are compared with it. */
uint8_t walk_byte(uint64_t at);
/* For a ledger: knows the file `known`. */
bool walk_knows(void *user, const struct rv_walk_stat *stat);
void walk_done(void *user, const struct rv_walk_stat *stat);

#define WALK_TEST(f) cmocka_unit_test_setup_teardown(f, walk_set_up, walk_tear_down)
