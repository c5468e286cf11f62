/* daemon: signing heads, and the verb `evidence`. Not here: the chain (store/audit.c), a bundle's
 * content (evidence_bundle.c), checking one (verify/bundle.c). */
#include "agent/daemon/engine_evidence.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/daemon/evidence_bundle.h"
#include "agent/verify/bundle.h"

#include <stdio.h>
#include <unistd.h>

#define SIGN_WAIT_MS 10000
#define SOON_US	     (INT64_C(60) * RV_US_PER_S) /* unsigned events wait no longer than this */

/* --- signing
 * -------------------------------------------------------------------------------------- */
static bool take_bytes(struct rv_str from, uint8_t *out, size_t len)
{
	if (from.len != len)
		return false;
	memcpy(out, from.data, len);
	return true;
}

static rv_status ask_broker(struct rv_engine *e, struct rv_peer *broker,
			    struct rv_audit_signature *sig, struct rv_diag *diag)
{
	const struct rv_rec_sign_head ask = {
		.seq = sig->head.seq,
		.head = {sig->head.hash.bytes, sizeof(sig->head.hash.bytes)},
	};
	struct rv_rec_signed_head got;
	struct rv_frame frame = {0};
	RV_TRY(rv_engine_call(e, broker, RV_MSG_sign_head, &ask, RV_MSG_signed_head, SIGN_WAIT_MS,
			      &frame, diag));
	rv_status st = rv_frame_body(&frame, RV_MSG_signed_head, &got, diag);
	if (rv_is_ok(st))
		st = rv_engine_outcome(got.outcome, RV_STR_LIT("the broker could not sign"), diag);
	if (rv_is_ok(st) && (!take_bytes(got.signature, sig->signature, sizeof(sig->signature)) ||
			     !take_bytes(got.public_key, sig->public_key, sizeof(sig->public_key))))
		st = rv_fail(RV_CLASS_MALFORMED, diag, "the broker's signature has another size");
	rv_frame_done(&frame);
	return st;
}

static rv_status is_signed(struct rv_engine *e, const struct rv_audit_head *head, bool *out,
			   struct rv_diag *diag)
{
	struct rv_audit_signature last;
	rv_status st = rv_audit_sign_last(e->db, &last, NULL);
	*out = head->seq == 0 || (rv_is_ok(st) && last.head.seq == head->seq);
	return rv_class_of(st) == RV_CLASS_NOT_FOUND || rv_is_ok(st)
		       ? RV_OK
		       : rv_fail(rv_class_of(st), diag, "the signed heads cannot be read");
}

static rv_status check_signature(const struct rv_audit_signature *sig, struct rv_diag *diag)
{
	struct rv_signed_head head = {.seq = sig->head.seq, .hash = sig->head.hash};
	memcpy(head.signature, sig->signature, sizeof(head.signature));
	memcpy(head.public_key, sig->public_key, sizeof(head.public_key));
	return rv_head_is_signed(&head)
		       ? RV_OK
		       : rv_fail(RV_CLASS_MALFORMED, diag, "the broker's signature is not good");
}

rv_status rv_evidence_sign(struct rv_engine *e, struct rv_diag *diag)
{
	const struct rv_spawn_opts opts = {
		.role = RV_ROLE_BROKER, .uid = UINT32_MAX, .gid = UINT32_MAX};
	struct rv_audit_signature sig = {.at_us = rv_now_utc_us()};
	struct rv_peer *broker = NULL;
	bool done = false;
	RV_TRY(rv_audit_last(e->db, &sig.head, diag));
	RV_TRY(is_signed(e, &sig.head, &done, diag));
	if (done)
		return RV_OK;
	RV_TRY(rv_engine_spawn(e, &opts, &broker, diag));
	rv_status st = ask_broker(e, broker, &sig, diag);
	rv_engine_stop_job(e, broker);
	if (rv_is_ok(st))
		st = check_signature(&sig, diag);
	if (rv_is_ok(st))
		st = rv_audit_sign_put(e->db, &sig, diag);
	return st;
}

static void sign_job(struct rv_engine *e, void *user)
{
	struct rv_diag diag = {0};
	(void)user; /* nothing is handed on */
	rv_status st = rv_evidence_sign(e, &diag);
	if (!rv_is_ok(st))
		rv_log(RV_WARNING, "audit head not signed", "class", rv_class_name(rv_class_of(st)),
		       "why", diag.text, NULL);
}

struct age {
	int64_t at_us;
};

static rv_status take_age(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
			  void *user)
{
	struct age *age = user;
	RV_CLEANUP(rv_jsonp) json_t *event = NULL;
	(void)seq; /* only its time is asked for */
	(void)hash;
	RV_TRY(rv_json_parse(canonical, &event, NULL));
	age->at_us = rv_json_int(event, "at", 0);
	return RV_OK;
}

/* Whatever was recorded is signed within a minute or two, and so once a day at the least: the
 * passes of discovery record themselves. */
static void tick(struct rv_engine *e)
{
	struct rv_audit_head head;
	struct rv_audit_signature last = {0};
	struct age oldest = {0};
	if (e->is_session || !rv_is_ok(rv_audit_last(e->db, &head, NULL)) || head.seq == 0)
		return;
	if (!rv_is_ok(rv_audit_sign_last(e->db, &last, NULL)))
		last.head.seq = 0;
	if (last.head.seq >= head.seq ||
	    !rv_is_ok(rv_audit_each(e->db, last.head.seq + 1, last.head.seq + 1, take_age, &oldest,
				    NULL)))
		return;
	int64_t now_us = rv_now_utc_us();
	/* A clock that was set back must not silence it. */
	if (oldest.at_us <= now_us && now_us - oldest.at_us < SOON_US)
		return;
	rv_status queued = rv_engine_submit(e, "sign audit head", sign_job, NULL);
	(void)queued; /* already there, or no room: the next tick asks again */
}

/* --- the verb
 * ------------------------------------------------------------------------------------- */
static rv_status where_to_begin(struct rv_engine *e, const struct rv_ctl *ctl, uint64_t *out_first,
				struct rv_diag *diag)
{
	const char *run = rv_json_text(ctl->args, "run", "");
	char cred[RV_ID_TEXT] = "";
	*out_first = 1;
	if (json_is_string(json_object_get(ctl->args, "id")))
		RV_TRY(rv_ctl_id(e, ctl, cred, diag));
	if (cred[0] || run[0])
		return rv_evidence_first_of(e->db, cred, run, out_first, diag);
	return RV_OK;
}

static rv_status record_export(struct rv_engine *e, const struct rv_ctl *ctl, uint64_t first,
			       struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp)
	json_t *data = json_pack("{s:I, s:s, s:I}", "first", (json_int_t)first, "host",
				 e->host_label, "uid", (json_int_t)ctl->uid);
	if (!data)
		return rv_fail_nomem(diag);
	return rv_engine_audit(e, "evidence_exported", "", "", data, diag);
}

static rv_status key_text(const uint8_t public_key[32], char out[72])
{
	char hex[65];
	struct rv_digest name = rv_key_name(public_key);
	rv_hex(name.bytes, sizeof(name.bytes), hex);
	snprintf(out, 72, "sha256:%s", hex);
	return RV_OK;
}

/* The document beside the bundle; the bundle itself is checked here once more, as its reader will.
 */
static rv_status describe(const struct rv_buf *bundle, json_t **out_data, struct rv_diag *diag)
{
	struct rv_bundle_report report;
	char key[72];
	rv_status st = rv_bundle_check(rv_buf_view(bundle), NULL, NULL, NULL, &report, diag);
	if (!rv_is_ok(st)) {
		rv_diag_prefix(diag, "the record on this host does not verify");
		rv_diag_next(diag,
			     "keep a copy of the state directory and find out who wrote to it");
		return st;
	}
	RV_TRY(key_text(report.public_key, key));
	*out_data = json_pack("{s:I, s:I, s:I, s:I, s:s}", "first", (json_int_t)report.first,
			      "last", (json_int_t)report.last, "events", (json_int_t)report.events,
			      "bytes", (json_int_t)bundle->len, "key", key);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

static rv_status on_evidence(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf bundle = {0};
	uint64_t first = 1;
	rv_buf_init(&bundle, RV_BUNDLE_MAX);
	if (strcmp(rv_json_text(ctl->args, "do", ""), "export") != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "evidence does export and nothing else");
	if (e->is_session) {
		rv_diag_next(diag, "systemctl start reeved");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "without an agent nothing is recorded, so there is no evidence");
	}
	RV_TRY(where_to_begin(e, ctl, &first, diag));
	RV_TRY(record_export(e, ctl, first, diag));
	RV_TRY(rv_evidence_sign(e, diag));
	RV_TRY(rv_evidence_bundle(e->db, first, 0, &bundle, diag));
	RV_CLEANUP(rv_jsonp) json_t *data = NULL;
	RV_TRY(describe(&bundle, &data, diag));
	RV_TRY(rv_memfd_sealed("evidence", bundle.data, bundle.len, &ctl->reply_fd));
	*out_data = RV_TAKE(data);
	return RV_OK;
}

/* --- status and doctor
 * ------------------------------------------------------------------------------ */
static rv_status add_status(struct rv_engine *e, json_t *data)
{
	struct rv_audit_head head;
	struct rv_audit_signature last = {0};
	char key[72] = "";
	RV_TRY(rv_audit_last(e->db, &head, NULL));
	if (rv_is_ok(rv_audit_sign_last(e->db, &last, NULL)))
		RV_TRY(key_text(last.public_key, key));
	json_t *evidence =
		json_pack("{s:I, s:I, s:s*}", "events", (json_int_t)head.seq, "signed_to",
			  (json_int_t)last.head.seq, "key", key[0] ? key : NULL);
	return json_object_set_new(data, "evidence", evidence) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status take_event(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
			    void *user)
{
	return rv_chain_take(user, seq, canonical, hash, NULL);
}

/* The whole chain, recomputed. */
static rv_status check_chain(struct rv_engine *e, struct rv_chain *chain, struct rv_diag *diag)
{
	static const struct rv_digest zero = {{0}};
	RV_TRY(rv_chain_begin(chain, 1, &zero, diag));
	rv_status st = rv_audit_each(e->db, 1, 0, take_event, chain, diag);
	return rv_is_ok(st) ? RV_OK
			    : rv_fail(rv_class_of(st), diag, "event %llu does not fit its chain",
				      (unsigned long long)(chain->seq + 1));
}

static rv_status add_doctor(struct rv_engine *e, json_t *checks)
{
	struct rv_chain chain = {0};
	struct rv_diag diag = {0};
	char text[160];
	rv_status st = check_chain(e, &chain, &diag);
	if (rv_is_ok(st))
		snprintf(text, sizeof(text), "%llu events, each follows from the one before",
			 (unsigned long long)chain.seq);
	else
		snprintf(text, sizeof(text), "%.150s", diag.text);
	json_t *check = json_pack("{s:s, s:b, s:s, s:s}", "name", "audit chain", "ok", rv_is_ok(st),
				  "text", text, "next",
				  rv_is_ok(st) ? ""
					       : "keep a copy of the state directory; compare with "
						 "bundles exported before");
	return json_array_append_new(checks, check) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static const struct rv_verb verbs[] = {
	{"evidence", RV_RIGHT_READ, RV_VERB_JOB, on_evidence},
	{.name = NULL},
};

const struct rv_module rv_module_evidence = {
	.name = "evidence",
	.verbs = verbs,
	.tick = tick,
	.status = add_status,
	.doctor = add_doctor,
};
