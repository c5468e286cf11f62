/* sweep: what the last layer that is decoded holds encoded. See doc_parts.h. */
#include "agent/scan/check.h"
#include "agent/sweep/doc_parts.h"

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
