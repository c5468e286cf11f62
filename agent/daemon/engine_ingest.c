/* daemon: findings are gathered in memory and written in batches: one commit for hundreds, and no
 * transaction stays open while the pass waits for more. */
#include "agent/daemon/engine_ingest.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/path.h"
#include "agent/daemon/engine_core.h"
#include "agent/store/estate.h"
#include "agent/store/listeners.h"
#include "agent/store/not_looked.h"

#define BATCH_BYTES (256U * 1024U)
#define ITEM_HEAD   6

rv_status rv_ingest_event(void *user, const char *type, const char *cred, const char *text)
{
	struct rv_engine *e = user;
	RV_CLEANUP(rv_jsonp) json_t *data = json_pack("{s:s}", "text", text);

	if (!data)
		return rv_fail_nomem(NULL);
	return rv_engine_audit(e, type, cred, "", data, NULL);
}

void rv_ingest_init(struct rv_ingest *in, struct rv_engine *e, int64_t pass)
{
	*in = (struct rv_ingest){.e = e};
	rv_identify_init(&in->identify, e->db, e->host_label, pass, rv_now_utc_us());
	in->identify.event = rv_ingest_event;
	in->identify.user = e;
	rv_buf_init(&in->waiting, BATCH_BYTES + 2 * RV_FRAME_MAX);
}

void rv_ingest_done(struct rv_ingest *in)
{
	rv_identify_done(&in->identify);
	rv_buf_done(&in->waiting);
}

/* --- one finding
 * ----------------------------------------------------------------------------------- */
static rv_status put_listener(struct rv_ingest *in, const struct rv_rec_found_listener *f,
			      struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf exe = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf unit = {0};

	if (f->addr.len != 4 && f->addr.len != 16)
		return rv_fail(RV_CLASS_MALFORMED, diag, "found_listener: an address of %zu bytes",
			       f->addr.len);
	rv_buf_init(&exe, 4 * RV_PATH_MAX + 1);
	rv_buf_init(&unit, 4 * RV_NAME_MAX + 1);
	RV_TRY(rv_path_escape(f->exe, &exe));
	RV_TRY(rv_path_escape(f->unit, &unit));
	const struct rv_listener l = {
		.addr = f->addr,
		.port = (unsigned)f->port,
		.pid = (uint32_t)f->pid,
		.ppid = (uint32_t)f->ppid,
		.uid = (uint32_t)f->uid,
		.started_us = f->started_us,
		.exe = rv_buf_cstr(&exe),
		.unit = rv_buf_cstr(&unit),
		.accepts = f->accepts != 0,
	};
	return rv_listener_put(in->e->db, &l, diag);
}

static rv_status put_not_looked(struct rv_ingest *in, const struct rv_rec_not_looked *f,
				struct rv_diag *diag)
{
	const struct rv_not_looked n = {
		.path = f->path,
		.is_masked = f->masked != 0,
		.reason = (unsigned)f->reason,
		.size_bytes = f->size_bytes,
	};

	return rv_not_looked_put(in->e->db, &n, diag);
}

#define DECODE(name)            \
	struct rv_rec_##name f; \
	RV_TRY(rv_record_decode(&rv_desc_##name, body, &f, diag))

static rv_status take_certificate(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(found_certificate);
	return rv_identify_certificate(&in->identify, &f, diag);
}

static rv_status take_key(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(found_key);
	return rv_identify_key(&in->identify, &f, diag);
}

static rv_status take_secret(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(found_secret);
	if (f.confidence < in->min_confidence) {
		in->weak++;
		return RV_OK;
	}
	return rv_identify_secret(&in->identify, &f, diag);
}

static rv_status take_account(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(found_account);
	return rv_account_put(in->e->db, &f, in->identify.pass, diag);
}

static rv_status take_unit(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(found_unit);
	return rv_unit_put(in->e->db, &f, in->identify.pass, diag);
}

static rv_status take_package(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(found_package);
	return rv_package_put(in->e->db, &f, in->identify.pass, diag);
}

static rv_status take_listener(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(found_listener);
	return put_listener(in, &f, diag);
}

static rv_status take_not_looked(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag)
{
	DECODE(not_looked);
	return put_not_looked(in, &f, diag);
}

static const struct {
	enum rv_msg type;
	rv_status (*take)(struct rv_ingest *in, struct rv_str body, struct rv_diag *diag);
} takers[] = {
	{RV_MSG_found_certificate, take_certificate},
	{RV_MSG_found_key, take_key},
	{RV_MSG_found_secret, take_secret},
	{RV_MSG_found_account, take_account},
	{RV_MSG_found_unit, take_unit},
	{RV_MSG_found_package, take_package},
	{RV_MSG_found_listener, take_listener},
	{RV_MSG_not_looked, take_not_looked},
};

static rv_status take(struct rv_ingest *in, uint16_t type, struct rv_str body, struct rv_diag *diag)
{
	for (size_t n = 0; n < RV_LEN(takers); n++)
		if ((uint16_t)takers[n].type == type)
			return takers[n].take(in, body, diag);
	return rv_fail(RV_CLASS_MALFORMED, diag, "message %u is no finding", type);
}

/* --- batches
 * ---------------------------------------------------------------------------------------- */
/* A finding that contradicts its schema is left out whole and counted: one bad file must not hide
 * the others. Everything else that fails, fails the batch. */
static rv_status take_one(struct rv_ingest *in, uint16_t type, struct rv_str body,
			  struct rv_diag *diag)
{
	struct rv_diag why = {0};
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	RV_TRY(rv_txn_begin(in->e->db, &txn, diag));
	rv_status s = take(in, type, body, &why);
	if (rv_is_ok(s))
		return rv_txn_commit(&txn, diag);
	if (rv_class_of(s) != RV_CLASS_MALFORMED) {
		rv_diag_set(diag, "%s", why.text);
		rv_diag_next(diag, "%s", why.next);
		return s;
	}
	in->malformed++;
	rv_log(RV_WARNING, "a finding was left out", "why", why.text, NULL);
	return RV_OK;
}

rv_status rv_ingest_flush(struct rv_ingest *in, struct rv_diag *diag)
{
	size_t at = 0;
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	if (in->waiting.len == 0)
		return RV_OK;
	RV_TRY(rv_txn_begin(in->e->db, &txn, diag));
	while (at < in->waiting.len) {
		const uint8_t *head = in->waiting.data + at;
		struct rv_str body = {head + ITEM_HEAD, rv_get_u32(head + 2)};
		RV_TRY(take_one(in, rv_get_u16(head), body, diag));
		at += ITEM_HEAD + body.len;
	}
	RV_TRY(rv_txn_commit(&txn, diag));
	rv_buf_reset(&in->waiting);
	return RV_OK;
}

rv_status rv_ingest_frame(struct rv_ingest *in, const struct rv_frame *frame, struct rv_diag *diag)
{
	RV_TRY(rv_buf_put_u16(&in->waiting, frame->header.type));
	RV_TRY(rv_buf_put_u32(&in->waiting, (uint32_t)frame->body.len));
	if (frame->body.len > 0)
		RV_TRY(rv_buf_put(&in->waiting, frame->body.data, frame->body.len));
	in->findings++;
	return in->waiting.len >= BATCH_BYTES ? rv_ingest_flush(in, diag) : RV_OK;
}
