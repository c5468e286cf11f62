/* decide: does a policy speak of this credential? Not here: what it then says. */
#include "agent/decide/verdict_private.h"

#include "agent/base/path.h"

#define TEXT_MAX 1024

/* In text that is no path, '/' is a letter like any other: `*` crosses it. */
static struct rv_str without_slashes(struct rv_str in, char out[TEXT_MAX])
{
	size_t len = in.len < TEXT_MAX ? in.len : TEXT_MAX;
	for (size_t i = 0; i < len; i++)
		out[i] = in.data[i] == '/' ? '\x01' : (char)in.data[i];
	return (struct rv_str){(const uint8_t *)out, len};
}

static bool text_matches(const struct rv_policy_value *globs, struct rv_str text)
{
	char plain[TEXT_MAX];
	char pattern[TEXT_MAX];
	struct rv_str subject = without_slashes(text, plain);
	for (size_t i = 0; text.len > 0 && i < globs->count; i++)
		if (rv_glob_match(without_slashes(rv_str_of(globs->items[i]), pattern), subject))
			return true;
	return false;
}

static bool path_matches(const struct rv_policy_value *globs, const struct rv_facts *f)
{
	for (size_t p = 0; p < f->place_count; p++)
		for (size_t i = 0; i < globs->count; i++)
			if (rv_glob_match(rv_str_of(globs->items[i]), f->places[p].path))
				return true;
	return false;
}

static bool place_text_matches(const struct rv_policy_value *globs, const struct rv_facts *f,
			       bool is_unit)
{
	for (size_t p = 0; p < f->place_count; p++)
		if (text_matches(globs, is_unit ? f->places[p].unit : f->places[p].package))
			return true;
	return false;
}

static bool kind_matches(const struct rv_policy_value *kinds, unsigned kind)
{
	for (size_t i = 0; i < kinds->count; i++)
		if (kinds->numbers[i] == (int64_t)kind)
			return true;
	return false;
}

/* Of the eight match keys and their eight `not` twins, in table order. */
static bool key_matches(const struct rv_policy *p, unsigned offset, unsigned base,
			const struct rv_facts *f)
{
	const struct rv_policy_value *v = &p->values[base + offset];
	switch (RV_PK_MATCH_KIND + offset) {
	case RV_PK_MATCH_KIND:
		return kind_matches(v, f->kind);
	case RV_PK_MATCH_PATH:
		return path_matches(v, f);
	case RV_PK_MATCH_NAME:
		return text_matches(v, f->name);
	case RV_PK_MATCH_ISSUER:
		return text_matches(v, f->issuer);
	case RV_PK_MATCH_PROVIDER:
		return text_matches(v, f->provider);
	case RV_PK_MATCH_OWNER:
		return text_matches(v, f->owner);
	case RV_PK_MATCH_UNIT:
		return place_text_matches(v, f, true);
	case RV_PK_MATCH_PACKAGE:
		return place_text_matches(v, f, false);
	default:
		RV_BUG_ON(true);
	}
	return false;
}

_Static_assert(RV_PK_NOT_KIND == RV_PK_MATCH_KIND + 8, "match keys and their twins stand in order");
_Static_assert(RV_PK_NOT_PACKAGE == RV_PK_MATCH_PACKAGE + 8, "match keys and their twins");

bool rv_policy_matches(const struct rv_policy *p, const struct rv_facts *facts,
		       const char **out_why_not)
{
	for (unsigned i = 0; i < 8; i++) {
		if (p->values[RV_PK_MATCH_KIND + i].is_set &&
		    !key_matches(p, i, RV_PK_MATCH_KIND, facts)) {
			*out_why_not = rv_policy_keys()[RV_PK_MATCH_KIND + i].path;
			return false;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (p->values[RV_PK_NOT_KIND + i].is_set &&
		    key_matches(p, i, RV_PK_NOT_KIND, facts)) {
			*out_why_not = rv_policy_keys()[RV_PK_NOT_KIND + i].path;
			return false;
		}
	}
	return true;
}

void rv_matches_find(const struct rv_policy_set *set, const struct rv_facts *facts,
		     struct rv_matches *out)
{
	const char *why_not = NULL;
	out->count = 0;
	for (size_t i = 0; i < rv_policy_count(set); i++)
		if (rv_policy_matches(rv_policy_at(set, i), facts, &why_not))
			out->items[out->count++] = rv_policy_at(set, i);
}

void rv_text_cut(struct rv_str text, char *out, size_t size)
{
	bool is_cut = text.len >= size;
	size_t len = is_cut ? size - 3 : text.len;
	for (size_t i = 0; i < len; i++)
		out[i] = text.data[i] >= 0x20 && text.data[i] < 0x7f ? (char)text.data[i] : '?';
	memcpy(out + len, is_cut ? ".." : "", is_cut ? 3 : 1);
}
