/* discover: anchors -> windows -> regexes -> values -> companions -> overlaps. Not here: databases
 * (scan_db.c), check digits (scan_check.c). */
#include "agent/discover/scan.h"

#include "agent/discover/scan_check.h"
#include "agent/discover/scan_db.h"

#include <ctype.h>
#include <stdlib.h>

#define WINDOWS_MAX 8192
#define RAW_MAX	    32768
#define TEXT_PROBE  4096

struct window {
	size_t start, end;
};

struct raw {
	size_t start, end;
	uint32_t rule;
};

struct rv_lane {
	const struct rv_scanner *scanner;
	hs_scratch_t *scratch;
	struct window *windows;
	size_t window_count;
	struct raw *raws;
	size_t raw_count;
	struct rv_hit *hits;
	size_t hit_count;
};

/* One call of rv_scan_buffer. */
struct scan {
	struct rv_lane *lane;
	struct rv_str bytes;
	size_t window_start;
	unsigned flags;
	bool is_text;
	bool is_full;
};

rv_status rv_lane_new(const struct rv_scanner *scanner, struct rv_lane **out)
{
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return rv_fail_nomem(NULL);
	lane->scanner = scanner;
	lane->windows = calloc(WINDOWS_MAX, sizeof(*lane->windows));
	lane->raws = calloc(RAW_MAX, sizeof(*lane->raws));
	lane->hits = calloc(RV_SCAN_MAX_HITS, sizeof(*lane->hits));
	if (!lane->windows || !lane->raws || !lane->hits ||
	    hs_alloc_scratch(scanner->anchors, &lane->scratch) != HS_SUCCESS ||
	    hs_alloc_scratch(scanner->regexes, &lane->scratch) != HS_SUCCESS)
		return rv_fail_nomem(NULL);
	*out = RV_TAKE(lane);
	return RV_OK;
}

void rv_lane_free(struct rv_lane *lane)
{
	if (!lane)
		return;
	(void)hs_free_scratch(lane->scratch); /* frees NULL too */
	free(lane->windows);
	free(lane->raws);
	free(lane->hits);
	free(lane);
}

void rv_lane_freep(struct rv_lane **lane)
{
	rv_lane_free(*lane);
	*lane = NULL;
}

bool rv_scan_is_text(struct rv_str bytes)
{
	size_t probe = bytes.len < TEXT_PROBE ? bytes.len : TEXT_PROBE;

	return probe == 0 || !memchr(bytes.data, 0, probe);
}

/* Anchors arrive in order of their end: merging with the windows before keeps the list sorted. When
 * it is full the last window grows instead, so nothing is lost. */
static int on_anchor(unsigned id, unsigned long long from, unsigned long long to, unsigned hs_flags,
		     void *user)
{
	struct scan *s = user;
	struct rv_lane *lane = s->lane;
	const struct rv_rule *rule = &lane->scanner->rules[id];
	size_t end = (size_t)to + rule->ahead;
	size_t back = (size_t)rule->behind + 32; /* an anchor is at most 32 bytes */
	struct window w = {(size_t)to > back ? (size_t)to - back : 0,
			   end < s->bytes.len ? end : s->bytes.len};

	(void)from;	/* 0: anchors have no start of match */
	(void)hs_flags; /* reserved by Vectorscan */
	if ((rule->flags & RV_RULE_TEXT_ONLY) && !s->is_text && !(s->flags & RV_SCAN_MASK))
		return 0;
	while (lane->window_count > 0) {
		struct window *last = &lane->windows[lane->window_count - 1];

		if (last->end < w.start && lane->window_count < WINDOWS_MAX)
			break;
		w.start = last->start < w.start ? last->start : w.start;
		w.end = last->end > w.end ? last->end : w.end;
		lane->window_count--;
	}
	lane->windows[lane->window_count++] = w;
	return 0;
}

static bool touches(const struct scan *s, const struct rv_rule *rule, size_t at)
{
	const struct rv_scanner *scanner = s->lane->scanner;
	uint8_t byte = s->bytes.data[at];

	if (isalnum(byte))
		return true;
	/* A longer run of the same bytes is another thing: 41 characters are no 40-byte key. */
	return rule->value_len && rule->value &&
	       rv_byteset_has(&scanner->values[rule - scanner->rules], byte);
}

static bool is_bounded(const struct scan *s, const struct rv_rule *rule, struct window span)
{
	if ((rule->flags & RV_RULE_ANYWHERE) || (s->flags & RV_SCAN_MASK))
		return true;
	if (span.start > 0 && touches(s, rule, span.start - 1))
		return false;
	return rule->extend || span.end == s->bytes.len || !touches(s, rule, span.end);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned hs_flags,
		    void *user)
{
	struct scan *s = user;
	struct rv_lane *lane = s->lane;
	struct window span = {s->window_start + (size_t)from, s->window_start + (size_t)to};

	(void)hs_flags; /* reserved by Vectorscan */
	if (!is_bounded(s, &lane->scanner->rules[id], span))
		return 0;
	/* One start with several ends: the longest counts. */
	for (size_t i = lane->raw_count; i > 0 && i + 8 > lane->raw_count; i--) {
		struct raw *raw = &lane->raws[i - 1];

		if (raw->rule != id || raw->start != span.start)
			continue;
		raw->end = span.end > raw->end ? span.end : raw->end;
		return 0;
	}
	if (lane->raw_count == RAW_MAX) {
		s->is_full = true;
		return 1;
	}
	lane->raws[lane->raw_count++] = (struct raw){span.start, span.end, id};
	return 0;
}

static rv_status find_raws(struct scan *s)
{
	struct rv_lane *lane = s->lane;
	const char *data = (const char *)s->bytes.data;

	lane->window_count = 0;
	lane->raw_count = 0;
	lane->hit_count = 0;
	hs_error_t error = hs_scan(lane->scanner->anchors, data, (unsigned)s->bytes.len, 0,
				   lane->scratch, on_anchor, s);
	if (error != HS_SUCCESS)
		return rv_fail(RV_CLASS_BUG, NULL, "Vectorscan error %d", error);
	for (size_t i = 0; i < lane->window_count && !s->is_full; i++) {
		struct window w = lane->windows[i];

		s->window_start = w.start;
		error = hs_scan(lane->scanner->regexes, data + w.start, (unsigned)(w.end - w.start),
				0, lane->scratch, on_match, s);
		if (error != HS_SUCCESS && error != HS_SCAN_TERMINATED)
			return rv_fail(RV_CLASS_BUG, NULL, "Vectorscan error %d", error);
	}
	return RV_OK;
}

/* The value inside a match; an empty span when there is none. */
static struct window value_of(const struct scan *s, const struct raw *raw)
{
	const struct rv_scanner *scanner = s->lane->scanner;
	const struct rv_rule *rule = &scanner->rules[raw->rule];
	struct window v = {raw->start, raw->end};

	if (rule->tail && v.end - v.start > strlen(rule->tail))
		v.end -= strlen(rule->tail);
	if (rule->value_len) {
		v.start = v.end - v.start > rule->value_len ? v.end - rule->value_len : v.start;
	} else if (rule->value) {
		size_t at = v.end;

		while (at > v.start &&
		       rv_byteset_has(&scanner->values[raw->rule], s->bytes.data[at - 1]))
			at--;
		v.start = at;
	}
	while (rule->extend && v.end < s->bytes.len &&
	       rv_byteset_has(&scanner->extends[raw->rule], s->bytes.data[v.end]))
		v.end++;
	return v;
}

static void add_hit(struct scan *s, const struct raw *raw)
{
	struct rv_lane *lane = s->lane;
	const struct rv_rule *rule = &lane->scanner->rules[raw->rule];
	struct window v = value_of(s, raw);
	struct rv_str value = {s->bytes.data + v.start, v.end - v.start};

	if (value.len == 0)
		return;
	if (!(s->flags & RV_SCAN_MASK) && (((rule->flags & RV_RULE_TEXT_ONLY) && !s->is_text) ||
					   rv_entropy_tenths(value) < rule->min_entropy ||
					   !rv_check_value((enum rv_check)rule->check, value)))
		return;
	if (lane->hit_count == RV_SCAN_MAX_HITS) {
		s->is_full = true;
		return;
	}
	lane->hits[lane->hit_count++] = (struct rv_hit){
		.rule = rule,
		.start = v.start,
		.len = value.len,
		.is_identified = rv_check_identifies((enum rv_check)rule->check),
		.confidence = rule->confidence,
	};
}

static size_t distance(const struct rv_hit *a, const struct rv_hit *b)
{
	if (a->start + a->len <= b->start)
		return b->start - a->start - a->len;
	if (b->start + b->len <= a->start)
		return a->start - b->start - b->len;
	return 0;
}

/* The nearest companion gives its value as the public id. Hits are sorted by place, so only those
 * within reach are looked at. */
static void name_hit(struct scan *s, size_t at)
{
	struct rv_lane *lane = s->lane;
	struct rv_hit *hit = &lane->hits[at];
	const struct rv_rule *wanted = &lane->scanner->rules[hit->rule->near];
	const struct rv_hit *best = NULL;

	for (size_t i = at; i-- > 0;) {
		const struct rv_hit *other = &lane->hits[i];

		if (other->start + 4096 + hit->rule->within < hit->start)
			break;
		if (other->rule == wanted && distance(other, hit) <= hit->rule->within &&
		    (!best || distance(other, hit) < distance(best, hit)))
			best = other;
	}
	for (size_t i = at + 1; i < lane->hit_count; i++) {
		const struct rv_hit *other = &lane->hits[i];

		if (other->start > hit->start + hit->len + hit->rule->within)
			break;
		if (other->rule == wanted && distance(other, hit) <= hit->rule->within &&
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
	return x->len > y->len ? -1 : x->len < y->len;
}

static bool is_dropped(const struct scan *s, const struct rv_hit *hit)
{
	if ((hit->rule->flags & RV_RULE_NEEDS_NEAR) && hit->public_id.len == 0)
		return true;
	return (hit->rule->flags & RV_RULE_COMPANION) && !(s->flags & RV_SCAN_MASK);
}

/* Leaves a list without overlaps: the surer one stays, or, for masking, both as one span. */
static void settle_overlaps(struct scan *s)
{
	struct rv_lane *lane = s->lane;
	size_t kept = 0;

	for (size_t i = 0; i < lane->hit_count; i++) {
		struct rv_hit hit = lane->hits[i];
		struct rv_hit *last = kept > 0 ? &lane->hits[kept - 1] : NULL;

		if (is_dropped(s, &hit))
			continue;
		if (!last || last->start + last->len <= hit.start) {
			lane->hits[kept++] = hit;
			continue;
		}
		if (s->flags & RV_SCAN_MASK) {
			size_t end = hit.start + hit.len;

			if (end > last->start + last->len)
				last->len = end - last->start;
		} else if (hit.confidence > last->confidence) {
			*last = hit;
		}
	}
	lane->hit_count = kept;
}

rv_status rv_scan_buffer(struct rv_lane *lane, struct rv_str bytes, unsigned flags, rv_hit_fn *fn,
			 void *user)
{
	struct scan s = {.lane = lane, .bytes = bytes, .flags = flags};

	if (bytes.len == 0)
		return RV_OK;
	if (bytes.len > RV_SCAN_MAX_BYTES)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "buffer of %zu bytes", bytes.len);
	s.is_text = rv_scan_is_text(bytes);
	RV_TRY(find_raws(&s));
	for (size_t i = 0; i < lane->raw_count; i++)
		add_hit(&s, &lane->raws[i]);
	qsort(lane->hits, lane->hit_count, sizeof(*lane->hits), by_place);
	for (size_t i = 0; i < lane->hit_count; i++) {
		if (lane->hits[i].rule->near >= 0)
			name_hit(&s, i);
	}
	settle_overlaps(&s);
	for (size_t i = 0; i < lane->hit_count; i++)
		RV_TRY(fn(&lane->hits[i], user));
	return s.is_full ? rv_fail(RV_CLASS_EXHAUSTED, NULL, "too many values") : RV_OK;
}
