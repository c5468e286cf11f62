/* daemon: the module of the engine itself: status, doctor, pause, resume; and the table of the
 * reading verbs (engine_list.c). */
#include "agent/base/clock.h"
#include "agent/daemon/engine_core.h"
#include "agent/daemon/engine_list.h"
#include "agent/sandbox/confine.h"
#include "agent/store/audit.h"
#include "agent/store/credentials.h"
#include "agent/store/meta.h"
#include "agent/store/not_looked.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define REASON_MAX 200

static json_t *walls_json(uint64_t walls)
{
	json_t *list = json_array();

	for (unsigned bit = 0; list && bit < RV_WALL__COUNT; bit++)
		if (walls & (UINT64_C(1) << bit))
			(void)json_array_append_new(list, json_string(rv_wall_name(bit)));
	return list;
}

static json_t *role_json(enum rv_role role, uint32_t pid, json_t *walls)
{
	return json_pack("{s:s, s:i, s:o}", "role", rv_role_name(role), "pid", (int)pid, "walls",
			 walls);
}

static json_t *roles_json(const struct rv_engine *e)
{
	json_t *list = json_array();

	if (!list)
		return NULL;
	/* reeved is unconfined by design: its children would inherit what it gave up. */
	(void)json_array_append_new(list, role_json(RV_ROLE_REEVED, e->sup_pid, json_array()));
	(void)json_array_append_new(
		list, role_json(RV_ROLE_ENGINE, (uint32_t)getpid(), walls_json(e->args->walls)));
	for (const struct rv_peer_node *n = e->core->peers; n; n = n->next)
		(void)json_array_append_new(
			list, role_json(n->peer.role, n->peer.pid, walls_json(n->peer.walls)));
	return list;
}

rv_status rv_counts_json(struct rv_engine *e, json_t **out, struct rv_diag *diag)
{
	int64_t not_looked = 0;
	struct rv_credential_counts c;

	RV_TRY(rv_credentials_count(e->db, &c, diag));
	RV_TRY(rv_not_looked_count(e->db, &not_looked, diag));
	json_t *counts = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "credentials",
				   c.total, "owned", c.owned, "orphans", c.orphans, "disputed",
				   c.disputed, "due", c.due, "stuck", c.stuck, "rotating",
				   c.rotating, "not_looked", not_looked);
	if (!counts)
		return rv_fail_nomem(diag);
	*out = counts;
	return RV_OK;
}

static json_t *paused_json(struct rv_engine *e)
{
	int64_t until = rv_meta_int(e->db, "pause.until", 0);
	RV_CLEANUP(rv_buf_done) struct rv_buf reason = {0};

	rv_buf_init(&reason, 1024);
	if (until <= rv_now_utc_us())
		return json_null();
	if (!rv_is_ok(rv_meta_get(e->db, "pause.reason", &reason, NULL)))
		rv_buf_reset(&reason);
	const char *why = rv_buf_cstr(&reason);
	return json_pack("{s:o, s:o}", "until", rv_time_json(until), "reason", rv_text_json(why));
}

static rv_status status(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			struct rv_diag *diag)
{
	json_t *counts = NULL;
	int64_t passed = rv_meta_int(e->db, "pass.done_us", RV_TIME_NONE);

	(void)ctl;
	RV_TRY(rv_counts_json(e, &counts, diag));
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack(
		"{s:s, s:i, s:i, s:b, s:o, s:o, s:o, s:o, s:n, s:n, s:[], s:o, s:i}", "version",
		rv_build_id(), "pid", (int)e->sup_pid, "uid", (int)getuid(), "root", e->is_root,
		"roles", roles_json(e), "last_pass", rv_time_json(passed), "counts", counts,
		"paused", paused_json(e), "inventory", "policy", "running", "job",
		e->core->running ? json_string(e->core->running->name) : json_null(), "queued",
		(int)e->core->queued);
	if (!data)
		return rv_fail_nomem(diag);
	for (const struct rv_module *const *m = rv_modules(); *m; m++)
		if ((*m)->status)
			RV_TRY((*m)->status(e, data));
	*out_data = RV_TAKE(data);
	return RV_OK;
}

/* --- doctor --------------------------------------------------------------------------------------
 */
rv_status rv_doctor_check(json_t *checks, const char *name, bool ok, const char *text,
			  const char *next)
{
	json_t *check = json_pack("{s:s, s:b, s:s, s:o}", "name", name, "ok", ok, "text", text,
				  "next", rv_text_json(ok ? "" : next));

	return json_array_append_new(checks, check) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status check_space(struct rv_engine *e, json_t *checks)
{
	char text[128];
	struct statvfs v;

	if (!e->state_dir[0] || e->is_session || statvfs(e->state_dir, &v) != 0)
		return RV_OK;
	uint64_t mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	(void)snprintf(text, sizeof(text), "%llu MiB free for the state", (unsigned long long)mib);
	return rv_doctor_check(checks, "space", mib >= 64, text,
			       "free space on the file system of the state directory");
}

static rv_status check_self(struct rv_engine *e, json_t *checks)
{
	struct rv_diag diag = {0};
	struct rv_diag pause = {0};
	bool has_pass = rv_meta_int(e->db, "pass.done_us", 0) > 0;
	rv_status db = rv_db_check(e->db, &diag);
	rv_status paused = rv_engine_check_pause(e, &pause);

	RV_TRY(rv_doctor_check(checks, "database", rv_is_ok(db), rv_is_ok(db) ? "whole" : diag.text,
			       "stop the agent and put the newest *.bak in its place"));
	RV_TRY(rv_doctor_check(checks, "grants", !e->grants_error[0],
			       e->grants_error[0] ? e->grants_error : "accepted by the supervisor",
			       "mend /etc/reeve/grants, then systemctl reload reeved"));
	RV_TRY(rv_doctor_check(checks, "privilege", true,
			       e->is_root ? "all files of this host are in reach"
					  : "not root: only the caller's own files are in reach",
			       ""));
	uint64_t need = RV_WALL_SECCOMP | RV_WALL_LANDLOCK | RV_WALL_NO_NEW_PRIVS;
	RV_TRY(rv_doctor_check(checks, "walls", (e->args->walls & need) == need,
			       (e->args->walls & need) == need
				       ? "Landlock and seccomp hold the engine"
				       : "the engine is not fully confined",
			       "a kernel with Landlock (5.13 or later) is needed"));
	RV_TRY(rv_doctor_check(checks, "last pass", has_pass || e->is_session,
			       has_pass ? "this host was looked at"
					: "this host was not looked at yet",
			       "reeve discover"));
	return rv_doctor_check(checks, "pause", rv_is_ok(paused),
			       rv_is_ok(paused) ? "changes may start" : pause.text, "reeve resume");
}

static rv_status doctor(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			struct rv_diag *diag)
{
	size_t at;
	json_t *check;
	RV_CLEANUP(rv_jsonp) json_t *checks = json_array();

	if (!checks)
		return rv_fail_nomem(diag);
	RV_TRY(check_self(e, checks));
	RV_TRY(check_space(e, checks));
	for (const struct rv_module *const *m = rv_modules(); *m; m++)
		if ((*m)->doctor)
			RV_TRY((*m)->doctor(e, checks));
	json_array_foreach (checks, at, check)
		if (!rv_json_bool(check, "ok", false))
			ctl->exit_code = 1;
	*out_data = json_pack("{s:O}", "checks", checks);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

/* --- pause
 * ----------------------------------------------------------------------------------------- */
static rv_status write_pause(struct rv_engine *e, const struct rv_ctl *ctl, int64_t until_us,
			     const char *reason, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:i, s:o, s:o}", "uid", (int)ctl->uid, "until",
				 rv_time_json(until_us), "reason", rv_text_json(reason));

	if (!data)
		return rv_fail_nomem(diag);
	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	if (until_us == 0) {
		RV_TRY(rv_meta_delete(e->db, "pause.until", diag));
		RV_TRY(rv_meta_delete(e->db, "pause.reason", diag));
	} else {
		RV_TRY(rv_meta_set_int(e->db, "pause.until", until_us, diag));
		RV_TRY(rv_meta_set(e->db, "pause.reason", reason, diag));
	}
	RV_TRY(rv_engine_audit(e, until_us ? "agent.paused" : "agent.resumed", "", "", data, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status pause_verb(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			    struct rv_diag *diag)
{
	int64_t for_us = 0;
	int64_t until_us = INT64_MAX;
	const char *for_text = rv_json_text(ctl->args, "for", NULL);
	const char *reason = rv_json_text(ctl->args, "reason", "");

	if (strlen(reason) > REASON_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a reason has at most %d bytes",
			       REASON_MAX);
	if (for_text) {
		RV_TRY(rv_duration_parse(rv_str_of(for_text), &for_us, diag));
		if (__builtin_add_overflow(rv_now_utc_us(), for_us, &until_us) || for_us == 0)
			return rv_fail(RV_CLASS_MALFORMED, diag, "pause for %s makes no sense",
				       for_text);
	}
	RV_TRY(write_pause(e, ctl, until_us, reason, diag));
	*out_data = json_pack("{s:o}", "paused", paused_json(e));
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

static rv_status resume_verb(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			     struct rv_diag *diag)
{
	RV_TRY(write_pause(e, ctl, 0, "", diag));
	*out_data = json_pack("{s:n}", "paused");
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

static rv_status core_start(struct rv_engine *e, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:s, s:b}", "version", rv_build_id(), "root", e->is_root);

	if (!data)
		return rv_fail_nomem(diag);
	return rv_engine_audit(e, "agent.started", "", "", data, diag);
}

static const struct rv_verb core_verbs[] = {
	{"status", RV_RIGHT_READ, 0, status},
	{"doctor", RV_RIGHT_READ, 0, doctor},
	{"pause", RV_RIGHT_PLAN, RV_VERB_NOW, pause_verb},
	{"resume", RV_RIGHT_APPLY, RV_VERB_NOW, resume_verb},
	{"list", RV_RIGHT_READ, 0, rv_verb_list},
	{"show", RV_RIGHT_READ, 0, rv_verb_show},
	{"why", RV_RIGHT_READ, 0, rv_verb_why},
	{"history", RV_RIGHT_READ, 0, rv_verb_history},
	{NULL, RV_RIGHT_READ, 0, NULL},
};

const struct rv_module rv_module_core = {
	.name = "core",
	.verbs = core_verbs,
	.start = core_start,
};
