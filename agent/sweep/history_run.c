/* sweep: which blobs of a history are looked at, then the two passes. */
#include "agent/base/clock.h"
#include "agent/sweep/history.h"

#include <stdlib.h>

#define WORD_MAX 4096

/* One word of a range as people give it to git log. */
static rv_status add_word(struct rv_git_range *range, const struct rv_repo_view *view,
			  struct rv_str word, int64_t *io_since, struct rv_diag *diag)
{
	static const char *const sinces[] = {"--since=", "--after="};

	if (rv_str_is(word, "--all") || rv_str_is(word, "--full-history") ||
	    rv_str_is(word, "--reflog"))
		return rv_git_range_add_all(range, &view->names);
	for (size_t i = 0; i < RV_LEN(sinces); i++) {
		if (!rv_str_starts_with(word, sinces[i]))
			continue;
		size_t skip = strlen(sinces[i]);
		struct rv_str date = {word.data + skip, word.len - skip};
		return rv_git_since_parse(date, rv_now_utc_us() / RV_US_PER_S, io_since, diag);
	}
	if (word.len > 0 && word.data[0] == '-') {
		rv_diag_next(diag, "give a range such as main..HEAD, --all or --since=DATE");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "this option of git log is not known here: %.*s", (int)word.len,
			       (const char *)word.data);
	}
	return rv_git_range_add(range, &view->names, word, diag);
}

static rv_status add_words(struct rv_git_range *range, const struct rv_repo_view *view,
			   const char *text, int64_t *io_since, struct rv_diag *diag)
{
	while (*text) {
		size_t len = strcspn(text, " \t");

		if (len > WORD_MAX)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "a range too long");
		if (len > 0)
			RV_TRY(add_word(range, view, (struct rv_str){(const uint8_t *)text, len},
					io_since, diag));
		text += len + strspn(text + len, " \t");
	}
	return RV_OK;
}

/* The blobs that the asked commits brought in. */
static rv_status choose(struct rv_run *run, struct rv_repo_view *view, struct rv_git_oidmap *blobs,
			struct rv_diag *diag)
{
	const struct rv_sweep_options *o = run->options;
	struct rv_git_range range = {0};
	RV_CLEANUP(rv_freep) uint32_t *commits = NULL;
	uint32_t count = 0;
	int64_t since = 0;
	rv_status status = RV_OK;

	if (o->since)
		status = rv_git_since_parse(rv_str_of(o->since), rv_now_utc_us() / RV_US_PER_S,
					    &since, diag);
	if (rv_is_ok(status) && o->range)
		status = add_words(&range, view, o->range, &since, diag);
	if (rv_is_ok(status) && range.include_count == 0)
		status = rv_git_range_add_all(&range, &view->names);
	if (rv_is_ok(status))
		status = rv_git_graph_range(&view->graph, range.include, range.include_count,
					    range.exclude, range.exclude_count, since, &commits,
					    &count);
	if (rv_is_ok(status))
		status = rv_git_blobs_of(&view->graph, commits, count, blobs);
	atomic_store(&run->commits, count);
	rv_git_range_done(&range);
	return status;
}

static rv_status run_passes(struct rv_run *run, struct rv_repo_view *view,
			    struct rv_git_oidmap *blobs, struct rv_secrets *all,
			    struct rv_diag *diag)
{
	bool is_part = run->options->range || run->options->since;

	if (is_part)
		RV_TRY(choose(run, view, blobs, diag));
	RV_TRY(rv_history_look(run, view->git, is_part ? blobs : NULL, all, diag));
	RV_TRY(rv_history_tell(run, view, all, diag));
	if (!is_part)
		atomic_store(&run->commits, view->graph.ids.count);
	return RV_OK;
}

rv_status rv_run_history(struct rv_run *run, struct rv_diag *diag)
{
	struct rv_repo_view view = {0};
	struct rv_git_oidmap blobs;
	struct rv_secrets all;

	rv_git_oidmap_init(&blobs);
	rv_secrets_init(&all);
	rv_status status =
		rv_repo_view_open(&view, run->options->repo, &run->sweepers[0].leaks, diag);
	if (rv_is_ok(status))
		status = run_passes(run, &view, &blobs, &all, diag);
	rv_secrets_done(&all);
	rv_git_oidmap_done(&blobs);
	rv_repo_view_done(&view);
	return status;
}
