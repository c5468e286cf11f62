/* inventory: the table of refusals as problem+json (RFC 9457). */
#include "agent/inventory/problem.h"

#include "agent/base/json.h"

static const struct {
	const char *code;
	unsigned status;
	const char *title;
} problems[] = {
#define ITEM(symbol, code, status, title) {code, status, title},
	RV_PROBLEMS(ITEM)
#undef ITEM
};

const char *rv_problem_code(enum rv_problem p)
{
	return problems[p].code;
}

unsigned rv_problem_status(enum rv_problem p)
{
	return problems[p].status;
}

const char *rv_problem_title(enum rv_problem p)
{
	return problems[p].title;
}

rv_status rv_problem_json(enum rv_problem p, const char *detail, int64_t seq, struct rv_buf *out)
{
	RV_CLEANUP(rv_jsonp)
	json_t *doc =
		json_pack("{s:s, s:s, s:i, s:s*}", "code", problems[p].code, "title",
			  problems[p].title, "status", (int)problems[p].status, "detail", detail);

	if (!doc || (seq >= 0 && json_object_set_new(doc, "seq", json_integer(seq)) < 0))
		return rv_fail_nomem(NULL);
	return rv_json_canonical(doc, out);
}
