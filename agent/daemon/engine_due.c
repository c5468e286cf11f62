/* daemon: see engine_due.h. */
#include "agent/daemon/engine_due.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/base/log.h"
#include "agent/daemon/engine_policy.h"
#include "agent/daemon/engine_rotate.h"
#include "agent/store/meta.h"

#include <stdio.h>

#define DUE_MAX	      16 /* in one job; the others come with the next */
#define WAIT_FIRST_US (60 * RV_US_PER_S)
#define WAIT_MAX_US   (INT64_C(6) * 3600 * RV_US_PER_S)

/* --- waiting after a refusal ---------------------------------------------------------------- */
static void key_of(const char *what, const char *id, char out[96])
{
	(void)snprintf(out, 96, "due.%s.%s", what, id); /* an id fits */
}

/* 1 min, 2 min, .. 6 h, and up to a quarter more by the id: not all at the same moment. */
static rv_status wait_longer(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	char until[96], wait[96];
	key_of("until", id, until);
	key_of("wait", id, wait);
	int64_t us = rv_meta_int(e->db, wait, 0);
	us = us == 0 ? WAIT_FIRST_US : us * 2;
	us = us > WAIT_MAX_US ? WAIT_MAX_US : us;
	struct rv_digest spread = rv_sha256(id, strlen(id));
	int64_t more = us / 4 / 256 * spread.bytes[0];
	RV_TRY(rv_meta_set_int(e->db, wait, us, diag));
	return rv_meta_set_int(e->db, until, rv_now_utc_us() + us + more, diag);
}

static rv_status wait_no_more(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	char until[96], wait[96];
	key_of("until", id, until);
	key_of("wait", id, wait);
	RV_TRY(rv_meta_delete(e->db, until, diag));
	return rv_meta_delete(e->db, wait, diag);
}

/* --- what is due ---------------------------------------------------------------------------- */
struct due {
	char ids[DUE_MAX][RV_ID_TEXT];
	size_t count;
	struct rv_engine *engine;
	int64_t now_us;
};

static rv_status take(const struct rv_credential *c, void *user)
{
	struct due *due = user;
	char until[96];
	key_of("until", c->id, until);
	if (due->count == DUE_MAX || rv_meta_int(due->engine->db, until, 0) > due->now_us)
		return RV_OK;
	(void)snprintf(due->ids[due->count++], RV_ID_TEXT, "%s", c->id); /* an id fits */
	return RV_OK;
}

/* Whether policy wants it rotated at this moment; window and mode are in the verdict. */
static bool may_act(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	RV_CLEANUP(rv_engine_facts_done) struct rv_engine_facts f = {0};
	if (!rv_is_ok(rv_engine_facts_load(e, id, &f, diag)))
		return false;
	struct rv_verdict v;
	int64_t now_us = rv_now_utc_us();
	rv_verdict_make(rv_engine_policies(e), &f.facts, now_us, &v);
	return v.action == RV_ACTION_ROTATE && v.act_at_us <= now_us;
}

static rv_status rotate(struct rv_engine *e, const char *id, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *plan = NULL;
	RV_CLEANUP(rv_jsonp) json_t *run = NULL;
	const char *ids[] = {id};
	RV_TRY(rv_rotate_plan(e, ids, 1, "rotate", false, &plan, diag));
	RV_TRY(rv_rotate_apply(e, NULL, plan, id, &run, diag));
	rv_log(RV_INFO, "a due credential was rotated", "cred", id, "state",
	       rv_json_text(run, "state", "?"), "run", rv_json_text(run, "run", "?"), NULL);
	return RV_OK;
}

/* The refusal is a fact about the credential: it goes into the record once per attempt. */
static void note_refusal(struct rv_engine *e, const char *id, const struct rv_diag *why)
{
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:s, s:s}", "text", why->text, "next", why->next);
	rv_status s = data ? rv_engine_audit(e, "due_refused", id, "", data, &diag)
			   : rv_fail_nomem(&diag);
	if (rv_is_ok(s))
		s = wait_longer(e, id, &diag);
	if (!rv_is_ok(s))
		rv_log(RV_WARNING, "a refusal was not noted", "cred", id, "why", diag.text, NULL);
	rv_log(RV_WARNING, "a due credential was not rotated", "cred", id, "why", why->text, "next",
	       why->next, NULL);
}

static void job(struct rv_engine *e, void *user)
{
	struct due *due = user;
	for (size_t i = 0; i < due->count; i++) {
		struct rv_diag why = {0};
		if (!rv_is_ok(rv_engine_check_pause(e, NULL)) || !may_act(e, due->ids[i], &why))
			continue;
		rv_status s = rotate(e, due->ids[i], &why);
		if (!rv_is_ok(s))
			note_refusal(e, due->ids[i], &why);
		else if (!rv_is_ok(wait_no_more(e, due->ids[i], NULL)))
			rv_log(RV_WARNING, "a wait was not forgotten", "cred", due->ids[i], NULL);
	}
	free(due);
}

/* --- by the clock ---------------------------------------------------------------------------- */
static rv_status look(struct rv_engine *e, struct rv_diag *diag)
{
	if (e->is_session || !rv_is_ok(rv_engine_check_pause(e, NULL)))
		return RV_OK;
	RV_CLEANUP(rv_freep) struct due *due = calloc(1, sizeof(*due));
	if (!due)
		return rv_fail_nomem(diag);
	due->engine = e;
	due->now_us = rv_now_utc_us();
	const struct rv_credential_filter filter = {.life = RV_LIFE_DUE, .hold = RV_HOLD_NONE};
	RV_TRY(rv_credentials_each(e->db, &filter, take, due, diag));
	if (due->count == 0)
		return RV_OK;
	rv_status s = rv_engine_submit(e, "due changes", job, due);
	if (rv_is_ok(s))
		due = NULL;					/* the job's now */
	return rv_class_of(s) == RV_CLASS_CONFLICT ? RV_OK : s; /* one such job waits already */
}

static void tick(struct rv_engine *e)
{
	struct rv_diag diag = {0};
	if (!rv_is_ok(look(e, &diag)))
		rv_log(RV_WARNING, "what is due was not looked up", "why", diag.text, NULL);
}

const struct rv_module rv_module_due = {
	.name = "due",
	.passed = look,
	.tick = tick,
};
