/* sweep: which values of a changed document are told, by where the change touches it. Not here: was
 * the value a finding before (added.c). */
#include "agent/sweep/doc_parts.h"

/* Does the value stand on an added line? A member of an archive has none: it is asked whether
 * BASE's archive had the value. */
static bool is_on_added(const struct rv_doc_added *added, const struct rv_doc *doc,
			struct rv_span place)
{
	for (size_t i = 0; i < added->count && !doc->inside; i++) {
		if (place.start < added->spans[i].end && place.end > added->spans[i].start)
			return true;
	}
	return false;
}

/* The end of a match may be the start of what ends it: a key's END line. */
static bool is_match_added(const struct rv_doc_added *added, struct rv_span match)
{
	for (size_t i = 0; i < added->count; i++) {
		if (match.start < added->spans[i].end && match.end >= added->spans[i].start)
			return true;
	}
	return false;
}

/* May the change have made it a finding? Where lines went is not known: any match over several
 * lines may have had them, and what stands beside a value may stand anywhere. */
static bool is_touched(const struct rv_doc_added *added, const struct rv_doc *doc,
		       const struct rv_found *found, struct rv_span match)
{
	if (added->is_moved || added->has_marks || doc->inside)
		return true;
	if ((found->rule->flags & RV_RULE_NEEDS_NEAR) || is_match_added(added, match))
		return true;
	return added->has_lost && match.end > match.start && match.end <= doc->bytes.len &&
	       memchr(doc->bytes.data + match.start, '\n', match.end - match.start);
}

bool rv_doc_is_told(struct rv_sweeper *w, const struct rv_doc *doc, const struct rv_layer *layer,
		    const struct rv_found *found, struct rv_span place)
{
	const struct rv_doc_added *added = w->choice ? w->choice->added : NULL;

	if (place.start < doc->from || (doc->until > 0 && place.start >= doc->until))
		return false;
	if (!added)
		return true;
	if (is_on_added(added, doc, place))
		return !added->is_rest;
	if (!is_touched(added, doc, found,
			rv_layer_place(layer, found->match_start, found->match_len)))
		return false;
	w->touched++;
	return added->is_rest;
}
