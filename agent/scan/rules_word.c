/* scan: see rules_word.h. A regex is read once, from left to right; of each part only lengths are
 * kept. */
#include "agent/scan/rules_word.h"

#include "agent/scan/rule.h"

#include <ctype.h>

#define DEPTH_MAX 24
#define LEN_MAX	  100000U /* longer is as good as endless */

/* What is known of all matches of a part. */
struct part {
	unsigned least, most; /* bytes of a match */
	unsigned head, tail;  /* word bytes that it begins and ends with, at least */
	unsigned best;	      /* the longest run inside, at least .. */
	unsigned at;	      /* .. and how many bytes may stand before it, at most */
	bool is_word;	      /* nothing but word bytes; then head, tail and best are least */
};

struct reading {
	const char *p;
	unsigned depth;
	bool is_bad;
};

static const struct part nothing = {.is_word = true};

static bool is_word_byte(unsigned char c)
{
	return isalnum(c) || c == '-' || c == '_' || c == '+' || c == '/';
}

static unsigned add(unsigned a, unsigned b)
{
	return a + b < LEN_MAX ? a + b : LEN_MAX;
}

static unsigned times(unsigned a, unsigned n)
{
	return a == 0 || n == 0 ? 0 : n < LEN_MAX / a ? a * n : LEN_MAX;
}

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned most_of(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static struct part byte_part(bool is_word)
{
	unsigned n = is_word ? 1 : 0;

	return (struct part){
		.least = 1, .most = 1, .head = n, .tail = n, .best = n, .is_word = is_word};
}

static struct part join(struct part a, struct part b)
{
	struct part out = {.least = add(a.least, b.least),
			   .most = add(a.most, b.most),
			   .head = a.is_word ? a.least + b.head : a.head,
			   .tail = b.is_word ? b.least + a.tail : b.tail,
			   .best = a.best,
			   .at = a.at,
			   .is_word = a.is_word && b.is_word};
	unsigned middle = a.tail + b.head;

	if (b.best > out.best) {
		out.best = b.best;
		out.at = add(a.most, b.at);
	}
	if (middle > out.best) {
		out.best = middle;
		out.at = a.most; /* less a.tail, at most */
	}
	if (out.is_word)
		out.at = 0;
	return out;
}

static struct part either(struct part a, struct part b)
{
	return (struct part){.least = least_of(a.least, b.least),
			     .most = most_of(a.most, b.most),
			     .head = least_of(a.head, b.head),
			     .tail = least_of(a.tail, b.tail),
			     .best = least_of(a.best, b.best),
			     .at = most_of(a.at, b.at),
			     .is_word = a.is_word && b.is_word};
}

static struct part repeat(struct part a, unsigned from, unsigned to)
{
	struct part out = a;

	out.least = times(a.least, from);
	out.most = times(a.most, to);
	if (a.is_word) {
		out.head = out.tail = out.best = out.least;
		out.at = 0;
	} else if (from == 0) {
		out.head = out.tail = out.best = out.at = 0;
	}
	return out;
}

static struct part read_choice(struct reading *r);

/* A range between two small letters, two capitals or two digits holds nothing else. */
static int (*sort_of_range(const char *range))(int)
{
	static int (*const sorts[])(int) = {islower, isupper, isdigit};

	for (size_t i = 0; i < RV_LEN(sorts); i++) {
		if (sorts[i]((unsigned char)range[0]) && sorts[i]((unsigned char)range[2]))
			return sorts[i];
	}
	return NULL;
}

/* Behind the '['; false: not only word bytes, or letters of one case, which read like names
 * (reads.h). */
static bool read_class(struct reading *r)
{
	bool is_word = *r->p != '^';
	bool is_first = true;
	bool is_mixed = false;
	int (*sort)(int) = NULL;

	r->p += !is_word;
	for (; *r->p && (*r->p != ']' || is_first); r->p++, is_first = false) {
		if (*r->p == '\\' && r->p[1]) {
			r->p++;
			is_mixed = is_mixed || *r->p == 'w' || *r->p == 'd';
			is_word = is_word && (*r->p == 'w' || *r->p == 'd' || *r->p == '-' ||
					      *r->p == '/' || *r->p == '+' || *r->p == '_');
		} else if (r->p[1] == '-' && r->p[2] && r->p[2] != ']') {
			int (*before)(int) = sort;

			sort = sort_of_range(r->p);
			is_word = is_word && sort;
			is_mixed = is_mixed || sort == isdigit || (before && before != sort);
			r->p += 2;
		} else {
			is_word = is_word && is_word_byte((unsigned char)*r->p);
		}
	}
	r->is_bad |= *r->p != ']';
	r->p += *r->p == ']';
	return is_word && (is_mixed || !sort);
}

/* Behind the '('. Assertions take no room. */
/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX groups deep at most */
static struct part read_group(struct reading *r)
{
	bool is_assertion = false;

	if (++r->depth > DEPTH_MAX)
		r->is_bad = true;
	if (*r->p == '?') {
		const char *q = r->p + 1;

		is_assertion =
			*q == '=' || *q == '!' || (*q == '<' && (q[1] == '=' || q[1] == '!'));
		if (*q == '<' && !is_assertion)
			q = strchr(q, '>');
		else if (is_assertion)
			q += *q == '<';
		else
			while (*q == 'i' || *q == 's' || *q == 'm' || *q == '-')
				q++;
		/* (?i) alone has no part; other marks are not known here. */
		if (!q || (*q != ':' && *q != '>' && *q != '=' && *q != '!' && *q != ')'))
			r->is_bad = true;
		r->p = q ? q + (*q != ')') : r->p + strlen(r->p);
	}
	struct part part = r->is_bad ? nothing : read_choice(r);
	r->is_bad |= *r->p != ')';
	r->p += *r->p == ')';
	r->depth--;
	return is_assertion ? nothing : part;
}

static struct part read_escape(struct reading *r)
{
	char c = *r->p;

	if (!c) {
		r->is_bad = true;
		return nothing;
	}
	r->p++;
	if (c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == 'Z')
		return nothing;
	if (c == 'x' && isxdigit((unsigned char)r->p[0]) && isxdigit((unsigned char)r->p[1])) {
		r->p += 2;
		return byte_part(false);
	}
	if (isalnum((unsigned char)c) && !strchr("dwsDWSnrt", c))
		r->is_bad = true;
	return byte_part(c == 'd' || c == 'w' ||
			 (!isalnum((unsigned char)c) && is_word_byte((unsigned char)c)));
}

/* NOLINTNEXTLINE(misc-no-recursion): see read_group */
static struct part read_atom(struct reading *r)
{
	char c = *r->p++;

	switch (c) {
	case '(':
		return read_group(r);
	case '[':
		return byte_part(read_class(r));
	case '\\':
		return read_escape(r);
	case '^':
	case '$':
		return nothing;
	case '.':
		return byte_part(false);
	default:
		return byte_part(is_word_byte((unsigned char)c));
	}
}

static unsigned read_number(struct reading *r)
{
	unsigned n = 0;

	while (isdigit((unsigned char)*r->p))
		n = least_of(n * 10 + (unsigned)(*r->p++ - '0'), LEN_MAX);
	return n;
}

/* {n} {n,} {n,m} ? * + with a lazy or possessive mark behind. */
static struct part read_count(struct reading *r, struct part part)
{
	unsigned from = 1, to = 1;

	if (*r->p == '?' || *r->p == '*' || *r->p == '+') {
		from = *r->p == '+';
		to = *r->p == '?' ? 1 : LEN_MAX;
		r->p++;
	} else if (*r->p == '{' && isdigit((unsigned char)r->p[1])) {
		r->p++;
		from = to = read_number(r);
		if (*r->p == ',') {
			r->p++;
			to = *r->p == '}' ? LEN_MAX : read_number(r);
		}
		r->is_bad |= *r->p != '}';
		r->p += *r->p == '}';
	} else {
		return part;
	}
	r->p += *r->p == '?' || *r->p == '+';
	return repeat(part, from, to);
}

/* NOLINTNEXTLINE(misc-no-recursion): see read_group */
static struct part read_row(struct reading *r)
{
	struct part all = nothing;

	while (*r->p && *r->p != '|' && *r->p != ')' && !r->is_bad)
		all = join(all, read_count(r, read_atom(r)));
	return all;
}

/* NOLINTNEXTLINE(misc-no-recursion): see read_group */
static struct part read_choice(struct reading *r)
{
	struct part all = read_row(r);

	while (*r->p == '|' && !r->is_bad) {
		r->p++;
		all = either(all, read_row(r));
	}
	return all;
}

bool rv_rules_has_word(const char *regex)
{
	struct reading r = {.p = regex};
	struct part all = read_choice(&r);

	if (r.is_bad || *r.p)
		return false;
	return all.best >= RV_RULE_WORD_MIN && all.at <= RV_RULE_WORD_BACK;
}
