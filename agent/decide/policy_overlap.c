/* decide: do two policies speak of the same credentials? SURE is only said when it is so; NONE may
 * be wrong for a credential that lies at several places, each in the reach of another policy: that
 * is found at run time. And what the grants hold. */
#include "agent/decide/policy_lint_private.h"

#include "agent/base/path.h"

static bool is_literal(const char *glob)
{
	return strpbrk(glob, "*?[\\") == NULL;
}

/* The globs of two lists: NONE when every pair is apart, SURE when a literal lies in both. */
static enum rv_overlap globs_overlap(const char *a, const char *b)
{
	size_t prefix_a = strcspn(a, "*?[\\");
	size_t prefix_b = strcspn(b, "*?[\\");
	size_t shorter = prefix_a < prefix_b ? prefix_a : prefix_b;
	if (strcmp(a, b) == 0)
		return RV_OVERLAP_SURE;
	if (is_literal(a) && is_literal(b))
		return RV_OVERLAP_NONE;
	if (is_literal(a))
		return rv_glob_match(rv_str_of(b), rv_str_of(a)) ? RV_OVERLAP_SURE
								 : RV_OVERLAP_NONE;
	if (is_literal(b))
		return rv_glob_match(rv_str_of(a), rv_str_of(b)) ? RV_OVERLAP_SURE
								 : RV_OVERLAP_NONE;
	return strncmp(a, b, shorter) == 0 ? RV_OVERLAP_MAYBE : RV_OVERLAP_NONE;
}

/* For one key. In text that is no path `*` crosses '/', which rv_glob_match() does not know. */
static enum rv_overlap key_overlap(const struct rv_policy_value *a, const struct rv_policy_value *b,
				   bool is_path)
{
	if (!a->is_set || !b->is_set)
		return RV_OVERLAP_SURE;
	enum rv_overlap best = RV_OVERLAP_NONE;
	bool has_slash = false;
	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count; j++) {
			enum rv_overlap one = globs_overlap(a->items[i], b->items[j]);
			best = one > best ? one : best;
			has_slash |= strchr(a->items[i], '/') || strchr(b->items[j], '/');
		}
	}
	return best == RV_OVERLAP_NONE && has_slash && !is_path ? RV_OVERLAP_MAYBE : best;
}

static bool has_not(const struct rv_policy *p)
{
	for (unsigned i = 0; i < RV_LINT_MATCH_KEYS; i++)
		if (p->values[RV_PK_NOT_KIND + i].is_set)
			return true;
	return false;
}

enum rv_overlap rv_lint_overlap(const struct rv_policy *a, const struct rv_policy *b)
{
	enum rv_overlap all = RV_OVERLAP_SURE;
	for (unsigned i = 0; i < RV_LINT_MATCH_KEYS; i++) {
		unsigned key = RV_PK_MATCH_KIND + i;
		enum rv_overlap one =
			key_overlap(&a->values[key], &b->values[key], key == RV_PK_MATCH_PATH);
		all = one < all ? one : all;
	}
	if (all == RV_OVERLAP_SURE && (has_not(a) || has_not(b)))
		return RV_OVERLAP_MAYBE;
	return all;
}

/* Every choice of `narrow` is one of `wide`, or lies in one as a literal. */
static bool key_covers(const struct rv_policy_value *wide, const struct rv_policy_value *narrow)
{
	if (!wide->is_set)
		return true;
	if (!narrow->is_set)
		return false;
	for (size_t i = 0; i < narrow->count; i++) {
		bool is_in = false;
		for (size_t j = 0; j < wide->count; j++)
			is_in |= globs_overlap(wide->items[j], narrow->items[i]) ==
					 RV_OVERLAP_SURE &&
				 (strcmp(wide->items[j], narrow->items[i]) == 0 ||
				  is_literal(narrow->items[i]));
		if (!is_in)
			return false;
	}
	return true;
}

bool rv_lint_covers(const struct rv_policy *wide, const struct rv_policy *narrow)
{
	for (unsigned i = 0; i < RV_LINT_MATCH_KEYS; i++)
		if (!key_covers(&wide->values[RV_PK_MATCH_KIND + i],
				&narrow->values[RV_PK_MATCH_KIND + i]))
			return false;
	return !has_not(wide);
}

/* --- grants
 * ------------------------------------------------------------------------------------------ */

/* The next line of *cursor, without its newline. */
static bool next_line(const char **cursor, struct rv_str *out)
{
	if (**cursor == 0)
		return false;
	size_t len = strcspn(*cursor, "\n");
	*out = (struct rv_str){(const uint8_t *)*cursor, len};
	*cursor += len + ((*cursor)[len] == '\n');
	return true;
}

static struct rv_str next_word(struct rv_str *line)
{
	while (line->len > 0 && (line->data[0] == ' ' || line->data[0] == '\t')) {
		line->data++;
		line->len--;
	}
	struct rv_str word = {line->data, 0};
	while (word.len < line->len && line->data[word.len] != ' ' && line->data[word.len] != '\t')
		word.len++;
	line->data += word.len;
	line->len -= word.len;
	return word;
}

/* The command's first word names the granted path, whole or by base name; the rest is equal. */
static bool command_is(struct rv_str granted, struct rv_str asked)
{
	struct rv_str path = next_word(&granted);
	struct rv_str name = next_word(&asked);
	bool is_whole = name.len > 0 && name.data[0] == '/';
	if (!rv_str_equal(is_whole ? path : rv_path_base(path), name))
		return false;
	for (;;) {
		struct rv_str a = next_word(&granted);
		struct rv_str b = next_word(&asked);
		if (!rv_str_equal(a, b))
			return false;
		if (a.len == 0)
			return true;
	}
}

bool rv_lint_hook_is_granted(const char *grants, const char *command)
{
	struct rv_str line;
	while (next_line(&grants, &line)) {
		struct rv_str word = next_word(&line);
		if (!rv_str_is(word, "hook"))
			continue;
		(void)next_word(&line); /* the uid it runs as */
		if (command_is(line, rv_str_of(command)))
			return true;
	}
	return false;
}

bool rv_lint_reload_is_granted(const char *grants, const char *unit)
{
	struct rv_str line;
	while (next_line(&grants, &line)) {
		struct rv_str word = next_word(&line);
		struct rv_str name = next_word(&line);
		if (rv_str_is(word, "reload") && rv_str_is(name, unit))
			return true;
	}
	return false;
}
