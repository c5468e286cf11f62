/* scan: sets of rules, sorted by id. Not here: the compiled-in table (rule_table.c). */
#include "agent/scan/rule.h"

struct rv_ruleset {
	const struct rv_rule *rows[RV_RULESET_MAX];
	size_t count;
};

rv_status rv_ruleset_new(bool with_builtin, struct rv_ruleset **out)
{
	size_t count = 0;
	const struct rv_rule *table = with_builtin ? rv_rule_table(&count) : NULL;
	struct rv_ruleset *set = calloc(1, sizeof(*set));

	RV_BUG_ON(count > RV_RULESET_MAX);
	if (!set)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < count; i++)
		set->rows[i] = &table[i];
	set->count = count;
	*out = set;
	return RV_OK;
}

void rv_ruleset_free(struct rv_ruleset *set)
{
	free(set);
}

void rv_ruleset_freep(struct rv_ruleset **set)
{
	rv_ruleset_free(*set);
	*set = NULL;
}

/* The place of the id, or where it would stand. */
static size_t place_of(const struct rv_ruleset *set, const char *id, bool *out_is_there)
{
	size_t low = 0, high = set->count;

	*out_is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, set->rows[middle]->id);

		if (order == 0) {
			*out_is_there = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool has_alias(const struct rv_rule *rule, const char *alias)
{
	for (const char *const *a = rule->aliases; a && *a; a++) {
		if (strcmp(*a, alias) == 0)
			return true;
	}
	return false;
}

rv_status rv_ruleset_add(struct rv_ruleset *set, const struct rv_rule *rule, struct rv_diag *diag)
{
	bool is_there;
	size_t place = place_of(set, rule->id, &is_there);

	if (!is_there && set->count == RV_RULESET_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d rules in force",
			       RV_RULESET_MAX);
	if (!is_there) {
		memmove(&set->rows[place + 1], &set->rows[place],
			(set->count - place) * sizeof(set->rows[0]));
		set->count++;
	}
	set->rows[place] = rule;
	return RV_OK;
}

bool rv_ruleset_remove(struct rv_ruleset *set, const char *id)
{
	bool is_there;
	size_t place = place_of(set, id, &is_there);
	size_t kept = 0;

	if (is_there) {
		memmove(&set->rows[place], &set->rows[place + 1],
			(set->count - place - 1) * sizeof(set->rows[0]));
		set->count--;
		return true;
	}
	for (size_t i = 0; i < set->count; i++) {
		if (!has_alias(set->rows[i], id))
			set->rows[kept++] = set->rows[i];
	}
	bool is_known = kept < set->count;
	set->count = kept;
	return is_known;
}

/* True when a rule was marked for the first time. */
static bool keep(const struct rv_ruleset *set, const char *id, bool *is_kept)
{
	bool is_there;
	size_t place = place_of(set, id, &is_there);
	bool is_new = is_there && !is_kept[place];

	if (is_there)
		is_kept[place] = true;
	return is_new;
}

/* Companions of what is kept, and theirs, until there are no more. */
static void keep_companions(const struct rv_ruleset *set, bool *is_kept)
{
	bool has_more = true;

	while (has_more) {
		has_more = false;
		for (size_t i = 0; i < set->count; i++) {
			const char *const *near = is_kept[i] ? set->rows[i]->near : NULL;

			for (; near && *near; near++)
				has_more = keep(set, *near, is_kept) || has_more;
		}
	}
}

static bool is_near(const struct rv_rule *rule, const char *id)
{
	for (const char *const *near = rule->near; near && *near; near++) {
		if (strcmp(*near, id) == 0)
			return true;
	}
	return false;
}

/* A companion that was asked for tells nothing by itself: the rules it names are kept as well. */
static void keep_named(const struct rv_ruleset *set, bool *is_kept, const bool *is_asked)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!is_asked[i] || !(set->rows[i]->flags & RV_RULE_COMPANION))
			continue;
		for (size_t k = 0; k < set->count; k++)
			is_kept[k] = is_kept[k] || is_near(set->rows[k], set->rows[i]->id);
	}
}

rv_status rv_ruleset_only(struct rv_ruleset *set, const char *const *ids, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) bool *is_kept = calloc(RV_RULESET_MAX, sizeof(*is_kept));
	RV_CLEANUP(rv_freep) bool *is_asked = calloc(RV_RULESET_MAX, sizeof(*is_asked));
	size_t kept = 0;

	if (!is_kept || !is_asked)
		return rv_fail_nomem(diag);
	for (; *ids; ids++) {
		bool is_there;

		(void)place_of(set, *ids, &is_there); /* only whether it is an id */
		if (!rv_ruleset_find(set, *ids))
			return rv_fail(RV_CLASS_NOT_FOUND, diag, "there is no rule %s", *ids);
		for (size_t i = 0; i < set->count; i++) {
			if (is_there ? strcmp(set->rows[i]->id, *ids) == 0
				     : has_alias(set->rows[i], *ids))
				is_kept[i] = is_asked[i] = true;
		}
	}
	keep_named(set, is_kept, is_asked);
	keep_companions(set, is_kept);
	for (size_t i = 0; i < set->count; i++) {
		if (is_kept[i])
			set->rows[kept++] = set->rows[i];
	}
	set->count = kept;
	return RV_OK;
}

const struct rv_rule *rv_ruleset_find(const struct rv_ruleset *set, const char *id)
{
	bool is_there;
	size_t place = place_of(set, id, &is_there);

	if (is_there)
		return set->rows[place];
	for (size_t i = 0; i < set->count; i++) {
		if (has_alias(set->rows[i], id))
			return set->rows[i];
	}
	return NULL;
}

bool rv_ruleset_is_half(const struct rv_ruleset *set, const char *id)
{
	bool is_there;
	size_t place = place_of(set, id, &is_there);
	bool is_half = false;

	if (is_there)
		return (set->rows[place]->flags & RV_RULE_COMPANION) != 0;
	for (size_t i = 0; i < set->count; i++) {
		if (!has_alias(set->rows[i], id))
			continue;
		if (!(set->rows[i]->flags & RV_RULE_COMPANION))
			return false;
		is_half = true;
	}
	return is_half;
}

bool rv_ruleset_needs(const struct rv_ruleset *set, const char *id)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct rv_rule *half = set->rows[i];

		if (strcmp(half->id, id) != 0 && !has_alias(half, id))
			continue;
		for (size_t k = 0; k < set->count; k++) {
			if (is_near(set->rows[k], half->id))
				return true;
		}
	}
	return false;
}

const struct rv_rule *const *rv_ruleset_rows(const struct rv_ruleset *set, size_t *out_count)
{
	*out_count = set->count;
	return set->rows;
}
