/* sweep: which blobs of a history are looked at, then the two passes. */
#include "agent/base/clock.h"
#include "agent/sweep/history.h"

#include <stdlib.h>

#define WORD_MAX 4096

/* What the passes hand on. */
struct passes {
	struct rv_git_oidmap blobs; /* of the asked commits */
	struct rv_secrets all;
	struct rv_path_places places;
};

/* What was asked of a history. */
struct asked {
	const struct rv_repo_view *view;
	struct rv_git_range range;
	int64_t since;
	uint64_t most;	/* commits, the newest; 0: all */
	bool is_turned; /* after --not */
};

static struct rv_str behind(struct rv_str word, size_t skip)
{
	return (struct rv_str){word.data + skip, word.len - skip};
}

static rv_status unknown_word(struct rv_str word, struct rv_diag *diag)
{
	rv_diag_next(diag, "give a range such as main..HEAD, --all or --since=DATE");
	return rv_fail(RV_CLASS_MISCONFIGURED, diag,
		       "this option of git log is not known here: %.*s", (int)word.len,
		       (const char *)word.data);
}

static rv_status take_most(struct asked *a, struct rv_str number, struct rv_str word,
			   struct rv_diag *diag)
{
	uint64_t n = 0;

	for (size_t i = 0; i < number.len; i++) {
		if (number.data[i] < '0' || number.data[i] > '9' || number.len > 9)
			return unknown_word(word, diag);
		n = n * 10 + (uint64_t)(number.data[i] - '0');
	}
	if (n == 0)
		return unknown_word(word, diag);
	a->most = n;
	return RV_OK;
}

/* Options of git log by which it would show less of a commit, or in another order: more than that
 * is looked at in any case. */
static bool is_without_effect(struct rv_str word)
{
	static const char *const words[] = {"--no-merges",
					    "--first-parent",
					    "--full-history",
					    "--reverse",
					    "--patch",
					    "-p",
					    "--date-order",
					    "--topo-order",
					    "-U0",
					    "-m",
					    "-c",
					    "--cc",
					    "--no-ext-diff",
					    "--no-color",
					    "--no-renames",
					    "--text",
					    "-a",
					    "--diff-filter=tuxdb",
					    "--no-textconv"};

	for (size_t i = 0; i < RV_LEN(words); i++) {
		if (rv_str_is(word, words[i]))
			return true;
	}
	return false;
}

static bool is_every_ref(struct rv_str word)
{
	return rv_str_is(word, "--all") || rv_str_is(word, "--reflog") ||
	       rv_str_is(word, "--branches") || rv_str_is(word, "--tags") ||
	       rv_str_is(word, "--remotes");
}

static rv_status add_option(struct asked *a, struct rv_str word, struct rv_diag *diag)
{
	static const char *const sinces[] = {"--since=", "--after=", "--max-age="};

	if (is_without_effect(word))
		return RV_OK;
	if (is_every_ref(word) && !a->is_turned)
		return rv_git_range_add_all(&a->range, &a->view->names);
	if (rv_str_is(word, "--not")) {
		a->is_turned = !a->is_turned;
		return RV_OK;
	}
	for (size_t i = 0; i < RV_LEN(sinces); i++) {
		if (rv_str_starts_with(word, sinces[i]))
			return rv_git_since_parse(behind(word, strlen(sinces[i])),
						  rv_now_utc_us() / RV_US_PER_S, &a->since, diag);
	}
	if (rv_str_starts_with(word, "--max-count="))
		return take_most(a, behind(word, 12), word, diag);
	if (rv_str_starts_with(word, "-n"))
		return take_most(a, behind(word, 2), word, diag);
	return take_most(a, behind(word, 1), word, diag); /* -1 */
}

static rv_status add_revision(struct asked *a, struct rv_str word, struct rv_diag *diag)
{
	char turned[WORD_MAX + 2];

	if (!a->is_turned)
		return rv_git_range_add(&a->range, &a->view->names, word, diag);
	if (word.data[0] == '^')
		return rv_git_range_add(&a->range, &a->view->names, behind(word, 1), diag);
	turned[0] = '^';
	memcpy(turned + 1, word.data, word.len);
	return rv_git_range_add(&a->range, &a->view->names,
				(struct rv_str){(const uint8_t *)turned, word.len + 1}, diag);
}

/* Words as people give them to git log. */
static rv_status add_words(struct asked *a, const char *text, struct rv_diag *diag)
{
	while (*text) {
		size_t len = strcspn(text, " \t");
		struct rv_str word = {(const uint8_t *)text, len};

		if (len > WORD_MAX)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "a range too long");
		text += len + strspn(text + len, " \t");
		if (rv_str_is(word, "-n")) { /* its number is the next word */
			len = strcspn(text, " \t");
			RV_TRY(take_most(a, (struct rv_str){(const uint8_t *)text, len}, word,
					 diag));
			text += len + strspn(text + len, " \t");
		} else if (len > 0 && word.data[0] == '-') {
			RV_TRY(add_option(a, word, diag));
		} else if (len > 0) {
			RV_TRY(add_revision(a, word, diag));
		}
	}
	return RV_OK;
}

/* git log begins at HEAD. */
static rv_status begin_somewhere(struct asked *a, bool is_log, struct rv_diag *diag)
{
	if (a->range.include_count > 0)
		return RV_OK;
	if (is_log && a->most > 0)
		return rv_git_range_add(&a->range, &a->view->names, RV_STR_LIT("HEAD"), diag);
	return rv_git_range_add_all(&a->range, &a->view->names);
}

struct bringing {
	const struct rv_sweep_options *options;
	bool is_enough;
};

static rv_status on_brought(void *user, uint32_t commit, const struct rv_git_change *change)
{
	struct bringing *b = user;

	(void)commit; /* any of them */
	b->is_enough = b->options->brings(b->options->wants_user, change->path);
	return b->is_enough ? (rv_status){RV_CLASS_RETRY, 0} : RV_OK;
}

/* Tells who asked for some paths which there are. */
static rv_status tell_brought(struct rv_run *run, struct rv_repo_view *view,
			      const uint32_t *commits, uint32_t count)
{
	struct bringing b = {.options = run->options};
	rv_git_trouble_fn *on_trouble = view->graph.on_trouble;

	if (!run->options->brings)
		return RV_OK;
	view->graph.on_trouble = NULL; /* told by who looks for values */
	rv_status status = rv_git_brought_in(&view->graph, commits, count, on_brought, &b);
	view->graph.on_trouble = on_trouble;
	return b.is_enough ? RV_OK : status;
}

/* The blobs that the asked commits brought in. */
static rv_status choose(struct rv_run *run, struct rv_repo_view *view, struct passes *p,
			struct rv_diag *diag)
{
	const struct rv_sweep_options *o = run->options;
	struct asked a = {.view = view};
	RV_CLEANUP(rv_freep) uint32_t *commits = NULL;
	uint32_t count = 0;
	rv_status status = RV_OK;

	if (o->since)
		status = rv_git_since_parse(rv_str_of(o->since), rv_now_utc_us() / RV_US_PER_S,
					    &a.since, diag);
	if (rv_is_ok(status) && o->range)
		status = add_words(&a, o->range, diag);
	if (rv_is_ok(status))
		status = begin_somewhere(&a, o->range != NULL, diag);
	if (rv_is_ok(status))
		status = rv_git_graph_range(&view->graph, a.range.include, a.range.include_count,
					    a.range.exclude, a.range.exclude_count, a.since,
					    &commits, &count);
	if (a.most > 0 && count > a.most)
		count = (uint32_t)a.most; /* newest first */
	if (rv_is_ok(status))
		status = rv_git_blobs_of(&view->graph, commits, count, &p->blobs);
	if (rv_is_ok(status))
		status = rv_history_find_paths(run, view, commits, count, &p->all, &p->places);
	if (rv_is_ok(status))
		status = tell_brought(run, view, commits, count);
	atomic_store(&run->commits, count);
	rv_git_range_done(&a.range);
	return status;
}

static rv_status run_passes(struct rv_run *run, struct rv_repo_view *view, struct passes *p,
			    struct rv_diag *diag)
{
	bool is_part = run->options->range || run->options->since;

	if (is_part)
		RV_TRY(choose(run, view, p, diag));
	else
		RV_TRY(rv_history_look_at_config(run, view));
	RV_TRY(rv_history_look(run, view, is_part ? &p->blobs : NULL, &p->all, diag));
	if (!is_part) {
		RV_TRY(rv_git_graph_read_all(&view->graph, run->threads, diag));
		RV_TRY(rv_history_find_paths(run, view, NULL, 0, &p->all, &p->places));
	}
	atomic_store(&run->is_telling, true);
	RV_TRY(rv_history_tell(run, view, &p->all, &p->places, diag));
	if (!is_part)
		atomic_store(&run->commits, view->graph.ids.count);
	return RV_OK;
}

rv_status rv_run_history(struct rv_run *run, struct rv_diag *diag)
{
	struct rv_repo_view view = {0};
	struct passes p = {.places = {.count = 0}};

	rv_git_oidmap_init(&p.blobs);
	rv_secrets_init(&p.all);
	rv_status status =
		rv_repo_view_open(&view, run->options->repo, &run->sweepers[0].leaks, diag);
	if (rv_is_ok(status))
		status = run_passes(run, &view, &p, diag);
	rv_path_places_done(&p.places);
	rv_secrets_done(&p.all);
	rv_git_oidmap_done(&p.blobs);
	rv_repo_view_done(&view);
	return status;
}
