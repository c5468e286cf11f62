/* daemon: a credential's facts for decide/, out of the store. */
#include "agent/daemon/engine_policy.h"

#include "agent/base/clock.h"
#include "agent/store/audit.h"
#include "agent/store/sightings.h"

#define PLACES_MAX 1000

struct collecting {
	struct rv_engine_facts *out;
	struct rv_diag *diag;
};

/* path, unit and package copied into one block that the path starts. */
static rv_status add_place(const struct rv_sighting *s, void *user)
{
	const struct collecting *c = user;
	struct rv_engine_facts *f = c->out;
	size_t unit = strlen(s->unit);
	size_t package = strlen(s->package);
	if (f->place_count == PLACES_MAX)
		return RV_OK; /* more places than that change no verdict worth having */
	struct rv_place_facts *grown = reallocarray(f->places, f->place_count + 1, sizeof(*grown));
	if (grown == NULL)
		return rv_fail_nomem(c->diag);
	f->places = grown;
	uint8_t *block = malloc(s->path.len + unit + package + 1);
	if (block == NULL)
		return rv_fail_nomem(c->diag);
	if (s->path.len > 0)
		memcpy(block, s->path.data, s->path.len);
	memcpy(block + s->path.len, s->unit, unit);
	memcpy(block + s->path.len + unit, s->package, package);
	f->places[f->place_count++] = (struct rv_place_facts){
		.path = {block, s->path.len},
		/* Modes protect secrets: a certificate may be read by all. */
		.is_file = (s->role == RV_SIGHTED_VALUE || s->role == RV_SIGHTED_KEY) &&
			   s->path.len > 0 && s->path.data[0] == '/',
		.mode = s->mode,
		.unit = {block + s->path.len, unit},
		.package = {block + s->path.len + unit, package},
	};
	return RV_OK;
}

/* The last event that made it an orphan. */
static rv_status note_orphaned(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
			       void *user)
{
	(void)seq;
	(void)hash;
	int64_t *since_us = user;
	RV_CLEANUP(rv_jsonp) json_t *event = NULL;
	RV_TRY(rv_json_parse(canonical, &event, NULL));
	const char *type = rv_json_text(event, "type", "");
	if (strcmp(type, "owner_left") == 0 || strcmp(type, "owner_missing") == 0)
		*since_us = rv_json_int(event, "at", RV_AT_UNKNOWN);
	return RV_OK;
}

static enum rv_owner_source source_of(const char *text)
{
	if (strcmp(text, "registry") == 0 || strcmp(text, "claim") == 0)
		return RV_OWNER_REGISTRY;
	if (strcmp(text, "tag") == 0)
		return RV_OWNER_TAG;
	return strcmp(text, "inferred") == 0 ? RV_OWNER_INFERRED : RV_OWNER_NONE;
}

static void fill(struct rv_engine *e, struct rv_engine_facts *f)
{
	const struct rv_credential *c = &f->row.c;
	/* An owner that came from policy is not one that policy may ask for. */
	enum rv_owner_source source = source_of(c->owner_source);
	bool is_certificate = c->kind == RV_KIND_CERTIFICATE;
	bool is_account = c->kind == RV_KIND_ACCOUNT;
	f->facts = (struct rv_facts){
		.id = c->id,
		.host_id = e->host_label,
		.kind = c->kind,
		.name = rv_str_of(c->name),
		.issuer = rv_str_of(c->issuer),
		.provider = rv_str_of(c->provider),
		.places = f->places,
		.place_count = f->place_count,
		.owner = source != RV_OWNER_NONE ? rv_str_of(c->owner) : RV_STR_NONE,
		.owner_source = source,
		.owner_confidence = c->owner_percent,
		.orphaned_since_us = RV_AT_UNKNOWN,
		.issued_us = is_certificate ? c->not_before_us
			     : is_account   ? c->changed_us
					    : RV_AT_UNKNOWN,
		.known_since_us = c->first_seen_us,
		.expires_us = is_certificate ? c->not_after_us : RV_AT_UNKNOWN,
		.hosts = c->max_hosts,
		.state = {(uint8_t)c->ownership, (uint8_t)c->life, (uint8_t)c->hold},
	};
}

rv_status rv_engine_facts_load(struct rv_engine *e, const char *id, struct rv_engine_facts *out,
			       struct rv_diag *diag)
{
	RV_CLEANUP(rv_engine_facts_done) struct rv_engine_facts f = {0};
	struct collecting collecting = {&f, diag};
	RV_TRY(rv_credential_load(e->db, id, &f.row, diag));
	RV_TRY(rv_sightings_each(e->db, id, false, add_place, &collecting, diag));
	fill(e, &f);
	if (f.facts.state.ownership == RV_OWNERSHIP_ORPHANED)
		RV_TRY(rv_audit_each_of(e->db, id, "", note_orphaned, &f.facts.orphaned_since_us,
					diag));
	*out = f;
	f = (struct rv_engine_facts){0};
	out->facts.id = out->row.c.id; /* an array inside the row, which has moved */
	return RV_OK;
}

void rv_engine_facts_done(struct rv_engine_facts *f)
{
	for (size_t i = 0; i < f->place_count; i++) {
		void *block = NULL;
		memcpy(&block, &f->places[i].path.data, sizeof(block)); /* made by add_place() */
		free(block);
	}
	free(f->places);
	rv_credential_row_done(&f->row);
	*f = (struct rv_engine_facts){0};
}
