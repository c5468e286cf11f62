/* daemon: the module of owners: the registry file with its last good set, binding, and the verb
 * `owner`. */
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/bind/bind.h"
#include "agent/daemon/engine_core.h"
#include "agent/daemon/engine_discover.h"
#include "agent/daemon/engine_policy.h"
#include "agent/store/credentials.h"
#include "agent/store/estate.h"
#include "agent/store/evidence.h"

#include <stdio.h>

/* Read again before each binding; a broken file leaves the last good set in force. */
static rv_status reload(struct rv_engine *e, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) char *path = NULL;
	struct rv_owners *fresh = NULL;
	struct rv_diag why = {0};

	if (asprintf(&path, "%s/owners.yaml", e->config_dir) < 0)
		return rv_fail_nomem(diag);
	rv_status s = rv_owners_load(path, &fresh, &why);
	if (rv_is_ok(s)) {
		rv_owners_free(e->core->owners);
		e->core->owners = fresh;
		e->core->owners_error[0] = '\0';
		return RV_OK;
	}
	if (strcmp(e->core->owners_error, why.text) != 0)
		rv_log(RV_ERROR, "owners.yaml is refused, the last good set stays", "why", why.text,
		       NULL);
	(void)snprintf(e->core->owners_error, sizeof(e->core->owners_error), "%s", why.text);
	return e->core->owners
		       ? RV_OK
		       : rv_owners_parse(RV_STR_LIT("version: 1\n"), path, &e->core->owners, diag);
}

static rv_status policy_owner(void *user, const struct rv_credential *c,
			      char owner[RV_BIND_OWNER_TEXT], char text[256])
{
	struct rv_engine *e = user;
	struct rv_verdict v;
	RV_CLEANUP(rv_engine_facts_done) struct rv_engine_facts f = {0};

	RV_TRY(rv_engine_facts_load(e, c->id, &f, NULL));
	rv_verdict_make(rv_engine_policies(e), &f.facts, rv_now_utc_us(), &v);
	const char *name = v.owner_team ? v.owner_team : v.owner_person;
	if (name)
		(void)snprintf(owner, RV_BIND_OWNER_TEXT, "%s:%.150s",
			       v.owner_team ? "team" : "person", name);
	(void)snprintf(text, 256, "%.200s:%u", v.owner_src.file ? v.owner_src.file : "",
		       v.owner_src.line);
	return RV_OK;
}

rv_status rv_owner_bind(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	RV_TRY(reload(e, diag));
	struct rv_bind b = {
		.db = e->db,
		.owners = e->core->owners,
		.now_us = rv_now_utc_us(),
		.policy_owner = policy_owner,
		.event = rv_ingest_event,
		.user = e,
	};
	return id ? rv_bind_one(&b, id, diag) : rv_bind_all(&b, diag);
}

/* --- the verb
 * -------------------------------------------------------------------------------------------- */
static bool is_owner_text(const char *z)
{
	static const char *const kinds[] = {"team:", "person:", "service:", "package:", NULL};
	size_t len = strlen(z);

	for (const char *const *k = kinds; *k; k++)
		if (strncmp(z, *k, strlen(*k)) == 0 && len > strlen(*k) && len < RV_BIND_OWNER_TEXT)
			return true;
	return strcmp(z, "host") == 0;
}

/* The caller as an owner: the account's name when it is known, else its number. */
static rv_status caller(struct rv_engine *e, uint32_t uid, char out[RV_BIND_OWNER_TEXT],
			struct rv_diag *diag)
{
	RV_CLEANUP(rv_estate_done) struct rv_estate estate = {0};

	RV_TRY(rv_estate_load(e->db, &estate, diag));
	(void)snprintf(out, RV_BIND_OWNER_TEXT, "person:uid %u", uid);
	for (size_t n = 0; n < estate.account_count; n++)
		if (estate.accounts[n].uid == uid)
			(void)snprintf(out, RV_BIND_OWNER_TEXT, "person:%.140s",
				       estate.accounts[n].name);
	const struct rv_owner *team =
		e->core->owners ? rv_owners_of_account(e->core->owners, out + 7) : NULL;
	if (team)
		(void)snprintf(out, RV_BIND_OWNER_TEXT, "%.150s", team->key);
	return RV_OK;
}

/* What the mark will name: given (set), the caller (claim), who it is already (confirm, dispute).
 */
static rv_status owner_of_mark(struct rv_engine *e, const struct rv_ctl *ctl, const char *verb,
			       const struct rv_credential *c, char out[RV_BIND_OWNER_TEXT],
			       struct rv_diag *diag)
{
	if (strcmp(verb, "claim") == 0)
		return caller(e, ctl->uid, out, diag);
	if (strcmp(verb, "set") == 0) {
		const char *owner = rv_json_text(ctl->args, "owner", "");
		if (!is_owner_text(owner)) {
			rv_diag_next(diag, "reeve owner set %s team:NAME", c->id);
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "an owner is team:NAME, person:NAME, service:NAME, "
				       "package:NAME or host");
		}
		(void)snprintf(out, RV_BIND_OWNER_TEXT, "%s", owner);
		return RV_OK;
	}
	if (!*c->owner) {
		rv_diag_next(diag, "reeve owner set %s team:NAME", c->id);
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s has no owner to %s", c->id, verb);
	}
	(void)snprintf(out, RV_BIND_OWNER_TEXT, "%.150s", c->owner);
	return RV_OK;
}

static rv_status write_mark(struct rv_engine *e, const struct rv_ctl *ctl, const char *id,
			    const char *verb, const char *owner, struct rv_diag *diag)
{
	char by[16];
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	const struct rv_owner_mark mark = {
		.verb = verb, .owner = owner, .by = by, .at_us = rv_now_utc_us()};

	(void)snprintf(by, sizeof(by), "%u", ctl->uid);
	RV_CLEANUP(rv_jsonp)
	json_t *data =
		json_pack("{s:s, s:s, s:i}", "do", verb, "owner", owner, "uid", (int)ctl->uid);
	if (!data)
		return rv_fail_nomem(diag);
	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	RV_TRY(rv_owner_mark_put(e->db, id, &mark, diag));
	RV_TRY(rv_engine_audit(e, "owner_said", id, "", data, diag));
	RV_TRY(rv_owner_bind(e, id, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status owner(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
		       struct rv_diag *diag)
{
	static const char *const known[] = {"set", "claim", "confirm", "dispute", NULL};
	char id[RV_ID_TEXT];
	char text[RV_BIND_OWNER_TEXT];
	bool is_known = false;
	const char *verb = rv_json_text(ctl->args, "do", "");
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	for (const char *const *k = known; *k; k++)
		is_known = is_known || strcmp(*k, verb) == 0;
	if (!is_known)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "owner does set, claim, confirm or dispute, not \"%.32s\"", verb);
	RV_TRY(rv_ctl_id(e, ctl, id, diag));
	RV_TRY(rv_credential_load(e->db, id, &row, diag));
	RV_TRY(owner_of_mark(e, ctl, verb, &row.c, text, diag));
	RV_TRY(write_mark(e, ctl, id, verb, text, diag));
	rv_credential_row_done(&row);
	RV_TRY(rv_credential_load(e->db, id, &row, diag));
	*out_data = json_pack("{s:o}", "credential", rv_credential_json(e, &row.c));
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

static rv_status doctor(struct rv_engine *e, json_t *checks)
{
	bool ok = e->core->owners_error[0] == '\0';

	return rv_doctor_check(checks, "owners", ok,
			       ok ? "owners.yaml is read" : e->core->owners_error,
			       "mend the line it names; the last good set stays in force");
}

static rv_status start(struct rv_engine *e, struct rv_diag *diag)
{
	return reload(e, diag);
}

static void stop(struct rv_engine *e)
{
	rv_owners_free(e->core->owners);
	e->core->owners = NULL;
}

static const struct rv_verb verbs[] = {
	{"owner", RV_RIGHT_PLAN, 0, owner},
	{NULL, RV_RIGHT_READ, 0, NULL},
};

const struct rv_module rv_module_owner = {
	.name = "owners",
	.verbs = verbs,
	.start = start,
	.doctor = doctor,
	.stop = stop,
};
