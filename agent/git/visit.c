/* git: plans all packs and shares the work among threads. Not here: rebuilding (worker.c). */
#include "agent/git/visit.h"

#include "agent/git/plan.h"
#include "agent/git/worker.h"

#include <pthread.h>
#include <stdatomic.h>

#define SHARES	     24	 /* batches for each thread */
#define OBJECT_COST  512 /* of rebuilding one, in bytes to inflate */
#define BATCH_MIN    ((uint64_t)128 << 10)
#define FOLDER_BATCH 8 /* folders of loose objects at a time */

/* Roots [from, to) of a plan, or folders [from, to) of loose objects in a directory. */
struct batch {
	struct rv_git_plan *plan; /* NULL: loose */
	size_t dir;
	uint32_t from, to;
	uint64_t cost;
};

struct sharing {
	const struct rv_git_odb *odb;
	const struct rv_git_visit *visit;
	const struct rv_git_visitor *visitor;
	struct rv_git_plan *plans;
	struct batch *batches;
	size_t batch_count, batch_cap;
	atomic_size_t next;
	atomic_size_t in_flight;
	atomic_bool is_over;
};

struct thread {
	struct sharing *sharing;
	void *user;
	pthread_t id;
	rv_status status;
};

static void done(struct sharing *s)
{
	for (uint32_t i = 0; s->plans && i < s->odb->pack_count; i++)
		rv_git_plan_done(&s->plans[i]);
	free(s->plans);
	free(s->batches);
}

static rv_status plan_all(struct sharing *s)
{
	RV_CLEANUP(rv_git_oidmap_done) struct rv_git_oidmap seen = {0};
	struct rv_git_wanting wanting = {.types = s->visit->types,
					 .only = s->visit->only,
					 .seen = &seen,
					 .trouble = s->visitor->trouble,
					 .user = s->visit->users ? s->visit->users[0] : NULL};

	rv_git_oidmap_init(&seen);
	s->plans = calloc((size_t)s->odb->pack_count + 1, sizeof(*s->plans));
	if (!s->plans)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < s->odb->pack_count; i++)
		RV_TRY(rv_git_plan_make(s->odb, i, &wanting, &s->plans[i]));
	return RV_OK;
}

static rv_status add(struct sharing *s, const struct batch *batch)
{
	if (s->batch_count == s->batch_cap) {
		size_t cap = s->batch_cap ? s->batch_cap * 2 : 256;
		struct batch *batches = reallocarray(s->batches, cap, sizeof(*batches));

		if (!batches)
			return rv_fail_nomem(NULL);
		s->batches = batches;
		s->batch_cap = cap;
	}
	s->batches[s->batch_count++] = *batch;
	return RV_OK;
}

static uint64_t cost_of(const struct rv_git_plan *plan, uint32_t n)
{
	uint32_t rank = plan->roots[n];
	uint64_t end =
		rank + 1 < plan->count ? plan->offsets[rank + 1] : plan->odb->packs[plan->pack].len;

	return end - plan->offsets[rank] + (uint64_t)plan->weights[n] * OBJECT_COST;
}

/* Neighbours together, up to `most`; what is larger alone. */
static rv_status split(struct sharing *s, struct rv_git_plan *plan, uint64_t most)
{
	struct batch batch = {.plan = plan};

	for (uint32_t n = 0; n < plan->root_count; n++) {
		uint64_t cost = cost_of(plan, n);

		if (batch.to > batch.from && batch.cost + cost > most) {
			RV_TRY(add(s, &batch));
			batch.from = n;
			batch.cost = 0;
		}
		batch.to = n + 1;
		batch.cost += cost;
	}
	return batch.to > batch.from ? add(s, &batch) : RV_OK;
}

static int by_cost(const void *a, const void *b)
{
	const struct batch *x = a, *y = b;

	return x->cost != y->cost ? (x->cost < y->cost ? 1 : -1) : 0;
}

static rv_status split_all(struct sharing *s, unsigned threads)
{
	uint64_t all = 0, most;

	for (uint32_t i = 0; i < s->odb->pack_count; i++) {
		for (uint32_t n = 0; n < s->plans[i].root_count; n++)
			all += cost_of(&s->plans[i], n);
	}
	most = all / ((uint64_t)threads * SHARES);
	if (most < BATCH_MIN)
		most = BATCH_MIN;
	for (uint32_t i = 0; i < s->odb->pack_count; i++)
		RV_TRY(split(s, &s->plans[i], most));
	/* The largest first, so that no thread is left alone with one at the end. */
	if (threads > 1 && s->batch_count > 1)
		qsort(s->batches, s->batch_count, sizeof(*s->batches), by_cost);
	for (size_t dir = 0; dir < s->odb->dir_count; dir++) {
		for (uint32_t folder = 0; folder < 256; folder += FOLDER_BATCH) {
			const struct batch batch = {
				.dir = dir, .from = folder, .to = folder + FOLDER_BATCH};

			RV_TRY(add(s, &batch));
		}
	}
	return RV_OK;
}

static rv_status do_batch(struct rv_git_worker *worker, const struct batch *batch)
{
	for (uint32_t i = batch->from; i < batch->to; i++) {
		if (batch->plan)
			RV_TRY(rv_git_worker_tree(worker, batch->plan, i));
		else
			RV_TRY(rv_git_worker_loose(worker, batch->dir, i));
	}
	return RV_OK;
}

static rv_status work(struct sharing *s, void *user)
{
	RV_CLEANUP(rv_git_worker_done)
	struct rv_git_worker worker = {
		.odb = s->odb,
		.visit = s->visit,
		.visitor = s->visitor,
		.user = user,
		.in_flight = &s->in_flight,
		.max_in_flight = s->visit->max_in_flight,
	};

	RV_TRY(rv_git_worker_init(&worker));
	while (!atomic_load(&s->is_over)) {
		size_t i = atomic_fetch_add(&s->next, 1);
		rv_status status;

		if (i >= s->batch_count)
			break;
		status = do_batch(&worker, &s->batches[i]);
		if (!rv_is_ok(status)) {
			atomic_store(&s->is_over, true);
			return status;
		}
	}
	return RV_OK;
}

static void *run(void *arg)
{
	struct thread *thread = arg;

	thread->status = work(thread->sharing, thread->user);
	return NULL;
}

/* One batch for each thread at least, else the thread is not worth making. */
static rv_status run_all(struct sharing *s, unsigned threads, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct thread *all = calloc(threads, sizeof(*all));
	unsigned started = 1;
	rv_status status = RV_OK;

	if (!all)
		return rv_fail_nomem(diag);
	for (unsigned i = 0; i < threads; i++) {
		all[i].sharing = s;
		all[i].user = s->visit->users ? s->visit->users[i] : NULL;
	}
	for (; started < threads; started++) {
		if (pthread_create(&all[started].id, NULL, run, &all[started]) != 0)
			break; /* the others do its share */
	}
	run(&all[0]);
	for (unsigned i = 1; i < started; i++)
		(void)pthread_join(all[i].id, NULL); /* ours, joined once */
	for (unsigned i = 0; i < started && rv_is_ok(status); i++)
		status = all[i].status;
	return status;
}

/* Whose base is in another pack has no type yet. */
static bool is_planned_blob(uint8_t flags)
{
	unsigned type = flags & RV_GIT_PLAN_TYPE;

	return flags & RV_GIT_PLAN_TELL && (type == RV_GIT_BLOB || type == RV_GIT_TYPE_NONE);
}

static void tell_count(const struct sharing *s)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < s->odb->pack_count; i++) {
		for (uint32_t rank = 0; rank < s->plans[i].count; rank++)
			count += is_planned_blob(s->plans[i].flags[rank]);
	}
	s->visitor->planned(s->visit->users ? s->visit->users[0] : NULL, count);
}

rv_status rv_git_visit(const struct rv_git_odb *odb, const struct rv_git_visit *visit,
		       const struct rv_git_visitor *visitor, struct rv_diag *diag)
{
	struct rv_git_visit own = *visit;
	RV_CLEANUP(done)
	struct sharing s = {.odb = odb, .visit = &own, .visitor = visitor};

	if (own.types == 0)
		own.types = 1u << RV_GIT_BLOB;
	if (own.threads == 0)
		own.threads = 1;
	if (own.threads > RV_GIT_THREADS_MAX)
		own.threads = RV_GIT_THREADS_MAX;
	if (own.max_in_flight == 0)
		own.max_in_flight = RV_GIT_IN_FLIGHT_MAX;
	RV_TRY(plan_all(&s));
	if (visitor->planned)
		tell_count(&s);
	RV_TRY(split_all(&s, own.threads));
	return run_all(&s, own.threads, diag);
}
