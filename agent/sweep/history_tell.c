/* sweep: the history of a repository, second pass: of each value one blob is read again, with the
 * path it has, and becomes a leak with where it came in and where it still is. */
#include "agent/sweep/history.h"

#include <stdlib.h>

/* What is known of a value over all blobs that hold it. */
struct settled {
	uint32_t blob;	/* to be read; number in secrets->blobs, RV_GIT_NONE: none may be */
	uint32_t first; /* commits; RV_GIT_NONE */
	uint32_t last;
	uint32_t versions; /* blobs that hold it */
	uint8_t reach;	   /* enum rv_git_reach */
	bool is_told;
};

struct telling {
	struct rv_run *run;
	struct rv_sweeper *w;
	struct rv_repo_view *view;
	const struct rv_secrets *secrets;
	const struct rv_git_origins *origins;
	struct settled *settled; /* by value */
	struct rv_str *paths;	 /* by blob; data NULL: no path of it may be looked at */
	uint32_t blob;		 /* in hand */
	uint32_t wanted;	 /* the value that rv_doc_choice.wants said yes to */
};

static int64_t time_of(const struct telling *t, uint32_t commit)
{
	return commit == RV_GIT_NONE ? INT64_MAX : t->view->graph.nodes[commit].at_utc;
}

static int by_id(const struct telling *t, uint32_t a, uint32_t b)
{
	const struct rv_git_oid *ids = t->view->graph.ids.oids;

	return a == b ? 0 : rv_git_oid_compare(&ids[a], &ids[b]);
}

/* Commits are numbered as threads met them: of two at one time the id decides. */
static bool is_older(const struct telling *t, uint32_t a, uint32_t b)
{
	if (a == RV_GIT_NONE || b == RV_GIT_NONE)
		return a != RV_GIT_NONE;
	return time_of(t, a) != time_of(t, b) ? time_of(t, a) < time_of(t, b) : by_id(t, a, b) < 0;
}

/* Is blob a the better place to show than b? In HEAD, else the first; then what no thread decides.
 */
static bool is_better(const struct telling *t, uint32_t a, uint32_t b)
{
	const struct rv_git_origin *x = &t->origins->items[a];
	const struct rv_git_origin *y = &t->origins->items[b];

	if (x->reach != y->reach)
		return x->reach < y->reach;
	if (time_of(t, x->first) != time_of(t, y->first))
		return time_of(t, x->first) < time_of(t, y->first);
	int order = rv_leaks_compare(t->paths[a], t->paths[b]);
	return order ? order < 0
		     : rv_git_oid_compare(&t->secrets->blobs.oids[a], &t->secrets->blobs.oids[b]) <
			       0;
}

/* Joins what one blob says. */
static void settle(struct telling *t, uint32_t secret, uint32_t blob)
{
	const struct rv_git_origin *o = &t->origins->items[blob];
	struct settled *s = &t->settled[secret];

	if (!t->paths[blob].data)
		return;
	s->versions++;
	if (s->blob == RV_GIT_NONE || is_better(t, blob, s->blob)) {
		s->blob = blob;
		s->reach = (uint8_t)o->reach;
	}
	if (is_older(t, o->first, s->first))
		s->first = o->first;
	if (s->last == RV_GIT_NONE || (o->last != RV_GIT_NONE && is_older(t, s->last, o->last)))
		s->last = o->last;
}

/* The newest path of a blob that may be looked at; a blob that no tree names is known by its id. */
static rv_status find_path(struct telling *t, uint32_t blob)
{
	const struct rv_sweep_options *o = t->run->options;
	const struct rv_git_origin *origin = &t->origins->items[blob];
	char hex[RV_GIT_HEX_MAX];

	for (uint8_t i = 0; i < origin->path_count; i++) {
		if (o->wants && !o->wants(o->wants_user, origin->paths[i], false))
			continue;
		t->paths[blob] = origin->paths[i];
		return RV_OK;
	}
	if (origin->path_count > 0)
		return RV_OK;
	rv_git_oid_hex(&t->secrets->blobs.oids[blob], t->view->git->oid_len, hex);
	const char *name = rv_leaks_text(&t->w->leaks, rv_str_of(hex));
	t->paths[blob] = rv_str_of(name ? name : "");
	return name ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status settle_all(struct telling *t)
{
	t->settled = calloc(t->secrets->count + 1, sizeof(*t->settled));
	t->paths = calloc(t->secrets->blobs.count + 1, sizeof(*t->paths));
	if (!t->settled || !t->paths)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < t->secrets->blobs.count; i++)
		RV_TRY(find_path(t, i));
	for (uint32_t i = 0; i < t->secrets->count; i++) {
		t->settled[i].blob = RV_GIT_NONE;
		t->settled[i].first = RV_GIT_NONE;
		t->settled[i].last = RV_GIT_NONE;
	}
	for (uint32_t i = 0; i < t->secrets->holding_count; i++)
		settle(t, t->secrets->holdings[i].secret, t->secrets->holdings[i].blob);
	return RV_OK;
}

static bool wants(void *user, uint64_t hash)
{
	struct telling *t = user;

	t->wanted = rv_secrets_find(t->secrets, hash);
	return t->wanted != RV_GIT_NONE && t->settled[t->wanted].blob == t->blob &&
	       !t->settled[t->wanted].is_told;
}

static uint8_t reach_of(uint8_t reach)
{
	switch ((enum rv_git_reach)reach) {
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

static rv_status complete(void *user, struct rv_leaks *leaks, struct rv_leak *leak)
{
	struct telling *t = user;
	struct settled *s = &t->settled[t->wanted];

	s->is_told = true;
	leak->reach = reach_of(s->reach);
	leak->places = s->versions - 1;
	leak->commit_count = 0;
	if (s->first != RV_GIT_NONE)
		RV_TRY(rv_repo_commit(t->view, s->first, leaks, &leak->first));
	if (s->last != RV_GIT_NONE)
		RV_TRY(rv_repo_commit(t->view, s->last, leaks, &leak->last));
	leak->owner_hint = leak->first.author;
	return RV_OK;
}

static rv_status tell_blob(struct telling *t)
{
	struct rv_doc doc = {.path = t->paths[t->blob]};
	enum rv_git_type type;

	rv_status s =
		rv_git_read(t->view->reader, &t->secrets->blobs.oids[t->blob], &type, &doc.bytes);
	if (!rv_is_ok(s)) {
		rv_leaks_gap(&t->w->leaks, doc.path, NULL, "damaged",
			     "it could be read once, and not again");
		return rv_class_of(s) == RV_CLASS_EXHAUSTED && s.errno_was ? s : RV_OK;
	}
	return rv_run_document(t->run, t->w, &doc, -1);
}

static rv_status tell_all(struct telling *t)
{
	struct rv_doc_choice choice = {wants, complete, t};
	RV_CLEANUP(rv_freep) bool *is_chosen = calloc(t->secrets->blobs.count + 1, 1);
	rv_status status = is_chosen ? RV_OK : rv_fail_nomem(NULL);

	for (uint32_t i = 0; is_chosen && i < t->secrets->count; i++) {
		if (t->settled[i].blob != RV_GIT_NONE)
			is_chosen[t->settled[i].blob] = true;
	}
	t->w->choice = &choice;
	for (t->blob = 0; t->blob < t->secrets->blobs.count && rv_is_ok(status); t->blob++) {
		if (is_chosen[t->blob])
			status = tell_blob(t);
	}
	t->w->choice = NULL;
	return status;
}

rv_status rv_history_tell(struct rv_run *run, struct rv_repo_view *view,
			  const struct rv_secrets *secrets, struct rv_diag *diag)
{
	struct rv_git_origins origins = {0};
	struct telling t = {.run = run,
			    .w = &run->sweepers[0],
			    .view = view,
			    .secrets = secrets,
			    .origins = &origins};

	if (secrets->is_full)
		rv_leaks_gap(&t.w->leaks, rv_str_of(run->options->repo), NULL, "too-large",
			     "more distinct values than are told of one history");
	if (secrets->count == 0)
		return RV_OK;
	RV_TRY(rv_git_origins_find(&view->graph, &view->refs, &secrets->blobs, run->threads,
				   &origins, diag));
	rv_status status = settle_all(&t);
	if (rv_is_ok(status))
		status = tell_all(&t);
	free(t.settled);
	free(t.paths);
	rv_git_origins_done(&origins);
	return status;
}
