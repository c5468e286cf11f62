/* sweep: the history of a repository by its paths: files that a rule names without a look at what
 * is in them, one finding for each path. Trees are compared only when there is such a rule. Not
 * here: values (history_tell.c). */
#include "agent/sweep/history.h"

#include <stdlib.h>

#define PLACES_MAX (1U << 20)

/* A blob that came to that path. */
struct rv_path_place {
	struct rv_str path; /* of the leaks */
	uint32_t blob;	    /* its number among those of the secrets */
	uint32_t commit;
};

void rv_path_places_done(struct rv_path_places *places)
{
	free(places->items);
	*places = (struct rv_path_places){0};
}

uint8_t rv_history_reach(enum rv_git_reach reach)
{
	switch (reach) {
	case RV_GIT_REACH_HEAD:
		return RV_REACH_HEAD;
	case RV_GIT_REACH_REF:
		return RV_REACH_REF;
	case RV_GIT_REACH_REFLOG:
		return RV_REACH_REFLOG;
	case RV_GIT_REACH_NONE:
		return RV_REACH_UNREACHABLE;
	}
	return RV_REACH_NONE;
}

bool rv_history_counts(const struct rv_run *run, const struct rv_repo_view *view, uint32_t commit)
{
	const struct rv_sweep_options *o = run->options;
	char hex[RV_GIT_HEX_MAX];

	if (commit == RV_GIT_NONE || !o->passes)
		return commit != RV_GIT_NONE;
	rv_git_oid_hex(&view->graph.ids.oids[commit], view->git->oid_len, hex);
	return !o->passes(o->wants_user, hex);
}

struct finding {
	struct rv_run *run;
	struct rv_secrets *secrets;
	struct rv_path_places *places;
};

static bool is_named(const struct rv_run *run, struct rv_str path)
{
	const struct rv_sweep_shared *shared = run->options->shared;

	for (const struct rv_rule *const *rule = shared->path_rules; rule && *rule; rule++) {
		if (shared->holds(shared->judge_user, *rule, path, NULL))
			return true;
	}
	return false;
}

static bool is_wanted(const struct rv_run *run, struct rv_str path)
{
	const struct rv_sweep_options *o = run->options;

	return !o->wants || o->wants(o->wants_user, path, false);
}

static rv_status make_room(struct rv_path_places *places)
{
	uint32_t room = places->room ? places->room * 2 : 64;

	if (places->count < places->room)
		return RV_OK;
	void *more = reallocarray(places->items, room, sizeof(*places->items));
	if (!more)
		return rv_fail_nomem(NULL);
	places->items = more;
	places->room = room;
	return RV_OK;
}

static rv_status on_change(void *user, uint32_t commit, const struct rv_git_change *change)
{
	struct finding *f = user;
	struct rv_path_place place = {.commit = commit};

	if (!rv_git_mode_is_blob(change->new_mode) || !is_named(f->run, change->path) ||
	    !is_wanted(f->run, change->path))
		return RV_OK;
	if (f->places->count == PLACES_MAX) {
		f->places->is_full = true;
		return RV_OK;
	}
	RV_TRY(make_room(f->places));
	const char *path = rv_leaks_text(&f->run->sweepers[0].leaks, change->path);
	if (!path)
		return rv_fail_nomem(NULL);
	place.path = (struct rv_str){(const uint8_t *)path, change->path.len};
	RV_TRY(rv_git_oidmap_put(&f->secrets->blobs, &change->new_oid, &place.blob, NULL));
	f->places->items[f->places->count++] = place;
	return RV_OK;
}

rv_status rv_history_find_paths(struct rv_run *run, struct rv_repo_view *view,
				const uint32_t *commits, uint32_t count, struct rv_secrets *secrets,
				struct rv_path_places *places)
{
	const struct rv_sweep_shared *shared = run->options->shared;
	struct finding f = {run, secrets, places};
	rv_git_trouble_fn *on_trouble = view->graph.on_trouble;
	RV_CLEANUP(rv_freep) uint32_t *all = NULL;

	if (!shared->path_rules || !shared->holds)
		return RV_OK;
	if (!commits) {
		count = view->graph.ids.count;
		all = calloc((size_t)count + 1, sizeof(*all));
		if (!all)
			return rv_fail_nomem(NULL);
		for (uint32_t i = 0; i < count; i++)
			all[i] = i;
		commits = all;
	}
	view->graph.on_trouble = NULL; /* told by who looks for values */
	rv_status status = rv_git_brought_in(&view->graph, commits, count, on_change, &f);
	view->graph.on_trouble = on_trouble;
	if (places->is_full)
		rv_leaks_gap(&run->sweepers[0].leaks, rv_str_of(run->options->repo), NULL,
			     "too-large", "more files that rules name than are told");
	return status;
}

struct telling {
	struct rv_run *run;
	struct rv_sweeper *w;
	struct rv_repo_view *view;
	const struct rv_git_oidmap *blobs;
	const struct rv_git_origins *origins;
	const struct rv_path_place *best; /* of the path in hand */
	uint32_t first, last, versions;
	bool is_counted; /* first is not let pass for itself */
};

/* What is still in use first; then what no thread decides. */
static int by_path(const void *a, const void *b, void *user)
{
	const struct rv_path_place *x = a, *y = b;
	const struct telling *t = user;
	int order = rv_leaks_compare(x->path, y->path);

	if (order != 0)
		return order;
	enum rv_git_reach i = t->origins->items[x->blob].reach;
	enum rv_git_reach j = t->origins->items[y->blob].reach;
	if (i != j)
		return i < j ? -1 : 1;
	return rv_git_oid_compare(&t->blobs->oids[x->blob], &t->blobs->oids[y->blob]);
}

static bool is_older(const struct telling *t, uint32_t a, uint32_t b)
{
	return b == RV_GIT_NONE ||
	       (a != RV_GIT_NONE && t->origins->places[a] > t->origins->places[b]);
}

static rv_status complete(void *user, struct rv_leaks *leaks, struct rv_leak *leak)
{
	struct telling *t = user;

	(void)leaks; /* those of t->w */
	leak->reach = rv_history_reach(t->origins->items[t->best->blob].reach);
	leak->places = t->versions - 1;
	if (t->first != RV_GIT_NONE)
		RV_TRY(rv_repo_commit(t->view, t->first, t->w, &leak->first));
	if (t->last != RV_GIT_NONE)
		RV_TRY(rv_repo_commit(t->view, t->last, t->w, &leak->last));
	leak->owner_hint = leak->first.author;
	return RV_OK;
}

/* The places of one path, which stand together: count of them from `at` on. */
static uint32_t settle(struct telling *t, const struct rv_path_places *places, uint32_t at)
{
	uint32_t end = at;

	t->best = &places->items[at];
	t->first = t->last = RV_GIT_NONE;
	t->versions = 0;
	t->is_counted = false;
	for (; end < places->count && rv_leaks_compare(places->items[end].path, t->best->path) == 0;
	     end++) {
		const struct rv_path_place *place = &places->items[end];
		uint32_t last = t->origins->items[place->blob].last;

		t->versions += end == at || place->blob != places->items[end - 1].blob;
		bool counts = rv_history_counts(t->run, t->view, place->commit);
		if (counts != t->is_counted ? counts : is_older(t, place->commit, t->first))
			t->first = place->commit;
		t->is_counted |= counts;
		if (t->last == RV_GIT_NONE || (last != RV_GIT_NONE && is_older(t, t->last, last)))
			t->last = last;
	}
	return end;
}

static rv_status tell(struct telling *t)
{
	struct rv_doc doc = {.path = t->best->path};
	enum rv_git_type type;

	/* What is gone or damaged was told in the first pass. */
	if (!rv_is_ok(rv_git_read(t->view->reader, &t->blobs->oids[t->best->blob], &type,
				  &doc.bytes)))
		return RV_OK;
	rv_lane_set_path(t->w->lane, RV_STR_NONE); /* a message is no line of the file */
	return rv_sweeper_path(t->w, &doc);
}

rv_status rv_history_tell_paths(struct rv_run *run, struct rv_repo_view *view,
				const struct rv_git_oidmap *blobs,
				const struct rv_git_origins *origins, struct rv_path_places *places)
{
	struct telling t = {.run = run,
			    .w = &run->sweepers[0],
			    .view = view,
			    .blobs = blobs,
			    .origins = origins};
	const struct rv_doc_choice choice = {.complete = complete, .user = &t};
	rv_status status = RV_OK;

	if (places->count == 0)
		return RV_OK;
	qsort_r(places->items, places->count, sizeof(*places->items), by_path, &t);
	t.w->choice = &choice;
	bool is_stopped = false;
	for (uint32_t i = 0; i < places->count && rv_is_ok(status) && !is_stopped;) {
		is_stopped = atomic_load_explicit(&run->stop, memory_order_relaxed);
		i = settle(&t, places, i);
		if (!is_stopped)
			status = tell(&t);
	}
	t.w->choice = NULL;
	if (is_stopped)
		rv_leaks_gap(&t.w->leaks, rv_str_of(run->options->repo), NULL,
			     atomic_load(&run->stop_reason), "not every value found was told");
	return status;
}
