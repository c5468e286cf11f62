/* daemon: facts, verdict and survey of credentials -> a sealed plan (decide/plan.h). */
#include "agent/base/clock.h"
#include "agent/daemon/engine_policy.h"
#include "agent/daemon/engine_rotate.h"
#include "agent/decide/plan.h"

#define PLACES_MAX 64
#define PLAN_MAX   64

/* One credential as decide/ wants it; everything the views point at lives here. */
struct item {
	struct rv_engine_facts facts;
	struct rv_verdict verdict;
	struct rv_rotate_paths *paths;
	struct rv_plan_consumer consumers[PLACES_MAX];
	size_t consumer_count;
};

struct plan_work {
	struct item items[PLAN_MAX];
	struct rv_plan_item plan[PLAN_MAX];
	size_t count;
};

static void work_freep(struct plan_work **work)
{
	if (!*work)
		return;
	for (size_t i = 0; i < (*work)->count; i++) {
		rv_engine_facts_done(&(*work)->items[i].facts);
		rv_rotate_paths_freep(&(*work)->items[i].paths);
	}
	free(*work);
	*work = NULL;
}

/* Whoever serves it. */
static void take_consumers(struct item *item)
{
	for (size_t i = 0; i < item->facts.place_count; i++) {
		const struct rv_place_facts *place = &item->facts.places[i];
		if (rv_str_starts_with(place->path, "tls://") && item->consumer_count < PLACES_MAX)
			item->consumers[item->consumer_count++] = (struct rv_plan_consumer){
				.unit = place->unit, .where = place->path};
	}
}

static rv_status add_item(struct rv_engine *e, struct plan_work *work, const char *id,
			  struct rv_diag *diag)
{
	struct item *item = &work->items[work->count];
	struct rv_plan_item *plan = &work->plan[work->count];

	if (work->count == PLAN_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "at most %d credentials in a plan",
			       PLAN_MAX);
	RV_TRY(rv_engine_facts_load(e, id, &item->facts, diag));
	work->count++;
	if (item->facts.row.c.is_masked)
		return rv_fail(RV_CLASS_DENIED, diag,
			       "%s: a name of it hides a secret: report only", id);
	take_consumers(item);
	/* The files are surveyed by roles: only then is the set taken that the plan is bound to. */
	RV_TRY(rv_rotate_paths_of(e, id, &item->paths, diag));
	*plan = (struct rv_plan_item){
		.facts = &item->facts.facts,
		.verdict = &item->verdict,
		.version = item->facts.row.c.serial,
		.version_sha256 = item->facts.row.c.cert_sha256,
		.consumers = item->consumers,
		.consumer_count = item->consumer_count,
	};
	plan->paths = rv_rotate_paths_list(item->paths, &plan->path_count);
	return RV_OK;
}

rv_status rv_rotate_plan(struct rv_engine *e, const char *const *ids, size_t count,
			 const char *verb, bool by_hand, json_t **out, struct rv_diag *diag)
{
	RV_CLEANUP(work_freep) struct plan_work *work = calloc(1, sizeof(*work));

	if (!work)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++)
		RV_TRY(add_item(e, work, ids[i], diag));
	int64_t now_us = rv_now_utc_us();
	for (size_t i = 0; i < work->count; i++)
		rv_verdict_make(rv_engine_policies(e), &work->items[i].facts.facts, now_us,
				&work->items[i].verdict);
	struct rv_plan_request request = {.verb = verb,
					  .host = e->host_label,
					  .now_us = now_us,
					  .by_hand = by_hand,
					  .set = rv_engine_policies(e),
					  .items = work->plan,
					  .count = work->count};
	return rv_plan_build(&request, out, diag);
}
