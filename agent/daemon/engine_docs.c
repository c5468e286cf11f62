/* daemon: credentials as documents of docs/protocol.md, and small helpers every verb uses. */
#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "agent/daemon/engine_core.h"
#include "agent/store/audit.h"
#include "agent/store/credentials.h"
#include "agent/store/meta.h"
#include "agent/store/sightings.h"

#include <stdio.h>

#define WHERE_MAX 32

json_t *rv_time_json(int64_t us)
{
	char text[RV_TIME_TEXT];

	if (us == RV_TIME_NONE || us == INT64_MAX)
		return json_null();
	rv_time_text(us, text);
	return json_string(text);
}

json_t *rv_text_json(const char *z)
{
	return z && *z ? json_string(z) : json_null();
}

json_t *rv_path_json(struct rv_str path)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, 4 * 4096 + 16);
	if (!rv_is_ok(rv_path_escape(path, &text)))
		return NULL;
	return json_stringn((const char *)text.data, text.len);
}

static rv_status add_where(const struct rv_sighting *s, void *user)
{
	json_t *where = user;

	if (json_array_size(where) >= WHERE_MAX)
		return RV_OK;
	return json_array_append_new(where, rv_path_json(s->path)) == 0 ? RV_OK
									: rv_fail_nomem(NULL);
}

json_t *rv_credential_json(struct rv_engine *e, const struct rv_credential *c)
{
	RV_CLEANUP(rv_jsonp) json_t *where = json_array();

	if (!where || !rv_is_ok(rv_sightings_each(e->db, c->id, false, add_where, where, NULL)))
		return NULL;
	json_t *owner = rv_text_json(c->owner);
	return json_pack(
		"{s:s, s:s, s:o, s:o, s:O, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o,"
		" s:o, s:i, s:o, s:o}",
		"id", c->id, "kind", rv_kind_name(c->kind), "name", rv_text_json(c->name), "path",
		rv_text_json(c->path), "where", where, "owner", owner, "owner_confidence",
		*c->owner ? json_integer(c->owner_percent) : json_null(), "ownership",
		rv_ownership_name(c->ownership), "life", rv_life_name(c->life), "hold",
		rv_hold_name(c->hold), "why", rv_text_json(c->hold_why[0] ? c->hold_why : c->why),
		"policy", rv_text_json(c->policy), "due", rv_time_json(c->due_us), "not_after",
		rv_time_json(c->not_after_us), "fingerprint", rv_text_json(c->fingerprint), "spki",
		rv_text_json(c->spki), "last_seen", rv_time_json(c->last_seen_us), "compliant",
		c->compliant < 0 ? json_null() : json_boolean(c->compliant), "version",
		(int)c->version, "orphan_reason", rv_text_json(c->orphan_reason), "owner_source",
		rv_text_json(c->owner_source));
}

rv_status rv_ctl_id(struct rv_engine *e, const struct rv_ctl *ctl, char out_id[RV_ID_TEXT],
		    struct rv_diag *diag)
{
	const char *id = rv_json_text(ctl->args, "id", NULL);

	if (!id || !*id) {
		rv_diag_next(diag, "reeve list");
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s needs an id or a path", ctl->verb);
	}
	return rv_credential_resolve(e->db, id, out_id, diag);
}

rv_status rv_engine_audit(struct rv_engine *e, const char *type, const char *cred, const char *run,
			  const json_t *data, struct rv_diag *diag)
{
	const struct rv_audit_event event = {
		.type = type, .cred = cred ? cred : "", .run = run ? run : "", .data = data};

	return rv_audit_append(e->db, &event, NULL, diag);
}

rv_status rv_engine_check_pause(struct rv_engine *e, struct rv_diag *diag)
{
	char until[RV_TIME_TEXT] = "it is ended";
	int64_t until_us = rv_meta_int(e->db, "pause.until", 0);
	RV_CLEANUP(rv_buf_done) struct rv_buf reason = {0};

	rv_buf_init(&reason, 1024);
	if (until_us == 0 || until_us <= rv_now_utc_us())
		return RV_OK;
	if (until_us != INT64_MAX)
		rv_time_text(until_us, until);
	if (!rv_is_ok(rv_meta_get(e->db, "pause.reason", &reason, NULL)))
		rv_buf_reset(&reason);
	rv_diag_next(diag, "reeve resume");
	return rv_fail(RV_CLASS_DENIED, diag, "changes are paused until %s%s%.*s", until,
		       reason.len ? ": " : "", (int)reason.len, (const char *)reason.data);
}
