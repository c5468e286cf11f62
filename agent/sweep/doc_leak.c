/* sweep: a value found becomes a leak: its place, its masked text, its state. Not here: layers
 * (doc.c). */
#include "agent/base/clock.h"
#include "agent/scan/context.h"
#include "agent/sweep/baseline.h"
#include "agent/sweep/doc_parts.h"
#include "agent/sweep/facts.h"
#include "agent/sweep/mask.h"

#include <stdlib.h>
#include <strings.h>

/* Counts lines up to `at`; goes back to the start when that lies behind. */
static void count_to(struct rv_sweeper *w, const struct rv_doc *doc, size_t at)
{
	if (at < w->count.at) {
		w->count.at = 0;
		w->count.line = doc->line ? doc->line : 1;
		w->count.line_start = 0;
	}
	while (w->count.at < at) {
		const uint8_t *from = doc->bytes.data + w->count.at;
		const uint8_t *end = memchr(from, '\n', at - w->count.at);

		if (!end) {
			w->count.at = at;
			return;
		}
		w->count.at += (size_t)(end - from) + 1;
		w->count.line++;
		w->count.line_start = w->count.at;
	}
}

static uint64_t column_at(const struct rv_sweeper *w, const struct rv_doc *doc, size_t at)
{
	uint64_t column = at - w->count.line_start + 1;

	if (w->count.line_start == 0 && doc->column > 1)
		column += doc->column - 1;
	return column;
}

void rv_doc_see(struct rv_sweeper *w, const struct rv_seen *seen)
{
	if (w->seen_count == w->seen_room) {
		size_t room = w->seen_room ? w->seen_room * 2 : 64;
		struct rv_seen *more = realloc(w->seen, room * sizeof(*more));

		if (!more)
			return;
		w->seen = more;
		w->seen_room = room;
	}
	w->seen[w->seen_count++] = *seen;
}

/* True when a layer above showed the same value there; remembers this one. */
static bool has_seen(struct rv_sweeper *w, const struct rv_layer *layer,
		     const struct rv_found *found, uint64_t hash, struct rv_span place)
{
	const struct rv_rule *rule = found->rule;
	/* Of sightings each form of file counts. */
	if (w->on_sighting)
		return false;
	size_t look = w->seen_count < 256 ? w->seen_count : 256;

	for (size_t i = w->seen_count; i > w->seen_count - look; i--) {
		if (w->seen[i - 1].rule == rule && w->seen[i - 1].hash == hash &&
		    w->seen[i - 1].start < place.end && place.start < w->seen[i - 1].end)
			return true;
	}
	const struct rv_seen new = {.rule = rule,
				    .hash = hash,
				    .start = place.start,
				    .end = place.end,
				    .confidence = found->confidence,
				    .depth = (uint8_t)layer->depth};
	rv_doc_see(w, &new);
	return false;
}

static const char *name_layers(struct rv_sweeper *w, const struct rv_layer *layer)
{
	const char *names[RV_DECODE_DEPTH_MAX + 2];
	size_t n = 0;

	for (; layer->above && n < RV_LEN(names); layer = layer->above)
		names[n++] = rv_decode_kind_name((enum rv_decode_kind)layer->kind);
	if (n == 0)
		return NULL;
	rv_buf_reset(&w->text);
	while (n > 0) {
		if (!rv_is_ok(rv_buf_put_str(&w->text, names[--n])) ||
		    (n > 0 && !rv_is_ok(rv_buf_put_str(&w->text, ">"))))
			return NULL;
	}
	return rv_leaks_text(&w->leaks, rv_buf_view(&w->text));
}

/* The line that holds `at`, cut to RV_LINE_MAX around it. *out_start: where it begins. */
static struct rv_str line_at(struct rv_str bytes, size_t at, size_t *out_start)
{
	size_t start = at;
	size_t end = at;

	while (start > 0 && at - start < RV_LINE_MAX / 2 && bytes.data[start - 1] != '\n')
		start--;
	while (end < bytes.len && end - start < RV_LINE_MAX && bytes.data[end] != '\n')
		end++;
	if (end > start && end < bytes.len && bytes.data[end - 1] == '\r')
		end--;
	*out_start = start;
	return (struct rv_str){bytes.data + start, end - start};
}

static struct rv_str line_before(struct rv_str bytes, size_t line_start)
{
	size_t start = 0;

	if (line_start == 0 || bytes.data[line_start - 1] != '\n')
		return RV_STR_NONE;
	struct rv_str line = line_at(bytes, line_start - 1, &start);
	return (struct rv_str){line.data, line_start - 1 - start};
}

/* Texts for people. */
static rv_status describe(struct rv_sweeper *w, struct rv_leak *leak, const struct rv_found *found,
			  struct rv_str value, struct rv_str line, size_t line_start)
{
	rv_buf_reset(&w->text);
	RV_TRY(rv_mask_value(value, !(found->rule->flags & RV_RULE_FLEET), &w->text));
	leak->masked = rv_leaks_text(&w->leaks, rv_buf_view(&w->text));
	rv_buf_reset(&w->text);
	RV_TRY(rv_mask_line(w, line, line_start, found, &w->text));
	leak->context = rv_leaks_text(&w->leaks, rv_buf_view(&w->text));
	leak->context_cut = w->cut;
	return leak->masked && leak->context ? RV_OK : rv_fail_nomem(NULL);
}

/* Counted back from the value: matches may overlap, and a row of values has one of them. As
 * gitleaks does it, one that begins with a line's end is on the next. */
static uint32_t line_of_match(const struct rv_doc *doc, struct rv_span place, size_t match_start,
			      uint32_t line)
{
	size_t at = match_start;

	at += at < place.start && doc->bytes.data[at] == '\n';
	while (at < place.start) {
		const uint8_t *end = memchr(doc->bytes.data + at, '\n', place.start - at);

		if (!end)
			break;
		at = (size_t)(end - doc->bytes.data) + 1;
		line -= line > 1;
	}
	return line;
}

static rv_status place_leak(struct rv_sweeper *w, const struct rv_doc *doc, struct rv_leak *leak,
			    struct rv_span place, size_t match_start)
{
	const char *path = rv_leaks_text(&w->leaks, doc->path);

	if (!path)
		return rv_fail_nomem(NULL);
	leak->path = (struct rv_str){(const uint8_t *)path, doc->path.len};
	leak->inside = rv_leaks_cstr(&w->leaks, doc->inside);
	leak->offset = doc->offset + place.start;
	count_to(w, doc, place.start);
	leak->line = w->count.line;
	leak->column = column_at(w, doc, place.start);
	leak->match_line = line_of_match(doc, place, match_start, leak->line);
	count_to(w, doc, place.end);
	leak->end_line = w->count.line;
	leak->end_column = column_at(w, doc, place.end);
	return RV_OK;
}

static bool is_wanted(const struct rv_sweeper *w, const struct rv_leak *leak)
{
	return leak->state == RV_LEAK_OPEN || leak->state == RV_LEAK_NEW_RULE ||
	       w->shared->shows_all;
}

static void count_state(struct rv_sweeper *w, const struct rv_leak *leak)
{
	w->leaks.weak += leak->state == RV_LEAK_WEAK;
	w->leaks.allowed += leak->state == RV_LEAK_ALLOWED;
	w->leaks.known += leak->state == RV_LEAK_BASELINE;
}

/* A key that tests were made with is worth less. Asked last: it reads the whole file. */
static rv_status weaken_fixture(const struct rv_fact_about *about, const struct rv_fact *fact,
				struct rv_fixture_halves *halves, struct rv_leak *leak)
{
	struct rv_fixture_about pair = {.bytes = about->bytes,
					.key = {about->bytes.data + about->start, about->len},
					.public_id = leak->public_id,
					.now_utc_us = about->now_utc_us};
	bool is_fixture = fact->is_locked || fact->is_weak;

	if (!is_fixture)
		RV_TRY(rv_fixture_is_pair(&pair, halves, &is_fixture));
	if (is_fixture)
		leak->confidence = RV_FIXTURE_CONFIDENCE;
	return RV_OK;
}

/* What the value proves. A key that nothing can be made of is told as what it is worth. */
static rv_status prove(struct rv_sweeper *w, const struct rv_layer *layer,
		       const struct rv_found *found, struct rv_leak *leak)
{
	struct rv_fact_about about = {.rule = found->rule,
				      .bytes = layer->bytes,
				      .start = found->start,
				      .len = found->len,
				      .match_start = found->match_start,
				      .match_len = found->match_len,
				      .public_id = leak->public_id,
				      .now_utc_us = rv_now_utc_us()};
	struct rv_fact fact;

	RV_TRY(rv_fact_of(&about, &fact));
	leak->facts = fact.text[0] ? rv_leaks_cstr(&w->leaks, fact.text) : NULL;
	if (!leak->public_id && fact.public_id[0])
		leak->public_id = rv_leaks_cstr(&w->leaks, fact.public_id);
	leak->is_identified |= fact.is_proven;
	if (fact.is_useless && leak->confidence > RV_FACT_USELESS)
		leak->confidence = RV_FACT_USELESS;
	if (!leak->is_in_tests || found->rule->matcher != RV_MATCHER_PEM ||
	    leak->confidence <= RV_FIXTURE_CONFIDENCE)
		return RV_OK;
	return weaken_fixture(&about, &fact, &w->halves, leak);
}

void rv_doc_enter(struct rv_sweeper *w, const struct rv_leak *leak)
{
	if (w->choice && w->choice->keeps && !w->choice->keeps(w->choice->user, &w->leaks, leak)) {
		w->leaks.count--;
		return;
	}
	count_state(w, leak);
	if (!is_wanted(w, leak))
		w->leaks.count--;
}

/* Around the run of the layer above that `layer` was, in at most RV_LINE_MAX bytes of w->text. */
static rv_status add_spot(struct rv_sweeper *w, const struct rv_layer *layer,
			  struct rv_marker_spot *out)
{
	struct rv_str bytes = layer->above->bytes;
	size_t start = 0, last = 0;
	size_t end = layer->map->run.at + layer->map->run.len;
	struct rv_str first = line_at(bytes, layer->map->run.at, &start);
	struct rv_str behind = line_at(bytes, end, &last);

	*out = (struct rv_marker_spot){.value_end = layer->map->run.at - start,
				       .before = line_before(bytes, start)};
	if (out->value_end > first.len) /* between the two bytes of a line's end */
		out->value_end = first.len;
	size_t at = w->text.len;
	size_t skipped = end - last < behind.len ? end - last : behind.len;
	RV_TRY(rv_buf_put(&w->text, first.data, out->value_end));
	RV_TRY(rv_buf_put(&w->text, behind.data + skipped, behind.len - skipped));
	out->lines = (struct rv_str){w->text.data + at, w->text.len - at};
	return RV_OK;
}

/* Of all layers above. */
static rv_status find_spots(struct rv_sweeper *w, const struct rv_layer *layer,
			    struct rv_marker_spot spots[RV_DECODE_DEPTH_MAX + 1], size_t *out_count)
{
	size_t count = 0;

	rv_buf_reset(&w->text);
	for (; layer->above && count <= RV_DECODE_DEPTH_MAX; layer = layer->above)
		RV_TRY(add_spot(w, layer, &spots[count++]));
	const uint8_t *at = w->text.data; /* which may have moved */
	for (size_t i = 0; i < count; i++) {
		spots[i].lines.data = at;
		at += spots[i].lines.len;
	}
	*out_count = count;
	return RV_OK;
}

/* The line of `at`, for markers: one behind it, or in it. */
static struct rv_marker_spot spot_at(struct rv_str bytes, size_t at)
{
	size_t start = 0;
	struct rv_str line = line_at(bytes, at, &start);

	return (struct rv_marker_spot){.lines = line,
				       .value_end = at - start < line.len ? at - start : line.len};
}

/* A key's block goes on where the match ends, unless it was cut short: then what follows is not
 * its. Of others the last byte. SIZE_MAX: none. */
static size_t last_of_match(struct rv_str bytes, const struct rv_found *found)
{
	static const char mark[] = "-----END";
	size_t end = found->match_start + found->match_len;

	if (found->rule->matcher != RV_MATCHER_PEM)
		return end > found->match_start && end <= bytes.len ? end - 1 : SIZE_MAX;
	bool has_end = end < bytes.len && bytes.len - end >= strlen(mark) &&
		       strncasecmp((const char *)bytes.data + end, mark, strlen(mark)) == 0;
	return has_end ? end : SIZE_MAX;
}

/* The first and the last line of what the rule matched, where the value begins on another one: a
 * key's BEGIN and END. They borrow from the layer. */
static size_t find_edges(const struct rv_layer *layer, const struct rv_found *found,
			 struct rv_str line, struct rv_marker_spot out[2])
{
	size_t count = 0;
	size_t last = last_of_match(layer->bytes, found);
	const uint8_t *first = layer->bytes.data + found->match_start;

	if (found->match_start < found->start &&
	    memchr(first, '\n', found->start - found->match_start)) {
		size_t start = 0;

		(void)line_at(layer->bytes, found->match_start, &start); /* only where it begins */
		out[count] = spot_at(layer->bytes, found->match_start);
		out[count++].before = line_before(layer->bytes, start);
	}
	if (last != SIZE_MAX && layer->bytes.data + last >= line.data + line.len)
		out[count++] = spot_at(layer->bytes, last);
	return count;
}

/* Gives the leak its state. */
static rv_status judge(struct rv_sweeper *w, const struct rv_layer *layer,
		       const struct rv_found *found, struct rv_leak *leak)
{
	struct rv_marker_spot spots[RV_DECODE_DEPTH_MAX + 3];
	size_t line_start = 0;
	struct rv_str line = line_at(layer->bytes, found->start, &line_start);
	size_t value_end = found->start - line_start + found->len;
	struct rv_judging about = {
		.value = {layer->bytes.data + found->start, found->len},
		.match = {layer->bytes.data + found->match_start, found->match_len},
		.line = line,
		.value_end = value_end < line.len ? value_end : line.len,
		.before = line_before(layer->bytes, line_start),
		.spots = spots,
	};

	if (!w->shared->judge)
		return RV_OK;
	RV_TRY(find_spots(w, layer, spots, &about.spot_count));
	about.spot_count += find_edges(layer, found, line, spots + about.spot_count);
	return w->shared->judge(w->shared->judge_user, &w->leaks, leak, &about);
}

/* Where another baseline has its salt: counted, as it may be anything. */
static void allow_salt(struct rv_sweeper *w, const struct rv_doc *doc, struct rv_span place,
		       struct rv_leak *leak)
{
	if (doc->offset > 0 || !rv_baseline_is_salt(doc->bytes, place.start, place.end) ||
	    (leak->state != RV_LEAK_OPEN && leak->state != RV_LEAK_NEW_RULE))
		return;
	leak->state = RV_LEAK_ALLOWED;
	leak->is_marked = true;
	leak->note = rv_leaks_cstr(&w->leaks, "the salt of a baseline that is not in use");
}

/* A name that is the value as well is none for the public. */
static void drop_told_id(struct rv_leak *leak, struct rv_str value)
{
	struct rv_str id = leak->public_id ? rv_str_of(leak->public_id) : RV_STR_NONE;

	if (value.len >= RV_VALUES_LEAST && value.len <= id.len &&
	    memmem(id.data, id.len, value.data, value.len))
		leak->public_id = NULL;
}

static rv_status make_leak(struct rv_sweeper *w, const struct rv_doc *doc,
			   const struct rv_layer *layer, const struct rv_found *found,
			   struct rv_span place)
{
	struct rv_str value = {layer->bytes.data + found->start, found->len};
	size_t line_start = 0;
	struct rv_str line = line_at(layer->bytes, found->start, &line_start);
	struct rv_leak *leak = rv_leaks_add(&w->leaks);

	if (!leak)
		return w->leaks.count >= RV_LEAKS_MAX ? RV_OK : rv_fail_nomem(NULL);
	leak->rule = found->rule;
	leak->confidence = found->confidence;
	leak->is_identified = found->is_identified;
	leak->is_in_tests = rv_context_of(rv_doc_place(doc)).is_test;
	leak->public_id = found->public_id[0] ? rv_leaks_cstr(&w->leaks, found->public_id) : NULL;
	leak->layers = name_layers(w, layer);
	RV_TRY(prove(w, layer, found, leak));
	drop_told_id(leak, value);
	RV_TRY(place_leak(w, doc, leak, place,
			  rv_layer_place(layer, found->match_start, found->match_len).start));
	RV_TRY(describe(w, leak, found, value, line, line_start));
	if (w->choice)
		RV_TRY(w->choice->complete(w->choice->user, &w->leaks, leak));
	RV_TRY(judge(w, layer, found, leak));
	allow_salt(w, doc, place, leak);
	rv_doc_enter(w, leak);
	return RV_OK;
}

rv_status rv_doc_tell(struct rv_sweeper *w, const struct rv_doc *doc, const struct rv_layer *layer,
		      const struct rv_found *found)
{
	struct rv_span place = rv_layer_place(layer, found->start, found->len);

	if (!rv_doc_is_told(w, doc, layer, found, place))
		return RV_OK;
	struct rv_str value = {layer->bytes.data + found->start, found->len};
	if (rv_baseline_is_salt_in_use(value, w->shared->salt) ||
	    (doc->offset == 0 &&
	     rv_baseline_is_own(doc->bytes, place.start, place.end, w->shared->salt)))
		return RV_OK;
	if (found->confidence < w->shared->min_confidence && !w->shared->shows_all) {
		w->leaks.weak++;
		return RV_OK;
	}
	uint64_t hash = rv_run_hash(&w->shared->key, value);
	if (rv_fold_is_within(w, layer, found->rule, place) ||
	    has_seen(w, layer, found, hash, place))
		return RV_OK;
	if (w->told.collecting > 0)
		rv_told_add(&w->told, hash);
	else if (rv_told_has(&w->told, hash))
		return RV_OK;
	if (!w->on_sighting) {
		if (w->choice && !w->choice->wants(w->choice->user, hash))
			return RV_OK;
		return make_leak(w, doc, layer, found, place);
	}
	struct rv_span match = rv_layer_place(layer, found->match_start, found->match_len);
	struct rv_sighting s = {.rule = found->rule,
				.value_hash = hash,
				.start = place.start,
				.len = place.end - place.start,
				.match_start = match.start,
				.match_len = match.end - match.start,
				.forms = found->forms,
				.confidence = found->confidence,
				.is_encoded = layer->depth > 0,
				.is_inside = doc->inside != NULL};
	return w->on_sighting(w->sighting_user, &s);
}
