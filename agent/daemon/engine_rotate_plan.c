/* daemon: facts, verdict and survey of credentials -> a sealed plan (decide/plan.h). */
#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "agent/daemon/engine_rotate.h"
#include "agent/decide/plan.h"
#include "agent/store/credentials.h"
#include "agent/store/sightings.h"

#include <stdio.h>

#define PLACES_MAX 64
#define PLAN_MAX   64

/* One credential as decide/ wants it; everything the views point at lives here. */
struct item {
	struct rv_credential_row row;
	struct rv_facts facts;
	struct rv_verdict verdict;
	struct rv_rotate_paths *paths;
	struct rv_place_facts places[PLACES_MAX];
	struct rv_plan_consumer consumers[PLACES_MAX];
	char *memory[PLACES_MAX][3]; /* path, unit, package */
	size_t place_count, consumer_count;
};

struct plan_work {
	struct item items[PLAN_MAX];
	struct rv_plan_item plan[PLAN_MAX];
	size_t count;
	struct rv_policy_set *set;
};

static void work_freep(struct plan_work **work)
{
	if (!*work)
		return;
	for (size_t i = 0; i < (*work)->count; i++) {
		struct item *item = &(*work)->items[i];
		rv_credential_row_done(&item->row);
		rv_rotate_paths_freep(&item->paths);
		for (size_t k = 0; k < item->place_count; k++)
			for (size_t n = 0; n < 3; n++)
				free(item->memory[k][n]);
	}
	rv_policy_set_freep(&(*work)->set);
	free(*work);
	*work = NULL;
}

static rv_status take_place(const struct rv_sighting *s, void *user)
{
	struct item *item = user;
	size_t i = item->place_count;

	if (i == PLACES_MAX)
		return RV_OK; /* more places do not change what policies match by name */
	item->memory[i][0] = rv_str_dup(s->path);
	item->memory[i][1] = strdup(s->unit);
	item->memory[i][2] = strdup(s->package);
	item->place_count++;
	if (!item->memory[i][0] || !item->memory[i][1] || !item->memory[i][2])
		return rv_fail_nomem(NULL);
	item->places[i] = (struct rv_place_facts){
		.path = rv_str_of(item->memory[i][0]),
		.is_file = s->role == RV_SIGHTED_CERT || s->role == RV_SIGHTED_KEY,
		.mode = s->mode,
		.unit = rv_str_of(item->memory[i][1]),
		.package = rv_str_of(item->memory[i][2]),
	};
	if (s->role == RV_SIGHTED_SERVED)
		item->consumers[item->consumer_count++] = (struct rv_plan_consumer){
			.unit = item->places[i].unit, .where = item->places[i].path};
	return RV_OK;
}

static enum rv_owner_source source_of(const char *text)
{
	if (strcmp(text, "registry") == 0 || strcmp(text, "claim") == 0)
		return RV_OWNER_REGISTRY;
	if (strcmp(text, "policy") == 0)
		return RV_OWNER_POLICY;
	return strcmp(text, "inferred") == 0 ? RV_OWNER_INFERRED : RV_OWNER_NONE;
}

static void fill_facts(const struct rv_engine *e, struct item *item)
{
	const struct rv_credential *c = &item->row.c;

	item->facts = (struct rv_facts){
		.id = c->id,
		.host_id = e->host_label,
		.kind = c->kind,
		.name = rv_str_of(c->name),
		.issuer = rv_str_of(c->issuer),
		.provider = rv_str_of(c->provider),
		.places = item->places,
		.place_count = item->place_count,
		.owner = rv_str_of(c->owner),
		.owner_source = source_of(c->owner_source),
		.owner_confidence = c->owner_percent,
		.orphaned_since_us = RV_AT_UNKNOWN,
		.issued_us = c->not_before_us != RV_TIME_NONE ? c->not_before_us : RV_AT_UNKNOWN,
		.expires_us = c->not_after_us != RV_TIME_NONE ? c->not_after_us : RV_AT_UNKNOWN,
		.hosts = c->max_hosts,
		.state = {(uint8_t)c->ownership, (uint8_t)c->life, (uint8_t)c->hold},
	};
}

static rv_status add_item(struct rv_engine *e, struct plan_work *work, const char *id,
			  struct rv_diag *diag)
{
	struct item *item = &work->items[work->count];
	struct rv_plan_item *plan = &work->plan[work->count];

	if (work->count == PLAN_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "at most %d credentials in a plan",
			       PLAN_MAX);
	RV_TRY(rv_credential_load(e->db, id, &item->row, diag));
	work->count++;
	if (item->row.c.is_masked)
		return rv_fail(RV_CLASS_DENIED, diag,
			       "%s: a name of it hides a secret: report only", id);
	RV_TRY(rv_sightings_each(e->db, id, false, take_place, item, diag));
	fill_facts(e, item);
	rv_verdict_make(work->set, &item->facts, rv_now_utc_us(), &item->verdict);
	*plan = (struct rv_plan_item){
		.facts = &item->facts,
		.verdict = &item->verdict,
		.version = item->row.c.serial,
		.version_sha256 = item->row.c.cert_sha256,
		.consumers = item->consumers,
		.consumer_count = item->consumer_count,
	};
	RV_TRY(rv_rotate_paths_of(e, id, &item->paths, diag));
	plan->paths = rv_rotate_paths_list(item->paths, &plan->path_count);
	return RV_OK;
}

static rv_status load_policies(struct rv_engine *e, struct rv_policy_set **out,
			       struct rv_diag *diag)
{
	struct rv_buf dir;

	rv_buf_init(&dir, 4096);
	rv_status s = rv_buf_printf(&dir, "%s/policies.d", e->config_dir);
	if (rv_is_ok(s)) {
		const char *const dirs[] = {rv_buf_cstr(&dir), NULL};
		struct rv_policy_sources sources = {.dirs = dirs};
		s = rv_policy_load(&sources, out, diag);
	}
	rv_buf_done(&dir);
	return s;
}

rv_status rv_rotate_plan(struct rv_engine *e, const char *const *ids, size_t count,
			 const char *verb, bool by_hand, json_t **out, struct rv_diag *diag)
{
	RV_CLEANUP(work_freep) struct plan_work *work = calloc(1, sizeof(*work));

	if (!work)
		return rv_fail_nomem(diag);
	RV_TRY(load_policies(e, &work->set, diag));
	for (size_t i = 0; i < count; i++)
		RV_TRY(add_item(e, work, ids[i], diag));
	struct rv_plan_request request = {.verb = verb,
					  .host = e->host_label,
					  .now_us = rv_now_utc_us(),
					  .by_hand = by_hand,
					  .set = work->set,
					  .items = work->plan,
					  .count = work->count};
	return rv_plan_build(&request, out, diag);
}
