/* sweep: the report for people at a terminal or in a build's log. Not here: counting (report.c). */
#include "agent/sweep/report_parts.h"

#include "agent/base/clock.h"
#include "agent/base/path.h"

#define WIDTH_MIN     40
#define WIDTH_DEFAULT 80
#define INDENT	      "    "
#define INDENT_LEN    4
#define GAPS_NAMED    5
#define SUPPRESSED    50 /* suppressions that are named */
#define STEPS_MAX     12 /* providers named in the next steps */
#define COMMIT_SHOWN  12
#define FINDING_LINES 5 /* of one finding; with what is to be done next, and how it went: ten */

enum ink { INK_PLAIN, INK_BOLD, INK_DIM, INK_RED, INK_YELLOW, INK_GREEN };

/* Colour is never alone: what it marks is also said. */
static void ink(struct rv_report *r, enum ink which)
{
	static const char *const codes[] = {
		[INK_PLAIN] = "\033[0m",  [INK_BOLD] = "\033[1m",    [INK_DIM] = "\033[2m",
		[INK_RED] = "\033[1;31m", [INK_YELLOW] = "\033[33m", [INK_GREEN] = "\033[32m",
	};

	if (r->look.has_color)
		rv_emit_raw(&r->emit, codes[which]);
}

static unsigned width_of(const struct rv_report *r)
{
	unsigned width = r->look.width ? r->look.width : WIDTH_DEFAULT;

	return width < WIDTH_MIN ? WIDTH_MIN : width;
}

/* Columns a character takes: two for the wide ones of East Asia and for pictures. */
static unsigned columns_of(uint32_t point)
{
	static const uint32_t wide[][2] = {
		{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
		{0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};

	if (point >= 0x300 && point <= 0x36f)
		return 0;
	for (size_t i = 0; i < RV_LEN(wide); i++) {
		if (point >= wide[i][0] && point <= wide[i][1])
			return 2;
	}
	return 1;
}

/* How many bytes of text take at most `columns`, and what they take. */
static size_t fit(struct rv_str text, unsigned columns, unsigned *out_taken)
{
	size_t used = 0;
	unsigned taken = 0;

	while (used < text.len) {
		uint32_t point = 0;
		struct rv_str rest = {text.data + used, text.len - used};
		size_t len = rv_utf8_at(rest, &point);
		unsigned more = len ? columns_of(point) : 1;

		if (taken + more > columns)
			break;
		taken += more;
		used += len ? len : 1;
	}
	*out_taken = taken;
	return used;
}

static unsigned columns_of_text(const char *text)
{
	unsigned taken = 0;

	(void)fit(rv_str_of(text), UINT32_MAX / 4, &taken); /* all of it */
	return taken;
}

/* Where to begin so that the masked value is seen: at most a third of the line stands before it. */
static size_t window_start(const char *context, struct rv_str mark, unsigned columns)
{
	size_t before, start;

	if (!mark.data || columns_of_text(context) <= columns)
		return 0;
	before = (size_t)((const char *)mark.data - context);
	if (before <= columns / 3)
		return 0;
	start = before - columns / 3;
	while (start < before && ((unsigned char)context[start] & 0xc0) == 0x80)
		start++;
	return start;
}

static void put_context(struct rv_report *r, const struct rv_leak *leak)
{
	const char *context = leak->context;
	unsigned columns = width_of(r) - INDENT_LEN, taken;
	size_t start, len;
	struct rv_str shown;

	while (*context == ' ' || *context == '\t')
		context++;
	if (!*context)
		return;
	start = window_start(context, rv_report_mark(leak), columns);
	shown = rv_str_of(context + start);
	if (start)
		columns--;
	len = fit(shown, columns, &taken);
	if (len < shown.len)
		len = fit(shown, columns - 1, &taken);
	rv_emit_raw(&r->emit, INDENT);
	rv_emit_raw(&r->emit, start ? "…" : "");
	rv_emit_bytes(&r->emit, RV_AS_PLAIN, (struct rv_str){shown.data, len});
	rv_emit_raw(&r->emit, len < shown.len ? "…" : "");
	rv_emit_raw(&r->emit, "\n");
}

static const char *state_words(const struct rv_leak *leak)
{
	switch ((enum rv_leak_state)leak->state) {
	case RV_LEAK_NEW_RULE:
		return "new rule: only warns";
	case RV_LEAK_BASELINE:
		return "known";
	case RV_LEAK_ALLOWED:
		return "allowed";
	case RV_LEAK_WEAK:
		return "weak";
	case RV_LEAK_OPEN:
	case RV_LEAK__COUNT:
		break;
	}
	return NULL;
}

/* Roughly what the place takes; hostile names are longer escaped, then the line just is longer. */
static unsigned columns_of_where(const struct rv_leak *leak)
{
	unsigned taken = 0, inside = 0;

	(void)fit(rv_report_bare(leak->path), UINT32_MAX / 4, &taken); /* all of it */
	if (leak->inside)
		inside = 1 + columns_of_text(leak->inside);
	return taken + inside +
	       (unsigned)snprintf(NULL, 0, ":%u:%llu", leak->line,
				  (unsigned long long)leak->column);
}

/* Gives how many lines it took. */
static unsigned put_head(struct rv_report *r, const struct rv_leak *leak)
{
	const char *state = state_words(leak);
	unsigned rest = columns_of_text(leak->rule->id) + columns_of_text(leak->masked) + 10;
	enum ink loud = leak->state == RV_LEAK_OPEN	  ? INK_RED
			: leak->state == RV_LEAK_NEW_RULE ? INK_YELLOW
							  : INK_DIM;

	if (state)
		rest += columns_of_text(state) + 4;
	bool is_long = columns_of_where(leak) + rest > width_of(r);
	ink(r, INK_BOLD);
	rv_report_where(r, RV_AS_PLAIN, leak);
	ink(r, INK_PLAIN);
	rv_emit_raw(&r->emit, is_long ? "\n" INDENT : "  ");
	ink(r, loud);
	rv_emit_text(&r->emit, RV_AS_PLAIN, leak->rule->id);
	ink(r, INK_PLAIN);
	rv_emit_raw(&r->emit, "  ");
	rv_emit_text(&r->emit, RV_AS_PLAIN, leak->masked);
	rv_emit_fmt(&r->emit, "  %u%%", leak->confidence);
	if (state) {
		ink(r, loud);
		rv_emit_raw(&r->emit, "  [");
		rv_emit_raw(&r->emit, state);
		rv_emit_raw(&r->emit, "]");
		ink(r, INK_PLAIN);
	}
	rv_emit_raw(&r->emit, "\n");
	return is_long ? 2 : 1;
}

/* Phrases in lines, which are broken where they are full. */
struct line {
	unsigned phrases;
	unsigned taken; /* columns */
	unsigned left;	/* further lines that may begin */
	bool is_cut;
};

/* Begins a phrase of that many columns: a new line, or "; " after the one before. False: there is
 * no room left for it. */
static bool begin_phrase(struct rv_report *r, struct line *line, unsigned columns)
{
	bool is_full = line->phrases > 0 && line->taken + 2 + columns > width_of(r);

	if (is_full && line->left == 0) {
		line->is_cut = true;
		return false;
	}
	if (line->phrases++ == 0) {
		rv_emit_raw(&r->emit, INDENT);
		line->taken = INDENT_LEN;
	} else if (is_full) {
		rv_emit_raw(&r->emit, ";\n" INDENT);
		line->taken = INDENT_LEN;
		line->left--;
	} else {
		rv_emit_raw(&r->emit, "; ");
		line->taken += 2;
	}
	line->taken += columns;
	return true;
}

static void phrase(struct rv_report *r, struct line *line, const char *before, const char *text)
{
	if (!text || !begin_phrase(r, line, columns_of_text(before) + columns_of_text(text)))
		return;
	rv_emit_raw(&r->emit, before);
	rv_emit_text(&r->emit, RV_AS_PLAIN, text);
}

static void end_phrases(struct rv_report *r, const struct line *line)
{
	rv_emit_raw(&r->emit, line->is_cut ? "; …" : "");
	if (line->phrases)
		rv_emit_raw(&r->emit, "\n");
}

/* What is known of the value itself. */
static void put_proof(struct rv_report *r, struct line *line, const struct rv_leak *leak)
{
	phrase(r, line, "", leak->is_identified ? "proven by its own structure" : NULL);
	phrase(r, line, "id ", leak->public_id);
	phrase(r, line, "", leak->facts);
	phrase(r, line, "encoded: ", leak->layers);
	if (leak->places && begin_phrase(r, line, 16))
		rv_emit_fmt(&r->emit, "%u more place%s", leak->places,
			    leak->places == 1 ? "" : "s");
}

/* " in 3fa9c1d2e4b5 on 2025-11-27": 31 columns. */
static void put_commit(struct rv_report *r, const struct rv_leak_commit *commit)
{
	char when[RV_TIME_TEXT];
	size_t len = strlen(commit->id);

	rv_emit_raw(&r->emit, " in ");
	rv_emit_bytes(&r->emit, RV_AS_PLAIN,
		      (struct rv_str){(const uint8_t *)commit->id,
				      len > COMMIT_SHOWN ? COMMIT_SHOWN : len});
	if (commit->at_utc_us > 0) {
		rv_time_text(commit->at_utc_us, when);
		rv_emit_fmt(&r->emit, " on %.10s", when);
	}
}

static void put_author(struct rv_report *r, struct line *line, const struct rv_leak *leak)
{
	const struct rv_leak_commit *first = &leak->first;
	const char *who = first->author ? first->author : leak->owner_hint ? leak->owner_hint : "?";
	const char *email = first->author ? first->email : NULL;

	if (!begin_phrase(r, line,
			  9 + columns_of_text(who) + (email ? 3 + columns_of_text(email) : 0) + 31))
		return;
	rv_emit_raw(&r->emit, "added by ");
	rv_emit_text(&r->emit, RV_AS_PLAIN, who);
	if (email) {
		rv_emit_raw(&r->emit, " <");
		rv_emit_text(&r->emit, RV_AS_PLAIN, email);
		rv_emit_raw(&r->emit, ">");
	}
	put_commit(r, first);
}

/* Who added it, and when. */
static void put_who(struct rv_report *r, struct line *line, const struct rv_leak *leak)
{
	if (leak->first.id)
		put_author(r, line, leak);
	else
		phrase(r, line, "owner: ", leak->owner_hint);
	phrase(r, line, "", rv_report_reach(leak));
	if (leak->commit_count > 1 && begin_phrase(r, line, leak->last.id ? 50 : 12)) {
		rv_emit_fmt(&r->emit, "%u commits", leak->commit_count);
		if (leak->last.id) {
			rv_emit_raw(&r->emit, ", the last");
			put_commit(r, &leak->last);
		}
	}
}

/* What comes first is what somebody who is stopped by it has to know. */
static void put_leak(struct rv_report *r, const struct rv_leak *leak)
{
	struct line line = {.left = FINDING_LINES - 2};
	struct line why = {0};

	line.left -= put_head(r, leak);
	/* What is let pass stops nobody. */
	line.left -= leak->note && line.left > 0 && rv_report_level(leak) != RV_LEVEL_NOTE;
	put_context(r, leak);
	phrase(r, &line, "", rv_report_alive(leak));
	put_who(r, &line, leak);
	put_proof(r, &line, leak);
	end_phrases(r, &line);
	phrase(r, &why, "why: ", leak->note);
	end_phrases(r, &why);
	if (r->look.shows_prints && rv_report_print(leak)) {
		rv_emit_raw(&r->emit, INDENT "fingerprint ");
		rv_emit_text(&r->emit, RV_AS_PLAIN, rv_report_print(leak));
		rv_emit_raw(&r->emit, "\n");
	} else if (r->look.shows_prints && leak->is_passing) {
		rv_emit_raw(&r->emit,
			    INDENT "no fingerprint: it could be guessed; a baseline makes "
				   "one that lasts\n");
	}
}

static void put_leaks(struct rv_report *r)
{
	const struct rv_leak *last = NULL;

	for (size_t i = 0; i < r->facts->leak_count; i++) {
		const struct rv_leak *leak = &r->facts->leaks[i];

		if (!rv_report_tells(&r->look, leak))
			continue;
		if (last && !rv_report_same_file(last, leak))
			rv_emit_raw(&r->emit, "\n");
		put_leak(r, leak);
		last = leak;
	}
	if (last)
		rv_emit_raw(&r->emit, "\n");
}

/* True: an earlier rule of the same provider is live, too. */
static bool is_told_before(const struct rv_tally *tally, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (tally->rules[i].live &&
		    strcmp(tally->rules[i].rule->provider, tally->rules[at].rule->provider) == 0)
			return true;
	}
	return false;
}

static const char *where_to_roll(const struct rv_rule *rule)
{
	const char *link = rv_report_link(rule);

	return link ? link : "where it is used or issued";
}

static void put_provider(struct rv_report *r, const struct rv_rule *rule)
{
	rv_emit_raw(&r->emit, INDENT);
	rv_emit_text(&r->emit, RV_AS_PLAIN, rule->provider);
	rv_emit_raw(&r->emit, ": ");
	rv_emit_text(&r->emit, RV_AS_PLAIN, where_to_roll(rule));
	rv_emit_raw(&r->emit, "\n");
}

/* The providers, each with its page; the page of the only one stands in the sentence. */
static void put_roll(struct rv_report *r, const struct rv_tally *tally)
{
	const struct rv_rule *only = NULL;
	size_t live = 0, told = 0;

	for (size_t i = 0; i < tally->rule_count; i++) {
		if (tally->rules[i].live == 0 || is_told_before(tally, i))
			continue;
		only = tally->rules[i].rule;
		live++;
	}
	if (live == 1) {
		rv_emit_raw(&r->emit, " (");
		rv_emit_text(&r->emit, RV_AS_PLAIN, where_to_roll(only));
		rv_emit_raw(&r->emit, "), then remove it.\n");
		return;
	}
	rv_emit_raw(&r->emit, ", then remove it; removing it alone leaves it valid.\n");
	for (size_t i = 0; i < tally->rule_count && told < STEPS_MAX; i++) {
		if (tally->rules[i].live == 0 || is_told_before(tally, i))
			continue;
		put_provider(r, tally->rules[i].rule);
		told++;
	}
	if (live > STEPS_MAX)
		rv_emit_fmt(&r->emit, INDENT "and %zu more providers: --format json has them\n",
			    live - STEPS_MAX);
}

static void put_next(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	const struct rv_tally *tally = &r->tally;

	if (tally->of_state[RV_LEAK_OPEN] + tally->of_state[RV_LEAK_NEW_RULE] == 0)
		return;
	ink(r, INK_BOLD);
	rv_emit_raw(&r->emit, "Next: roll the key first");
	ink(r, INK_PLAIN);
	put_roll(r, tally);
	rv_emit_raw(&r->emit, "Only a test value? ");
	rv_report_excuse(r, "Say so on its line: reeve:allow reason=\"…\"");
	rv_emit_raw(&r->emit, "\nThe same check on your machine: ");
	rv_report_again(r, RV_AS_PLAIN);
	rv_emit_raw(&r->emit,
		    facts->suppression_count || rv_report_is_incomplete(facts) ? "\n\n" : "\n");
}

static void put_suppressions(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	uint64_t total = rv_report_suppression_total(facts);
	size_t named =
		facts->suppression_count < SUPPRESSED ? facts->suppression_count : SUPPRESSED;

	if (total == 0)
		return;
	rv_emit_fmt(&r->emit, "This change adds %llu suppression%s; here they have no effect:\n",
		    (unsigned long long)total, total == 1 ? "" : "s");
	for (size_t i = 0; i < named; i++) {
		const struct rv_suppression *item = &facts->suppressions[i];

		rv_emit_raw(&r->emit, INDENT);
		rv_emit_path(&r->emit, RV_AS_PLAIN, rv_report_bare(item->path));
		rv_emit_fmt(&r->emit, ":%u  ", item->line);
		rv_emit_text(&r->emit, RV_AS_PLAIN, item->what);
		rv_emit_raw(&r->emit, "\n");
	}
	if (total > named)
		rv_emit_fmt(&r->emit, INDENT "and %llu more: --format json lists %s\n",
			    (unsigned long long)(total - named),
			    total > facts->suppression_count ? "most" : "them");
	rv_emit_raw(&r->emit, "\n");
}

static void put_gaps(struct rv_report *r)
{
	uint64_t total = rv_report_gap_total(r->facts);

	if (total == 0)
		return;
	ink(r, INK_YELLOW);
	rv_emit_fmt(&r->emit, "%llu thing%s not scanned whole", (unsigned long long)total,
		    total == 1 ? " was" : "s were");
	ink(r, INK_PLAIN);
	if (total > GAPS_NAMED || total > r->facts->gap_count) {
		rv_emit_raw(&r->emit, " (");
		rv_report_again(r, RV_AS_PLAIN);
		rv_emit_raw(&r->emit, " --json lists them)");
	}
	rv_emit_raw(&r->emit, ":\n");
	for (size_t i = 0; i < r->facts->gap_count && i < GAPS_NAMED; i++) {
		rv_emit_raw(&r->emit, INDENT);
		rv_report_gap(r, RV_AS_PLAIN, &r->facts->gaps[i]);
		rv_emit_raw(&r->emit, "\n");
	}
	rv_emit_raw(&r->emit, "\n");
}

void rv_report_text(struct rv_report *r)
{
	bool is_open = r->tally.of_state[RV_LEAK_OPEN] > 0;
	bool is_incomplete = rv_report_is_incomplete(r->facts);

	if (!r->look.is_quiet) {
		put_leaks(r);
		put_next(r);
		put_suppressions(r);
		put_gaps(r);
	}
	ink(r, is_open ? INK_RED : is_incomplete ? INK_YELLOW : INK_GREEN);
	rv_report_result(r);
	ink(r, INK_PLAIN);
	rv_emit_raw(&r->emit, ". Scanned ");
	rv_report_effort(r);
	rv_emit_raw(&r->emit, ".\n");
}
