/* tests: a repository, opened, with what most tests of its history need. */
#pragma once

#include "tests/unit/git/repo.h"

#include "agent/git/origin.h"
#include "agent/git/rev.h"

struct world {
	struct rvt_dir dir;
	struct rv_git *git;
	struct rv_git_refs refs;
	struct rv_git_graph graph;
	struct rv_git_oidmap blobs;
	struct rv_git_origins origins;
	size_t troubles;
	size_t of_kind[RV_GIT_TROUBLE__COUNT];
	char where[256]; /* of the last one; "" for none */
};

void world_init(struct world *w, const char *format); /* makes dir and an empty repository r */
void world_open(struct world *w, const char *name);   /* opens it, or another one in dir */
void world_done(struct world *w);
/* Asks for the blob with this text and a line's end; its number in w->blobs. */
uint32_t world_want(struct world *w, const char *text);
