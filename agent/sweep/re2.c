/* sweep: Go's regexes into PCRE2: groups, flags, repeats, and the text that every match holds. Not
 * here: classes and escapes (re2_class.c). */
#include "agent/sweep/re2_private.h"

#include <ctype.h>

#define LITERAL_MIN 3

struct text {
	char bytes[RV_RE2_LITERAL_MAX + 1];
	size_t len;
};

struct group {
	bool is_multiline; /* before it: the flag ends with the group */
	bool has_choice;   /* a '|' directly in it */
	struct text best;  /* sure before it */
};

/* What came last, for the repeat that may follow. */
enum last {
	LAST_NOTHING,
	LAST_LETTER, /* one literal byte: the last of the run */
	LAST_OTHER,
	LAST_GROUP,
	LAST_REPEAT,
};

struct walk {
	struct rv_re2 p;
	struct group groups[RV_RE2_DEPTH_MAX + 1];
	size_t depth;
	bool is_multiline;
	enum last last;
	struct text run;    /* literal bytes next to each other, up to here */
	struct text best;   /* the longest that is sure */
	struct text before; /* sure before the group that ended last */
	uint32_t captures;
};

rv_status rv_re2_fail(const struct rv_re2 *p, const char *what)
{
	return rv_fail(RV_CLASS_MALFORMED, p->diag, "%s, at byte %zu of the regex", what,
		       (size_t)(p->at - p->start));
}

static void end_run(struct walk *w)
{
	if (w->run.len >= LITERAL_MIN && w->run.len > w->best.len)
		w->best = w->run;
	w->run.len = 0;
}

static void add_letter(struct walk *w, uint32_t c)
{
	if (c >= 0x80 || c == 0) {
		end_run(w);
		w->last = LAST_OTHER;
		return;
	}
	if (w->run.len == RV_RE2_LITERAL_MAX)
		end_run(w);
	w->run.bytes[w->run.len++] = (char)tolower((int)c);
	w->last = LAST_LETTER;
}

static rv_status put_letter(struct walk *w, uint32_t c)
{
	add_letter(w, c);
	return rv_re2_put_point(&w->p, c);
}

static rv_status put_other(struct walk *w, const char *text)
{
	end_run(w);
	w->last = LAST_OTHER;
	return rv_buf_put_str(w->p.out, text);
}

/* \Q..\E, or to the end. */
static rv_status read_quoted(struct walk *w)
{
	struct rv_re2 *p = &w->p;

	while (p->at < p->end) {
		uint32_t c = *p->at;

		if (c == '\\' && rv_re2_peek(p, 1) == 'E') {
			p->at += 2;
			return RV_OK;
		}
		if (c == '\\')
			p->at++;
		else
			RV_TRY(rv_re2_read_point(p, &c));
		RV_TRY(put_letter(w, c));
	}
	return RV_OK;
}

static rv_status read_backslash(struct walk *w)
{
	struct rv_re2 *p = &w->p;
	int c = rv_re2_peek(p, 1);
	const char *members;
	uint32_t point;

	if (c == 'p' || c == 'P') {
		p->at += 2;
		RV_TRY(rv_re2_read_property(p, &members));
		RV_TRY(put_other(w, c == 'p' ? "[" : "[^"));
		RV_TRY(rv_buf_put_str(p->out, members));
		return rv_buf_put_byte(p->out, ']');
	}
	if (c > 0 && strchr("dDwWsSbBAzQ", c)) {
		p->at += 2;
		if (c == 'Q')
			return read_quoted(w);
		if (c == 's' || c == 'S')
			return put_other(w, c == 's' ? "[\\t\\n\\f\\r ]" : "[^\\t\\n\\f\\r ]");
		if (!strchr("bBAz", c)) /* those take no room: the run goes on */
			end_run(w);
		w->last = LAST_OTHER;
		return rv_buf_printf(p->out, "\\%c", c);
	}
	RV_TRY(rv_re2_read_point(p, &point));
	return put_letter(w, point);
}

static rv_status enter(struct walk *w, const char *text)
{
	if (w->depth == RV_RE2_DEPTH_MAX)
		return rv_re2_fail(&w->p, "groups are nested too deep");
	end_run(w);
	w->groups[++w->depth] = (struct group){.is_multiline = w->is_multiline, .best = w->best};
	w->last = LAST_NOTHING;
	return rv_buf_put_str(w->p.out, text);
}

/* (?flags) and (?flags:..); the place is after "(?". */
static rv_status read_flags(struct walk *w)
{
	struct rv_re2 *p = &w->p;
	const uint8_t *first = p->at;
	bool is_on = true, is_multiline = w->is_multiline;

	for (;; p->at++) {
		int c = rv_re2_peek(p, 0);

		if (c == ':' || c == ')')
			break;
		if (c == '-' && is_on)
			is_on = false;
		else if (c == 'm')
			is_multiline = is_on;
		else if (c < 0 || !strchr("isU", c) || c == '\0')
			return rv_re2_fail(p, "Go's regexes have no such group");
	}
	struct rv_str flags = {first, (size_t)(p->at - first)};
	bool is_group = *p->at++ == ':';
	if (flags.len && flags.data[flags.len - 1] == '-')
		return rv_re2_fail(p, "a flag is wanted after -");
	if (is_group)
		RV_TRY(enter(w, "(?"));
	else if (flags.len)
		RV_TRY(rv_buf_put_str(p->out, "(?"));
	w->is_multiline = is_multiline;
	if (!is_group)
		w->last = LAST_NOTHING;
	RV_TRY(rv_buf_put(p->out, flags.data, flags.len));
	return is_group || flags.len ? rv_buf_put_byte(p->out, is_group ? ':' : ')') : RV_OK;
}

static rv_status read_open(struct walk *w)
{
	struct rv_re2 *p = &w->p;

	p->at++;
	if (rv_re2_peek(p, 0) != '?') {
		w->captures++;
		return enter(w, "(");
	}
	p->at++;
	size_t name = rv_re2_peek(p, 0) == 'P' && rv_re2_peek(p, 1) == '<' ? 2
		      : rv_re2_peek(p, 0) == '<'			   ? 1
									   : 0;
	if (name == 0)
		return read_flags(w);
	p->at += name;
	size_t len = 0;
	while (rv_re2_peek(p, len) > 0 && rv_re2_peek(p, len) < 0x80 &&
	       (isalnum(rv_re2_peek(p, len)) || rv_re2_peek(p, len) == '_'))
		len++;
	if (len == 0 || rv_re2_peek(p, len) != '>')
		return rv_re2_fail(p, "Go's regexes have no lookbehind: a name and > are wanted");
	p->at += len + 1;
	w->captures++;
	return enter(w, "(");
}

static rv_status read_close(struct walk *w)
{
	if (w->depth == 0)
		return rv_re2_fail(&w->p, "this ) closes nothing");
	end_run(w);
	const struct group *group = &w->groups[w->depth--];
	if (group->has_choice)
		w->best = group->best;
	w->before = group->best;
	w->is_multiline = group->is_multiline;
	w->last = LAST_GROUP;
	w->p.at++;
	return rv_buf_put_byte(w->p.out, ')');
}

static rv_status read_choice(struct walk *w)
{
	end_run(w);
	w->groups[w->depth].has_choice = true;
	w->last = LAST_NOTHING;
	w->p.at++;
	return rv_buf_put_byte(w->p.out, '|');
}

static bool read_count(const struct rv_re2 *p, size_t *at, uint32_t *out)
{
	size_t digits = 0;
	uint32_t value = 0;

	while (isdigit(rv_re2_peek(p, *at)) && digits++ < 5)
		value = value * 10 + (uint32_t)(rv_re2_peek(p, (*at)++) - '0');
	*out = value;
	return digits > 0 && digits <= 5;
}

/* {n}, {n,} or {n,m}: its length, or 0 for a plain brace. */
static size_t count_len(const struct rv_re2 *p, uint32_t *out_min, uint32_t *out_max)
{
	size_t at = 1;

	if (!read_count(p, &at, out_min))
		return 0;
	*out_max = *out_min;
	if (rv_re2_peek(p, at) == ',') {
		at++;
		*out_max = *out_min; /* {n,}: no end */
		if (rv_re2_peek(p, at) != '}' && !read_count(p, &at, out_max))
			return 0;
	}
	return rv_re2_peek(p, at) == '}' ? at + 1 : 0;
}

static rv_status put_repeat(struct walk *w, size_t len, uint32_t min)
{
	struct rv_re2 *p = &w->p;

	if (w->last == LAST_NOTHING)
		return rv_re2_fail(p, "there is nothing to repeat here");
	if (w->last == LAST_REPEAT)
		return rv_re2_fail(p, "a repeat of a repeat");
	if (w->last == LAST_LETTER && min == 0)
		w->run.len--;
	end_run(w);
	if (w->last == LAST_GROUP && min == 0)
		w->best = w->before;
	w->last = LAST_REPEAT;
	len += rv_re2_peek(p, len) == '?';
	RV_TRY(rv_buf_put(p->out, p->at, len));
	p->at += len;
	return RV_OK;
}

static rv_status read_brace(struct walk *w)
{
	uint32_t min, max;
	size_t len = count_len(&w->p, &min, &max);

	if (len == 0) {
		w->p.at++;
		return put_letter(w, '{');
	}
	if (min > RV_RE2_REPEAT_MAX || max > RV_RE2_REPEAT_MAX || max < min)
		return rv_re2_fail(&w->p, "a repeat is of at most 1000, the lower first");
	return put_repeat(w, len, min);
}

static rv_status step(struct walk *w)
{
	struct rv_re2 *p = &w->p;
	uint32_t point;

	switch (*p->at) {
	case '\\':
		return read_backslash(w);
	case '[':
		end_run(w);
		w->last = LAST_OTHER;
		return rv_re2_read_class(p);
	case '(':
		return read_open(w);
	case ')':
		return read_close(w);
	case '|':
		return read_choice(w);
	case '*':
	case '?':
		return put_repeat(w, 1, 0);
	case '+':
		return put_repeat(w, 1, 1);
	case '{':
		return read_brace(w);
	case '.':
		p->at++;
		return put_other(w, ".");
	case '^':
	case '$':
		/* Without (?m) Go's $ is the very end, PCRE2's also before a last newline. */
		w->last = LAST_OTHER;
		return rv_buf_put_str(p->out, *p->at++ == '^'	? "^"
					      : w->is_multiline ? "$"
								: "\\z");
	default:
		RV_TRY(rv_re2_read_point(p, &point));
		return put_letter(w, point);
	}
}

rv_status rv_re2_translate(struct rv_str regex, struct rv_buf *out, struct rv_re2_facts *out_facts,
			   struct rv_diag *diag)
{
	struct walk w = {.p = {regex.data, regex.data, regex.data + regex.len, out, diag}};

	if (regex.len > RV_RE2_TEXT_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "this regex is longer than %d bytes",
			       RV_RE2_TEXT_MAX);
	if (regex.len && memchr(regex.data, 0, regex.len))
		return rv_fail(RV_CLASS_MALFORMED, diag, "a NUL byte in the regex");
	if (!rv_buf_reserve(out, out->max - out->len)) /* then only its length can be refused */
		return rv_fail_nomem(diag);
	while (w.p.at < w.p.end) {
		rv_status status = step(&w);

		if (rv_class_of(status) == RV_CLASS_EXHAUSTED)
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "this regex is too long once it is translated");
		RV_TRY(status);
	}
	if (w.depth > 0)
		return rv_re2_fail(&w.p, "a group is not closed");
	end_run(&w);
	*out_facts = (struct rv_re2_facts){.groups = w.captures};
	if (!w.groups[0].has_choice)
		memcpy(out_facts->literal, w.best.bytes, w.best.len);
	return RV_OK;
}
