/* sweep: signs of more encodings in a layer. See doc_parts.h. Not here: decoding them (doc.c). */
#include "agent/scan/check.h"
#include "agent/sweep/doc_parts.h"

#include <string.h>

#define VARIED_LOOK 64 /* bytes of a run .. */
#define VARIED_MIN  25 /* .. and tenths of a bit that each must be worth */

/* Threes in hex are threes. */
static bool is_varied(struct rv_str bytes, const struct rv_decode_run *run)
{
	size_t len = run->len < VARIED_LOOK ? run->len : VARIED_LOOK;

	return rv_entropy_tenths((struct rv_str){bytes.data + run->at, len}) >= VARIED_MIN;
}

static bool is_packing(uint8_t kind)
{
	return kind == RV_DECODE_BASE64 || kind == RV_DECODE_HEX;
}

void rv_doc_tell_deeper(struct rv_sweeper *w, const struct rv_doc *doc,
			const struct rv_layer *layer)
{
	bool is_cut = false;
	size_t count = 0;
	const struct rv_decode_run *runs = rv_lane_runs(w->lane, &count, &is_cut);

	for (size_t i = 0; i < count && is_packing(layer->kind); i++) {
		if (!is_packing(runs[i].kind) || !is_varied(layer->bytes, &runs[i]))
			continue;
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "too-large",
			     "encodings in more encodings than are decoded");
		return;
	}
}

static bool has_nul(struct rv_str bytes, size_t at, size_t end)
{
	at = at < RV_SCAN_TEXT_PROBE ? RV_SCAN_TEXT_PROBE : at; /* there it would be no text */
	return at < end && memchr(bytes.data + at, 0, end - at);
}

bool rv_doc_may_be_wide(const struct rv_doc *doc, const struct rv_layer *layer, bool is_binary)
{
	bool is_in_parts = layer->depth == 0 && doc->parts;
	bool may_be = is_binary;

	for (size_t i = 0; is_in_parts && !may_be && i < doc->part_count; i++)
		may_be = has_nul(layer->bytes, doc->parts[i].start, doc->parts[i].end);
	return may_be || (!is_in_parts && has_nul(layer->bytes, 0, layer->bytes.len));
}
