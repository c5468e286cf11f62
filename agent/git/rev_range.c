/* git: ranges and dates as people write them. Not here: single names (rev.c). */
#include "agent/git/rev.h"

#include "agent/base/clock.h"

void rv_git_range_done(struct rv_git_range *range)
{
	if (!range)
		return;
	free(range->include);
	free(range->exclude);
	*range = (struct rv_git_range){0};
}

static rv_status put(uint32_t **list, size_t *count, uint32_t n)
{
	if ((*count & (*count - 1)) == 0) { /* at 0, 1, 2, 4, 8 .. */
		uint32_t *grown = reallocarray(*list, *count ? *count * 2 : 1, sizeof(*grown));

		if (!grown)
			return rv_fail_nomem(NULL);
		*list = grown;
	}
	(*list)[(*count)++] = n;
	return RV_OK;
}

static rv_status side(const struct rv_git_names *names, struct rv_str text, uint32_t *out_n,
		      struct rv_diag *diag)
{
	return rv_git_rev_commit(names, text.len > 0 ? text : RV_STR_LIT("HEAD"), out_n, diag);
}

rv_status rv_git_range_add(struct rv_git_range *range, const struct rv_git_names *names,
			   struct rv_str text, struct rv_diag *diag)
{
	const uint8_t *dots = text.len ? memmem(text.data, text.len, "..", 2) : NULL;
	uint32_t a = 0, b = 0, base = 0;
	struct rv_str left, right;
	bool is_both;
	rv_status status;

	if (range->include_count >= RV_GIT_REVS_MAX || range->exclude_count >= RV_GIT_REVS_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d commits are named",
			       RV_GIT_REVS_MAX);
	if (!dots && text.len > 0 && text.data[0] == '^') {
		text.data++;
		text.len--;
		RV_TRY(rv_git_rev_commit(names, text, &a, diag));
		return put(&range->exclude, &range->exclude_count, a);
	}
	if (!dots) {
		RV_TRY(rv_git_rev_commit(names, text, &b, diag));
		return put(&range->include, &range->include_count, b);
	}
	left = (struct rv_str){text.data, (size_t)(dots - text.data)};
	is_both = (size_t)(dots - text.data) + 2 < text.len && dots[2] == '.';
	right.data = dots + (is_both ? 3 : 2);
	right.len = text.len - (size_t)(right.data - text.data);
	RV_TRY(side(names, left, &a, diag));
	RV_TRY(side(names, right, &b, diag));
	RV_TRY(put(&range->include, &range->include_count, b));
	if (!is_both)
		return put(&range->exclude, &range->exclude_count, a);
	RV_TRY(put(&range->include, &range->include_count, a));
	status = rv_git_graph_merge_base(names->graph, a, b, &base);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		return RV_OK;
	RV_TRY(status);
	return put(&range->exclude, &range->exclude_count, base);
}

/* A commit, or nothing when it is something else or not there. */
static rv_status add_tip(struct rv_git_range *range, const struct rv_git_names *names,
			 struct rv_git_oid oid)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	uint32_t n = 0;

	n = rv_git_oidmap_get(&names->graph->ids, &oid);
	if (n == RV_GIT_NONE || names->graph->nodes[n].state != RV_GIT_NODE_READ) {
		if (!rv_is_ok(
			    rv_git_peel(names->graph->reader, names->git->oid_len, &oid, &type)) ||
		    type != RV_GIT_COMMIT)
			return RV_OK;
		RV_TRY(rv_git_graph_add(names->graph, &oid, &n));
	}
	return put(&range->include, &range->include_count, n);
}

rv_status rv_git_range_add_all(struct rv_git_range *range, const struct rv_git_names *names)
{
	for (uint32_t i = 0; i < names->refs->count; i++)
		RV_TRY(add_tip(range, names, names->refs->items[i].oid));
	for (uint32_t i = 0; i < names->refs->logged.count; i++)
		RV_TRY(add_tip(range, names, names->refs->logged.oids[i]));
	return RV_OK;
}

static int64_t seconds_of(struct rv_str unit)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"second", 1},    {"minute", 60},	   {"hour", 3600},    {"day", 86400},
		     {"week", 604800}, {"month", 2592000}, {"year", 31536000}};

	for (size_t i = 0; i < RV_LEN(units); i++) {
		size_t len = strlen(units[i].name);

		if (rv_str_starts_with(unit, units[i].name) &&
		    (unit.len == len || (unit.len == len + 1 && unit.data[len] == 's')))
			return units[i].seconds;
	}
	return 0;
}

static struct rv_str take_word(struct rv_str *text)
{
	struct rv_str word = *text;

	word.len = 0;
	while (word.len < text->len && text->data[word.len] != ' ' && text->data[word.len] != '.')
		word.len++;
	text->data += word.len;
	text->len -= word.len;
	while (text->len > 0 && (text->data[0] == ' ' || text->data[0] == '.')) {
		text->data++;
		text->len--;
	}
	return word;
}

static bool number_of(struct rv_str word, int64_t *out)
{
	int64_t value = 0;

	if (word.len == 0 || word.len > 12)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		value = value * 10 + (word.data[i] - '0');
	}
	*out = value;
	return true;
}

/* "3 weeks ago", "3.weeks", "3 weeks" */
static bool parse_ago(struct rv_str text, int64_t now_utc, int64_t *out_utc)
{
	struct rv_str count = take_word(&text), unit = take_word(&text);
	int64_t number = 0, seconds = seconds_of(unit), all = 0;

	if (!number_of(count, &number) || seconds == 0 ||
	    (text.len > 0 && !rv_str_is(text, "ago")) ||
	    __builtin_mul_overflow(number, seconds, &all))
		return false;
	*out_utc = all < now_utc ? now_utc - all : 1;
	return true;
}

rv_status rv_git_since_parse(struct rv_str text, int64_t now_utc, int64_t *out_utc,
			     struct rv_diag *diag)
{
	int64_t us = 0;

	if (text.len > 1 && text.data[0] == '@' &&
	    number_of((struct rv_str){text.data + 1, text.len - 1}, out_utc))
		return RV_OK;
	if (text.len > 0 && parse_ago(text, now_utc, out_utc))
		return RV_OK;
	if (rv_is_ok(rv_duration_parse(text, &us, NULL))) {
		*out_utc = us / RV_US_PER_S < now_utc ? now_utc - us / RV_US_PER_S : 1;
		return RV_OK;
	}
	if (rv_is_ok(rv_time_parse(text, &us, NULL))) {
		*out_utc = us / RV_US_PER_S;
		return RV_OK;
	}
	rv_diag_next(diag, "write 2026-01-31, 2026-01-31T10:00:00Z, '2 weeks ago' or 90d");
	return rv_fail(RV_CLASS_MALFORMED, diag, "'%.*s' is not a date",
		       (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
}
