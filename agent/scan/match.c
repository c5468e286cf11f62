/* scan: from an anchor to a value: by regex, as an assignment, as a PEM block; then what its rule
 * asks of it. Not here: companions and overlaps (scan.c). */
#include "agent/scan/match.h"

#include "agent/scan/assign.h"
#include "agent/scan/bounds.h"
#include "agent/scan/marks.h"
#include "agent/scan/pem_key.h"
#include "agent/scan/published.h"
#include "agent/scan/value.h"

#include <time.h>

#define SEARCHES_MAX	    8	  /* matches before an anchor that do not hold it, passed over */
#define WHOLE_MAX	    65536 /* matches of one rule in one buffer */
#define MARK_MAX	    20	  /* bytes in which a value's mark ends .. */
#define RANDOM_MIN	    16	  /* .. and what must follow it */
#define CONFIDENCE_UNPROVEN 10	  /* its check digits are wrong */
#define CONFIDENCE_DUMMY    15	  /* looks made up */
#define CONFIDENCE_ASKED    40	  /* from here on it is asked what costs most */

static void add(struct rv_scan *s, struct rv_hit hit)
{
	struct rv_lane *lane = s->lane;

	if (lane->hit_count == lane->hit_room) {
		size_t room = lane->hit_room ? lane->hit_room * 2 : 64;
		struct rv_hit *more = lane->hit_room < RV_SCAN_MAX_HITS
					      ? realloc(lane->hits, room * sizeof(*more))
					      : NULL;

		if (!more) {
			s->is_full = true;
			return;
		}
		lane->hits = more;
		lane->hit_room = room;
	}
	lane->hits[lane->hit_count++] = hit;
}

/* What its maker prints for everybody is no secret. */
static void add_unpublished(struct rv_scan *s, struct rv_hit hit)
{
	struct rv_str value = {s->bytes.data + hit.start, hit.len};

	if (!(s->flags & RV_SCAN_MASK) && !(hit.rule->flags & RV_RULE_COMPANION) &&
	    hit.confidence >= CONFIDENCE_ASKED && rv_value_is_published(value))
		hit.confidence = CONFIDENCE_DUMMY;
	add(s, hit);
}

static struct rv_context *context_of(struct rv_scan *s)
{
	if (!s->has_context)
		s->context = rv_context_begin(s->lane->path);
	s->has_context = true;
	return &s->context;
}

/* May the value end where it does? What its check proves needs no bounds, nor what a binary format
 * counts: there texts stand side by side. */
static bool is_whole(const struct rv_scan *s, const struct rv_armed *row, struct rv_span match,
		     struct rv_span v)
{
	if ((row->rule->flags & RV_RULE_ANYWHERE) || (s->flags & RV_SCAN_MASK) ||
	    rv_is_bounded(s->bytes, v) ||
	    (match.start == s->counted.start && match.end == s->counted.end))
		return true;
	return row->check && row->check->identifies &&
	       row->check->fn((struct rv_str){s->bytes.data + v.start, v.end - v.start});
}

/* Does what was issued at random read as made up? A mark at its beginning ("secret_", "sk-test-")
 * is no part of that. */
static bool is_dummy(struct rv_str value)
{
	size_t from = 0;

	for (size_t i = 0; i < MARK_MAX && i + RANDOM_MIN < value.len; i++) {
		if (value.data[i] == '_' || value.data[i] == '-' || value.data[i] == '.' ||
		    value.data[i] == ':')
			from = i + 1;
	}
	return !rv_check_not_placeholder((struct rv_str){value.data + from, value.len - from});
}

/* A password that a person may have chosen, which need not read as random. */
static bool is_chosen(const struct rv_rule *rule)
{
	return rule->kind == RV_KIND_PASSWORD && !(rule->flags & RV_RULE_FLEET);
}

/* Does it read as nobody's? Of passwords also words that stand for one; but not what people choose,
 * where a configuration holds it. */
static bool is_made_up(struct rv_scan *s, const struct rv_rule *rule, struct rv_str value)
{
	if (!is_chosen(rule))
		return is_dummy(value);
	return (is_dummy(value) || rv_value_is_filler(value)) &&
	       !(rv_value_is_chosen(value) && rv_context_is_in_use(context_of(s)));
}

/* Where nobody knows the file it may be one that uses what is made up elsewhere. */
static void add_in_use(struct rv_scan *s, struct rv_hit hit, struct rv_str value)
{
	if (!rv_is_any_file(s) || !is_chosen(hit.rule) || !rv_value_is_chosen(value))
		return;
	hit.forms = RV_FORMS_IN_USE;
	add_unpublished(s, hit);
}

/* The rule's demands on the value; what only weakens it lowers the confidence. */
static void judge(struct rv_scan *s, struct rv_armed *row, struct rv_span match, struct rv_span v)
{
	const struct rv_rule *rule = row->rule;
	struct rv_str value = {s->bytes.data + v.start, v.end - v.start};
	struct rv_hit hit = {.rule = rule,
			     .start = v.start,
			     .len = value.len,
			     .match_start = match.start,
			     .match_len = match.end - match.start,
			     .kind = rule->kind,
			     .confidence = rule->confidence};

	if (value.len == 0 || !is_whole(s, row, match, v))
		return;
	if (s->flags & RV_SCAN_MASK) {
		add(s, hit);
		return;
	}
	if (!rv_is_random_enough(rule, value))
		return;
	/* What only asks for no placeholder is asked below, without the mark. */
	if (row->check && row->check->fn != rv_check_not_placeholder && !row->check->fn(value))
		hit.confidence = CONFIDENCE_UNPROVEN;
	else
		hit.is_identified = row->check && row->check->identifies;
	if (!hit.is_identified && hit.confidence > CONFIDENCE_DUMMY && is_made_up(s, rule, value)) {
		add_in_use(s, hit, value);
		hit.confidence = CONFIDENCE_DUMMY;
	}
	if (!(rule->flags & RV_RULE_COMPANION) && !hit.is_identified && hit.confidence < 80 &&
	    context_of(s)->is_lock)
		hit.confidence = hit.confidence / 2;
	add_unpublished(s, hit);
}

static void give_up(struct rv_scan *s, const struct rv_rule *rule)
{
	s->lane->given_up++;
	s->lane->given_up_by = rule;
}

/* One run of the regex over bytes[.. end) from `from`; *out_match the whole match. False: none. */
static bool run(struct rv_scan *s, struct rv_armed *row, struct rv_span range, uint32_t options,
		struct rv_span *out_match, struct rv_span *out_value)
{
	struct rv_scanner *scanner = s->lane->scanner;
	const pcre2_code *code = rv_armed_code(scanner, row);

	if (!code) {
		give_up(s, row->rule);
		return false;
	}
	uint32_t back = atomic_load_explicit(&row->back, memory_order_relaxed);
	s->back = back > s->back ? back : s->back;
	int n = pcre2_match(code, s->bytes.data, range.end, range.start, options, s->lane->match,
			    scanner->limits);
	if (n < 0) {
		if (n != PCRE2_ERROR_NOMATCH)
			give_up(s, row->rule);
		return false;
	}
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->lane->match);
	uint32_t group = rv_armed_group(row, at, n);
	*out_match = (struct rv_span){at[0], at[1]};
	*out_value = *out_match;
	if (group > 0 && (int)group < n && at[2 * group] != PCRE2_UNSET)
		*out_value = (struct rv_span){at[2 * group], at[2 * group + 1]};
	return out_match->end > out_match->start && out_match->start <= out_value->start &&
	       out_value->end <= out_match->end;
}

/* As the text whose length stands before it, whatever is behind it. `whole`: the match that does
 * not know the length, or empty. */
static bool try_counted_text(struct rv_scan *s, struct rv_armed *row, size_t at, size_t end,
			     struct rv_span whole)
{
	size_t lens[RV_COUNTS_MAX];
	size_t count = rv_counts_before(s->bytes, s->is_text, at, whole, lens);
	struct rv_span match, value;

	for (size_t i = 0; i < count; i++) {
		struct rv_span range = {at, at + lens[i]};

		if (range.end > end || !run(s, row, range, PCRE2_ANCHORED, &match, &value) ||
		    match.end != range.end)
			continue;
		s->counted = match;
		judge(s, row, match, value);
		return true;
	}
	return false;
}

static void try_regex(struct rv_scan *s, struct rv_armed *row, struct rv_span anchor)
{
	const struct rv_rule *rule = row->rule;
	size_t end = anchor.start + (rule->ahead ? rule->ahead : 256U);
	struct rv_span range = {anchor.start, end < s->bytes.len ? end : s->bytes.len};
	struct rv_span match, value;

	if (rule->behind == 0) {
		bool is_match = run(s, row, range, PCRE2_ANCHORED, &match, &value);
		struct rv_span whole = is_match ? match : (struct rv_span){0, 0};

		if (!(s->flags & RV_SCAN_MASK) &&
		    try_counted_text(s, row, range.start, range.end, whole))
			return;
		if (is_match)
			judge(s, row, match, value);
		return;
	}
	range.start = anchor.start > rule->behind ? anchor.start - rule->behind : 0;
	for (int i = 0; i < SEARCHES_MAX && range.start <= anchor.start; i++) {
		if (!run(s, row, range, 0, &match, &value) || match.start > anchor.start)
			return;
		if (match.end >= anchor.end) {
			judge(s, row, match, value);
			return;
		}
		range.start = match.start + 1;
	}
}

/* Its anchors only gate: once in a buffer, over all of it. */
static void try_whole(struct rv_scan *s, struct rv_armed *row)
{
	size_t index = (size_t)(row - s->lane->scanner->rows);
	struct rv_span range = {0, s->bytes.len};
	struct rv_span match, value;

	if (s->lane->whole_done[index] == s->lane->scan_number)
		return;
	s->lane->whole_done[index] = s->lane->scan_number;
	for (int i = 0; i < WHOLE_MAX && range.start < range.end; i++) {
		if (!run(s, row, range, PCRE2_NOTEMPTY, &match, &value))
			return;
		judge(s, row, match, value);
		range.start = match.end > range.start ? match.end : range.start + 1;
	}
}

static void add_assignment(struct rv_scan *s, const struct rv_rule *rule,
			   const struct rv_assign *found, uint16_t forms)
{
	size_t start = found->name_len > 0 && found->name_start < found->start ? found->name_start
									       : found->start;
	struct rv_hit hit = {.rule = rule,
			     .start = found->start,
			     .len = found->len,
			     .match_start = start,
			     .match_len = found->start + found->len - start,
			     .forms = forms,
			     .kind = found->kind,
			     .confidence = found->confidence};

	const struct rv_str value = {s->bytes.data + hit.start, hit.len};

	if (hit.len > 0 &&
	    ((s->flags & RV_SCAN_MASK) || (hit.confidence > 0 && rv_is_random_enough(rule, value))))
		add_unpublished(s, hit);
}

/* Is the reading behind the last one worth something, and of another span than those before? */
static bool is_another(const struct rv_scan *s, struct rv_assign *found, uint16_t *forms,
		       size_t count)
{
	const struct rv_assign *one = &found[count];

	if (one->confidence < s->flags >> 8)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (found[i].start != one->start || found[i].len != one->len)
			continue;
		forms[i] |= forms[count];
		if (found[i].confidence < one->confidence)
			found[i] = *one;
		return false;
	}
	return true;
}

/* How a value is written, and what it means, follows from the file's name: each reading. */
static void try_any_file(struct rv_scan *s, const struct rv_rule *rule, unsigned anchor, size_t end)
{
	/* JSON and XML have no bare values, and else mean as much as what has no name. */
	static const struct {
		struct rv_context file;
		uint16_t forms;
	} readings[] = {
		{{.form = RV_FORM_TEXT, .is_whole = true},
		 RV_FORM_BIT(TEXT) | RV_FORM_BIT(JSON) | RV_FORM_BIT(XML)},
		{{.form = RV_FORM_CONFIG, .is_whole = true},
		 RV_FORM_BIT(CONFIG) | RV_FORM_BIT(YAML)},
		{{.form = RV_FORM_SHELL, .is_whole = true}, RV_FORM_BIT(SHELL)},
		{{.form = RV_FORM_SQL, .is_dump = true, .is_whole = true}, RV_FORM_BIT(SQL)},
		{{.form = RV_FORM_CODE, .is_whole = true}, RV_FORM_BIT(CODE)},
		{{.form = RV_FORM_DOC, .is_doc = true, .is_whole = true}, RV_FORM_BIT(DOC)},
	};

	struct rv_assign_common common = {0};
	struct rv_assign found[RV_LEN(readings)];
	uint16_t forms[RV_LEN(readings)];
	unsigned left = UINT16_MAX;
	size_t count = 0;

	for (size_t i = 0; i < RV_LEN(readings) && common.is_named != RV_KNOWN_NO; i++) {
		struct rv_context file = readings[i].file;

		if (!(left & readings[i].forms))
			continue;
		file.alike = UINT16_MAX;
		if (rv_assign_look(s->bytes, &file, anchor, end, &common, &found[count])) {
			forms[count] = readings[i].forms;
			count += is_another(s, found, forms, count);
			file.alike = readings[i].forms; /* others may mean more */
		}
		left &= ~(unsigned)file.alike;
	}
	for (size_t i = 0; i < count; i++)
		add_assignment(s, rule, &found[i], forms[i]);
}

static void try_assignment(struct rv_scan *s, struct rv_armed *row, const struct rv_anchor *anchor,
			   struct rv_span span)
{
	struct rv_assign_common common = {0};
	struct rv_assign found;

	if (anchor->assign < 0 || !rv_assign_may(s->bytes, (unsigned)anchor->assign, span.end))
		return;
	s->has_looked = true;
	if (rv_is_any_file(s))
		try_any_file(s, row->rule, (unsigned)anchor->assign, span.end);
	else if (rv_assign_look(s->bytes, context_of(s), (unsigned)anchor->assign, span.end,
				&common, &found))
		add_assignment(s, row->rule, &found, 0);
}

/* The anchor tells the form: "-----BEGIN ", "Private-Lines: ", "\"kty\"". */
static void try_pem(struct rv_scan *s, struct rv_armed *row, const struct rv_anchor *anchor,
		    struct rv_span span)
{
	struct rv_pem_key found;
	bool is_found = false;

	if (anchor->text[0] == '-')
		is_found = rv_pem_private_at(s->bytes, span.start, &found);
	else if (anchor->text[0] == 'P')
		is_found = rv_ppk_private_at(s->bytes, span.start, &found);
	else
		is_found = rv_jwk_private_at(s->bytes, span.start, &found);
	if (!is_found)
		return;
	size_t start = found.start < span.start ? found.start : span.start;
	struct rv_hit hit = {.rule = row->rule,
			     .start = found.start,
			     .len = found.len,
			     .match_start = start,
			     .match_len = found.end > start ? found.end - start : found.len,
			     .kind = row->rule->kind,
			     .confidence = found.confidence};

	add(s, hit);
}

static void try_row(struct rv_scan *s, struct rv_armed *row, const struct rv_anchor *literal,
		    struct rv_span anchor)
{
	const struct rv_rule *rule = row->rule;

	if (!rv_row_is_held(s->lane, row, s->flags))
		return;
	if ((rule->flags & RV_RULE_TEXT_ONLY) && !s->is_text && !(s->flags & RV_SCAN_MASK))
		return;
	switch ((enum rv_matcher)rule->matcher) {
	case RV_MATCHER_REGEX:
		if (rule->flags & RV_RULE_WHOLE)
			try_whole(s, row);
		else
			try_regex(s, row, anchor);
		return;
	case RV_MATCHER_ASSIGNMENT:
		try_assignment(s, row, literal, anchor);
		return;
	case RV_MATCHER_PEM:
		try_pem(s, row, literal, anchor);
		return;
	}
}

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void try_counted(struct rv_scan *s, struct rv_armed *row, const struct rv_anchor *literal,
			struct rv_span anchor)
{
	struct rv_rule_cost *cost = &s->lane->costs[row - s->lane->scanner->rows];
	size_t before = s->lane->hit_count;
	uint64_t from = now_ns();

	try_row(s, row, literal, anchor);
	cost->ns += now_ns() - from;
	cost->tries++;
	cost->matches += s->lane->hit_count - before;
}

static int on_anchor(struct rv_scan *s, const struct rv_anchors *anchors, unsigned id, size_t to)
{
	const struct rv_anchor *anchor = &anchors->items[id];
	size_t end = s->part_start + to;
	struct rv_span span = {end - anchor->len, end};

	for (uint32_t i = 0; i < anchor->count; i++) {
		uint32_t number = anchors->waiting[anchor->first + i];
		struct rv_armed *rows = s->lane->scanner->rows;

		if (number >= RV_ROW_FIRST)
			rv_mark_found(s, number, span);
		else if (s->lane->costs)
			try_counted(s, &rows[number], anchor, span);
		else
			try_row(s, &rows[number], anchor, span);
	}
	return s->is_full;
}

int rv_match_on_anchor(unsigned id, unsigned long long from, unsigned long long to,
		       unsigned hs_flags, void *user)
{
	struct rv_scan *s = user;

	(void)from;	/* 0: anchors have no start of match */
	(void)hs_flags; /* reserved by Vectorscan */
	return on_anchor(s, &s->lane->scanner->all, id, (size_t)to);
}

int rv_match_on_word_anchor(unsigned id, unsigned long long from, unsigned long long to,
			    unsigned hs_flags, void *user)
{
	struct rv_scan *s = user;

	(void)from;	/* as above */
	(void)hs_flags; /* as above */
	return on_anchor(s, &s->lane->scanner->words, id, (size_t)to);
}

void rv_match_whole(struct rv_scan *s)
{
	struct rv_scanner *scanner = s->lane->scanner;

	for (size_t r = 0; r < scanner->count && !s->is_full; r++) {
		const struct rv_rule *rule = scanner->rows[r].rule;

		if ((rule->flags & RV_RULE_WHOLE) && rule->regex &&
		    (!rule->anchors || !rule->anchors[0]) &&
		    rv_row_is_held(s->lane, &scanner->rows[r], s->flags))
			try_whole(s, &scanner->rows[r]);
	}
}

/* Of a file whose every line is a credential by its name. */
void rv_match_listed(struct rv_scan *s, int listed)
{
	struct rv_scanner *scanner = s->lane->scanner;
	struct rv_armed *row = NULL;
	struct rv_assign found;
	size_t at = 0;

	for (size_t r = 0; r < scanner->count && !row; r++) {
		if (scanner->rows[r].rule->matcher == RV_MATCHER_ASSIGNMENT)
			row = &scanner->rows[r];
	}
	if (row && !rv_row_is_held(s->lane, row, s->flags))
		return;
	while (row && !s->is_full &&
	       rv_assign_next_line((enum rv_listed)listed, s->bytes, &at, &found)) {
		if (found.len == 0)
			continue;
		add(s, (struct rv_hit){.rule = row->rule,
				       .start = found.start,
				       .len = found.len,
				       .match_start = found.start,
				       .match_len = found.len,
				       .forms = rv_is_any_file(s) ? RV_FORMS_LISTED : 0,
				       .kind = found.kind,
				       .confidence = found.confidence});
	}
}
