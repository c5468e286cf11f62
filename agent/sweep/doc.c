/* sweep: see doc.h. Not here: the leak's own fields (doc_leak.c). */
#include "agent/sweep/doc_parts.h"

#include "agent/base/digest.h"
#include "agent/scan/utf16.h"
#include "agent/scan/wide.h"
#include "agent/sweep/filter.h"
#include "agent/sweep/window.h"

#include <stdlib.h>

#define DER_SEQUENCE 0x30
#define LATE_MAX     16 /* values that are told after the scan was stopped */
#define NESTING_MAX  3	/* archives that were opened out of encodings, in one another */
#define LAYER_MAX    ((size_t)16 << 20) /* decoded bytes of one layer */

uint64_t rv_run_hash(const struct rv_run_key *key, struct rv_str bytes)
{
	struct rv_digest d = rv_hmac_sha256(key->bytes, sizeof(key->bytes), bytes.data, bytes.len);

	return rv_get_u64(d.bytes);
}

static void make_layers(struct rv_sweeper *w)
{
	for (size_t i = 0; i < RV_LEN(w->layers); i++)
		rv_buf_init(&w->layers[i], LAYER_MAX);
}

static void drop_layers(struct rv_sweeper *w)
{
	for (size_t i = 0; i < RV_LEN(w->layers); i++)
		rv_buf_done(&w->layers[i]);
}

/* Where nobody knows the path yet each rule holds. */
static bool holds(void *user, const struct rv_rule *rule)
{
	const struct rv_sweeper *w = user;

	return w->on_sighting || !w->doc ||
	       w->shared->holds(w->shared->judge_user, rule, w->doc->path, w->doc->inside);
}

rv_status rv_sweeper_init(struct rv_sweeper *w, const struct rv_sweep_shared *shared)
{
	RV_BUG_ON(shared->decode_depth > RV_DECODE_DEPTH_MAX);
	*w = (struct rv_sweeper){.shared = shared};
	w->leaks.values.seed = w->near_by.seed = rv_get_u64(shared->key.bytes) | 1;
	make_layers(w);
	rv_buf_init(&w->text, (size_t)1 << 20);
	RV_TRY(rv_lane_new(shared->scanner, &w->lane));
	if (shared->holds)
		rv_lane_set_holds(w->lane, holds, w);
	return RV_OK;
}

void rv_sweeper_done(struct rv_sweeper *w)
{
	rv_lane_freep(&w->lane);
	rv_leaks_done(&w->leaks);
	rv_values_done(&w->near_by);
	drop_layers(w);
	rv_buf_done(&w->text);
	rv_told_done(&w->told);
	free(w->found);
	free(w->seen);
}

/* For one more. */
static rv_status make_room(struct rv_sweeper *w)
{
	if (w->found_count == w->found_room) {
		size_t room = w->found_room ? w->found_room * 2 : 64;
		struct rv_found *more = realloc(w->found, room * sizeof(*more));

		if (!more)
			return rv_fail_nomem(NULL);
		w->found = more;
		w->found_room = room;
	}
	return RV_OK;
}

static rv_status on_hit(const struct rv_hit *hit, void *user)
{
	struct rv_sweeper *w = user;

	RV_TRY(make_room(w));
	struct rv_found *f = &w->found[w->found_count++];
	*f = (struct rv_found){.rule = hit->rule,
			       .start = hit->start,
			       .len = hit->len,
			       .match_start = hit->match_start,
			       .match_len = hit->match_len,
			       .forms = hit->forms,
			       .kind = hit->kind,
			       .confidence = hit->confidence,
			       .is_identified = hit->is_identified};
	if (hit->public_id.len < sizeof(f->public_id) && hit->public_id.len > 0)
		memcpy(f->public_id, hit->public_id.data, hit->public_id.len);
	return RV_OK;
}

static void tell_given_up(struct rv_sweeper *w, const struct rv_doc *doc)
{
	const struct rv_rule *rule = NULL;
	char detail[160];

	if (rv_lane_take_given_up(w->lane, &rule) == 0)
		return;
	(void)snprintf(detail, sizeof(detail), "rule %s took too many steps", rule->id); /* cut */
	rv_leaks_gap(&w->leaks, doc->path, doc->inside, "rule-limit", detail);
}

static rv_status scan_bytes(struct rv_sweeper *w, const struct rv_doc *doc,
			    const struct rv_layer *layer, unsigned flags)
{
	rv_status s;

	if (w->on_sighting)
		flags |= RV_SCAN_ANY_FILE |
			 RV_SCAN_LEAST(w->shared->shows_all ? 0 : w->shared->min_confidence);
	w->found_count = 0;
	if (layer->depth == 0 && doc->parts)
		s = rv_scan_parts(w->lane, layer->bytes, doc->parts, doc->part_count, flags, on_hit,
				  w);
	else
		s = rv_scan_buffer(w->lane, layer->bytes, flags, on_hit, w);
	/* Of those that are too many some may be gone: values overlap. No memory has an errno. */
	if (rv_class_of(s) == RV_CLASS_EXHAUSTED && !s.errno_was) {
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "too-large",
			     "more values than are told of one document");
		s = RV_OK;
	}
	tell_given_up(w, doc);
	return s;
}

/* But those put off. A value may cost a memory-hard hash: --max-time is looked at before each, and
 * a few that were found by then are told all the same. */
static rv_status tell_all(struct rv_sweeper *w, const struct rv_doc *doc,
			  const struct rv_layer *layer)
{
	for (size_t i = 0; i < w->found_count; i++) {
		if (w->found[i].is_put_off)
			continue;
		if (w->stop && atomic_load_explicit(w->stop, memory_order_relaxed) &&
		    w->late++ >= LATE_MAX) {
			rv_leaks_gap(&w->leaks, doc->path, doc->inside, atomic_load(w->stop_reason),
				     "read in part");
			return RV_OK;
		}
		RV_TRY(rv_doc_tell(w, doc, layer, &w->found[i]));
	}
	return RV_OK;
}

static rv_status scan_layer(struct rv_sweeper *w, const struct rv_doc *doc,
			    const struct rv_layer *layer);

static void reset_count(struct rv_sweeper *w, const struct rv_doc *doc)
{
	w->count.at = 0;
	w->count.line = doc->line ? doc->line : 1;
	w->count.line_start = 0;
}

/* The members begin documents of their own, with layers of their own: this one's hold the bytes
 * that are being opened. What was seen is of this one too. */
struct own {
	struct rv_buf layers[RV_DECODE_DEPTH_MAX + 1];
	struct rv_seen *seen;
	size_t seen_count, seen_room;
	struct rv_values near_by;
};

static void set_aside(struct rv_sweeper *w, struct own *own)
{
	*own = (struct own){.seen = w->seen,
			    .seen_count = w->seen_count,
			    .seen_room = w->seen_room,
			    .near_by = w->near_by};
	memcpy(own->layers, w->layers, sizeof(own->layers));
	make_layers(w);
	w->seen = NULL;
	w->seen_count = w->seen_room = 0;
	w->near_by = (struct rv_values){.seed = own->near_by.seed};
}

static void take_back(struct rv_sweeper *w, const struct own *own)
{
	drop_layers(w);
	memcpy(w->layers, own->layers, sizeof(own->layers));
	free(w->seen);
	w->seen = own->seen;
	w->seen_count = own->seen_count;
	w->seen_room = own->seen_room;
	rv_values_done(&w->near_by);
	w->near_by = own->near_by;
}

/* `layer` is what a run says. Afterwards its document goes on. */
static rv_status open_layer(struct rv_sweeper *w, const struct rv_doc *doc,
			    const struct rv_layer *layer)
{
	bool is_opened = false;
	uint64_t adds = w->told.adds;
	struct own own;

	if (!w->open_layer || w->nesting >= NESTING_MAX)
		return RV_OK;
	set_aside(w, &own);
	w->nesting++;
	w->told.collecting++;
	rv_status s = w->open_layer(w->open_user, w, doc, layer->bytes, &is_opened);
	w->told.collecting--;
	w->nesting--;
	take_back(w, &own);
	if (!is_opened)
		return s;
	reset_count(w, doc);
	w->doc = doc;
	rv_lane_set_path(w->lane, rv_doc_place(doc));
	if (w->told.adds != adds) {
		struct rv_span place = rv_layer_place(layer, 0, layer->bytes.len);
		const struct rv_seen members = {.start = place.start,
						.end = place.end,
						.confidence = 100,
						.depth = UINT8_MAX};

		rv_doc_see(w, &members);
	}
	return s;
}

/* NOLINTNEXTLINE(misc-no-recursion): decode_depth layers at most */
static rv_status descend(struct rv_sweeper *w, const struct rv_doc *doc,
			 const struct rv_layer *layer, const struct rv_decode_run *run,
			 bool goes_on)
{
	struct rv_buf *out = &w->layers[layer->depth];
	struct rv_decode_map map = {0};
	size_t before = out->len;

	rv_status s = rv_decode_run(layer->bytes, run, out, &map);
	if (rv_class_of(s) == RV_CLASS_EXHAUSTED) {
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "too-large",
			     "encoded text longer than is decoded");
		s = RV_OK;
	} else if (rv_is_ok(s)) {
		struct rv_layer next = {.bytes = {out->data + before, out->len - before},
					.above = layer,
					.map = &map,
					.kind = run->kind,
					.depth = layer->depth + 1,
					.goes_on = goes_on};

		rv_lead_note(doc, layer, &next);
		if (rv_lead_may_open(doc, &next))
			s = open_layer(w, doc, &next);
		if (rv_is_ok(s))
			s = scan_layer(w, doc, &next);
	}
	rv_decode_map_done(&map);
	out->len = before;
	return s;
}

/* Lines and columns of what was found, which comes in order of place. */
static void place_found(const struct rv_sweeper *w, struct rv_str bytes,
			struct rv_filter_place *out)
{
	uint32_t line = 1;
	size_t line_start = 0;
	size_t at = 0;

	for (size_t i = 0; i < w->found_count; i++) {
		while (at < w->found[i].start) {
			line_start = bytes.data[at] == '\n' ? at + 1 : line_start;
			line += bytes.data[at++] == '\n';
		}
		out[i] = (struct rv_filter_place){.rule = w->found[i].rule,
						  .line = line,
						  .column = (uint32_t)(at - line_start + 1)};
	}
}

/* Drops what is only a part of others, and what lacks a part. */
static rv_status drop_incomplete(struct rv_sweeper *w, struct rv_str bytes)
{
	const struct rv_scan_config *config = w->shared->composites;
	size_t kept = 0;

	if (!config || w->found_count == 0)
		return RV_OK;
	RV_CLEANUP(rv_freep)
	struct rv_filter_place *places = calloc(w->found_count, sizeof(*places));
	if (!places)
		return rv_fail_nomem(NULL);
	place_found(w, bytes, places);
	for (size_t i = 0; i < w->found_count; i++) {
		if (!rv_filter_is_part(config, w->found[i].rule) &&
		    rv_filter_is_complete(config, &places[i], places, w->found_count))
			w->found[kept++] = w->found[i];
	}
	w->found_count = kept;
	return RV_OK;
}

/* Layers in the layer that is told. */
struct below {
	struct rv_decode_run *runs;
	size_t run_count;
	struct rv_decode_run lead; /* what goes on from the window before; no `len`: nothing */
	struct rv_found *found;	   /* of the layer, when some are put off */
	size_t found_count;
	size_t seen_first; /* before anything of the layers below was seen */
	bool is_binary;
};

/* The runs are copied: what they hold is scanned by the same lane. What goes on comes first, but a
 * text in UTF-16 (scan_below). */
static rv_status take_runs(struct rv_sweeper *w, const struct rv_doc *doc, struct below *below)
{
	bool is_cut = false;
	size_t count = 0;
	const struct rv_decode_run *runs = rv_lane_runs(w->lane, &count, &is_cut);
	bool has_lead = below->lead.len > 0 && below->lead.kind < RV_DECODE_UTF16LE;

	if (is_cut)
		rv_leaks_gap(&w->leaks, doc->path, doc->inside, "too-large",
			     "more encoded runs than are decoded");
	if (count == 0 && !has_lead)
		return RV_OK;
	below->runs = malloc((count + 1) * sizeof(*below->runs));
	if (!below->runs)
		return rv_fail_nomem(NULL);
	if (has_lead)
		below->runs[below->run_count++] = below->lead;
	for (size_t i = 0; i < count; i++) {
		if (!has_lead || !rv_lead_covers(&below->lead, &runs[i]))
			below->runs[below->run_count++] = runs[i];
	}
	return RV_OK;
}

static rv_status tell_first(struct rv_sweeper *w, const struct rv_doc *doc,
			    const struct rv_layer *layer, struct below *below)
{
	w->runs = below->runs;
	w->run_count = below->run_count;
	RV_TRY(rv_doc_note_values(w, layer->bytes));
	if (rv_fold_put_off(w, layer)) {
		below->found = malloc(w->found_count * sizeof(*below->found));
		if (!below->found)
			return rv_fail_nomem(NULL);
		memcpy(below->found, w->found, w->found_count * sizeof(*below->found));
		below->found_count = w->found_count;
	}
	rv_fixture_forget(&w->halves); /* of the layer above, which is told by now */
	rv_status s = tell_all(w, doc, layer);
	below->seen_first = w->seen_count;
	return s;
}

/* What was put off, in the state it was in. */
static rv_status tell_rest(struct rv_sweeper *w, const struct rv_doc *doc,
			   const struct rv_layer *layer, const struct below *below)
{
	if (!below->found)
		return RV_OK;
	memcpy(w->found, below->found, below->found_count * sizeof(*below->found));
	w->found_count = below->found_count;
	w->runs = below->runs;
	w->run_count = below->run_count;
	rv_fixture_forget(&w->halves); /* of a layer below */
	RV_TRY(rv_fold_settle(w, layer, below->seen_first));
	return tell_all(w, doc, layer);
}

/* Texts of a program are its messages: what is generic is not asked of them either. */
static bool is_message(const struct rv_layer *layer)
{
	return layer->kind == RV_DECODE_WIDE && layer->above &&
	       !rv_scan_is_text(layer->above->bytes);
}

/* NOLINTNEXTLINE(misc-no-recursion): see descend */
static rv_status scan_below(struct rv_sweeper *w, const struct rv_doc *doc,
			    const struct rv_layer *layer, const struct below *below)
{
	struct rv_decode_run whole;
	bool has_lead = below->lead.len > 0;
	bool is_wide = has_lead && below->lead.kind >= RV_DECODE_UTF16LE;

	for (size_t i = 0; i < below->run_count; i++)
		RV_TRY(descend(w, doc, layer, &below->runs[i], has_lead && !is_wide && i == 0));
	if (layer->depth >= w->shared->decode_depth)
		return RV_OK;
	bool is_text = rv_utf16_find(layer->bytes, &whole);
	if (is_wide && !(is_text && rv_lead_yields(&below->lead, &whole)))
		return descend(w, doc, layer, &below->lead, true);
	if (is_text || (rv_doc_may_be_wide(doc, layer, below->is_binary) &&
			rv_wide_find(layer->bytes, &whole)))
		return descend(w, doc, layer, &whole, false);
	return RV_OK;
}

static rv_status take_key(struct rv_sweeper *w, const struct rv_layer *layer)
{
	struct rv_found key;

	if (!layer->bytes.len || layer->bytes.data[0] != DER_SEQUENCE ||
	    !rv_doc_is_key(w, layer, &key))
		return RV_OK;
	w->found_count = 0; /* what is in it is of it */
	RV_TRY(make_room(w));
	w->found[w->found_count++] = key;
	return RV_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): see descend */
static rv_status scan_layer(struct rv_sweeper *w, const struct rv_doc *doc,
			    const struct rv_layer *layer)
{
	bool goes_on = layer->depth < w->shared->decode_depth;
	struct below below = {0};

	if (goes_on && !rv_lead_run(doc, layer, &below.lead))
		below.lead.len = 0;
	unsigned flags = (goes_on || layer->depth > 0 ? RV_SCAN_RUNS : 0U) |
			 (is_message(layer) ? RV_SCAN_BINARY : 0U);
	rv_status s = scan_bytes(w, doc, layer, flags);
	below.is_binary = !rv_lane_was_text(w->lane);
	if (rv_is_ok(s))
		s = take_key(w, layer);
	if (rv_is_ok(s) && goes_on)
		s = take_runs(w, doc, &below);
	else if (rv_is_ok(s) && layer->depth > 0)
		rv_doc_tell_deeper(w, doc, layer);
	if (rv_is_ok(s))
		s = drop_incomplete(w, layer->bytes);
	if (rv_is_ok(s))
		s = tell_first(w, doc, layer, &below);
	w->run_count = 0;
	if (rv_is_ok(s))
		s = scan_below(w, doc, layer, &below);
	if (rv_is_ok(s))
		s = tell_rest(w, doc, layer, &below);
	w->runs = NULL;
	w->run_count = 0;
	free(below.runs);
	free(below.found);
	return s;
}

static void begin(struct rv_sweeper *w, const struct rv_doc *doc)
{
	reset_count(w, doc);
	w->seen_count = 0;
	rv_values_forget(&w->near_by);
	rv_fixture_forget(&w->halves);
	w->documents++;
	w->doc = doc;
	rv_lane_set_path(w->lane, rv_doc_place(doc));
}

rv_status rv_sweeper_doc(struct rv_sweeper *w, const struct rv_doc *doc)
{
	struct rv_layer layer = {.bytes = doc->bytes,
				 .next = doc->window && doc->window->next ? doc->window->next
									  : SIZE_MAX,
				 .goes_on = doc->offset > 0};

	begin(w, doc);
	if (doc->bytes.len == 0)
		return RV_OK;
	if (!w->on_sighting && !(w->choice && w->choice->is_of_values))
		RV_TRY(rv_sweeper_path(w, doc));
	return scan_layer(w, doc, &layer);
}

rv_status rv_sweeper_tell(struct rv_sweeper *w, const struct rv_doc *doc,
			  const struct rv_found *found)
{
	struct rv_layer layer = {.bytes = doc->bytes};

	begin(w, doc);
	w->found_count = 0;
	return rv_doc_tell(w, doc, &layer, found);
}
