/* act: the steps that touch files: stage, swap, unswap, tidy. The files themselves are
 * reeve-place's work. Not here: the service (rotation_prove.c). */
#include "agent/act/rotation.h"

#include "agent/model/leaf.h"

#include <stdio.h>

static rv_status put_items(struct rv_rotation *rot, struct rv_buf *list)
{
	static const uint8_t none[RV_SHA256_LEN];

	for (size_t i = 0; i < rot->run->item_count; i++) {
		const struct rv_rec_run_item *item = &rot->run->items[i];
		struct rv_rec_swap_item rec = {
			.dir = rv_crew_dir(&rot->crew, item->dir),
			.name = item->name,
			.old_keyed = item->old_keyed,
			.new_keyed = item->new_keyed.len ? item->new_keyed
							 : (struct rv_str){none, sizeof(none)},
		};
		RV_TRY(rv_list_add(list, &rv_desc_swap_item, &rec));
	}
	return RV_OK;
}

rv_status rv_rotation_swap(struct rv_rotation *rot, bool back, struct rv_diag *diag)
{
	struct rv_rec_swapped got;
	struct rv_frame frame;
	struct rv_buf list;

	RV_TRY(rv_crew_place(&rot->crew, diag));
	rv_buf_init(&list, 16384);
	rv_status r = put_items(rot, &list);
	struct rv_rec_swap ask = {.items = rv_buf_view(&list),
				  .tag = rot->run->r.tag,
				  .salt = rot->run->r.salt,
				  .back = back};
	if (rv_is_ok(r))
		r = rv_crew_call(&rot->crew, rot->crew.place, RV_MSG_swap, &ask, RV_MSG_swapped,
				 &got, &frame, diag);
	rv_buf_done(&list);
	RV_TRY(r);
	r = rv_crew_outcome(got.outcome, got.text, diag);
	rv_frame_done(&frame);
	return r;
}

static enum rv_set_state state_of(struct rv_str list, bool *out_is_staged, bool *out_ok)
{
	struct rv_rec_observed_item item;
	size_t count = 0, old_ones = 0, new_ones = 0, staged = 0;

	while (rv_list_next(&list, &rv_desc_observed_item, &item, out_ok)) {
		count++;
		old_ones += item.state == 1;
		new_ones += item.state == 2;
		staged += (item.state == 1 && item.staged == 2) || (item.state == 2);
	}
	*out_is_staged = staged == count;
	if (old_ones == count)
		return RV_SET_OLD;
	if (new_ones == count)
		return RV_SET_NEW;
	return old_ones + new_ones == count ? RV_SET_MIXED : RV_SET_FOREIGN;
}

rv_status rv_rotation_observe(struct rv_rotation *rot, enum rv_set_state *out, bool *out_is_staged,
			      struct rv_diag *diag)
{
	struct rv_rec_observed got;
	struct rv_frame frame;
	struct rv_buf list;
	bool ok = true;

	RV_TRY(rv_crew_place(&rot->crew, diag));
	rv_buf_init(&list, 16384);
	rv_status r = put_items(rot, &list);
	struct rv_rec_observe ask = {
		.items = rv_buf_view(&list), .tag = rot->run->r.tag, .salt = rot->run->r.salt};
	if (rv_is_ok(r))
		r = rv_crew_call(&rot->crew, rot->crew.place, RV_MSG_observe, &ask, RV_MSG_observed,
				 &got, &frame, diag);
	rv_buf_done(&list);
	RV_TRY(r);
	r = rv_crew_outcome(got.outcome, got.text, diag);
	if (rv_is_ok(r))
		*out = state_of(got.items, out_is_staged, &ok);
	rv_frame_done(&frame);
	if (rv_is_ok(r) && !ok)
		return rv_fail(RV_CLASS_MALFORMED, diag, "place's answer is broken");
	return r;
}

/* --- capture ----------------------------------------------------------------------------------
 */
static rv_status keep_old(struct rv_rotation *rot, size_t i, uint64_t ref, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	char purpose[RV_RUN_PURPOSE];
	struct rv_rec_kept kept;
	struct rv_frame frame;

	rv_run_purpose(run->r.id, "old", i, purpose);
	struct rv_rec_keep ask = {
		.purpose = rv_str_of(purpose), .peer_job = rot->crew.place_job, .ref = ref};
	RV_TRY(rv_crew_call(&rot->crew, rot->crew.broker, RV_MSG_keep, &ask, RV_MSG_kept, &kept,
			    &frame, diag));
	rv_status r = rv_crew_gone(rv_crew_outcome(kept.outcome, kept.text, diag));
	struct rv_act_event event = {.step = RV_AT_STAGE,
				     .outcome = "note",
				     .text = "old file sealed",
				     .purpose = purpose,
				     .sealed = kept.sealed};
	if (rv_is_ok(r)) {
		run->items[i].is_captured = 1;
		r = rv_rotation_commit(rot, &event, diag);
	}
	rv_frame_done(&frame);
	return r;
}

static rv_status capture(struct rv_rotation *rot, size_t i, struct rv_diag *diag)
{
	const struct rv_rec_run_item *item = &rot->run->items[i];
	struct rv_rec_capture ask = {.dir = rv_crew_dir(&rot->crew, item->dir),
				     .name = item->name,
				     .ref = ++rot->crew.next_ref};
	struct rv_rec_captured got;
	struct rv_frame frame;

	if (item->is_captured)
		return RV_OK;
	RV_TRY(rv_crew_call(&rot->crew, rot->crew.place, RV_MSG_capture, &ask, RV_MSG_captured,
			    &got, &frame, diag));
	rv_status r = rv_crew_outcome(got.outcome, got.text, diag);
	rv_frame_done(&frame);
	RV_TRY(r);
	return keep_old(rot, i, ask.ref, diag);
}

/* --- stage ------------------------------------------------------------------------------------
 */
static rv_status put_certificates(const struct rv_run *run, struct rv_buf *out)
{
	RV_TRY(rv_pem_put(run->r.new_der, out));
	for (size_t i = 0; i < run->chain_count; i++)
		if (!rv_der_is_root(run->chain[i]))
			RV_TRY(rv_pem_put(run->chain[i], out));
	return RV_OK;
}

/* The new key, or for an undo the whole sealed old file, handed to place. */
static rv_status hand_over(struct rv_rotation *rot, size_t i, uint64_t *out_ref,
			   struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	bool is_undo = run->r.verb == RV_RUN_VERB_UNDO;
	char purpose[RV_RUN_PURPOSE];
	uint64_t handle = is_undo ? 0 : rot->crew.key;

	if (is_undo)
		rv_run_purpose(run->r.parent, "old", i, purpose);
	else
		rv_run_purpose(run->r.id, "key", 0, purpose);
	if (!handle)
		RV_TRY(rv_crew_unseal(&rot->crew, purpose, &handle, diag));
	if (!is_undo)
		rot->crew.key = handle;
	return rv_crew_give(&rot->crew, handle, rot->crew.place_job, is_undo ? 1 : 2, out_ref,
			    diag);
}

static rv_status put_parts(struct rv_rotation *rot, size_t i, struct rv_buf *parts,
			   struct rv_diag *diag)
{
	enum rv_run_part part = (enum rv_run_part)rot->run->items[i].part;
	bool is_undo = rot->run->r.verb == RV_RUN_VERB_UNDO;
	struct rv_rec_stage_part one = {0};
	struct rv_buf pem;

	if (!is_undo && part != RV_PART_KEY) {
		rv_buf_init(&pem, 32768);
		rv_status r = put_certificates(rot->run, &pem);
		one.bytes = rv_buf_view(&pem);
		if (rv_is_ok(r))
			r = rv_list_add(parts, &rv_desc_stage_part, &one);
		rv_buf_done(&pem);
		RV_TRY(r);
	}
	if (!is_undo && part == RV_PART_CERTIFICATE)
		return RV_OK;
	one = (struct rv_rec_stage_part){0};
	RV_TRY(hand_over(rot, i, &one.ref, diag));
	return rv_list_add(parts, &rv_desc_stage_part, &one);
}

static rv_status stage(struct rv_rotation *rot, size_t i, struct rv_diag *diag)
{
	struct rv_run *run = rot->run;
	struct rv_rec_run_item *item = &run->items[i];
	struct rv_rec_staged got;
	struct rv_frame frame;
	struct rv_buf parts;

	rv_buf_init(&parts, 49152);
	rv_status r = put_parts(rot, i, &parts, diag);
	struct rv_rec_stage ask = {.dir = rv_crew_dir(&rot->crew, item->dir),
				   .name = item->name,
				   .tag = run->r.tag,
				   .parts = rv_buf_view(&parts),
				   .old_keyed = item->old_keyed,
				   .salt = run->r.salt};
	if (rv_is_ok(r))
		r = rv_crew_call(&rot->crew, rot->crew.place, RV_MSG_stage, &ask, RV_MSG_staged,
				 &got, &frame, diag);
	rv_buf_done(&parts);
	RV_TRY(r);
	r = rv_crew_outcome(got.outcome, got.text, diag);
	if (rv_is_ok(r))
		r = rv_run_keep(run, &item->new_keyed, got.new_keyed);
	rv_frame_done(&frame);
	return r;
}

rv_status rv_step_stage(struct rv_rotation *rot, struct rv_diag *diag)
{
	RV_TRY(rv_crew_place(&rot->crew, diag));
	for (size_t i = 0; i < rot->run->item_count; i++)
		RV_TRY(capture(rot, i, diag));
	for (size_t i = 0; i < rot->run->item_count; i++)
		RV_TRY(stage(rot, i, diag));
	rv_rotation_say(rot, "%zu file%s written beside the old; the old %s sealed",
			rot->run->item_count, rot->run->item_count == 1 ? "" : "s",
			rot->run->item_count == 1 ? "one is" : "ones are");
	return RV_OK;
}

/* --- swap, and back -------------------------------------------------------------------------- */

/* Every hop that led to a file must still be what it was when planned. */
static rv_status check_hops(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_rec_surveyed seen;
	struct rv_rec_survey_item one;
	struct rv_frame frame;
	bool ok = true;
	size_t i = 0;

	RV_TRY(rv_rotation_survey(rot, &seen, &frame, diag));
	struct rv_str list = seen.items;
	rv_status r = RV_OK;
	for (; rv_is_ok(r) && rv_list_next(&list, &rv_desc_survey_item, &one, &ok); i++) {
		const struct rv_rec_run_item *item = &rot->run->items[i];
		if (one.type != 1 || one.is_mount)
			r = rv_fail(RV_CLASS_CONFLICT, diag, "%.*s is no plain file any more",
				    (int)item->name.len, (const char *)item->name.data);
	}
	rv_frame_done(&frame);
	if (rv_is_ok(r) && (!ok || i != rot->run->item_count))
		r = rv_fail(RV_CLASS_MALFORMED, diag, "place's answer is broken");
	return r;
}

rv_status rv_step_swap(struct rv_rotation *rot, struct rv_diag *diag)
{
	enum rv_set_state state;
	bool is_staged = false;

	RV_TRY(rv_rotation_observe(rot, &state, &is_staged, diag));
	if (state == RV_SET_FOREIGN)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "a file is neither the old nor the new one; it is left alone");
	if (state == RV_SET_OLD && !is_staged) {
		rot->run->r.step = RV_AT_STAGE; /* someone removed the staged files: once more */
		return RV_OK;
	}
	RV_TRY(check_hops(rot, diag));
	RV_TRY(rv_rotation_swap(rot, false, diag));
	rv_rotation_say(rot, "%zu name%s exchanged, old and new", rot->run->item_count,
			rot->run->item_count == 1 ? "" : "s");
	return RV_OK;
}

rv_status rv_step_unswap(struct rv_rotation *rot, struct rv_diag *diag)
{
	enum rv_set_state state;
	bool is_staged = false;

	RV_TRY(rv_rotation_observe(rot, &state, &is_staged, diag));
	if (state == RV_SET_FOREIGN) {
		rv_diag_next(diag, "look at the files; then reeve rotate or reeve undo");
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "a file is neither the old nor the new one; it is left alone");
	}
	RV_TRY(rv_rotation_swap(rot, true, diag));
	rv_rotation_say(rot, "the old files are back under their names");
	return RV_OK;
}

/* After promote: the displaced old files go. Going back: the new ones that never lived. */
rv_status rv_step_tidy(struct rv_rotation *rot, struct rv_diag *diag)
{
	struct rv_rec_cleaned got;
	struct rv_frame frame;
	struct rv_buf list;

	if (!rot->run->item_count || !rot->run->items[0].old_keyed.len)
		return RV_OK;
	RV_TRY(rv_crew_place(&rot->crew, diag));
	rv_buf_init(&list, 16384);
	rv_status r = put_items(rot, &list);
	struct rv_rec_clean ask = {
		.items = rv_buf_view(&list), .tag = rot->run->r.tag, .salt = rot->run->r.salt};
	if (rv_is_ok(r))
		r = rv_crew_call(&rot->crew, rot->crew.place, RV_MSG_clean, &ask, RV_MSG_cleaned,
				 &got, &frame, diag);
	rv_buf_done(&list);
	RV_TRY(r);
	r = rv_crew_outcome(got.outcome, got.text, diag);
	rv_frame_done(&frame);
	rv_rotation_say(rot, "what was displaced is overwritten and gone");
	return r;
}
