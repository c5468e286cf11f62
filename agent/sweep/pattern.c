/* sweep: a list of compiled regexes. Not here: what they decide (filter.c). */
#include "agent/sweep/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct rv_pattern {
	pcre2_code **codes;
	size_t count;
	size_t room;
	pcre2_match_context *limits;
};

rv_status rv_pattern_new(struct rv_pattern **out)
{
	RV_CLEANUP(rv_pattern_freep) struct rv_pattern *pattern = calloc(1, sizeof(*pattern));

	if (!pattern)
		return rv_fail_nomem(NULL);
	pattern->limits = pcre2_match_context_create(NULL);
	if (!pattern->limits)
		return rv_fail_nomem(NULL);
	(void)pcre2_set_match_limit(pattern->limits, RV_PATTERN_STEPS_MAX); /* cannot fail */
	*out = RV_TAKE(pattern);
	return RV_OK;
}

void rv_pattern_free(struct rv_pattern *pattern)
{
	if (!pattern)
		return;
	for (size_t i = 0; i < pattern->count; i++)
		pcre2_code_free(pattern->codes[i]);
	pcre2_match_context_free(pattern->limits);
	free(pattern->codes);
	free(pattern);
}

void rv_pattern_freep(struct rv_pattern **pattern)
{
	rv_pattern_free(*pattern);
	*pattern = NULL;
}

static rv_status make_room(struct rv_pattern *pattern, struct rv_diag *diag)
{
	size_t room = pattern->room ? pattern->room * 2 : 8;

	if (pattern->count < pattern->room)
		return RV_OK;
	if (pattern->count == RV_PATTERN_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d regexes in one list",
			       RV_PATTERN_MAX);
	pcre2_code **codes = reallocarray(pattern->codes, room, sizeof(pcre2_code *));
	if (!codes)
		return rv_fail_nomem(diag);
	pattern->codes = codes;
	pattern->room = room;
	return RV_OK;
}

rv_status rv_pattern_add(struct rv_pattern *pattern, const char *regex, struct rv_diag *diag)
{
	PCRE2_UCHAR why[160];
	PCRE2_SIZE offset = 0;
	int error = 0;

	RV_TRY(make_room(pattern, diag));
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
		PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, NULL);
	if (!code) {
		if (pcre2_get_error_message(error, why, sizeof(why)) < 0)
			why[0] = '\0';
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "this regex does not compile: %s, at byte %zu", (const char *)why,
			       (size_t)offset);
	}
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it, it is interpreted */
	pattern->codes[pattern->count++] = code;
	return RV_OK;
}

size_t rv_pattern_count(const struct rv_pattern *pattern)
{
	return pattern ? pattern->count : 0;
}

bool rv_pattern_matches(const struct rv_pattern *pattern, struct rv_str text)
{
	bool is_match = false;

	if (!pattern || pattern->count == 0)
		return false;
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	for (size_t i = 0; data && i < pattern->count && !is_match; i++)
		is_match = pcre2_match(pattern->codes[i], text.data ? text.data : (PCRE2_SPTR) "",
				       text.len, 0, 0, data, pattern->limits) >= 0;
	pcre2_match_data_free(data);
	return is_match;
}
