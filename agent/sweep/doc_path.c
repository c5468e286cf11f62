/* sweep: rules that judge a file by its path alone: the finding is the file itself, without a
 * value. Not here: which paths those are (rule_path.c). */
#include "agent/sweep/doc_parts.h"

#include <strings.h>

#define SHOWN "the file itself"

/* Its keywords gate it as they do any rule. */
static bool has_keyword(const struct rv_rule *rule, struct rv_str bytes)
{
	bool is_open = !rule->anchors || !rule->anchors[0];

	for (const char *const *a = rule->anchors; a && *a && !is_open; a++) {
		size_t len = strlen(*a);

		for (size_t i = 0; len <= bytes.len && i <= bytes.len - len && !is_open; i++)
			is_open = strncasecmp((const char *)bytes.data + i, *a, len) == 0;
	}
	return is_open;
}

static rv_status tell(struct rv_sweeper *w, const struct rv_doc *doc, const struct rv_rule *rule)
{
	static const struct rv_judging none = {.value_end = 0};
	struct rv_leak *leak = rv_leaks_add(&w->leaks);
	const char *path = rv_leaks_text(&w->leaks, doc->path);

	if (!leak)
		return w->leaks.count >= RV_LEAKS_MAX ? RV_OK : rv_fail_nomem(NULL);
	if (!path)
		return rv_fail_nomem(NULL);
	leak->rule = rule;
	leak->confidence = rule->confidence;
	leak->path = (struct rv_str){(const uint8_t *)path, doc->path.len};
	leak->inside = rv_leaks_cstr(&w->leaks, doc->inside);
	leak->masked = SHOWN;
	if (doc->inside && !leak->inside)
		return rv_fail_nomem(NULL);
	if (w->choice)
		RV_TRY(w->choice->complete(w->choice->user, &w->leaks, leak));
	if (w->shared->judge)
		RV_TRY(w->shared->judge(w->shared->judge_user, &w->leaks, leak, &none));
	rv_doc_enter(w, leak);
	return RV_OK;
}

rv_status rv_sweeper_path(struct rv_sweeper *w, const struct rv_doc *doc)
{
	const struct rv_sweep_shared *shared = w->shared;

	if (doc->offset > 0 || doc->bytes.len == 0 || !shared->holds)
		return RV_OK;
	for (const struct rv_rule *const *rule = shared->path_rules; rule && *rule; rule++) {
		if (shared->holds(shared->judge_user, *rule, doc->path, doc->inside) &&
		    has_keyword(*rule, doc->bytes))
			RV_TRY(tell(w, doc, *rule));
	}
	return RV_OK;
}
