/* act: the steps before anything on this host is touched: admit, preflight, intent, create, gate.
 */
#include "agent/act/rotation.h"

#include "agent/base/clock.h"
#include "agent/model/leaf.h"

#include <reeve/plugin.h>
#include <stdio.h>

#define ROOM_LEAST UINT64_C(1048576) /* free bytes where files are staged */

rv_status rv_step_admit(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;

	RV_TRY(rot->ports->may_start(rot->ports->ctx, diag));
	if (!run->item_count && run->r.verb != RV_RUN_VERB_REVOKE)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no file of this credential is known");
	if (!run->target_count && run->r.verb != RV_RUN_VERB_REVOKE) {
		rv_diag_next(diag, "name its listeners: deploy.prove in the policy");
		return rv_fail(RV_CLASS_DENIED, diag,
			       "nothing is known that serves it: a new one could not be proven");
	}
	return RV_OK;
}

rv_status rv_rotation_survey(struct rv_rotation *rot, struct rv_rec_surveyed *out,
			     struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	struct rv_buf list;
	rv_status r = RV_OK;

	RV_TRY(rv_crew_place(&rot->crew, diag));
	rv_buf_init(&list, 16384);
	for (size_t i = 0; rv_is_ok(r) && i < run->item_count; i++)
		r = rv_list_add(&list, &rv_desc_place_item,
				&(struct rv_rec_place_item){
					.dir = rv_crew_dir(&rot->crew, run->items[i].dir),
					.name = run->items[i].name});
	struct rv_rec_survey ask = {.items = rv_buf_view(&list), .salt = run->r.salt};
	if (rv_is_ok(r))
		r = rv_crew_call(&rot->crew, rot->crew.place, RV_MSG_survey, &ask, RV_MSG_surveyed,
				 out, frame, diag);
	rv_buf_done(&list);
	RV_TRY(r);
	r = rv_crew_outcome(out->outcome, out->text, diag);
	if (!rv_is_ok(r))
		rv_frame_done(frame);
	return r;
}

/* Refuses what cannot be exchanged safely, naming the file and why. */
static rv_status check_file(const struct rv_rec_run_item *item,
			    const struct rv_rec_survey_item *seen, struct rv_diag *diag)
{
	char dir[256], name[256], path[520];

	rv_run_text(item->dir, dir, sizeof(dir));
	rv_run_text(item->name, name, sizeof(name));
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name); /* for people */
	if (seen->outcome != RV_CLASS_OK) {
		rv_status r = rv_crew_outcome(seen->outcome, seen->text, diag);
		rv_diag_prefix(diag, "%s", path);
		return r;
	}
	if (seen->type != 1)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s is %s", path,
			       seen->type == 4	 ? "gone"
			       : seen->type == 2 ? "a symbolic link now"
						 : "not a file");
	if (seen->is_mount) {
		rv_diag_next(diag, "rotate it where it is mounted from");
		return rv_fail(RV_CLASS_DENIED, diag,
			       "%s is a mount point (bind mount): it cannot be renamed", path);
	}
	if (seen->links > 1)
		return rv_fail(RV_CLASS_DENIED, diag, "%s has %llu hard links", path,
			       (unsigned long long)seen->links);
	if (item->ino && (item->ino != seen->ino || item->dev != seen->dev)) {
		rv_diag_next(diag, "look again: reeve discover, then reeve plan");
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s is another file than was planned with",
			       path);
	}
	bool needs_key = item->part != RV_PART_CERTIFICATE;
	if (needs_key != (seen->has_key != 0))
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s holds %s private key", path,
			       seen->has_key ? "a" : "no");
	return RV_OK;
}

static rv_status take_old(struct rv_run *run, const struct rv_rec_survey_item *seen,
			  struct rv_diag *diag)
{
	struct rv_leaf leaf;
	struct rv_buf der;

	rv_buf_init(&der, 32768);
	rv_status r = rv_pem_certificate(seen->certs, 0, &der, diag);
	if (rv_is_ok(r))
		r = rv_leaf_of(rv_buf_view(&der), &leaf, diag);
	if (rv_is_ok(r) && run->r.old_sha256.len &&
	    memcmp(run->r.old_sha256.data, leaf.cert_sha256, RV_SHA256_LEN) != 0) {
		rv_diag_next(diag, "look again: reeve discover, then reeve plan");
		r = rv_fail(RV_CLASS_CONFLICT, diag,
			    "the file holds another certificate (serial %s) than was known",
			    leaf.serial);
	}
	struct rv_str sha256 = {leaf.cert_sha256, RV_SHA256_LEN};
	if (rv_is_ok(r))
		r = rv_run_keep(run, &run->r.old_sha256, sha256);
	if (rv_is_ok(r))
		r = rv_run_keep(run, &run->r.old_der, rv_buf_view(&der));
	if (rv_is_ok(r))
		r = rv_run_keep(run, &run->r.old_version, rv_str_of(leaf.serial));
	rv_buf_done(&der);
	return r;
}

static rv_status take_survey(struct rv_rotation *rot, const struct rv_rec_surveyed *seen,
			     struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	struct rv_str list = seen->items;
	struct rv_rec_survey_item one;
	bool ok = true;
	size_t i = 0;

	for (; rv_list_next(&list, &rv_desc_survey_item, &one, &ok); i++) {
		if (i >= run->item_count)
			return rv_fail(RV_CLASS_MALFORMED, diag, "place saw more than was asked");
		struct rv_rec_run_item *item = &run->items[i];
		RV_TRY(check_file(item, &one, diag));
		item->dev = one.dev;
		item->ino = one.ino;
		RV_TRY(rv_run_keep(run, &item->old_keyed, one.keyed));
		if (item->part != RV_PART_KEY)
			RV_TRY(take_old(run, &one, diag));
	}
	if (!ok || i != run->item_count)
		return rv_fail(RV_CLASS_MALFORMED, diag, "place saw less than was asked");
	return RV_OK;
}

static rv_status check_set(const struct rv_rec_surveyed *seen, struct rv_diag *diag)
{
	if (seen->manager.len) {
		rv_diag_next(diag, "let %.*s renew it, or take it out of its care first",
			     (int)seen->manager.len, (const char *)seen->manager.data);
		return rv_fail(RV_CLASS_DENIED, diag, "%.*s manages these files",
			       (int)seen->manager.len, (const char *)seen->manager.data);
	}
	if (!seen->can_exchange)
		return rv_fail(RV_CLASS_DENIED, diag,
			       "the file system cannot exchange two names (renameat2)");
	if (seen->free_bytes < ROOM_LEAST)
		return rv_fail(RV_CLASS_EXHAUSTED, diag,
			       "less than %llu bytes free beside the files",
			       (unsigned long long)ROOM_LEAST);
	return RV_OK;
}

/* What the run replaces must be what is served now, or the proof at the end would prove nothing. */
static rv_status check_served(struct rv_rotation *rot, struct rv_diag *diag)
{
	enum rv_proof proof;
	struct rv_diag why = {0};

	RV_TRY(rv_rotation_shown(rot, rot->run->r.old_der, 1, 2 * RV_US_PER_S, &proof, &why));
	if (proof == RV_PROOF_SHOWN)
		return RV_OK;
	rv_diag_next(diag, "reeve doctor; correct deploy.prove, or reload the service first");
	return rv_fail(RV_CLASS_CONFLICT, diag, "the old certificate is not what is served: %s",
		       why.text);
}

rv_status rv_step_preflight(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_rec_surveyed seen;
	struct rv_frame frame;

	RV_TRY(rv_rotation_survey(rot, &seen, &frame, diag));
	rv_status r = RV_OK;
	if (rot->run->r.verb != RV_RUN_VERB_REVOKE)
		r = check_set(&seen, diag);
	if (rv_is_ok(r))
		r = take_survey(rot, &seen, diag);
	rv_frame_done(&frame);
	RV_TRY(r);
	if (rot->run->r.verb == RV_RUN_VERB_REVOKE) {
		rot->run->r.step = RV_AT_REVOKE;
		return RV_OK;
	}
	RV_TRY(check_served(rot, diag));
	rv_rotation_say(rot, "%zu file%s as planned; the old one is what is served",
			rot->run->item_count, rot->run->item_count == 1 ? "" : "s");
	if (rot->run->r.verb == RV_RUN_VERB_UNDO)
		rot->run->r.step = RV_AT_STAGE;
	return RV_OK;
}

static rv_status set_idempotency_key(struct rv_run *run)
{
	char text[256], hex[2 * RV_SHA256_LEN + 1], cred[65], version[129];

	rv_run_text(run->r.cred, cred, sizeof(cred));
	rv_run_text(run->r.old_version, version, sizeof(version));
	int n = snprintf(text, sizeof(text), "%s/%s/%llu", cred, version,
			 (unsigned long long)run->r.attempt);
	RV_BUG_ON(n < 0 || n >= (int)sizeof(text));
	struct rv_digest digest = rv_sha256(text, (size_t)n);
	rv_hex(digest.bytes, RV_SHA256_LEN, hex);
	return rv_run_keep(run, &run->r.idempotency_key, rv_str_of(hex));
}

rv_status rv_step_intent(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	char purpose[RV_RUN_PURPOSE];
	struct rv_rec_minted minted;
	struct rv_frame frame;

	RV_TRY(rv_crew_broker(&rot->crew, diag));
	rv_run_purpose(run->r.id, "key", 0, purpose);
	struct rv_rec_mint ask = {
		.purpose = rv_str_of(purpose), .alg = run->r.alg, .template_der = run->r.old_der};
	RV_TRY(rv_crew_call(&rot->crew, rot->crew.broker, RV_MSG_mint, &ask, RV_MSG_minted, &minted,
			    &frame, diag));
	rv_status r = rv_crew_outcome(minted.outcome, minted.text, diag);
	if (rv_is_ok(r))
		r = rv_run_keep(run, &run->r.csr_der, minted.csr_der);
	if (rv_is_ok(r))
		r = rv_run_keep(run, &run->r.spki_sha256, minted.spki_sha256);
	if (rv_is_ok(r))
		r = set_idempotency_key(run);
	struct rv_act_event event = {.step = RV_AT_INTENT,
				     .outcome = "note",
				     .text = "key minted and sealed",
				     .purpose = purpose,
				     .sealed = minted.sealed};
	if (rv_is_ok(r)) {
		rot->crew.key = minted.handle;
		r = rv_rotation_commit(rot, &event, diag);
	}
	rv_rotation_say(rot, "a new key and its request; the key is sealed");
	rv_frame_done(&frame);
	return r;
}

static rv_status take_created(struct rv_rotation *rot, const struct rv_crew_answer *got,
			      struct rv_diag *diag)
{
	struct rv_run *run = rot->run;

	if (!got->cert.len)
		return rv_fail(RV_CLASS_MALFORMED, diag, "the provider gave no certificate");
	run->r.new_der = got->cert;
	RV_TRY(rv_run_keep(run, &run->r.new_version, rv_str_of(got->version)));
	rv_rotation_say(rot, "issued as %s", got->version);
	memcpy(run->chain, got->chain, sizeof(run->chain));
	run->chain_count = got->chain_count;
	struct rv_act_event event = {.step = RV_AT_CREATE,
				     .outcome = "note",
				     .text = "issued",
				     .ledger_add = got->ledger_add};
	return rv_rotation_commit(rot, &event, diag);
}

/* After a crash or a lost answer the provider is asked what it did before it is asked to do it. */
rv_status rv_step_create(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_crew_verb verb = {.verb = REEVE_VERB_READ_BACK, .csr = rot->run->r.csr_der};
	struct rv_crew_answer got;

	if (rot->run->r.new_der.len)
		return RV_OK;
	if (rot->is_resumed) {
		RV_TRY(rv_crew_ask(&rot->crew, &verb, &got, diag));
		if (got.outcome == RV_OUTCOME_DONE)
			return take_created(rot, &got, diag);
		if (got.outcome != RV_OUTCOME_REJECTED)
			return rv_crew_provided(&got, diag);
	}
	verb.verb = REEVE_VERB_CREATE;
	RV_TRY(rv_crew_ask(&rot->crew, &verb, &got, diag));
	RV_TRY(rv_crew_provided(&got, diag));
	return take_created(rot, &got, diag);
}

rv_status rv_step_gate(struct rv_rotation *rot, struct rv_diag *diag)
{
	RV_TRY(rot->ports->judge_gate(rot->ports->ctx, rot->run, diag));
	rv_rotation_say(rot, "its key is ours, its names, use and dates are as before or better");
	return RV_OK;
}
