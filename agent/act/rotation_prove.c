/* act: the steps that touch the service: test, reload, prove; the same for the old one on the way
 * back. What is seen is judged through the ports. Not here: files (rotation_place.c). */
#include "agent/act/rotation.h"

#include "agent/base/clock.h"
#include "agent/model/leaf.h"

#include <stdio.h>

#define PAUSE_US (INT64_C(50) * 1000)

static size_t ports_of(const struct rv_run *run, uint16_t out[RV_RUN_TARGETS])
{
	size_t count = 0;

	for (size_t i = 0; i < run->target_count; i++) {
		bool is_new = true;
		for (size_t k = 0; is_new && k < count; k++)
			is_new = out[k] != run->targets[i].port;
		if (is_new)
			out[count++] = (uint16_t)run->targets[i].port;
	}
	return count;
}

rv_status rv_rotation_listeners(struct rv_rotation *rot, struct rv_holder *out, size_t *out_count,
				struct rv_diag *diag)
{
	uint16_t ports[RV_RUN_TARGETS];
	size_t count = ports_of(rot->run, ports);

	return rv_crew_did_not_start(rot->ports->listeners(rot->ports->ctx, ports, count, out,
							   RV_RUN_HOLDERS, out_count, diag));
}

/* One handshake with every target, after what is in seen. */
static rv_status shake_all(struct rv_rotation *rot, struct rv_handshake *seen, size_t *count,
			   struct rv_diag *diag)
{
	for (size_t t = 0; t < rot->run->target_count && *count < RV_SEEN_MAX; t++) {
		RV_TRY(rv_crew_shake(&rot->crew, t, &seen[*count], diag));
		(*count)++;
	}
	return RV_OK;
}

rv_status rv_rotation_shown(struct rv_rotation *rot, struct rv_str der, unsigned k,
			    int64_t within_us, enum rv_proof *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct rv_handshake *seen = calloc(RV_SEEN_MAX, sizeof(*seen));
	int64_t until = rv_boot_us() + within_us;
	struct rv_leaf leaf;
	size_t count = 0;

	if (!seen)
		return rv_fail_nomem(diag);
	RV_TRY(rv_leaf_of(der, &leaf, diag));
	for (unsigned round = 1;; round++) {
		struct rv_diag why = {0};
		RV_TRY(shake_all(rot, seen, &count, diag));
		if (round < k)
			continue;
		*out = rot->ports->judge_handshakes(seen, count, (unsigned)rot->run->target_count,
						    leaf.cert_sha256, k, &why);
		if (*out == RV_PROOF_SHOWN)
			return RV_OK;
		if (rv_boot_us() >= until || count + rot->run->target_count > RV_SEEN_MAX) {
			rv_diag_set(diag, "%s", why.text);
			return RV_OK;
		}
		RV_TRY(rot->ports->wait(rot->ports->ctx, PAUSE_US));
	}
}

static rv_status old_ones_gone(struct rv_rotation *rot, enum rv_proof *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct rv_holder *now = calloc(RV_RUN_HOLDERS, sizeof(*now));
	int64_t until = rv_boot_us() + RV_ROTATION_PROVE_US;
	size_t count = 0;

	if (!now)
		return rv_fail_nomem(diag);
	for (;;) {
		struct rv_diag why = {0};
		RV_TRY(rv_rotation_listeners(rot, now, &count, diag));
		*out = rot->ports->judge_holders(rot->run->holders, rot->run->holder_count, now,
						 count, &why);
		if (*out == RV_PROOF_SHOWN)
			return RV_OK;
		if (rv_boot_us() >= until) {
			rv_diag_set(diag, "%s", why.text);
			return RV_OK;
		}
		RV_TRY(rot->ports->wait(rot->ports->ctx, PAUSE_US));
	}
}

static rv_status run_test(struct rv_rotation *rot, struct rv_diag *diag)
{
	if (!rot->run->r.test.len)
		rv_rotation_say(rot, "the policy names no test");
	else
		rv_rotation_say(rot, "\"%.*s\" is content", (int)rot->run->r.test.len,
				(const char *)rot->run->r.test.data);
	struct rv_rec_hook ask = {.command = rot->run->r.test, .timeout_ms = 15000};
	struct rv_rec_hook_done done;
	struct rv_frame frame;

	if (!rot->run->r.test.len)
		return RV_OK;
	RV_TRY(rv_crew_call(&rot->crew, NULL, RV_MSG_hook, &ask, RV_MSG_hook_done, &done, &frame,
			    diag));
	rv_status r = rv_crew_outcome(done.outcome, done.text, diag);
	/* What went wrong stands at the end. */
	size_t skip = done.output.len > 400 ? done.output.len - 400 : 0;
	if (rv_is_ok(r) && done.code != 0)
		r = rv_fail(RV_CLASS_DENIED, diag, "\"%.*s\" ended with %llu: %.*s",
			    (int)ask.command.len, (const char *)ask.command.data,
			    (unsigned long long)done.code, (int)(done.output.len - skip),
			    done.output.len ? (const char *)done.output.data + skip : "");
	rv_frame_done(&frame);
	return r;
}

static rv_status reload_all(struct rv_rotation *rot, struct rv_diag *diag)
{
	rv_rotation_say(rot, "%zu unit%s told to reload", rot->run->unit_count,
			rot->run->unit_count == 1 ? "" : "s");
	for (size_t i = 0; i < rot->run->unit_count; i++) {
		struct rv_rec_reload ask = {.unit = rot->run->units[i], .timeout_ms = 15000};
		struct rv_rec_reload_done done;
		struct rv_frame frame;
		RV_TRY(rv_crew_call(&rot->crew, NULL, RV_MSG_reload, &ask, RV_MSG_reload_done,
				    &done, &frame, diag));
		rv_status r = rv_crew_outcome(done.outcome, done.text, diag);
		rv_frame_done(&frame);
		if (!rv_is_ok(r)) {
			rv_diag_prefix(diag, "reload of %.*s", (int)ask.unit.len,
				       (const char *)ask.unit.data);
			return r;
		}
	}
	return RV_OK;
}

/* After a crash the files may have been healed back, or be in someone else's hands. *out_go_on is
 * false when the run stands at another step now. */
static rv_status check_place(struct rv_rotation *rot, bool *out_go_on, struct rv_diag *diag)
{
	enum rv_set_state state;
	bool is_staged = false;

	*out_go_on = true;
	if (!rot->is_resumed)
		return RV_OK;
	RV_TRY(rv_rotation_observe(rot, &state, &is_staged, diag));
	if (state == RV_SET_FOREIGN)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "a file is neither the old nor the new one; it is left alone");
	if (state == RV_SET_NEW)
		return RV_OK;
	rot->run->r.step = RV_AT_SWAP;
	*out_go_on = false;
	return RV_OK;
}

rv_status rv_step_test(struct rv_rotation *rot, struct rv_diag *diag)
{
	bool go_on;

	RV_TRY(check_place(rot, &go_on, diag));
	return go_on ? run_test(rot, diag) : RV_OK;
}

rv_status rv_step_reload(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	struct rv_act_event event = {
		.step = RV_AT_RELOAD, .outcome = "note", .text = "listeners noted"};
	bool go_on;

	RV_TRY(check_place(rot, &go_on, diag));
	if (!go_on)
		return RV_OK;
	if (rot->is_resumed)
		RV_TRY(run_test(rot, diag));
	RV_TRY(rv_rotation_listeners(rot, run->holders, &run->holder_count, diag));
	run->r.was_reloaded = 1;
	RV_TRY(rv_rotation_commit(rot, &event, diag));
	return reload_all(rot, diag);
}

rv_status rv_step_prove(struct rv_rotation *rot, struct rv_diag *diag)
{
	enum rv_proof proof;
	struct rv_diag why = {0};
	bool go_on;

	RV_TRY(check_place(rot, &go_on, diag));
	if (!go_on)
		return RV_OK;
	RV_TRY(rv_rotation_shown(rot, rot->run->r.new_der, RV_ROTATION_K, RV_ROTATION_PROVE_US,
				 &proof, &why));
	if (proof == RV_PROOF_SHOWN)
		RV_TRY(old_ones_gone(rot, &proof, &why));
	rv_rotation_say(rot,
			"%d full handshakes in a row at each of %zu place%s show the new one; "
			"no process from before still accepts",
			RV_ROTATION_K, rot->run->target_count,
			rot->run->target_count == 1 ? "" : "s");
	if (proof == RV_PROOF_SHOWN)
		return RV_OK;
	return rv_fail(RV_CLASS_CONFLICT, diag, "the new certificate is not shown in use (%s): %s",
		       rv_proof_name(proof), why.text);
}

rv_status rv_step_reload_old(struct rv_rotation *rot, struct rv_diag *diag)
{
	if (!rot->run->r.was_reloaded)
		return RV_OK; /* nobody was told of the new one */
	RV_TRY(run_test(rot, diag));
	return reload_all(rot, diag);
}

rv_status rv_step_prove_old(struct rv_rotation *rot, struct rv_diag *diag)
{
	enum rv_proof proof;
	struct rv_diag why = {0};

	RV_TRY(rv_rotation_shown(rot, rot->run->r.old_der, RV_ROTATION_K, RV_ROTATION_PROVE_US,
				 &proof, &why));
	rv_rotation_say(rot, "%d full handshakes in a row show the old one again", RV_ROTATION_K);
	if (proof == RV_PROOF_SHOWN)
		return RV_OK;
	rot->said[0] = '\0';
	/* What somebody may be serving is not revoked. */
	if (proof != RV_PROOF_UNREACHABLE)
		rot->run->r.step = RV_AT_TIDY_BACK;
	char text[600];
	(void)snprintf(text, sizeof(text), "the old certificate is not shown in use (%s): %.400s",
		       rv_proof_name(proof), why.text); /* cut: for people */
	return rv_rotation_note(rot, text, diag);
}
