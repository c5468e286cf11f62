/* scan: one buffer: anchors, then companions, then overlaps. Not here: databases (scan_db.c), what
 * an anchor leads to (match.c). */
#include "agent/scan/scan.h"

#include "agent/scan/assign.h"
#include "agent/scan/marks.h"
#include "agent/scan/reads.h"
#include "agent/scan/recall.h"

#include <stdlib.h>

#define KNOWS_MIN 30   /* confidence of a provider's rule to go before a plain assignment */
#define NEAR_BACK 4096 /* a companion's longest value */

rv_status rv_lane_new(struct rv_scanner *scanner, struct rv_lane **out)
{
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return rv_fail_nomem(NULL);
	lane->scanner = scanner;
	lane->match = pcre2_match_data_create(64, NULL);
	lane->whole_done = calloc(scanner->count + 1, sizeof(*lane->whole_done));
	lane->held = calloc(scanner->count + 1, sizeof(*lane->held));
	if (!lane->match || !lane->whole_done || !lane->held ||
	    (scanner->all.db && hs_alloc_scratch(scanner->all.db, &lane->scratch) != HS_SUCCESS) ||
	    (scanner->words.db &&
	     hs_alloc_scratch(scanner->words.db, &lane->scratch) != HS_SUCCESS))
		return rv_fail_nomem(NULL);
	*out = RV_TAKE(lane);
	return RV_OK;
}

void rv_lane_free(struct rv_lane *lane)
{
	if (!lane)
		return;
	(void)hs_free_scratch(lane->scratch); /* frees NULL too */
	pcre2_match_data_free(lane->match);
	free(lane->whole_done);
	free(lane->held);
	free(lane->hits);
	free(lane->costs);
	free(lane->runs);
	free(lane->marks);
	free(lane);
}

void rv_lane_freep(struct rv_lane **lane)
{
	rv_lane_free(*lane);
	*lane = NULL;
}

void rv_lane_set_memo(struct rv_lane *lane, struct rv_memo *memo)
{
	lane->memo = memo;
}

const struct rv_decode_run *rv_lane_runs(const struct rv_lane *lane, size_t *out_count,
					 bool *out_is_cut)
{
	*out_count = lane->run_count;
	*out_is_cut = lane->has_more_runs;
	return lane->runs;
}

size_t rv_lane_take_given_up(struct rv_lane *lane, const struct rv_rule **out_rule)
{
	size_t n = lane->given_up;

	*out_rule = lane->given_up_by;
	lane->given_up = 0;
	lane->given_up_by = NULL;
	return n;
}

void rv_lane_count_costs(struct rv_lane *lane, bool on)
{
	free(lane->costs);
	lane->costs = on ? calloc(lane->scanner->count + 1, sizeof(*lane->costs)) : NULL;
}

void rv_lane_add_costs(const struct rv_lane *lane, struct rv_rule_cost *rows)
{
	for (size_t r = 0; lane->costs && r < lane->scanner->count; r++) {
		rows[r].rule = lane->scanner->rows[r].rule;
		rows[r].tries += lane->costs[r].tries;
		rows[r].matches += lane->costs[r].matches;
		rows[r].hits += lane->costs[r].hits;
		rows[r].ns += lane->costs[r].ns;
	}
}

bool rv_lane_was_text(const struct rv_lane *lane)
{
	return lane->was_text;
}

bool rv_scan_is_text(struct rv_str bytes)
{
	size_t probe = bytes.len < RV_SCAN_TEXT_PROBE ? bytes.len : RV_SCAN_TEXT_PROBE;

	return probe == 0 || !memchr(bytes.data, 0, probe);
}

static size_t distance(const struct rv_hit *a, const struct rv_hit *b)
{
	if (a->start + a->len <= b->start)
		return b->start - a->start - a->len;
	if (b->start + b->len <= a->start)
		return a->start - b->start - b->len;
	return 0;
}

static bool is_wanted(const struct rv_scanner *scanner, const struct rv_armed *row,
		      const struct rv_hit *other)
{
	for (int i = 0; i < RV_RULE_NEAR_MAX && row->near[i] >= 0; i++) {
		if (scanner->rows[row->near[i]].rule == other->rule)
			return true;
	}
	return false;
}

static const struct rv_armed *row_of(const struct rv_scanner *scanner, const struct rv_rule *rule)
{
	for (size_t r = 0; r < scanner->count; r++) {
		if (scanner->rows[r].rule == rule)
			return &scanner->rows[r];
	}
	return NULL;
}

/* The nearest companion gives its value as the public id. Hits are sorted by place, so only those
 * within reach are looked at. */
static void name_hit(struct rv_scan *s, size_t at)
{
	struct rv_lane *lane = s->lane;
	struct rv_hit *hit = &lane->hits[at];
	const struct rv_armed *row = row_of(lane->scanner, hit->rule);
	const struct rv_hit *best = NULL;
	size_t within = hit->rule->within;

	for (size_t i = at; row && i-- > 0;) {
		const struct rv_hit *other = &lane->hits[i];

		if (other->start + NEAR_BACK + within < hit->start)
			break;
		if (is_wanted(lane->scanner, row, other) && distance(other, hit) <= within &&
		    (!best || distance(other, hit) < distance(best, hit)))
			best = other;
	}
	for (size_t i = at + 1; row && i < lane->hit_count; i++) {
		const struct rv_hit *other = &lane->hits[i];

		if (other->start > hit->start + hit->len + within)
			break;
		if (is_wanted(lane->scanner, row, other) && distance(other, hit) <= within &&
		    (!best || distance(other, hit) < distance(best, hit)))
			best = other;
	}
	if (best) {
		hit->public_id = (struct rv_str){s->bytes.data + best->start, best->len};
		hit->is_identified = true;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct rv_hit *x = a;
	const struct rv_hit *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->confidence != y->confidence)
		return x->confidence > y->confidence ? -1 : 1;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	return strcmp(x->rule->id, y->rule->id);
}

static bool is_dropped(const struct rv_hit *hit)
{
	return (hit->rule->flags & RV_RULE_NEEDS_NEAR) && hit->public_id.len == 0;
}

/* How much a rule knows of a value: its provider, at least that it is a name, or only how the name
 * beside it reads. */
static int knowledge_of(const struct rv_hit *hit)
{
	if (hit->rule->matcher == RV_MATCHER_ASSIGNMENT || hit->confidence < KNOWS_MIN)
		return 0;
	return hit->rule->flags & RV_RULE_COMPANION ? 1 : 2;
}

static bool is_better(const struct rv_hit *a, const struct rv_hit *b)
{
	int a_knows = knowledge_of(a);
	int b_knows = knowledge_of(b);

	return a_knows != b_knows ? a_knows > b_knows : a->confidence > b->confidence;
}

/* Leaves a list without overlaps: the better one stays, with the confidence of both when they are
 * of one value; or, for masking, both as one span. */
static void settle_overlaps(struct rv_scan *s)
{
	struct rv_lane *lane = s->lane;
	size_t kept = 0;

	for (size_t i = 0; i < lane->hit_count; i++) {
		struct rv_hit hit = lane->hits[i];
		struct rv_hit *last = kept > 0 ? &lane->hits[kept - 1] : NULL;

		if (is_dropped(&hit))
			continue;
		if (!last || last->start + last->len <= hit.start) {
			lane->hits[kept++] = hit;
			continue;
		}
		if (s->flags & RV_SCAN_MASK) {
			size_t end = hit.start + hit.len;

			last->len = end > last->start + last->len ? end - last->start : last->len;
			continue;
		}
		bool is_same = hit.start == last->start && hit.len == last->len;
		uint8_t most =
			hit.confidence > last->confidence ? hit.confidence : last->confidence;
		if (is_better(&hit, last))
			*last = hit;
		if (is_same && last->confidence >= KNOWS_MIN)
			last->confidence = most;
	}
	lane->hit_count = kept;
}

/* Of values that may be there nothing is known yet that would choose between two. */
static void drop_incomplete(struct rv_lane *lane)
{
	size_t kept = 0;

	for (size_t i = 0; i < lane->hit_count; i++) {
		if (!is_dropped(&lane->hits[i]))
			lane->hits[kept++] = lane->hits[i];
	}
	lane->hit_count = kept;
}

/* They have named others, and kept a plain assignment from telling them. */
static void drop_companions(struct rv_lane *lane)
{
	size_t kept = 0;

	for (size_t i = 0; i < lane->hit_count; i++) {
		if (!(lane->hits[i].rule->flags & RV_RULE_COMPANION))
			lane->hits[kept++] = lane->hits[i];
	}
	lane->hit_count = kept;
}

static bool on_run(const struct rv_decode_run *run, void *user)
{
	struct rv_scan *s = user;
	struct rv_decode_run kept = *run;

	kept.at += s->part_start;
	return rv_keep_run(s, &kept);
}

/* The anchors in the long words gathered so far. */
static void search_words(struct rv_scan *s)
{
	const char *data = (const char *)s->bytes.data;
	size_t part = s->part_start;

	if (s->words.end == s->words.start || s->is_full)
		return;
	s->part_start = s->words.start;
	hs_error_t error =
		hs_scan(s->lane->scanner->words.db, data + s->words.start,
			(unsigned)(s->words.end - s->words.start), 0, s->lane->scratch,
			s->is_watched ? rv_watch_on_word_anchor : rv_match_on_word_anchor, s);
	RV_BUG_ON(error != HS_SUCCESS && error != HS_SCAN_TERMINATED);
	s->part_start = part;
	s->words = (struct rv_span){0, 0};
}

/* A long word: does it hold a mark, or is there a keyword before it? Words that are near each other
 * are looked through together. One that reads like a name is passed over, but not where it would be
 * shown. */
static bool on_word(size_t at, size_t end, void *user)
{
	struct rv_scan *s = user;
	size_t start = s->part_start + at;
	size_t from = start > RV_RULE_WORD_BACK ? start - RV_RULE_WORD_BACK : 0;

	if (!(s->flags & RV_SCAN_MASK) && rv_reads_like_name(s->bytes.data + start, end - at))
		return false;
	if (!s->lane->scanner->words.db)
		return true;
	if (from > s->words.end || s->words.end == 0) {
		search_words(s);
		s->words.start = from;
	}
	s->words.end = s->part_start + end;
	return true;
}

static void find_words(struct rv_scan *s, struct rv_span part)
{
	bool wants_runs = (s->flags & RV_SCAN_RUNS) != 0;
	struct rv_decode_look look = {.on_run = wants_runs ? on_run : NULL,
				      .on_word = on_word,
				      .user = s,
				      .with_quoted = s->has_quoted};
	struct rv_str bytes = {s->bytes.data + part.start, part.end - part.start};

	s->part_start = part.start;
	if ((wants_runs || s->lane->scanner->words.db) && !rv_decode_look(bytes, &look))
		s->lane->has_more_runs = true;
}

static void match_listed(struct rv_scan *s)
{
	static const enum rv_listed all[] = {RV_LISTED_PGPASS, RV_LISTED_ACCOUNTS};
	struct rv_str path = s->lane->path;
	enum rv_listed listed = path.len > 0 ? rv_assign_listed(path) : RV_LISTED_NOT;

	if (listed != RV_LISTED_NOT)
		rv_match_listed(s, (int)listed);
	unsigned lists = rv_is_any_file(s) && s->is_text ? rv_assign_may_be_listed(s->bytes) : 0;
	for (size_t i = 0; lists && i < RV_LEN(all); i++) {
		if (lists >> all[i] & 1U)
			rv_match_listed(s, (int)all[i]);
	}
}

static rv_status find(struct rv_scan *s, const struct rv_span *parts, size_t part_count)
{
	struct rv_lane *lane = s->lane;
	const char *data = (const char *)s->bytes.data;
	match_event_handler on_anchor = NULL;

	lane->hit_count = 0;
	lane->run_count = 0;
	lane->has_more_runs = false;
	lane->scan_number++;
	RV_TRY(rv_recall_begin(s, parts, part_count));
	on_anchor = s->is_watched ? rv_watch_on_anchor : rv_match_on_anchor;
	for (size_t i = 0; i < part_count && !s->is_full && lane->scanner->all.db; i++) {
		if (rv_recall_knows(s, i))
			continue;
		s->part_start = parts[i].start;
		hs_error_t error = hs_scan(lane->scanner->all.db, data + parts[i].start,
					   (unsigned)(parts[i].end - parts[i].start), 0,
					   lane->scratch, on_anchor, s);
		if (error != HS_SUCCESS && error != HS_SCAN_TERMINATED)
			return rv_fail(RV_CLASS_BUG, NULL, "Vectorscan error %d", error);
	}
	for (size_t i = 0; i < part_count; i++) {
		if (!rv_recall_knows(s, i) || s->has_quoted)
			find_words(s, parts[i]);
		if (s->is_watched)
			search_words(s); /* while it is known of which part they are */
	}
	search_words(s);
	rv_recall_end(s);
	if (lane->scanner->has_free_whole)
		rv_match_whole(s);
	match_listed(s);
	return RV_OK;
}

static void settle(struct rv_scan *s)
{
	struct rv_lane *lane = s->lane;

	qsort(lane->hits, lane->hit_count, sizeof(*lane->hits), by_place);
	for (size_t i = 0; i < lane->hit_count; i++) {
		if (lane->hits[i].rule->near)
			name_hit(s, i);
	}
	if (rv_is_any_file(s))
		drop_incomplete(lane);
	else
		settle_overlaps(s);
	if (!(s->flags & RV_SCAN_MASK))
		drop_companions(lane);
}

rv_status rv_scan_parts(struct rv_lane *lane, struct rv_str bytes, const struct rv_span *parts,
			size_t part_count, unsigned flags, rv_hit_fn *fn, void *user)
{
	struct rv_scan s = {.lane = lane, .bytes = bytes, .flags = flags};

	if (bytes.len == 0)
		return RV_OK;
	if (bytes.len > RV_SCAN_MAX_BYTES)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "buffer of %zu bytes", bytes.len);
	s.is_text = !(flags & RV_SCAN_BINARY) && rv_scan_is_text(bytes);
	lane->was_text = s.is_text;
	RV_TRY(find(&s, parts, part_count));
	if (lane->hit_count > 0)
		settle(&s);
	for (size_t i = 0; i < lane->hit_count; i++)
		RV_TRY(fn(&lane->hits[i], user));
	return s.is_full ? rv_fail(RV_CLASS_EXHAUSTED, NULL, "too many values") : RV_OK;
}

rv_status rv_scan_buffer(struct rv_lane *lane, struct rv_str bytes, unsigned flags, rv_hit_fn *fn,
			 void *user)
{
	struct rv_span all = {0, bytes.len};

	return rv_scan_parts(lane, bytes, &all, 1, flags, fn, user);
}
