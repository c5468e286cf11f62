/* sweep: see mask_report.h. */
#include "agent/sweep/mask_report.h"

#include "agent/sweep/filter.h"
#include "agent/sweep/mask.h"

struct masking {
	struct rv_leaks *leaks;
	struct rv_lane *lane;
	struct rv_buf name, text;
	struct rv_str last, last_shown; /* rows of one file follow each other */
};

static rv_status mask(struct masking *m, struct rv_str path, struct rv_str *out)
{
	if (m->last.data && rv_str_equal(m->last, path)) {
		*out = m->last_shown;
		return RV_OK;
	}
	m->last = m->last_shown = path;
	rv_buf_reset(&m->name);
	RV_TRY(rv_mask_name(m->lane, path, &m->name));
	rv_buf_reset(&m->text);
	RV_TRY(rv_mask_known(&m->leaks->values, rv_buf_view(&m->name), 0, &m->text));
	struct rv_str shown = rv_buf_view(&m->text);
	if (!rv_str_equal(shown, path)) {
		const char *kept = rv_leaks_text(m->leaks, shown);

		if (!kept)
			return rv_fail_nomem(NULL);
		m->last_shown = (struct rv_str){(const uint8_t *)kept, shown.len};
	}
	*out = m->last_shown;
	return RV_OK;
}

/* A value found elsewhere, in a text that was masked before that one was known. */
static rv_status mask_text(struct masking *m, const char **text, unsigned cut)
{
	if (!*text || !**text)
		return RV_OK;
	rv_buf_reset(&m->text);
	RV_TRY(rv_mask_known(&m->leaks->values, rv_str_of(*text), cut, &m->text));
	struct rv_str shown = rv_buf_view(&m->text);
	if (rv_str_equal(shown, rv_str_of(*text)))
		return RV_OK;
	const char *kept = rv_leaks_text(m->leaks, shown);
	if (!kept)
		return rv_fail_nomem(NULL);
	*text = kept;
	return RV_OK;
}

/* A note that fills its room may have been cut. */
static unsigned cut_of_note(const char *note)
{
	return note && strlen(note) >= RV_FILTER_NOTE_MAX - 1 ? RV_CUT_BACK : 0;
}

static rv_status mask_commit(struct masking *m, struct rv_leak_commit *commit)
{
	RV_TRY(mask_text(m, &commit->author, commit->is_author_cut ? RV_CUT_BACK : 0));
	RV_TRY(mask_text(m, &commit->email, commit->is_email_cut ? RV_CUT_BACK : 0));
	return mask_text(m, &commit->message, commit->is_message_cut ? RV_CUT_BACK : 0);
}

static rv_status mask_leak(struct masking *m, struct rv_leak *leak)
{
	bool is_owner_cut = leak->first.is_author_cut; /* the same name, or a file's owner */

	RV_TRY(mask_text(m, &leak->context, leak->context_cut));
	RV_TRY(mask_text(m, &leak->note, cut_of_note(leak->note)));
	RV_TRY(mask_text(m, &leak->owner_hint, is_owner_cut ? RV_CUT_BACK : 0));
	RV_TRY(mask_commit(m, &leak->first));
	RV_TRY(mask_commit(m, &leak->last));
	RV_TRY(mask_text(m, &leak->facts, 0));
	RV_TRY(mask_text(m, &leak->public_id, 0));
	RV_TRY(mask_text(m, &leak->inside, 0)); /* the rules have masked it as it was found */
	return mask(m, leak->path, &leak->path);
}

static rv_status mask_gap(struct masking *m, struct rv_gap *gap)
{
	const uint8_t *before = gap->path.data;
	struct rv_str detail;

	RV_TRY(mask(m, gap->path, &gap->path));
	RV_TRY(mask_text(m, &gap->inside, 0));
	RV_TRY(mask_text(m, &gap->detail, 0));
	if (!gap->detail || gap->path.data == before)
		return RV_OK; /* else it may say the path as well */
	RV_TRY(mask(m, rv_str_of(gap->detail), &detail));
	gap->detail = (const char *)detail.data; /* of the leaks, or as it was: NUL-ended */
	return RV_OK;
}

static rv_status mask_all(struct masking *m)
{
	struct rv_leaks *leaks = m->leaks;

	for (size_t i = 0; i < leaks->count; i++)
		RV_TRY(mask_leak(m, &leaks->items[i]));
	for (size_t i = 0; i < leaks->gap_count; i++)
		RV_TRY(mask_gap(m, &leaks->gaps[i]));
	for (size_t i = 0; i < leaks->suppression_count; i++)
		RV_TRY(mask(m, leaks->suppressions[i].path, &leaks->suppressions[i].path));
	return RV_OK;
}

rv_status rv_mask_report(struct rv_leaks *leaks, struct rv_lane *lane)
{
	struct masking m = {.leaks = leaks, .lane = lane};

	rv_buf_init(&m.name, (size_t)1 << 20);
	rv_buf_init(&m.text, (size_t)1 << 20);
	rv_lane_set_path(lane, RV_STR_NONE);
	rv_status status = mask_all(&m);
	rv_buf_done(&m.name);
	rv_buf_done(&m.text);
	return status;
}
