/* sweep: see mask.h. */
#include "agent/sweep/mask.h"

#include "agent/base/path.h"
#include "agent/sweep/known.h"
#include "agent/sweep/span.h"

#include <ctype.h>
#include <stdlib.h>

#define SPANS_MAX 256
#define MARK	  "*****"
#define CUT	  ".."
#define LAST	  (sizeof(MARK) - 1 + sizeof(CUT) - 1 - 1) /* may follow what still had room */
/* What a line that is cut at RV_LINE_MAX ends with is not shown: it may be half a value, which no
 * rule matches. It comes into sight when a long run before it is one mark. */
#define CUT_MARGIN 1024

static bool is_plain(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

rv_status rv_mask_value(struct rv_str value, bool is_guessable, struct rv_buf *out)
{
	size_t head = value.len >= 16 ? 4 : value.len >= 8 ? 2 : 0;
	size_t tail = value.len >= 20 ? 2 : 0;

	if (is_guessable) {
		head = value.len >= 16 ? 2 : 0;
		tail = 0;
	}
	for (size_t i = 0; i < head; i++)
		RV_TRY(rv_buf_put_byte(out, is_plain(value.data[i]) ? value.data[i] : '?'));
	RV_TRY(rv_buf_put_str(out, MARK));
	for (size_t i = value.len - tail; i < value.len; i++)
		RV_TRY(rv_buf_put_byte(out, is_plain(value.data[i]) ? value.data[i] : '?'));
	return RV_OK;
}

struct spans {
	struct rv_span items[SPANS_MAX];
	size_t count;
	bool is_full;
};

static void add_span(struct spans *s, size_t start, size_t end, struct rv_str line)
{
	end = end < line.len ? end : line.len;
	if (start >= end)
		return;
	if (s->count == SPANS_MAX) /* the same places may have been told in several shapes */
		s->count = rv_spans_settle(s->items, s->count, false);
	if (s->count == SPANS_MAX)
		s->is_full = true;
	else
		s->items[s->count++] = (struct rv_span){start, end};
}

struct masking {
	struct spans *spans;
	struct rv_str line;
};

static rv_status on_hit(const struct rv_hit *hit, void *user)
{
	struct masking *m = user;

	add_span(m->spans, hit->start, hit->start + hit->len, m->line);
	return RV_OK;
}

static void on_value(void *user, size_t start, size_t end)
{
	struct masking *m = user;

	add_span(m->spans, start, end, m->line);
}

/* Of slashes and colours the runs are whole lines: what they hide is known better from the marks
 * in the line, when it is whole. */
static bool is_of_marks(const struct rv_decode_run *run, struct rv_str line)
{
	return (run->kind == RV_DECODE_SLASH || run->kind == RV_DECODE_COLOUR) &&
	       line.len < RV_LINE_MAX;
}

static void add_runs(struct spans *s, const struct rv_decode_run *runs, size_t count,
		     struct rv_str line, size_t line_start, bool is_of_layer)
{
	for (size_t i = 0; i < count; i++) {
		size_t end = runs[i].at + runs[i].len;

		if (is_of_layer && is_of_marks(&runs[i], line))
			continue;
		if (end <= line_start || runs[i].at >= line_start + line.len)
			continue;
		add_span(s, runs[i].at > line_start ? runs[i].at - line_start : 0, end - line_start,
			 line);
	}
}

/* Where values that were found stand once more, whatever is around them. False: nothing may be
 * shown. */
static bool add_known(const struct rv_values *values, struct rv_str line, struct spans *spans)
{
	struct masking m = {spans, line};

	return rv_values_find(values, line, 0, on_value, &m) && !spans->is_full;
}

/* What the rules would match, and encoded runs: what they say is not looked at, so it may be a
 * value. *out_is_unclear: more than can be told apart, nothing may be shown. */
static rv_status find_spans(struct rv_lane *lane, struct rv_str line, unsigned flags,
			    struct spans *spans, bool *out_is_unclear)
{
	struct masking m = {spans, line};
	const struct rv_rule *rule = NULL;
	bool is_cut = false;
	size_t count = 0;

	rv_status s = rv_scan_buffer(lane, line, RV_SCAN_MASK | flags, on_hit, &m);
	*out_is_unclear = rv_lane_take_given_up(lane, &rule) > 0;
	if (rv_class_of(s) == RV_CLASS_EXHAUSTED) {
		*out_is_unclear = true;
		return RV_OK;
	}
	RV_TRY(s);
	if (line.len > 0 && (flags & RV_SCAN_RUNS)) { /* else the runs are those of a scan before */
		const struct rv_decode_run *runs = rv_lane_runs(lane, &count, &is_cut);

		add_runs(spans, runs, count, line, 0, false);
	}
	*out_is_unclear |= is_cut || spans->is_full;
	return RV_OK;
}

static rv_status put_shown(struct rv_str line, size_t from, size_t until, struct rv_buf *out)
{
	for (size_t at = from; at < until;) {
		uint32_t point = 0;
		size_t n = rv_utf8_at((struct rv_str){line.data + at, until - at}, &point);

		if (n == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
		    point == 0x2029 || (point >= 0x202a && point <= 0x202e) ||
		    (point >= 0x2066 && point <= 0x2069)) {
			RV_TRY(rv_buf_put_byte(out, point == '\t' ? ' ' : '?'));
			at += n ? n : 1;
			continue;
		}
		RV_TRY(rv_buf_put(out, line.data + at, n));
		at += n;
	}
	return RV_OK;
}

rv_status rv_mask_tame(struct rv_str text, struct rv_buf *out)
{
	return put_shown(text, 0, text.len, out);
}

/* Lines are shown from a little before the value. */
static size_t first_shown(struct rv_str line, const struct rv_span *value, uint8_t *cut)
{
	size_t from = 0;

	while (from < line.len && isspace(line.data[from]))
		from++;
	if (value->start > from + 80) {
		from = value->start - 60;
		*cut |= RV_CUT_FRONT;
	}
	while (from < line.len && (line.data[from] & 0xc0) == 0x80)
		from++;
	return from;
}

static rv_status put_line(struct rv_str line, const struct spans *spans,
			  const struct rv_span *value, struct rv_buf *out, uint8_t *cut)
{
	size_t at = first_shown(line, value, cut);
	size_t end = out->len + RV_MASK_CONTEXT - LAST;

	if (at > 0 && !isspace(line.data[at - 1]))
		RV_TRY(rv_buf_put_str(out, CUT));
	for (size_t i = 0; i < spans->count && out->len < end; i++) {
		struct rv_span s = spans->items[i];

		if (s.end <= at)
			continue;
		size_t room = end - out->len;
		if (s.start > at)
			RV_TRY(put_shown(line, at, s.start - at < room ? s.start : at + room, out));
		if (out->len < end)
			RV_TRY(rv_buf_put_str(out, MARK));
		at = s.end;
	}
	size_t room = out->len < end ? end - out->len : 0;
	bool is_cut = line.len >= RV_LINE_MAX;
	size_t last = is_cut ? line.len - CUT_MARGIN : line.len;
	while (last > at && isspace(line.data[last - 1]))
		last--;
	if (at >= last)
		return RV_OK;
	if (last - at <= room && !is_cut)
		return put_shown(line, at, last, out);
	RV_TRY(put_shown(line, at, last - at < room ? last : at + room, out));
	*cut |= RV_CUT_BACK;
	return rv_buf_put_str(out, CUT);
}

static bool is_token_byte(uint8_t c)
{
	return isalnum(c) || c == '_' || c == '-';
}

/* Where a value lies in the line. A rule of one's own may call a part of the token its value
 * ("live" of acme_live_..): the rest of the word is masked with it, as far as the rule matched. */
static struct rv_span span_of(const struct rv_found *f, struct rv_str line, size_t line_start)
{
	size_t line_end = line_start + line.len;
	size_t low = f->match_start > line_start ? f->match_start : line_start;
	size_t high = f->match_start + f->match_len;
	size_t start = f->start > line_start ? f->start : line_start;
	size_t end = f->start + f->len < line_end ? f->start + f->len : line_end;

	if (high > line_end)
		high = line_end;
	while (start > low && is_token_byte(line.data[start - 1 - line_start]))
		start--;
	while (end < high && is_token_byte(line.data[end - line_start]))
		end++;
	return (struct rv_span){start - line_start, end - line_start};
}

rv_status rv_mask_line(struct rv_sweeper *w, struct rv_str line, size_t line_start,
		       const struct rv_found *about, struct rv_buf *out)
{
	struct spans spans = {.count = 0};
	struct rv_span value = span_of(about, line, line_start);
	bool is_unclear = false;

	w->cut = 0;
	add_span(&spans, value.start, value.end, line);
	for (size_t i = rv_found_behind(w, line_start);
	     i < w->found_count && w->found[i].start < line_start + line.len; i++) {
		struct rv_span span = span_of(&w->found[i], line, line_start);

		add_span(&spans, span.start, span.end, line);
	}
	/* A run of which the line holds but an end is none by itself. */
	add_runs(&spans, w->runs, w->run_count, line, line_start, true);
	RV_TRY(find_spans(w->lane, line, RV_SCAN_RUNS, &spans, &is_unclear));
	if (is_unclear || !add_known(&w->near_by, line, &spans))
		return rv_buf_put_str(out, MARK);
	spans.count = rv_spans_settle(spans.items, spans.count, false);
	return put_line(line, &spans, &value, out, &w->cut);
}

rv_status rv_mask_words(struct rv_sweeper *w, struct rv_str text, struct rv_buf *out)
{
	struct spans spans = {.count = 0};
	const struct rv_span start = {0, 0};
	bool is_unclear = false;

	w->cut = 0;
	if (text.len > RV_LINE_MAX)
		text.len = RV_LINE_MAX;
	RV_TRY(find_spans(w->lane, text, RV_SCAN_RUNS, &spans, &is_unclear));
	if (is_unclear)
		return rv_buf_put_str(out, MARK);
	spans.count = rv_spans_settle(spans.items, spans.count, false);
	return put_line(text, &spans, &start, out, &w->cut);
}

/* What is shown of a text. */
static rv_status put_part(struct rv_str text, struct rv_span shown, struct spans *spans,
			  struct rv_buf *out)
{
	size_t at = shown.start;

	spans->count = rv_spans_settle(spans->items, spans->count, false);
	for (size_t i = 0; i < spans->count && spans->items[i].start < shown.end; i++) {
		struct rv_span s = spans->items[i];

		if (s.end <= at)
			continue;
		if (s.start > at)
			RV_TRY(rv_buf_put(out, text.data + at, s.start - at));
		RV_TRY(rv_buf_put_str(out, MARK));
		at = s.end;
	}
	return at < shown.end ? rv_buf_put(out, text.data + at, shown.end - at) : RV_OK;
}

static rv_status put_whole(struct rv_str text, struct spans *spans, struct rv_buf *out)
{
	return put_part(text, (struct rv_span){0, text.len}, spans, out);
}

static rv_status mask_whole(struct rv_lane *lane, struct rv_str path, unsigned flags,
			    struct rv_buf *out)
{
	struct spans spans = {.count = 0};
	bool is_unclear = false;

	RV_TRY(find_spans(lane, path, flags, &spans, &is_unclear));
	return is_unclear ? rv_buf_put_str(out, MARK) : put_whole(path, &spans, out);
}

static bool is_mark_at(struct rv_str text, size_t at)
{
	return text.len - at >= sizeof(MARK) - 1 &&
	       memcmp(text.data + at, MARK, sizeof(MARK) - 1) == 0;
}

/* Beside an end that was cut a piece may be left that is too short to be known as one. A mark there
 * hides its own. */
static struct rv_span surely_clean(struct rv_str text, unsigned cut)
{
	struct rv_span inner = rv_known_inner(text, cut);
	struct rv_span shown = {0, text.len};

	while (shown.start < inner.start && !is_mark_at(text, shown.start))
		shown.start++;
	while (shown.start > 0 && shown.start < text.len && (text.data[shown.start] & 0xc0) == 0x80)
		shown.start++;
	while (shown.end > inner.end && shown.end > shown.start &&
	       (shown.end < sizeof(MARK) - 1 || !is_mark_at(text, shown.end - sizeof(MARK) + 1)))
		shown.end--;
	while (shown.end < text.len && shown.end > shown.start &&
	       (text.data[shown.end] & 0xc0) == 0x80)
		shown.end--;
	return shown;
}

rv_status rv_mask_known(const struct rv_values *values, struct rv_str text, unsigned cut,
			struct rv_buf *out)
{
	struct spans spans = {.count = 0};
	struct masking m = {&spans, RV_STR_NONE};
	struct rv_str front = {text.data, 0}, back = {text.data + text.len, 0};

	if ((cut & RV_CUT_FRONT) && rv_str_starts_with(text, CUT))
		front.len = sizeof(CUT) - 1;
	if ((cut & RV_CUT_BACK) && text.len - front.len >= sizeof(CUT) - 1 &&
	    rv_str_ends_with(text, CUT)) {
		back.len = sizeof(CUT) - 1;
		back.data -= back.len;
	}
	text = (struct rv_str){text.data + front.len, text.len - front.len - back.len};
	m.line = text;
	if (!rv_known_find(values, text, cut, on_value, &m) || spans.is_full)
		return rv_buf_put_str(out, MARK);
	if (values->count == 0)
		cut = 0;
	RV_TRY(rv_buf_put(out, front.data, front.len));
	RV_TRY(put_part(text, surely_clean(text, cut), &spans, out));
	return rv_buf_put(out, back.data, back.len);
}

rv_status rv_mask_path(struct rv_lane *lane, struct rv_str path, struct rv_buf *out)
{
	return mask_whole(lane, path, RV_SCAN_RUNS, out);
}

rv_status rv_mask_name(struct rv_lane *lane, struct rv_str name, struct rv_buf *out)
{
	return mask_whole(lane, name, 0, out);
}
