/* tests: a set of two files in one or two directories, and a place that works on it. */
#pragma once

#include "agent/act/deploy.h"
#include "support/dir.h"

#define WORLD_TAG "0123456789abcdef"

extern const char *const world_old_text[2];
extern const char *const world_new_text[2];
extern const char *const world_names[2];

struct world {
	struct rvt_dir dir;
	struct rv_role_args args;
	struct rv_deploy deploy;
	char path[2][RVT_PATH]; /* of the directories */
	size_t dir_of[2];	/* of each file */
	size_t count;		/* files of the set */
};

struct rv_digest world_keyed(const char *text);
void world_live(const struct world *w, size_t i, char out[RVT_PATH + 64]);
void world_init(struct world *w, bool has_two_dirs, size_t count);
void world_done(struct world *w);
enum rv_class world_stage_one(struct world *w, size_t i);
enum rv_class world_stage_all(struct world *w);
void world_items_of(const struct world *w, struct rv_buf *list, struct rv_digest digests[4]);
enum rv_class world_swap_all(struct world *w, bool back);
enum rv_class world_clean_all(struct world *w);
bool world_holds(const struct world *w, size_t i, const char *text);
bool world_all_hold(const struct world *w, const char *const texts[2]);
size_t world_names_in(const struct world *w);
bool world_is_window_there(const struct world *w);
