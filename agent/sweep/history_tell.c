#include "agent/sweep/history.h"
#include <stdio.h>
void rv_history_gap(struct rv_run *run, struct rv_leaks *leaks, const struct rv_git_trouble *t)
{
	(void)run;
	rv_leaks_gap(leaks, rv_str_of(t->where ? t->where : "repository"), NULL, "damaged",
		     rv_git_trouble_text(t->kind));
}
static void tr(void *u, const struct rv_git_trouble *t)
{
	struct rv_run *run = u;
	rv_history_gap(run, &run->sweepers[0].leaks, t);
}
rv_status rv_run_history(struct rv_run *run, struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_closep) struct rv_git *git = NULL;
	struct rv_secrets all;
	rv_secrets_init(&all);
	RV_TRY(rv_git_open_above(run->options->repo, tr, run, &git, diag));
	rv_status s = rv_history_look(run, git, NULL, &all, diag);
	fprintf(stderr, "%u secrets, %u holdings in %u blobs\n", all.count, all.holding_count,
		all.blobs.count);
	rv_secrets_done(&all);
	return s;
}
