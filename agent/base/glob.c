/* base: anchored globs over byte paths, as a set of pattern positions that moves along the path:
 * time is pattern * path whatever the pattern, and nothing recurses. Not here: I/O, ordering. */
#include "agent/base/path.h"

#define PATTERN_MAX 4096
#define WORD_BITS   64

struct positions {
	uint64_t words[PATTERN_MAX / WORD_BITS + 1];
};

enum token { LITERAL, ANY_BYTE, STAR, STAR_STAR, SET, BROKEN };

static void add(struct positions *set, size_t at)
{
	set->words[at / WORD_BITS] |= UINT64_C(1) << (at % WORD_BITS);
}

static bool has(const struct positions *set, size_t at)
{
	return set->words[at / WORD_BITS] >> (at % WORD_BITS) & 1;
}

/* The length of the set "[..]" at p, 0 when it does not end. A ']' that comes first is a member. */
static size_t set_length(struct rv_str p)
{
	size_t i = 1;

	if (i < p.len && p.data[i] == '!')
		i++;
	for (size_t first = i; i < p.len; i++) {
		if (p.data[i] == ']' && i > first)
			return i + 1;
		if (p.data[i] == '\\')
			i++;
	}
	return 0;
}

static enum token token_at(struct rv_str p, size_t *out_len)
{
	*out_len = 1;
	switch (p.data[0]) {
	case '?':
		return ANY_BYTE;
	case '*':
		if (p.len < 2 || p.data[1] != '*')
			return STAR;
		*out_len = 2;
		return STAR_STAR;
	case '[':
		*out_len = set_length(p);
		return *out_len ? SET : BROKEN;
	case '\\':
		*out_len = 2;
		return p.len >= 2 ? LITERAL : BROKEN;
	default:
		return LITERAL;
	}
}

/* The member byte at *i of a set, past an escape. */
static uint8_t member(struct rv_str set, size_t *i)
{
	if (set.data[*i] == '\\')
		(*i)++;
	return set.data[(*i)++];
}

/* set: from '[' to ']' and well formed, so that a byte follows each backslash. */
static bool set_has(struct rv_str set, uint8_t byte)
{
	bool negated = set.data[1] == '!';
	bool found = false;
	size_t end = set.len - 1;

	for (size_t i = negated ? 2 : 1; i < end;) {
		uint8_t low = member(set, &i);
		uint8_t high = low;

		if (i + 1 < end && set.data[i] == '-') {
			i++;
			high = member(set, &i);
		}
		if (byte >= low && byte <= high)
			found = true;
	}
	return found != negated;
}

static struct rv_str from(struct rv_str s, size_t at)
{
	return (struct rv_str){s.data + at, s.len - at};
}

/* Stars match nothing too: whoever stands before one also stands behind it. A "**" + "/" does so
 * only where a component starts. */
static void add_behind_stars(struct rv_str pattern, bool is_start, struct positions *set)
{
	for (size_t at = 0; at < pattern.len; at++) {
		enum token token;
		size_t len;

		if (!has(set, at))
			continue;
		token = token_at(from(pattern, at), &len);
		if (token == STAR || token == STAR_STAR)
			add(set, at + len);
		if (token == STAR_STAR && is_start && at + len < pattern.len &&
		    pattern.data[at + len] == '/')
			add(set, at + len + 1);
	}
}

static bool takes(struct rv_str pattern, size_t at, enum token token, size_t len, uint8_t byte)
{
	switch (token) {
	case LITERAL:
		return pattern.data[at + len - 1] == byte;
	case ANY_BYTE:
	case STAR:
		return byte != '/';
	case STAR_STAR:
		return true;
	case SET:
		return byte != '/' && set_has((struct rv_str){pattern.data + at, len}, byte);
	case BROKEN:
		break;
	}
	return false;
}

static struct positions step(struct rv_str pattern, const struct positions *set, uint8_t byte)
{
	struct positions next = {0};

	for (size_t at = 0; at < pattern.len; at++) {
		enum token token;
		size_t len;

		if (!has(set, at))
			continue;
		token = token_at(from(pattern, at), &len);
		if (!takes(pattern, at, token, len, byte))
			continue;
		add(&next, token == STAR || token == STAR_STAR ? at : at + len);
	}
	return next;
}

bool rv_glob_match(struct rv_str pattern, struct rv_str path)
{
	struct positions set = {0};

	if (!rv_glob_is_valid(pattern, NULL))
		return false;
	add(&set, 0);
	add_behind_stars(pattern, true, &set);
	for (size_t i = 0; i < path.len; i++) {
		set = step(pattern, &set, path.data[i]);
		add_behind_stars(pattern, path.data[i] == '/', &set);
	}
	return has(&set, pattern.len);
}

bool rv_glob_is_valid(struct rv_str pattern, struct rv_diag *diag)
{
	if (pattern.len > PATTERN_MAX) {
		rv_diag_set(diag, "the pattern is longer than %d bytes", PATTERN_MAX);
		return false;
	}
	for (size_t at = 0; at < pattern.len;) {
		size_t len;
		enum token token = token_at(from(pattern, at), &len);

		if (token == BROKEN) {
			rv_diag_set(diag, "the pattern is broken at byte %zu: %s", at + 1,
				    pattern.data[at] == '[' ? "this '[' has no ']'"
							    : "nothing follows the backslash");
			return false;
		}
		at += len;
	}
	return true;
}
