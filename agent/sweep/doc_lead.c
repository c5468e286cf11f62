/* sweep: encodings that go on from one window of a document into the next: where their units stand
 * there, which the next window alone does not show. Not here: the windows (window.c). */
#include "agent/sweep/doc_parts.h"
#include "agent/sweep/span.h"
#include "agent/sweep/window.h"

bool rv_lead_run(const struct rv_doc *doc, const struct rv_layer *layer, struct rv_decode_run *out)
{
	if (!doc->window || !layer->goes_on || layer->depth >= RV_DECODE_DEPTH_MAX)
		return false;
	const struct rv_lead *lead = &doc->window->leads[layer->depth];

	return lead->is_set &&
	       rv_decode_resume(layer->bytes, (enum rv_decode_kind)lead->kind, lead->at, out);
}

/* Is the low byte of a pair at odd places? */
static bool is_odd(const struct rv_decode_run *text)
{
	return (text->at + (text->kind == RV_DECODE_UTF16BE)) % 2 != 0;
}

/* One file appended to another: its characters may stand elsewhere. */
bool rv_lead_yields(const struct rv_decode_run *lead, const struct rv_decode_run *found)
{
	bool is_pairs = lead->kind == RV_DECODE_UTF16LE || lead->kind == RV_DECODE_UTF16BE;

	if (found->kind != RV_DECODE_UTF16LE && found->kind != RV_DECODE_UTF16BE)
		return false;
	return !is_pairs || is_odd(lead) != is_odd(found);
}

/* An archive that ends so near to a window's end may be cut by it: behind it stand padding and the
 * end of a line, and what a unit's last bytes say. */
#define NEAR 64

/* Asked with the same numbers in the two windows that hold it, so that one of them says yes. */
bool rv_lead_may_open(const struct rv_doc *doc, const struct rv_layer *layer)
{
	bool is_whole = !doc->window || (doc->offset == 0 && doc->window->next == 0);

	if (is_whole || layer->goes_on)
		return !layer->goes_on;
	struct rv_span place = rv_layer_place(layer, 0, layer->bytes.len);
	size_t next = doc->window->next;
	if (next > 0 && (place.start >= doc->until ||
			 (place.start >= next && place.end + NEAR >= doc->bytes.len)))
		return false; /* the next window's */
	return doc->offset == 0 || place.start >= doc->from ||
	       place.end + NEAR >= doc->window->overlap;
}

bool rv_lead_covers(const struct rv_decode_run *lead, const struct rv_decode_run *run)
{
	bool is_alphabet = lead->kind <= RV_DECODE_HEX && run->kind <= RV_DECODE_HEX;

	return (is_alphabet || run->kind == lead->kind) && run->at < lead->at + lead->len &&
	       run->at + run->len > lead->at;
}

void rv_lead_note(const struct rv_doc *doc, const struct rv_layer *layer, struct rv_layer *below)
{
	size_t at = 0;

	below->next = SIZE_MAX; /* also of the shorter of two runs of different kinds */
	if (!doc->window || layer->next == SIZE_MAX || layer->depth >= RV_DECODE_DEPTH_MAX ||
	    below->kind == RV_DECODE_WIDE)
		return;
	struct rv_lead *lead = &doc->window->next_leads[layer->depth];
	size_t len = below->map->run.len;
	if ((lead->is_set && lead->len > len) || below->map->run.at == layer->next ||
	    !rv_decode_unit_from(below->map, layer->next, &at, &below->next))
		return;
	*lead = (struct rv_lead){
		.at = at - layer->next, .len = len, .kind = below->kind, .is_set = true};
	/* Of the run that this one takes the place of. */
	for (size_t i = layer->depth + 1; i < RV_DECODE_DEPTH_MAX; i++)
		doc->window->next_leads[i].is_set = false;
}
