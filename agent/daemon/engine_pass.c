/* daemon: the module of discovery: a pass every hour and by `reeve discover`. Straight-line: start
 * the two roles, walk, ingest, ask the listeners, join, sweep, bind, tell the modules. */
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/path.h"
#include "agent/daemon/engine_config.h"
#include "agent/daemon/engine_core.h"
#include "agent/daemon/engine_discover.h"
#include "agent/daemon/engine_list.h"
#include "agent/store/listeners.h"
#include "agent/store/meta.h"
#include "agent/store/not_looked.h"

#include <inttypes.h>
#include <stdio.h>

#define SILENCE_MS     180000 /* between two frames of a pass: a huge file may take long */
#define LIST_ITEMS_MAX 256
#define NOT_LOOKED_MAX 1000
#define PROGRESS_EVERY 200

/* --- the walk
 * ---------------------------------------------------------------------------------------- */
/* An array of escaped paths (or globs) as a LIST of bytes. */
static rv_status list_of(const json_t *array, const char *what, bool is_path, struct rv_buf *out,
			 struct rv_diag *diag)
{
	size_t at;
	const json_t *item;
	RV_CLEANUP(rv_buf_done) struct rv_buf bytes = {0};

	rv_buf_init(&bytes, RV_PATH_MAX);
	if (array && !json_is_array(array))
		return rv_fail(RV_CLASS_MALFORMED, diag, "\"%s\" is a list", what);
	if (json_array_size(array) > LIST_ITEMS_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "more than %d %s", LIST_ITEMS_MAX, what);
	json_array_foreach (array, at, item) {
		struct rv_diag why = {0};
		const char *text = json_string_value(item);
		rv_buf_reset(&bytes);
		if (!text || !rv_is_ok(rv_path_unescape(rv_str_of(text), &bytes)))
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not a path", what);
		if (is_path && !rv_path_is_clean(rv_buf_view(&bytes)))
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "%s is not an absolute path without \"..\"", text);
		if (!is_path && !rv_glob_is_valid(rv_buf_view(&bytes), &why))
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: %s", text, why.text);
		const struct rv_rec_text_item one = {.text = rv_buf_view(&bytes)};
		RV_TRY(rv_list_add(out, &rv_desc_text_item, &one));
	}
	return RV_OK;
}

static rv_status send_walk(struct rv_pass *p, struct rv_peer *open, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf roots = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf excludes = {0};

	rv_buf_init(&roots, 16384);
	rv_buf_init(&excludes, 16384);
	RV_TRY(list_of(p->roots ? p->roots : p->config.roots, "roots", true, &roots, diag));
	RV_TRY(list_of(p->excludes ? p->excludes : p->config.excludes, "excludes", false, &excludes,
		       diag));
	const struct rv_rec_walk walk = {
		.roots = rv_buf_view(&roots),
		.excludes = rv_buf_view(&excludes),
		.max_file_bytes = (uint64_t)p->config.max_file_bytes,
		.want_accounts = 1,
		.want_listeners = 1,
	};
	return rv_channel_send(open->channel, RV_MSG_walk, rv_channel_next_req(open->channel),
			       open->job, &walk);
}

static void progress(struct rv_pass *p, const char *text)
{
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:s, s:s, s:I}", "step", "discover", "text", text, "findings",
				(json_int_t)p->ingest.findings);

	if (p->ctl && doc)
		rv_ctl_progress(p->ctl, doc);
}

static rv_status take_findings(struct rv_pass *p, struct rv_diag *diag)
{
	char text[64];

	for (;;) {
		RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};
		RV_TRY(rv_engine_receive(p->e, p->discover, SILENCE_MS, &frame, diag));
		if (frame.header.type == RV_MSG_discovered)
			return rv_ingest_flush(&p->ingest, diag);
		RV_TRY(rv_ingest_frame(&p->ingest, &frame, diag));
		if (p->ingest.findings % PROGRESS_EVERY == 0) {
			(void)snprintf(text, sizeof(text), "%" PRIu64 " findings so far",
				       p->ingest.findings);
			progress(p, text);
		}
	}
}

/* open says `walked` when all was handed over; the pass is complete only then. */
static rv_status finish_walk(struct rv_pass *p, struct rv_peer *open, struct rv_diag *diag)
{
	struct rv_rec_walked walked;
	RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};

	RV_TRY(rv_engine_receive(p->e, open, SILENCE_MS, &frame, diag));
	RV_TRY(rv_frame_body(&frame, RV_MSG_walked, &walked, diag));
	p->is_complete = p->roots == NULL;
	return RV_OK;
}

static rv_status begin(struct rv_pass *p, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	int64_t pass = rv_meta_int(p->e->db, "pass.number", 0) + 1;

	RV_TRY(rv_txn_begin(p->e->db, &txn, diag));
	RV_TRY(rv_meta_set_int(p->e->db, "pass.number", pass, diag));
	RV_TRY(rv_not_looked_clear(p->e->db, diag));
	RV_TRY(rv_listeners_clear(p->e->db, diag));
	RV_TRY(rv_txn_commit(&txn, diag));
	rv_ingest_init(&p->ingest, p->e, pass);
	p->ingest.min_confidence = (uint64_t)p->config.min_confidence;
	return RV_OK;
}

static rv_status walk(struct rv_pass *p, struct rv_diag *diag)
{
	struct rv_peer *open = NULL;
	struct rv_spawn_opts opts = {
		.role = RV_ROLE_DISCOVER, .uid = UINT32_MAX, .gid = UINT32_MAX};

	RV_TRY(rv_engine_spawn(p->e, &opts, &p->discover, diag));
	opts.role = RV_ROLE_OPEN;
	opts.peer_job = p->discover->job;
	RV_TRY(rv_engine_spawn(p->e, &opts, &open, diag));
	rv_status s = send_walk(p, open, diag);
	if (rv_is_ok(s))
		s = take_findings(p, diag);
	if (rv_is_ok(s))
		s = finish_walk(p, open, diag);
	rv_engine_stop_job(p->e, open);
	return s;
}

/* --- after the walk
 * ------------------------------------------------------------------------------------ */
static rv_status settle(struct rv_pass *p, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(p->e->db, &txn, diag));
	RV_TRY(rv_identify_join(&p->ingest.identify, diag));
	if (p->is_complete)
		RV_TRY(rv_identify_sweep(&p->ingest.identify, diag));
	RV_TRY(rv_owner_bind(p->e, NULL, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status close_pass(struct rv_pass *p, int64_t took_us, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack(
		"{s:I, s:I, s:I, s:b, s:I, s:I, s:I}", "findings", (json_int_t)p->ingest.findings,
		"weak", (json_int_t)p->ingest.weak, "new",
		(json_int_t)p->ingest.identify.credentials_new, "complete", p->is_complete,
		"trust_anchors", (json_int_t)p->ingest.identify.trust_anchors, "left_out",
		(json_int_t)p->ingest.malformed, "took_ms", (json_int_t)(took_us / 1000));

	if (!data)
		return rv_fail_nomem(diag);
	RV_TRY(rv_txn_begin(p->e->db, &txn, diag));
	RV_TRY(rv_meta_set_int(p->e->db, "pass.done_us", rv_now_utc_us(), diag));
	if (p->is_complete)
		RV_TRY(rv_meta_set_int(p->e->db, "pass.complete_us", rv_now_utc_us(), diag));
	RV_TRY(rv_meta_set_int(p->e->db, "pass.trust_anchors",
			       (int64_t)p->ingest.identify.trust_anchors, diag));
	RV_TRY(rv_meta_set(p->e->db, "pass.served_note", p->served_note, diag));
	RV_TRY(rv_engine_audit(p->e, "pass_done", "", "", data, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status tell_modules(struct rv_engine *e, struct rv_diag *diag)
{
	rv_status first = RV_OK;

	for (const struct rv_module *const *m = rv_modules(); *m; m++) {
		struct rv_diag why = {0};
		rv_status s = (*m)->passed ? (*m)->passed(e, &why) : RV_OK;
		if (rv_is_ok(s))
			continue;
		/* One module's trouble is not the others'. */
		rv_log(RV_ERROR, "after the pass", "module", (*m)->name, "why", why.text, NULL);
		if (rv_is_ok(first)) {
			first = s;
			rv_diag_set(diag, "%s: %s", (*m)->name, why.text);
			rv_diag_next(diag, "%s", why.next);
		}
	}
	return first;
}

static rv_status run_configured(struct rv_pass *p, struct rv_diag *diag)
{
	int64_t started = rv_boot_us();

	RV_TRY(begin(p, diag));
	rv_status s = walk(p, diag);
	if (rv_is_ok(s))
		s = rv_pass_served(p, diag);
	if (rv_is_ok(s))
		s = rv_ingest_flush(&p->ingest, diag);
	rv_engine_stop_job(p->e, p->discover);
	p->discover = NULL;
	if (rv_is_ok(s))
		s = settle(p, diag);
	if (rv_is_ok(s))
		s = close_pass(p, rv_boot_us() - started, diag);
	if (rv_is_ok(s))
		s = tell_modules(p->e, diag);
	rv_ingest_done(&p->ingest);
	rv_db_checkpoint(p->e->db);
	return s;
}

rv_status rv_pass_run(struct rv_pass *p, struct rv_diag *diag)
{
	RV_TRY(rv_config_load(p->e->config_dir, &p->config, diag));
	p->e->core->pass_every_us = p->config.every_us;
	rv_status s = run_configured(p, diag);
	rv_config_done(&p->config);
	return s;
}

/* --- the verb
 * -------------------------------------------------------------------------------------------- */
static rv_status add_not_looked(const struct rv_not_looked *n, void *user)
{
	json_t *item = json_pack("{s:o, s:s}", "path", rv_path_json(n->path), "reason",
				 rv_skip_name(n->reason));

	return json_array_append_new(user, item) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status discover(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			  struct rv_diag *diag)
{
	json_t *counts = NULL;
	int64_t started = rv_boot_us();
	struct rv_pass p = {.e = e,
			    .ctl = ctl,
			    .roots = json_object_get(ctl->args, "roots"),
			    .excludes = json_object_get(ctl->args, "excludes")};
	RV_CLEANUP(rv_jsonp) json_t *not_looked = json_array();
	RV_CLEANUP(rv_jsonp) json_t *items = NULL;

	if (!not_looked)
		return rv_fail_nomem(diag);
	if (json_array_size(p.roots) == 0 && json_is_array(p.roots))
		p.roots = NULL;
	RV_TRY(rv_pass_run(&p, diag));
	RV_TRY(rv_not_looked_each(e->db, NOT_LOOKED_MAX, add_not_looked, not_looked, diag));
	if (e->is_session || rv_json_bool(ctl->args, "once", false))
		RV_TRY(rv_list_json(e, NULL, &items, diag));
	RV_TRY(rv_counts_json(e, &counts, diag));
	*out_data = json_pack(
		"{s:o, s:O, s:I, s:O*, s:o, s:b, s:I, s:I}", "counts", counts, "not_looked",
		not_looked, "took_ms", (json_int_t)((rv_boot_us() - started) / 1000), "items",
		items, "served_note", rv_text_json(p.served_note), "complete", p.is_complete,
		"findings", (json_int_t)p.ingest.findings, "weak", (json_int_t)p.ingest.weak);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

/* --- by the clock
 * ------------------------------------------------------------------------------------------ */
static void pass_job(struct rv_engine *e, void *user)
{
	struct rv_diag diag = {0};
	struct rv_pass p = {.e = e};

	(void)user;
	rv_status s = rv_pass_run(&p, &diag);
	if (!rv_is_ok(s) && !e->core->is_stopping)
		rv_log(RV_ERROR, "a pass failed; the next comes by the clock", "class",
		       rv_class_name(rv_class_of(s)), "why", diag.text, "next", diag.next, NULL);
}

/* Until a pass has read the configuration: an hour. */
static int64_t pass_every_us(const struct rv_engine *e)
{
	return e->core->pass_every_us ? e->core->pass_every_us : INT64_C(3600) * RV_US_PER_S;
}

static void submit_pass(struct rv_engine *e)
{
	rv_status s = rv_engine_submit(e, "discovery pass", pass_job, NULL);

	if (rv_is_ok(s))
		e->core->next_pass_us = rv_boot_us() + pass_every_us(e);
	else if (rv_class_of(s) != RV_CLASS_CONFLICT)
		rv_log(RV_WARNING, "no place for a pass in the queue", NULL);
}

static void tick(struct rv_engine *e)
{
	if (!e->is_session && rv_boot_us() >= e->core->next_pass_us)
		submit_pass(e);
}

static rv_status start(struct rv_engine *e, struct rv_diag *diag)
{
	(void)diag;
	/* A restart is no reason to walk the whole host again. */
	int64_t age = rv_now_utc_us() - rv_meta_int(e->db, "pass.complete_us", 0);
	bool is_fresh = age >= 0 && age < pass_every_us(e);
	if (!e->is_session && is_fresh)
		e->core->next_pass_us = rv_boot_us() + pass_every_us(e) - age;
	else if (!e->is_session)
		submit_pass(e);
	return RV_OK;
}

static rv_status doctor(struct rv_engine *e, json_t *checks)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf note = {0};

	rv_buf_init(&note, 1024);
	rv_status s = rv_meta_get(e->db, "pass.served_note", &note, NULL);
	const char *text = rv_is_ok(s) ? rv_buf_cstr(&note) : "";
	struct rv_diag why = {0};
	struct rv_config config;
	bool is_good = rv_is_ok(rv_config_load(e->config_dir, &config, &why));
	if (is_good)
		rv_config_done(&config);
	RV_TRY(rv_doctor_check(checks, "configuration", is_good,
			       is_good ? "reeve.yaml is read before each pass" : why.text,
			       "mend reeve.yaml; no pass is made until then"));
	return rv_doctor_check(
		checks, "listeners", !text || !*text,
		text && *text ? text : "asked for what they serve",
		"grant it: plugin probe loopback SHA256 (reeve plugin list says it)");
}

static const struct rv_verb verbs[] = {
	{"discover", RV_RIGHT_PLAN, RV_VERB_JOB, discover},
	{NULL, RV_RIGHT_READ, 0, NULL},
};

const struct rv_module rv_module_discover = {
	.name = "discovery",
	.verbs = verbs,
	.start = start,
	.tick = tick,
	.doctor = doctor,
};
