/* sweep: what of a document's values is known again where it stands elsewhere. Not here: how
 * (values.h), masking (mask.h). */
#include "agent/scan/decode.h"
#include "agent/sweep/doc_parts.h"
#include "agent/sweep/mask.h"

#include <ctype.h>

#define BODY_LEAST 40 /* bytes of a line of a key; its last one may be a word */

static rv_status note(struct rv_sweeper *w, struct rv_str value)
{
	RV_TRY(rv_values_add(&w->near_by, value));
	return rv_values_add(&w->leaks.values, value);
}

/* As lines show it, in which not each byte stays as it is. */
static rv_status note_shown(struct rv_sweeper *w, struct rv_str value)
{
	rv_buf_reset(&w->text);
	RV_TRY(rv_mask_tame(value, &w->text));
	struct rv_str shown = rv_buf_view(&w->text);
	return rv_str_equal(shown, value) ? RV_OK : note(w, shown);
}

/* What it says when it stands escaped itself: elsewhere it may stand as it is. */
static rv_status note_plain(struct rv_sweeper *w, struct rv_str value)
{
	static const struct {
		char mark;
		uint8_t kind;
	} kinds[] = {{'%', RV_DECODE_PERCENT}, {'&', RV_DECODE_ENTITY}, {'\\', RV_DECODE_ESCAPE}};

	for (size_t i = 0; i < RV_LEN(kinds); i++) {
		const struct rv_decode_run all = {.len = value.len, .kind = kinds[i].kind};
		struct rv_decode_map map = {.run = all};

		if (!memchr(value.data, kinds[i].mark, value.len))
			continue;
		rv_buf_reset(&w->text);
		RV_TRY(rv_decode_run(value, &all, &w->text, &map));
		rv_decode_map_done(&map);
		struct rv_str plain = rv_buf_view(&w->text);
		if (plain.len < value.len)
			RV_TRY(note(w, plain));
	}
	return RV_OK;
}

static bool is_body(uint8_t c)
{
	return isalnum(c) || c == '+' || c == '/' || c == '=';
}

/* One line of a key's body is enough to look for the rest. Lines may be set apart by "\n". */
static rv_status note_body(struct rv_sweeper *w, struct rv_str key)
{
	size_t at = 0;

	while (at < key.len) {
		size_t start = at;

		while (at < key.len && is_body(key.data[at]))
			at++;
		if (at - start >= BODY_LEAST)
			RV_TRY(note(w, (struct rv_str){key.data + start, at - start}));
		bool is_break = at + 1 < key.len && key.data[at] == '\\' &&
				(key.data[at + 1] == 'n' || key.data[at + 1] == 'r');
		at += is_break ? 2 : 1;
	}
	return RV_OK;
}

static rv_status note_value(struct rv_sweeper *w, const struct rv_rule *rule, struct rv_str value)
{
	if (rule->matcher == RV_MATCHER_PEM)
		RV_TRY(note_body(w, value));
	if (value.len > RV_VALUES_LONGEST)
		return RV_OK;
	RV_TRY(note(w, value));
	RV_TRY(note_shown(w, value));
	return note_plain(w, value);
}

rv_status rv_doc_note_values(struct rv_sweeper *w, struct rv_str bytes)
{
	for (size_t i = 0; i < w->found_count && !w->on_sighting; i++) {
		const struct rv_found *f = &w->found[i];

		if (f->confidence < w->shared->min_confidence || f->len == 0)
			continue;
		RV_TRY(note_value(w, f->rule, (struct rv_str){bytes.data + f->start, f->len}));
	}
	return RV_OK;
}
