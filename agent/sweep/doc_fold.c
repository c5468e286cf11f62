/* sweep: one value, one finding, though two layers show it as different things (doc_parts.h). Not
 * here: equal values (doc_leak.c), values of one layer that overlap (scan/). */
#include "agent/model/kinds.h"
#include "agent/sweep/doc_parts.h"
#include "agent/sweep/span.h"

#include <ctype.h>
#include <stdlib.h>

#define SEEN_LOOK 256 /* of the values seen last */

/* What is told for the name before it, whatever it says. */
static bool is_guess(const struct rv_rule *rule)
{
	return rule->matcher == RV_MATCHER_ASSIGNMENT ||
	       (rule->kind == RV_KIND_PASSWORD && strcmp(rule->provider, "generic") == 0);
}

static bool is_off(const struct rv_sweeper *w)
{
	return w->on_sighting != NULL;
}

struct rv_span rv_layer_place(const struct rv_layer *layer, size_t start, size_t len)
{
	for (; layer->above; layer = layer->above)
		rv_decode_source(layer->map, start, len, &start, &len);
	return (struct rv_span){start, start + len};
}

size_t rv_found_behind(const struct rv_sweeper *w, size_t at)
{
	size_t low = 0;
	size_t high = w->found_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->found[mid].start + w->found[mid].len > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* Do its bytes, or one beside them, say something else when the run is decoded? */
static bool is_encoded(struct rv_str bytes, const struct rv_decode_run *run,
		       const struct rv_found *found)
{
	static const char marks[] = {
		[RV_DECODE_PERCENT] = '%', [RV_DECODE_ESCAPE] = '\\', [RV_DECODE_ENTITY] = '&',
		[RV_DECODE_QUOTED] = '=',  [RV_DECODE_SLASH] = '\\',  [RV_DECODE_COLOUR] = 0x1b};
	size_t start = found->start;
	size_t end = found->start + found->len;

	if (start >= run->at + run->len || end <= run->at)
		return false;
	if (run->kind >= RV_LEN(marks) || !marks[run->kind])
		return true;
	/* In mail '=' before a value is its assignment, unless two digits follow. */
	start -= start > run->at && (run->kind != RV_DECODE_QUOTED ||
				     (end - start > 1 && isxdigit(bytes.data[start]) &&
				      isxdigit(bytes.data[start + 1])));
	end += end < run->at + run->len;
	return memchr(bytes.data + start, marks[run->kind], end - start) != NULL;
}

bool rv_fold_put_off(struct rv_sweeper *w, const struct rv_layer *layer)
{
	bool has_some = false;

	for (size_t k = 0; k < w->run_count && !is_off(w); k++) {
		const struct rv_decode_run *run = &w->runs[k];

		for (size_t i = rv_found_behind(w, run->at);
		     i < w->found_count && w->found[i].start < run->at + run->len; i++) {
			struct rv_found *f = &w->found[i];

			f->is_put_off |= is_guess(f->rule) && is_encoded(layer->bytes, run, f);
			has_some |= f->is_put_off;
		}
	}
	return has_some;
}

/* Places of what was seen since `first`, in order, none overlapping. */
static rv_status gather(const struct rv_sweeper *w, size_t first, struct rv_span **out,
			size_t *out_count)
{
	size_t count = 0;

	*out_count = 0;
	if (first >= w->seen_count)
		return RV_OK;
	*out = calloc(w->seen_count - first, sizeof(**out));
	if (!*out)
		return rv_fail_nomem(NULL);
	for (size_t i = first; i < w->seen_count; i++) {
		if (w->seen[i].confidence >= w->shared->min_confidence)
			(*out)[count++] = (struct rv_span){w->seen[i].start, w->seen[i].end};
	}
	*out_count = rv_spans_settle(*out, count, false);
	return RV_OK;
}

static int by_overlap(const void *key, const void *item)
{
	const struct rv_span *a = key;
	const struct rv_span *b = item;

	return a->end <= b->start ? -1 : a->start >= b->end;
}

rv_status rv_fold_settle(struct rv_sweeper *w, const struct rv_layer *layer, size_t first)
{
	RV_CLEANUP(rv_freep) struct rv_span *inner = NULL;
	size_t count = 0;

	RV_TRY(gather(w, first, &inner, &count));
	for (size_t i = 0; i < w->found_count; i++) {
		struct rv_found *f = &w->found[i];

		f->is_put_off = !f->is_put_off; /* told already, else to be told */
		if (f->is_put_off || count == 0)
			continue;
		struct rv_span place = rv_layer_place(layer, f->start, f->len);
		f->is_put_off = bsearch(&place, inner, count, sizeof(*inner), by_overlap) != NULL;
	}
	return RV_OK;
}

bool rv_fold_is_within(const struct rv_sweeper *w, const struct rv_layer *layer,
		       const struct rv_rule *rule, struct rv_span place)
{
	size_t look = w->seen_count < SEEN_LOOK ? w->seen_count : SEEN_LOOK;

	if (layer->depth == 0 || is_off(w) || !is_guess(rule))
		return false;
	for (size_t i = w->seen_count; i > w->seen_count - look; i--) {
		if (w->seen[i - 1].depth < layer->depth && !is_guess(w->seen[i - 1].rule) &&
		    w->seen[i - 1].confidence >= w->shared->min_confidence &&
		    w->seen[i - 1].start <= place.start && place.end <= w->seen[i - 1].end)
			return true;
	}
	return false;
}
