/* tests: what world.h says. */
#include "tests/unit/git/world.h"

#include "tests/support/unit.h"

#include <stdio.h>

static void hear(void *user, const struct rv_git_trouble *trouble)
{
	struct world *w = user;

	w->troubles++;
	w->of_kind[trouble->kind]++;
	(void)snprintf(w->where, sizeof(w->where), "%s", trouble->where ? trouble->where : "");
}

void world_init(struct world *w, const char *format)
{
	*w = (struct world){.troubles = 0};
	rvt_dir_init(&w->dir);
	rvt_git_init(&w->dir, "r", format);
	rv_git_oidmap_init(&w->blobs);
}

void world_open(struct world *w, const char *name)
{
	char path[RVT_PATH];
	struct rv_diag diag = {0};

	rvt_dir_path(&w->dir, name, path);
	if (!rv_is_ok(rv_git_open(path, hear, w, &w->git, &diag)))
		rvt_die("%s", diag.text);
	assert_ok(rv_git_refs_load(w->git, hear, w, &w->refs));
	assert_ok(rv_git_graph_init(&w->graph, w->git, hear, w));
}

void world_done(struct world *w)
{
	rv_git_origins_done(&w->origins);
	rv_git_graph_done(&w->graph);
	rv_git_refs_done(&w->refs);
	rv_git_close(w->git);
	rv_git_oidmap_done(&w->blobs);
	rvt_dir_done(&w->dir);
}

uint32_t world_want(struct world *w, const char *text)
{
	char *hex = rvt_git_sh(&w->dir, "cd r; echo '%s' | git hash-object --stdin", text);
	struct rv_git_oid oid = rvt_git_oid(hex);
	uint32_t number = 0;

	free(hex);
	assert_ok(rv_git_oidmap_put(&w->blobs, &oid, &number, NULL));
	return number;
}
