/* scan: shared by assign*.c. */
#pragma once

#include "agent/scan/assign.h"
#include "agent/scan/value_private.h"

/* How the name and the value are bound. */
enum rv_bind {
	RV_BIND_NONE = 0,
	RV_BIND_ASSIGN,	 /* = := => <- */
	RV_BIND_COLON,	 /* : */
	RV_BIND_COMPARE, /* == != */
	RV_BIND_CALL,	 /* name(.. */
	RV_BIND_COMMA,	 /* "name", .. */
	RV_BIND_TAG,	 /* <name>.. */
	RV_BIND_SPACE,	 /* --name .., name '..' */
	RV_BIND_PAIR,	 /* name: NAME, value: .. */
};

/* One occurrence as it is taken apart. */
struct rv_place {
	struct rv_str bytes;
	struct rv_context *context;
	struct rv_assign_common *common;
	unsigned family;
	size_t key_start;
	size_t key_end;
	size_t name_start;
	size_t name_end;
	uint8_t name_quote; /* the quote behind the name, or 0 */
	bool is_escaped;    /* that quote is written \" */
	enum rv_bind bind;
	size_t at; /* where the value is to begin */
	/* the value */
	size_t start;
	size_t len;
	bool is_quoted;
	uint64_t bits;
};

/* Is the file of one of these forms? Nothing else asks, so that those that would have been answered
 * alike are known (rv_context.alike). */
static inline bool rv_form_is(const struct rv_place *p, unsigned forms)
{
	bool is_one = forms >> p->context->form & 1U;

	p->context->alike &= (uint16_t)(is_one ? forms : ~forms);
	return is_one;
}

/* Byte at `at`, or 0 past the end: no parser of ours wants a NUL. */
static inline uint8_t rv_at(const struct rv_place *p, size_t at)
{
	return at < p->bytes.len ? p->bytes.data[at] : 0;
}

static inline bool rv_is_quote(uint8_t c)
{
	return c == '"' || c == '\'' || c == '`';
}

static inline size_t rv_skip_blanks(const struct rv_place *p, size_t at)
{
	while (rv_is_blank(rv_at(p, at)))
		at++;
	return at;
}

/* Start of the line, or RV_ASSIGN_REACH * 4 bytes before. */
size_t rv_line_start(const struct rv_place *p, size_t at);

/* By the features of a value: did a machine make it? (assign.c) */
bool rv_is_made(uint64_t bits, size_t len);

bool rv_is_in_comment(const struct rv_place *p);

/* Sets bind and at (assign_bind.c). */
bool rv_bind_find(struct rv_place *p);
/* Sets start, len, is_quoted and bits from at (assign_value.c). */
bool rv_span_find(struct rv_place *p);
/* URL, SCHEME, CURL, SQL, HASH: sets the value and bits (assign_marked.c). */
bool rv_marked_find(struct rv_place *p);
