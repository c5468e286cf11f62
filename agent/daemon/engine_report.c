/* daemon: verbs enroll and unenroll, and when the outbox is filled and emptied. */
#include "agent/daemon/engine_report_private.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/store/meta.h"
#include "agent/store/outbox.h"

#include <sys/utsname.h>

/* --- hooks ---------------------------------------------------------------------------------------
 */

static rv_status on_passed(struct rv_engine *e, struct rv_diag *diag)
{
	int64_t pending = 0;
	char host[64];

	if (e->is_session || !rv_report_host(e, host))
		return RV_OK;
	RV_TRY(rv_report_fill(e, diag));
	RV_TRY(rv_outbox_pending(e->db, &pending, diag));
	/* News goes at once, but not through a back-off. */
	if (pending > 0 && rv_meta_int(e->db, RV_REPORT_FAILURES, 0) == 0)
		rv_report_submit(e);
	return RV_OK;
}

static void on_tick(struct rv_engine *e)
{
	const int64_t now = rv_now_utc_us();
	const int64_t next = rv_meta_int(e->db, RV_REPORT_NEXT, 0);
	struct rv_diag diag = {0};
	char host[64];

	if (e->is_session || !rv_report_host(e, host))
		return;
	/* A clock that jumped back must not silence us for years. */
	if (next > now && next - now <= 2 * 86400 * RV_US_PER_S)
		return;
	rv_status filled = rv_report_fill(e, &diag);
	if (!rv_is_ok(filled))
		rv_log(RV_WARNING, "the outbox could not be filled", "text", diag.text, NULL);
	rv_report_submit(e);
}

static rv_status on_status(struct rv_engine *e, json_t *data)
{
	char host[64];
	char url[1024];
	char error[640];
	int64_t pending = 0;

	if (e->is_session || !rv_report_host(e, host))
		return json_object_set_new(data, "inventory", json_null()) == 0
			       ? RV_OK
			       : rv_fail_nomem(NULL);
	rv_report_text(e, RV_REPORT_URL, url, sizeof(url));
	rv_report_text(e, RV_REPORT_ERROR, error, sizeof(error));
	RV_TRY(rv_outbox_pending(e->db, &pending, NULL));
	json_t *doc =
		json_pack("{s:s, s:s, s:o, s:o, s:I, s:s?}", "url", url, "host_id", host, "last_ok",
			  rv_time_json(rv_meta_int(e->db, RV_REPORT_LAST_OK, RV_TIME_NONE)),
			  "certificate_until",
			  rv_time_json(rv_meta_int(e->db, RV_REPORT_EXPIRES, RV_TIME_NONE)),
			  "outbox", (json_int_t)pending, "error", error[0] ? error : NULL);
	return json_object_set_new(data, "inventory", doc) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status on_doctor(struct rv_engine *e, json_t *checks)
{
	char host[64];
	char error[640];

	if (e->is_session || !rv_report_host(e, host))
		return RV_OK;
	rv_report_text(e, RV_REPORT_ERROR, error, sizeof(error));
	const bool ok = error[0] == '\0';
	return json_array_append_new(checks,
				     json_pack("{s:s, s:b, s:s, s:s}", "name", "inventory", "ok",
					       ok, "text", ok ? "the inventory answers" : error,
					       "next", ok ? "" : "reeve status")) == 0
		       ? RV_OK
		       : rv_fail_nomem(NULL);
}

static void on_stop(struct rv_engine *e)
{
	rv_report_peer_stop(e);
}

/* --- verbs ---------------------------------------------------------------------------------------
 */

static rv_status remember(struct rv_engine *e, const struct rv_rec_enrolled *answer,
			  const char *url, struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	char host[64];

	rv_report_copy(answer->host_id, host, sizeof(host));
	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	RV_TRY(rv_meta_set(e->db, RV_REPORT_HOST, host, diag));
	RV_TRY(rv_meta_set(e->db, RV_REPORT_URL, url, diag));
	RV_TRY(rv_meta_set_int(e->db, RV_REPORT_EXPIRES, answer->expires_at_us, diag));
	RV_TRY(rv_meta_set_int(e->db, RV_REPORT_FAILURES, 0, diag));
	RV_TRY(rv_meta_set_int(e->db, RV_REPORT_NEXT, 0, diag));
	RV_TRY(rv_meta_delete(e->db, RV_REPORT_ERROR, diag));
	RV_TRY(rv_outbox_need_full(e->db, 0, diag));
	RV_CLEANUP(rv_jsonp) json_t *data = json_pack("{s:s, s:s}", "host_id", host, "url", url);
	RV_TRY(rv_engine_audit(e, "enrolled", "", "", data, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status facts_of(struct rv_engine *e, struct rv_buf *out)
{
	struct utsname names;
	const bool is_named = uname(&names) == 0 && names.nodename[0] != '\0';
	RV_CLEANUP(rv_jsonp)
	json_t *facts =
		json_pack("{s:s, s:s}", "hostname", is_named ? names.nodename : e->host_label,
			  "agent", rv_build_id());

	return facts ? rv_json_canonical(facts, out) : rv_fail_nomem(NULL);
}

static rv_status ask_enrol(struct rv_engine *e, const char *url, const char *pin, int token_fd,
			   json_t **out_data, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf facts = {0};
	struct rv_frame frame = {0};
	struct rv_rec_enrolled answer;
	struct rv_peer *peer = NULL;
	char host[64];

	rv_buf_init(&facts, 4096);
	RV_TRY(facts_of(e, &facts));
	RV_TRY(rv_report_peer(e, &peer, diag));
	const struct rv_rec_enrol ask = {
		.url = rv_str_of(url), .ca_pin = rv_str_of(pin), .facts = rv_buf_view(&facts)};
	RV_TRY(rv_engine_call_fds(e, peer, RV_MSG_enrol, &ask, &token_fd, 1, RV_MSG_enrolled,
				  RV_REPORT_CALL_MS, &frame, diag));
	rv_status status = rv_frame_body(&frame, RV_MSG_enrolled, &answer, diag);
	if (rv_is_ok(status))
		status = rv_engine_outcome(answer.outcome, answer.text, diag);
	if (rv_is_ok(status))
		status = remember(e, &answer, url, diag);
	if (rv_is_ok(status)) {
		rv_report_copy(answer.host_id, host, sizeof(host));
		*out_data = json_pack("{s:s, s:o}", "host_id", host, "expires_at",
				      rv_time_json(answer.expires_at_us));
	}
	rv_frame_done(&frame);
	return status;
}

static rv_status verb_enroll(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			     struct rv_diag *diag)
{
	const char *url = rv_json_text(ctl->args, "url", "");
	const char *pin = rv_json_text(ctl->args, "ca_pin", "");

	if (ctl->fd < 0) {
		rv_diag_next(diag, "reeve enroll URL --token-file F --ca-pin P");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no token file came along");
	}
	RV_TRY(ask_enrol(e, url, pin, ctl->fd, out_data, diag));
	RV_TRY(rv_report_fill(e, diag));
	rv_report_submit(e);
	return RV_OK;
}

static rv_status verb_unenroll(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			       struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	const struct rv_rec_unenrol ask = {0};
	struct rv_frame frame = {0};
	struct rv_rec_unenrolled answer;
	struct rv_peer *peer = NULL;
	char host[64];

	(void)ctl;
	const bool was = rv_report_host(e, host);
	RV_TRY(rv_report_peer(e, &peer, diag));
	RV_TRY(rv_engine_call(e, peer, RV_MSG_unenrol, &ask, RV_MSG_unenrolled, RV_REPORT_CALL_MS,
			      &frame, diag));
	rv_status status = rv_frame_body(&frame, RV_MSG_unenrolled, &answer, diag);
	if (rv_is_ok(status))
		status = rv_engine_outcome(answer.outcome, answer.text, diag);
	rv_frame_done(&frame);
	RV_TRY(status);
	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	RV_TRY(rv_meta_delete(e->db, RV_REPORT_HOST, diag));
	RV_TRY(rv_meta_delete(e->db, RV_REPORT_URL, diag));
	RV_TRY(rv_meta_delete(e->db, RV_REPORT_ERROR, diag));
	RV_TRY(rv_outbox_clear(e->db, diag));
	RV_CLEANUP(rv_jsonp) json_t *data = json_pack("{s:s}", "host_id", host);
	RV_TRY(rv_engine_audit(e, "unenrolled", "", "", data, diag));
	RV_TRY(rv_txn_commit(&txn, diag));
	*out_data = json_pack("{s:b}", "was_enrolled", was ? 1 : 0);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

/* Now, whatever the back-off says: a person asked. */
static rv_status verb_report(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *data = json_object();
	char host[64];

	if (!rv_report_host(e, host)) {
		rv_diag_next(diag, "reeve enroll URL --token-file F --ca-pin P");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "this host is not enrolled");
	}
	RV_TRY(rv_report_fill(e, diag));
	rv_report_now(e);
	if (!data)
		return rv_fail_nomem(diag);
	RV_TRY(on_status(e, data));
	*out_data = json_incref(json_object_get(data, "inventory"));
	if (!json_is_null(json_object_get(*out_data, "error")))
		ctl->exit_code = 3;
	return RV_OK;
}

static const struct rv_verb verbs[] = {
	{"report", RV_RIGHT_PLAN, RV_VERB_JOB, verb_report},
	{"enroll", RV_RIGHT_APPLY, RV_VERB_JOB, verb_enroll},
	{"unenroll", RV_RIGHT_APPLY, RV_VERB_JOB, verb_unenroll},
	{NULL, RV_RIGHT_APPLY, 0, NULL},
};

const struct rv_module rv_module_report = {
	.name = "report",
	.verbs = verbs,
	.passed = on_passed,
	.tick = on_tick,
	.status = on_status,
	.doctor = on_doctor,
	.stop = on_stop,
};
