/* daemon: the outbox after each pass and the job that empties it. What each refusal means is in
 * post_outcome(); nothing here ever discards a key. */
#include "agent/daemon/engine_report_private.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/report/reported.h"
#include "agent/store/credentials.h"
#include "agent/store/meta.h"
#include "agent/store/not_looked.h"
#include "agent/store/outbox.h"
#include "agent/store/sightings.h"

#include <stdio.h>

#define BATCHES_A_JOB  64
#define BACKOFF_MIN_S  30
#define BACKOFF_MAX_S  3600
#define CHECKIN_S      900
#define CHECKIN_SPREAD 300
#define INLINE_MAX     50000

/* The resident role: started when first needed, again when it died. */
static struct rv_peer *report_peer;

void rv_report_peer_stop(struct rv_engine *e)
{
	rv_engine_stop_job(e, report_peer);
	report_peer = NULL;
}

rv_status rv_report_peer(struct rv_engine *e, struct rv_peer **out, struct rv_diag *diag)
{
	const struct rv_spawn_opts opts = {
		.role = RV_ROLE_REPORT, .uid = UINT32_MAX, .gid = UINT32_MAX};

	if (report_peer && report_peer->is_dead) {
		rv_engine_stop_job(e, report_peer);
		report_peer = NULL;
	}
	if (!report_peer)
		RV_TRY(rv_engine_spawn(e, &opts, &report_peer, diag));
	*out = report_peer;
	return RV_OK;
}

void rv_report_text(struct rv_engine *e, const char *key, char *out, size_t size)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, size - 1);
	out[0] = '\0';
	if (!rv_is_ok(rv_meta_get(e->db, key, &text, NULL)) || text.len >= size)
		return;
	memcpy(out, text.data, text.len);
	out[text.len] = '\0';
}

bool rv_report_host(struct rv_engine *e, char out[64])
{
	rv_report_text(e, RV_REPORT_HOST, out, 64);
	return out[0] != '\0';
}

/* --- the outbox --------------------------------------------------------------------------------
 */

struct filling {
	struct rv_engine *e;
	int64_t mark;
	json_t *item;
};

static rv_status add_sighting(const struct rv_sighting *s, void *user)
{
	struct filling *f = user;

	return rv_reported_sighting(f->item, s) ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status fill_one(const struct rv_credential *c, void *user)
{
	struct filling *f = user;
	RV_CLEANUP(rv_jsonp) json_t *item = rv_reported_item(c);
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, RV_OUTBOX_BATCH_BYTES);
	if (!item)
		return rv_fail_nomem(NULL);
	f->item = item;
	RV_TRY(rv_sightings_each(f->e->db, c->id, false, add_sighting, f, NULL));
	RV_TRY(rv_json_canonical(item, &text));
	return rv_outbox_put(f->e->db, c->id, rv_buf_view(&text), f->mark, NULL);
}

/* Brings the outbox to what the database says now, in one transaction. */
rv_status rv_report_fill(struct rv_engine *e, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	const struct rv_credential_filter all = {0};
	struct filling f = {.e = e, .mark = rv_meta_int(e->db, RV_REPORT_MARK, 0) + 1};

	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	RV_TRY(rv_meta_set_int(e->db, RV_REPORT_MARK, f.mark, diag));
	RV_TRY(rv_credentials_each(e->db, &all, fill_one, &f, diag));
	RV_TRY(rv_outbox_sweep(e->db, f.mark, diag));
	return rv_txn_commit(&txn, diag);
}

/* --- posting -----------------------------------------------------------------------------------
 */

/* The host's place in the server's spread: the same each time, so that hosts stay apart. */
static int64_t phase_s(const char *host, int64_t spread_s)
{
	const struct rv_digest d = rv_sha256(host, strlen(host));

	return spread_s > 0 ? (int64_t)(rv_get_u32(d.bytes) % (uint32_t)spread_s) : 0;
}

static void schedule(struct rv_engine *e, int64_t after_s)
{
	(void)!rv_is_ok(rv_meta_set_int(e->db, RV_REPORT_NEXT,
					rv_now_utc_us() + after_s * RV_US_PER_S,
					NULL)); /* without it the next tick tries again */
}

/* Doubles from 30 s to an hour, with a part of chance; never less than the server asked for. */
static void back_off(struct rv_engine *e, uint64_t retry_after_s, const char *error)
{
	const int64_t failures = rv_meta_int(e->db, RV_REPORT_FAILURES, 0);
	int64_t wait_s = BACKOFF_MAX_S;
	uint32_t chance;

	if (failures < 7)
		wait_s = (int64_t)BACKOFF_MIN_S << failures;
	rv_random(&chance, sizeof(chance));
	wait_s += (int64_t)(chance % (uint32_t)(wait_s / 2 + 1));
	if (wait_s < (int64_t)retry_after_s && retry_after_s <= 86400)
		wait_s = (int64_t)retry_after_s;
	(void)!rv_is_ok(
		rv_meta_set_int(e->db, RV_REPORT_FAILURES, failures + 1, NULL)); /* best effort */
	(void)!rv_is_ok(rv_meta_set(e->db, RV_REPORT_ERROR, error, NULL));	 /* likewise */
	schedule(e, wait_s);
}

struct posted {
	enum rv_class class_id;
	unsigned http_status;
	uint64_t retry_after_s;
	char code[64];
	char text[512];
	json_t *body; /* NULL when it is no JSON */
};

static void posted_done(struct posted *p)
{
	rv_jsonp(&p->body);
}

void rv_report_copy(struct rv_str from, char *out, size_t size)
{
	const size_t len = from.len < size ? from.len : size - 1;

	memcpy(out, from.data ? from.data : (const uint8_t *)"", len);
	out[len] = '\0';
}

static rv_status post(struct rv_engine *e, const char *path, struct rv_str body, struct posted *out,
		      struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	struct rv_frame frame = {0};
	struct rv_rec_posted answer;
	struct rv_peer *peer = NULL;

	RV_TRY(rv_report_peer(e, &peer, diag));
	const bool is_inline = body.len <= INLINE_MAX;
	const struct rv_rec_post ask = {.path = rv_str_of(path),
					.body = is_inline ? body : RV_STR_NONE};
	if (!is_inline)
		RV_TRY(rv_memfd_sealed("report", body.data, body.len, &fd));
	RV_TRY(rv_engine_call_fds(e, peer, RV_MSG_post, &ask, &fd, is_inline ? 0 : 1, RV_MSG_posted,
				  RV_REPORT_CALL_MS, &frame, diag));
	rv_status decoded = rv_frame_body(&frame, RV_MSG_posted, &answer, diag);
	if (rv_is_ok(decoded)) {
		out->class_id = answer.outcome < RV_CLASS__COUNT ? (enum rv_class)answer.outcome
								 : RV_CLASS_BUG;
		out->http_status = (unsigned)answer.http_status;
		out->retry_after_s = answer.retry_after_s;
		rv_report_copy(answer.code, out->code, sizeof(out->code));
		rv_report_copy(answer.text, out->text, sizeof(out->text));
		if (!rv_is_ok(rv_json_parse(answer.body, &out->body, NULL)))
			out->body = NULL; /* a 204 has none */
	}
	rv_frame_done(&frame);
	return decoded;
}

/* What the outbox does with an answer. True: there may be more to send now. */
static bool post_outcome(struct rv_engine *e, const struct posted *p)
{
	rv_status kept = RV_OK;
	bool go_on = true;

	switch (p->class_id) {
	case RV_CLASS_OK:
		kept = rv_outbox_acked(e->db, NULL);
		break;
	case RV_CLASS_CONFLICT: /* need_full */
		kept = rv_outbox_need_full(e->db, rv_json_int(p->body, "seq", 0), NULL);
		break;
	case RV_CLASS_EXHAUSTED: /* too_large */
		kept = rv_outbox_shrink(e->db, NULL);
		break;
	case RV_CLASS_MALFORMED: /* repeating it would be refused for ever: start over, later */
		kept = rv_outbox_need_full(e->db, 0, NULL);
		go_on = false;
		break;
	case RV_CLASS_RETRY:
	case RV_CLASS_UNSURE: /* the batch stays under way and is repeated as it is */
	case RV_CLASS_DENIED:
	case RV_CLASS_NOT_FOUND: /* unknown_host: an operator enrols again */
	case RV_CLASS_MISCONFIGURED:
	case RV_CLASS_BUG:
	case RV_CLASS__COUNT:
		go_on = false;
		break;
	}
	return go_on && rv_is_ok(kept);
}

static void note_success(struct rv_engine *e, const char *host, const struct posted *p)
{
	const int64_t next_s = rv_json_int(p->body, "next_checkin_s", CHECKIN_S);
	const int64_t spread_s = rv_json_int(p->body, "spread_s", CHECKIN_SPREAD);
	const bool is_sane = next_s > 0 && next_s <= 86400 && spread_s >= 0 && spread_s <= 86400;

	(void)!rv_is_ok(
		rv_meta_set_int(e->db, RV_REPORT_LAST_OK, rv_now_utc_us(), NULL)); /* shown only */
	(void)!rv_is_ok(rv_meta_set_int(e->db, RV_REPORT_FAILURES, 0, NULL));	   /* shown only */
	(void)!rv_is_ok(rv_meta_delete(e->db, RV_REPORT_ERROR, NULL));		   /* shown only */
	schedule(e, is_sane ? next_s + phase_s(host, spread_s) : CHECKIN_S);
}

static void note_failure(struct rv_engine *e, const struct posted *p)
{
	char error[600];

	if (p->class_id == RV_CLASS_NOT_FOUND)
		snprintf(error, sizeof(error), "%s; next: reeve enroll with a new token", p->text);
	else
		snprintf(error, sizeof(error), "%s", p->text);
	rv_log(RV_WARNING, "the inventory was not told", "class", rv_class_name(p->class_id),
	       "code", p->code, "text", p->text, NULL);
	back_off(e, p->retry_after_s, error);
}

static json_t *counts_of(struct rv_engine *e)
{
	struct rv_credential_counts c = {0};
	int64_t not_looked = 0;

	if (!rv_is_ok(rv_credentials_count(e->db, &c, NULL)) ||
	    !rv_is_ok(rv_not_looked_count(e->db, &not_looked, NULL)))
		return NULL; /* the report goes without */
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "credentials", (json_int_t)c.total,
			 "owned", (json_int_t)c.owned, "orphans", (json_int_t)c.orphans, "due",
			 (json_int_t)c.due, "stuck", (json_int_t)c.stuck, "not_looked",
			 (json_int_t)not_looked);
}

/* One batch. *out_more: another may follow at once. */
static rv_status send_batch(struct rv_engine *e, const char *host, bool *out_any, bool *out_more,
			    struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf body = {0};
	RV_CLEANUP(rv_jsonp) json_t *counts = counts_of(e);
	RV_CLEANUP(posted_done) struct posted p = {0};

	*out_more = false;
	rv_buf_init(&body, RV_OUTBOX_BODY_MAX);
	RV_TRY(rv_outbox_next(e->db, host, counts, &body, out_any, diag));
	if (!*out_any)
		return RV_OK;
	RV_TRY(post(e, "/v1/report", rv_buf_view(&body), &p, diag));
	*out_more = post_outcome(e, &p);
	if (p.class_id == RV_CLASS_OK)
		note_success(e, host, &p);
	else if (!*out_more)
		note_failure(e, &p);
	return RV_OK;
}

static rv_status send_checkin(struct rv_engine *e, const char *host, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf body = {0};
	RV_CLEANUP(posted_done) struct posted p = {0};

	rv_buf_init(&body, 4096);
	RV_TRY(rv_outbox_checkin(e->db, host, &body, diag));
	RV_TRY(post(e, "/v1/checkin", rv_buf_view(&body), &p, diag));
	if (p.class_id == RV_CLASS_OK) {
		note_success(e, host, &p);
	} else if (p.class_id == RV_CLASS_CONFLICT) {
		RV_TRY(rv_outbox_need_full(e->db, rv_json_int(p.body, "seq", 0), diag));
		schedule(e, 0);
	} else {
		note_failure(e, &p);
	}
	return RV_OK;
}

void rv_report_now(struct rv_engine *e)
{
	struct rv_diag diag = {0};
	rv_status status = RV_OK;
	bool any = false;
	bool more = true;
	bool sent = false;
	char host[64];

	if (!rv_report_host(e, host))
		return;
	for (int i = 0; i < BATCHES_A_JOB && more && rv_is_ok(status); i++) {
		status = send_batch(e, host, &any, &more, &diag);
		sent = sent || any;
	}
	if (rv_is_ok(status) && !sent)
		status = send_checkin(e, host, &diag);
	if (!rv_is_ok(status)) {
		rv_log(RV_WARNING, "the report could not be made", "text", diag.text, NULL);
		back_off(e, 0, diag.text);
	}
}

static void report_job(struct rv_engine *e, void *user)
{
	(void)user;
	rv_report_now(e);
}

void rv_report_submit(struct rv_engine *e)
{
	/* CONFLICT: one is waiting already, which is as good. */
	(void)!rv_is_ok(rv_engine_submit(e, "report", report_job, NULL));
}
