/* daemon: list, show, why, history. Read only: answered while a job runs. */
#include "agent/daemon/engine_list.h"

#include "agent/base/clock.h"
#include "agent/daemon/engine_core.h"
#include "agent/store/audit.h"
#include "agent/store/evidence.h"
#include "agent/store/listeners.h"
#include "agent/store/sightings.h"
#include "agent/store/verdicts.h"

#include <string.h>

struct gather {
	struct rv_engine *e;
	json_t *array;
	const char *id;
};

static rv_status append(json_t *array, json_t *item)
{
	return json_array_append_new(array, item) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

/* --- list ----------------------------------------------------------------------------------------
 */
static rv_status add_credential(const struct rv_credential *c, void *user)
{
	struct gather *g = user;

	return append(g->array, rv_credential_json(g->e, c));
}

rv_status rv_list_json(struct rv_engine *e, const struct rv_credential_filter *filter, json_t **out,
		       struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();
	struct gather g = {.e = e, .array = items};

	if (!items)
		return rv_fail_nomem(diag);
	RV_TRY(rv_credentials_each(e->db, filter, add_credential, &g, diag));
	*out = RV_TAKE(items);
	return RV_OK;
}

static rv_status filter_of(const struct rv_ctl *ctl, struct rv_credential_filter *f,
			   struct rv_diag *diag)
{
	const char *kind = rv_json_text(ctl->args, "kind", NULL);
	const char *due = rv_json_text(ctl->args, "due", NULL);

	if (kind) {
		f->kind = rv_kind_of(rv_str_of(kind));
		if (f->kind == 0)
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "no kind \"%.40s\": account, api_key, token, password, "
				       "certificate, private_key, ssh_key, keytab",
				       kind);
	}
	if (due) {
		int64_t us = 0;
		RV_TRY(rv_duration_parse(rv_str_of(due), &us, diag));
		if (__builtin_add_overflow(rv_now_utc_us(), us, &f->due_before_us))
			return rv_fail(RV_CLASS_MALFORMED, diag, "due %s is too far", due);
	}
	if (rv_json_bool(ctl->args, "orphans", false))
		f->ownership = RV_OWNERSHIP_ORPHANED;
	if (rv_json_bool(ctl->args, "stuck", false))
		f->hold = RV_HOLD_STUCK;
	f->owner = rv_json_text(ctl->args, "owner", NULL);
	return RV_OK;
}

rv_status rv_verb_list(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
		       struct rv_diag *diag)
{
	struct rv_credential_filter f = {0};
	RV_CLEANUP(rv_jsonp) json_t *items = NULL;

	RV_TRY(filter_of(ctl, &f, diag));
	RV_TRY(rv_list_json(e, &f, &items, diag));
	*out_data = json_pack("{s:O}", "items", items);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

/* --- show ----------------------------------------------------------------------------------------
 */
static const char *role_text(unsigned role)
{
	switch (role) {
	case RV_SIGHTED_CERT:
		return "certificate";
	case RV_SIGHTED_KEY:
		return "private key";
	case RV_SIGHTED_SERVED:
		return "served";
	default:
		return "value";
	}
}

static rv_status add_sighting(const struct rv_sighting *s, void *user)
{
	struct gather *g = user;
	char mode[8];

	(void)snprintf(mode, sizeof(mode), "%04o", s->mode & 07777U);
	bool is_file = s->path.len > 0 && s->path.data[0] == '/';
	return append(g->array,
		      json_pack("{s:s, s:o, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
				"id", s->id, "where", rv_path_json(s->path), "holds",
				role_text(s->role), "locator", s->locator, "masked", s->is_masked,
				"uid", is_file ? json_integer(s->uid) : json_null(), "mode",
				is_file ? json_string(mode) : json_null(), "line",
				s->line ? json_integer(s->line) : json_null(), "unit",
				rv_text_json(s->unit), "package", rv_text_json(s->package),
				"last_seen", rv_time_json(s->last_seen_us), "stale", s->is_stale,
				"gone", rv_time_json(s->gone_us)));
}

static rv_status add_version(const struct rv_version *v, void *user)
{
	struct gather *g = user;

	return append(g->array,
		      json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
				(int)v->number, "cert_sha256", rv_text_json(v->cert_sha256), "spki",
				rv_text_json(v->spki), "serial", rv_text_json(v->serial),
				"not_before", rv_time_json(v->not_before_us), "not_after",
				rv_time_json(v->not_after_us), "run", rv_text_json(v->run), "grade",
				rv_text_json(v->grade), "first_seen",
				rv_time_json(v->first_seen_us)));
}

/* Consumers: the units of its sightings, and the processes behind the sockets that serve it. */
static bool has_consumer(const json_t *array, const char *key, const char *value)
{
	size_t at;
	const json_t *item;

	json_array_foreach (array, at, item)
		if (strcmp(rv_json_text(item, key, ""), value) == 0)
			return true;
	return false;
}

static rv_status add_holder(const struct rv_listener *l, void *user)
{
	struct gather *g = user;

	/* A holder that could not be seen has neither: it is told all the same. */
	if (*l->exe && has_consumer(g->array, "exe", l->exe))
		return RV_OK;
	return append(g->array,
		      json_pack("{s:o, s:o, s:i, s:s}", "unit", rv_text_json(l->unit), "exe",
				rv_text_json(l->exe), "pid", (int)l->pid, "evidence", "listens"));
}

static rv_status add_consumer(const struct rv_sighting *s, void *user)
{
	struct gather *g = user;

	unsigned port = rv_sighting_port(s);

	if (port > 0)
		RV_TRY(rv_listeners_each(g->e->db, port, add_holder, g, NULL));
	if (!*s->unit || has_consumer(g->array, "unit", s->unit))
		return RV_OK;
	return append(g->array,
		      json_pack("{s:s, s:s}", "unit", s->unit, "evidence", "names the file"));
}

static rv_status add_id(const struct rv_credential *c, void *user)
{
	return append(((struct gather *)user)->array, json_string(c->id));
}

rv_status rv_verb_show(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
		       struct rv_diag *diag)
{
	char id[RV_ID_TEXT];
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};
	RV_CLEANUP(rv_jsonp) json_t *sightings = json_array();
	RV_CLEANUP(rv_jsonp) json_t *consumers = json_array();
	RV_CLEANUP(rv_jsonp) json_t *versions = json_array();
	RV_CLEANUP(rv_jsonp) json_t *equal = json_array();

	RV_TRY(rv_ctl_id(e, ctl, id, diag));
	RV_TRY(rv_credential_load(e->db, id, &row, diag));
	struct gather g = {.e = e, .array = sightings, .id = id};
	RV_TRY(rv_sightings_each(e->db, id, true, add_sighting, &g, diag));
	g.array = consumers;
	RV_TRY(rv_sightings_each(e->db, id, false, add_consumer, &g, diag));
	g.array = versions;
	RV_TRY(rv_versions_each(e->db, id, add_version, &g, diag));
	g.array = equal;
	RV_TRY(rv_credentials_same_value(e->db, &row.c, add_id, &g, diag));
	*out_data = json_pack("{s:o, s:O, s:O, s:O, s:O}", "credential",
			      rv_credential_json(e, &row.c), "sightings", sightings, "consumers",
			      consumers, "versions", versions, "same_value", equal);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

/* --- why -----------------------------------------------------------------------------------------
 */
static rv_status add_evidence(const struct rv_evidence *item, void *user)
{
	return append(user, json_pack("{s:s, s:i, s:s, s:o}", "evidence", item->source, "weight",
				      (int)item->weight, "text", item->text, "owner",
				      rv_text_json(item->owner)));
}

static rv_status verdict_json(struct rv_engine *e, const char *id, json_t **out,
			      struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, 1 << 20);
	rv_status s = rv_verdict_get(e->db, id, &text, NULL);
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND) {
		*out = json_null();
		return RV_OK;
	}
	RV_TRY(s);
	return rv_json_parse(rv_buf_view(&text), out, diag);
}

rv_status rv_verb_why(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
		      struct rv_diag *diag)
{
	char id[RV_ID_TEXT];
	json_t *verdict = NULL;
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};
	RV_CLEANUP(rv_jsonp) json_t *receipt = json_array();

	RV_TRY(rv_ctl_id(e, ctl, id, diag));
	RV_TRY(rv_credential_load(e->db, id, &row, diag));
	RV_TRY(rv_evidence_each(e->db, id, add_evidence, receipt, diag));
	RV_TRY(verdict_json(e, id, &verdict, diag));
	*out_data = json_pack(
		"{s:o, s:{s:o, s:o, s:o, s:s, s:o, s:O}, s:o}", "credential",
		rv_credential_json(e, &row.c), "owner", "name", rv_text_json(row.c.owner),
		"confidence", *row.c.owner ? json_integer(row.c.owner_percent) : json_null(),
		"source", rv_text_json(row.c.owner_source), "ownership",
		rv_ownership_name(row.c.ownership), "reason", rv_text_json(row.c.orphan_reason),
		"receipt", receipt, "verdict", verdict);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

/* --- history
 * --------------------------------------------------------------------------------------- */
static rv_status add_event(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
			   void *user)
{
	json_t *event = NULL;

	(void)seq;
	(void)hash;
	RV_TRY(rv_json_parse(canonical, &event, NULL));
	int64_t at = rv_json_int(event, "at", RV_TIME_NONE);
	if (json_is_integer(json_object_get(event, "at")) &&
	    json_object_set_new(event, "at", rv_time_json(at)) != 0) {
		json_decref(event);
		return rv_fail_nomem(NULL);
	}
	return append(user, event);
}

rv_status rv_verb_history(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			  struct rv_diag *diag)
{
	char id[RV_ID_TEXT];
	RV_CLEANUP(rv_jsonp) json_t *events = json_array();

	RV_TRY(rv_ctl_id(e, ctl, id, diag));
	RV_TRY(rv_audit_each_of(e->db, id, "", add_event, events, diag));
	*out_data = json_pack("{s:O}", "events", events);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}
