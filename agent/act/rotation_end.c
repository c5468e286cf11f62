/* act: the steps after the proof: promote, grace, revoke, show dead, close; and revoking the new
 * one on the way back. Not here: grading (verify/). */
#include "agent/act/rotation.h"

#include "agent/base/clock.h"

#include <reeve/plugin.h>
#include <stdio.h>

/* The commit of this step is the promotion: see the engine's commit port. */
rv_status rv_step_promote(struct rv_rotation *rot, struct rv_diag *diag)
{
	(void)diag; /* nothing to fail: the facts are there */
	rot->run->r.grace_until_us = rv_now_utc_us() + rot->run->r.grace_us;
	rv_rotation_say(rot, "the new one is the credential now; no way back by itself from here");
	return RV_OK;
}

rv_status rv_step_grace(struct rv_rotation *rot, struct rv_diag *diag)
{
	if (rv_now_utc_us() >= rot->run->r.grace_until_us) {
		rv_rotation_say(rot, "%s", rot->run->r.grace_us ? "over" : "none asked for");
		return RV_OK;
	}
	rot->run->r.retry_at_us = rot->run->r.grace_until_us;
	return rv_fail(RV_CLASS_RETRY, diag, "in its grace time");
}

static rv_status commit_ledger(struct rv_rotation *rot, const struct rv_crew_answer *got,
			       const char *text, struct rv_diag *diag)
{
	struct rv_act_event event = {.step = rot->run->r.step,
				     .outcome = "note",
				     .text = text,
				     .ledger_add = got->ledger_add};

	rv_rotation_say(rot, "%s", text);
	return rv_rotation_commit(rot, &event, diag);
}

/* A certificate of someone else's is never revoked: the provider must know it as its own. */
static rv_status revoke(struct rv_rotation *rot, struct rv_str der, const char *reason,
			struct rv_diag *diag)
{
	struct rv_crew_verb verb = {.verb = REEVE_VERB_IDENTIFY, .cert = der};
	struct rv_crew_answer got;

	if (!rot->run->r.instance.len)
		return rv_rotation_note(rot, "no provider is known that could revoke it", diag);
	RV_TRY(rv_crew_ask(&rot->crew, &verb, &got, diag));
	if (got.outcome == RV_OUTCOME_REJECTED)
		return rv_rotation_note(rot, "the provider did not issue it: not revoked", diag);
	RV_TRY(rv_crew_provided(&got, diag));
	verb.verb = REEVE_VERB_REVOKE;
	verb.reason = reason;
	RV_TRY(rv_crew_ask(&rot->crew, &verb, &got, diag));
	RV_TRY(rv_crew_provided(&got, diag));
	return commit_ledger(rot, &got, "revoked at the provider", diag);
}

rv_status rv_step_revoke(struct rv_rotation *rot, struct rv_diag *diag)
{
	bool is_rotation = rot->run->r.verb == RV_RUN_VERB_ROTATE;

	return revoke(rot, rot->run->r.old_der, is_rotation ? "superseded" : "unspecified", diag);
}

rv_status rv_step_revoke_new(struct rv_rotation *rot, struct rv_diag *diag)
{
	if (rot->run->r.verb != RV_RUN_VERB_ROTATE || !rot->run->r.new_der.len)
		return RV_OK;
	RV_TRY(revoke(rot, rot->run->r.new_der, "cessationOfOperation", diag));
	rot->run->r.new_revoked = 1;
	return RV_OK;
}

static rv_status ask_issuer(struct rv_rotation *rot, bool *out_was_asked, bool *out_lists,
			    struct rv_diag *diag)
{
	struct rv_crew_verb verb = {.verb = REEVE_VERB_PROBE, .cert = rot->run->r.old_der};
	struct rv_crew_answer got;

	if (!rot->run->r.instance.len)
		return RV_OK;
	RV_TRY(rv_crew_ask(&rot->crew, &verb, &got, diag));
	*out_was_asked = got.outcome == RV_OUTCOME_DONE;
	*out_lists = *out_was_asked && got.revoked_at_us > 0;
	return RV_OK;
}

rv_status rv_step_show_dead(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	bool was_asked = false, lists = false;
	bool is_revocation = run->r.verb == RV_RUN_VERB_REVOKE;
	enum rv_proof served = RV_PROOF_NOT_YET;
	struct rv_diag why = {0};

	RV_TRY(ask_issuer(rot, &was_asked, &lists, diag));
	if (!is_revocation && run->r.new_der.len)
		RV_TRY(rv_rotation_shown(rot, run->r.new_der, RV_ROTATION_K, RV_ROTATION_PROVE_US,
					 &served, &why));
	/* A revoked one stays in its files until someone replaces it: that is held here. */
	run->r.grade = rot->ports->judge_grade(was_asked, lists, served, is_revocation);
	rv_rotation_say(rot, "%s: %s; %s", rv_grade_name((unsigned)run->r.grade),
			lists	    ? "the issuer lists it as revoked"
			: was_asked ? "the issuer was asked and does not list it"
				    : "its issuer cannot be asked",
			served == RV_PROOF_SHOWN ? "the new one alone is served here"
			: is_revocation		 ? "it may still lie in its files"
						 : "what is served could not be shown");
	return RV_OK;
}

/* The commit of this step erases the run's sealed copies. */
rv_status rv_step_close(struct rv_rotation *rot, struct rv_diag *diag)
{
	rv_rotation_say(rot, "sealed copies erased");
	(void)diag; /* nothing to do here: see the engine's commit port */
	return RV_OK;
}

rv_status rv_rotation_look_again(struct rv_run *run, const struct rv_act_ports *ports,
				 unsigned *out_grade, struct rv_diag *diag)
{
	struct rv_rotation rot = {.run = run, .ports = ports, .crew = {.ports = ports, .run = run}};
	rv_status r = rv_step_show_dead(&rot, diag);

	rv_crew_done(&rot.crew);
	if (rv_is_ok(r))
		*out_grade = (unsigned)run->r.grade;
	return r;
}
