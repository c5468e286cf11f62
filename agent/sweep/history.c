/* sweep: the history of a repository, first pass: every stored blob once, of a delta only what it
 * adds. What is remembered is which blob holds which value (secrets.h). Not here: where in the
 * history a blob stands and what is told of it (history_tell.c). */
#include "agent/sweep/history.h"

#include "agent/scan/memo.h"
#include "agent/unpack/unpack.h"

#include <stdlib.h>

/* One thread's look. */
struct looker {
	struct rv_run *run;
	struct rv_sweeper *w;
	struct rv_secrets secrets;
	struct rv_parts parts;
	struct rv_carry *now;	      /* of the blob that is scanned */
	struct rv_carry_index index;  /* of it */
	const struct rv_git_oid *oid; /* its id */
	size_t oid_len;
	struct rv_git_graph *graph; /* where commits go; one lock for all threads */
	pthread_mutex_t *lock;
};

static rv_status on_sighting(void *user, const struct rv_sighting *s)
{
	struct looker *l = user;
	struct rv_carried item = {.hash = s->value_hash,
				  .start = (uint32_t)s->start,
				  .len = (uint32_t)s->len,
				  .match_start = (uint32_t)s->match_start,
				  .match_len = (uint32_t)s->match_len,
				  .forms = s->forms};

	/* What lies in an archive is not carried: a delta on it changes everything behind. */
	if (s->is_inside)
		return rv_secrets_add(&l->secrets, l->oid, s->value_hash, s->forms);
	/* It may be looked at again although it was carried over. */
	return rv_carry_join(l->now, &l->index, &item);
}

static rv_status look(struct looker *l, const struct rv_git_told *told, struct rv_carry *found)
{
	struct rv_doc doc = {.path = RV_STR_NONE, .bytes = told->bytes};

	l->now = found;
	l->index.count = 0;
	l->oid = told->oid;
	const struct rv_carry *base = told->base_state;
	/* An archive is opened whole, delta or not. */
	if (!told->segments || (base && base->is_unknown) ||
	    rv_unpack_kind(told->bytes) != RV_UNPACK_NONE)
		return rv_run_document(l->run, l->w, &doc, -1);
	RV_TRY(rv_carry_over(told->segments, told->segment_count, told->bytes, told->base.len,
			     told->base_state, &l->parts, found));
	doc.parts = l->parts.items;
	doc.part_count = l->parts.count;
	return l->parts.count > 0 ? rv_run_document(l->run, l->w, &doc, -1) : RV_OK;
}

static void drop(void *user, void *state)
{
	(void)user; /* any thread may free it */
	rv_carry_done(state);
	free(state);
}

static bool is_too_large(const struct looker *l, const struct rv_git_told *told)
{
	uint64_t max = l->run->options->max_file;

	return max > 0 && told->bytes.len > max;
}

/* Gaps of a blob are told where it stands, when that is known. */
static rv_status look_or_leave(struct looker *l, const struct rv_git_told *told,
			       struct rv_carry *found)
{
	struct rv_leaks *leaks = &l->w->leaks;
	size_t first = leaks->gap_count;

	if (is_too_large(l, told)) {
		rv_leaks_gap(leaks, RV_STR_NONE, NULL, "too-large", "larger than --max-file");
		found->is_unknown = true;
	} else {
		RV_TRY(look(l, told, found));
	}
	if (leaks->gap_count == first)
		return RV_OK;
	RV_TRY(rv_history_mark_gaps(leaks, first, RV_STR_NONE, told->oid, l->oid_len));
	return rv_secrets_add_gapped(&l->secrets, told->oid);
}

static rv_status object(void *user, const struct rv_git_told *told, void **out_state)
{
	struct looker *l = user;
	struct rv_carry found = {0};

	if (atomic_load_explicit(&l->run->stop, memory_order_relaxed))
		return rv_fail(RV_CLASS_RETRY, NULL, "stopped");
	if (told->type == RV_GIT_COMMIT)
		return rv_git_graph_take(l->graph, l->lock, told);
	atomic_fetch_add_explicit(&l->run->blobs, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&l->run->bytes, told->bytes.len, memory_order_relaxed);
	rv_status status = look_or_leave(l, told, &found);
	for (size_t i = 0; i < found.count && rv_is_ok(status); i++)
		status = rv_secrets_add(&l->secrets, told->oid, found.items[i].hash,
					found.items[i].forms);
	struct rv_carry *kept = NULL;
	if (rv_is_ok(status) && (found.count > 0 || found.is_unknown) && told->is_base) {
		kept = malloc(sizeof(*kept));
		if (!kept)
			status = rv_fail_nomem(NULL);
	}
	if (!kept) {
		rv_carry_done(&found);
		return status;
	}
	*kept = found;
	*out_state = kept;
	return RV_OK;
}

static void planned(void *user, uint64_t count)
{
	const struct looker *l = user;

	atomic_store(&l->run->blob_total, count);
}

static void trouble(void *user, const struct rv_git_trouble *t)
{
	struct looker *l = user;

	/* A broken commit that matters is named by something, and told when that is followed. */
	if (t->type != RV_GIT_COMMIT)
		rv_repo_trouble(&l->w->leaks, t);
}

static rv_status join(struct looker *lookers, unsigned count, struct rv_secrets *all)
{
	for (unsigned i = 0; i < count; i++)
		RV_TRY(rv_secrets_join(all, &lookers[i].secrets));
	return RV_OK;
}

static void free_lookers(struct looker *lookers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		rv_lane_set_memo(lookers[i].w->lane, NULL);
		rv_secrets_done(&lookers[i].secrets);
		rv_parts_done(&lookers[i].parts);
		rv_carry_index_done(&lookers[i].index);
		lookers[i].w->on_sighting = NULL;
	}
	free(lookers);
}

rv_status rv_history_look(struct rv_run *run, struct rv_repo_view *view,
			  const struct rv_git_oidmap *only, struct rv_secrets *all,
			  struct rv_diag *diag)
{
	static const struct rv_git_visitor watched = {
		.object = object, .planned = planned, .drop = drop, .trouble = trouble};
	static const struct rv_git_visitor alone = {
		.object = object, .drop = drop, .trouble = trouble};
	const struct rv_git_visitor *visitor = run->options->progress ? &watched : &alone;
	struct looker *lookers = calloc(run->threads, sizeof(*lookers));
	void *users[RV_WALK_THREADS_MAX];
	const unsigned commits = only ? 0 : 1u << RV_GIT_COMMIT;
	struct rv_git_visit visit = {.types = 1u << RV_GIT_BLOB | commits,
				     .only = only,
				     .threads = run->threads,
				     .users = users};
	struct rv_memo *memo = NULL;
	pthread_mutex_t lock = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

	if (!lookers)
		return rv_fail_nomem(diag);
	if (!rv_is_ok(rv_memo_new(&memo)))
		memo = NULL; /* everything is searched, then */
	for (unsigned i = 0; i < run->threads; i++) {
		lookers[i] = (struct looker){.run = run,
					     .w = &run->sweepers[i],
					     .graph = &view->graph,
					     .lock = &lock,
					     .oid_len = view->git->oid_len};
		rv_secrets_init(&lookers[i].secrets);
		rv_lane_set_memo(lookers[i].w->lane, memo);
		lookers[i].w->on_sighting = on_sighting;
		lookers[i].w->sighting_user = &lookers[i];
		users[i] = &lookers[i];
	}
	rv_status status = rv_git_visit(&view->git->odb, &visit, visitor, diag);
	view->graph.is_whole = rv_is_ok(status) && !only;
	if (rv_class_of(status) == RV_CLASS_RETRY && atomic_load(&run->stop)) {
		rv_leaks_gap(&run->sweepers[0].leaks, rv_str_of(run->options->repo), NULL,
			     atomic_load(&run->stop_reason), "not every object was looked at");
		status = RV_OK;
	}
	if (rv_is_ok(status))
		status = join(lookers, run->threads, all);
	free_lookers(lookers, run->threads);
	rv_memo_free(memo);
	return status;
}
