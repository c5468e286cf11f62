/* act: verbs of the provider and handshakes of the probe. Not here: what the answers mean for the
 * run (rotation_*.c), judging (verify/). */
#include "agent/act/crew.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <reeve/plugin.h>

#define LEDGER_IN_FRAME 32768 /* a larger one goes as a sealed memfd */

static rv_status add_field(struct rv_buf *list, uint64_t tag, struct rv_str bytes)
{
	struct rv_rec_plug_field field = {.tag = tag, .bytes = bytes};

	return bytes.len ? rv_list_add(list, &rv_desc_plug_field, &field) : RV_OK;
}

static rv_status add_time(struct rv_buf *list, uint64_t tag, int64_t us)
{
	uint8_t at[8];

	for (unsigned i = 0; i < sizeof(at); i++)
		at[i] = (uint8_t)((uint64_t)us >> (8 * i));
	return add_field(list, tag, (struct rv_str){at, sizeof(at)});
}

/* The dates follow from the run, not from the call: a repeat after a crash asks for the same. The
 * hour before is for clients whose clocks lag, and counts into the lifetime. */
static rv_status put_dates(const struct rv_run *run, struct rv_buf *list)
{
	int64_t from = run->r.started_us - 3600 * RV_US_PER_S;

	RV_TRY(add_time(list, REEVE_F_NOT_BEFORE, from));
	if (run->r.max_lifetime_us)
		RV_TRY(add_time(list, REEVE_F_NOT_AFTER, from + (int64_t)run->r.max_lifetime_us));
	return RV_OK;
}

static rv_status put_fields(struct rv_crew *crew, const struct rv_crew_verb *verb,
			    struct rv_str ledger, struct rv_buf *list)
{
	RV_TRY(add_field(list, REEVE_F_CSR_DER, verb->csr));
	RV_TRY(add_field(list, REEVE_F_CERT_DER, verb->cert));
	RV_TRY(add_field(list, REEVE_F_LEDGER, ledger));
	RV_TRY(add_field(list, REEVE_F_REASON, rv_str_of(verb->reason)));
	return verb->verb == REEVE_VERB_CREATE ? put_dates(crew->run, list) : RV_OK;
}

static int64_t time_of(struct rv_str bytes)
{
	return bytes.len == 8 ? (int64_t)rv_get_u64(bytes.data) : 0;
}

static rv_status take_field(struct rv_run *run, const struct rv_rec_plug_field *field,
			    struct rv_crew_answer *out)
{
	switch (field->tag) {
	case REEVE_F_CERT_DER:
		return rv_run_keep(run, &out->cert, field->bytes);
	case REEVE_F_CHAIN_DER:
		if (out->chain_count == RV_RUN_CHAIN)
			return rv_fail(RV_CLASS_EXHAUSTED, NULL, "a chain of too many issuers");
		return rv_run_keep(run, &out->chain[out->chain_count++], field->bytes);
	case REEVE_F_LEDGER_ADD:
		return rv_run_keep(run, &out->ledger_add, field->bytes);
	case REEVE_F_REVOKED_AT:
		out->revoked_at_us = time_of(field->bytes);
		return RV_OK;
	default:
		return RV_OK; /* facts for others */
	}
}

static rv_status take_answer(struct rv_crew *crew, const struct rv_rec_plug_result *got,
			     struct rv_crew_answer *out)
{
	struct rv_str list = got->fields;
	struct rv_rec_plug_field field;
	bool ok = true;

	*out = (struct rv_crew_answer){.outcome = (unsigned)got->outcome};
	rv_run_text(got->text, out->text, sizeof(out->text));
	rv_run_text(got->version, out->version, sizeof(out->version));
	rv_text_tame(out->text); /* a plugin's word: it goes into JSON */
	rv_text_tame(out->version);
	while (rv_list_next(&list, &rv_desc_plug_field, &field, &ok))
		RV_TRY(take_field(crew->run, &field, out));
	return ok ? RV_OK : rv_fail(RV_CLASS_MALFORMED, NULL, "a plugin's answer is broken");
}

static rv_status ask(struct rv_crew *crew, const struct rv_crew_verb *verb, struct rv_str ledger,
		     struct rv_crew_answer *out, struct rv_diag *diag)
{
	struct rv_rec_plug_result got;
	struct rv_frame frame;
	struct rv_buf fields;

	RV_CLEANUP(rv_fd_closep) int ledger_fd = -1;
	if (ledger.len > LEDGER_IN_FRAME) {
		RV_TRY(rv_memfd_sealed("ledger", ledger.data, ledger.len, &ledger_fd));
		ledger = RV_STR_NONE;
	}
	rv_buf_init(&fields, 60000);
	rv_status r = put_fields(crew, verb, ledger, &fields);
	struct rv_rec_plug_call call = {
		.verb = verb->verb,
		.rotation_id = crew->run->r.id,
		.idempotency_key = crew->run->r.idempotency_key,
		.expected_version = crew->run->r.old_version,
		.deadline_us = rv_now_utc_us() + RV_CREW_WAIT_MS * INT64_C(1000),
		.fields = rv_buf_view(&fields),
	};
	if (rv_is_ok(r))
		r = rv_crew_gone(crew->ports->call(
			crew->ports->ctx, crew->provider, RV_MSG_plug_call, &call, ledger_fd,
			RV_MSG_plug_result, RV_CREW_WAIT_MS, &frame, diag));
	rv_buf_done(&fields);
	RV_TRY(r);
	r = rv_frame_body(&frame, RV_MSG_plug_result, &got, diag);
	if (rv_is_ok(r))
		r = take_answer(crew, &got, out);
	rv_frame_done(&frame);
	return r;
}

rv_status rv_crew_ask(struct rv_crew *crew, const struct rv_crew_verb *verb,
		      struct rv_crew_answer *out, struct rv_diag *diag)
{
	struct rv_act_provider p = {0};
	char instance[65];

	RV_TRY(rv_crew_provider(crew, diag));
	rv_run_text(crew->run->r.instance, instance, sizeof(instance));
	/* The ledger as it stands now, not as it stood when the plughost started. */
	rv_status r = crew->ports->provider(crew->ports->ctx, instance, &p, diag);
	if (rv_is_ok(r))
		r = ask(crew, verb, rv_buf_view(&p.ledger), out, diag);
	rv_act_provider_done(&p);
	return r;
}

rv_status rv_crew_provided(const struct rv_crew_answer *answer, struct rv_diag *diag)
{
	const char *text = answer->text[0] ? answer->text : "no reason given";

	switch ((enum rv_outcome)answer->outcome) {
	case RV_OUTCOME_DONE:
		return RV_OK;
	case RV_OUTCOME_PENDING:
	case RV_OUTCOME_UNREACHABLE:
		return rv_fail(RV_CLASS_RETRY, diag, "the provider is not ready: %s", text);
	case RV_OUTCOME_UNKNOWN:
		return rv_fail(RV_CLASS_UNSURE, diag, "the provider did not answer: %s", text);
	case RV_OUTCOME_LIMIT:
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "the provider has no room: %s", text);
	case RV_OUTCOME_UNSUPPORTED:
	case RV_OUTCOME_REJECTED:
		return rv_fail(RV_CLASS_DENIED, diag, "the provider refused: %s", text);
	}
	return rv_fail(RV_CLASS_MALFORMED, diag, "the provider's outcome is not a known one");
}

/* *out_fd stays -1 when there is no connection; that is an outcome, not a failure. */
static rv_status connect_to(struct rv_crew *crew, size_t target, int *out_fd, struct rv_diag *diag)
{
	struct rv_rec_connect ask = {.addr = crew->run->targets[target].addr,
				     .port = crew->run->targets[target].port,
				     .timeout_ms = 2000};
	struct rv_rec_connected got;
	struct rv_frame frame;

	RV_TRY(rv_crew_call(crew, NULL, RV_MSG_connect, &ask, RV_MSG_connected, &got, &frame,
			    diag));
	if (got.outcome == RV_CLASS_OK && frame.fd_count == 1)
		*out_fd = RV_TAKE_FD(frame.fds[0]);
	else if (got.outcome == RV_CLASS_DENIED || got.outcome == RV_CLASS_MALFORMED) {
		rv_status r = rv_crew_outcome(got.outcome, got.text, diag);
		rv_frame_done(&frame);
		return r;
	}
	rv_frame_done(&frame);
	return RV_OK;
}

static rv_status shake(struct rv_crew *crew, size_t target, int fd, struct rv_handshake *out,
		       struct rv_diag *diag)
{
	struct rv_rec_plug_result got;
	struct rv_rec_plug_field field;
	struct rv_frame frame;
	struct rv_buf fields;
	bool ok = true;

	rv_buf_init(&fields, 1024);
	rv_status r = add_field(&fields, REEVE_F_SERVER_NAME, crew->run->targets[target].name);
	struct rv_rec_plug_call call = {
		.verb = REEVE_VERB_PROBE,
		.rotation_id = crew->run->r.id,
		.deadline_us = rv_now_utc_us() + 3 * RV_US_PER_S,
		.fields = rv_buf_view(&fields),
	};
	if (rv_is_ok(r))
		r = rv_crew_gone(crew->ports->call(crew->ports->ctx, crew->probe, RV_MSG_plug_call,
						   &call, fd, RV_MSG_plug_result, 5000, &frame,
						   diag));
	rv_buf_done(&fields);
	RV_TRY(r);
	r = rv_frame_body(&frame, RV_MSG_plug_result, &got, diag);
	struct rv_str list = rv_is_ok(r) ? got.fields : RV_STR_NONE;
	out->outcome = rv_is_ok(r) ? (unsigned)got.outcome : RV_OUTCOME_UNKNOWN;
	bool has_cert = false;
	while (rv_list_next(&list, &rv_desc_plug_field, &field, &ok)) {
		if (field.tag == REEVE_F_CERT_SHA256 && field.bytes.len == 32) {
			memcpy(out->cert_sha256, field.bytes.data, 32);
			has_cert = true;
		}
		if (field.tag == REEVE_F_RESUMED && field.bytes.len == 1)
			out->is_resumed = field.bytes.data[0] != 0;
	}
	if (out->outcome == RV_OUTCOME_DONE && !has_cert)
		out->outcome = RV_OUTCOME_UNKNOWN;
	rv_frame_done(&frame);
	return r;
}

rv_status rv_crew_shake(struct rv_crew *crew, size_t target, struct rv_handshake *out,
			struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;

	*out = (struct rv_handshake){.target = (unsigned)target, .outcome = RV_OUTCOME_UNREACHABLE};
	RV_TRY(rv_crew_probe(crew, diag));
	RV_TRY(connect_to(crew, target, &fd, diag));
	return fd < 0 ? RV_OK : shake(crew, target, fd, out, diag);
}
