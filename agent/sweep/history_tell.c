/* sweep: the history of a repository, second pass: of each value one blob is read again, with the
 * path it has, and becomes a leak with where it came in and where it still is. What is let pass
 * there (a marker, an allowlist, the baseline) is judged at its other paths too: one says nothing
 * of another. */
#include "agent/sweep/history.h"

#include "agent/scan/assign.h"
#include "agent/scan/context.h"

#include <stdlib.h>

#define PLACES_MAX (1U << 20) /* further places of values let pass; more are a gap */
#define NO_ROW	   SIZE_MAX

/* What is known of a value over all blobs that hold it. */
struct settled {
	uint32_t blob;	/* to be read; number in secrets->blobs, RV_GIT_NONE: none may be */
	uint32_t first; /* commits; RV_GIT_NONE */
	uint32_t last;
	uint32_t versions; /* blobs that hold it */
	bool is_counted;   /* first is not let pass for itself */
	bool is_told;
	bool is_open;	/* told, and not let pass */
	bool is_listed; /* told, and let pass by a list, which may name paths */
	uint8_t state;	/* enum rv_leak_state, told */
	size_t row;	/* of the leaks; NO_ROW: counted alone */
};

/* A further path of a value that was let pass at the first. */
struct place {
	uint32_t secret;
	uint32_t blob;
	struct rv_str path;
};

struct places {
	struct place *items;
	uint32_t count, room;
	bool is_full;
};

struct telling {
	struct rv_run *run;
	struct rv_sweeper *w;
	struct rv_repo_view *view;
	const struct rv_secrets *secrets;
	const struct rv_git_origins *origins;
	struct settled *settled; /* by value */
	struct rv_str *paths;	 /* by blob; data NULL: no path of it may be looked at */
	uint16_t *forms;	 /* by blob: of all its paths that are kept */
	struct rv_staged staged;
	uint32_t blob;	     /* in hand */
	struct rv_str path;  /* as above */
	uint32_t wanted;     /* the value that rv_doc_choice.wants said yes to */
	bool is_stopped;     /* and a gap says so */
	bool has_more_forms; /* in which something may be a value, than could be kept */
};

/* By clock alone a child could be older than its parent: many a tool makes commits within one
 * second. NONE is the newest. */
static uint64_t age_of(const struct telling *t, uint32_t commit)
{
	return commit == RV_GIT_NONE ? 0 : (uint64_t)t->origins->places[commit] + 1;
}

/* Which place is the better to show? In HEAD, else the first; then what no thread decides. */
static int by_worth(const struct telling *t, const struct place *a, const struct place *b)
{
	const struct rv_git_origin *x = &t->origins->items[a->blob];
	const struct rv_git_origin *y = &t->origins->items[b->blob];

	if (x->reach != y->reach)
		return x->reach < y->reach ? -1 : 1;
	if (rv_staged_has(&t->staged, a->blob) != rv_staged_has(&t->staged, b->blob))
		return rv_staged_has(&t->staged, a->blob) ? -1 : 1;
	if (x->first != y->first)
		return age_of(t, x->first) > age_of(t, y->first) ? -1 : 1;
	int order = rv_leaks_compare(a->path, b->path);
	return order ? order
		     : rv_git_oid_compare(&t->secrets->blobs.oids[a->blob],
					  &t->secrets->blobs.oids[b->blob]);
}

static bool is_better(const struct telling *t, uint32_t a, uint32_t b)
{
	const struct place x = {.blob = a, .path = t->paths[a]};
	const struct place y = {.blob = b, .path = t->paths[b]};

	return by_worth(t, &x, &y) < 0;
}

static uint16_t form_of(struct rv_str path)
{
	return (uint16_t)(1U << rv_context_begin(path).form |
			  (rv_assign_listed(path) != RV_LISTED_NOT ? RV_FORMS_LISTED : 0));
}

/* Is it a value in a file of one of these forms? */
static bool is_value_in(const struct rv_holding *h, uint16_t forms)
{
	return h->forms == 0 || (h->forms & forms);
}

/* The oldest that an allowlist does not name, else the oldest: what another commit brought in as
 * well is not let pass for the one. */
static void take_first(const struct telling *t, struct settled *s, uint32_t commit)
{
	bool counts = rv_history_counts(t->run, t->view, commit);

	if (counts != s->is_counted ? counts : age_of(t, commit) > age_of(t, s->first))
		s->first = commit;
	s->is_counted |= counts;
}

/* Joins what one blob says. */
static void settle(struct telling *t, const struct rv_holding *h)
{
	uint32_t blob = h->blob;
	const struct rv_git_origin *o = &t->origins->items[blob];
	struct settled *s = &t->settled[h->secret];

	if (!t->paths[blob].data)
		return;
	if (!is_value_in(h, t->forms[blob])) {
		t->has_more_forms |= o->has_more_kinds;
		return;
	}
	s->versions++;
	if (is_value_in(h, form_of(t->paths[blob])) &&
	    (s->blob == RV_GIT_NONE || is_better(t, blob, s->blob)))
		s->blob = blob;
	take_first(t, s, o->first);
	if (s->last == RV_GIT_NONE ||
	    (o->last != RV_GIT_NONE && age_of(t, o->last) < age_of(t, s->last)))
		s->last = o->last;
}

/* The newest path of a blob that may be looked at; a blob that no tree names is known by its id. */
static rv_status find_path(struct telling *t, uint32_t blob)
{
	const struct rv_git_origin *origin = &t->origins->items[blob];
	char hex[RV_GIT_HEX_MAX];
	struct rv_str path;

	for (uint32_t i = 0; rv_staged_nth(&t->staged, origin, blob, i, &path); i++) {
		t->paths[blob] = i == 0 ? path : t->paths[blob];
		t->forms[blob] |= form_of(path);
	}
	if (t->paths[blob].data || origin->has_unwanted)
		return RV_OK;
	t->forms[blob] = RV_FORM_BIT(TEXT);
	rv_git_oid_hex(&t->secrets->blobs.oids[blob], t->view->git->oid_len, hex);
	const char *name = rv_leaks_text(&t->w->leaks, rv_str_of(hex));
	t->paths[blob] = rv_str_of(name ? name : "");
	return name ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status settle_all(struct telling *t)
{
	t->settled = calloc(t->secrets->count + 1, sizeof(*t->settled));
	t->paths = calloc(t->secrets->blobs.count + 1, sizeof(*t->paths));
	t->forms = calloc(t->secrets->blobs.count + 1, sizeof(*t->forms));
	if (!t->settled || !t->paths || !t->forms)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < t->secrets->blobs.count; i++)
		RV_TRY(find_path(t, i));
	for (uint32_t i = 0; i < t->secrets->count; i++) {
		t->settled[i].blob = RV_GIT_NONE;
		t->settled[i].first = RV_GIT_NONE;
		t->settled[i].last = RV_GIT_NONE;
	}
	for (uint32_t i = 0; i < t->secrets->holding_count; i++)
		settle(t, &t->secrets->holdings[i]);
	if (t->has_more_forms)
		rv_leaks_gap(&t->w->leaks, rv_str_of(t->run->options->repo), NULL, "too-large",
			     "more paths than are kept, in which something may be a value");
	return RV_OK;
}

static bool wants(void *user, uint64_t hash)
{
	struct telling *t = user;

	t->wanted = rv_secrets_find(t->secrets, hash);
	return t->wanted != RV_GIT_NONE && t->settled[t->wanted].blob == t->blob &&
	       !t->settled[t->wanted].is_open;
}

static rv_status add_commits(struct telling *t, const struct settled *s, struct rv_leak *leak)
{
	if (s->first != RV_GIT_NONE)
		RV_TRY(rv_repo_commit(t->view, s->first, t->w, &leak->first));
	if (s->last != RV_GIT_NONE)
		RV_TRY(rv_repo_commit(t->view, s->last, t->w, &leak->last));
	return RV_OK;
}

static rv_status complete(void *user, struct rv_leaks *leaks, struct rv_leak *leak)
{
	struct telling *t = user;
	struct settled *s = &t->settled[t->wanted];

	(void)leaks; /* those of t->w */
	leak->reach = rv_staged_has(&t->staged, t->blob)
			      ? (uint8_t)RV_REACH_INDEX
			      : rv_history_reach(t->origins->items[t->blob].reach);
	leak->places = s->versions - 1;
	leak->commit_count = 0;
	rv_lane_set_path(t->w->lane, RV_STR_NONE); /* a message is no line of the file */
	rv_status status = add_commits(t, s, leak);
	rv_lane_set_path(t->w->lane, t->path);
	leak->owner_hint = leak->first.author;
	return status;
}

/* What was let pass is told once, unless it is open elsewhere: that takes its row then. */
static bool keeps(void *user, struct rv_leaks *leaks, const struct rv_leak *leak)
{
	struct telling *t = user;
	struct settled *s = &t->settled[t->wanted];
	bool is_first = !s->is_told;

	s->is_told = true;
	s->is_open = leak->state == RV_LEAK_OPEN || leak->state == RV_LEAK_NEW_RULE;
	s->is_listed |= leak->state == RV_LEAK_ALLOWED && !leak->is_marked;
	if (is_first) {
		s->state = leak->state;
		s->row = s->is_open || t->w->shared->shows_all ? leaks->count - 1 : NO_ROW;
		return true;
	}
	if (!s->is_open)
		return false;
	leaks->weak -= s->state == RV_LEAK_WEAK;
	leaks->allowed -= s->state == RV_LEAK_ALLOWED;
	leaks->known -= s->state == RV_LEAK_BASELINE;
	if (s->row == NO_ROW)
		return true;
	leaks->items[s->row] = *leak;
	return false;
}

/* Asked before each document: --max-time may end while the second pass runs. */
static bool is_stopped(struct telling *t)
{
	if (t->is_stopped || !atomic_load_explicit(&t->run->stop, memory_order_relaxed))
		return t->is_stopped;
	t->is_stopped = true;
	rv_leaks_gap(&t->w->leaks, rv_str_of(t->run->options->repo), NULL,
		     atomic_load(&t->run->stop_reason), "not every value found was told");
	return true;
}

/* As the first pass told them: once. */
static rv_status mark_gaps(struct telling *t, size_t first)
{
	struct rv_leaks *leaks = &t->w->leaks;

	for (size_t i = first; i < leaks->gap_count; i++)
		leaks->gaps[i].path = RV_STR_NONE;
	if (first == leaks->gap_count)
		return RV_OK;
	const char *path = rv_leaks_text(leaks, t->paths[t->blob]);
	if (!path)
		return rv_fail_nomem(NULL);
	return rv_history_mark_gaps(leaks, first,
				    (struct rv_str){(const uint8_t *)path, t->paths[t->blob].len},
				    &t->secrets->blobs.oids[t->blob], t->view->git->oid_len);
}

static rv_status tell_blob(struct telling *t)
{
	struct rv_doc doc = {.path = t->path};
	enum rv_git_type type;

	rv_status s =
		rv_git_read(t->view->reader, &t->secrets->blobs.oids[t->blob], &type, &doc.bytes);
	if (!rv_is_ok(s)) {
		rv_leaks_gap(&t->w->leaks, doc.path, NULL, "damaged",
			     "it could be read once, and not again");
		return rv_class_of(s) == RV_CLASS_EXHAUSTED && s.errno_was ? s : RV_OK;
	}
	size_t gaps = t->w->leaks.gap_count;
	s = rv_run_document(t->run, t->w, &doc, -1);
	return rv_is_ok(s) ? mark_gaps(t, gaps) : s;
}

static int by_path(const void *a, const void *b, void *user)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->secret != y->secret)
		return x->secret < y->secret ? -1 : 1;
	int order = rv_leaks_compare(x->path, y->path);
	return order ? order : by_worth(user, x, y);
}

static int by_document(const void *a, const void *b, void *user)
{
	const struct place *x = a;
	const struct place *y = b;
	int order = by_worth(user, x, y);

	return order ? order : (x->secret > y->secret) - (x->secret < y->secret);
}

static rv_status add_place(struct places *list, const struct place *place)
{
	if (list->count >= PLACES_MAX) {
		list->is_full = true;
		return RV_OK;
	}
	if (list->count == list->room) {
		uint32_t room = list->room ? list->room * 2 : 64;
		void *more = realloc(list->items, room * sizeof(*list->items));

		if (!more)
			return rv_fail_nomem(NULL);
		list->items = more;
		list->room = room;
	}
	list->items[list->count++] = *place;
	return RV_OK;
}

/* A blob without a name is no other place: most often a file was staged before it got its marker.
 */
static rv_status add_places(struct telling *t, const struct rv_holding *h, struct places *list)
{
	const struct rv_git_origin *origin = &t->origins->items[h->blob];
	const struct settled *s = &t->settled[h->secret];
	struct place place = {.secret = h->secret, .blob = h->blob};

	for (uint32_t i = 0;
	     !s->is_open && rv_staged_nth(&t->staged, origin, h->blob, i, &place.path); i++) {
		if (is_value_in(h, form_of(place.path)) &&
		    (s->blob == RV_GIT_NONE ||
		     rv_leaks_compare(place.path, t->paths[s->blob]) != 0))
			RV_TRY(add_place(list, &place));
	}
	return RV_OK;
}

/* Of each path of a value the version that is best to show (a marker that came later counts); those
 * of one document stand together, the best first. */
static rv_status find_places(struct telling *t, struct places *list)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->secrets->holding_count && !list->is_full; i++)
		RV_TRY(add_places(t, &t->secrets->holdings[i], list));
	if (list->is_full)
		rv_leaks_gap(&t->w->leaks, rv_str_of(t->run->options->repo), NULL, "too-large",
			     "more places of values let pass than are judged");
	if (list->count == 0)
		return RV_OK;
	qsort_r(list->items, list->count, sizeof(*list->items), by_path, t);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct place *last = &list->items[kept ? kept - 1 : 0];

		if (kept == 0 || last->secret != list->items[i].secret ||
		    rv_leaks_compare(last->path, list->items[i].path) != 0)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	qsort_r(list->items, kept, sizeof(*list->items), by_document, t);
	return RV_OK;
}

/* The places of one document, from `at` on. */
static rv_status tell_places(struct telling *t, const struct places *list, uint32_t at,
			     uint32_t *out_end)
{
	uint32_t end = at;
	bool is_wanted = false;
	rv_status status = RV_OK;

	for (; end < list->count && by_worth(t, &list->items[at], &list->items[end]) == 0; end++) {
		t->settled[list->items[end].secret].blob = list->items[at].blob;
		is_wanted |= !t->settled[list->items[end].secret].is_open;
	}
	t->blob = list->items[at].blob;
	t->path = list->items[at].path;
	if (is_wanted)
		status = tell_blob(t);
	for (uint32_t i = at; i < end; i++)
		t->settled[list->items[i].secret].blob = RV_GIT_NONE;
	*out_end = end;
	return status;
}

/* What is let pass wherever it was judged, and has more paths than were kept. A marker is the same
 * at each of them, and a baseline knows the value alone. */
static void tell_unjudged(struct telling *t)
{
	for (uint32_t i = 0; i < t->secrets->holding_count; i++) {
		const struct rv_holding *h = &t->secrets->holdings[i];
		struct settled *s = &t->settled[h->secret];

		if (s->is_open || !s->is_listed || !t->origins->items[h->blob].has_more_paths)
			continue;
		rv_leaks_gap(&t->w->leaks, t->paths[h->blob], NULL, "too-large",
			     "a value let pass here, in more places than are judged");
		s->is_listed = false; /* said once */
	}
}

static rv_status tell_elsewhere(struct telling *t)
{
	struct places list = {0};
	rv_status status = find_places(t, &list);

	for (uint32_t i = 0; i < t->secrets->count; i++)
		t->settled[i].blob = RV_GIT_NONE;
	for (uint32_t i = 0; i < list.count && rv_is_ok(status) && !is_stopped(t);)
		status = tell_places(t, &list, i, &i);
	free(list.items);
	if (rv_is_ok(status))
		tell_unjudged(t);
	return status;
}

static rv_status tell_first(struct telling *t)
{
	RV_CLEANUP(rv_freep) bool *is_chosen = calloc(t->secrets->blobs.count + 1, 1);
	rv_status status = is_chosen ? RV_OK : rv_fail_nomem(NULL);

	for (uint32_t i = 0; is_chosen && i < t->secrets->count; i++) {
		if (t->settled[i].blob != RV_GIT_NONE)
			is_chosen[t->settled[i].blob] = true;
	}
	for (t->blob = 0; t->blob < t->secrets->blobs.count && rv_is_ok(status); t->blob++) {
		t->path = t->paths[t->blob];
		if (!is_chosen[t->blob])
			continue;
		if (is_stopped(t))
			break;
		status = tell_blob(t);
	}
	return status;
}

static rv_status tell_all(struct telling *t)
{
	struct rv_doc_choice choice = {wants, complete, t, keeps, .is_of_values = true};

	t->w->choice = &choice;
	rv_status status = tell_first(t);
	if (rv_is_ok(status) && !t->is_stopped)
		status = tell_elsewhere(t);
	t->w->choice = NULL;
	return status;
}

rv_status rv_history_tell(struct rv_run *run, struct rv_repo_view *view,
			  const struct rv_secrets *secrets, struct rv_path_places *places,
			  struct rv_diag *diag)
{
	const struct rv_git_wanted wanted = {.wants = run->options->wants,
					     .passes = run->options->passes,
					     .user = run->options->wants_user,
					     .kinds = form_of};
	struct rv_git_origins origins = {0};
	struct telling t = {.run = run,
			    .w = &run->sweepers[0],
			    .view = view,
			    .secrets = secrets,
			    .origins = &origins};

	if (secrets->is_full)
		rv_leaks_gap(&t.w->leaks, rv_str_of(run->options->repo), NULL, "too-large",
			     "more distinct values than are told of one history");
	bool is_part = run->options->range || run->options->since;
	bool is_empty = secrets->count == 0 && secrets->gapped_count == 0 && places->count == 0;
	if ((is_part && is_empty) || is_stopped(&t))
		return RV_OK;
	/* What a part lacks was told when it was chosen; the rest was not asked for. */
	if (is_part)
		view->graph.on_trouble = NULL;
	rv_status status = rv_git_origins_find(&view->graph, &view->refs, &secrets->blobs, &wanted,
					       run->threads, &origins, diag);
	if (rv_is_ok(status))
		status = rv_staged_find(run, view, &secrets->blobs, &origins, &t.staged);
	if (rv_is_ok(status))
		status = settle_all(&t);
	if (rv_is_ok(status))
		status = rv_history_place_gaps(run, secrets, t.paths, view->git->oid_len);
	if (rv_is_ok(status))
		status = tell_all(&t);
	if (rv_is_ok(status))
		status = rv_history_tell_paths(run, view, &secrets->blobs, &origins, places);
	free(t.settled);
	free(t.paths);
	free(t.forms);
	rv_staged_done(&t.staged);
	rv_git_origins_done(&origins);
	return status;
}
